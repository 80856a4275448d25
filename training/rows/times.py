"""Times in training rows: seconds, or the hundredths of a clip that VTimeLLM says, from one symbolic text.

    ledger = Ledger(Span(32.0, 96.0))
    start, end = ledger.span(TemporalSpan(start_s=40.0, end_s=48.0))    # "<s0>", "<e0>"
    ledger.spoken("From <s0> to <e0><unit>.", "seconds", " seconds")    # "From 8.0 to 16.0 seconds."
    ledger.spoken("From <s0> to <e0><unit>.", "index", " seconds")      # "From 12 to 25."
    ledger.spoken("From <s0> to <e0><unit>.", "token", " seconds")      # "From <s0> to <e0>."

Texts are written once, with tokens for times, and read out in either form. Times count from the start of the clip, as
its first picture is at 0. `<c0>` is a token of a time that a question gives as minutes and seconds.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from moviellm.generation.dataset.features import Row
from moviellm.generation.schema import TemporalSpan

TimeForm = Literal["seconds", "index", "token"]
UNIT = "<unit>"
TOKEN = re.compile(r"<[sec]\d+>|<unit>")
CLOCK = re.compile(r"(?<![\d:.])(\d{1,3}):([0-5]\d)(?![\d:])")


def index_of(time_s: float, duration_s: float) -> int:
    """Hundredth of a clip, 0 to 99: `min(round(100 t / duration), 99)`, as VTimeLLM counts."""
    return min(round(100 * time_s / duration_s), 99)


@dataclass
class Ledger:
    """The times that one row's texts speak of."""

    start_s: float
    """Start of the clip in the movie."""
    duration_s: float
    """Length of the clip."""
    times_s: dict[str, float] = field(default_factory=dict)
    """Seconds from the start of the clip by token."""
    _spans: dict[tuple[float, float], int] = field(default_factory=dict)

    def span(self, span: TemporalSpan) -> tuple[str, str]:
        """Tokens of a span of the movie; the same for the same span."""
        key = (span.start_s, span.end_s)
        number = self._spans.setdefault(key, len(self._spans))
        names = f"<s{number}>", f"<e{number}>"
        for name, time_s in zip(names, key, strict=True):
            self.times_s[name] = self._inside(time_s)
        return names

    def with_clock_times(self, text: str) -> str:
        """A question with tokens for its times such as `1:02`, where they lie in the clip."""

        def token(match: re.Match[str]) -> str:
            time_s = 60.0 * int(match[1]) + int(match[2])
            if not self.start_s <= time_s <= self.start_s + self.duration_s:
                return match[0]
            name = f"<c{sum(known.startswith('<c') for known in self.times_s)}>"
            self.times_s[name] = self._inside(time_s)
            return name

        return CLOCK.sub(token, text)

    def _inside(self, time_s: float) -> float:
        return round(min(max(time_s - self.start_s, 0.0), self.duration_s), 6)

    def spoken(self, text: str, form: TimeForm, unit: str) -> str:
        """A text with its tokens read out; `unit` is what follows seconds."""

        def say(match: re.Match[str]) -> str:
            token = match[0]
            if token == UNIT:
                return unit if form == "seconds" else ""
            if form == "token":
                return token
            if form == "index":
                return f"{index_of(self.times_s[token], self.duration_s):02d}"
            return clock(self.times_s[token]) if token.startswith("<c") else seconds(self.times_s[token])

        return TOKEN.sub(say, text)

    def tokens(self) -> list[Row]:
        """Rows of the tokens, in the order in which they came."""
        return [
            {"token": token, "time_s": time_s, "index": index_of(time_s, self.duration_s)}
            for token, time_s in self.times_s.items()
        ]


def seconds(time_s: float) -> str:
    """`36.0`: as questions of a dataset say it."""
    return f"{time_s:.1f}"


def clock(time_s: float) -> str:
    """`1:02`."""
    return f"{int(time_s) // 60}:{int(time_s) % 60:02d}"
