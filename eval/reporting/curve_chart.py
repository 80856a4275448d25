"""Lines with pale bands of their intervals: a number over another number or over a few steps.

    curve_chart("recall", "Recall by IoU", "share of moments", curves, ticks=[(0.0, "0"), ...], x_name="least IoU")

It measures nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moviellm.eval.reporting.canvas import SHAPES, Canvas, Plot, Shape
from moviellm.eval.reporting.names import digits, interval
from moviellm.eval.reporting.rows_chart import EDGE, TICKS, WIDTH, Legend, head

TALL: Final = 190
"""Height of the axes."""
LEFT: Final = 46


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A line."""

    name: str
    points: Sequence[tuple[float, Mapping[str, Any]]]
    """x, and the number there."""
    colour: str
    shape: Shape | None = "circle"
    """At every point; None draws a line alone."""
    dash: str | None = None


def curve_chart(
    name: str,
    title: str,
    under: str,
    curves: Sequence[Curve],
    *,
    ticks: Sequence[tuple[float, str]],
    x_name: str,
    legend: Legend,
) -> Plot:
    """The chart; y goes from 0 to 1."""
    canvas = Canvas(WIDTH)
    top = head(canvas, title, under, legend) + 6
    first, last = ticks[0][0], ticks[-1][0]
    inset = 0 if len(ticks) > 8 or last <= 1 else 22

    def at(x: float, y: float) -> tuple[float, float]:
        span = WIDTH - EDGE - 8 - LEFT - 2 * inset
        return LEFT + inset + span * (x - first) / ((last - first) or 1.0), top + TALL * (1 - max(0.0, min(y, 1.0)))

    for tick in TICKS:
        y = at(first, tick)[1]
        canvas.line(LEFT, y, WIDTH - EDGE, y, "rule")
        canvas.text(LEFT - 8, y + 4, f"{tick:g}", colour="soft", size=11, anchor="end")
    for value, label in ticks:
        canvas.text(at(value, 0)[0], top + TALL + 17, label, colour="soft", size=11, anchor="middle")
    canvas.text((LEFT + WIDTH - EDGE) / 2, top + TALL + 36, x_name, colour="soft", size=11.5, anchor="middle")
    for curve in curves:
        known = [(x, number) for x, number in curve.points if number.get("value") is not None]
        sure = [(x, number) for x, number in known if number.get("low") is not None]
        if len(sure) > 1 and curve.dash is None:
            ends = [at(x, n["high"]) for x, n in sure] + [at(x, n["low"]) for x, n in reversed(sure)]
            canvas.area(ends, curve.colour)
        canvas.path([at(x, n["value"]) for x, n in known], curve.colour, dash=curve.dash)
        for x, number in known if curve.shape is not None else ():
            canvas.mark(curve.shape or SHAPES[0], *at(x, number["value"]), curve.colour, size=3.6)
    words = "; ".join(_words(curve, dict(ticks)) for curve in curves)
    return canvas.plot(name, title, f"{under} by {x_name}: {words}", top + TALL + 46)


def _words(curve: Curve, names: Mapping[float, str]) -> str:
    told = [
        f"{names[x]}: {digits(number, 2)} {interval(number, 2)}".strip() for x, number in curve.points if x in names
    ]
    return f"{curve.name} " + ", ".join(told)
