"""A measure over movies: values come in movie by movie, a `Metric` with its interval comes out.

    tally = Tally(measure="clip_next", unit="cosine", counted="pairs", definition="...", by=model)
    tally.add("m00000", 0.83, 15)
    tally.metric()

Every movie weighs the same, however long it is, and whole movies are resampled. It measures nothing itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from moviellm.eval.alike import Floats, between, between_drawn
from moviellm.eval.core import Interval, bootstrap, cluster_bootstrap
from moviellm.generation.dataset.results import Metric

LEVEL: Final = 0.95
SEED: Final = 0
MOVIES_MIN: Final = 5
"""Fewer movies give no interval: it would promise more than they know."""
DIGITS: Final = 6


class Measurer(Protocol):
    """A model, by its names."""

    model_id: str
    revision: str


def full_name(measure: str, by: Measurer | None) -> str:
    """The name of a metric: `measure@model@revision`, a package's version in place of the last two."""
    if by is None:
        return measure
    if by.model_id == "lpips":
        return f"{measure}@lpips-{by.revision}"
    return f"{measure}@{by.model_id}@{by.revision[:7]}"


@dataclass(kw_only=True)
class Tally:
    """One measure; see the module."""

    measure: str
    unit: str
    counted: str
    """What is counted: `keyframes`, `pairs`."""
    definition: str
    by: Measurer | None = None
    values: dict[str, float] = field(default_factory=dict)
    """By movie id."""
    n: int = 0
    notes: list[str] = field(default_factory=list)
    absent: str = "no movie has any"
    """Why there is no value, when none came."""

    @property
    def name(self) -> str:
        """The metric's name."""
        return full_name(self.measure, self.by)

    def add(self, movie_id: str, value: float, n: int) -> None:
        """One movie's value; one without (NaN) is left out."""
        if np.isfinite(value):
            self.values[movie_id] = round(float(value), DIGITS)
            self.n += n

    def metric(self) -> Metric:
        """The mean of the movies with its interval."""
        found = cluster_bootstrap(list(self.values.values()), list(self.values), LEVEL, SEED)
        return self.of(Interval(**found))

    def of(self, interval: Interval) -> Metric:
        """The metric with an interval that was computed elsewhere."""
        notes = list(self.notes)
        if interval.estimate is None:
            notes.insert(0, f"not measured: {self.absent}")
        enough = len(self.values) >= MOVIES_MIN
        low, high = (interval.low, interval.high) if enough else (None, None)
        return Metric(
            name=self.name,
            measure=self.measure,
            model=self.by.model_id if self.by else None,
            revision=self.by.revision if self.by else None,
            value=_rounded(interval.estimate),
            low=_rounded(low),
            high=_rounded(high),
            n=self.n,
            counted=self.counted,
            movies=len(self.values),
            unit=self.unit,
            definition=self.definition,
            note="; ".join(notes) or None,
        )


def against_other_movies(inside: Tally, outside: Tally, gap: Tally, means: dict[str, Floats]) -> Sequence[Metric]:
    """What is alike within a movie, against pictures of other movies, and the difference; all of the same movies.

    Args:
        inside: Has a value for each movie.
        outside: Gets its values here.
        gap: Gets its values here.
        means: The mean of the features of each of those movies.
    """
    ids = list(inside.values)
    rows = np.array([means[movie_id] for movie_id in ids]) if ids else np.zeros((0, 1))
    alike = np.array(list(inside.values.values()))
    if len(ids) < 2:
        outside.absent = gap.absent = "it takes two movies"
        return [inside.metric(), outside.metric(), gap.metric()]
    for movie_id, other in zip(ids, between(rows), strict=True):
        outside.add(movie_id, float(other), len(ids) - 1)
        gap.add(movie_id, inside.values[movie_id] - float(other), 1)
    apart = bootstrap(lambda counts: between_drawn(rows, counts), len(ids), level=LEVEL, seed=SEED)
    both = bootstrap(
        lambda counts: (counts @ alike) / counts.sum(1) - between_drawn(rows, counts),
        len(ids),
        level=LEVEL,
        seed=SEED,
    )
    return [inside.metric(), outside.of(apart), gap.of(both)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
