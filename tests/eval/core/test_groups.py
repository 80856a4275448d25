"""Twins and groups of four: known values, laws, refusals."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.core import group_score, twin_score

MARKS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from("abcd")), max_size=20)
STRUCTURES = ["relevance", [1, 2, 3, 4], [1, [2, 3], 4], [[1, 2], 3, 4]]


def test_a_pair_of_twins_counts_only_if_both_are_right() -> None:
    found = twin_score([1, 1, 1, 0], ["a", "a", "b", "b"])
    assert found == {"score": 0.5, "per_group": {"a": 1.0, "b": 0.0}}


def test_no_twins_have_no_score() -> None:
    assert twin_score([], []) == {"score": None, "per_group": {}}


@given(MARKS)
def test_twins_score_no_more_than_single_answers_in_groups_of_one_size(marks: list[tuple[int, str]]) -> None:
    both = [mark for mark, _ in marks for _ in range(2)]
    found = twin_score(both, [at // 2 for at in range(len(both))])["score"]
    assert found == (pytest.approx(sum(both) / len(both)) if both else None)


@given(MARKS, st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_no_group(marks: list[tuple[int, str]], lot: Any) -> None:
    mixed = lot.sample(marks, len(marks))
    one, other = (twin_score([m for m, _ in part], [g for _, g in part]) for part in (marks, mixed))
    assert one["per_group"] == other["per_group"]


@given(MARKS, st.integers(0, 19))
def test_one_more_right_answer_lowers_no_twin_score(marks: list[tuple[int, str]], at: int) -> None:
    better = [(1, group) if place == at else (mark, group) for place, (mark, group) in enumerate(marks)]
    one, other = (twin_score([m for m, _ in part], [g for _, g in part])["score"] for part in (marks, better))
    assert (one or 0) <= (other or 0)


def test_a_mark_is_0_or_1() -> None:
    for bad in (0.5, 2, None, "1"):
        with pytest.raises(ValueError, match="a mark is 0 or 1"):
            twin_score([bad], ["a"])  # type: ignore[list-item]


def test_every_mark_has_a_group() -> None:
    with pytest.raises(ValueError, match="2 marks, 1 group_ids"):
        twin_score([1, 0], ["a"])


@pytest.mark.parametrize(
    ("structure", "correct", "value"),
    [
        ("relevance", [0, 1, 0, 1], 4 / 16),
        ("relevance", [1, 1, 0, 1], 9 / 16),
        ([1, 2, 3, 4], [1, 1, 0, 1], 4 / 16),
        ([1, 2, 3, 4], [0, 1, 1, 1], 0.0),
        ([1, [2, 3], 4], [1, 0, 1, 1], 4 / 12),
        ([1, [2, 3], 4], [1, 1, 0, 1], 4 / 12),
        ([1, [2, 3], 4], [1, 1, 1, 0], 7 / 12),
        ([1, [2, 3], 4], [1, 0, 0, 1], 1 / 12),
        ([[1, 2], 3, 4], [0, 1, 1, 1], 1 / 10),
        ([[1, 2], 3, 4], [1, 1, 0, 1], 2 / 10),
        ([[1, 2], 3, 4], [1, 1, 1, 0], 5 / 10),
    ],
)
def test_the_value_of_a_group_is_that_of_video_mme_v2(structure: Any, correct: list[int], value: float) -> None:
    assert group_score([{"structure": structure, "correct": correct}]) == {"score": value, "per_group": [value]}


def test_the_score_is_the_mean_over_groups() -> None:
    groups = [{"structure": "relevance", "correct": marks} for marks in ([1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0])]
    assert group_score(groups)["score"] == pytest.approx(1.25 / 3)


def test_no_groups_have_no_score() -> None:
    assert group_score([]) == {"score": None, "per_group": []}


@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
def test_one_more_right_answer_lowers_no_group(structure: Any) -> None:
    value = {
        marks: group_score([{"structure": structure, "correct": marks}])["score"]
        for marks in product((0, 1), repeat=4)
    }
    for marks, worth in value.items():
        for at in range(4):
            assert worth <= value[(*marks[:at], 1, *marks[at + 1 :])]
    assert (min(value.values()), max(value.values())) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("group", "what"),
    [
        ({"structure": [1, 3, 2, 4], "correct": [1, 1, 1, 1]}, "allowed are"),
        ({"structure": "logic", "correct": [1, 1, 1, 1]}, "allowed are"),
        ({"structure": "relevance", "correct": [1, 1, 1]}, "has 3 marks"),
        ({"structure": "relevance", "correct": [1, 1, 1, -1]}, "a mark is 0 or 1"),
        ({"correct": [1, 1, 1, 1]}, "needs `structure`"),
    ],
)
def test_a_group_that_is_none_is_refused(group: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        group_score([group])
