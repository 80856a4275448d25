"""How alike things are within groups and across them: means of cosines over pairs, from sums, without the pairs.

    within(features, groups, apart)         # pairs of one group that differ in `apart`
    across(features, groups, apart)         # pairs of different groups that differ in `apart`
    between(means)                          # for each row: its mean with all the others

Rows of `features` have length 1, so that a dot product is a cosine, and a sum of dot products over all pairs of a
group is the square of the group's sum: a movie of 1,331 pictures costs one pass, not 885,115 pairs. It draws nothing.
"""

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def within(features: Floats, groups: Sequence[Hashable], apart: Sequence[Hashable]) -> tuple[float, int]:
    """Mean over pairs of the same group and different `apart`, and how many there are; NaN when there are none."""
    same, pairs = _pairs(features, groups)
    near, few = _pairs(features, list(zip(groups, apart, strict=True)))
    return _mean(same - near, pairs - few)


def across(features: Floats, groups: Sequence[Hashable], apart: Sequence[Hashable]) -> tuple[float, int]:
    """Mean over pairs of different groups and different `apart`, and how many there are; NaN when there are none."""
    everything, pairs = _pairs(features, [0] * len(features))
    same, pairs_same = _pairs(features, groups)
    near, pairs_near = _pairs(features, apart)
    both, pairs_both = _pairs(features, list(zip(groups, apart, strict=True)))
    return _mean(everything - same - near + both, pairs - pairs_same - pairs_near + pairs_both)


def between(means: Floats) -> Floats:
    """For each row the mean of its dot products with all other rows; NaN for a single row."""
    if len(means) < 2:
        return np.full(len(means), np.nan)
    rest = means.sum(0) - means
    values: Floats = np.einsum("ij,ij->i", means, rest) / (len(means) - 1)
    return values


def between_drawn(means: Floats, counts: Floats) -> Floats:
    """The mean of `between` in draws of the rows with replacement, (draws, rows) -> (draws,).

    A row and its own repetition are no pair: what is drawn twice is not like itself by merit.
    """
    total = counts @ means
    square = np.einsum("ij,ij->i", means, means)
    sums = np.einsum("ij,ij->i", total, total) - (counts**2) @ square
    pairs = counts.sum(1) ** 2 - (counts**2).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):  # a draw of one row over and over has no pair
        values: Floats = sums / pairs
    return values


def _pairs(features: Floats, labels: Sequence[Hashable]) -> tuple[float, int]:
    """Sum of dot products over unordered pairs of equal labels, and their number."""
    place = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    mine = np.array([place[label] for label in labels], np.int64)
    sums = np.zeros((len(place), features.shape[1]))
    np.add.at(sums, mine, features)
    sizes = np.bincount(mine, minlength=len(place))
    itself = float((features**2).sum())
    return (float((sums**2).sum()) - itself) / 2, int((sizes * (sizes - 1)).sum()) // 2


def _mean(total: float, pairs: int) -> tuple[float, int]:
    return (total / pairs if pairs else float("nan")), pairs
