"""Means of cosines from sums, held against the pairs themselves."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.eval.alike import across, between, between_drawn, within


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


LABELS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=9)


@settings(max_examples=60, deadline=None)
@given(LABELS, st.integers(0, 99))
def test_sums_give_what_the_pairs_give(labels: list[tuple[int, int]], seed: int) -> None:
    features = unit(np.random.default_rng(seed).normal(size=(len(labels), 4)))
    groups, apart = [one for one, _ in labels], [other for _, other in labels]
    for measure, same in ((within, True), (across, False)):
        pairs = [
            float(features[i] @ features[j])
            for i, j in combinations(range(len(labels)), 2)
            if (groups[i] == groups[j]) is same and apart[i] != apart[j]
        ]
        value, count = measure(features, groups, apart)
        assert count == len(pairs)
        assert value == pytest.approx(np.mean(pairs)) if pairs else math.isnan(value)


def test_each_movie_is_held_against_all_the_others() -> None:
    means = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert between(means).tolist() == [0.5, 0.5, 0.0]
    assert math.isnan(between(means[:1])[0])


def test_drawing_every_movie_once_is_the_mean_over_movies() -> None:
    means = np.random.default_rng(0).normal(size=(5, 3))
    assert between_drawn(means, np.ones((1, 5)))[0] == pytest.approx(between(means).mean())


def test_a_movie_drawn_twice_is_not_held_against_itself() -> None:
    means = np.array([[1.0, 0.0], [0.0, 1.0]])
    drawn = between_drawn(means, np.array([[2.0, 1.0], [3.0, 0.0]]))
    assert drawn[0] == 0.0
    assert math.isnan(drawn[1])
