"""What `moviellm eval run` does: a model answers a dataset's questions, and its answers are scored.

    moviellm eval run --model ckpt --data demo/MovieLLM-tiny --tasks qa_mc,grounding --out results
    moviellm eval run --model replay:results/predictions.jsonl --data demo/MovieLLM-tiny --out again

Stopped, it goes on where it was: every answer is kept in OUT/kept. What a run leaves is in results.py.
"""

import platform
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, NoReturn

from moviellm.eval.published.films import check_films
from moviellm.eval.published.opening import is_published, open_published
from moviellm.eval.running.asking import Settings, ask_all
from moviellm.eval.running.films import CONTROLS, Control, Showing, frame_policy
from moviellm.eval.running.journal import Journal
from moviellm.eval.running.models import open_model
from moviellm.eval.running.results import RESULTS_VERSION, numbers_of, score_all, text_of, write_run
from moviellm.eval.tasks.items import Data, Question, choose, open_data
from moviellm.eval.tasks.table import Task, Times, tasks_of
from moviellm.generation.output import emit, note
from moviellm.generation.protocols import StoppedError
from moviellm.generation.runs.lock import lock_run

KEPT: Final = "kept"
"""Folder of OUT in which answers are kept."""
PACKAGES: Final = {"checkpoint": ("torch", "transformers"), "openai": ("openai",)}


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
    limit: int | None = None
    seed: int = 0
    controls: tuple[str, ...] = ()
    times: str | None = None
    max_tokens: int | None = None
    retry_failed: bool = False
    model_revision: str | None = None
    device: str | None = None
    dtype: str | None = None
    temperature: float = 0.0
    max_usd: float | None = None
    cache: Path | None = None
    videos: Path | None = None
    max_missing: int = 0


def run(wish: Wish, *, as_json: bool) -> None:
    """`moviellm eval run`."""
    started = datetime.now(UTC)
    begun = time.monotonic()
    tasks = tasks_of(wish.tasks)
    control = _control(wish)
    policy = frame_policy(wish.frames, wish.fps)
    said_times = _times(wish.times)
    for name, value in (("--limit", wish.limit), ("--max-tokens", wish.max_tokens)):
        if value is not None and value < 1:
            raise ValueError(f"{name} is {value}; it is 1 at least")
    data = _open(wish)
    if wish.tasks is None and is_published(wish.data):
        formats = {question.answer_format for question in data.questions.values()}
        tasks = [task for task in tasks if formats & set(task.formats)]
    chosen = _choose(tasks, data, wish)
    asked = {question.item_id for mine in chosen.values() for question in mine}
    wanted = [question for name, question in data.questions.items() if name in asked]
    if is_published(wish.data):
        seen = control != "blind" and not wish.model.startswith("replay:")
        check_films(data, wanted, most_missing=wish.max_missing, seen=seen)
    kept = wish.cache or wish.out / KEPT
    showing = Showing(data, policy, control, wish.seed)
    with lock_run(wish.out):
        model = open_model(wish, data, kept)
        times = said_times or model.times
        longest = wish.max_tokens or model.max_tokens
        settings = Settings(times=times, max_tokens=longest, bare=model.bare, retry_failed=wish.retry_failed)
        journal = Journal(kept)
        try:
            answers = ask_all(model, wanted, data, showing, journal, settings)
        except (StoppedError, BaseExceptionGroup) as error:
            _stop(error, wish)
        finally:
            journal.close()
            model.close()
        rows = score_all(wanted, answers, times)
        results: dict[str, Any] = {
            "results_version": RESULTS_VERSION,
            "tasks": {task.name: numbers_of(task, chosen[task.name], rows, data) for task in tasks},
            "model": {"id": model.name, "kind": model.kind, "revision": model.revision},
            "parameters": {**model.parameters, "max_tokens": longest, "times": times, "bare": model.bare},
            "data": {**data.facts, "limit": wish.limit, "seed": wish.seed, "left_out": _left_out(data)},
            "frames": showing.facts() if model.needs_films else None,
            "versions": _versions(model.kind),
            **({"cost": model.facts()} if model.facts() else {}),
            "times": {
                "started_at": started.isoformat(timespec="seconds"),
                "seconds": round(time.monotonic() - begun, 3),
            },
        }
        write_run(wish.out, chosen, rows, results)
    emit(results, f"{text_of(results)}\n{wish.out / 'results.json'}", as_json)
    reasons = [row.said.reason for row in rows.values()]
    if all(reason is not None for reason in reasons):
        raise ValueError(
            f"no question was answered; the first: {reasons[0]} (all are in {wish.out / 'answers.jsonl'})"
        )


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


def _stop(error: BaseException, wish: Wish) -> NoReturn:
    """End a run that cannot go on now; what was answered is kept."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, StoppedError):
        raise error
    note(f"stopped: {str(error).replace('set llm.', '--')}")
    note(f"what was answered is kept in {wish.cache or wish.out / KEPT}; the same command goes on from there")
    raise SystemExit(1)


def _control(wish: Wish) -> Control:
    if len(wish.controls) > 1:
        raise ValueError(f"--{' and --'.join(wish.controls)}: a run has one control; make a run for each")
    if wish.controls and wish.model.startswith("replay:"):
        raise ValueError(f"--{wish.controls[0]}: the answers of a file are given already; ask a model for a control")
    found = wish.controls[0] if wish.controls else "none"
    assert found == "none" or found in CONTROLS
    return found  # type: ignore[return-value]


def _choose(tasks: list[Task], data: Data, wish: Wish) -> dict[str, list[Question]]:
    chosen = {task.name: choose(data, task, limit=wish.limit, seed=wish.seed) for task in tasks}
    if not any(chosen.values()):
        formats = ", ".join(sorted({question.answer_format for question in data.questions.values()})) or "no questions"
        raise ValueError(f"{data.place}, split {data.split}, has no question of {', '.join(chosen)}; it has {formats}")
    return chosen


def _left_out(data: Data) -> dict[str, int]:
    reasons = sorted(set(data.left_out.values()))
    return {reason: sum(found == reason for found in data.left_out.values()) for reason in reasons}


def _versions(kind: str) -> dict[str, str]:
    """Versions of what decides answers and numbers."""
    found = {"python": platform.python_version()}
    for name in ("moviellm", "numpy", *PACKAGES.get(kind, ())):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
