"""Intervals by resampling clusters: laws, known answers, and how often they hold what they should."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.eval.core import bootstrap, cluster_bootstrap

VALUES = st.lists(st.integers(-20, 20).map(float), min_size=4, max_size=12)


def test_the_estimate_is_the_mean_of_the_values() -> None:
    found = cluster_bootstrap([1.0, 2.0, 6.0], ["a", "a", "b"])
    assert found["estimate"] == pytest.approx(3.0)


def test_equal_values_have_an_interval_without_width() -> None:
    found = cluster_bootstrap([0.3] * 6, list("aabbcc"))
    assert found["low"] == pytest.approx(0.3)
    assert found["high"] == pytest.approx(0.3)


def test_one_cluster_has_no_interval() -> None:
    assert cluster_bootstrap([1.0, 2.0], ["a", "a"]) == {"estimate": 1.5, "low": None, "high": None}


def test_no_value_has_no_estimate() -> None:
    assert cluster_bootstrap([], []) == {"estimate": None, "low": None, "high": None}


@pytest.mark.parametrize(
    ("values", "clusters", "what"),
    [([1.0], [], "1 values and 0 clusters"), ([float("nan")], ["a"], "not a finite number")],
)
def test_what_cannot_be_resampled_is_refused(values: list[float], clusters: list[str], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        cluster_bootstrap(values, clusters)


def test_a_level_lies_between_0_and_1() -> None:
    with pytest.raises(ValueError, match="got 95"):
        bootstrap(lambda counts: counts.sum(1), 3, level=95)


def test_the_same_numbers_give_the_same_interval() -> None:
    values = [0.1, 0.5, 0.9, 0.4]
    assert cluster_bootstrap(values, "abcd") == cluster_bootstrap(values, "abcd")
    assert cluster_bootstrap(values, "abcd", seed=1) != cluster_bootstrap(values, "abcd")


@settings(max_examples=20, deadline=None)
@given(VALUES, st.integers(1, 5), st.integers(-9, 9))
def test_scaling_and_shifting_the_values_scales_and_shifts_the_interval(
    values: list[float], scale: int, shift: int
) -> None:
    clusters = list(range(len(values)))
    one = cluster_bootstrap(values, clusters)
    other = cluster_bootstrap([scale * value + shift for value in values], clusters)
    for name in ("estimate", "low", "high"):
        assert other[name] == pytest.approx(scale * (one[name] or 0.0) + shift, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(VALUES)
def test_an_interval_lies_among_the_values_and_a_wider_level_is_no_narrower(values: list[float]) -> None:
    clusters = list(range(len(values)))
    narrow, wide = (cluster_bootstrap(values, clusters, level=level) for level in (0.8, 0.95))
    assert min(values) <= (wide["low"] or 0.0) <= (narrow["low"] or 0.0)
    assert (narrow["high"] or 0.0) <= (wide["high"] or 0.0) <= max(values)


def test_repeating_every_value_within_its_cluster_changes_nothing() -> None:
    values, clusters = [0.1, 0.5, 0.9, 0.4], list("abcd")
    once, thrice = cluster_bootstrap(values, clusters), cluster_bootstrap(values * 3, clusters * 3)
    assert thrice == pytest.approx(once)


def test_values_that_are_alike_within_clusters_have_wider_intervals_than_independent_ones() -> None:
    values = np.repeat(np.random.default_rng(0).normal(size=12), 10)
    one = cluster_bootstrap(values, np.repeat(np.arange(12), 10))
    other = cluster_bootstrap(values, np.arange(120))
    assert (one["high"] or 0) - (one["low"] or 0) > 2.5 * ((other["high"] or 0) - (other["low"] or 0))


def test_of_many_values_it_is_the_interval_of_the_normal_distribution() -> None:
    values = np.random.default_rng(1).normal(size=400)
    found = cluster_bootstrap(values, np.arange(400))
    half = NormalDist().inv_cdf(0.975) * values.std() / 20
    assert found["low"] == pytest.approx(values.mean() - half, abs=0.01)
    assert found["high"] == pytest.approx(values.mean() + half, abs=0.01)


def test_a_skewed_mean_has_a_longer_upper_end() -> None:
    values = np.random.default_rng(2).exponential(size=30)
    found = cluster_bootstrap(values, np.arange(30))
    estimate, low, high = (found[name] or 0.0 for name in ("estimate", "low", "high"))
    assert high - estimate > 1.15 * (estimate - low)


def test_nineteen_of_twenty_intervals_hold_the_mean() -> None:
    generator = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        values = generator.normal(size=25)
        found = bootstrap(lambda counts, v=values: counts @ v / counts.sum(1), 25, resamples=1000)
        held += (found.low or 0) <= 0.0 <= (found.high or 0)
    assert 0.88 <= held / 200 <= 0.98


def test_draws_without_a_value_are_left_out() -> None:
    def pairs(counts: np.ndarray) -> np.ndarray:  # needs two different clusters
        different = (counts > 0).sum(1)
        return np.where(different > 1, different.astype(float), np.nan)

    found = bootstrap(pairs, 2)
    assert found == (2.0, 2.0, 2.0)
