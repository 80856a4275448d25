"""Names that others will see: of a submission, of a model.

    display_name_fault("MovieLLM 7B (64 frames)")       # None: it may be shown
    display_name_fault("=HYPERLINK(1)")                 # "= is not allowed ..."
    model_id_fault("org/model")                         # None

A name is one line of letters of one script, digits, space and ` ._+-()#:,/&@`; Japanese, Korean and Chinese scripts
that are written together count as one (Unicode's UTS 39). The script of a letter is the first word of its Unicode
name. Letters that stand for others (full-width, mathematical) and such as nobody sees are refused. It escapes nothing:
who shows a name does.
"""

import re
import unicodedata
from typing import Final

from moviellm.eval.submissions.problems import shown
from moviellm.eval.submissions.texts import UNSEEN

NAME_CHARS_MAX: Final = 64
PUNCTUATION: Final = frozenset(" ._+-()#:,/&@")
FORMULA_STARTS: Final = ("+", "-", "@")
"""How a spreadsheet's formula begins, besides = which no name holds."""
HEX_40: Final = r"^[0-9a-fA-F]{40}$"
_MODEL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}")
_TOGETHER: Final = tuple(map(frozenset, (("CJK", "HIRAGANA", "KATAKANA"), ("CJK", "HANGUL"), ("CJK", "BOPOMOFO"))))


def display_name_fault(name: str) -> str | None:
    """Why a name cannot be shown; None where it can."""
    if not name.strip():
        return "it is blank"
    if len(name) > NAME_CHARS_MAX:
        return f"it has {len(name)} characters; at most {NAME_CHARS_MAX} are allowed"
    if name != name.strip():
        return "it begins or ends with a space"
    wrong = next((char for char in name if not _allowed(char)), None)
    if wrong is not None:
        return f"{shown(wrong)} (U+{ord(wrong):04X}) is not allowed; letters, digits, space and ._+-()#:,/&@ are"
    if unicodedata.normalize("NFKC", name) != name:
        return "it has letters that stand for others; write it in Unicode's NFC with plain letters"
    if name.startswith(FORMULA_STARTS):
        return f"it begins with {name[0]}, as formulas of spreadsheets do"
    scripts = {script_of(char) for char in name if char.isalpha()}
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        return f"it mixes letters of {' and '.join(sorted(script.capitalize() for script in scripts))}"
    return None


def _allowed(char: str) -> bool:
    seen = char not in UNSEEN
    return char in PUNCTUATION or char in "0123456789" or (seen and unicodedata.category(char).startswith("L"))


def script_of(letter: str) -> str:
    """The script of a letter, as its Unicode name begins."""
    name = unicodedata.name(letter, "UNNAMED").replace("KATAKANA-HIRAGANA", "KATAKANA")
    return name.split(" ", 1)[0].split("-", 1)[0]


def model_id_fault(text: str) -> str | None:
    """Why a text is no model id; None where it is one."""
    if not _MODEL_ID.fullmatch(text) or "--" in text or ".." in text:
        return f"{shown(text)} is not namespace/name as on the Hub, e.g. org/model"
    return None


def is_commit(text: str) -> bool:
    """Whether a text is a full commit."""
    return len(text) == 40 and re.match(HEX_40, text) is not None
