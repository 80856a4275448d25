"""Texts of anybody as a page, a Markdown file and LaTeX show them: all that is in them, and nothing of what they try.

    visible("a\\u202eb")                         # 'a⟨U+202E⟩b'
    code("`<b>`")                               # '`` `<b>` ``'
    latex("50 % of A_1")                        # r'50 \\% of A\\_1'

Markup is escaped by whoever writes it: Jinja in the page, `code` and cards' `markdown` in Markdown, `latex` here.
"""

import re
import unicodedata
from typing import Final

_KEPT: Final = frozenset("\n\u200c\u200d")
"""Line ends, and what joins letters in some scripts."""
_HIDDEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
STACKED_MAX: Final = 8
"""Marks on one letter; more would be drawn over the lines above and below."""
_STACKS: Final = re.compile(r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{9,})")
_LATEX: Final = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "⟨": r"\textless{}", "⟩": r"\textgreater{}", "…": r"\ldots{}", "–": "--", "−": "$-$",
}  # fmt: skip


def visible(text: object) -> str:
    """The text with everything that steers the reader's program, or cannot be seen, written out."""
    plain = str(text).replace("\r\n", "\n").replace("\t", " ")
    shown = "".join(
        char if char in _KEPT or unicodedata.category(char) not in _HIDDEN else f"⟨U+{ord(char):04X}⟩"
        for char in plain
    )
    return _STACKS.sub(lambda found: f"{found[1][:STACKED_MAX]}⟨{len(found[1]) - STACKED_MAX} more marks⟩", shown)


def one_line(text: object, most: int) -> str:
    """The text as one line of at most so many characters."""
    line = " ".join(visible(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def code(text: object, most: int) -> str:
    """The text as a Markdown code span: no link, no emphasis, no HTML."""
    line = one_line(text, most) or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def latex(text: object) -> str:
    """The text for LaTeX, on one line."""
    return "".join(_LATEX.get(char, char) for char in " ".join(visible(text).split()))


def clock(seconds: float) -> str:
    """`1:05`, `1:01:05`."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
