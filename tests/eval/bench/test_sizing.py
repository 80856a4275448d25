"""How sure so many movies make a score: against formulas that are known."""

import math

import numpy as np
import pytest

from moviellm.eval.bench.sizing import likeness_of, size_of, sizes_of


@pytest.mark.parametrize("likeness", [0.0, 0.2, 0.5])
def test_the_half_width_is_that_of_the_design_effect(likeness: float) -> None:
    size = size_of([4], 100, likeness, draws=4000)
    expected = 1.96 * math.sqrt(0.25 / 400 * (1 + 3 * likeness))
    assert size.half_width == pytest.approx(expected, rel=0.04)


def test_the_paper_s_hundred_movies_give_six_points() -> None:
    assert 100 * size_of([4], 100, 0.2).half_width == pytest.approx(6.2, abs=0.3)


def test_more_movies_are_surer() -> None:
    widths = [size.half_width for size in sizes_of({"a": 4, "b": 5}, 0.3, "x").curve]
    assert widths == sorted(widths, reverse=True)


def test_likeness_is_found_again() -> None:
    dice = np.random.default_rng(1)
    scores = []
    for family in range(400):
        hard = dice.beta(2.0, 2.0)  # 1 / (1 + 2 + 2) of the variance lies between movies
        scores += [(str(family), float(dice.random() < hard)) for _ in range(8)]
    assert likeness_of(scores) == pytest.approx(0.2, abs=0.04)


def test_scores_of_one_movie_tell_no_likeness() -> None:
    assert likeness_of([("a", 1.0), ("a", 0.0)]) is None


def test_an_assumption_is_called_one() -> None:
    assert sizes_of({"a": 3, "b": 3}, None, "x").measured_by == "assumed"
