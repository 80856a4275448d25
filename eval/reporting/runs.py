"""What a report reads: runs of `moviellm eval run`, with their controls and the verdicts of judges.

    runs = read_runs([Path("results/sees"), Path("results/other")])
    runs[0].results["tasks"], runs[0].answers["m00000-q001"], runs[0].controls["question-only"]

Files alone are read: results.json, answers.jsonl, controls/NAME/answers.jsonl, judged/NAME/. It computes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

CONTROLS: Final = (
    "random", "majority", "question-only", "title-only", "dialogue-only", "single-frame", "shuffled", "reversed",
    "oracle",
)  # fmt: skip
"""Controls in the order in which they are shown; others follow."""
RIGHT_FROM: Final = 0.5
"""Score of a judge that gives 0 to 1, from which an answer is right, where the judge does not say."""
RIGHT_FROM_OF_FIVE: Final = 3.0
"""The same of a judge that gives 0 to 5."""
Number = Mapping[str, Any]
Answer = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a judge said of one answer."""

    metric: str
    score: float | None
    """None: unscored."""
    right: bool | None
    reason: str | None
    """Why, in the judge's words; or why there is no score."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One judge's work on a run."""

    facts: Mapping[str, Any]
    """judgement.json."""
    verdicts: Mapping[str, Verdict]
    """By question."""

    @property
    def metric(self) -> str:
        """Name with judge and rubric."""
        return str(self.facts["metric"])


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run."""

    folder: Path
    label: str
    """How the report calls it; no two runs have the same."""
    results: Mapping[str, Any]
    answers: Mapping[str, Answer]
    """By question."""
    judgements: tuple[Judgement, ...] = ()

    @property
    def tasks(self) -> Mapping[str, Any]:
        """Numbers by task."""
        return dict(self.results["tasks"])

    @property
    def controls(self) -> Mapping[str, Any]:
        """Numbers of controls by name, in the order of tables."""
        found = self.results.get("controls") or {}
        return {name: found[name] for name in [*CONTROLS, *sorted(set(found) - set(CONTROLS))] if name in found}

    def control_number(self, control: str, task: str, metric: str) -> Number | None:
        """A number of a control."""
        tasks = self.controls.get(control, {}).get("tasks", {})
        found: Number | None = tasks.get(task, {}).get("metrics", {}).get(metric)
        return found

    @cached_property
    def control_answers(self) -> Mapping[str, Mapping[str, Answer]]:
        """Answers of the controls that lie in the run's folder."""
        places = {name: self.folder / "controls" / name / "answers.jsonl" for name in self.controls}
        return {name: _answers(place) for name, place in places.items() if place.is_file()}

    def verdicts(self, item_id: str) -> list[Verdict]:
        """What judges said of the answer to a question."""
        found = (judgement.verdicts.get(item_id) for judgement in self.judgements)
        return [verdict for verdict in found if verdict is not None]


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """Read runs, and find a name for each.

    Raises:
        ValueError: a folder holds no run, or comes twice.
    """
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise ValueError(f"a run is named twice: {', '.join(map(str, folders))}; a report shows each once")
    results = [_results(folder) for folder in folders]
    names = [_name(found) for found in results]
    labels = [
        name if names.count(name) == 1 else f"{name} ({folder.resolve().name})"
        for name, folder in zip(names, folders, strict=True)
    ]
    labels = [
        label if labels.count(label) == 1 else f"{name} ({folder})"
        for label, name, folder in zip(labels, names, folders, strict=True)
    ]
    return [
        Run(
            folder=folder,
            label=label,
            results=found,
            answers=_answers(folder / "answers.jsonl"),
            judgements=tuple(_judgement(path) for path in sorted(folder.glob("judged/*/judgement.json"))),
        )
        for folder, label, found in zip(folders, labels, results, strict=True)
    ]


def _results(folder: Path) -> Mapping[str, Any]:
    found = _json(folder / "results.json", folder)
    wanted = {"tasks", "model", "data"}
    if not isinstance(found, dict) or not wanted <= set(found):
        raise ValueError(
            f"{folder / 'results.json'} is not of a moviellm eval run: it lacks {', '.join(sorted(wanted))}"
        )
    return found


def _name(results: Mapping[str, Any]) -> str:
    """The model, without the folders it lies in, and the control if the run is one."""
    name = str(results["model"]["id"]).rstrip("/").rsplit("/", 1)[-1] or "model"
    if results["model"].get("kind") == "replay":
        name = name.removesuffix(".jsonl").removesuffix(".json")
    control = (results.get("frames") or {}).get("control", "none")
    if control == name:  # a control that asks no model
        return name
    return name if control == "none" else f"{name}, {control}"


def _json(path: Path, folder: Path) -> Any:
    if not path.is_file():
        raise ValueError(f"{folder} holds no run (no {path.name}); give the --out of a moviellm eval run")
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON ({error}); run the evaluation again, it keeps its answers") from None


def _lines(path: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line:
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{path}, line {number} is not JSON ({error})") from None
            if not isinstance(row, dict):
                raise ValueError(f"{path}, line {number} is not a JSON object")
            rows.append(row)
    return rows


def _answers(path: Path) -> dict[str, Answer]:
    if not path.is_file():
        raise ValueError(f"{path.parent} holds no run (no {path.name}); give the --out of a moviellm eval run")
    return {row["id"]: row for row in _lines(path)}


def _judgement(path: Path) -> Judgement:
    facts = _json(path, path.parent)
    if not isinstance(facts, dict) or "metric" not in facts:
        raise ValueError(f"{path} is no judgement: it names no metric; judge the run again")
    said = _said(path.parent / "transcripts.jsonl")
    place = path.parent / "verdicts.jsonl"
    rows = {str(row.get("item_id", row.get("id"))): row for row in (_lines(place) if place.is_file() else [])}
    right_from = RIGHT_FROM_OF_FIVE if any((_score(row) or 0.0) > 1 for row in rows.values()) else RIGHT_FROM
    found: dict[str, Verdict] = {}
    for name, row in rows.items():
        parsed, score = said.get(name, {}), _score(row)
        told = row.get("correct", parsed.get("correct"))
        reason = row.get("reason") or parsed.get("reason")
        found[name] = Verdict(
            metric=str(facts["metric"]),
            score=score,
            right=None if score is None else told if isinstance(told, bool) else score >= right_from,
            reason=None if reason is None else str(reason),
        )
    return Judgement(facts=facts, verdicts=found)


def _score(row: Mapping[str, Any]) -> float | None:
    score = row.get("score")
    return float(score) if isinstance(score, int | float) else None


def _said(path: Path) -> dict[str, Mapping[str, Any]]:
    """What the judge answered by question; the first where it was asked several times."""
    found: dict[str, Mapping[str, Any]] = {}
    for row in _lines(path) if path.is_file() else []:
        name, parsed = row.get("item_id", row.get("id")), row.get("parsed")
        if isinstance(name, str) and isinstance(parsed, dict):
            found.setdefault(name, parsed)
    return found
