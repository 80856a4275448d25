"""Lines of transcripts become a judgement: verdicts by item, numbers by task, what is unscored, how judges agree.

    told = told_of(frame, rows, labels={})       # the same rows, the same numbers: also without a judge
    told.facts["tasks"]["qa_open"]["metrics"], told.verdicts

Unscored items are in no number. Where they are more than one in a hundred the judgement is not valid and its numbers
are None; between which values they would lie stands beside (`bounds`). Intervals are those of the other numbers of a
run: 95 %, BCa, resampling movies. It asks nobody and reads no file.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from moviellm.eval.core import bradley_terry, length_controlled_win_rate, win_rates
from moviellm.eval.core.pairwise import ANCHOR, ELO
from moviellm.eval.judging import pairing, pointwise
from moviellm.eval.judging.calibration import SIDES, calibrated
from moviellm.eval.judging.naming import metric_name
from moviellm.eval.judging.panel import agreement_of, majority
from moviellm.eval.judging.pointwise import Scored
from moviellm.eval.judging.verdicts import Form
from moviellm.eval.tasks.means import Number, mean_of

UNSCORED_MAX: Final = 0.01
"""Share of unscored items above which a judgement is not valid."""
Kind = Literal["pointwise", "pairwise", "lexical", "fact_recall"]
ROOTS: Final[Mapping[str, str]] = {
    "pointwise": "judged_accuracy",
    "score": "judged_score",
    "pairwise": "judged_win_rate",
}
"""The first number of each form."""
NAMES: Final = {score: side for side, score in SIDES.items()}
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a judgement is, beside its lines."""

    kind: Kind
    form: Form | Literal["rule"]
    judges: tuple[str, ...]
    """Members of the panel by version; none where rules judge."""
    rubric_id: str
    against: str | None
    tasks: tuple[str, ...]

    def name(self, root: str, judges: Sequence[str] | None = None) -> str:
        """The full name of a number; of rules, the rule's."""
        if not self.judges:
            return self.rubric_id
        return metric_name(root, judges or self.judges, self.rubric_id, self.against)

    @property
    def metric(self) -> str:
        """The name of the judgement: that of its first number."""
        return self.name(ROOTS.get(self.form, ""))


@dataclass(frozen=True, kw_only=True)
class Told:
    """What lines tell."""

    facts: dict[str, Any]
    """The part of judgement.json that follows from them."""
    verdicts: list[dict[str, Any]]
    """verdicts.jsonl."""


def told_of(frame: Frame, rows: Sequence[Row], labels: Mapping[str, float]) -> Told:
    """Verdicts and numbers of a judgement."""
    abouts = {row["item_id"]: row for row in reversed(rows)}
    items = {row["item_id"]: abouts[row["item_id"]] for row in rows}
    settled = {row["item_id"]: _settled(row) for row in rows if row["settled"] is not None}
    asked = [_member(frame, rows, place) for place in range(len(frame.judges))]
    members = [settled | member for member in asked]
    scored = settled
    if len(members) == 1:
        scored = members[0]
    elif members:
        scored = settled | {
            name: majority([member[name] for member in asked], _form(frame)) for name in items if name not in settled
        }
    reasons = Counter(one.unscored for one in scored.values() if one.score is None)
    share = reasons.total() / len(items)
    valid = share <= UNSCORED_MAX
    facts: dict[str, Any] = {
        "metric": frame.metric,
        "kind": frame.kind,
        "valid": valid,
        "items": len(items),
        "settled": len(settled) if frame.judges else 0,
        "unscored": {"n": reasons.total(), "share": round(share, 6), "reasons": dict(sorted(reasons.items()))},
        "tasks": _tasks(frame, items, scored, labels, valid, None),
        "agreement": agreement_of(asked, _form(frame), frame.judges) if frame.judges else {},
    }
    if frame.kind == "pairwise":
        facts["position"] = {
            judge: pairing.position_of(one.orders for one in member.values())
            for judge, member in zip(frame.judges, asked, strict=True)
        }
    if len(members) > 1:
        facts["members"] = {
            judge: _alone(frame, items, member, judge) for judge, member in zip(frame.judges, members, strict=True)
        }
    verdicts = [_verdict(frame, items[name], scored[name], members, labels.get(name)) for name in items]
    return Told(facts=facts, verdicts=verdicts)


def _form(frame: Frame) -> Form:
    assert frame.form != "rule"
    return frame.form


def _settled(row: Row) -> Scored:
    said = row["settled"]
    return Scored(score=said["score"], points=said["points"], reason=said["reason"])


def _member(frame: Frame, rows: Sequence[Row], place: int) -> dict[str, Scored]:
    """What one judge says of what it was asked."""
    mine: dict[str, list[Row]] = {}
    for row in rows:
        if row["member"] == place:
            mine.setdefault(row["item_id"], []).append(row)
    read = pairing.scored_of if frame.kind == "pairwise" else pointwise.scored_of
    return {name: read(group) for name, group in mine.items()}


def _alone(frame: Frame, items: Mapping[str, Row], member: Mapping[str, Scored], judge: str) -> dict[str, Any]:
    """A member of a panel by itself."""
    lost = Counter(one.unscored for one in member.values() if one.score is None)
    valid = lost.total() <= UNSCORED_MAX * len(items)
    return {
        "valid": valid,
        "unscored": {"n": lost.total(), "share": round(lost.total() / len(items), 6), "reasons": dict(lost)},
        "tasks": _tasks(frame, items, member, {}, valid, (judge,)),
    }


def _verdict(
    frame: Frame, about: Row, scored: Scored, members: Sequence[Mapping[str, Scored]], human: float | None
) -> dict[str, Any]:
    """A line of verdicts.jsonl."""
    name = about["item_id"]
    line: dict[str, Any] = {"item_id": name, "score": scored.score, "reason": scored.reason}
    if scored.unscored is not None:
        line["unscored"] = scored.unscored
    if frame.kind == "pairwise":
        line["side"] = None if scored.score is None else NAMES[scored.score]
        if scored.orders:
            line["orders"] = list(scored.orders)
    elif frame.form == "pointwise":
        line["correct"] = None if scored.score is None else scored.score == 1.0
        line["points"] = scored.points
    if len(members) > 1:
        line["members"] = {
            judge: None if name not in member else member[name].score
            for judge, member in zip(frame.judges, members, strict=True)
        }
    if human is not None:
        line["human"] = human
    return line


def _tasks(
    frame: Frame,
    items: Mapping[str, Row],
    scored: Mapping[str, Scored],
    labels: Mapping[str, float],
    valid: bool,
    judges: Sequence[str] | None,
) -> dict[str, Any]:
    """Numbers by task."""
    found = {}
    for task in frame.tasks:
        mine = [name for name, about in items.items() if task in about["tasks"]]
        known = [name for name in mine if scored[name].score is not None]
        numbers = _numbers(frame, items, scored, known, judges)
        part: dict[str, Any] = {"items": len(mine)}
        if len(known) < len(mine):
            part["bounds"] = _bounds(frame, [scored[name].score for name in mine])
        people = {name: labels[name] for name in known if name in labels}
        if people and valid:
            told = _calibrated(frame, items, scored, known, people)
            part["calibrated"] = told
            for name in ("prediction_powered", "rogan_gladen"):
                number = {key: told[name].get(key) for key in ("value", "low", "high", "n")}
                numbers[frame.name(f"{ROOTS[_form(frame)]}_{name}", judges)] = number
        if not valid:
            numbers = {name: {"value": None, "low": None, "high": None, "n": len(known)} for name in numbers}
        part["metrics"] = numbers
        found[task] = part
    return found


def _calibrated(
    frame: Frame,
    items: Mapping[str, Row],
    scored: Mapping[str, Scored],
    known: Sequence[str],
    people: Mapping[str, float],
) -> dict[str, Any]:
    families = {name: str(items[name]["family"]) for name in known}
    return calibrated({name: scored[name].score for name in known}, people, families)


def _numbers(
    frame: Frame,
    items: Mapping[str, Row],
    scored: Mapping[str, Scored],
    known: Sequence[str],
    judges: Sequence[str] | None,
) -> dict[str, Any]:
    """The numbers of the scored items of a task."""
    families = [str(items[name]["family"]) for name in known]
    scores = [float(scored[name].score or 0.0) for name in known]
    first = frame.name(ROOTS.get(frame.form, ""), judges)
    if not known:
        return {first: {"value": None, "low": None, "high": None, "n": 0}}
    found: dict[str, Any] = {first: mean_of(scores, families)}
    if frame.form == "pointwise":
        points = [(name, scored[name].points) for name in known]
        kept = [(str(items[name]["family"]), value) for name, value in points if value is not None]
        if kept:
            found[frame.name("judged_score", judges)] = mean_of([value for _, value in kept], [one for one, _ in kept])
    if frame.kind == "pairwise":
        number: dict[str, Any]
        found[first] |= _tally(scores)
        found[frame.name("bradley_terry", judges)] = _rating(scores, found[first])
        lengths = [items[name]["lengths"] for name in known]
        told = length_controlled_win_rate(scores, [one for one, _ in lengths], [other for _, other in lengths])
        controlled = _rounded(told["length_controlled"])
        number = {"value": controlled, "low": None, "high": None, "n": len(known)}
        if controlled is None:
            number["reason"] = "length alone tells wins from losses"
        found[frame.name("length_controlled_win_rate", judges)] = number
    return found


def _games(scores: Sequence[float]) -> list[tuple[str, str, str]]:
    return [("run", "against", NAMES[score]) for score in scores]


def _tally(scores: Sequence[float]) -> dict[str, int]:
    rates = win_rates(_games(scores))["run"]
    return {name: int(rates[name]) for name in ("wins", "ties", "losses")}


def _rating(scores: Sequence[float], rate: Number) -> dict[str, Any]:
    """The run's rating, that of the other at 1000; of two, it follows from the win rate, and so does its interval."""
    told = bradley_terry(_games(scores), anchor="against")
    ends = [rate["low"], rate["high"]]
    number: dict[str, Any] = {
        "value": _rounded(told["ratings"]["run"]),
        **{name: _rating_at(end) for name, end in zip(("low", "high"), ends, strict=True)},
        "n": len(scores),
    }
    if not told["estimable"]:
        number |= {"low": None, "high": None, "reason": f"not estimable: {told['reason']}"}
    return number


def _rating_at(rate: float | None) -> float | None:
    if rate is None or not 0.0 < rate < 1.0:
        return None
    return round(ANCHOR + ELO * math.log(rate / (1.0 - rate)), 6)


def _bounds(frame: Frame, scores: Sequence[float | None]) -> dict[str, float]:
    """The means that the unscored items would leave possible."""
    most = 5.0 if frame.form == "score" else 1.0
    low, high = ([end if score is None else score for score in scores] for end in (0.0, most))
    return {"least": round(sum(low) / len(low), 6), "most": round(sum(high) / len(high), 6)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
