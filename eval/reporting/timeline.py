"""A failure on the time of its movie: where the evidence is, where each run looked, what is said when.

    lanes = lanes_of(failure, labels)           # evidence, runs that name times, what is said
    lane_svg(lanes[0], failure.duration_s)      # for the page
    timeline_plot(failure, labels)              # the same as one SVG with names, for Markdown

Lanes of the page are as wide as the page allows: places are given in per cent, so that nothing is scaled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from moviellm.eval.reporting.album import Span
from moviellm.eval.reporting.canvas import Canvas, Plot, clipped, fill, series
from moviellm.eval.reporting.failures import Failure
from moviellm.eval.reporting.rows_chart import EDGE, WIDTH
from moviellm.eval.reporting.showing_text import clock, one_line, visible

TALL: Final = 14
"""Height of a lane."""
MARKS_MAX: Final = 300
"""Spans of a lane."""
STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A stretch of time with what is said of it."""

    span: Span
    told: str


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A line of the timeline."""

    name: str
    colour: str
    marks: tuple[Mark, ...]


def lanes_of(failure: Failure, labels: Sequence[str]) -> list[Lane]:
    """Evidence, runs that name times, what is said, frames."""
    lanes = []
    if failure.evidence:
        marks = tuple(Mark(span=span, told=_range(span)) for span in failure.evidence)
        lanes.append(Lane(name="evidence", colour="gold", marks=marks))
    for one in failure.tries:
        if one.spans:
            marks = tuple(Mark(span=span, told=_range(span)) for span in one.spans)
            lanes.append(Lane(name=labels[one.run], colour=series(one.run), marks=marks))
    if failure.film is not None and failure.film.lines:
        said = tuple(
            Mark(span=line.span, told=f"{clock(line.span[0])} {line.speaker or 'narrator'}: {line.text}")
            for line in failure.film.lines
        )
        lanes.append(Lane(name="said", colour="control", marks=said))
    return lanes


def _range(span: Span) -> str:
    return f"{span[0]:.1f} to {span[1]:.1f} s"


def lane_svg(lane: Lane, duration_s: float) -> str:
    """A lane as SVG as wide as its place; every mark tells what it is when it is pointed at."""
    parts = [f'<rect x="0" y="4" width="100%" height="{TALL - 8}" {fill("rule")}/>']
    for mark in lane.marks[:MARKS_MAX]:
        start, wide = _share(mark.span, duration_s)
        thin = ' fill-opacity="0.7"' if lane.colour == "control" else ""
        parts.append(
            f'<rect x="{100 * start:.2f}%" y="1" width="{100 * wide:.2f}%" height="{TALL - 2}" rx="2" '
            f"{fill(lane.colour)}{thin}><title>{escape(one_line(mark.told, 300))}</title></rect>"
        )
    words = f"{lane.name}: {len(lane.marks)} of {clock(duration_s)}"
    return (
        f'<svg class="plot" width="100%" height="{TALL}" role="img" aria-label="{_attribute(words)}">'
        f"{''.join(parts)}</svg>"
    )


def axis_svg(duration_s: float) -> str:
    """The times under the lanes."""
    parts = []
    for at in _ticks(duration_s):
        anchor = "start" if at == 0 else "end" if at > 0.95 * duration_s else "middle"
        parts.append(
            f'<text x="{100 * at / duration_s:.2f}%" y="11" font-size="11" text-anchor="{anchor}" {fill("soft")}>'
            f"{clock(at)}</text>"
        )
    return f'<svg class="plot" width="100%" height="15" aria-hidden="true">{"".join(parts)}</svg>'


def _ticks(duration_s: float) -> list[float]:
    step = next((step for step in STEPS_S if duration_s / step <= 5), STEPS_S[-1])
    return [float(at) for at in range(0, int(duration_s) + 1, step)][:12]


def _share(span: Span, duration_s: float) -> tuple[float, float]:
    """Start and width as shares of the movie; nothing is outside, and nothing too thin to be seen."""
    start, end = (max(0.0, min(at / duration_s, 1.0)) for at in span)
    wide = max(end - start, 0.004)
    return min(start, 1.0 - wide), wide


def _attribute(text: str) -> str:
    return escape(visible(text), {'"': "&quot;"})


def timeline_plot(failure: Failure, labels: Sequence[str]) -> Plot:
    """The lanes as one picture, with names."""
    canvas = Canvas(WIDTH)
    left, y = 110.0, 12.0
    room = WIDTH - EDGE - left
    lanes = lanes_of(failure, labels)
    for lane in lanes:
        canvas.text(left - 8, y + 11, clipped(lane.name, left - 20, 11.5), size=11.5, anchor="end")
        canvas.rect(left, y + 4, room, TALL - 8, "rule")
        for mark in lane.marks[:MARKS_MAX]:
            start, wide = _share(mark.span, failure.duration_s)
            canvas.rect(left + start * room, y + 1, wide * room, TALL - 2, lane.colour)
        y += TALL + 4
    for at in _ticks(failure.duration_s):
        canvas.text(
            left + room * at / failure.duration_s, y + 10, clock(at), colour="soft", size=10.5, anchor="middle"
        )
    words = "; ".join(f"{lane.name}: {', '.join(mark.told for mark in lane.marks[:20])}" for lane in lanes)
    return canvas.plot(f"failure_{failure.item_id}", failure.item_id, words, y + 20)
