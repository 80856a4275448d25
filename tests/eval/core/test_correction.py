"""Judges corrected by people: ppi-python's numbers, how often intervals hold the truth, laws, refusals."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.core import ppi_mean, rogan_gladen

HUMAN, MINE, REST = [1, 0, 1, 1, 0, 1], [1, 0, 0.5, 1, 0.25, 1], [1, 1, 0, 0.5, 1, 0, 1, 0.75, 1]
PPI_PYTHON = [
    (None, 0.7062146892655367, 0.42889043675091465, 0.9835389417801587),
    (0.0, 0.6666666666666666, 0.2894714219746094, 1.0438619113587237),
    (0.5, 0.7013888888888888, 0.42055548809270193, 0.9822222896850757),
    (1.0, 0.736111111111111, 0.4166502886562197, 1.0555719335660023),
]
MARKS = st.lists(st.integers(0, 1), min_size=1, max_size=12)


@pytest.mark.parametrize(("lam", "estimate", "low", "high"), PPI_PYTHON)
def test_estimates_are_those_of_ppi_python(lam: float | None, estimate: float, low: float, high: float) -> None:
    """ppi_mean_pointestimate and ppi_mean_ci(alpha=0.05) of ppi-python 0.2.3."""
    found = ppi_mean(HUMAN, MINE, REST, lam=lam)
    assert [found[name] for name in ("estimate", "low", "high")] == pytest.approx([estimate, low, high], abs=1e-9)


def test_a_weight_of_0_is_the_mean_of_the_people_and_of_1_the_plain_correction() -> None:
    assert ppi_mean(HUMAN, MINE, REST, lam=0)["estimate"] == pytest.approx(np.mean(HUMAN))
    plain = np.mean(REST) + np.mean(HUMAN) - np.mean(MINE)
    assert ppi_mean(HUMAN, MINE, REST, lam=1)["estimate"] == pytest.approx(plain)


def test_a_judge_that_always_says_the_same_gets_no_weight() -> None:
    assert ppi_mean(HUMAN, [1] * 6, [1] * 9)["lambda"] == 0.0


def test_a_judge_that_contradicts_people_gets_no_weight() -> None:
    assert ppi_mean(HUMAN, [1 - mark for mark in HUMAN], REST)["lambda"] == 0.0


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    lot = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        truth = lot.random(260) < 0.6
        judge = np.where(lot.random(260) < 0.85, truth, ~truth).astype(float)
        found = ppi_mean(truth[:60].astype(float).tolist(), judge[:60].tolist(), judge[60:].tolist())
        assert found["low"] is not None and found["high"] is not None
        held += found["low"] <= 0.6 <= found["high"]
    assert 0.92 <= held / 400 <= 0.975


def test_nothing_to_add_leaves_the_people_and_no_people_leave_nothing() -> None:
    assert ppi_mean([1, 0], [1, 1], [])["estimate"] == 0.5
    assert set(ppi_mean([], [], [1, 0]).values()) == {None}


@given(st.floats(0.05, 0.9), st.floats(0.01, 0.09))
def test_a_higher_level_gives_a_wider_interval_around_the_same_estimate(level: float, more: float) -> None:
    one, other = ppi_mean(HUMAN, MINE, REST, level), ppi_mean(HUMAN, MINE, REST, level + more)
    assert one["estimate"] == other["estimate"]
    assert one["low"] > other["low"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("args", "options", "what"),
    [
        (([1], [1, 0], [1]), {}, "1 human, 2 judge_on_human"),
        (([1], [math.nan], [1]), {}, "finite"),
        (([1], [1], [1]), {"level": 95}, "got 95"),
        (([1], [1], [1]), {"lam": 1.5}, "got 1.5"),
    ],
)
def test_scores_that_are_none_are_refused(args: Any, options: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        ppi_mean(*args, **options)


def test_rogan_gladen_of_a_known_judge() -> None:
    human, mine = [1] * 10 + [0] * 10, [1] * 9 + [0] + [0] * 8 + [1] * 2
    found = rogan_gladen(human, mine, [1] * 55 + [0] * 45)
    assert found == pytest.approx({"sensitivity": 0.9, "specificity": 0.8, "estimate": (0.55 + 0.8 - 1) / 0.7})


@given(MARKS, MARKS)
def test_a_perfect_judge_needs_no_correction(human: list[int], rest: list[int]) -> None:
    found = rogan_gladen(human, human, rest)["estimate"]
    assert found == (pytest.approx(sum(rest) / len(rest)) if len(set(human)) == 2 else None)


@given(MARKS, st.data(), MARKS)
def test_estimates_stay_between_0_and_1(human: list[int], data: Any, rest: list[int]) -> None:
    mine = data.draw(st.lists(st.integers(0, 1), min_size=len(human), max_size=len(human)))
    found = rogan_gladen(human, mine, rest)["estimate"]
    assert found is None or 0.0 <= found <= 1.0


@pytest.mark.parametrize(
    ("human", "mine", "rest"),
    [([1, 1], [1, 0], [1]), ([0], [0], [1]), ([1, 0], [1, 1], [1]), ([1, 0], [1, 0], []), ([], [], [1])],
)
def test_a_judge_that_cannot_be_corrected_has_no_estimate(human: Any, mine: Any, rest: Any) -> None:
    assert rogan_gladen(human, mine, rest)["estimate"] is None


@pytest.mark.parametrize(("human", "mine"), [([1], [0, 1]), ([0.5], [1]), ([None], [1])])
def test_marks_that_are_none_are_refused(human: Any, mine: Any) -> None:
    with pytest.raises(ValueError, match=r"belong together|a mark is 0 or 1"):
        rogan_gladen(human, mine, [1])
