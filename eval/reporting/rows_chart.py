"""Numbers side by side on one axis: a row each, as bars or dots, with intervals and marks. Head and legend of plots.

    chart = rows_chart("types_qa_mc", "Multiple choice by type", "accuracy", groups, legend=Legend(runs=[(0, "a")]))

A group has a name and its rows under each other: runs, or one number alone. It measures nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from moviellm.eval.reporting.canvas import SHAPES, Canvas, Plot, Shape, clipped, series, text_px
from moviellm.eval.reporting.names import digits, interval

WIDTH: Final = 420
"""Of every plot: a column of a paper, a telephone."""
EDGE: Final = 10
ROW: Final = 15
"""Height of a row."""
GAP: Final = 9
"""Between groups."""
LABEL_MAX: Final = 126
VALUE: Final = 36
"""Room for the value at the right."""
UNDER: Final = "95 % intervals by movie"
TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row: one number."""

    number: Mapping[str, Any] | None
    colour: str
    kind: Literal["bar", "dot"] = "dot"
    shape: Shape = "circle"
    hollow: bool = False
    ticks: Sequence[tuple[str, float]] = ()
    """Values marked on the row beside its own: (kind of mark, value)."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows of one name."""

    name: str
    entries: Sequence[Entry]
    note: str = ""
    """Small, under the name, where there is room."""


@dataclass(frozen=True, kw_only=True)
class Legend:
    """What shapes and marks mean."""

    runs: Sequence[tuple[int, str]] = ()
    """(place of the run, how it is called)."""
    marks: Sequence[tuple[str, str]] = field(default=())
    """(kind of mark, meaning)."""


def legend_of(runs: Sequence[Any], *marks: tuple[str, str]) -> Legend:
    """All runs of a report, and marks."""
    return Legend(runs=[(place, run.label) for place, run in enumerate(runs)], marks=marks)


def entry_of_run(place: int, number: Mapping[str, Any] | None, **more: Any) -> Entry:
    """A run's number in its colour and shape."""
    return Entry(number=number, colour=series(place), shape=SHAPES[place % len(SHAPES)], **more)


def rows_chart(
    name: str,
    title: str,
    under: str,
    groups: Sequence[Group],
    *,
    legend: Legend | None = None,
    line_at: float | None = None,
) -> Plot:
    """The chart. `line_at`: a dashed line through all rows."""
    canvas = Canvas(WIDTH)
    top = head(canvas, title, under, legend or Legend())
    widest = max((text_px(group.name) for group in groups), default=0)
    left = EDGE + min(LABEL_MAX, widest) + 12
    right = WIDTH - EDGE - VALUE
    most = _most(groups)

    def x(value: float) -> float:
        return left + (right - left) * max(0.0, min(value, most)) / most

    bottom = top + sum(len(group.entries) * ROW + GAP for group in groups)
    for tick in TICKS:
        canvas.line(x(tick * most), top, x(tick * most), bottom, "rule")
        canvas.text(x(tick * most), bottom + 14, f"{tick * most:g}", colour="soft", size=11, anchor="middle")
    if line_at is not None:
        canvas.line(x(line_at), top, x(line_at), bottom, "control", dash="4 3")
    y = top + GAP / 2
    for group in groups:
        middle = y + len(group.entries) * ROW / 2
        label = clipped(group.name, LABEL_MAX)
        with_note = bool(group.note) and len(group.entries) > 1
        canvas.text(left - 10, middle + (-1 if with_note else 4), label, anchor="end")
        if with_note:
            canvas.text(left - 10, middle + 12, group.note, colour="soft", size=10.5, anchor="end")
        for entry in group.entries:
            _row(canvas, entry, x, y + ROW / 2, right)
            y += ROW
        y += GAP
    words = "; ".join(_words(group) for group in groups)
    return canvas.plot(name, title, f"{under}: {words}", bottom + 24)


def _row(canvas: Canvas, entry: Entry, x: Any, y: float, right: float) -> None:
    number = entry.number
    if number is None or number.get("value") is None:
        canvas.text(right + 8, y + 4, "–", colour="soft", size=11)
        return
    value = x(number["value"])
    if entry.kind == "bar":
        canvas.rect(x(0), y - 5, value - x(0), 10, entry.colour, opacity=0.85)
    if number.get("low") is not None:
        canvas.whisker(x(number["low"]), x(number["high"]), y, "ink" if entry.kind == "bar" else entry.colour)
    if entry.kind == "dot":
        canvas.mark(entry.shape, value, y, entry.colour, hollow=entry.hollow)
    for kind, at in entry.ticks:
        tick(canvas, kind, x(at), y)
    canvas.text(right + 8, y + 4, f"{number['value']:.2f}", size=11)


def tick(canvas: Canvas, kind: str, x: float, y: float) -> None:
    """A mark on a row: the best blind control, the control that knows everything, chance."""
    if kind == "blind":
        canvas.line(x, y - 8, x, y + 8, "paper", width=5)
        canvas.line(x, y - 8, x, y + 8, "ink", width=2.2)
    elif kind == "oracle":
        canvas.mark("diamond", x, y, "gold", size=4.6)
    else:
        canvas.line(x, y - 7, x, y + 7, "control", width=1.6, dash="2 2")


def _most(groups: Sequence[Group]) -> float:
    """End of the axis: 1, or more where a number is."""
    values = [
        value
        for group in groups
        for entry in group.entries
        if entry.number is not None
        for value in (entry.number.get("value"), entry.number.get("high"))
        if value is not None
    ]
    most = max(values, default=1.0)
    return 1.0 if most <= 1.0 else float(-(-most // 1))


def head(canvas: Canvas, title: str, under: str, legend: Legend) -> float:
    """Title, what is measured, and legend; returns where the plot begins."""
    canvas.text(EDGE, 22, clipped(title, WIDTH - 2 * EDGE, 15), size=15, weight=650)
    canvas.text(EDGE, 40, clipped(under, WIDTH - 2 * EDGE, 11.5), colour="soft", size=11.5)
    x, y = float(EDGE), 60.0
    items: list[tuple[str, str]] = [(f"run {place}", label) for place, label in legend.runs]
    items += [(kind, told) for kind, told in legend.marks]
    for kind, told in items:
        label = clipped(told, WIDTH - 2 * EDGE - 20, 11.5)
        wide = 18 + text_px(label, 11.5) + 14
        if x > EDGE and x + wide - 14 > WIDTH - EDGE:
            x, y = float(EDGE), y + 17
        if kind.startswith("run "):
            place = int(kind.removeprefix("run "))
            canvas.mark(SHAPES[place % len(SHAPES)], x + 6, y - 4, series(place), size=4.8)
        else:
            tick(canvas, kind, x + 6, y - 4)
        canvas.text(x + 17, y, label, size=11.5)
        x += wide
    return y + 12 if items else 52


def _words(group: Group) -> str:
    numbers = [entry.number for entry in group.entries]
    return f"{group.name} " + ", ".join(f"{digits(number, 2)} {interval(number, 2)}".strip() for number in numbers)
