"""McNemar and Holm: known answers, laws, refusals."""

from math import comb
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.eval.core import holm, mcnemar_exact

PS = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def test_no_discordant_pair_is_no_evidence() -> None:
    assert mcnemar_exact(0, 0) == 1.0


@given(st.integers(0, 40), st.integers(0, 40))
@settings(max_examples=20, deadline=None)
def test_the_p_of_mcnemar_is_two_tails_of_coin_throws(b: int, c: int) -> None:
    tail = sum(comb(b + c, at) for at in range(min(b, c) + 1)) / 2 ** (b + c)
    assert mcnemar_exact(b, c) == pytest.approx(min(1.0, 2 * tail))
    assert mcnemar_exact(b, c) == mcnemar_exact(c, b)


@pytest.mark.slow
def test_mcnemar_is_that_of_statsmodels() -> None:
    table = pytest.importorskip("statsmodels.stats.contingency_tables")
    assert mcnemar_exact(9, 2) == pytest.approx(table.mcnemar([[5, 9], [2, 5]], exact=True).pvalue)


@pytest.mark.parametrize(("b", "c"), [(-1, 2), (1.5, 2), (1, float("nan")), (True, 1), ("1", 1)])
def test_counts_are_whole_numbers(b: Any, c: Any) -> None:
    with pytest.raises(ValueError, match=r"whole number|not a number|finite"):
        mcnemar_exact(b, c)


def test_holm_of_three() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


@given(PS)
@settings(max_examples=20, deadline=None)
def test_holm_multiplies_by_how_many_are_left_and_never_falls(ps: list[float]) -> None:
    adjusted, top = {}, 0.0
    for rank, at in enumerate(sorted(range(len(ps)), key=lambda at: ps[at])):
        top = max(top, min(1.0, ps[at] * (len(ps) - rank)))
        adjusted[at] = top
    assert holm(ps) == pytest.approx([adjusted[at] for at in range(len(ps))], abs=1e-12)


def test_no_p_values_need_no_adjustment() -> None:
    assert holm([]) == []


@pytest.mark.parametrize("bad", [1.2, -0.1, float("nan")])
def test_a_p_value_lies_between_0_and_1(bad: float) -> None:
    with pytest.raises(ValueError, match=r"between 0 and 1|finite"):
        holm([0.5, bad])
