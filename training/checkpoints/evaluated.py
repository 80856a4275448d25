"""What a checkpoint scored: results.json of `moviellm eval run`, for its card and as entries of the Hub.

    found = evaluations_of(folder, record)              # those its record names, and what lies in evaluations/
    add_results(folder, Path("results/results.json"))   # one more, copied in
    entries = entries_of(found)                         # huggingface_hub.EvalResultEntry, one a task

A number without a value, and one that is not finite, is no result. Controls (question-only, shuffled) stand in the
card and not in the entries. It evaluates nothing.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from moviellm.generation.files import write_whole
from moviellm.training.checkpoints.record import TrainingRecord

if TYPE_CHECKING:
    from huggingface_hub import EvalResultEntry

FOLDER = "evaluations"
RESULTS = "results.json"
CONTROLS = "controls"
"""Folder of a run in which its controls lie, each a run of its own; results.json has their numbers too."""
HUB_FOLDER = ".eval_results"
NO_CONTROL = "none"
_COMMIT = re.compile(r"[0-9a-f]{40}")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no finite number")
    return value


Value = Annotated[float | None, BeforeValidator(_finite)]


class _Told(BaseModel):
    """A part of results.json; what is not read here may stand there too."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Metric(_Told):
    """A number with its interval."""

    value: Value = None
    low: Value = None
    high: Value = None
    n: int = 0


class TaskResults(_Told):
    """The numbers of a task."""

    metrics: dict[str, Metric]
    headline: str | None = None
    """The number that is shown first; None takes the first."""
    chance: dict[str, Value] = {}
    counts: dict[str, Any] = {}


class ControlResults(_Told):
    """The numbers of a control."""

    tasks: dict[str, TaskResults]


class DataTold(_Told):
    """What was asked about."""

    dataset: str = ""
    version: str | None = None
    commit: str | None = None
    split: str | None = None


class FramesTold(_Told):
    """What was shown."""

    control: str = NO_CONTROL
    policy: dict[str, Any] = {}


class Times(_Told):
    """When."""

    started_at: str | None = None


class ResultsFile(_Told):
    """results.json, as far as it is read."""

    tasks: dict[str, TaskResults]
    data: DataTold = DataTold()
    frames: FramesTold | None = None
    times: Times = Times()
    controls: dict[str, ControlResults] = {}
    """By name."""


@dataclass(frozen=True)
class Evaluated:
    """One results.json of a checkpoint."""

    path: str
    """In the checkpoint's folder."""
    name: str
    """What it is about, in words."""
    step: int | None
    """Optimiser step of the last stage; None for the finished checkpoint."""
    results: ResultsFile

    @property
    def control(self) -> str:
        """What was withheld; `none` for a model that was shown all."""
        return self.results.frames.control if self.results.frames else NO_CONTROL

    @property
    def data(self) -> str:
        """Dataset, split and version, for people."""
        told = self.results.data
        return " ".join(part for part in (told.dataset, told.split, told.version and f"v{told.version}") if part)


def read_results(path: Path) -> ResultsFile:
    """A results.json.

    Raises:
        ValueError: it is not there, is none, or holds a number that is not finite.
    """
    if not path.is_file():
        raise ValueError(f"{path} is not there: make it with `moviellm eval run --model CHECKPOINT --out FOLDER`")
    try:
        return ResultsFile.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole file"
        raise ValueError(f"{path} is no results.json of `moviellm eval run`: {where}: {first['msg']}") from None


def evaluations_of(folder: Path, record: TrainingRecord | None) -> list[Evaluated]:
    """Every evaluation of a checkpoint with its controls, by step, those of the finished checkpoint last."""
    found: dict[str, Evaluated] = {}
    for told in record.last.evaluations if record else ():
        found[told.results] = Evaluated(told.results, told.name, told.step, read_results(folder / told.results))
    for path in sorted((folder / FOLDER).rglob(RESULTS)):
        inside = path.relative_to(folder).as_posix()
        if inside not in found and path.parent.parent.name != CONTROLS:
            found[inside] = Evaluated(inside, path.parent.name, None, read_results(path))
    ordered = sorted(found.values(), key=lambda one: (one.step is None, one.step or 0, one.path))
    return [each for one in ordered for each in (one, *_controls_of(one))]


def _controls_of(one: Evaluated) -> list[Evaluated]:
    """The controls of an evaluation as evaluations."""
    results = one.results
    shown = results.frames or FramesTold()
    return [
        replace(
            one,
            results=results.model_copy(
                update={"tasks": told.tasks, "frames": shown.model_copy(update={"control": name}), "controls": {}}
            ),
        )
        for name, told in results.controls.items()
    ]


def add_results(folder: Path, path: Path, name: str | None = None) -> str:
    """Copy a results.json into a checkpoint's folder; returns its path there.

    Args:
        name: Of the folder it goes into; None makes it of dataset, split and control.
    """
    results = read_results(path)
    control = results.frames.control if results.frames else NO_CONTROL
    told = [results.data.dataset.rpartition("/")[2], results.data.split, control if control != NO_CONTROL else None]
    stem = name or " ".join(part for part in told if part) or path.parent.name
    inside = f"{FOLDER}/{re.sub(r'[^A-Za-z0-9._-]+', '-', stem).strip('-.') or 'results'}/{RESULTS}"
    write_whole(folder / inside, path.read_bytes())
    return inside


def last_of_each(found: Sequence[Evaluated]) -> list[Evaluated]:
    """The newest evaluation of each dataset, split and control."""
    newest = {(one.results.data.dataset, one.results.data.split, one.control): one for one in found}
    return list(newest.values())


def entries_of(found: Sequence[Evaluated]) -> "dict[str, list[EvalResultEntry]]":
    """File of `.eval_results` -> its entries: one for the headline of each task, of datasets that are on the Hub."""
    from huggingface_hub import EvalResultEntry

    files: dict[str, list[EvalResultEntry]] = {}
    for one in last_of_each(found):
        data = one.results.data
        if one.control != NO_CONTROL or data.commit is None or not _COMMIT.fullmatch(data.commit):
            continue
        stem = "-".join(part for part in (data.dataset.replace("/", "-"), data.split) if part)
        entries = [
            EvalResultEntry(
                dataset_id=data.dataset,
                task_id=f"{task}_{metric}",
                value=number.value,
                dataset_revision=data.commit,
                date=(one.results.times.started_at or "")[:10] or None,
                notes=_note(one, number),
            )
            for task, told in one.results.tasks.items()
            for metric, number in [headline(told)]
            if number is not None and number.value is not None
        ]
        if entries:
            files[f"{HUB_FOLDER}/{stem}.yaml"] = entries
    return files


def headline(task: TaskResults) -> tuple[str, Metric | None]:
    """The number of a task that is shown first."""
    name = task.headline if task.headline in task.metrics else next(iter(task.metrics), "")
    return name, task.metrics.get(name)


def _note(one: Evaluated, number: Metric) -> str:
    """What the value is: its scale, interval and frames."""
    parts = ["a fraction from 0 to 1" if (number.value or 0) <= 1 else "as the metric counts"]
    if number.low is not None and number.high is not None:
        parts.append(f"95 % interval by movie {number.low:.4f} to {number.high:.4f}")
    parts.append(f"n {number.n}")
    frames = one.results.frames.policy.get("n") if one.results.frames else None
    return "; ".join([*parts, *([f"{frames} frames"] if frames else [])])


def yaml_of(entries: "Sequence[EvalResultEntry]", name: str) -> bytes:
    """A file of `.eval_results`, checked as a push of results checks it; dates are quoted."""
    from huggingface_hub import eval_result_entries_to_yaml

    from moviellm.cards.publish import check_results

    check_results(entries, name)
    rows: list[Mapping[str, Any]] = list(eval_result_entries_to_yaml([*entries]))
    return yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=10_000).encode()
