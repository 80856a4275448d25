"""Differences between two runs, each with its interval, around a line at none.

    difference_chart(pair, rows, name="differences_0")

A difference that is not distinguishable is grey and hollow. It tests nothing: see comparisons.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from moviellm.eval.reporting.canvas import SHAPES, Canvas, Plot, clipped, series
from moviellm.eval.reporting.comparisons import Pair
from moviellm.eval.reporting.names import interval, metric_title, task_title
from moviellm.eval.reporting.rows_chart import EDGE, LABEL_MAX, WIDTH, Legend, head
from moviellm.eval.running.comparing import SAME

ROW = 32
VALUE = 50
"""Room for the difference in digits at the right."""
HALVES = (0.1, 0.2, 0.3, 0.5, 1.0)
"""What half an axis may reach to."""


def difference_chart(pair: Pair, rows: Sequence[Mapping[str, Any]], *, name: str) -> Plot:
    """The chart of some of a pair's differences, all on a scale from 0 to 1."""
    canvas = Canvas(WIDTH)
    title = f"{pair.b} − {pair.a}"
    top = head(canvas, title, "difference by question, 95 % intervals by movie", Legend())
    left, right = EDGE + LABEL_MAX + 12.0, WIDTH - EDGE - VALUE
    ends = [abs(row[end]) for row in rows for end in ("low", "high", "difference") if row[end] is not None]
    half = next((value for value in HALVES if max(ends, default=0.0) <= value), max(ends, default=1.0))
    bottom = top + len(rows) * ROW + 4

    def x(value: float) -> float:
        return (left + right) / 2 + (right - left) / 2 * value / half

    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        canvas.line(x(share * half), top, x(share * half), bottom, "rule")
        label = "0" if share == 0 else f"{share * half:+g}"
        canvas.text(x(share * half), bottom + 14, label, colour="soft", size=11, anchor="middle")
    canvas.line(x(0), top, x(0), bottom, "ink", width=1.2)
    for place, row in enumerate(rows):
        y = top + place * ROW + ROW / 2 + 2
        canvas.text(left - 10, y - 1, clipped(task_title(row["task"]), LABEL_MAX), anchor="end")
        canvas.text(left - 10, y + 12, metric_title(row["metric"]), colour="soft", size=10.5, anchor="end")
        same = row["verdict"] == SAME
        winner = pair.b_place if row["difference"] > 0 else pair.a_place
        colour = "control" if same else series(winner)
        if row["low"] is not None:
            canvas.whisker(x(row["low"]), x(row["high"]), y, colour)
        shape = "circle" if same else SHAPES[winner % len(SHAPES)]
        canvas.mark(shape, x(row["difference"]), y, colour, hollow=same)
        canvas.text(right + 8, y + 4, f"{row['difference']:+.3f}", size=11, colour="soft" if same else "ink")
    for step, anchor, side, place in (
        (-10, "end", f"◂ {pair.a} better", pair.a_place),
        (10, "start", f"{pair.b} better ▸", pair.b_place),
    ):
        room = (x(0) if step < 0 else WIDTH - x(0)) - EDGE - 10
        text = clipped(side, room, 11)
        canvas.text(x(0) + step, bottom + 32, text, size=11, anchor=anchor, colour=series(place))
    words = "; ".join(
        f"{task_title(row['task'])} {row['difference']:+.3f} {interval(row, sign='+')} {row['verdict']}"
        for row in rows
    )
    return canvas.plot(name, title, words, bottom + 42)
