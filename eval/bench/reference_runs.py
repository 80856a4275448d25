"""Runs of blind models and controls on the benchmark, read for its card: what one gets without looking.

    found = read_baselines([Path("results/blind")], index)
    found.rows[0].name, found.rows[0].numbers["qa_mc"]

A run belongs to the benchmark when it has as many items of each task as the index. Scores of its items say how alike
questions of a movie are. It asks no model.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moviellm.eval.submissions.index import Index

Number = Mapping[str, Any]


@dataclass(frozen=True)
class Baseline:
    """A row of the card's table."""

    name: str
    numbers: Mapping[str, Number]
    """By task: its first number."""


@dataclass(frozen=True)
class Baselines:
    """All of them."""

    rows: tuple[Baseline, ...]
    scores: list[tuple[str, float]]
    """Family and score of each item, of the first run that says which was right."""
    scored_by: str | None


def read_baselines(runs: Sequence[Path], index: Index) -> Baselines:
    """Read runs of `moviellm eval run`, with the controls in them.

    Raises:
        ValueError: one is no run, or is of other items.
    """
    rows: list[Baseline] = []
    scores: list[tuple[str, float]] = []
    scored_by = None
    for run in runs:
        path = run / "results.json"
        if not path.is_file():
            raise ValueError(f"{run} holds no run (no results.json); give the --out of a moviellm eval run")
        results = json.loads(path.read_bytes())
        _check_items(run, results, index)
        control = (results.get("frames") or {}).get("control", "none")
        name = str(results["model"]["id"]) + ("" if control == "none" else f", {control}")
        rows.append(Baseline(name, _numbers(results["tasks"])))
        for said, found in (results.get("controls") or {}).items():
            rows.append(Baseline(str(said), _numbers(found["tasks"])))
        if not scores:
            scores = _scores(run)
            scored_by = name if scores else None
    return Baselines(tuple(rows), scores, scored_by)


def _check_items(run: Path, results: Mapping[str, Any], index: Index) -> None:
    for task, items in index.tasks.items():
        counted = results.get("tasks", {}).get(task, {}).get("counts", {}).get("items")
        if counted is not None and counted != len(items):
            raise ValueError(
                f"{run} has {counted} items of {task}, the benchmark {len(items)}: it is a run on something else"
            )


def _numbers(tasks: Mapping[str, Any]) -> dict[str, Number]:
    found = {}
    for task, numbers in tasks.items():
        metrics = numbers.get("metrics") or {}
        first = numbers.get("headline") or next(iter(metrics), None)
        if first in metrics and metrics[first]["value"] is not None:
            found[task] = metrics[first]
    return found


def _scores(run: Path) -> list[tuple[str, float]]:
    path = run / "answers.jsonl"
    if not path.is_file():
        return []
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [
        (line["family"], float(line["scores"]["right"])) for line in lines if "right" in (line.get("scores") or {})
    ]
