"""Answers that no model gives: at random, the most frequent one, and what is right, read like a model's.

    guess = at_random(question, reference, seed=0)      # Guess("C. a lamp", scores={"accuracy": 0.25, "right": 0.25})
    guess = Frequent(reference).guess(question)
    guess = right(question)                             # from the log of events

Of a random answer the scores are those that one has on average, where a formula or all cases tell them; what is said
is one draw. Answers in words and events are drawn from a reference: questions of the same type, of another split if
there is one, and never of the same movie or its twin. So are the most frequent ones: the place of the right option,
the words, and the part of a movie that meets most moments. It reads no files and asks nobody.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from moviellm.eval.core.grounding import reaches
from moviellm.eval.tasks.events import Event
from moviellm.eval.tasks.items import Question
from moviellm.eval.tasks.scoring import IOU_RIGHT, THRESHOLDS, item_scores
from moviellm.eval.tasks.table import letter_of
from moviellm.generation.gating.asks import plain

VERSION: Final = 2
"""Bumped when the same question is guessed at otherwise."""
STEPS: Final = 40
"""Parts of a movie at whose ends guessed spans begin and end."""
DRAWS: Final = 40
"""Answers of the reference over which the mean of a question in words goes."""
TRIES: Final = 8
"""Draws until one is not of the same movie."""
NO_SUCH: Final = "there is no other question like this one to guess from"
NO_LENGTH: Final = "nobody says how long the movie is"
NO_MOST: Final = "of lists of events, none is the most frequent"
Spans = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Guess:
    """What is said without looking."""

    text: str | None = None
    """In words; None where there are none."""
    row: Mapping[str, Any] | None = None
    """As a prediction, where words would have to be read."""
    reason: str | None = None
    """Why there is not."""
    scores: Mapping[str, float] | None = None
    """What such an answer is worth on average; None: what this one is worth."""


class Reference:
    """Questions whose answers may be known."""

    def __init__(self, questions: Iterable[Question], name: str) -> None:
        self.name = name
        """Of what: a split."""
        self._by_format: dict[str, list[Question]] = {}
        self._by_type: dict[tuple[str, str | None], list[Question]] = {}
        for question in questions:
            self._by_format.setdefault(question.answer_format, []).append(question)
            self._by_type.setdefault((question.answer_format, question.question_type), []).append(question)

    def like(self, question: Question) -> Sequence[Question]:
        """Those of its format and type; where there are none of its type, those of its format."""
        of_format = self._by_format.get(question.answer_format, [])
        return self._by_type.get((question.answer_format, question.question_type), of_format)


# ------------------------------------------------------------------------ at random


def at_random(question: Question, reference: Reference, seed: int) -> Guess:
    """One answer as good as any other of its kind."""
    dice = random.Random(f"{seed} {question.item_id}")
    if question.answer_format == "multiple_choice":
        count = len(question.options)
        worth = dict.fromkeys(("accuracy", "right"), 1.0 / count)
        return Guess(text=_option(question, dice.randrange(count)), scores=worth)
    if question.answer_format == "temporal_grounding":
        return _random_span(question, dice)
    known = reference.like(question)
    drawn = [one for one in (_other(question, known, dice) for _ in range(DRAWS)) if one is not None]
    if not drawn:
        return Guess(reason=NO_SUCH)
    if question.answer_format == "dense_captioning":
        return Guess(row=_scaled(drawn[0], question.duration_s))
    counts = Counter(one.answer for one in drawn)
    found = {answer: item_scores(question, {"answer": answer}) for answer in counts}
    names = found[drawn[0].answer]
    means = {name: sum(found[one][name] * times for one, times in counts.items()) / len(drawn) for name in names}
    return Guess(text=drawn[0].answer, scores=means)


def _other(question: Question, known: Sequence[Question], dice: random.Random) -> Question | None:
    """A question of another movie."""
    for _ in range(TRIES if known else 0):
        drawn = dice.choice(known)
        if drawn.family != question.family:
            return drawn
    return None


def _random_span(question: Question, dice: random.Random) -> Guess:
    """Two different points of time; over all pairs of them, what they are worth."""
    if question.duration_s <= 0:
        return Guess(reason=NO_LENGTH)
    spans = _grid() * question.duration_s
    overlaps = np.max([_overlaps(spans, gold) for gold in question.spans] or [np.zeros(len(spans))], axis=0)
    start_s, end_s = spans[dice.randrange(len(spans))]
    scores = {f"r1@{threshold}": float(reaches(overlaps, threshold).mean()) for threshold in THRESHOLDS}
    worth = {"miou": float(overlaps.mean()), **scores, "right": float(reaches(overlaps, IOU_RIGHT).mean())}
    return Guess(text=_span(start_s, end_s), scores=worth)


def _scaled(other: Question, duration_s: float) -> dict[str, Any]:
    """The events of another movie, with times in the same parts of this one."""
    scale = duration_s / other.duration_s if other.duration_s > 0 else 1.0
    return {
        "events": [Event(one.start_s * scale, one.end_s * scale, one.caption).row() for one in other.events],
    }


# ------------------------------------------------------------------------ the most frequent


class Frequent:
    """The most frequent answers of a reference, each counted once."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._found: dict[tuple[Any, ...], Any] = {}

    def guess(self, question: Question) -> Guess:
        """What is most often right of questions like this one."""
        if question.answer_format == "dense_captioning":
            return Guess(reason=NO_MOST)
        of_all = self._reference.like(question)
        known = [one for one in of_all if one.family != question.family]
        if not known:
            return Guess(reason=NO_SUCH)
        left_out = question.family if len(known) < len(of_all) else None
        key = (question.answer_format, question.question_type, len(question.options), left_out)
        if key not in self._found:
            self._found[key] = _most_frequent(question, known)
        found = self._found[key]
        if question.answer_format == "multiple_choice":
            return Guess(text=_option(question, found))
        if question.answer_format == "temporal_grounding":
            if question.duration_s <= 0:
                return Guess(reason=NO_LENGTH)
            return Guess(text=_span(*(found * question.duration_s)))
        return Guess(text=found)


def _most_frequent(question: Question, known: Sequence[Question]) -> Any:
    """The place of an option, a part of the movie, or words."""
    if question.answer_format == "multiple_choice":
        places = Counter(one.answer_index for one in known if one.answer_index is not None)
        return max(range(len(question.options)), key=lambda place: (places[place], -place))
    if question.answer_format == "temporal_grounding":
        grid = _grid()
        moments = [
            np.max(
                [_overlaps(grid, (start / one.duration_s, end / one.duration_s)) for start, end in one.spans], axis=0
            )
            for one in known
            if one.duration_s > 0 and one.spans
        ]
        return grid[int(np.argmax(np.sum(moments, axis=0)))] if moments else grid[-1]
    words = Counter(tuple(plain(one.answer)) for one in known)
    first = max(words, key=lambda one: words[one])
    return next(one.answer for one in known if tuple(plain(one.answer)) == first)


# ------------------------------------------------------------------------ what is right


def right(question: Question) -> Guess:
    """What the log of events says."""
    if question.answer_format == "multiple_choice" and question.answer_index is not None:
        return Guess(text=_option(question, question.answer_index))
    if question.answer_format == "temporal_grounding" and question.spans:
        return Guess(text=_span(*question.spans[0]))
    if question.answer_format == "dense_captioning":
        return Guess(row={"events": [event.row() for event in question.events]})
    return Guess(text=question.answer)


# ------------------------------------------------------------------------ words and spans


def _option(question: Question, place: int) -> str:
    return f"{letter_of(place)}. {question.options[place]}"


def _span(start_s: float, end_s: float) -> str:
    return f"From {_seconds(start_s)} to {_seconds(end_s)} seconds."


def _seconds(time_s: float) -> str:
    return f"{time_s:.6f}".rstrip("0").rstrip(".")


def _grid() -> Spans:
    """All spans between the ends of equal parts, as shares of the whole."""
    pairs = [(start, end) for start in range(STEPS) for end in range(start + 1, STEPS + 1)]
    return np.array(pairs, float) / STEPS


def _overlaps(spans: Spans, gold: Sequence[float]) -> npt.NDArray[np.float64]:
    """The IoU of each of many spans with one, as `core.temporal_iou` has it of a pair."""
    shared = np.clip(np.minimum(spans[:, 1], gold[1]) - np.maximum(spans[:, 0], gold[0]), 0.0, None)
    union = (spans[:, 1] - spans[:, 0]) + (gold[1] - gold[0]) - shared
    found: npt.NDArray[np.float64] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return found


def guesses(control: str, questions: Iterable[Question], reference: Reference, seed: int) -> dict[str, Guess]:
    """The answers of a control that asks no model, by question."""
    if control == "random":
        return {one.item_id: at_random(one, reference, seed) for one in questions}
    if control == "majority":
        frequent = Frequent(reference)
        return {one.item_id: frequent.guess(one) for one in questions}
    return {one.item_id: right(one) for one in questions}
