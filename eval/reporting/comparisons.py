"""Runs of a report compared in pairs, question by question; the arithmetic is that of `moviellm eval compare`.

    pairs, notes = compare_runs(runs)
    pairs[0].rows[0]["difference"], pairs[0].rows[0]["verdict"]

Up to four runs are compared each with each, more with the first one. Holm's adjustment is over all rows that the
report shows. Runs that cannot be compared are said, with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moviellm.eval.reporting.runs import Run
from moviellm.eval.running.comparing import SAME, adjust, compared, pairs_of


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two runs on the same questions."""

    a: str
    b: str
    a_place: int
    """Place of the run among those of the report."""
    b_place: int
    rows: Sequence[Mapping[str, Any]]
    """As `eval compare` gives them: b - a."""

    def verdict(self, row: Mapping[str, Any]) -> str:
        """In words: who is better, or why nobody is."""
        if row["verdict"] == SAME:
            return f"{SAME}: {row['why']}"
        return f"{self.b if row['difference'] > 0 else self.a} is better"


def compare_runs(runs: Sequence[Run]) -> tuple[list[Pair], list[str]]:
    """Pairs, and why others are none."""
    pairs, notes = [], []
    for one, other in pairs_of(len(runs)):
        a, b = runs[one], runs[other]
        try:
            found = compared(a.folder, b.folder)
        except ValueError as error:
            notes.append(f"{a.label} and {b.label} are not compared: {error}")
            continue
        pairs.append(Pair(a=a.label, b=b.label, a_place=one, b_place=other, rows=found["differences"]))
        left = found["only_a"] + found["only_b"]
        if left:
            notes.append(f"{a.label} and {b.label}: {left:,} questions are in one of both only, and left out")
    adjust([row for pair in pairs for row in pair.rows])  # type: ignore[misc]
    return pairs, notes


def best_of(runs: Sequence[Run], pairs: Sequence[Pair], task: str, metric: str) -> int | None:
    """The place of the run that every other one is distinguishably worse than."""
    won: dict[str, set[str]] = {run.label: set() for run in runs}
    for pair in pairs:
        for row in pair.rows:
            if (row["task"], row["metric"]) == (task, metric) and row["verdict"] != SAME:
                better, worse = (pair.b, pair.a) if row["difference"] > 0 else (pair.a, pair.b)
                won[better].add(worse)
    if len(runs) < 2:
        return None
    return next((place for place, run in enumerate(runs) if len(won[run.label]) == len(runs) - 1), None)
