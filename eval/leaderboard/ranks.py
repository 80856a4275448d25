"""Ranks as ranges: where a row can stand, given that the movies of the test are a sample.

    standings = standings_of(board)
    standings["overall"].places["3f..."]        # Place(rank=2, low=1, high=4)
    standings["qa_mc"].families                 # movies that the ranges are over

All rows are resampled together, by movie. Two rows are told apart where their difference is larger than what chance
makes of the largest difference of any two, in 95 of 100 draws (studentised, so that no pair is favoured, and taken
from the normal to Student's distribution, since few movies say little of their own spread). A row's range begins
behind the rows that are surely better and ends before those that are surely worse; with 95 % certainty all ranges
hold at once (Mogstad, Romano, Shaikh and Wilhelm 2024). Under six movies nothing is told apart: even if one row won on
all of them, a coin would do so too in one of sixteen times.

Ranked are rows that answered the same items of the same revision and have not seen the test's inputs. It reads no
file: see board.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from moviellm.eval.core.inputs import library
from moviellm.eval.core.resampling import Interval, bootstrap
from moviellm.eval.leaderboard.board import Board

OVERALL: Final = "overall"
ORACLE: Final = "oracle"
SEEING: Final = frozenset({"single-frame", "shuffled", "reversed"})
"""Baselines that are shown pictures: they are rows, and not what blind ones reach."""
DRAWS: Final = 2_000
CERTAINTY: Final = 0.95
FAMILIES_MIN: Final = 6
CHUNK: Final = 2_000_000
"""Differences held at a time."""
Floats = npt.NDArray[np.float64]
Scale = Mapping[str, tuple[float, float]]
"""Task -> the number that counts as 0 and the one that counts as 1 in the mean of tasks."""


@dataclass(frozen=True)
class Place:
    """Where a row stands."""

    rank: int
    """By its number alone; equal numbers share it."""
    low: int
    """The best rank that it can have."""
    high: int


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The rows of a task, or of all tasks, against each other."""

    places: Mapping[str, Place] = field(default_factory=dict)
    numbers: Mapping[str, Interval] = field(default_factory=dict)
    """Of the mean of tasks; of one task they stand in its entries."""
    families: int = 0
    scale: Scale = field(default_factory=dict)
    """What the mean of tasks counts from and to; without it, the plain mean."""

    def mean_of(self, numbers: Mapping[str, float]) -> float | None:
        """The mean over tasks of a row that is not ranked; None where it lacks one."""
        if not numbers:
            return None
        ends = {task: self.scale.get(task, (0.0, 1.0)) for task in numbers}
        return sum((numbers[task] - low) / (high - low) for task, (low, high) in ends.items()) / len(numbers)


@dataclass(frozen=True)
class _Sums:
    """Scores of rows, added up by movie: (movies, rows) of each task."""

    rows: Sequence[str]
    sums: Mapping[str, Floats]
    sizes: Mapping[str, Floats]
    families: int

    def means(self, counts: Floats, tasks: Sequence[str], scale: Scale) -> Floats:
        """The mean over tasks, (draws, rows), for how often each movie counts, (draws, movies)."""
        total = np.zeros((len(counts), len(self.rows)))
        for task in tasks:
            low, high = scale.get(task, (0.0, 1.0))
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = (counts @ self.sums[task]) / (counts @ self.sizes[task])[:, None]
            total += (mean - low) / (high - low)
        return total / len(tasks)


def standings_of(board: Board) -> dict[str, Standing]:
    """Standings of each task and of `overall`."""
    tasks = board.tasks
    found = {task: _standing(board, [task], {}) for task in tasks}
    scale = scale_of(board)
    found[OVERALL] = _standing(board, tasks, scale, numbers=True) if tasks else Standing()
    return found


def scale_of(board: Board) -> dict[str, tuple[float, float]]:
    """The best blind baseline and the oracle of each task; nothing where a task lacks one of them."""
    found = {}
    blind, best = blind_of(board), board.baselines.get(ORACLE)
    for task in board.tasks:
        oracle = None if best is None else best.number(task)
        if oracle is None or oracle.value is None or task not in blind or oracle.value <= blind[task]:
            return {}
        found[task] = (blind[task], oracle.value)
    return found


def blind_of(board: Board) -> dict[str, float]:
    """What the best baseline that sees nothing reaches, by task; the oracle, which is told the answer, is none."""
    found: dict[str, float] = {}
    for name, entry in board.baselines.items():
        for task in board.tasks if name not in {ORACLE, *SEEING} else ():
            number = entry.number(task)
            if number is not None and number.value is not None:
                found[task] = max(found.get(task, number.value), number.value)
    return found


def _standing(board: Board, tasks: Sequence[str], scale: Scale, *, numbers: bool = False) -> Standing:
    sums = _sums(board, tasks)
    if sums is None:
        return Standing(scale=scale)
    ones = np.ones((1, sums.families))
    estimates = sums.means(ones, tasks, scale)[0]
    ranges = joint_ranges(sums.means(_draws(sums.families), tasks, scale), estimates, sums.families)
    places = {
        row: Place(1 + int((estimates > estimate + 1e-9).sum()), *ends)
        for row, estimate, ends in zip(sums.rows, estimates, ranges, strict=True)
    }
    values = {row: _interval(sums, at, tasks, scale) for at, row in enumerate(sums.rows)} if numbers else {}
    return Standing(places=places, numbers=values, families=sums.families, scale=scale)


def joint_ranges(drawn: Floats, estimates: Floats, families: int) -> list[tuple[int, int]]:
    """First and last rank of each row, all holding at once.

    Args:
        drawn: Numbers of the rows in each draw, (draws, rows).
        estimates: Their numbers, (rows,).
        families: Movies that were drawn from.
    """
    rows = len(estimates)
    if families < FAMILIES_MIN or rows < 2:
        return [(1, rows)] * rows
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    away = drawn - drawn.mean(axis=0)
    covariance = np.atleast_2d(away.T @ away) / max(1, len(away) - 1) * families / (families - 1)
    spread = np.diag(covariance)
    error = np.sqrt(np.maximum(spread[:, None] + spread[None, :] - 2 * covariance, 0.0))
    error[error < 1e-12] = 0.0
    # The draws vary as little as `error` without its correction; both ways to too narrow ranges are put right here.
    least = _students(_quantile_of_largest(away, error * np.sqrt((families - 1) / families)), families - 1)
    gaps = estimates[:, None] - estimates[None, :]
    better = gaps > np.maximum(least * error, 1e-9)
    return [(1 + int(better[:, row].sum()), rows - int(better[row].sum())) for row in range(rows)]


def _quantile_of_largest(away: Floats, error: Floats) -> float:
    """What the largest studentised difference of any two rows stays below in 95 of 100 draws."""
    inverse = np.divide(1.0, error, out=np.zeros_like(error), where=error > 0)
    step = max(1, CHUNK // error.size)
    largest = [
        np.abs((part[:, :, None] - part[:, None, :]) * inverse).max(axis=(1, 2))
        for part in (away[at : at + step] for at in range(0, len(away), step))
    ]
    return float(np.quantile(np.concatenate(largest), CERTAINTY)) if largest else float("inf")


def _students(normal: float, freedom: int) -> float:
    """The quantile of Student's distribution that is as far out as one of the normal distribution."""
    stats = library("scipy.stats")
    return float(stats.t.isf(stats.norm.sf(normal), freedom))


def _sums(board: Board, tasks: Sequence[str]) -> _Sums | None:
    """Scores of the rows that can be ranked together; None where there is none."""
    mine = {
        row: items
        for row, items in board.items.items()
        if not board.rows[row].seen_test_inputs and all(items.get(task) for task in tasks)
    }
    asked = {
        row: frozenset((board.rows[row].benchmark_revision, task, item) for task in tasks for item in items[task])
        for row, items in mine.items()
    }
    if not asked:
        return None
    newest = max(asked, key=lambda row: board.rows[row].scored_at or "")
    counted = Counter(asked.values())
    same = max(counted, key=lambda items: (counted[items], items == asked[newest]))
    rows = [row for row, items in asked.items() if items == same]
    first = mine[rows[0]]
    place: dict[str, int] = {}
    for task in tasks:
        for family, _ in first[task].values():
            place.setdefault(family, len(place))
    sums, sizes = {}, {}
    for task in tasks:
        names = sorted(first[task])
        where = np.array([place[first[task][name][0]] for name in names])
        scores = np.array([[mine[row][task][name][1] for row in rows] for name in names])
        sums[task] = np.zeros((len(place), len(rows)))
        np.add.at(sums[task], where, scores)
        sizes[task] = np.bincount(where, minlength=len(place)).astype(np.float64)
    return _Sums(rows, sums, sizes, len(place))


def _interval(sums: _Sums, at: int, tasks: Sequence[str], scale: Scale) -> Interval:
    alone = _Sums([sums.rows[at]], {t: sums.sums[t][:, at : at + 1] for t in tasks}, sums.sizes, sums.families)
    return bootstrap(lambda counts: alone.means(counts, tasks, scale)[:, 0], sums.families, resamples=DRAWS)


def _draws(families: int) -> Floats:
    generator = np.random.default_rng(0)
    return generator.multinomial(families, np.full(families, 1.0 / families), size=DRAWS).astype(np.float64)
