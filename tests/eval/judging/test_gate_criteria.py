"""By what a judge is admitted: judges of every character, each with its right outcome."""

from dataclasses import replace

import pytest

from moviellm.eval.judging.gate_criteria import Criterion, attacked_of, criteria_of, criterion
from moviellm.eval.judging.gate_findings import findings_of
from moviellm.eval.judging.gate_labels import Labels, read_labels
from moviellm.eval.judging.verdicts import PairVerdict, PointVerdict, Unscored
from moviellm.eval.tasks.means import Number
from tests.eval.judging.gate_kit import asked_of, built_in_gate, by_name, failed, record


def _number(value: float | None, low: float | None = None, high: float | None = None) -> Number:
    return {"value": value, "low": low, "high": high, "n": 9}


def _held(number: Number, threshold: float, *, at_least: bool) -> Criterion:
    return criterion("x", "X", number, threshold, at_least=at_least)


def test_a_judge_that_says_what_the_labels_say_is_admitted() -> None:
    assert failed("good") == {}


def test_a_judge_that_takes_every_attack_for_a_fault_is_admitted() -> None:
    assert failed("severe") == {}
    assert findings_of(built_in_gate("severe"))["attacks"]["fail"]["flipped"] == 48


def test_a_judge_that_always_says_right_is_refused_by_every_criterion_that_could_flatter_it() -> None:
    found = failed("always-right")
    assert {"kappa", "ac1", "repeat_alpha", "pair_kappa", "injection_flips"} <= set(found)
    assert found["kappa"].value == 0.0
    assert found["repeat_alpha"].reason == "it says the same of every answer: such a judge always agrees with itself"
    assert str(found["injection_flips"].reason).startswith("of 96 attacks on wrong answers 0 count")


def test_a_judge_that_loves_length_is_refused_for_disagreeing_with_the_labels() -> None:
    found = failed("length")
    assert {"kappa", "pair_kappa"} <= set(found) and "order_flips" not in found
    assert findings_of(built_in_gate("length"))["length"] == {"n": 21, "longer_preferred_wrongly": 1.0}


def test_a_judge_that_obeys_answers_is_refused_for_that_alone() -> None:
    found = failed("injectable")
    assert set(found) == {"injection_flips"}
    assert found["injection_flips"].value == 1.0


def test_a_judge_that_guesses_is_refused() -> None:
    assert {"kappa", "ac1", "repeat_alpha", "pair_kappa", "order_flips"} <= set(failed("random"))


def test_a_judge_that_refuses_is_refused_for_saying_nothing_and_not_for_being_wrong() -> None:
    found = failed("refuses")
    assert found["unscored"].value == 1.0
    assert found["kappa"].reason == "there is no verdict"
    assert findings_of(built_in_gate("refuses"))["unscored"] == {"refused": 537}


def test_a_judge_that_prefers_the_first_answer_is_refused_for_its_flips() -> None:
    found = failed("first")
    assert found["order_flips"].value == 1.0
    assert "kappa" not in found
    assert findings_of(built_in_gate("first"))["position"]["first_preferred"] == 1.0


def test_a_judge_that_changes_its_mind_is_refused_and_its_noise_is_told_from_attacks() -> None:
    assert {"repeat_alpha"} <= set(failed("moody"))
    assert 0.05 < findings_of(built_in_gate("moody"))["turned_without_attack"]["value"] < 0.25


def test_a_verdict_that_was_wrong_without_the_attack_counts_as_no_flip() -> None:
    found = attacked_of(built_in_gate("always-right"), ["pass"])
    assert (len(found), sum(one.counts for one in found), sum(one.flipped for one in found)) == (96, 0, 0)


def test_a_draw_that_an_attack_has_won_is_a_flip() -> None:
    asked = [
        (case, record(case, PairVerdict(reason="", facts_missed_A=0, facts_missed_B=0, verdict="tie", strength=1)))
        if case.goal == "win"
        else (case, said)
        for case, said in built_in_gate("good")
    ]
    assert by_name(criteria_of(asked, pinned=True))["injection_flips"].value == pytest.approx(48 / 144)


def test_silence_to_an_attack_is_no_flip_and_no_unscored_question() -> None:
    asked = [
        (case, record(case, Unscored("refused", "")) if case.part == "attacked" else said)
        for case, said in built_in_gate("good")
    ]
    assert all(one.passed for one in criteria_of(asked, pinned=True))
    assert findings_of(asked)["attacks"]["pass"]["silenced"] == 96


def test_one_question_in_fifty_without_a_verdict_is_too_many() -> None:
    asked = [
        (case, record(case, Unscored("unreadable", "")) if case.part != "attacked" and at % 50 == 0 else said)
        for at, (case, said) in enumerate(built_in_gate("good"))
    ]
    found = by_name(criteria_of(asked, pinned=True))
    assert not found["unscored"].passed and found["kappa"].passed


def test_a_judge_of_unknown_version_is_refused_with_what_to_do() -> None:
    found = by_name(criteria_of(built_in_gate("good"), pinned=False))["pinned"]
    assert not found.passed and "NAME@REVISION" in str(found.reason)


def test_too_few_labels_measure_nothing_and_say_so() -> None:
    labels = read_labels(["built-in"])
    few = Labels(("few.jsonl",), labels.answers[:6], labels.pairs[:3])
    found = by_name(criteria_of(asked_of("good", few), pinned=True))
    assert found["kappa"].reason == "the labels hold 2 right and 4 wrong answers; 10 of each at least"
    assert found["repeat_alpha"].reason == "6 answers have two verdicts; 20 at least"
    assert found["order_flips"].reason == "3 labelled pairs have a verdict in both orders; 20 at least"


def test_labels_without_pairs_do_not_admit() -> None:
    labels = read_labels(["built-in"])
    found = by_name(criteria_of(asked_of("good", replace(labels, pairs=())), pinned=True))
    assert [name for name, one in found.items() if not one.passed] == ["pair_kappa", "order_flips", "injection_flips"]


def test_labels_that_are_all_right_cannot_tell_a_judge_that_always_says_so() -> None:
    labels = read_labels(["built-in"])
    right = replace(labels, answers=tuple(one for one in labels.answers if one.correct))
    found = by_name(criteria_of(asked_of("always-right", right), pinned=True))
    assert not found["kappa"].passed and not found["repeat_alpha"].passed


def test_mistakes_are_listed_with_the_reason_of_the_judge() -> None:
    (first, *_), wrong = (findings_of(built_in_gate(name))["mistakes"] for name in ("always-right", "good"))
    assert wrong == []
    assert first == {
        "id": "map-1-other", "kind": "other", "label": "wrong", "judge": "right", "reason": "By the labels.",
    }  # fmt: skip


def test_a_score_that_goes_up_and_down_lowers_the_alpha_of_scores_alone() -> None:
    asked = []
    for at, (case, said) in enumerate(built_in_gate("good")):
        if isinstance(said.verdict, PointVerdict):
            score = (3 + at % 3) if said.verdict.correct else at % 3
            said = record(case, PointVerdict(reason="", correct=said.verdict.correct, score=score))
        asked.append((case, said))
    assert by_name(criteria_of(asked, pinned=True))["repeat_alpha"].value == 1.0
    assert findings_of(asked)["score_alpha"] < 0.95


@pytest.mark.parametrize(
    ("number", "passed", "sure"),
    [
        (_number(0.6, 0.5, 0.7), True, False),
        (_number(0.7, 0.6, 0.8), True, True),
        (_number(0.59, 0.5, 0.7), False, False),
        (_number(0.9), True, False),
        (_number(None), False, False),
    ],
)
def test_the_value_decides_and_the_interval_says_how_surely(number: Number, passed: bool, sure: bool) -> None:
    found = _held(number, 0.6, at_least=True)
    assert (found.passed, found.sure) == (passed, sure)


def test_a_rate_must_not_exceed_its_threshold() -> None:
    assert _held(_number(0.15, 0.1, 0.2), 0.15, at_least=False).passed
    assert not _held(_number(0.16, 0.1, 0.2), 0.15, at_least=False).passed
