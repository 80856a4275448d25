"""Times in an answer, with their places in the text, so that a page can make links of them. For display only.

    find_spans("Ada waits from 12.0 to 15.5 s.", 60.0)      # [Found(10, 29, 12.0, 15.5)]
    find_spans("From 25 to 50.", 60.0, hundredths=True)     # [Found(0, 13, 15.0, 30.0)]

It finds every stretch and every single moment that a text clearly gives as a time: with a unit, as m:ss, in brackets
with a decimal, or with "from ... to ..." around it. Scores do not come from here: evaluation has an extractor of its
own, which takes one span from an answer and says how it read it.
"""

import re
from dataclasses import dataclass

_CLOCK = r"(?:\d{1,2}:)?\d{1,2}:[0-5]\d(?:[.,]\d{1,3})?"
_NUMBER = r"\d{1,6}(?:[.,]\d{1,3})?"
_UNIT = r"(?:\s?s\b|\s?secs?\b|\s?seconds?\b|\s?segundos?\b)"
_TIME = rf"(?:{_CLOCK}|{_NUMBER})"
_STRETCH = re.compile(
    rf"(?P<lead>\b(?:from|between|de|desde|entre)\s+)?(?P<open>[\[(]\s*)?(?<![\d.,:])(?P<start>{_TIME})(?P<unit>{_UNIT})?"
    rf"\s*(?P<between>-|–|—|,|\b(?:to|and|until|till|through|a|y|hasta)\b)\s*"
    rf"(?P<end>{_TIME})(?![\d:]|[.,]\d)(?P<unit2>{_UNIT})?(?P<close>\s*[\])])?",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    rf"(?P<open>\[\s*)?(?<![\d.,:])(?P<start>{_TIME})(?![\d:]|[.,]\d)(?P<unit>{_UNIT})?(?P<close>\s*\])?",
    re.IGNORECASE,
)
_AT = re.compile(r"\b(?:at|around|about|after|before|until|en|a|hacia)\s+(?:the\s+)?$", re.IGNORECASE)
AT_MAX = 24
"""Characters before a time that are looked at for a word such as "at"."""
LATE_S = 0.5
"""A time so little after the end of the movie is its end; a later one is no time of this movie."""


@dataclass(frozen=True)
class Found:
    """A time or a stretch in a text."""

    begin: int
    """Place of its first character."""
    end: int
    """Place behind its last one."""
    start_s: float
    """When it starts, seconds from the start of the movie."""
    end_s: float | None
    """When it ends; None for a single moment."""


def find_spans(text: str, duration_s: float, hundredths: bool = False) -> list[Found]:
    """All stretches and moments of a text, in its order.

    Args:
        text: what a model said.
        duration_s: length of the movie; times after it are not taken.
        hundredths: plain numbers are hundredths of the movie, 00 to 99, as models of VTimeLLM's kind say them.
    """
    found: list[Found] = []
    stretches = _STRETCH.finditer(text)
    stretch = next(stretches, None)
    at = 0
    for single in _MOMENT.finditer(text):
        if single.start("start") < at:
            continue
        while stretch is not None and stretch.start("start") < single.start("start"):
            stretch = next(stretches, None)
        one = None
        if stretch is not None and stretch.start("start") == single.start("start"):
            one = _stretch(stretch, duration_s, hundredths)
        one = one or _moment(text, single, duration_s, hundredths)
        if one is not None and one.begin >= at:
            found.append(one)
            at = one.end
    return found


def hundredths_of(processor: object) -> bool:
    """Whether a model says times as hundredths of the movie: it does when its setting `time` tells it no seconds."""
    return getattr(processor, "time", "text") != "text"


def _stretch(match: re.Match[str], duration_s: float, hundredths: bool) -> Found | None:
    start, end = match["start"], match["end"]
    bracketed = bool(match["open"] and match["close"])
    clocks = ":" in start and ":" in end
    lead, comma = bool(match["lead"]), match["between"] == ","
    told = lead or bracketed or bool(match["unit"] or match["unit2"]) or clocks
    if (":" in start) != (":" in end) or not (told or (_is_decimal(start) and _is_decimal(end))):
        return None
    if comma and not (bracketed and (_is_decimal(start) or hundredths)):
        return None
    if match["between"].lower() in {"and", "y", "a"} and not (lead or match["unit2"] or clocks):
        return None
    counted = hundredths and not (match["unit"] or match["unit2"] or clocks or _is_decimal(start))
    first, last = (_seconds(one, duration_s, counted) for one in (start, end))
    if first is None or last is None or last < first:
        return None
    begin = match.start("open") if bracketed else match.start("lead") if lead else match.start("start")
    behind = match.end("close") if bracketed else match.end("unit2") if match["unit2"] else match.end("end")
    return Found(begin, behind, first, last)


def _moment(text: str, match: re.Match[str], duration_s: float, hundredths: bool) -> Found | None:
    start = match["start"]
    bracketed = bool(match["open"] and match["close"])
    clock, unit = ":" in start, bool(match["unit"])
    introduced = bool(_AT.search(text[max(match.start() - AT_MAX, 0) : match.start()]))
    counted = hundredths and not (clock or unit or _is_decimal(start))
    said_so = counted and len(start) == 2 and (bracketed or introduced)
    if not (clock or unit or said_so or (_is_decimal(start) and (bracketed or introduced))):
        return None
    time_s = _seconds(start, duration_s, counted)
    if time_s is None:
        return None
    begin = match.start("open") if bracketed else match.start("start")
    behind = match.end("close") if bracketed else match.end("unit") if unit else match.end("start")
    return Found(begin, behind, time_s, None)


def _is_decimal(text: str) -> bool:
    return ":" not in text and ("." in text or "," in text)


def _seconds(text: str, duration_s: float, counted: bool) -> float | None:
    """A time as seconds; None where the movie has no such time."""
    if counted:
        return round(float(text) * duration_s / 100, 3) if text.isdigit() and len(text) <= 2 else None
    parts = text.replace(",", ".").split(":")
    time_s = 0.0
    for part in parts:
        time_s = 60 * time_s + float(part)
    if time_s > duration_s + LATE_S:
        return None
    return min(round(time_s, 3), duration_s)
