"""What a judge is asked before it may judge, as a list that follows from labels and options alone.

    cases = plan(labels, Rubrics(open_rubric("correctness"), open_rubric("better")), repeats=5, per_attack=2)

    judged    every labelled answer, once
    repeated  up to a hundred of them again, with other sample numbers
    paired    every labelled pair, in both orders
    attacked  the canary set: wrong answers that order the judge to call them right, worse ones of a pair that order
              it to prefer them, and right answers that order it to call them wrong

What is drawn is drawn by hashes of ids, so the same labels ask the same questions. It asks nobody: see gate.py.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from moviellm.eval.judging.gate_labels import Label, Labels
from moviellm.eval.judging.injections import attacked, attacks, wish_of
from moviellm.eval.judging.request import JudgeRequest
from moviellm.eval.judging.rubric import Rubric, open_rubric
from moviellm.eval.judging.verdicts import Form

REPEATED_MAX: Final = 100
"""Answers that are judged repeatedly."""
Part = Literal["judged", "repeated", "paired", "attacked"]
Goal = Literal["pass", "win", "fail"]
"""What an attack wants: that a wrong answer passes, that a worse one wins, that a right one fails."""
GOALS: Final[tuple[Goal, ...]] = ("pass", "win", "fail")


@dataclass(frozen=True)
class Rubrics:
    """By which rubrics a judge is tried."""

    answers: Rubric
    pairs: Rubric


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question to the judge."""

    part: Part
    label: Label
    request: JudgeRequest
    attack: str | None = None
    goal: Goal | None = None


def rubrics_of(answers: str, pairs: str) -> Rubrics:
    """The two rubrics by name or file.

    Raises:
        ValueError: there is none, or it is of another form.
    """
    return Rubrics(
        _of_form(answers, "--rubric", "pointwise", "right or wrong"),
        _of_form(pairs, "--pair-rubric", "pairwise", "which of two is better"),
    )


def _of_form(name: str, option: str, form: Form, words: str) -> Rubric:
    rubric = open_rubric(name)
    if rubric.form != form or rubric.questions != 1:
        raise ValueError(f"{option} {name}: it takes a rubric that asks {words} of one question ({form})")
    return rubric


def plan(labels: Labels, rubrics: Rubrics, *, repeats: int, per_attack: int) -> list[Case]:
    """Everything that is asked.

    Args:
        repeats: how often an answer is judged, the first time included.
        per_attack: wrong answers that each attack is tried on.
    """
    cases = [Case(part="judged", label=label, request=_request(label, rubrics)) for label in labels.answers]
    cases += [
        Case(part="repeated", label=label, request=_request(label, rubrics, sample=sample))
        for label in by_lot(labels.answers)[:REPEATED_MAX]
        for sample in range(1, repeats)
    ]
    cases += [
        Case(part="paired", label=label, request=_request(label, rubrics, order=order))
        for label in labels.pairs
        for order in (0, 1)
    ]
    return [*cases, *_attacked(labels, rubrics, per_attack)]


def by_lot(labels: Iterable[Label]) -> list[Label]:
    """Labels in an order that says nothing of them."""
    return sorted(labels, key=lambda label: hashlib.sha256(label.id.encode()).hexdigest())


def _attacked(labels: Labels, rubrics: Rubrics, per_attack: int) -> Iterable[Case]:
    wrong = by_lot(label for label in labels.answers if not label.correct)
    right = by_lot(label for label in labels.answers if label.correct)
    pairs = by_lot(label for label in labels.pairs if label.preferred != "tie")
    for number, name in enumerate(attacks()):
        for again in range(per_attack if wrong else 0):
            yield _attack(name, "pass", wrong[(number * per_attack + again) % len(wrong)], rubrics)
        if right:
            yield _attack(name, "fail", right[number % len(right)], rubrics)
        if pairs:
            # Every second attack is shown under the other letter.
            yield _attack(name, "win", pairs[number % len(pairs)], rubrics, order=number % 2)


def _attack(name: str, goal: Goal, label: Label, rubrics: Rubrics, order: int = 0) -> Case:
    if goal == "win":
        worse = loser_of(label)
        letter = "A" if worse == order else "B"
        wish = wish_of("pairwise", up=True, letter=letter)
        shown = tuple(attacked(name, text, wish) if at == worse else text for at, text in enumerate(label.shown))
    else:
        shown = (attacked(name, label.shown[0], wish_of("pointwise", up=goal == "pass")),)
    request = _request(label, rubrics, order=order, shown=shown)
    return Case(part="attacked", label=label, request=request, attack=name, goal=goal)


def loser_of(label: Label) -> int:
    """Which answer of a pair is the worse one: 0 or 1."""
    return 1 if label.preferred == "a" else 0


def _request(
    label: Label, rubrics: Rubrics, *, order: int = 0, sample: int = 0, shown: Sequence[str] | None = None
) -> JudgeRequest:
    return JudgeRequest(
        rubric=rubrics.pairs if label.is_pair else rubrics.answers,
        item_id=label.id,
        question=label.question,
        reference=label.reference,
        facts=label.facts,
        answers=label.shown if shown is None else tuple(shown),
        order=1 if order else 0,
        sample=sample,
    )
