"""Moments in the text of VTimeLLM's conversations: `<s0>` tokens with seconds in `meta`, or hundredths of the film.

    moments = Moments({"<s0>": 0, "<e0>": 9.4}, duration_s=54.2)
    moments.read("From <s0> to <e0>, a woman counts money.")
    # Said(text="From 0.0 to 9.4 seconds, a woman ...", spans=(0.0 to 9.4,), captions=("a woman counts money",), ...)

Seconds are taken as they are written: nothing is rounded. Numbers from 00 to 99, as the model itself reads and writes
them, are hundredths of the film's length, rounded by whoever wrote them; they are turned into seconds and counted. It
decides nothing about questions: see vtimellm.py.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from moviellm.generation.schema import TemporalSpan

CUT = "spans cut to the length of the film"
REVERSED = "spans that end before they start, or lie outside the film: left in the text without a moment"
NO_TIME = "tokens of moments without a time: left in the text"
HUNDREDTHS = "spans in hundredths of the film, turned into seconds: exact to half a hundredth"

_JOIN = r"(?P<join>\s*(?:to|and|until|till|through|a|y|hasta|-|–|到|至)\s*)"
_TOKENS = re.compile(rf"(?P<start><s\d+>){_JOIN}(?P<end><e\d+>)", re.IGNORECASE)
_TOKEN = re.compile(r"<[a-z]\d+>")
_NUMBERS = re.compile(
    rf"\b(?P<lead>from|between|during)\s+(?P<start>\d\d){_JOIN}(?P<end>\d\d)\b(?!\s*(?:%|\w))", re.IGNORECASE
)
_SPOKEN = re.compile(r"(?:from|between|during)?\s*\x00\d+\x00", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """A question or an answer."""

    text: str
    """With seconds in place of tokens."""
    spans: tuple[TemporalSpan, ...]
    """The moments that it names, in order."""
    before: str
    """The text before its first moment; all of it where it names none."""
    captions: tuple[str, ...]
    """What it says of each moment: the text that follows it, up to the next."""
    listed: bool
    """Whether it is a list of moments: a comma or a colon stands after each, and text."""


class Moments:
    """The moments of one conversation."""

    def __init__(self, tokens: Mapping[str, object], duration_s: float | None, counts: Counter[str]) -> None:
        """
        Args:
            tokens: Seconds by token.
            duration_s: Length of the film; None where nobody knows it: then there are no moments.
            counts: What was cut or left as it was, by reason; added to.
        """
        times = {token: _finite(time) for token, time in tokens.items()}
        self._times = {token: time for token, time in times.items() if time is not None}
        self._duration_s, self._counts = duration_s, counts
        self._hundredths = not self._times

    def read(self, text: str) -> Said:
        """A text with its moments found."""
        spans: list[TemporalSpan] = []
        joins: list[str] = []

        def take(match: re.Match[str]) -> str:
            span = self._span(match)
            if span is None:
                return match.group()
            spans.append(span)
            joins.append(match["join"])
            lead = f"{match['lead']} " if "lead" in match.groupdict() else ""
            return f"{lead}\x00{len(spans) - 1}\x00"

        marked = _TOKENS.sub(take, text.replace("\x00", ""))
        if self._hundredths and self._duration_s is not None:
            marked = _NUMBERS.sub(take, marked)
        marked = _TOKEN.sub(self._single, marked)
        shown = re.sub(r"\x00(\d+)\x00", lambda match: _seconds(spans[int(match[1])], joins[int(match[1])]), marked)
        before, *pieces = _SPOKEN.split(marked)
        captions = [piece.strip(" ,:;-–\n").removeprefix(".") for piece in pieces]
        listed = all(re.match(r"\s*[,:–-]", piece) for piece in pieces) and all(captions) and not before.strip()
        return Said(shown, tuple(spans), before.strip(), tuple(captions), listed)

    def _span(self, match: re.Match[str]) -> TemporalSpan | None:
        if self._duration_s is None:
            return None
        times = self._pair(match)
        if times is None:
            return None
        start_s, end_s = times
        if end_s > self._duration_s + 1e-6 or start_s < 0:
            self._counts[CUT] += 1
        start_s, end_s = max(0.0, start_s), min(end_s, self._duration_s)
        if end_s <= start_s:
            self._counts[REVERSED] += 1
            return None
        return TemporalSpan(start_s=start_s, end_s=end_s)

    def _pair(self, match: re.Match[str]) -> tuple[float, float] | None:
        start, end = match["start"], match["end"]
        if start.startswith("<"):
            if start in self._times and end in self._times:
                return self._times[start], self._times[end]
            return None  # each of them is counted where it is left
        assert self._duration_s is not None
        self._counts[HUNDREDTHS] += 1
        last = int(end) if int(end) > int(start) else int(start) + (int(end) == int(start))
        return int(start) / 100 * self._duration_s, last / 100 * self._duration_s

    def _single(self, match: re.Match[str]) -> str:
        time = self._times.get(match.group())
        if time is None or self._duration_s is None:
            self._counts[NO_TIME] += 1
            return match.group()
        return f"{time} seconds"


def _finite(value: object) -> float | None:
    known = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known and isinstance(value, (int, float)) else None


def _seconds(span: TemporalSpan, join: str) -> str:
    return f"{span.start_s}{join}{span.end_s} seconds"


def seconds_of(value: object) -> float | None:
    """A length in seconds; None where it is no positive number."""
    found = _finite(value)
    return found if found is not None and found > 0 else None
