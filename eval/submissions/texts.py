"""What a text of a prediction must not hold, and what is said of it.

    for code, message in text_faults("Ada\\u202e waits", most=1000): ...     # E014
    neutral("a ||| b")                                                      # 'a | | | b'

Refused are control characters (also a line end and a tab), line separators, the characters that turn the direction of
writing, and halves of a surrogate pair. Warned of is the separator of old captioning programs, what speaks to a judge,
and markup. A warning changes no score: a text that speaks to a judge is still data to it.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

Fault = tuple[str, str]
"""A code and a message."""
SEPARATOR: Final = "|||"
UNSEEN: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Characters that count as letters or signs and show nothing: fillers of Hangul, the empty pattern of Braille."""
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REFUSED: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_KINDS: Final = {
    "Cc": "is a control character",
    "Zl": "separates lines",
    "Zp": "separates paragraphs",
    "Cs": "is half of a pair",
    "Cn": "is no character",
}
_JUDGE: Final = re.compile(
    r"\b(?:as|dear|hello|attention)\b[ ,:]{1,3}(?:an?|the)? ?(?:ai |llm )?(?:judge|grader|evaluator|rater|examiner)\b"
    r"|\byou are (?:now )?(?:an?|the) (?:\w+ ){0,3}(?:judge|grader|evaluator|assistant|rater)\b"
    r"|\b(?:give|award|assign|return|output)\b.{0,40}\b(?:full marks|full score|(?:score|rating|grade) of)\b"
    r"|\b(?:score|rating|grade|verdict)[\"']? ?[:=] ?[\"']?(?:\d|[ab]\b|tie\b|correct|right|yes\b|true)"
    r"|\b(?:this|my) (?:answer|response|prediction) (?:is|must be|should be|has been) (?:marked |judged |graded )?"
    r"(?:as )?(?:correct|perfect|right|accepted|better|verified)\b"
    r"|\b(?:ignore|disregard|forget)\b.{0,30}\b(?:above|previous|prior|reference answer|instruction|prompt)"
    r"|\[\[ ?[a-z0-9]{1,4} ?\]\]|<<?/?sys>>|\bdecode this\b|\bby (?:base64|rot13)\b",
    re.IGNORECASE,
)
"""What the signs of the judges' canary set do not hold."""
_SIGNS: Final = frozenset({"orders", "verdict", "roles", "delimiters", "reference", "languages", "begging"})
"""Kinds of signs that are words to a judge."""
_TAG: Final = re.compile(
    r"</?(?!(?:system|assistant|user|inst|think|answer|judge)\b)[a-z][a-z0-9]*(?: [^<>]*)?/?>", re.I
)
"""Markup that is no role of a conversation."""
_MARKUP: Final = re.compile(
    r"<[a-z!/?][^<>]{0,200}>|<(?:script|img|a|iframe|svg|style)\b|&(?:[a-z]{2,8}|#x?[0-9a-f]{1,6});"
    r"|!?\[[^\[\]]{0,200}\]\([^()]{0,200}\)|```|`[^`]{1,200}`|\*\*[^*]{1,200}\*\*|^#{1,6} |\bjavascript:",
    re.IGNORECASE,
)


def text_faults(text: str, *, most: int, required: bool = False, answer: bool = True) -> Iterator[Fault]:
    """What is wrong with a text.

    Args:
        text: It may be of any length.
        most: Characters that it may have.
        required: It must say something.
        answer: Whether it is one, which is warned of where it speaks to a judge or holds markup.
    """
    if len(text) > most:
        yield "E013", f"{len(text)} characters; at most {most} are allowed"
    if required and is_blank(text):
        yield "E013", "it is blank, and must say something"
    found = _REFUSED.search(text)
    if found is not None:
        kind = "turns the direction of writing" if found[0] in _BIDI else _KINDS[unicodedata.category(found[0])]
        yield "E014", f"U+{ord(found[0]):04X} at character {found.start() + 1} {kind}"
    if not answer:
        return
    start = text[:most]
    if SEPARATOR in text:
        yield "W104", f"{SEPARATOR} is read as {neutral(SEPARATOR)}"
    if speaks_to_a_judge(start):
        yield "W105", "it speaks to a judge, to whom it is words of an answer"
    if _MARKUP.search(start):
        yield "W106", "it holds markup, which is shown as it is written"


def speaks_to_a_judge(text: str) -> bool:
    """Whether a text looks like instructions to whoever judges it."""
    from moviellm.eval.judging.injections import signs_in

    return _JUDGE.search(text) is not None or not _SIGNS.isdisjoint(signs_in(_TAG.sub(" ", text)))


def is_blank(text: str) -> bool:
    """Whether a text says nothing: only spaces, and characters that cannot be seen."""
    return all(char.isspace() or char in UNSEEN or unicodedata.category(char) in {"Cf", "Cc", "Mn"} for char in text)


def neutral(text: str) -> str:
    """The text without the separator of old captioning programs."""
    return re.sub(r"\|(?=\|)", "| ", text) if SEPARATOR in text else text
