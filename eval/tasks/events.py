"""Events with their times in the free text of a model, and in a dataset's answers.

    found = read_events("4.0-8.0 s: Ada waits. 8.0-12.0 s: Ben comes.")
    found.events                                    # [Event(4.0, 8.0, "Ada waits."), Event(8.0, 12.0, "Ben comes.")]
    found.dropped                                   # how many were no event: reversed, without a caption

Read are lists of a span and what happens then, the span before or behind it, in seconds or as a clock says them, and
JSON lists; what a model thought aloud is not. Every pattern is bounded, so that no text makes it slow. It scores
nothing.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple

from moviellm.eval.core.answers import answer_part

EVENTS_MAX: Final = 100
CAPTION_MAX: Final = 1000
"""What a submission may hold."""
_TIME: Final = r"(?:\d{1,2}:)?\d{1,3}:\d{2}(?:\.\d{1,6})?|\d{1,7}(?:\.\d{1,9})?"
_UNIT: Final = r"(?:[ \t]{0,2}(?:seconds?|secs?|segundos?|s)\b\.?)?"
_JOIN: Final = r"[ \t]{0,2}(?:-+>?|–|—|~|→|to|until|till|through|and|hasta|a|y)[ \t]{0,2}"
_SPAN: Final = re.compile(
    rf"(?:\b(?:from|between|de|desde|entre)[ \t]{{1,2}})?(?<![\d:.])(?P<start>{_TIME}){_UNIT}{_JOIN}"
    rf"(?P<end>{_TIME})(?![:.]?\d){_UNIT}",
    re.IGNORECASE,
)
_LEADING: Final = re.compile(r"\A(?:\d{1,3}[.)]|(?:event|scene)[ \t]{1,2}\d{1,3}[:.)])[ \t]{1,4}", re.IGNORECASE)
_TRAILING: Final = re.compile(r"\n[ \t]{0,8}(?:\d{1,3}[.)]|(?:event|scene)[ \t]{1,2}\d{1,3}[:.)]?)\Z", re.IGNORECASE)
_EDGES: Final = " \t\r\n,:;-–—*•|[](){}\"'"
_STARTS: Final = ("start", "start_s", "start_time", "begin")
_ENDS: Final = ("end", "end_s", "end_time", "stop")
_SPANS: Final = ("span", "timestamp", "timestamps", "time", "interval", "segment")
_CAPTIONS: Final = ("caption", "description", "event", "text", "sentence", "what_happens", "what")


class Event(NamedTuple):
    """Something that happens, and when."""

    start_s: float
    end_s: float
    caption: str

    @property
    def span(self) -> tuple[float, float]:
        """Start and end."""
        return (self.start_s, self.end_s)

    def row(self) -> dict[str, Any]:
        """As a prediction holds it."""
        return {"span": [self.start_s, self.end_s], "caption": self.caption}


@dataclass(frozen=True)
class Found:
    """What was read."""

    events: list[Event]
    """By start."""
    dropped: int
    """Spans that were no event: reversed, or nothing said of them."""


def read_events(text: str) -> Found:
    """The events that a text tells."""
    said = answer_part(text)
    listed = _from_json(said)
    raw = _from_text(said) if listed is None else listed
    kept = [event for event in raw if event.end_s > event.start_s and event.caption]
    return Found(sorted(kept), len(raw) - len(kept))


def _from_text(text: str) -> list[Event]:
    spans = list(_SPAN.finditer(text))
    if not spans:
        return []
    behind = [_caption(text[one.end() : two.start()]) for one, two in pairwise(spans)]
    behind.append(_caption(text[spans[-1].end() :]))
    before = [_caption(text[: spans[0].start()])]
    before += [_caption(text[one.end() : two.start()]) for one, two in pairwise(spans)]
    captions = before if not behind[-1] and all(before) else behind
    return [
        Event(seconds_of(span["start"]), seconds_of(span["end"]), caption)
        for span, caption in zip(spans, captions, strict=True)
    ]


def _caption(piece: str) -> str:
    """What is said of an event, without the bullet of the next line and the punctuation around the times."""
    inside = _LEADING.sub("", _TRAILING.sub("", piece.rstrip(_EDGES)).strip(_EDGES))
    return " ".join(inside.split())[:CAPTION_MAX]


def seconds_of(text: str) -> float:
    """`1:02.5` or `62.5` in seconds."""
    total = 0.0
    for part in text.split(":"):
        total = 60.0 * total + float(part)
    return total


def _from_json(text: str) -> list[Event] | None:
    """Events of the text's JSON list; None where there is none."""
    start, end = text.find("["), text.rfind("]")
    if start < 0 or "{" not in text[start:end]:
        return None
    try:
        rows = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    return [event for row in rows if (event := _event_of(row)) is not None]


def _event_of(row: Mapping[str, Any]) -> Event | None:
    pair = next((row[name] for name in _SPANS if name in row), None)
    if pair is None:
        pair = [_first(row, _STARTS), _first(row, _ENDS)]
    if isinstance(pair, str):
        span = _SPAN.search(pair)
        pair = [span["start"], span["end"]] if span else None
    if not isinstance(pair, list) or len(pair) != 2:
        return None
    times = [_time(value) for value in pair]
    caption = _first(row, _CAPTIONS)
    if times[0] is None or times[1] is None:
        return None
    return Event(times[0], times[1], _caption(caption) if isinstance(caption, str) else "")


def _first(row: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((row[name] for name in names if name in row), None)


def _time(value: Any) -> float | None:
    """Seconds of a number or of a text that is one; None for anything else."""
    if isinstance(value, str):
        found = re.fullmatch(rf"[ ]{{0,4}}({_TIME}){_UNIT}[ ]{{0,4}}", value)
        return seconds_of(found[1]) if found else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    number = float(value) if abs(value) < 1e12 else math.inf
    return number if math.isfinite(number) and number >= 0 else None
