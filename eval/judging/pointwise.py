"""One answer held against its reference: what a judge is asked, and what its answer is worth.

    (request,) = requests_of(item, rubric, revision="1.0")
    scored = scored_of(rows)                     # rows of transcripts.jsonl of one judge about one item
    scored.score, scored.points, scored.unscored

Right is 1 and wrong 0 (`judged_accuracy`), the points from 0 to 5 stand beside it (`judged_score`); rubrics of points
alone give those. Silence is wrong and nobody is asked. It asks nobody: see asking.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moviellm.eval.judging.asking import outcome_of
from moviellm.eval.judging.material import Item
from moviellm.eval.judging.request import JudgeRequest
from moviellm.eval.judging.rubric import Rubric
from moviellm.eval.judging.verdicts import FORMS, Form, PointVerdict, ScoreVerdict, Unscored, Verdict

SILENT = "no answer"
"""Why an answer is wrong that is none."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What one judge, or a panel, says of one item."""

    score: float | None
    """Of a single answer: 1 right, 0 wrong, or its points where the rubric gives points; of a pair: 1, 0.5 or 0 for
    the first run. None: unscored."""
    points: float | None = None
    """0 to 5, where they stand beside right and wrong."""
    unscored: str | None = None
    """Class of why there is no score."""
    reason: str | None = None
    """Why there is no score, or why it is what it is where nobody was asked."""
    orders: tuple[str | None, ...] = ()
    """Of a pair: who won in each order."""


def requests_of(item: Item, rubric: Rubric, revision: str) -> list[JudgeRequest]:
    """What a judge is asked of an item; nothing where there is nothing to read."""
    if all(answer is None for answer in item.answers):
        return []
    return [_request(item, rubric, revision)]


def _request(item: Item, rubric: Rubric, revision: str) -> JudgeRequest:
    return JudgeRequest(
        rubric=rubric,
        item_id=item.item_id,
        question=item.question,
        reference=item.reference,
        facts=item.facts,
        answers=tuple(answer or "" for answer in item.answers),
        revision=revision,
    )


def settled(form: Form) -> dict[str, Any]:
    """What an item is worth to which the model said nothing."""
    return {"score": 0.0, "points": 0.0 if form == "pointwise" else None, "reason": SILENT}


def outcome(row: Mapping[str, Any]) -> Verdict | Unscored:
    """What a line of transcripts says, read anew from the judge's answers; a public line has only what was read."""
    form = row["rubric"]["form"]
    if "given_up" in row:
        return outcome_of(form, row["tries"], row["given_up"])
    if row["parsed"] is None:
        return Unscored(row["unscored"]["kind"], row["unscored"]["reason"])
    return FORMS[form].model_validate({"reason": "", **row["parsed"]})


def scored_of(rows: Sequence[Mapping[str, Any]]) -> Scored:
    """What one judge says of an item."""
    (row,) = rows
    found = outcome(row)
    if isinstance(found, Unscored):
        return Scored(score=None, unscored=found.kind, reason=found.reason)
    if isinstance(found, PointVerdict):
        return Scored(score=float(found.correct), points=float(found.score))
    assert isinstance(found, ScoreVerdict)
    return Scored(score=float(found.score))
