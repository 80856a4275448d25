"""The part of a model's text that is its answer: what follows its thinking, or stands in <answer>.

answer_part("<think>From 3 to 9? No.</think> 12 to 18 s")        # "12 to 18 s"
"""

import re
from typing import Any, Final

LIMIT: Final = 200_000
"""Characters that are looked at; a model that repeats itself for longer gave no answer."""
OPEN, CLOSED = re.compile(r"<think(?:ing)?>", re.I), re.compile(r"</think(?:ing)?>", re.I)
ANSWER, ANSWERED = re.compile(r"<answer>", re.I), re.compile(r"</answer>", re.I)


def words(text: str) -> frozenset[str]:
    """The words of a list of words."""
    return frozenset(text.split())


def answer_part(text: Any) -> str:
    """What the model answered; empty when its thinking never ended.

    Raises:
        ValueError: no text.
    """
    if not isinstance(text, str):
        raise ValueError(f"got {text!r:.60}; a model's answer is text")
    text = after = str(text[:LIMIT])
    ends = [found.end() for found in CLOSED.finditer(text)]
    if ends:
        after = text[ends[-1] :]
    opened = OPEN.search(after)
    if opened:
        after = after[: opened.start()]
    # A model that puts its answer inside its thinking and says no more has answered all the same.
    where = after if after.strip() or not ends else text
    marked = ANSWER.search(where)
    if not marked:
        return where if where is after else ""
    rest = where[marked.end() :]
    end_mark = ANSWERED.search(rest)
    return rest[: end_mark.start()] if end_mark else rest


FAILURE: Final = re.compile(
    r"""
      ^\W*(?:an?\s)?(?:\w{1,30}\s)?(?:error|exception|traceback|failure)\b\s*(?:[:(\[\d]|occurred|code|\w{1,12}:|$)
    | ^\W*(?:failed|failure|unable|could\snot|couldn't)\s(?:to\s)?(?:obtain|get|fetch|retrieve|receive|connect|reach
        |load|parse|generate|complete|process|call|decode)\b
    | ^\W*(?:the\s)?(?:request|connection|server|api|service|operation|gateway)\b[^.\n]{0,60}?\b(?:failed|timed\sout
        |timeout|error|refused|reset|aborted|unavailable|overloaded|exceeded|closed)\b
    | ^\W*(?:http(?:/[\d.]+)?|status)\W{0,3}(?:code\W{0,3})?[45]\d\d\b
    | ^\W*[45]\d\d\s(?:client|server|internal|bad|too|unauthori|forbidden|not\sfound|service|gateway|payment|request)
    | \bvia\sapi\b | \berror\scode\W{1,3}\d{3}\b | \bstatus\scode\W{1,3}[45]\d\d\b
    | \b(?:api|rate|quota)[\s_-]?(?:limit|key)s?\s(?:(?:was|is|has|been)\s){0,3}
        (?:reached|exceeded|invalid|missing|not\sfound)
    | \b(?:incorrect|invalid|missing)\sapi[\s_-]key\b | \brate[\s_-]limit[\s_-](?:reached|exceeded|error)\b
    | \b(?:invalid_request|rate_limit|server|authentication|overloaded|api|permission)_error\b
    | \b(?:insufficient_quota|rate_limit_exceeded|context_length_exceeded|content_policy_violation|content_filter)\b
    | \b(?:API(?:Connection|Timeout|Status)?|RateLimit|BadRequest|InternalServer|Authentication|PermissionDenied
        |Timeout|Connection|HTTP|ReadTimeout|JSONDecode|Value|Type|Key|Runtime|OutOfMemory)(?:Error|Exception)\b
    | \b(?:internal\sserver\serror|bad\sgateway|gateway\stime-?out|service\sunavailable|too\smany\srequests)\b
    | \bmax(?:imum)?\sretries\sexceeded\b | \bcuda\sout\sof\smemory\b | \bmaximum\scontext\slength\b
    | \btraceback\s\(most\srecent | ^\W*\{\W{0,4}(?:error|detail|message)\W{0,3}:
    """,
    re.I | re.X,
)
"""How services say that there is no answer."""


def is_failure(text: str) -> bool:
    """Whether a text is the error message of a service, not an answer of a model."""
    return bool(FAILURE.search(text[:2000]))
