"""The proof as a picture: bars with their intervals, as SVG text.

    figure(results)                             # of telling.results_of

Three panels: what each model answers on each set of movies, by kind of question, and by what it was shown. Every bar
starts at 0 and carries its value, so that the picture can be read without the table.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from moviellm.training.proof.telling import NAMES, RUNS, SETS, VIEWS, record

COLOURS = {"baseline": "#b9c2cc", "movies": "#d1603d", "control": "#5b7083"}
WIDTH, PANEL, PLOT = 960, 250, 150
"""Pixels: width, height of a panel, height of its bars at 1.0."""
LEFT, RIGHT = 56, 16
Interval = Mapping[str, float | None]
Group = tuple[str, Sequence[Interval]]


def figure(results: Mapping[str, Any]) -> str:
    """SVG of the pooled scores."""
    pooled = results["pooled"]
    sets: list[Group] = [(told, [record(pooled, run, name)["score"] for run in RUNS]) for name, told in SETS.items()]
    sets.append(("grounding: mIoU", [record(pooled, run)["miou"] for run in RUNS]))
    asked = record(pooled, "movies")["kinds"]
    kinds: list[Group] = [(kind, [record(pooled, run)["kinds"][kind] for run in RUNS]) for kind in asked]
    views: list[Group] = [
        (told, [record(pooled, run, "known", view)["score"] for run in RUNS]) for view, told in VIEWS.items()
    ]
    panels = [
        ("Exact answers by greedy decoding", sets),
        ("Held-out movies, by kind of question", kinds),
        ("Held-out movies, by what is shown", views),
    ]
    parts = [_panel(title, groups, 44 + number * PANEL) for number, (title, groups) in enumerate(panels)]
    height = 44 + len(panels) * PANEL
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" '
            'font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#222">',
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            _legend(),
            *parts,
            "</svg>\n",
        ]
    )


def _legend() -> str:
    parts, at = [], LEFT
    for run, name in NAMES.items():
        parts.append(f'<rect x="{at}" y="14" width="12" height="12" fill="{COLOURS[run]}"/>')
        parts.append(f'<text x="{at + 18}" y="24">{escape(name)}</text>')
        at += 40 + 7 * len(name)
    parts.append(f'<text x="{WIDTH - RIGHT}" y="24" text-anchor="end" fill="#666">95 % intervals by movie</text>')
    return "\n".join(parts)


def _panel(title: str, groups: Sequence[Group], top: float) -> str:
    floor = top + 34 + PLOT
    parts = [f'<text x="{LEFT}" y="{top + 16}" font-size="14" font-weight="bold">{escape(title)}</text>']
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = floor - tick * PLOT
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:g}" y2="{y:g}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:g}" text-anchor="end" fill="#666">{tick:g}</text>')
    step = (WIDTH - LEFT - RIGHT) / len(groups)
    for number, (name, intervals) in enumerate(groups):
        middle = LEFT + (number + 0.5) * step
        parts.append(f'<text x="{middle:.1f}" y="{floor + 18:g}" text-anchor="middle">{escape(name)}</text>')
        wide = min(40.0, step * 0.78 / len(intervals))
        start = middle - wide * len(intervals) / 2
        for place, (run, interval) in enumerate(zip(RUNS, intervals, strict=True)):
            parts.append(_bar(run, interval, start + place * wide, wide, floor))
    return "\n".join(parts)


def _bar(run: str, interval: Interval, x: float, wide: float, floor: float) -> str:
    value = interval["estimate"]
    if value is None:
        return ""
    low, high = interval["low"], interval["high"]
    middle, tip = x + (wide - 3) / 2, value if high is None else high
    parts = [
        f'<rect x="{x:.1f}" y="{floor - value * PLOT:.1f}" width="{wide - 3:.1f}" height="{value * PLOT:.1f}" '
        f'fill="{COLOURS[run]}"/>',
        f'<text x="{middle:.1f}" y="{floor - tip * PLOT - 4:.1f}" text-anchor="middle" font-size="10">{_short(value)}'
        "</text>",
    ]
    if low is not None and high is not None:
        ends = f'y1="{floor - low * PLOT:.1f}" y2="{floor - high * PLOT:.1f}"'
        parts.append(f'<line x1="{middle:.1f}" x2="{middle:.1f}" {ends} stroke="#222"/>')
    return "\n".join(parts)


def _short(value: float) -> str:
    """`.71`, `1.0`."""
    return "1.0" if value >= 0.995 else f"{value:.2f}"[1:]
