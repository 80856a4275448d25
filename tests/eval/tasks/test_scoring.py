"""scoring.py and means.py: scores of items become numbers with intervals by movie."""

import random
from collections import Counter

import pytest

from moviellm.eval.tasks.means import difference_of, f1_of, mean_of
from moviellm.eval.tasks.scoring import Scored, item_scores, task_numbers
from moviellm.eval.tasks.table import task_named
from tests.eval.tasks.kit import asked


def _choices(marks: list[int], **fields: object) -> list[Scored]:
    found = []
    for number, mark in enumerate(marks):
        question = asked("multiple_choice", f"m{number // 2:05d}-q{number:03d}", **fields)
        found.append((question, item_scores(question, {"choice": "B" if mark else "A"})))
    return found


def _sizes(scored: list[Scored]) -> Counter[str | None]:
    return Counter(question.group for question, _ in scored)


def test_accuracy_is_the_share_of_right_options() -> None:
    scored = _choices([1, 0, 1, 1])
    number = task_numbers(task_named("qa_mc"), scored, _sizes(scored))["metrics"]["accuracy"]
    assert (number["value"], number["n"]) == (0.75, 4)


def test_chance_stands_beside_accuracy() -> None:
    scored = _choices([1, 0])
    assert task_numbers(task_named("qa_mc"), scored, _sizes(scored))["chance"] == {
        "accuracy": pytest.approx(1 / 3, abs=1e-6)
    }


def test_numbers_are_given_by_type_and_by_level() -> None:
    scored = _choices([1, 1], question_type="count", level="scene") + _choices([0], question_type=None)
    numbers = task_numbers(task_named("qa_mc"), scored, _sizes(scored))
    assert numbers["by_type"]["count"]["accuracy"]["value"] == 1.0
    assert numbers["by_type"]["unknown"]["accuracy"]["value"] == 0.0
    assert numbers["by_level"]["scene"]["accuracy"]["n"] == 2


def test_a_group_is_right_only_as_a_whole() -> None:
    scored = _choices([1, 1, 1, 0], group="g")
    scored = [(question, scores) for question, scores in scored if question.movie_id == "m00001"]
    numbers = task_numbers(task_named("qa_mc"), scored, _sizes(scored))["metrics"]
    assert (numbers["group_accuracy"]["value"], numbers["group_accuracy"]["n"]) == (0.0, 1)


def test_a_group_of_which_a_part_was_not_asked_is_not_counted() -> None:
    scored = _choices([1, 1], group="g")
    assert "group_accuracy" not in task_numbers(task_named("qa_mc"), scored, {"g": 3})["metrics"]


def test_twins_are_groups_over_two_movies() -> None:
    scored = _choices([1, 0, 1, 0], group="t")
    scored = [scored[0], scored[2]]
    numbers = task_numbers(task_named("twins"), scored, _sizes(scored))["metrics"]
    assert (numbers["all_right"]["value"], numbers["all_right"]["n"]) == (1.0, 1)


def test_of_several_right_spans_the_best_counts() -> None:
    question = asked("temporal_grounding", spans=((0.0, 4.0), (20.0, 24.0)))
    assert item_scores(question, {"span": [20.0, 24.0]})["miou"] == 1.0


def test_a_span_at_a_threshold_counts() -> None:
    assert item_scores(asked("temporal_grounding"), {"span": [4.0, 6.0]})["r1@0.5"] == 1.0


def test_dense_captions_are_measured_by_the_events_they_meet() -> None:
    scores = item_scores(
        asked("dense_captioning"),
        {"events": [{"span": [0.0, 4.0], "caption": "Ada waits."}, {"span": [10.0, 12.0], "caption": "x"}]},
    )
    assert (scores["precision@0.9"], scores["recall@0.9"]) == (0.5, 1.0)


def test_a_twin_is_resampled_with_its_original() -> None:
    values = [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]
    together, apart = mean_of(values, [*"aabbccddeeff"]), mean_of(values, [*"abcdefghijkl"])
    assert (together["low"] or 0) < (apart["low"] or 0)


def test_one_movie_gives_no_interval() -> None:
    assert mean_of([1.0, 0.0], ["a", "a"]) == {"value": 0.5, "low": None, "high": None, "n": 2}


def test_all_right_is_not_certain() -> None:
    number = mean_of([1.0] * 10, [str(movie) for movie in range(10)])
    assert number["high"] == 1.0 and number["low"] == pytest.approx(0.7225, abs=1e-4)


def test_nothing_has_no_number() -> None:
    assert mean_of([], []) == {"value": None, "low": None, "high": None, "n": 0}


def test_f1_is_that_of_the_means() -> None:
    assert f1_of([(0.5, 1.0), (1.0, 0.5), (0.0, 0.0)], ["a", "b", "c"])["value"] == 0.5


def test_f1_of_nothing_met_is_0() -> None:
    assert f1_of([(0.0, 0.0), (0.0, 0.0)], ["a", "b"])["value"] == 0.0


def test_numbers_do_not_depend_on_the_order_of_the_items() -> None:
    scored = _choices([1, 0, 1, 1, 0, 1, 1, 1])
    mixed = random.Random(3).sample(scored, len(scored))
    one, other = (task_numbers(task_named("qa_mc"), rows, _sizes(rows)) for rows in (scored, mixed))
    assert one["metrics"]["accuracy"]["value"] == other["metrics"]["accuracy"]["value"]


def test_a_difference_that_is_the_same_everywhere_is_not_certain() -> None:
    for gap in (-1.0, 0.0, 0.5, 1.0):
        number = difference_of([gap] * 10, [str(movie) for movie in range(10)])
        assert number["value"] == gap
        low, high = number["low"], number["high"]
        assert low is not None and high is not None and -1.0 <= low <= gap <= high <= 1.0 and high - low > 0.2
    assert (difference_of([0.0] * 10, [*"abcdefghij"])["low"] or 0) < 0


def test_differences_turned_round_have_the_interval_turned_round() -> None:
    gaps, families = [0.5, -0.2, 1.0, 0.0, 0.3, 0.9], [*"aabbcd"]
    one, other = difference_of(gaps, families), difference_of([-gap for gap in gaps], families)
    assert one["low"] == pytest.approx(-(other["high"] or 0), abs=0.02)
    assert one["value"] == -(other["value"] or 0)
