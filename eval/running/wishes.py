"""What is wished of `moviellm eval run`, held against the data before a model is opened and anything is written.

    wish = Wish(model="runs/stage3", data="demo/MovieLLM-tiny", out=Path("results"))
    ready = prepare(wish)                           # ValueError: what came, what is allowed, what to do
    ready.wanted, ready.chosen["qa_mc"], ready.controls

It asks nothing: evaluating.py does, and planning.py says what would be asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moviellm.eval.published.films import check_films
from moviellm.eval.published.opening import is_published, open_published
from moviellm.eval.running.asking import Settings
from moviellm.eval.running.controls import GUESSED, SHOWN, controls_for
from moviellm.eval.running.films import Control, Showing, frame_policy
from moviellm.eval.running.protocol import Model
from moviellm.eval.tasks.items import Data, Question, choose, open_data
from moviellm.eval.tasks.table import Task, Times, tasks_of

KEPT: Final = "kept"
"""Folder of OUT in which answers are kept."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What was asked for on the command line."""

    model: str
    data: str
    out: Path
    tasks: str | None = None
    revision: str | None = None
    split: str = "test"
    frames: int | None = None
    fps: float | None = None
    cap: int | None = None
    pixels: int | None = None
    limit: int | None = None
    seed: int = 0
    controls: str | None = None
    times: str | None = None
    max_tokens: int | None = None
    retry_failed: bool = False
    model_revision: str | None = None
    device: str | None = None
    dtype: str | None = None
    temperature: float = 0.0
    max_usd: float | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None
    on: str | None = None
    cache: Path | None = None
    videos: Path | None = None
    max_missing: int = 0
    meteor: bool = False

    @property
    def engine(self) -> dict[str, Any]:
        """What limits calls to a served model, by the keys of a recipe."""
        names = ("max_usd", "requests_per_minute", "tokens_per_minute", "concurrency")
        return {name: getattr(self, name) for name in names}

    @property
    def kept(self) -> Path:
        """Where answers are kept."""
        return self.cache or self.out / KEPT


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A wish that can be met: its questions are known."""

    data: Data
    chosen: Mapping[str, Sequence[Question]]
    """By task."""
    wanted: Sequence[Question]
    """Those of all tasks, each once, in the order of the dataset."""
    showing: Showing
    controls: Sequence[str]
    left_out: Mapping[str, str]
    """Why other controls cannot be had."""
    times: Times | None
    """How the model says times, where the wish says it."""

    @property
    def shown(self) -> list[Control]:
        """Under what the model is asked: seeing all, and less."""
        return ["none", *(name for name in SHOWN if name in self.controls)]


def prepare(wish: Wish) -> Ready:
    """Find the questions of a wish.

    Raises:
        ValueError: an option is wrong, options do not go together, or the data have no such split or questions.
    """
    tasks = tasks_of(wish.tasks)
    policy = frame_policy(wish.frames, wish.fps, wish.cap, wish.pixels)
    times = _times(wish.times)
    for name, value in (("--limit", wish.limit), ("--max-tokens", wish.max_tokens)):
        if value is not None and value < 1:
            raise ValueError(f"{name} is {value}; it is 1 at least")
    asks = not wish.model.startswith("replay:")
    if wish.on is not None and not asks:
        raise ValueError("--on hands questions to a cluster, and a file of answers is asked nothing; leave out --on")
    controls_for(wish.controls, asked=asks, titles=True)  # before anything is opened
    data = _open(wish)
    controls, left_out = controls_for(wish.controls, asked=asks, titles=bool(data.titles))
    if data.withheld:
        controls, left_out = _without_answers(wish, controls), {**left_out}
    if wish.tasks is None and is_published(wish.data):
        formats = {question.answer_format for question in data.questions.values()}
        tasks = [task for task in tasks if formats & set(task.formats)]
    chosen = _choose(tasks, data, wish)
    asked = {question.item_id for mine in chosen.values() for question in mine}
    wanted = [question for name, question in data.questions.items() if name in asked]
    if is_published(wish.data):
        check_films(data, wanted, most_missing=wish.max_missing, seen=asks)
    return Ready(
        data=data,
        chosen=chosen,
        wanted=wanted,
        showing=Showing(data, policy, wish.seed),
        controls=controls,
        left_out=left_out,
        times=times,
    )


def settings_of(wish: Wish, ready: Ready, model: Model) -> Settings:
    """How questions are put: as the wish has it, else as the model wants it."""
    return Settings(
        times=ready.times or model.times,
        max_tokens=wish.max_tokens or model.max_tokens,
        bare=model.bare,
        retry_failed=wish.retry_failed,
    )


def left_out_of(data: Data) -> dict[str, int]:
    """How many questions cannot be scored, by reason."""
    reasons = sorted(set(data.left_out.values()))
    return {reason: sum(found == reason for found in data.left_out.values()) for reason in reasons}


def _without_answers(wish: Wish, controls: Sequence[str]) -> tuple[str, ...]:
    """The controls of a split whose answers are withheld: those that ask the model.

    Raises:
        ValueError: others were asked for.
    """
    guessed = [name for name in controls if name in GUESSED]
    if guessed and wish.controls is not None and wish.controls != "all":
        raise ValueError(
            f"--controls {','.join(guessed)}: the answers of this split are withheld; score its predictions where the "
            f"labels are"
        )
    return tuple(name for name in controls if name not in GUESSED)


def _open(wish: Wish) -> Data:
    """The questions: those of a dataset, or published annotations."""
    if not is_published(wish.data):
        if wish.videos is not None:
            raise ValueError("--videos goes with published annotations, such as --data msvd-qa:test_qa.json")
        return open_data(wish.data, split=wish.split, revision=wish.revision)
    if wish.revision is not None:
        raise ValueError(f"--revision is of datasets on the Hub; {wish.data} is what its files are")
    return open_published(wish.data, wish.videos)


def _times(text: str | None) -> Times | None:
    if text not in (None, "seconds", "index"):
        raise ValueError(f"--times is seconds, or index: hundredths of the movie; got {text!r}")
    return text  # type: ignore[return-value]


def _choose(tasks: list[Task], data: Data, wish: Wish) -> dict[str, list[Question]]:
    chosen = {task.name: choose(data, task, limit=wish.limit, seed=wish.seed) for task in tasks}
    if not any(chosen.values()):
        formats = ", ".join(sorted({question.answer_format for question in data.questions.values()})) or "no questions"
        raise ValueError(f"{data.place}, split {data.split}, has no question of {', '.join(chosen)}; it has {formats}")
    return chosen
