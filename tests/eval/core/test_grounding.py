"""IoU of spans and the scores of grounding: laws, known answers, refusals, speed."""

import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.core import grounding_scores, temporal_iou

TIMES = st.floats(-1e6, 1e6, allow_subnormal=False)
SPANS = st.tuples(TIMES, TIMES)
ANY = st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))


@pytest.mark.parametrize(
    ("pred", "gt", "iou"),
    [
        ((3, 7), (5, 9), 1 / 3),
        ((0, 10), (0, 10), 1.0),
        ((0, 3), (0, 10), 0.3),
        ((0, 1), (1, 2), 0.0),
        ((4, 4), (4, 4), 0.0),
        ((9, 2), (2, 9), 0.0),
        ((2, 9), (9, 2), 0.0),
        ([1, 2], np.array([1.0, 2.0]), 1.0),
    ],
)
def test_the_iou_of_two_spans(pred: Any, gt: Any, iou: float) -> None:
    assert temporal_iou(pred, gt) == pytest.approx(iou, abs=1e-15)


@given(ANY, ANY)
def test_an_iou_lies_between_0_and_1_for_all_finite_times(pred: Any, gt: Any) -> None:
    assert 0.0 <= temporal_iou(pred, gt) <= 1.0


@given(SPANS, SPANS)
def test_an_iou_is_the_same_both_ways(one: Any, other: Any) -> None:
    assert temporal_iou(one, other) == temporal_iou(other, one)


@given(SPANS)
def test_a_span_covers_itself(span: Any) -> None:
    assert temporal_iou(span, span) == (1.0 if span[1] > span[0] else 0.0)


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50))
def test_a_span_that_grows_inside_the_truth_scores_more(start: int, length: int, more: int) -> None:
    truth = (0, 200)
    assert temporal_iou((start, start + length + more), truth) >= temporal_iou((start, start + length), truth)


@given(SPANS, SPANS, st.integers(-100, 100))
def test_an_iou_agrees_with_lengths_counted_on_a_grid(one: Any, other: Any, shift: int) -> None:
    one, other = ([round(abs(t) % 40) + shift for t in span] for span in (one, other))
    cells = [{*range(*span)} for span in (one, other)]
    expected = len(cells[0] & cells[1]) / len(cells[0] | cells[1]) if cells[0] and cells[1] else 0.0
    assert temporal_iou(one, other) == pytest.approx(expected)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), True, "3", None, 10**400])
def test_a_time_that_is_no_finite_number_is_an_error_and_never_a_score(bad: Any) -> None:
    for pred, gt in (((bad, 4), (1, 2)), ((1, 2), (0, bad))):
        with pytest.raises(ValueError, match=r"not a number|only finite numbers"):
            temporal_iou(pred, gt)


@pytest.mark.parametrize("bad", [(1,), (1, 2, 3), "12", 5, {"start": 1, "end": 2}, None])
def test_a_span_is_two_times(bad: Any) -> None:
    with pytest.raises(ValueError, match="a span is two times"):
        temporal_iou(bad, (1, 2))


def test_the_scores_of_four_queries() -> None:
    golds = {"a": (0, 10), "b": (0, 10), "c": (0, 10), "d": (0, 10)}
    found = grounding_scores({"a": (0, 10), "b": (0, 5), "c": None}, golds)
    assert found == {"miou": 0.375, "r1@0.3": 0.5, "r1@0.5": 0.5, "r1@0.7": 0.25, "n": 4}


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7])
def test_an_iou_at_the_threshold_counts(threshold: float) -> None:
    found = grounding_scores({"a": (0, threshold * 10)}, {"a": (0, 10)})
    assert found[f"r1@{threshold}"] == 1.0


EXACT = {"r1@0.3": Fraction(3, 10), "r1@0.5": Fraction(1, 2), "r1@0.7": Fraction(7, 10)}


def _exactly(pred: tuple[int, int], gold: tuple[int, int]) -> Fraction:
    shared = min(pred[1], gold[1]) - max(pred[0], gold[0])
    return Fraction(max(0, shared), max(pred[1], gold[1]) - min(pred[0], gold[0]))


@given(st.integers(0, 4_000_000), st.integers(1, 4_000_000), st.sampled_from(list(EXACT)), st.integers(-1, 1))
def test_spans_in_milliseconds_count_as_in_exact_arithmetic(start: int, length: int, name: str, off: int) -> None:
    part = EXACT[name]
    pred = (start, start + length * part.numerator + off)
    gold = (start, start + length * part.denominator)
    counts = _exactly(pred, gold) >= part
    for scale in (lambda ms: ms / 1000, lambda ms: ms * 0.001, lambda ms: 60.0 * (ms / 60_000)):
        found = grounding_scores({"a": tuple(map(scale, pred))}, {"a": tuple(map(scale, gold))})
        assert found[name] == float(counts)


@given(st.integers(1, 10_000), st.floats(1e-2, 1e3), st.floats(0.0, 1e4))
def test_half_of_a_span_is_half_of_it_whatever_the_unit_and_the_start(length: int, unit: float, start: float) -> None:
    gold = (start, start + 2 * length * unit)
    found = grounding_scores({"a": (start, start + length * unit)}, {"a": gold})
    assert found["r1@0.5"] == 1.0


def test_times_that_were_added_up_reach_what_they_are() -> None:
    assert temporal_iou((0, 0.3), (0, 0.1 * 6)) < 0.5
    assert grounding_scores({"a": (0, 0.3)}, {"a": (0, 0.1 * 6)})["r1@0.5"] == 1.0
    assert grounding_scores({"a": (0, sum([0.1] * 3))}, {"a": (0, 0.6)})["r1@0.5"] == 1.0


def test_an_iou_that_misses_the_threshold_by_a_microsecond_in_ten_seconds_does_not_count() -> None:
    assert grounding_scores({"a": (0, 4.999999)}, {"a": (0, 10)})["r1@0.5"] == 0.0


def test_nothing_is_rounded_before_the_threshold() -> None:
    assert grounding_scores({"a": (0, 2.99)}, {"a": (0, 10)})["r1@0.3"] == 0.0


def test_leaving_out_a_hard_query_raises_no_score() -> None:
    golds = {"easy": (0, 4), "hard": (5, 6)}
    assert grounding_scores({"easy": (0, 4)}, golds) == grounding_scores({"easy": (0, 4), "hard": (0, 1)}, golds)


def test_predictions_of_other_queries_are_ignored_but_must_be_spans() -> None:
    assert grounding_scores({"x": (0, 1)}, {"a": (0, 1)})["n"] == 1
    with pytest.raises(ValueError, match="the prediction of x"):
        grounding_scores({"x": (0, float("nan"))}, {"a": (0, 1)})


def test_a_truth_must_be_a_span() -> None:
    with pytest.raises(ValueError, match="the truth of a"):
        grounding_scores({}, {"a": None})  # type: ignore[dict-item]


def test_no_query_has_no_score() -> None:
    assert grounding_scores({}, {}) == {"miou": None, "r1@0.3": None, "r1@0.5": None, "r1@0.7": None, "n": 0}


@given(st.dictionaries(st.text(max_size=3), st.tuples(SPANS, SPANS), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_queries_changes_nothing(pairs: dict[str, Any], lot: Any) -> None:
    names = list(pairs)
    lot.shuffle(names)
    one, other = (
        grounding_scores({name: pairs[name][0] for name in order}, {name: pairs[name][1] for name in order})
        for order in (list(pairs), names)
    )
    assert one == pytest.approx(other)


def test_100_000_pairs_take_less_than_a_second() -> None:
    numbers = np.random.default_rng(0).random((100_000, 4)) * 100
    preds = {str(at): (row[0], row[1]) for at, row in enumerate(numbers.tolist())}
    golds = {str(at): (row[2], row[3]) for at, row in enumerate(numbers.tolist())}
    start = time.process_time()
    grounding_scores(preds, golds)
    assert time.process_time() - start < 1.0
