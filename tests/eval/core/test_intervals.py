"""Clustered standard errors and Wilson's interval: independent implementations, laws, refusals."""

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.eval.core import cluster_bootstrap, clustered_se, wilson

ROWS = st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 3)), min_size=2, max_size=15)


def test_the_error_of_single_items_is_the_usual_one() -> None:
    values = [0.1, 0.5, 0.9, 0.4]
    assert clustered_se(values, "abcd") == pytest.approx(np.std(values, ddof=1) / 2)


def test_equal_items_of_a_cluster_count_as_one() -> None:
    alone = [0.0, 1.0, 0.5, 0.25]
    doubled = clustered_se([value for value in alone for _ in range(50)], [at for at in "abcd" for _ in range(50)])
    assert doubled == pytest.approx(np.std(alone) / 2, rel=0.01)


@given(ROWS)
def test_the_error_is_the_formula_written_out(rows: list[tuple[int, int]]) -> None:
    values, clusters = zip(*rows, strict=True)
    n, mean = len(values), np.mean(values)
    cross = sum(
        (values[i] - mean) * (values[j] - mean)
        for i in range(n)
        for j in range(n)
        if i != j and clusters[i] == clusters[j]
    )
    expected = np.sqrt(max(0, np.var(values, ddof=1) / n + cross / n**2)) if len(set(clusters)) > 1 else None
    assert clustered_se(values, clusters) == (expected if expected is None else pytest.approx(expected, abs=1e-7))


@pytest.mark.slow
def test_the_error_nears_that_of_statsmodels_with_many_clusters() -> None:
    ols = pytest.importorskip("statsmodels.api").OLS
    lot = np.random.default_rng(1)
    clusters = np.repeat(np.arange(400), 5)
    values = lot.normal(size=400)[clusters] + lot.normal(size=2000)
    fit = ols(values, np.ones(2000)).fit(cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": False})
    assert clustered_se(values.tolist(), clusters.tolist()) == pytest.approx(float(fit.bse[0]), rel=1e-3)


def test_one_cluster_has_no_error() -> None:
    assert clustered_se([1.0, 2.0], ["a", "a"]) is None
    assert clustered_se([], []) is None


@pytest.mark.parametrize(
    ("values", "clusters", "what"),
    [([1.0], [], "1 values, 0 clusters"), ([1.0, float("nan")], ["a", "b"], "value 1 is nan")],
)
def test_values_that_cannot_be_averaged_are_refused(values: list[float], clusters: list[str], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        clustered_se(values, clusters)


@pytest.mark.slow
@given(st.integers(1, 60), st.data(), st.floats(0.5, 0.99))
@settings(max_examples=40, deadline=None)
def test_wilson_is_that_of_statsmodels(n: int, data: Any, level: float) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    k = data.draw(st.integers(0, n))
    assert wilson(k, n, level) == pytest.approx(proportion.proportion_confint(k, n, 1 - level, "wilson"), abs=1e-9)


@given(st.integers(1, 60), st.data())
@settings(deadline=None)
def test_wilson_holds_the_share_and_stays_between_0_and_1(n: int, data: Any) -> None:
    k = data.draw(st.integers(0, n))
    low, high = wilson(k, n, 0.95)
    assert low is not None and high is not None
    assert 0.0 <= low <= k / n <= high <= 1.0
    assert wilson(n - k, n, 0.95) == pytest.approx((1 - high, 1 - low))


def test_wilson_of_45_among_50() -> None:
    z, n = NormalDist().inv_cdf(0.975), 50
    centre = (0.9 + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * (0.9 * 0.1 / n + z**2 / (4 * n**2)) ** 0.5
    assert wilson(45, 50, 0.95) == pytest.approx((centre - half, centre + half), abs=1e-12)


def test_no_trials_have_no_interval() -> None:
    assert wilson(0, 0, 0.95) == (None, None)


@pytest.mark.parametrize(
    ("k", "n", "level", "what"),
    [
        (3, 2, 0.95, "more successes than trials"),
        (-1, 2, 0.95, "k is -1"),
        (1, 2.5, 0.95, "n is 2.5"),
        (1, 2, 95, "got 95"),
        (1, 2, 1.0, "got 1.0"),
    ],
)
def test_counts_that_are_none_are_refused(k: Any, n: Any, level: float, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        wilson(k, n, level)


def test_the_cluster_bootstrap_is_scipys_bca_of_sums_and_sizes() -> None:
    stats = pytest.importorskip("scipy.stats")
    lot = np.random.default_rng(3)
    clusters = np.repeat(np.arange(40), lot.integers(1, 6, 40))
    values = lot.normal(size=40)[clusters] + lot.exponential(size=len(clusters))
    sums, sizes = np.bincount(clusters, values), np.bincount(clusters)
    theirs = stats.bootstrap(
        (sums, sizes),
        lambda s, n, axis: s.sum(axis) / n.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        rng=np.random.default_rng(0),
    ).confidence_interval
    mine = cluster_bootstrap(values.tolist(), clusters.tolist())
    width = theirs.high - theirs.low
    assert (mine["low"], mine["high"]) == pytest.approx((theirs.low, theirs.high), abs=0.03 * width)
