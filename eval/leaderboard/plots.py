"""Plots of some rows: a radar over the tasks, and bars with intervals. SVG, drawn as the reports' are.

    radar(entries, tasks, blind)                # a Plot, or None with fewer than three tasks
    bars(entries, tasks, blind)
    plot.inline()

Rows differ by colour and by shape. The best blind baseline is a dashed line of the radar and a mark on the bars. Names
are shortened, and written as text whatever they hold. It computes no number.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from moviellm.eval.leaderboard.board import Entry, Number, headline
from moviellm.eval.reporting.canvas import COLOURS, SHAPES, Canvas, Plot, clipped, series, text_px
from moviellm.eval.reporting.names import metric_title, task_title
from moviellm.eval.reporting.rows_chart import EDGE, UNDER, WIDTH, Group, Legend, entry_of_run, head, rows_chart

RADIUS: Final = 98
RINGS: Final = (0.25, 0.5, 0.75, 1.0)
ROWS_MAX: Final = 4
"""Rows that a plot shows."""
Blind = Mapping[str, float]
"""What the best blind baseline reaches, by task."""


def bars(entries: Sequence[Entry], tasks: Sequence[str], blind: Blind) -> Plot:
    """A bar with its interval for each row and task."""
    groups = []
    for task in tasks:
        ticks = [("blind", blind[task])] if task in blind else []
        told = [_told(entry.number(task)) for entry in entries]
        rows = [entry_of_run(place, number, kind="bar", ticks=ticks) for place, number in enumerate(told)]
        groups.append(Group(name=task_title(task), entries=rows, note=metric_title(_metric(entries, task))))
    legend = Legend(
        runs=[(place, entry.name) for place, entry in enumerate(entries)],
        marks=[("blind", "best blind baseline")] if blind else (),
    )
    return rows_chart("bars", "Scores by task", f"first number of each task, {UNDER}", groups, legend=legend)


def radar(entries: Sequence[Entry], tasks: Sequence[str], blind: Blind) -> Plot | None:
    """The tasks around a centre; None where they are fewer than three."""
    if len(tasks) < 3:
        return None
    canvas = Canvas(WIDTH)
    legend = Legend(runs=[(place, entry.name) for place, entry in enumerate(entries)])
    top = head(
        canvas, "Profile over the tasks", "first number of each task, from 0 to 1; dashed: best blind baseline", legend
    )
    centre = (WIDTH / 2, top + RADIUS + 34)

    def at(place: int, value: float) -> tuple[float, float]:
        angle = 2 * math.pi * place / len(tasks) - math.pi / 2
        reach = RADIUS * max(0.0, min(value, 1.0))
        return centre[0] + reach * math.cos(angle), centre[1] + reach * math.sin(angle)

    for ring in RINGS:
        _closed(canvas, [at(place, ring) for place in range(len(tasks))], "rule")
    for place, task in enumerate(tasks):
        canvas.line(*centre, *at(place, 1.0), "rule")
        _label(canvas, task, *at(place, 1.0), centre)
    for ring in RINGS:
        canvas.text(centre[0] + 4, centre[1] - RADIUS * ring + 11, f"{ring:g}", colour="soft", size=9.5)
    if blind and all(task in blind for task in tasks):
        points = [at(place, blind[task]) for place, task in enumerate(tasks)]
        canvas.path([*points, points[0]], "control", dash="4 3")
    for place, entry in enumerate(entries):
        values = [entry.number(task) for task in tasks]
        points = [
            at(spoke, number.value) for spoke, number in enumerate(values) if number and number.value is not None
        ]
        if len(points) == len(tasks):
            canvas.area(points, series(place))
            canvas.path([*points, points[0]], series(place))
        for x, y in points:
            canvas.mark(SHAPES[place % len(SHAPES)], x, y, series(place), size=4.4)
    words = "; ".join(_words(entry, tasks) for entry in entries)
    return canvas.plot("radar", "Profile over the tasks", words, centre[1] + RADIUS + 34)


def theme_css() -> str:
    """Style sheet of plots where the page, and not the screen, says that it is dark."""
    rules = [
        f"{mode}.plot .f-{name} {{ fill: {colours[place]} }} {mode}.plot .l-{name} {{ stroke: {colours[place]} }}"
        for place, mode in enumerate(("", ".dark "))
        for name, colours in COLOURS.items()
    ]
    return "\n".join(rules)


def _closed(canvas: Canvas, points: Sequence[tuple[float, float]], colour: str) -> None:
    for place, point in enumerate(points):
        canvas.line(*points[place - 1], *point, colour)


def _label(canvas: Canvas, task: str, x: float, y: float, centre: tuple[float, float]) -> None:
    """A task's name outside the end of its line."""
    away = x - centre[0]
    anchor = "middle" if abs(away) < 12 else "start" if away > 0 else "end"
    room = WIDTH - EDGE - x if away >= 0 else x - EDGE
    room = min(room - 6, 120) if anchor != "middle" else 160
    size = 11.5 if text_px(task_title(task), 11.5) <= room else 10.5
    below = y > centre[1] + 12
    canvas.text(
        x + (0 if anchor == "middle" else 7 if away > 0 else -7),
        y + (16 if below else -8 if anchor == "middle" else 2),
        clipped(task_title(task), room, size),
        size=size,
        anchor=anchor,
    )


def _metric(entries: Sequence[Entry], task: str) -> str:
    told = [entry.tasks[task].metrics for entry in entries if task in entry.tasks]
    return headline(task, told[0]) if told else ""


def _told(number: Number | None) -> dict[str, float | int | None] | None:
    return None if number is None else number.model_dump()


def _words(entry: Entry, tasks: Sequence[str]) -> str:
    numbers = [(task, entry.number(task)) for task in tasks]
    said = ", ".join(
        f"{task_title(task)} {number.value:.3f}" for task, number in numbers if number and number.value is not None
    )
    return f"{entry.name}: {said}"
