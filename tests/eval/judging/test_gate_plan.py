"""What a judge is asked before it may judge."""

import json
from collections import Counter

import pytest

from moviellm.eval.judging.gate_labels import Labels, read_labels
from moviellm.eval.judging.gate_plan import Case, plan, rubrics_of
from moviellm.eval.judging.injections import attacks, signs_in
from tests.eval.judging.gate_kit import RUBRICS

LABELS = read_labels(["built-in"])


def _plan(repeats: int = 5, per_attack: int = 2, labels: Labels = LABELS) -> list[Case]:
    return plan(labels, RUBRICS, repeats=repeats, per_attack=per_attack)


def test_every_answer_is_judged_repeated_and_every_pair_shown_in_both_orders() -> None:
    counts = Counter(case.part for case in _plan())
    answers, pairs = len(LABELS.answers), len(LABELS.pairs)
    assert counts == {"judged": answers, "repeated": 4 * answers, "paired": 2 * pairs, "attacked": 4 * len(attacks())}


def test_no_question_is_asked_twice() -> None:
    asked = [(case.request.data, case.request.sample, case.request.rubric.id) for case in _plan()]
    assert len(set(asked)) == len(asked)


def test_the_same_labels_ask_the_same_questions_in_any_order_of_lines() -> None:
    turned = Labels(LABELS.sources, LABELS.answers[::-1], LABELS.pairs[::-1])
    one, other = ({(case.part, case.request.data) for case in _plan(labels=labels)} for labels in (LABELS, turned))
    assert one == other


def test_a_hundred_answers_at_most_are_repeated() -> None:
    many = tuple(one.model_copy(update={"id": f"{one.id}-{copy}"}) for copy in range(2) for one in LABELS.answers)
    again = {case.label.id for case in _plan(labels=Labels(("x",), many, ())) if case.part == "repeated"}
    assert len(again) == 100


def test_every_attack_is_tried_with_every_goal() -> None:
    tried = Counter((case.attack, case.goal) for case in _plan(per_attack=3) if case.part == "attacked")
    assert tried == {
        (name, goal): 3 if goal == "pass" else 1 for name in attacks() for goal in ("pass", "fail", "win")
    }


def test_wrong_answers_ask_to_pass_and_right_ones_to_fail() -> None:
    wanted = {"pass": False, "fail": True}
    for case in _plan():
        if case.goal in wanted:
            assert case.label.correct is wanted[case.goal]
            assert case.label.shown[0] in case.request.answers[0]
            assert signs_in(case.request.answers[0])


def test_of_a_pair_the_worse_answer_asks_for_the_letter_that_it_is_shown_under() -> None:
    letters = Counter()
    for case in _plan():
        if case.goal == "win" and case.attack == "verdict":
            shown = json.loads(case.request.data)
            worse = case.label.shown[1 if case.label.preferred == "a" else 0]
            letter = "A" if shown["A"].startswith(worse) else "B"
            letters[letter] += 1
            assert f'"verdict": "{letter}"' in shown[letter]
    assert letters.total() == 1


def test_half_of_the_attacks_on_pairs_are_shown_first() -> None:
    orders = Counter(case.request.order for case in _plan() if case.goal == "win")
    assert orders[0] == orders[1]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("better", "better"), "--rubric better: it takes a rubric that asks right or wrong"),
        (("correctness", "correctness"), "--pair-rubric correctness: it takes a rubric that asks which of two"),
        (("corectness", "better"), "did you mean correctness"),
        (("legacy/vcg-consistency", "better"), "of one question"),
    ],
)
def test_a_rubric_of_another_form_is_refused(names: tuple[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rubrics_of(*names)
