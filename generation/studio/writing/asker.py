"""What every kind of question needs: the log of the movie, a voice, and how a question is put together.

    asker.question("plot", text, answer, events=[event])          # QuestionDraft
    yield from asker.either("character", text, "Ada", wrong=["Ben", "Cora"], events=[event])

Multiple choice takes wrong options of the same category from the same movie and puts the right one anywhere with equal
chance; with fewer than three different options a question is not asked that way.

It asks nothing by itself: see asking.py and seeing.py.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any, cast

from moviellm.generation.protocols import QuestionDraft
from moviellm.generation.schema import AnswerFormat, Channel, QuestionType, TemporalSpan
from moviellm.generation.studio.writing.language import Voice, capital
from moviellm.generation.studio.writing.movielog import LogEvent, MovieLog
from moviellm.generation.studio.writing.world import Vocabulary

OPTIONS_MAX, OPTIONS_MIN = 4, 3
CHOICE_SHARE = 0.6
"""Questions that are multiple choice where they could be either."""
SPOKEN = ("ask", "tell")
Common = dict[str, Any]


class Asker:
    """What every kind needs: the log, a voice, and how questions are put together."""

    def __init__(self, log: MovieLog, voice: Voice, rng: random.Random, vocabulary: Vocabulary) -> None:
        self.log, self.voice, self.rng, self.vocabulary = log, voice, rng, vocabulary

    def shuffled(self, items: Sequence[Any]) -> list[Any]:
        """The items in a seeded order."""
        return self.rng.sample(list(items), len(items))

    def question(
        self,
        question_type: QuestionType,
        text: str,
        answer: str,
        *,
        events: Sequence[LogEvent] = (),
        wrong: Sequence[str] | None = None,
        answer_format: AnswerFormat = "open_ended",
        **rest: Any,
    ) -> QuestionDraft | None:
        """A question; with `wrong` a multiple choice, None when there are too few options for one."""
        fields: dict[str, Any] = {
            "level": self.log.level(*events) if events else "movie",
            "evidence": _merged([event.span for event in events]),
            "keyframe_ids": self.log.frames(*events),
            "line_ids": (),
            "requires": self.requires(events),
            **rest,
        }
        if wrong is not None:
            options = [item for item in dict.fromkeys(wrong) if item != answer]
            options = self.shuffled(options)[: OPTIONS_MAX - 1]
            if len(options) < OPTIONS_MIN - 1:
                return None
            place = self.rng.randrange(len(options) + 1)
            options.insert(place, answer)
            fields |= {"options": tuple(options), "answer_index": place}
            answer_format = "multiple_choice"
        return QuestionDraft(
            question_type=question_type, answer_format=answer_format, question=capital(text), answer=answer, **fields
        )

    def either(
        self, *args: Any, wrong: Sequence[str], open_answer: str | None = None, **rest: Any
    ) -> Iterator[QuestionDraft]:
        """The question as multiple choice or open, by chance; open when there are too few options."""
        choice = self.question(*args, wrong=wrong, **rest) if self.rng.random() < CHOICE_SHARE else None
        if choice is None:
            choice = self.question(args[0], args[1], open_answer or args[2], **rest)
        if choice is not None:
            yield choice

    def requires(self, events: Sequence[LogEvent], *more: Channel) -> tuple[Channel, ...]:
        """Seeing, and hearing where an event is speech."""
        heard: tuple[Channel, ...] = ("dialogue",) if any(event.action in SPOKEN for event in events) else ()
        return cast(tuple[Channel, ...], tuple(dict.fromkeys(("vision", *heard, *more))))


def _merged(spans: Sequence[TemporalSpan]) -> tuple[TemporalSpan, ...]:
    """Spans in order of time, the same one once."""
    unique = {(span.start_s, span.end_s): span for span in spans}
    return tuple(unique[key] for key in sorted(unique))


def clock(seconds: float) -> str:
    """`1:05`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def made(question: QuestionDraft | None) -> Iterator[QuestionDraft]:
    """The question, if there is one."""
    if question is not None:
        yield question
