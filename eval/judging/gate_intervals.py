"""Agreement beyond chance with 95 % intervals: kappa, AC1 and alpha, whose movies are resampled together.

    kappa_of([True, False], [True, True], ["m1", "m2"])     # {"value", "low", "high", "n"}
    alpha_of([[4, 4, 5], [0, 1, 0]], ["m1", "m2"])          # a row an answer, a column a repeat

Values are those of eval.core; the bootstrap needs them for ten thousand draws at once, so that they are written here
again as (observed - chance) / (1 - chance) over sums of tables (tests hold the two together). Where nothing disagrees
resampling sees no doubt: the lower end is then that of Wilson's interval of the share that agrees, chance as it is.
It asks nobody.
"""

from collections.abc import Callable, Hashable, Sequence
from math import isfinite

import numpy as np

from moviellm.eval.core import bootstrap, cohen_kappa, gwet_ac1, krippendorff_alpha
from moviellm.eval.core.intervals import wilson
from moviellm.eval.core.resampling import Floats
from moviellm.eval.tasks.means import Number

Chance = Callable[[Floats], tuple[Floats, Floats]]
"""From tables (draws, categories, categories) to the share that agrees and the share that would by chance."""


def kappa_of(people: Sequence[Hashable], judge: Sequence[Hashable], families: Sequence[str]) -> Number:
    """Cohen's kappa of two raters."""
    return _of_two(cohen_kappa(people, judge), _by_margins, people, judge, families)


def ac1_of(people: Sequence[Hashable], judge: Sequence[Hashable], families: Sequence[str]) -> Number:
    """Gwet's AC1 of two raters."""
    return _of_two(gwet_ac1([people, judge]), _by_shares, people, judge, families)


def alpha_of(repeats: Sequence[Sequence[Hashable | None]], families: Sequence[str]) -> Number:
    """Krippendorff's nominal alpha of answers that were judged several times; None is no verdict."""
    both = [(row, family) for row, family in zip(repeats, families, strict=True) if _rated(row) > 1]
    if not both:
        return _number(None, None, None, 0)
    value = krippendorff_alpha(list(zip(*(row for row, _ in both), strict=True)))
    place = _places(verdict for row, _ in both for verdict in row if verdict is not None)
    tables = [_coincidences(row, place) for row, _ in both]
    return _interval(value, _by_pairs, tables, [family for _, family in both])


def _rated(row: Sequence[Hashable | None]) -> int:
    return sum(verdict is not None for verdict in row)


def _places(values: object) -> dict[Hashable, int]:
    return {value: at for at, value in enumerate(dict.fromkeys(values))}  # type: ignore[call-overload]


def _of_two(
    value: float | None, chance: Chance, people: Sequence[Hashable], judge: Sequence[Hashable], families: Sequence[str]
) -> Number:
    place = _places((*people, *judge))
    tables = []
    for one, other in zip(people, judge, strict=True):
        table = np.zeros((len(place), len(place)))
        table[place[one], place[other]] = 1.0
        tables.append(table)
    return _interval(value, chance, tables, families)


def _coincidences(row: Sequence[Hashable | None], place: dict[Hashable, int]) -> Floats:
    """The pairs of verdicts of one answer, each answer with the weight of its verdicts."""
    counts = np.zeros(len(place))
    for verdict in row:
        if verdict is not None:
            counts[place[verdict]] += 1.0
    table: Floats = (np.outer(counts, counts) - np.diag(counts)) / (counts.sum() - 1.0)
    return table


def _interval(value: float | None, chance: Chance, tables: list[Floats], families: Sequence[str]) -> Number:
    if value is None or not tables:
        return _number(None, None, None, len(tables))
    place = _places(families)
    size = tables[0].shape[0]
    sums = np.zeros((len(place), size, size))
    for table, family in zip(tables, families, strict=True):
        sums[place[family]] += table

    def statistic(counts: Floats) -> Floats:
        same, by_chance = chance(np.tensordot(counts, sums, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = np.where(by_chance < 1.0, (same - by_chance) / (1.0 - by_chance), np.nan)
        return found

    found = bootstrap(statistic, len(place))
    low, high = found.low, found.high
    if value == 1.0 and low is not None:
        _, by_chance = chance(sums.sum(0)[None])
        share = wilson(len(place), len(place))[0]
        low = float((share - by_chance[0]) / (1.0 - by_chance[0]))
    return _number(value, low, high, len(tables))


def _by_margins(tables: Floats) -> tuple[Floats, Floats]:
    """Kappa: chance by each rater's own shares."""
    total = tables.sum((1, 2))
    same = np.trace(tables, axis1=1, axis2=2) / total
    return same, (tables.sum(1) * tables.sum(2)).sum(1) / total**2


def _by_shares(tables: Floats) -> tuple[Floats, Floats]:
    """AC1: chance by how uncertain the mean share of each category is."""
    total = tables.sum((1, 2))
    share = (tables.sum(1) + tables.sum(2)) / (2.0 * total[:, None])
    same = np.trace(tables, axis1=1, axis2=2) / total
    return same, (share * (1.0 - share)).sum(1) / max(1, tables.shape[1] - 1)


def _by_pairs(tables: Floats) -> tuple[Floats, Floats]:
    """Alpha: chance by drawing two verdicts of all, without putting back."""
    each = tables.sum(2)
    total = each.sum(1)
    same = np.trace(tables, axis1=1, axis2=2) / total
    return same, (each * (each - 1.0)).sum(1) / (total * (total - 1.0))


def _number(value: float | None, low: float | None, high: float | None, n: int) -> Number:
    return {"value": _rounded(value), "low": _rounded(low), "high": _rounded(high), "n": n}


def _rounded(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else round(value, 6)
