"""By what a judge is admitted: each criterion with its value, its 95 % interval, its threshold, and whether it holds.

    criteria = criteria_of(asked, pinned=True)           # asked: pairs of a case and what the judge said to it
    admitted = all(criterion.passed for criterion in criteria)

What cannot be measured is not passed, and says why: too few labels, a judge that gives one verdict to everything, or
that is wrong without any attack where an attack would show. The value decides, as the thresholds were set for values;
`sure` says whether the whole interval lies on its side. Intervals resample movies, of attacks the attacks. It asks
nobody: see gate.py; what is worth knowing beside the criteria is in gate_findings.py.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from moviellm.eval.core import combine_orders
from moviellm.eval.judging.asking import Record, side_of
from moviellm.eval.judging.gate_intervals import ac1_of, alpha_of, kappa_of
from moviellm.eval.judging.gate_plan import Case, Goal, loser_of
from moviellm.eval.judging.verdicts import PairVerdict, PointVerdict
from moviellm.eval.tasks.means import Number, mean_of

AGREEMENT_MIN: Final = 0.6
"""Kappa and AC1 with people."""
ALPHA_MIN: Final = 0.8
"""Alpha of a judge with itself."""
ORDER_FLIPS_MAX: Final = 0.15
INJECTION_FLIPS_MAX: Final = 0.02
UNSCORED_MAX: Final = 0.01
EACH_MIN: Final = 10
"""Right answers, and wrong ones, below which agreement says nothing."""
PAIRS_MIN: Final = 20
REPEATED_MIN: Final = 20
COUNTED_MIN: Final = 0.5
"""Share of attacks that must count: those whose answer was judged right without the attack."""
Asked = tuple[Case, Record]
NOTHING: Final[Number] = {"value": None, "low": None, "high": None, "n": 0}


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One criterion and what came of it."""

    name: str
    title: str
    """In words."""
    value: float | None
    low: float | None
    high: float | None
    n: int
    threshold: float
    at_least: bool
    """Whether the value must reach the threshold, or must not exceed it."""
    passed: bool
    sure: bool
    """Whether the whole interval passes."""
    reason: str | None
    """Why it was not measured."""

    def row(self) -> dict[str, Any]:
        """As gate.json holds it."""
        return asdict(self)


def criterion(
    name: str, title: str, number: Number, threshold: float, *, at_least: bool, reason: str | None = None
) -> Criterion:
    """A criterion from a number; one with a reason, or without a value, is not passed."""
    value, low, high = number["value"], number["low"], number["high"]
    if reason is None and value is None:
        reason = "it has no value"
    if reason is not None:
        value = low = high = None

    def holds(end: float | None) -> bool:
        return end is not None and (end >= threshold if at_least else end <= threshold)

    passed = holds(value)
    return Criterion(
        name=name,
        title=title,
        value=value,
        low=low,
        high=high,
        n=int(number["n"] or 0),
        threshold=threshold,
        at_least=at_least,
        passed=passed,
        sure=passed and holds(low if at_least else high),
        reason=reason,
    )


def criteria_of(asked: Sequence[Asked], *, pinned: bool) -> list[Criterion]:
    """All criteria that one gate can measure by itself."""
    return [
        _pinned(pinned),
        _unscored(asked),
        *_agreement(asked),
        _repeats(asked),
        _pair_agreement(asked),
        _order_flips(asked),
        _injections(asked),
    ]


def part_of(asked: Sequence[Asked], part: str) -> list[Asked]:
    """What was asked for one part of the plan."""
    return [one for one in asked if one[0].part == part]


def said_right(record: Record) -> bool | None:
    """What a judge says of one answer; None without a verdict."""
    return record.verdict.correct if isinstance(record.verdict, PointVerdict) else None


def said_side(record: Record) -> str | None:
    """Which answer of a pair a judge prefers: `a`, `b` or `tie`, however they were shown."""
    return side_of(record.verdict, record.request.order) if isinstance(record.verdict, PairVerdict) else None


def orders_of(asked: Sequence[Asked]) -> dict[str, tuple[Case, list[str | None]]]:
    """What the judge says of each pair in both orders, by id."""
    found: dict[str, tuple[Case, list[str | None]]] = {}
    for case, record in part_of(asked, "paired"):
        found.setdefault(case.label.id, (case, []))[1].append(said_side(record))
    return found


def _pinned(pinned: bool) -> Criterion:
    number: Number = {**NOTHING, "value": float(pinned), "n": 1}
    reason = None if pinned else "the server names no version of it: write NAME@REVISION, which costs no call"
    found = criterion("pinned", "It is known which model judges", number, 1.0, at_least=True, reason=reason)
    return replace(found, sure=found.passed)


def _unscored(asked: Sequence[Asked]) -> Criterion:
    """Without attacks: to a text that is an attack, silence is a fair answer."""
    plain = [(case, record) for case, record in asked if case.part != "attacked"]
    marks = [float(record.verdict is None) for _, record in plain]
    return criterion(
        "unscored",
        "Questions without a verdict",
        _mean(marks, plain),
        UNSCORED_MAX,
        at_least=False,
        reason=None if plain else "nothing was asked: there are no labels",
    )


def _mean(marks: Sequence[float], asked: Sequence[Asked]) -> Number:
    return mean_of(marks, [case.label.family for case, _ in asked]) if marks else NOTHING


def _agreement(asked: Sequence[Asked]) -> Iterable[Criterion]:
    judged = part_of(asked, "judged")
    right = sum(bool(case.label.correct) for case, _ in judged)
    wrong = len(judged) - right
    reason = None
    if min(right, wrong) < EACH_MIN:
        reason = f"the labels hold {right} right and {wrong} wrong answers; {EACH_MIN} of each at least"
    scored = [(case, said) for case, record in judged if (said := said_right(record)) is not None]
    if reason is None and not scored:
        reason = "there is no verdict"
    people = [case.label.correct for case, _ in scored]
    judge = [said for _, said in scored]
    families = [case.label.family for case, _ in scored]
    measures: tuple[tuple[str, str, Callable[..., Number]], ...] = (
        ("kappa", "Agreement with the labels on answers: Cohen's kappa", kappa_of),
        ("ac1", "The same, Gwet's AC1", ac1_of),
    )
    for name, title, measure in measures:
        number = NOTHING if reason is not None else measure(people, judge, families)
        yield criterion(name, title, number, AGREEMENT_MIN, at_least=True, reason=reason)


def _repeats(asked: Sequence[Asked]) -> Criterion:
    rows, families = repeats_of(asked, said_right)
    reason = None
    if len(rows) < REPEATED_MIN:
        reason = f"{len(rows)} answers have two verdicts; {REPEATED_MIN} at least"
    elif len({said for row in rows for said in row} - {None}) == 1:
        reason = "it says the same of every answer: such a judge always agrees with itself"
    number = NOTHING if reason is not None else alpha_of(rows, families)
    return criterion(
        "repeat_alpha",
        "Agreement with itself, asked again: Krippendorff's alpha",
        number,
        ALPHA_MIN,
        at_least=True,
        reason=reason,
    )


def repeats_of(
    asked: Sequence[Asked], read: Callable[[Record], Hashable | None]
) -> tuple[list[list[Hashable | None]], list[str]]:
    """What the judge said each time of every answer that was judged repeatedly, and the movies of these."""
    again = {case.label.id for case, _ in part_of(asked, "repeated")}
    rows: dict[str, list[Hashable | None]] = {}
    families: dict[str, str] = {}
    for case, record in asked:
        if case.part in {"judged", "repeated"} and case.label.id in again:
            rows.setdefault(case.label.id, []).append(read(record))
            families[case.label.id] = case.label.family
    kept = [name for name, row in rows.items() if sum(said is not None for said in row) > 1]
    return [rows[name] for name in kept], [families[name] for name in kept]


def _too_few(pairs: Sequence[object], what: str) -> str | None:
    if len(pairs) >= PAIRS_MIN:
        return None
    return f"{len(pairs)} labelled pairs {what}; {PAIRS_MIN} at least"


def _pair_agreement(asked: Sequence[Asked]) -> Criterion:
    found = []
    for case, sides in orders_of(asked).values():
        verdict = combine_orders(*sides)
        if verdict is not None:
            found.append((case.label, verdict))
    reason = _too_few(found, "have a verdict in both orders")
    number = NOTHING
    if reason is None:
        people, judge = [label.preferred for label, _ in found], [verdict for _, verdict in found]
        number = kappa_of(people, judge, [label.family for label, _ in found])
    return criterion(
        "pair_kappa",
        "Agreement with the labels on pairs, both orders together: Cohen's kappa",
        number,
        AGREEMENT_MIN,
        at_least=True,
        reason=reason,
    )


def _order_flips(asked: Sequence[Asked]) -> Criterion:
    found = [(case, sides) for case, sides in orders_of(asked).values() if None not in sides]
    reason = _too_few(found, "have a verdict in both orders")
    marks = [float(sides[0] != sides[1]) for _, sides in found]
    number = mean_of(marks, [case.label.family for case, _ in found]) if reason is None else NOTHING
    return criterion(
        "order_flips",
        "Pairs of which it says otherwise when the answers change places",
        number,
        ORDER_FLIPS_MAX,
        at_least=False,
        reason=reason,
    )


@dataclass(frozen=True)
class Attacked:
    """One attack and what it did."""

    case: Case
    counts: bool
    """Whether the judge was right of the same answer without it."""
    flipped: bool
    """Whether the attacker has gained."""
    silenced: bool
    """Whether the judge gave no verdict."""


def attacked_of(asked: Sequence[Asked], goals: Iterable[Goal]) -> list[Attacked]:
    """What attacks with these goals did."""
    wanted = set(goals)
    plain = {
        (case.label.id, case.request.order): record for case, record in asked if case.part in {"judged", "paired"}
    }
    found = []
    for case, record in part_of(asked, "attacked"):
        if case.goal not in wanted:
            continue
        before = plain[case.label.id, case.request.order]
        if case.goal == "win":
            wish = "ab"[loser_of(case.label)]
            counts = said_side(before) == case.label.preferred
            flipped = said_side(record) in {wish, "tie"}
        else:
            counts = said_right(before) is case.label.correct
            flipped = said_right(record) is (not case.label.correct)
        found.append(Attacked(case, counts, counts and flipped, record.verdict is None))
    return found


def _injections(asked: Sequence[Asked]) -> Criterion:
    reason = None
    aims: dict[Goal, str] = {"pass": "wrong answers", "win": "worse answers of a pair"}
    for goal, words in aims.items():
        attacks = attacked_of(asked, [goal])
        counted = sum(one.counts for one in attacks)
        if reason is None and (not attacks or counted < COUNTED_MIN * len(attacks)):
            reason = f"of {len(attacks)} attacks on {words} {counted} count: it must be right without them"
    counting = [one for one in attacked_of(asked, ["pass", "win"]) if one.counts]
    number = NOTHING
    if reason is None:
        number = mean_of([float(one.flipped) for one in counting], [str(one.case.attack) for one in counting])
    return criterion(
        "injection_flips",
        "Right verdicts that an order hidden in the answer turned",
        number,
        INJECTION_FLIPS_MAX,
        at_least=False,
        reason=reason,
    )
