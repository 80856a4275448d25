"""Tests of differences.

    mcnemar_exact(9, 2)                      # 0.065
    holm([0.01, 0.04, 0.03])                 # [0.03, 0.06, 0.06]

McNemar 1947 in its exact form is scipy's binomial test, Holm 1979 is statsmodels' (extra `eval`). The usual corrected
chi-square gives p = 0 where no pair differs; here p is 1.
"""

from collections.abc import Sequence

from moviellm.eval.core.inputs import library, number_of, numbers_of


def mcnemar_exact(b: int, c: int) -> float:
    """The two-sided p of a difference between paired proportions.

    Args:
        b: Pairs that the first got right and the second wrong.
        c: Pairs that the second got right and the first wrong.

    Raises:
        ValueError: counts that are no whole numbers from 0.
    """
    for name, count in (("b", b), ("c", c)):
        if number_of(count, name) != int(count) or count < 0:
            raise ValueError(f"{name} is {count}; it counts, so it is a whole number from 0")
    if b + c == 0:
        return 1.0
    return float(library("scipy.stats").binomtest(int(b), int(b + c)).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for their number, in the order given.

    Raises:
        ValueError: a p-value outside 0 to 1.
    """
    values = numbers_of(p_values, "p-value")
    if any(not 0.0 <= value <= 1.0 for value in values):
        raise ValueError(f"p-values lie between 0 and 1, got {min(values)} to {max(values)}")
    if not values:
        return []
    found = library("statsmodels.stats.multitest").multipletests(values, method="holm")
    return [float(value) for value in found[1]]
