"""Plots that count answers by where they are: moments by overlap, right answers by place in the movie and its length.

    plots = list(where_plots(runs))

Intervals are those of eval/tasks: movies are resampled. A plot without answers is not made.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from moviellm.eval.core import temporal_iou
from moviellm.eval.core.grounding import reaches
from moviellm.eval.reporting.canvas import SHAPES, Plot, series
from moviellm.eval.reporting.curve_chart import Curve, curve_chart
from moviellm.eval.reporting.rows_chart import UNDER, legend_of
from moviellm.eval.reporting.runs import Run
from moviellm.eval.tasks.means import Number, mean_of

RESAMPLES: Final = 2000
"""Draws of the intervals that are made here."""
IOUS: Final = tuple(round(0.05 * step, 2) for step in range(1, 20))
FIFTHS: Final = ("first fifth", "second", "third", "fourth", "last fifth")
LENGTHS: Final = 4
"""Groups of movies by length."""


def where_plots(runs: Sequence[Run]) -> Iterator[Plot]:
    """All of them."""
    yield from _recall(runs)
    yield from _places(runs)
    yield from _lengths(runs)


def _share(pairs: Sequence[tuple[float, str]]) -> Number:
    return mean_of([value for value, _ in pairs], [family for _, family in pairs], RESAMPLES)


def _recall(runs: Sequence[Run]) -> Iterator[Plot]:
    """The share of moments found, by how well a span must fit; beside it that of the best blind control."""
    curves = []
    for place, run in enumerate(runs):
        sources: list[tuple[str, Mapping[str, Any], str | None]] = [(run.label, run.answers, None)]
        blind = str((run.tasks.get("grounding", {}).get("visual_gain") or {}).get("best_blind"))
        if blind in run.control_answers:
            sources.append((f"{run.label}, {blind}", run.control_answers[blind], "5 3"))
        for name, answers, dash in sources:
            ious = [
                (_iou(row), row["family"])
                for row in answers.values()
                if row["format"] == "temporal_grounding" and "miou" in row["scores"]
            ]
            if ious:
                points = [(t, _share([(float(reaches(iou, t)), family) for iou, family in ious])) for t in IOUS]
                shape = None if dash else SHAPES[place % len(SHAPES)]
                curves.append(Curve(name=name, points=points, colour=series(place), shape=shape, dash=dash))
    if curves:
        dashed = any(curve.dash for curve in curves)
        under = "share of moments found" + ("; dashed: best blind control" if dashed else f", {UNDER}")
        ticks = [(t, f"{t:g}") for t in (0.1, 0.3, 0.5, 0.7, 0.9)]
        yield curve_chart(
            "recall",
            "Moments by overlap",
            under,
            curves,
            ticks=_ends(ticks),
            x_name="least IoU",
            legend=legend_of(runs),
        )


def _iou(row: Mapping[str, Any]) -> float:
    """Of what was said: the score of a random span is a mean over all spans."""
    span, golds = row["prediction"].get("span"), row["gold"].get("spans")
    if golds is None:
        return float(row["scores"]["miou"])
    return max((temporal_iou(span, gold) for gold in golds), default=0.0) if span else 0.0


def _ends(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Ticks with the ends of the axis, which have no name."""
    return [(0.0, "0"), *ticks, (1.0, "1")]


def right_of(row: Mapping[str, Any]) -> float | None:
    """Whether an answer is right, where that is yes or no."""
    found = row["scores"].get("right")
    return None if found is None else float(found)


def _places(runs: Sequence[Run]) -> Iterator[Plot]:
    """Right answers by where in the movie the evidence lies."""
    curves = []
    for place, run in enumerate(runs):
        bins: dict[int, list[tuple[float, str]]] = {}
        for row in run.answers.values():
            at, right = _place(row), right_of(row)
            if at is not None and right is not None:
                bins.setdefault(min(int(at * len(FIFTHS)), len(FIFTHS) - 1), []).append((right, row["family"]))
        points = [(float(number), _share(bins[number])) for number in sorted(bins)]
        if len(points) > 1:
            curves.append(
                Curve(name=run.label, points=points, colour=series(place), shape=SHAPES[place % len(SHAPES)])
            )
    if curves:
        ticks = [(float(number), name) for number, name in enumerate(FIFTHS)]
        yield curve_chart(
            "position",
            "Right answers by place in the movie",
            f"share right (words, options, moments), {UNDER}",
            curves,
            ticks=ticks,
            x_name="where the middle of the evidence lies",
            legend=legend_of(runs),
        )


def _place(row: Mapping[str, Any]) -> float | None:
    """Middle of the evidence as a share of the movie."""
    spans, length = row.get("evidence"), row.get("duration_s")
    if not spans or not length:
        return None
    return float((min(span[0] for span in spans) + max(span[1] for span in spans)) / 2 / length)


def _lengths(runs: Sequence[Run]) -> Iterator[Plot]:
    """Right answers by the length of the movie, where lengths differ by half at least."""
    known = [row["duration_s"] for run in runs for row in run.answers.values() if row.get("duration_s")]
    if not known or max(known) < 1.5 * min(known):
        return
    every = sorted({row["movie"]: row["duration_s"] for run in runs for row in run.answers.values()}.values())
    ends = sorted({every[(len(every) - 1) * step // LENGTHS] for step in range(1, LENGTHS + 1)})
    if len(ends) < 2:
        return
    curves = []
    for place, run in enumerate(runs):
        bins: dict[int, list[tuple[float, str]]] = {}
        for row in run.answers.values():
            right, length = right_of(row), row.get("duration_s")
            if right is not None and length:
                number = next(number for number, end in enumerate(ends) if length <= end)
                bins.setdefault(number, []).append((right, row["family"]))
        points = [(float(number), _share(bins[number])) for number in sorted(bins)]
        curves.append(Curve(name=run.label, points=points, colour=series(place), shape=SHAPES[place % len(SHAPES)]))
    ticks = [(float(number), f"up to {_length(end)}") for number, end in enumerate(ends)]
    yield curve_chart(
        "length",
        "Right answers by length of the movie",
        f"share right (words, options, moments), {UNDER}",
        curves,
        ticks=ticks,
        x_name="length of the movie",
        legend=legend_of(runs),
    )


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
