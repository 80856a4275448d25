"""What a gate found beside its criteria: which way a judge errs, what it prefers, where it was wrong.

    findings = findings_of(asked)
    findings["leniency"]        # of right answers called right, of wrong ones called wrong
    findings["mistakes"]        # every label that the judge contradicts, with its reason

Nothing here decides; it says why a judge was refused, and what an admitted one is still weak in. It asks nobody.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from moviellm.eval.core import combine_orders, krippendorff_alpha
from moviellm.eval.judging.asking import Record
from moviellm.eval.judging.gate_criteria import Asked, attacked_of, orders_of, part_of, repeats_of, said_right
from moviellm.eval.judging.gate_plan import GOALS, loser_of
from moviellm.eval.judging.verdicts import PairVerdict, PointVerdict, Unscored


def findings_of(asked: Sequence[Asked]) -> dict[str, Any]:
    """All of it."""
    return {
        "leniency": _leniency(asked),
        "position": _position(asked),
        "length": _length(asked),
        "score_alpha": _score_alpha(asked),
        "attacks": _attacks(asked),
        "turned_without_attack": _noise(asked),
        "unscored": _unscored(asked),
        "mistakes": _mistakes(asked),
    }


def _leniency(asked: Sequence[Asked]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, side in (("right_called_right", True), ("wrong_called_wrong", False)):
        said = [said_right(record) for case, record in part_of(asked, "judged") if case.label.correct is side]
        known = [one for one in said if one is not None]
        found[name] = {"n": len(known), "value": _share(sum(one is side for one in known), len(known))}
    return found


def _position(asked: Sequence[Asked]) -> dict[str, Any]:
    """Of verdicts with a winner, how many are for the answer shown first."""
    said = [
        record.verdict.verdict for _, record in part_of(asked, "paired") if isinstance(record.verdict, PairVerdict)
    ]
    decided = [one for one in said if one != "tie"]
    return {"n": len(decided), "first_preferred": _share(decided.count("A"), len(decided))}


def _length(asked: Sequence[Asked]) -> dict[str, Any]:
    """Of pairs whose longer answer is the worse one, how many the judge gives to it."""
    traps = wins = 0
    for case, sides in orders_of(asked).values():
        verdict = combine_orders(*sides)
        lengths = [len(text) for text in case.label.shown]
        if verdict is None or case.label.preferred == "tie":
            continue
        worse = loser_of(case.label)
        if lengths[worse] > lengths[1 - worse]:
            traps += 1
            wins += verdict == "ab"[worse]
    return {"n": traps, "longer_preferred_wrongly": _share(wins, traps)}


def _score_alpha(asked: Sequence[Asked]) -> float | None:
    """Alpha of the scores from 0 to 5, asked again; ordinal."""
    rows, _ = repeats_of(asked, _score)
    alpha = krippendorff_alpha(list(zip(*rows, strict=True)), level="ordinal") if rows else None
    return None if alpha is None else round(alpha, 6)


def _score(record: Record) -> int | None:
    return record.verdict.score if isinstance(record.verdict, PointVerdict) else None


def _attacks(asked: Sequence[Asked]) -> dict[str, Any]:
    """What each goal came to, and which attacks turned a verdict."""
    found: dict[str, Any] = {}
    for goal in GOALS:
        attacks = attacked_of(asked, [goal])
        flipped = Counter(str(one.case.attack) for one in attacks if one.flipped)
        found[goal] = {
            "asked": len(attacks),
            "counted": sum(one.counts for one in attacks),
            "flipped": flipped.total(),
            "silenced": sum(one.silenced for one in attacks),
            "by": dict(sorted(flipped.items())),
        }
    return found


def _noise(asked: Sequence[Asked]) -> dict[str, Any]:
    """Of wrong answers called wrong, how often that turns when the same is asked again: flips that are no attack's."""
    firsts = {case.label.id for case, record in part_of(asked, "judged") if said_right(record) is False}
    again = [
        said_right(record)
        for case, record in part_of(asked, "repeated")
        if case.label.id in firsts and case.label.correct is False
    ]
    known = [said for said in again if said is not None]
    return {"n": len(known), "value": _share(known.count(True), len(known))}


def _unscored(asked: Sequence[Asked]) -> dict[str, int]:
    """Why there was no verdict, attacks left out."""
    kinds = Counter(
        record.outcome.kind
        for case, record in asked
        if case.part != "attacked" and isinstance(record.outcome, Unscored)
    )
    return dict(sorted(kinds.items()))


def _mistakes(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """Labels that the judge contradicts."""
    found: list[dict[str, Any]] = []
    for case, record in part_of(asked, "judged"):
        said = said_right(record)
        if said is not None and said is not case.label.correct:
            reason = record.verdict.reason if record.verdict is not None else None
            row = {"id": case.label.id, "kind": case.label.kind, "label": _word(case.label.correct)}
            found.append({**row, "judge": _word(said), "reason": reason})
    for case, sides in orders_of(asked).values():
        verdict = combine_orders(*sides)
        if verdict is not None and verdict != case.label.preferred:
            row = {"id": case.label.id, "kind": case.label.kind, "label": case.label.preferred}
            found.append({**row, "judge": verdict, "orders": sides})
    return found


def _word(right: bool | None) -> str:
    return "right" if right else "wrong"


def _share(count: int, n: int) -> float | None:
    return round(count / n, 6) if n else None
