"""SODA: every matching tried by brute force, laws, known answers, refusals."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.eval.core import soda, temporal_iou

EVENT = st.builds(
    lambda start, length, caption: {"span": [start, start + length], "caption": caption},
    st.integers(0, 20),
    st.integers(0, 9),
    st.sampled_from("abc"),
)
EVENTS = st.lists(EVENT, max_size=4)
TABLE = {(one, other): value for one, row in zip("abc", [(1, 0.2, 0), (0.3, 0.9, 0.5), (0, 0.4, 1)], strict=True)
         for other, value in zip("abc", row, strict=True)}  # fmt: skip


def alike(pred: str, gold: str) -> float:
    return TABLE[pred, gold]


def same(pred: str, gold: str) -> float:
    return float(pred == gold)


def event(start: float, end: float, caption: str = "a") -> dict[str, Any]:
    return {"span": [start, end], "caption": caption}


def matchings(preds: int, golds: int) -> Iterator[list[tuple[int, int]]]:
    """All lists of pairs that do not cross."""
    yield []
    for at in range(preds):
        for to in range(golds):
            for rest in matchings(preds - at - 1, golds - to - 1):
                yield [(at, to), *((at + 1 + one, to + 1 + other) for one, other in rest)]


def brute(preds: Any, golds: Any, weight: Any, gain: Any) -> tuple[float, float, float]:
    preds, golds = (sorted(part, key=lambda e: (e["span"], e["caption"])) for part in (preds, golds))
    best = max(
        (sum(weight(preds[a], golds[b]) for a, b in pairs), sum(gain(preds[a], golds[b]) for a, b in pairs))
        for pairs in matchings(len(preds), len(golds))
        if all(weight(preds[a], golds[b]) > 0 for a, b in pairs)
    )[1]
    p, r = (best / len(part) if part else 0.0 for part in (preds, golds))
    return p, r, 2 * p * r / (p + r) if p + r else 0.0


def iou(one: Any, other: Any) -> float:
    return temporal_iou(one["span"], other["span"])


@given(EVENTS, EVENTS)
@settings(max_examples=60, deadline=None)
def test_variant_c_is_the_best_of_all_matchings(preds: Any, golds: Any) -> None:
    def gain(one: Any, other: Any) -> float:
        return iou(one, other) * alike(one["caption"], other["caption"])

    expected = brute(preds, golds, gain, gain)
    assert tuple(soda(preds, golds, alike).values()) == pytest.approx(expected, abs=1e-9)


def test_variant_b_matches_by_iou_and_sums_the_similarity() -> None:
    preds = [event(0, 10, "a"), event(10, 20, "b")]
    golds = [event(0, 9, "b"), event(11, 20, "b")]
    assert soda(preds, golds, alike, "b")["precision"] == pytest.approx((0.2 + 0.9) / 2)


def test_variant_a_averages_over_the_thresholds() -> None:
    preds, golds = [event(0, 6)], [event(0, 10)]
    assert soda(preds, golds, same, "a") == pytest.approx({"precision": 0.5, "recall": 0.5, "f1": 0.5})


def test_events_match_in_the_order_of_time_whatever_the_order_given() -> None:
    golds = [event(0, 5, "a"), event(5, 9, "b")]
    for variant in "abc":
        assert soda(golds[::-1], golds, same, variant)["f1"] == pytest.approx(1.0)  # type: ignore[arg-type]


def test_pairs_do_not_cross() -> None:
    preds = [event(0, 10, "b"), event(1, 10, "a")]
    golds = [event(0, 10, "a"), event(1, 10, "b")]
    assert soda(preds, golds, same)["precision"] == pytest.approx(0.45)


def test_empty_predictions_score_0() -> None:
    for variant in "abc":
        found = soda([], [event(0, 1)], same, variant)  # type: ignore[arg-type]
        assert found == {"precision": 0.0, "recall": 0.0, "f1": 0.0}


@given(EVENTS, EVENTS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_events_changes_nothing_and_scores_stay_between_0_and_1(preds: Any, golds: Any, lot: Any) -> None:
    for variant in ("a", "b", "c"):
        one = soda(preds, golds, alike, variant)  # type: ignore[arg-type]
        other = soda(lot.sample(preds, len(preds)), lot.sample(golds, len(golds)), alike, variant)  # type: ignore[arg-type]
        assert one == pytest.approx(other)
        assert all(0.0 <= value <= 1.0 + 1e-9 for value in one.values())


@given(st.lists(EVENT, max_size=3), EVENTS, EVENT)
@settings(deadline=None)
def test_one_more_prediction_lowers_no_recall(preds: Any, golds: Any, more: Any) -> None:
    assert soda([*preds, more], golds, alike)["recall"] >= soda(preds, golds, alike)["recall"] - 1e-12


@given(EVENTS, EVENTS)
@settings(deadline=None)
def test_swapping_both_sides_swaps_precision_and_recall(preds: Any, golds: Any) -> None:
    one, other = soda(preds, golds, same), soda(golds, preds, same)
    assert (one["precision"], one["recall"]) == pytest.approx((other["recall"], other["precision"]))


@pytest.mark.parametrize(
    ("preds", "variant", "what"),
    [
        ([event(0, float("nan"))], "c", "only finite numbers"),
        ([{"span": [0, 1]}], "c", "it is {'span'"),
        ([{"caption": "a"}], "c", "it is {'span'"),
        ([{"span": [0, 1], "caption": 3}], "c", "it is {'span'"),
        ({"span": [0, 1], "caption": "a"}, "c", "give a list"),
        ([event(0, 1)], "d", "allowed are 'a', 'b' and 'c'"),
    ],
)
def test_what_is_no_event_is_refused(preds: Any, variant: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        soda(preds, [event(0, 1)], same, variant)


def test_a_similarity_is_a_finite_number() -> None:
    with pytest.raises(ValueError, match="the similarity of two captions is nan"):
        soda([event(0, 1)], [event(0, 1)], lambda pred, gold: float("nan"))
