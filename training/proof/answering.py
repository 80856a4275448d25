"""Answers of the proof's models, as lines of predictions: greedy, one reading of a movie for all its questions.

    for row in answers(model, "movies", "known", "full", lines, words, seen, asked=5): ...

Which questions are asked depends on the movie alone: every model and every view gets the same ones. It scores nothing:
see eval/proof_scores.py.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from moviellm.training.proof.encoding import Seen, View, movie_ids, question_ids, shown
from moviellm.training.proof.words import Words, time_numbers
from moviellm.training.remix.asking import Question, frame_at, questions
from moviellm.training.remix.timeline import Timeline
from moviellm.training.shared.answering import answer_all
from moviellm.training.shared.layout import Turn

LONGEST = 8
"""Tokens of an answer at most; the longest true one has six."""


def asked_of(line: Timeline, each: int) -> list[Question]:
    """Questions of a test: up to so many of each kind."""
    draw, chosen = random.Random(line.movie_id), list[Question]()
    by_kind: dict[str, list[Question]] = {}
    for question in questions(line, draw):
        by_kind.setdefault(question.kind, []).append(question)
    for own in by_kind.values():
        chosen += draw.sample(own, min(each, len(own)))
    return chosen


def answers(
    model: Any, run: str, name: str, view: View, lines: Sequence[Timeline], words: Words, seen: Seen, asked: int
) -> Iterator[dict[str, Any]]:
    """A row of predictions for each question on each movie."""
    for line in lines:
        chosen = asked_of(line, asked)
        frames = len(line.frames)
        movie = {
            "input_ids": torch.tensor([movie_ids(line, words, view)]),
            "frame_features": shown(line, seen, view),
            "frame_time_ids": torch.tensor(time_numbers(frames)),
            "frames_per_row": torch.tensor([frames]),
        }
        turns = [Turn(question_ids(question.text, words)) for question in chosen]
        for question, ids in zip(chosen, answer_all(model, movie, turns, LONGEST), strict=True):
            text = words.text(ids)
            yield {
                "run": run,
                "set": name,
                "view": view,
                "movie_id": line.movie_id,
                "frames": [line.frames[0], line.frames[-1]],
                "kind": question.kind,
                "question": question.text,
                "answer": question.answer,
                "prediction": text,
                "span": None if question.span is None else [question.span[0], question.span[1] + 1],
                "predicted_span": None if question.span is None else span_in(text, frames),
            }


def span_in(text: str, frames: int) -> list[int] | None:
    """The span that `from 12 to 22` names, in frames, its end behind the last one; None where it names none."""
    parts = text.split()
    if len(parts) != 4 or parts[0] != "from" or parts[2] != "to":
        return None
    if not (parts[1].isdigit() and parts[3].isdigit()):
        return None
    return [frame_at(int(parts[1]), frames), frame_at(int(parts[3]), frames) + 1]
