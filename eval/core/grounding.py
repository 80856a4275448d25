"""Temporal grounding: how well a predicted span of a film covers the true one.

    temporal_iou((3, 7), (5, 9))                              # 0.333
    grounding_scores({"q1": (3, 7), "q2": None}, {"q1": (3, 7), "q2": (0, 4)})

Convention of Charades-STA and ActivityNet Captions as their papers state it (Gao et al. 2017, Krishna et al. 2017):
intersection over union of two time spans; R@1 at t is the share of queries whose IoU is at least t; t itself counts
and no IoU is rounded. Times as floats are not exact: of [0, 0.3] and [0, 0.1 * 6] the quotient lies below a half. So t
is reached from SLACK below it on (see `reaches`), where no times in milliseconds ever lie. A span that is empty or
reversed scores 0. One that is no pair of finite numbers is an error: published scripts give [NaN, NaN] the full score.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from moviellm.eval.core.inputs import span_of

Span = Sequence[float]
"""(start_s, end_s)."""
THRESHOLDS: Final = (0.3, 0.5, 0.7)
SLACK: Final = 1e-9
"""What floats may take from an IoU whose exact value is a threshold."""


def temporal_iou(pred: Span, gt: Span) -> float:
    """Intersection over union of two spans in seconds, from 0 to 1; 0 when one is empty or reversed.

    Raises:
        ValueError: a span that is not two finite numbers.
    """
    return overlap(span_of(pred, "the prediction"), span_of(gt, "the truth"))


def overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    """`temporal_iou` of spans that are known to be finite."""
    if one[1] <= one[0] or other[1] <= other[0]:
        return 0.0
    low, high = max(one[0], other[0]), min(one[1], other[1])
    if high <= low:
        return 0.0
    # Spans that meet have one hull, which is their union. Halves, so that no difference of finite times overflows.
    hull = max(one[1], other[1]) / 2 - min(one[0], other[0]) / 2
    return min(1.0, (high / 2 - low / 2) / hull) if hull > 0.0 else 0.0


def reaches(iou: Any, threshold: float) -> Any:
    """Whether an IoU is at least a threshold; of an array, which of them are.

    The exact IoU of two spans in whole milliseconds that together last less than a day is 0.3, 0.5, 0.7 or 0.9, or
    farther from it than SLACK: what counts is then what would count in exact arithmetic.
    """
    return iou >= threshold - SLACK


def grounding_scores(preds: Mapping[str, Span | None], golds: Mapping[str, Span]) -> dict[str, float | int | None]:
    """Scores of one predicted span a query.

    Args:
        preds: The predicted span of each query; None, or no entry, scores 0. Predictions of other queries are ignored.
        golds: The true span of each query.

    Returns:
        `miou`, `r1@0.3`, `r1@0.5`, `r1@0.7` over all golds, None without any, and their number `n`.

    Raises:
        ValueError: a span that is not two finite numbers.
    """
    spans = {name: span_of(span, f"the prediction of {name}") for name, span in preds.items() if span is not None}
    ious = []
    for name, gold in golds.items():
        truth = span_of(gold, f"the truth of {name}")
        ious.append(overlap(spans[name], truth) if name in spans else 0.0)
    scores: dict[str, float | int | None] = {"miou": sum(ious) / len(ious) if ious else None}
    for threshold in THRESHOLDS:
        scores[f"r1@{threshold}"] = sum(reaches(iou, threshold) for iou in ious) / len(ious) if ious else None
    scores["n"] = len(ious)
    return scores
