"""From timelines and cached features to movies with their questions.

    seen = Seen(ids, features)                              # features of all keyframes, by id
    example = example_of(line, asked, words, seen)          # one movie, many questions, one sequence
    view = Views.BLIND: the same without what a control takes away

A movie is one placeholder a frame with what is said behind it; a turn is `<ask> who hugs ? red <end>`, of which the
answer is learned.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from moviellm.training.model.layout import FRAME
from moviellm.training.proof.words import ASK, END, Words, time_numbers
from moviellm.training.remix.asking import KINDS, Question
from moviellm.training.remix.timeline import Timeline
from moviellm.training.shared.layout import IGNORED, Turn

View = Literal["full", "blind", "shuffled", "single", "dialogue"]
"""What is shown: all; neither pictures nor words; pictures in another order; the middle one only; words only."""
VIEWS: tuple[View, ...] = ("full", "blind", "shuffled", "single", "dialogue")
SHORTEST = 6
"""Tokens of the shortest turn: three words of a question, one of an answer, what stands before and behind them."""
SHOWS_PICTURES = ("full", "shuffled", "single")
SHOWS_WORDS = ("full", "dialogue")


@dataclass(frozen=True)
class Seen:
    """Features of keyframes."""

    places: dict[str, int]
    """Row of each keyframe id."""
    features: torch.Tensor
    """(K, 1, D)."""

    def of(self, line: Timeline) -> torch.Tensor:
        """(F, 1, D), in the order of the frames."""
        return self.features[[self.places[frame] for frame in line.frames]].float()


def movie_ids(line: Timeline, words: Words, view: View = "full") -> list[int]:
    """A placeholder a frame, with what is said behind it."""
    said: dict[int, list[int]] = {}
    for one in line.lines if view in SHOWS_WORDS else ():
        said.setdefault(one.frame, []).extend(words.ids(f"{one.speaker} says {one.text}"))
    ids: list[int] = []
    for frame in range(len(line.frames)):
        ids += [words.numbers[FRAME], *said.get(frame, ())]
    return ids


def shown(line: Timeline, seen: Seen, view: View = "full") -> torch.Tensor:
    """The features a view shows; what it does not show is zeros."""
    features = seen.of(line)
    if view == "shuffled":
        order = list(range(len(features)))
        random.Random(line.movie_id).shuffle(order)
        return features[order]
    if view == "single":
        middle = len(features) // 2
        kept = torch.zeros_like(features)
        kept[middle] = features[middle]
        return kept
    return features if view in SHOWS_PICTURES else torch.zeros_like(features)


def question_ids(text: str, words: Words) -> list[int]:
    """A turn up to where the answer begins."""
    return [words.numbers[ASK], *words.ids(text)]


def turn_of(question: Question, words: Words) -> Turn:
    """A question with its answer as a turn that is learned."""
    asked = question_ids(question.text, words)
    answer = [*words.ids(question.answer), words.numbers[END]]
    return Turn([*asked, *answer], [IGNORED] * len(asked) + answer)


def example_of(line: Timeline, asked: Sequence[Question], words: Words, seen: Seen) -> dict[str, Any]:
    """One movie with all these questions, as `packing.packed` and the collator of shared movies take it."""
    return {
        "movie_ids": movie_ids(line, words),
        "turns": [turn_of(question, words) for question in asked],
        "frame_features": seen.of(line),
        "frame_time_ids": torch.tensor(time_numbers(len(line.frames))),
    }


def choose(asked: Sequence[Question], tokens: int, weights: dict[str, float], rng: random.Random) -> list[Question]:
    """As many questions as have room in so many tokens, each of a kind that is drawn by weight; none twice."""
    by_kind: dict[str, list[Question]] = {}
    for question in asked:
        by_kind.setdefault(question.kind, []).append(question)
    kinds = [kind for kind in KINDS if kind in by_kind and weights.get(kind, 1.0) > 0]
    chosen: list[Question] = []
    while kinds and tokens >= SHORTEST:
        kind = rng.choices(kinds, [weights.get(kind, 1.0) for kind in kinds])[0]
        left = by_kind[kind]
        question = left.pop(rng.randrange(len(left)))
        if not left:
            kinds.remove(kind)
        if tokens_of(question) <= tokens:
            tokens -= tokens_of(question)
            chosen.append(question)
    return chosen


def tokens_of(question: Question) -> int:
    """Tokens of a turn that is learned."""
    return len(question.text.split()) + len(question.answer.split()) + 2
