"""Our benchmark as lmms-eval asks it: what utils.py beside the task files calls.

    place = Place.of_environment()                  # MOVIELLM_DATA, MOVIELLM_REVISION, MOVIELLM_SPLIT, MOVIELLM_TIMES
    rows = docs_of(place, "qa_mc", rows)            # of the config `qa`, those that the task takes
    to_text(place, doc, told), to_visual(place, doc, told)
    process(place, "qa_mc", doc, ["B."]); aggregate(place, "qa_mc", "accuracy", items)

Which questions a task takes, how they are put, how answers are read and what they are worth is that of `moviellm eval
run` (eval/tasks/), so that the same answers give the same numbers. A model that is not ours is shown pictures, and
told in words when they are shown and what is said; ours (`as_film`) gets the movie itself. A question that follows up
others is asked behind them and their right answers: lmms-eval asks each on its own. Words need no torch.
"""

import math
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

from moviellm.eval.tasks.items import Data, Question, choose, open_data
from moviellm.eval.tasks.reading import read_text
from moviellm.eval.tasks.scoring import GROUP_METRICS, item_scores, metrics_of, task_numbers
from moviellm.eval.tasks.table import Times, prompt_of, task_named

UNREAD: Final = "unread"
"""The share of answers that nothing could be made of; they score 0."""


@dataclass(frozen=True)
class Place:
    """Which questions are asked."""

    data: str
    """Folder of a dataset, or its id on the Hub."""
    revision: str | None
    split: str
    times: Times
    """How the model says times."""

    @classmethod
    def of_environment(cls, told: Mapping[str, str] = os.environ) -> "Place":
        """What the environment says.

        Raises:
            ValueError: it names no dataset, or another way to say times than there is.
        """
        data, times = told.get("MOVIELLM_DATA", ""), told.get("MOVIELLM_TIMES", "seconds")
        if not data:
            raise ValueError(
                "MOVIELLM_DATA names no dataset: set it to the folder of one, or to an id on the Hub, such as org/name"
            )
        if times not in ("seconds", "index"):
            raise ValueError(f"MOVIELLM_TIMES is {times!r}: a model says times in seconds, or as index")
        split = told.get("MOVIELLM_SPLIT") or "test"
        return cls(os.path.expanduser(data), told.get("MOVIELLM_REVISION") or None, split, cast(Times, times))

    @property
    def options(self) -> dict[str, Any]:
        """For `datasets.load_dataset`."""
        return {} if self.revision is None else {"revision": self.revision}


@lru_cache(maxsize=2)
def opened(place: Place) -> Data:
    """The questions, read once a process."""
    return open_data(place.data, split=place.split, revision=place.revision)


def docs_of(place: Place, task: str, rows: Any) -> Any:
    """The rows of a `datasets.Dataset` whose questions a task takes."""
    wanted = {question.item_id for question in choose(opened(place), task_named(task))}
    return rows.select([number for number, name in enumerate(rows["question_id"]) if name in wanted])


def to_text(place: Place, doc: Mapping[str, Any], told: Mapping[str, Any] | None = None) -> str:
    """A question as it is put; `told`: the task's lmms_eval_specific_kwargs."""
    data, told = opened(place), told or {}
    question = data.questions[doc["question_id"]]
    before: list[str] = []
    asked: Question | None = question
    while asked is not None and asked.turn_of is not None:
        asked = data.questions.get(asked.turn_of)
        if asked is not None:
            before.insert(0, f"{asked.text}\n{asked.answer}\n\n")
    prompt = prompt_of(
        question.answer_format,
        question.question_type,
        question=question.text,
        options=question.options,
        times=place.times,
        duration_s=question.duration_s,
    )
    shown = "" if told.get("as_film") else _shown_words(place, question.movie_id, told.get("frames"))
    return f"{shown}{''.join(before)}{prompt}"


def to_visual(place: Place, doc: Mapping[str, Any], told: Mapping[str, Any] | None = None) -> list[Any]:
    """The movie for our model (`as_film`), else pictures of it."""
    told = told or {}
    if told.get("as_film"):
        commit = opened(place).commit
        return [f"{place.data}{'' if commit is None else f'@{commit}'}#{doc['movie_id']}"]
    film = _film(place, doc["movie_id"], told.get("frames"))
    return list(film.frames)


def to_target(place: Place, doc: Mapping[str, Any]) -> str:
    """The right answer in words, for logs."""
    return opened(place).questions[doc["question_id"]].answer


@lru_cache(maxsize=4)
def _film(place: Place, movie_id: str, frames: int | None) -> Any:
    from moviellm.training.media import FramePolicy
    from moviellm.training.media.reading import open_movies

    return open_movies(place.data, opened(place).commit).film(movie_id, FramePolicy(cap=frames))


def _shown_words(place: Place, movie_id: str, frames: int | None) -> str:
    """When the pictures are shown, and what is said."""
    film = _film(place, movie_id, frames)
    times = ", ".join(f"{time_s:.1f}" for time_s in film.times_s)
    lines = [f"A movie of {film.duration_s:.1f} s. Its {len(film)} pictures are shown from these seconds on: {times}."]
    if film.dialogue:
        lines.append("What is said in it:")
        for line in film.dialogue:
            speaker = f"{line.speaker}: " if line.speaker else ""
            lines.append(f"[{line.start_s:.1f} s] {speaker}{line.text}")
    return "\n".join(lines) + "\n\n"


def process(place: Place, task: str, doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, Any]:
    """What an answer is worth, under the name of each of the task's numbers."""
    question = opened(place).questions[doc["question_id"]]
    reading = read_text(question, str(results[0]), place.times)
    scores = item_scores(question, reading.prediction)
    item = {"id": question.item_id, "family": question.family, "scores": scores}
    found = {name: {**item, **_score(scores, name)} for name in numbers_of(task)}
    return {**found, UNREAD: {**item, "score": float(reading.reason is not None)}}


def _score(scores: Mapping[str, float], name: str) -> dict[str, float]:
    return {"score": scores[name]} if name in scores else {}


def numbers_of(task: str) -> tuple[str, ...]:
    """Names of a task's numbers."""
    return (*metrics_of(task_named(task)), *(GROUP_METRICS.values() if task == "qa_mc" else ()))


def aggregate(place: Place, task: str, name: str, items: Sequence[Mapping[str, Any]]) -> float:
    """One number of a task; not a number (NaN) where there is none."""
    if name == UNREAD:
        return float(sum(item["score"] for item in items) / len(items))
    scored = tuple((item["id"], tuple(sorted(item["scores"].items()))) for item in items)
    value = _numbers(place, task, scored).get(name, {}).get("value")
    return math.nan if value is None else float(value)


@lru_cache(maxsize=8)
def _numbers(
    place: Place, task: str, scored: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]
) -> Mapping[str, Any]:
    questions = opened(place).questions
    sizes = Counter(question.group for question in questions.values())
    pairs = [(questions[name], dict(scores)) for name, scores in scored]
    found: Mapping[str, Any] = task_numbers(task_named(task), pairs, sizes)["metrics"]
    return found


def slug(task: str, name: str) -> str:
    """A number's name as the task files call it: `grounding_r1_at_0_3`."""
    return f"{task}_{name}".replace("@", "_at_").replace(".", "_")


def aggregations(place: Place, tasks: Sequence[str]) -> dict[str, Callable[[Sequence[Mapping[str, Any]]], float]]:
    """What task files call to make numbers, by name."""

    def made(task: str, name: str) -> Callable[[Sequence[Mapping[str, Any]]], float]:
        return lambda items: aggregate(place, task, name, items)

    return {slug(task, name): made(task, name) for task in tasks for name in (*numbers_of(task), UNREAD)}
