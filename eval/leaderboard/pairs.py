"""Two rows of the leaderboard on the same items, paired: the difference, its interval, and whether it is one.

    told = paired(board, "3f...", "9a...")
    told.rows[0]["verdict"]                     # "not distinguishable", "a is better", "b is better"

The rules are those of `moviellm eval compare`: the mean difference B - A with its 95 % interval by movie; for right
and wrong also the exact McNemar test, Holm-adjusted over the tasks; a difference is only called one where both are
sure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moviellm.eval.core.intervals import clustered_se
from moviellm.eval.core.significance import mcnemar_exact
from moviellm.eval.leaderboard.board import Board, Entry, headline
from moviellm.eval.running.comparing import BINARY, adjust
from moviellm.eval.tasks.means import POWER_Z, difference_of, rounded


@dataclass(frozen=True)
class Paired:
    """Two rows, and a difference a task."""

    a: Entry
    b: Entry
    rows: Sequence[Mapping[str, Any]]
    """`task`, `metric`, `n`, `movies`, `a`, `b`, `difference`, `low`, `high`, `only_a`, `only_b`, `p`, `p_holm`,
    `detectable`, `verdict`, `why`."""
    left_out: Sequence[str]
    """Tasks of which they have no item in common."""


def paired(board: Board, a: str, b: str) -> Paired:
    """Compare two rows.

    Raises:
        ValueError: one is no row, they are the same or of two revisions, or one has no scores of items.
    """
    for key in (a, b):
        if key not in board.rows:
            raise ValueError("choose two rows of the table")
    if a == b:
        raise ValueError("choose two different rows")
    if board.rows[a].benchmark_revision != board.rows[b].benchmark_revision:
        raise ValueError("they answered two revisions of the benchmark, whose questions may differ under the same ids")
    for key in (a, b):
        if not board.items.get(key):
            raise ValueError("one of them has no scores by question; it cannot be compared")
    rows, left_out = [], []
    for task in board.tasks:
        ones, others = board.items[a].get(task, {}), board.items[b].get(task, {})
        common = sorted(ones.keys() & others.keys())
        if common:
            metric = headline(task, board.rows[a].tasks[task].metrics) if task in board.rows[a].tasks else ""
            gaps = [(ones[name][1], others[name][1]) for name in common]
            families = [ones[name][0] for name in common]
            rows.append({"task": task, "metric": metric, **_difference(gaps, families, metric in BINARY)})
        else:
            left_out.append(task)
    adjust(rows)
    return Paired(board.rows[a], board.rows[b], rows, left_out)


def _difference(
    scores: Sequence[tuple[float, float]], families: Sequence[str], right_or_wrong: bool
) -> dict[str, Any]:
    gaps = [two - one for one, two in scores]
    found, error = difference_of(gaps, families), clustered_se(gaps, families)
    binary = right_or_wrong and {value for pair in scores for value in pair} <= {0.0, 1.0}
    only_a, only_b = sum(gap < 0 for gap in gaps), sum(gap > 0 for gap in gaps)
    return {
        "n": len(scores),
        "movies": len(set(families)),
        "a": sum(one for one, _ in scores) / len(scores),
        "b": sum(two for _, two in scores) / len(scores),
        "difference": found["value"],
        "low": found["low"],
        "high": found["high"],
        "detectable": None if error is None else rounded(POWER_Z * error),
        "only_a": only_a,
        "only_b": only_b,
        "p": mcnemar_exact(only_a, only_b) if binary else None,
        "p_holm": None,
    }
