"""Means of items' scores with their BCa intervals over movies, as results hold them.

    mean_of([1.0, 0.0, 1.0], ["m1", "m1", "m2"])        # {"value": 0.666667, "low": ..., "high": ..., "n": 3}
    f1_of([(0.5, 1.0), (1.0, 0.5)], ["m1", "m2"])       # of the mean precision and the mean recall
    difference_of([1.0, -1.0, 0.0], ["m1", "m1", "m2"]) # of two runs, item by item

A movie and its twin are one family and resampled together. With one family there is no interval. Where all is right,
or all wrong, or nothing differs, resampling sees no spread and would promise certainty: the interval is then Wilson's
over families.
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

import numpy as np

from moviellm.eval.core.resampling import RESAMPLES, Floats, bootstrap

Number = dict[str, float | int | None]
"""`value`, `low`, `high` and the number of items `n`; None where there is none."""


POWER_Z: Final = 1.959964 + 0.841621
"""Quantiles of the normal distribution for 5 % two-sided and 80 % power, added: so many standard errors a difference
must have to be seen four times in five."""


def mean_of(values: Sequence[float], families: Sequence[str], resamples: int = RESAMPLES) -> Number:
    """A mean; `resamples`: draws of its interval."""
    place = {name: number for number, name in enumerate(dict.fromkeys(families))}
    sums = np.zeros((len(place), 2))
    for value, family in zip(values, families, strict=True):
        sums[place[family]] += (value, 1.0)

    def statistic(counts: Floats) -> Floats:
        total, size = (counts @ sums).T
        found: Floats = total / size
        return found

    found = bootstrap(statistic, len(place), resamples=resamples)
    low, high = found.low, found.high
    if low is not None and (all(value == 0.0 for value in values) or all(value == 1.0 for value in values)):
        low, high = _wilson_of_all(len(set(families)), right=values[0] == 1.0)
    return _number(found.estimate, low, high, len(values))


def _wilson_of_all(n: int, *, right: bool) -> tuple[float, float]:
    """Wilson's interval of n successes among n trials, or of none: the one case in which it is a short formula."""
    square = NormalDist().inv_cdf(0.975) ** 2
    return (n / (n + square), 1.0) if right else (0.0, square / (n + square))


def difference_of(gaps: Sequence[float], families: Sequence[str], resamples: int = RESAMPLES) -> Number:
    """The mean of differences between two runs, item by item, from -1 to 1 or wider."""
    found = mean_of(gaps, families, resamples)
    if found["low"] is not None and len(set(gaps)) == 1 and abs(gaps[0]) <= 1.0:
        far = _wilson_of_all(len(set(families)), right=False)[1]
        found |= {"low": rounded(max(-1.0, gaps[0] - far)), "high": rounded(min(1.0, gaps[0] + far))}
    return found


def f1_of(pairs: Sequence[tuple[float, float]], families: Sequence[str], resamples: int = RESAMPLES) -> Number:
    """The harmonic mean of a mean precision and a mean recall."""
    place = {name: number for number, name in enumerate(dict.fromkeys(families))}
    sums = np.zeros((len(place), 3))
    for (precision, recall), family in zip(pairs, families, strict=True):
        sums[place[family]] += (precision, recall, 1.0)

    def statistic(counts: Floats) -> Floats:
        precision, recall, size = (counts @ sums).T
        both = precision + recall
        # The sizes cancel but for one: 2 (p/n) (r/n) / ((p + r) / n).
        found: Floats = np.divide(2 * precision * recall, both * size, out=np.zeros_like(both), where=both > 0)
        return found

    found = bootstrap(statistic, len(place), resamples=resamples)
    return _number(found.estimate, found.low, found.high, len(pairs))


def _number(value: float | None, low: float | None, high: float | None, n: int) -> Number:
    return {"value": rounded(value), "low": rounded(low), "high": rounded(high), "n": n}


def rounded(value: float | None) -> float | None:
    """Six digits: what is below is noise of the last bit."""
    return None if value is None else round(value, 6)
