"""Two answers held against each other, always in both orders: what a judge is asked, and what follows.

    first, second = requests_of(item, rubric, revision="1.0")
    scored_of(rows)                        # 1.0 the first run is better, 0.5 a tie, 0.0; None unscored
    position_of(rows)                      # how often the order decided

A win counts only where both orders say it; where they do not agree it is a tie, and counted as inconsistent. An order
without a verdict leaves the pair unscored: it is no loss and no tie. Equal answers are a tie and nobody is asked. It
asks nobody: see asking.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from moviellm.eval.core import combine_orders
from moviellm.eval.judging.asking import side_of
from moviellm.eval.judging.calibration import SIDES
from moviellm.eval.judging.material import Item
from moviellm.eval.judging.pointwise import Scored, outcome
from moviellm.eval.judging.request import JudgeRequest
from moviellm.eval.judging.rubric import Rubric
from moviellm.eval.judging.verdicts import PairVerdict, Unscored

SAME: Final = "both answers are the same"
BOTH_SILENT: Final = "neither run has an answer"


def requests_of(item: Item, rubric: Rubric, revision: str) -> list[JudgeRequest]:
    """Both orders; nothing where the answers are the same."""
    if settled_reason(item) is not None:
        return []
    return [
        JudgeRequest(
            rubric=rubric,
            item_id=item.item_id,
            question=item.question,
            reference=item.reference,
            facts=item.facts,
            answers=tuple(answer or "" for answer in item.answers),
            order=order,
            revision=revision,
        )
        for order in (0, 1)
    ]


def settled_reason(item: Item) -> str | None:
    """Why a pair is a tie that nobody is asked about; None where somebody is."""
    one, other = item.answers
    if one is None and other is None:
        return BOTH_SILENT
    return SAME if (one or "").strip() == (other or "").strip() else None


def settled(reason: str) -> dict[str, Any]:
    """What such a pair is worth."""
    return {"score": SIDES["tie"], "points": None, "reason": reason}


def sides_of(rows: Sequence[Mapping[str, Any]]) -> tuple[str | None, ...]:
    """Who won in each order: `a`, `b`, `tie`, or None."""
    found: list[str | None] = []
    for row in sorted(rows, key=lambda row: int(row["order"])):
        verdict = outcome(row)
        found.append(side_of(verdict, row["order"]) if isinstance(verdict, PairVerdict) else None)
    return tuple(found)


def scored_of(rows: Sequence[Mapping[str, Any]]) -> Scored:
    """What one judge says of a pair."""
    sides = sides_of(rows)
    side = combine_orders(sides[0], sides[1])
    if side is not None:
        return Scored(score=SIDES[side], orders=sides)
    lost = next(found for row in rows if isinstance(found := outcome(row), Unscored))
    return Scored(score=None, unscored=lost.kind, reason=lost.reason, orders=sides)


def position_of(orders: Iterable[tuple[str | None, ...]]) -> dict[str, Any]:
    """How far the order of answers decides.

    Returns:
        `pairs` with a verdict in both orders; `inconsistent`, of these with two verdicts; `flipped`, of these where
        each order names another winner; `flip_rate`, the share of inconsistent ones; `first_preferred`, how often the
        answer shown first wins where one does.
    """
    both = [pair for pair in orders if len(pair) == 2 and None not in pair]
    winners = [(side, order) for pair in both for order, side in enumerate(pair) if side != "tie"]
    first = sum(side == ("a", "b")[order] for side, order in winners)
    inconsistent = sum(one != other for one, other in both)
    return {
        "pairs": len(both),
        "inconsistent": inconsistent,
        "flipped": sum({one, other} == {"a", "b"} for one, other in both),
        "flip_rate": round(inconsistent / len(both), 6) if both else None,
        "first_preferred": round(first / len(winners), 6) if winners else None,
    }
