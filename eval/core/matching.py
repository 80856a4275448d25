"""SODA: how well events told of a film match the true ones, in the order of time.

    soda([{"span": [0, 4], "caption": "a man runs"}], gold_events, similarity=lambda pred, gold: float(pred == gold))

Fujita et al. 2020 (ECCV, "SODA: Story Oriented Dense Video Captioning Evaluation Framework"), written from the paper
with any similarity of two captions: events in order of time, matched one to one without crossing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from moviellm.eval.core.grounding import overlap, reaches
from moviellm.eval.core.inputs import number_of, span_of

Events = Sequence[Mapping[str, Any]]
Similarity = Callable[[str, str], float]
"""From a predicted and a true caption, raw, to how much they say the same."""
Floats = npt.NDArray[np.float64]
THRESHOLDS: Final = (0.3, 0.5, 0.7, 0.9)


class Event(NamedTuple):
    """A span of a film and what is said of it."""

    span: tuple[float, float]
    caption: str


def soda(
    pred_events: Events, gold_events: Events, similarity: Similarity, variant: Literal["a", "b", "c"] = "c"
) -> dict[str, float]:
    """SODA of one film.

    Args:
        pred_events: `span` in seconds and `caption` of each predicted event, in any order.
        gold_events: Those of the true events.
        similarity: From a predicted and a true caption to a number; 0 to 1 for scores from 0 to 1.
        variant: c matches for the greatest sum of IoU x similarity and scores that sum. b matches for the greatest sum
            of IoU and scores the similarity; a does as b with pairs from tIoU .3, .5, .7 and .9 on, and averages.

    Returns:
        `precision`, `recall`, `f1`; all 0 when one side has no event.

    Raises:
        ValueError: another variant, an event that is none, or a similarity that is not a finite number.
    """
    if variant not in ("a", "b", "c"):
        raise ValueError(f"variant is {variant!r:.60}; allowed are 'a', 'b' and 'c'")
    preds, golds = events_of(pred_events, "a predicted event"), events_of(gold_events, "a true event")
    ious = ious_of(preds, golds)
    return soda_of(ious, similarities_of(preds, golds, ious, similarity), variant)


def soda_of(ious: Floats, alike: Floats, variant: str = "c") -> dict[str, float]:
    """SODA of events in order of time, from the IoU and the similarity of every pair."""
    if variant == "c":
        return _rates(_matched(ious * alike, ious * alike), ious.shape)
    least = THRESHOLDS if variant == "a" else (0.0,)
    rates = [_rates(_matched(np.where(reaches(ious, t), ious, 0.0), alike), ious.shape) for t in least]
    return {name: sum(rate[name] for rate in rates) / len(rates) for name in rates[0]}


def events_of(events: Events, what: str) -> list[Event]:
    """Events in order of time, and of their captions where times are equal.

    Raises:
        ValueError: an event without span or caption.
    """
    if isinstance(events, str | bytes | Mapping):
        raise ValueError(f"got {events!r:.60} as events; give a list of {{'span': [start_s, end_s], 'caption': text}}")
    found = []
    for event in events:
        if not isinstance(event, Mapping) or not isinstance(event.get("caption"), str) or "span" not in event:
            raise ValueError(f"{what} is {event!r:.60}; it is {{'span': [start_s, end_s], 'caption': text}}")
        found.append(Event(span_of(event["span"], f"the span of {what}"), event["caption"]))
    return sorted(found)


def ious_of(preds: Sequence[Event], golds: Sequence[Event]) -> Floats:
    """The IoU of every predicted with every true event."""
    table = [[overlap(pred.span, gold.span) for gold in golds] for pred in preds]
    return np.array(table, np.float64).reshape(len(preds), len(golds))


def similarities_of(preds: Sequence[Event], golds: Sequence[Event], ious: Floats, similarity: Similarity) -> Floats:
    """How alike the captions of pairs that meet are."""
    alike = np.zeros(ious.shape)
    for at, to in np.argwhere(ious > 0.0):
        value = similarity(preds[at].caption, golds[to].caption)
        alike[at, to] = number_of(value, "the similarity of two captions")
    return alike


def _matched(weights: Floats, gains: Floats) -> float:
    """The gain of the pairs, none crossing, whose weights sum up highest; of equal sums the highest gain.

    Pairs without weight are none.
    """
    best = [(0.0, 0.0)] * (weights.shape[1] + 1)
    for row, gain in zip(weights.tolist(), gains.tolist(), strict=True):
        corner = best[0]
        line = [best[0]]
        for at, weight in enumerate(row):
            choices = [best[at + 1], line[at]]
            if weight > 0.0:
                choices.append((corner[0] + weight, corner[1] + gain[at]))
            line.append(max(choices))
            corner = best[at + 1]
        best = line
    return best[-1][1]


def _rates(gain: float, shape: tuple[int, ...]) -> dict[str, float]:
    precision, recall = (gain / size if size else 0.0 for size in shape)
    return {"precision": precision, "recall": recall, "f1": f1_of(precision, recall)}


def f1_of(precision: float, recall: float) -> float:
    """The harmonic mean; 0 when both are."""
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
