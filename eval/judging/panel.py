"""Several judges of the same answers: what most of them say, and how far they agree.

    majority([one, other, third], form="pointwise")       # Scored
    agreement_of(members, form="pointwise")               # Krippendorff's alpha, Gwet's AC1, each two judges

A panel has an odd number of members. What more than half of them say counts; of a pair, three ways are a tie where all
have spoken. A member without a verdict has no voice: where it leaves no majority, the panel has no verdict either.
Points are the mean of the members that gave some. It asks nobody.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from moviellm.eval.core import gwet_ac1, krippendorff_alpha
from moviellm.eval.judging.pointwise import Scored
from moviellm.eval.judging.verdicts import Form

NO_MAJORITY: Final = "no majority"
Verdicts = Mapping[str, Scored]
"""What one judge says, by item."""


def majority(voices: Sequence[Scored], form: Form) -> Scored:
    """What a panel says of one item."""
    known = [voice.score for voice in voices if voice.score is not None]
    points = [voice.points for voice in voices if voice.points is not None]
    mean = sum(points) / len(points) if points else None
    enough = 2 * len(known) > len(voices)
    if form == "score" and enough:
        return Scored(score=sum(known) / len(known))
    if form != "score" and known:
        score, count = Counter(known).most_common(1)[0]
        if 2 * count > len(voices):
            return Scored(score=score, points=mean)
        if form == "pairwise" and len(known) == len(voices):
            return Scored(score=0.5)
    lost = [f"{voice.unscored}: {voice.reason}" for voice in voices if voice.score is None]
    split = "" if not known else f"{len(known)} of {len(voices)} judges gave a verdict; "
    return Scored(score=None, unscored=NO_MAJORITY, reason=split + "; ".join(lost))


def agreement_of(members: Sequence[Verdicts], form: Form, names: Sequence[str]) -> dict[str, Any]:
    """How far judges agree on what was asked; empty for one judge.

    Args:
        members: Of each judge, only what it was asked.
        names: Of the judges, as pairs are called.
    """
    if len(members) < 2:
        return {}
    items = list(dict.fromkeys(name for member in members for name in member))
    table = [[_score(member, name) for name in items] for member in members]
    found: dict[str, Any] = {"items": len(items)}
    if not items:
        return found
    if form == "score":
        found["krippendorff_alpha_ordinal"] = _rounded(krippendorff_alpha(table, "ordinal"))
    else:
        found["krippendorff_alpha"] = _rounded(krippendorff_alpha(table, "nominal"))
        found["gwet_ac1"] = _rounded(gwet_ac1(table))
    if form == "pointwise":
        points = [[_points(member, name) for name in items] for member in members]
        found["krippendorff_alpha_points"] = _rounded(krippendorff_alpha(points, "ordinal"))
    found["same"] = {
        f"{names[one]} and {names[other]}": _same(table[one], table[other])
        for one, other in combinations(range(len(members)), 2)
    }
    return found


def _same(one: Sequence[float | None], other: Sequence[float | None]) -> float | None:
    both = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    return round(sum(a == b for a, b in both) / len(both), 6) if both else None


def _score(member: Verdicts, name: str) -> float | None:
    return member[name].score if name in member else None


def _points(member: Verdicts, name: str) -> float | None:
    return member[name].points if name in member else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
