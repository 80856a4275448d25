"""Intervals by resampling whole clusters: movies, because what is measured within one movie is alike.

    cluster_bootstrap([0.7, 0.8, 0.4], ["m1", "m1", "m2"])      # {"estimate": 0.633, "low": 0.4, "high": 0.75}
    bootstrap(statistic, clusters=40)                            # the same for any statistic of how often each counts

Intervals are BCa (Efron 1987): the bootstrap's quantiles, corrected for bias and skew. The seed is fixed, so that the
same numbers give the same interval. Few clusters give intervals that are too narrow, of any method; with fewer than
two there is none. It compares no systems: give it the differences.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

RESAMPLES: Final = 10_000
CHUNK: Final = 4_000_000
"""Counts held at a time."""
Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""From how often each cluster counts, (draws, clusters), to the value of each draw, (draws,); NaN where there is none.
"""


class Interval(NamedTuple):
    """An estimate with the ends of its interval; None where there is none."""

    estimate: float | None
    low: float | None
    high: float | None


def bootstrap(
    statistic: Statistic, clusters: int, *, level: float = 0.95, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """The BCa interval of a statistic over independent clusters.

    Draws without a value (NaN) are left out.

    Raises:
        ValueError: the level is none.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"a level lies between 0 and 1, got {level}; 0.95 is usual")
    if clusters < 1:
        return Interval(None, None, None)
    estimate = float(statistic(np.ones((1, clusters)))[0])
    if not np.isfinite(estimate):
        return Interval(None, None, None)
    if clusters < 2:
        return Interval(estimate, None, None)
    drawn = np.concatenate([statistic(counts) for counts in _counts(clusters, seed, resamples)])
    drawn = np.sort(drawn[np.isfinite(drawn)])
    if not drawn.size:
        return Interval(estimate, None, None)
    ends = _bca(estimate, drawn, _left_out(statistic, clusters), level)
    return Interval(estimate, *(float(end) for end in np.quantile(drawn, ends)))


def cluster_bootstrap(
    values: Sequence[float], clusters: Sequence[Hashable], level: float = 0.95, seed: int = 0
) -> dict[str, float | None]:
    """The mean of values with its BCa interval, resampling clusters.

    Returns:
        `estimate`, `low`, `high`; all None without values, the ends None with one cluster.

    Raises:
        ValueError: unequal lengths, or a value that is no number.
    """
    if len(values) != len(clusters):
        raise ValueError(f"got {len(values)} values and {len(clusters)} clusters; every value has one cluster")
    numbers = np.asarray(values, np.float64).reshape(-1)
    if not np.isfinite(numbers).all():
        raise ValueError("a value is not a finite number; leave out what was not measured")
    place = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
    mine = np.array([place[name] for name in clusters], np.int64)
    sums = np.bincount(mine, weights=numbers, minlength=len(place))
    sizes = np.bincount(mine, minlength=len(place)).astype(np.float64)
    found = bootstrap(lambda counts: (counts @ sums) / (counts @ sizes), len(place), level=level, seed=seed)
    return found._asdict()


def _counts(clusters: int, seed: int, resamples: int) -> Iterable[Floats]:
    """How often each cluster is drawn, in chunks; kept for the next number, which is often of as many clusters."""
    if clusters * resamples <= CHUNK:
        return _kept(clusters, seed, resamples)
    return _drawn(clusters, seed, resamples)


@lru_cache(maxsize=2)
def _kept(clusters: int, seed: int, resamples: int) -> tuple[Floats, ...]:
    found = tuple(_drawn(clusters, seed, resamples))
    for counts in found:
        counts.setflags(write=False)
    return found


def _drawn(clusters: int, seed: int, resamples: int) -> Iterator[Floats]:
    generator = np.random.default_rng(seed)
    even = np.full(clusters, 1.0 / clusters)
    step = max(1, CHUNK // clusters)
    for at in range(0, resamples, step):
        yield generator.multinomial(clusters, even, size=min(step, resamples - at)).astype(np.float64)


def _left_out(statistic: Statistic, clusters: int) -> Floats:
    """The statistic without each cluster."""
    step = max(1, CHUNK // clusters)
    parts = []
    for at in range(0, clusters, step):
        rows = np.arange(at, min(at + step, clusters))
        counts = np.ones((len(rows), clusters))
        counts[np.arange(len(rows)), rows] = 0.0
        parts.append(statistic(counts))
    found = np.concatenate(parts)
    return found[np.isfinite(found)]


def _bca(estimate: float, drawn: Floats, left_out: Floats, level: float) -> tuple[float, float]:
    """The two quantiles of the sorted draws that end the interval."""
    normal = NormalDist()
    # What differs by rounding only is the same: draws that equal the estimate lie half below it.
    close = 1e-12 * max(1.0, abs(estimate))
    below = np.searchsorted(drawn, estimate - close, "left") + np.searchsorted(drawn, estimate + close, "right")
    share = float(np.clip(below / (2 * drawn.size), 0.5 / drawn.size, 1 - 0.5 / drawn.size))
    bias = normal.inv_cdf(share)
    gaps = left_out.mean() - left_out if left_out.size else np.zeros(1)
    spread = float((gaps**2).sum())
    skew = float((gaps**3).sum()) / (6.0 * spread**1.5) if spread > 1e-24 else 0.0

    def end(tail: float) -> float:
        shifted = bias + normal.inv_cdf(tail)
        return normal.cdf(bias + shifted / (1.0 - skew * shifted))

    return end((1.0 - level) / 2.0), end((1.0 + level) / 2.0)
