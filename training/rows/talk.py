"""A conversation about a clip, written once with tokens for its times, and the columns it becomes.

    talk = Talk(clip, look, words)
    talk.ask(*chooser.say("ground_ask", caption="Ada waits"))
    talk.answer("From <s0> to <e0><unit>.")
    talk.columns()                                  # messages, images, turns, tokens, templates

It chooses no words and no events: see sft.py, boundary.py and instruct.py.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from moviellm.generation.dataset.features import Features, Row
from moviellm.generation.schema import Keyframe, TemporalSpan
from moviellm.training.rows.film import Clip, Look, Shown, asked, show, text_message
from moviellm.training.rows.times import UNIT, Ledger
from moviellm.training.rows.words import Words

MESSAGES: list[Any] = [{"role": "string", "content": [{"type": "string", "text": "string"}]}]
"""Column type of `prompt`, `completion` and `messages`: the messages of chat templates and of TRL."""
REFERENCES: list[Any] = [{"keyframe_id": "string", "image_sha256": "string"}]
"""Column type of `images` where rows name pictures and do not hold them."""
SPAN: Features = {"start_s": "float64", "end_s": "float64"}
CONVERSATION: Features = {
    "messages": MESSAGES,
    "images": REFERENCES,
    "turns": [{"role": "string", "text": "string"}],
    "tokens": [{"token": "string", "time_s": "float64", "index": "int64"}],
    "clip": SPAN,
    "duration_s": "float64",
    "templates": ["string"],
}
"""Columns of a conversation."""


class Talk:
    """Turns about one clip."""

    def __init__(self, clip: Clip, look: Look, words: Words, shown: Shown | None = None) -> None:
        self.clip = clip
        self.look = look
        self.words = words
        self.ledger = Ledger(clip.span.start_s, clip.duration_s)
        self.templates: list[str] = []
        self._shown = shown or show(clip, look, words)
        self._turns: list[tuple[str, str]] = []

    def __len__(self) -> int:
        return len(self._turns)

    def times(self, span: TemporalSpan) -> dict[str, str]:
        """The slots `start`, `end` and `unit` for a span."""
        start, end = self.ledger.span(span)
        return {"start": start, "end": end, "unit": UNIT}

    def ask(self, template: str, text: str) -> None:
        """What the user says next."""
        self.templates.append(template)
        self._turns.append(("user", text))

    def answer(self, text: str) -> None:
        """What the assistant says next."""
        self._turns.append(("assistant", text))

    def messages(self) -> list[Row]:
        """The conversation with the film before the first question, times as the look has them."""
        spoken = self.spoken()
        first = {"role": "user", "content": asked(self._shown, spoken[0][1])}
        return [first, *(text_message(role, text) for role, text in spoken[1:])]

    def spoken(self) -> list[tuple[str, str]]:
        """Roles and texts without the film, times as the look has them."""
        unit = self.words.word("seconds")
        return [(role, self.ledger.spoken(text, self.look.times, unit)) for role, text in self._turns]

    def images(self) -> list[Row]:
        """References to the pictures behind the image parts."""
        return references(self._shown.keyframes)

    def columns(self) -> Row:
        """The columns of `CONVERSATION`."""
        unit = self.words.word("seconds")
        return {
            "messages": self.messages(),
            "images": self.images(),
            "turns": [{"role": role, "text": self.ledger.spoken(text, "token", unit)} for role, text in self._turns],
            "tokens": self.ledger.tokens(),
            "clip": {"start_s": self.clip.span.start_s, "end_s": self.clip.span.end_s},
            "duration_s": self.clip.duration_s,
            "templates": list(self.templates),
        }


def references(keyframes: Iterable[Keyframe]) -> list[Row]:
    """Keyframes by id and hash of the picture."""
    return [{"keyframe_id": one.keyframe_id, "image_sha256": one.image_sha256} for one in keyframes]


def covered(spans: Sequence[TemporalSpan]) -> TemporalSpan:
    """The span from the first start to the last end."""
    return TemporalSpan(start_s=min(one.start_s for one in spans), end_s=max(one.end_s for one in spans))
