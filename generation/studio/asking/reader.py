"""A reader of the log with one channel only: which answers stay possible, so which channels a question needs.

    remaining(form, log, "dialogue", candidates)     # the candidates that the lines alone leave possible
    required(form, log, candidates, strict=True)     # ("vision", "order")

Channels: `film` (everything), `vision` (all pictures in order), `dialogue` (all lines in order), `frame` (the one
picture that helps most), `shuffled` (all pictures and lines without order; a question about the picture at a time is
still asked of that picture). A question presupposes that what it names happened once.

It is conservative: a reader who cannot settle the answer keeps every candidate that nothing rules out.
"""

from collections.abc import Mapping, Sequence
from typing import Final, get_args

from moviellm.generation.schema import Channel
from moviellm.generation.studio.asking.forms import answer, frame_at
from moviellm.generation.studio.asking.movieinputs import question_inputs
from moviellm.generation.studio.asking.movielog import Frame, Log
from moviellm.generation.studio.asking.remains import RULES, whole
from moviellm.generation.studio.asking.specs import Form, Value, matching
from moviellm.generation.studio.asking.views import View, ViewName

__all__ = ["CHANNELS", "Log", "Reader", "answer", "question_inputs", "remaining", "required"]

CHANNELS: Final[tuple[ViewName, ...]] = get_args(ViewName)
NEEDS: Final[Mapping[Channel, ViewName]] = {"vision": "dialogue", "dialogue": "vision", "order": "shuffled"}
"""Channel -> the reader who does without it."""


def remaining(form: Form, log: Log, channel: ViewName, candidates: Sequence[Value]) -> list[Value]:
    """Candidates that a reader with one channel cannot rule out; for `frame` the fewest that any picture leaves."""
    return Reader(log).remaining(form, channel, candidates)


def required(form: Form, log: Log, candidates: Sequence[Value], strict: bool) -> tuple[Channel, ...]:
    """Channels that a question needs; see Reader.required."""
    return Reader(log).required(form, candidates, strict)


class Reader:
    """Reads one movie by every channel; keeps what each of them tells."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.views: dict[ViewName, View] = {name: View(log, name) for name in CHANNELS if name != "frame"}

    def required(self, form: Form, candidates: Sequence[Value], strict: bool) -> tuple[Channel, ...]:
        """Channels without which the question is not settled; with `strict` those without which nothing is ruled out,
        so that whoever does without scores what chance scores."""
        found: list[Channel] = []
        for channel, name in NEEDS.items():
            left = len(self.remaining(form, name, candidates))
            if left == len(candidates) if strict else left > 1:
                found.append(channel)
        return tuple(found)

    def settled(self, form: Form, channel: ViewName, candidates: Sequence[Value]) -> bool:
        """Whether a channel leaves the right answer alone."""
        return self.remaining(form, channel, candidates) == [answer(form, self.log)]

    def remaining(self, form: Form, channel: ViewName, candidates: Sequence[Value]) -> list[Value]:
        """See `remaining`."""
        if channel != "frame":
            return self._left(form, self.views[channel], candidates)
        found = [self._left(form, View(self.log, "frame", frame), candidates) for frame in self._frames(form)]
        return min(found, key=len, default=list(candidates))

    def _frames(self, form: Form) -> list[Frame]:
        """Pictures that could help: those of the events and the time that the form names."""
        specs = [form.get("event"), form.get("when"), *form.get("events", ())]
        events = [event for spec in specs if isinstance(spec, Mapping) for event in matching(self.log, spec)]
        found = [frame for event in events for frame in self.log.frames_of.get(event.event_id, [])]
        at = frame_at(self.log, form["time"]) if "time" in form else None
        return [*found, *([at] if at else [])]

    def _left(self, form: Form, view: View, candidates: Sequence[Value]) -> list[Value]:
        rule = RULES.get(form["ask"], whole)
        left = rule(form, view, answer(form, self.log), candidates)
        return list(candidates) if left is None else [item for item in candidates if item in left]
