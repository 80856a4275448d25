"""A span of time out of a model's free text.

    extract_span("<think>...</think>From 12.5s to 18.75s.")      # (12.5, 18.75)
    extract_span("between 0:01:05 and 1:20")                      # (65.0, 80.0)
    extract_span("At second 12.")                                 # None

Own rules, because published extractors disagree on half of plain answers. Times are seconds, m:ss, h:mm:ss.f, or
numbers with units ("1 min 12 s"); counts ("2 men"), percentages and numbers of things ("scene 3") are none. The first
two times that the words between them make a span are the span ("to", "-", "until", "[a, b]", "start: a, end: b");
without such words, the first two times. Nothing is mended: a reversed span stays reversed.
"""

import re
from typing import Final, NamedTuple

from moviellm.eval.core.answers import answer_part, is_failure, words

TIME: Final = re.compile(
    r"""(?:(?<![A-Za-z0-9_])(?<![0-9]:)(?<![0-9]\.)|(?<=[0-9][hm]))(?:
        (?:(?P<h>[0-9]{1,3}):)?(?P<m>[0-9]{1,4}):(?P<s>[0-9]{1,2}(?:\.[0-9]{1,30}|,[0-9]{3})?)
        \s?(?:seconds?|secs?|s)?(?![A-Za-z0-9_:%]|[.][0-9])
      | (?P<number>[0-9]{1,9}(?:\.[0-9]{1,30})?|\.[0-9]{1,30})(?![0-9]|[.:][0-9]|\s?%)
        (?:[\s-]?(?P<unit>hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?![A-Za-z_]))?(?![A-Za-z_])
    )""",
    re.I | re.X,
)
SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0}
WORD: Final = re.compile(r"[a-z]+|[^\sa-z0-9]")
GAP: Final = 80
"""Characters that may stand between two times of one span."""
RANGE: Final = words("to until till til through thru - ‐ ‑ ‒ – — − ~ 〜 → > …")
END: Final = words("to until till through end ends ending ended finish finishes finishing stop stops over")
START: Final = words(
    "from between at start starts starting started begin begins beginning began since second seconds time"
)
FILLER: Final = words(
    "the a about around approximately approx roughly circa ca at second seconds sec secs s mark marks timestamp time "
    "t exactly nearly almost up and then is it"
) | frozenset("\"'`*_()[]{}<,;:=/|.$\\")
COUNTED_BY: Final = words(
    "event scene shot chapter frame question option step video movie part clip number for lasting duration"
)
"""The number after such a word is no time."""
FOLLOWS_A_TIME: Final = words(
    "to and until till til through thru or up onwards on in at is was are were mark marks while when where as the a "
    "an he she it they this that there then he's she's with of by because since but so"
)
"""Another word after a bare number is what it counts."""


class Time(NamedTuple):
    """A time in a text."""

    value: float
    start: int
    end: int
    unit: str
    """h, m, s; c for a clock time, empty for a bare number."""
    counts: bool
    """A bare number that seems to count things."""


def extract_span(text: str) -> tuple[float, float] | None:
    """The span of time that a model's text names, in seconds as written; None when it names fewer than two times.

    Raises:
        ValueError: no text.
    """
    answer = answer_part(text)
    if is_failure(answer):
        return None
    times = _times(answer)
    for one, other in zip(times, times[1:], strict=False):
        if _is_span(answer, one, other):
            return _ends(one, other)
    sure = [time for time in times if time.unit or (not time.counts and time.value != int(time.value))]
    named = sure if len(sure) >= 2 else [time for time in times if not time.counts]
    return _ends(named[0], named[1]) if len(named) >= 2 else None


def _times(text: str) -> list[Time]:
    """All times in a text, those with several units as one."""
    times: list[Time] = []
    for found in TIME.finditer(text):
        time = _time(text, found, times[-1].end if times else None)
        before = times[-1] if times else None
        if before and _goes_on(before, time, text[before.end : time.start]):
            times[-1] = Time(before.value + time.value, before.start, time.end, time.unit, False)
        else:
            times.append(time)
    return times


def _time(text: str, found: re.Match[str], after: int | None) -> Time:
    if found["m"]:
        seconds = float(found["s"].replace(",", "."))
        return Time(int(found["h"] or 0) * 3600 + int(found["m"]) * 60 + seconds, *found.span(), "c", False)
    unit = (found["unit"] or "")[:1].lower()
    value = float(found["number"]) * SECONDS.get(unit, 1.0)
    if _is_negative(text, found.start(), after):
        value = -value
    return Time(value, *found.span(), unit, not unit and _counts(text, *found.span()))


def _is_negative(text: str, start: int, after: int | None) -> bool:
    """A minus before a number is its sign, unless it stands between two times."""
    if start == 0 or text[start - 1] not in "-−":
        return False
    between = text[after or 0 : start - 1]
    return bool(between.strip()) if after is not None else start == 1 or text[start - 2] in " \t\n([{<:=,;\"'"


def _counts(text: str, start: int, end: int) -> bool:
    """Whether a bare number counts things or numbers them."""
    before = re.search(r"([a-z]+)[\s#]{1,2}$", text[max(0, start - 20) : start].lower())
    after = re.match(r"[ \t]([a-z']+)", text[end : end + 20].lower())
    return bool(before and before[1] in COUNTED_BY) or bool(after and after[1] not in FOLLOWS_A_TIME)


def _goes_on(one: Time, other: Time, gap: str) -> bool:
    """Whether two times are one: 1 min 12 s."""
    return (one.unit, other.unit) in {("h", "m"), ("h", "s"), ("m", "s")} and gap.strip().lower() in {"", ",", "and"}


def _is_span(text: str, one: Time, other: Time) -> bool:
    """Whether the words around two times make them a span."""
    gap = text[one.end : other.start].lower()
    if len(gap) > GAP:
        return False
    words = set(WORD.findall(gap))
    before = WORD.findall(text[max(0, one.start - 40) : one.start].lower())
    starts = bool(START & set(before[-5:])) or before[-1:] in (["["], ["("], ["{"], ["<"])
    countless = not (one.counts or other.counts)
    if words & RANGE and words <= RANGE | FILLER:
        return starts or countless
    if "and" in words and words <= FILLER:
        return {"between", "from"} & set(before[-5:]) != set() or bool(one.unit and other.unit)
    if words and words <= {",", ";", "|"}:
        return before[-1:] in (["["], ["("], ["{"], ["<"])
    return bool(words & END) and starts


def _ends(one: Time, other: Time) -> tuple[float, float]:
    """Start and end; in "5 to 10 minutes" the unit is said once."""
    scale = SECONDS.get(other.unit, 1.0)
    first = one.value * scale if not one.unit and one.value * scale < other.value else one.value
    return float(first), float(other.value)
