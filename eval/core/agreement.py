"""How far raters agree beyond chance: people, judges, or both.

    cohen_kappa(["yes", "no", "yes"], ["yes", "no", None])                 # 1.0
    gwet_ac1([[1, 0, 1, 1], [1, 0, 1, None]])
    krippendorff_alpha([[1, 2, 3, None], [1, 2, 4, 4]], level="ordinal")

Cohen 1960 is scikit-learn's, and Krippendorff's alpha is the package krippendorff's (extra `eval`). Gwet 2008 (AC1),
for any number of raters and missing ratings (Gwet 2014, chapter 5), is here: kappa is near 0 when one category is
rare, however often raters agree. What is undefined, as when only one category was ever used, is None.
"""

from collections.abc import Hashable, Sequence
from typing import Final, Literal

import numpy as np

from moviellm.eval.core.inputs import library, number_of, same_length

Table = Sequence[Sequence[Hashable | None]]
"""One row a rater, one column a thing rated; None where it is not rated."""
Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: Final = ("nominal", "ordinal", "interval", "ratio")


def cohen_kappa(a: Sequence[Hashable | None], b: Sequence[Hashable | None]) -> float | None:
    """Cohen's kappa of two raters; things that one of them did not rate are left out.

    Returns:
        From -1 to 1; None without common things, or when both used one and the same category only.

    Raises:
        ValueError: unequal lengths.
    """
    same_length(a=a, b=b)
    pairs = [(one, other) for one, other in zip(a, b, strict=True) if one is not None and other is not None]
    numbers = {rating: at for at, rating in enumerate(dict.fromkeys(rating for pair in pairs for rating in pair))}
    if len(numbers) < 2:
        return None
    ones, others = ([numbers[pair[side]] for pair in pairs] for side in (0, 1))
    return float(library("sklearn.metrics").cohen_kappa_score(ones, others))


def gwet_ac1(table: Table) -> float | None:
    """Gwet's AC1 of two or more raters.

    Returns:
        At most 1; None when no thing was rated twice, or when only one category was ever used.

    Raises:
        ValueError: rows of unequal lengths.
    """
    _rated(table)
    numbers = {rating: at for at, rating in enumerate(_categories(table))}
    if len(numbers) < 2:
        return None
    counts = np.zeros((len(table[0]), len(numbers)))
    for row in table:
        for at, rating in enumerate(row):
            if rating is not None:
                counts[at, numbers[rating]] += 1
    raters = counts.sum(1)
    counts, raters = counts[raters > 0], raters[raters > 0]
    twice = raters > 1
    if not twice.any():
        return None
    same = (counts[twice] * (counts[twice] - 1)).sum(1) / (raters[twice] * (raters[twice] - 1))
    share = (counts / raters[:, None]).mean(0)
    chance = float((share * (1 - share)).sum() / (len(numbers) - 1))
    return float((same.mean() - chance) / (1 - chance))


def krippendorff_alpha(table: Table, level: Level = "nominal") -> float | None:
    """Krippendorff's alpha of two or more raters.

    Args:
        table: One row a rater; numbers, unless the level is nominal.
        level: What the ratings are: names, ranks, numbers, or numbers with a true zero.

    Returns:
        At most 1; None when no thing was rated twice, or when only one value was ever used.

    Raises:
        ValueError: rows of unequal lengths, another level, or ratings that are no numbers where numbers are needed.
    """
    if level not in LEVELS:
        raise ValueError(f"level is {level!r:.60}; allowed are {', '.join(LEVELS)}")
    _rated(table)
    columns = [column for column in zip(*table, strict=True) if sum(rating is not None for rating in column) > 1]
    values = dict.fromkeys(rating for column in columns for rating in column if rating is not None)
    if level == "nominal":
        numbers = {rating: float(at) for at, rating in enumerate(values)}
    else:
        numbers = {rating: number_of(rating, "a rating") for rating in values}
    if len(set(numbers.values())) < 2:
        return None
    data = np.array([[numbers.get(rating, np.nan) for rating in column] for column in columns], np.float64).T
    return float(library("krippendorff").alpha(reliability_data=data, level_of_measurement=level))


def _rated(table: Table) -> None:
    """Check the shape of a table."""
    if not len(table) or any(isinstance(row, str | bytes) for row in table):
        raise ValueError(f"got {table!r:.60}; give one list of ratings a rater")
    same_length(**{f"ratings of rater {at}": row for at, row in enumerate(table)})


def _categories(table: Table) -> list[Hashable]:
    return list(dict.fromkeys(rating for row in table for rating in row if rating is not None))
