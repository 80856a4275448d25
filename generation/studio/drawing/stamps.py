"""Shapes given in a body part's own units and placed by one matrix, so that a shape's text is made once and kept.

    part = Part(canvas, matrix(at=(180, 90), unit=0.3, facing=1, degrees=8))
    part.form(outline, "#2f7377", shadow=10)
    part.done()

Outlines and their shadow bands are cached by what they are made of alone, never by who asked first, so every process
writes the same text. A part becomes one element of the canvas. It knows no people: see body.py.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from moviellm.generation.studio.drawing.canvas import Canvas, Mark
from moviellm.generation.studio.drawing.geometry import Point, area, crescents, oval, spline

Outline = tuple[Point, ...]
Matrix = tuple[float, float, float, float, float, float]
"""a b c d e f of SVG: x' = a x + c y + e, y' = b x + d y + f."""

GRAIN: Final = 10
"""Path text counts in tenths of a unit."""
COMPASS: Final = 24
"""Directions that a light can come from, as far as a part's shadows go."""


def matrix(at: Point, unit: float, facing: int = 1, degrees: float = 0.0) -> Matrix:
    """Puts a part's origin at a point: `unit` px a unit, turned (+ is clockwise), all mirrored when facing left."""
    sin, cos = math.sin(math.radians(degrees * facing)) * unit, math.cos(math.radians(degrees * facing)) * unit
    return cos * facing, sin * facing, -sin, cos, at[0], at[1]


class Part:
    """Collects the shapes of one part; `done` hands them to the canvas."""

    def __init__(self, canvas: Canvas, place: Matrix) -> None:
        a, b, c, d = place[:4]
        lx, ly = canvas.light
        self.canvas = canvas
        self.unit = math.hypot(a, b)
        """Px of one unit."""
        self.place = place
        turn = math.degrees(math.atan2(c * lx + d * ly, a * lx + b * ly))
        self.light = round(turn * COMPASS / 360) % COMPASS
        self._runs: list[tuple[bool, list[str]]] = []
        self._marks: list[tuple[Outline, float]] = []
        self._grain = GRAIN / self.unit
        """Text units of one px."""

    def form(
        self,
        points: Outline,
        key: str,
        line: float = 1.0,
        shadow: float = 0.0,
        lighter: float = 0.0,
        rim: float = 0.0,
        shade: float = 1.0,
    ) -> None:
        """A body with a form shadow of width `shadow` units and a lit rim; as `Canvas.form`."""
        rules = self.canvas.rules
        colour = self.canvas.colour(key, lighter)
        text = path(points)
        look = self._lined(text, colour, line)
        out = f'<path d="{text}" fill="{colour}"{look}/>'
        if shadow and rules.form_shade:
            away, lit = bands(points, self.light, shadow, rim if rules.rim else 0.0)
            if away:
                out += f'<path d="{away}" fill="{self.canvas.palette.shade(colour, shade)}"/>'
            if lit:
                out += f'<path d="{lit}" fill="{self.canvas.palette.rim(colour)}" fill-opacity="{rules.rim}"/>'
        self._add(out)
        self._marks.append((points, self._reach(line)))

    def forms(self, outlines: Sequence[Outline], key: str, shadow: float, lighter: float = 0.0) -> None:
        """Overlapping outlines, all clockwise, as one body with one line around them."""
        colour = self.canvas.colour(key, lighter)
        text = "".join(path(points) for points in outlines)
        out = f'<path d="{text}" fill="{colour}"{self._lined(text, colour, 1.0)}/>'
        if self.canvas.rules.form_shade:
            shade = self.canvas.palette.shade(colour)
            for points in outlines:
                away, _ = bands(points, self.light, shadow, 0.0, level=True)
                if away:
                    out += f'<path d="{away}" fill="{shade}"/>'
        self._add(out)
        reach = self._reach(1.0)
        self._marks += [(points, reach) for points in outlines]

    def poly(
        self,
        points: Outline,
        key: str,
        line: float = 0.0,
        lighter: float = 0.0,
        opacity: float | None = None,
        emissive: bool = False,
    ) -> None:
        """A flat detail; it lies inside a form and counts for no box."""
        colour = self.canvas.colour(key, lighter, emissive)
        text = path(points)
        look = self._lined(text, colour, line) if opacity is None else f' fill-opacity="{opacity:.2f}"'
        self._add(f'<path d="{text}" fill="{colour}"{look}/>')

    def dot(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        key: str,
        lighter: float = 0.0,
        opacity: float | None = None,
        emissive: bool = False,
    ) -> None:
        """An ellipse, flat as `poly`."""
        steps = 12 if rx * self.unit < 5 else 18
        self.poly(
            _oval(round(x, 1), round(y, 1), round(rx, 1), round(ry, 1), steps), key, 0, lighter, opacity, emissive
        )

    def stroke(
        self,
        points: Outline,
        key: str,
        width: float,
        opacity: float = 1.0,
        lighter: float = 0.0,
        least: float = 0.0,
        mark: bool = False,
    ) -> None:
        """An open smooth line `width` units wide, at least `least` px; `mark` where it can stick out of the forms."""
        wide = max(width * GRAIN, least * self._grain)
        faded = "" if opacity == 1 else f' stroke-opacity="{opacity:.2f}"'
        self._add(
            f'<path d="{path(points, False)}" fill="none" stroke="{self.canvas.colour(key, lighter)}" '
            f'stroke-width="{wide:.1f}" stroke-linecap="round" stroke-linejoin="round"{faded}/>'
        )
        if mark:
            self._marks.append((points, wide / self._grain / 2))

    def done(self) -> None:
        """Hand the part to the canvas as elements of whoever owns it now."""
        a, b, c, d, e, f = self.place
        head = (
            f'<g transform="matrix({a / GRAIN:.5f} {b / GRAIN:.5f} {c / GRAIN:.5f} {d / GRAIN:.5f} {e:.2f} {f:.2f})">'
        )
        for effect, texts in self._runs:
            self.canvas.raw(f"{head}{''.join(texts)}</g>", effect)
        if not self._runs:
            return
        owner = self.canvas.elements[-1].owner
        for points, reach in self._marks:
            spots = [(a * x + c * y + e, b * x + d * y + f) for x, y in points]
            self.canvas.marks.append(Mark(owner, spots, reach, True, True))
        self._runs, self._marks = [], []

    def _reach(self, line: float) -> float:
        return self.canvas.rules.outline * self.canvas.line_width * line

    def _add(self, text: str, effect: bool = False) -> None:
        if self._runs and self._runs[-1][0] == effect:
            self._runs[-1][1].append(text)
        else:
            self._runs.append((effect, [text]))

    def _lined(self, text: str, colour: str, line: float) -> str:
        """Draw the drop shadow of a shape; the attributes of its line, which lies under its fill."""
        canvas, rules = self.canvas, self.canvas.rules
        if rules.drop and line:
            reach = rules.drop * (1.0 if canvas.haze < 0.3 else 0.6) * self._grain / self.unit
            a, b, c, d = self.place[:4]
            x, y = -canvas.light[0] * reach, reach * 0.9
            self._add(
                f'<path d="{text}" transform="translate({a * x + b * y:.1f} {c * x + d * y:.1f})" '
                f'fill="#1a1420" fill-opacity=".28"/>',
                True,
            )
        if not rules.outline or not line:
            return ""
        width = rules.outline * canvas.line_width * line * 2 * self._grain
        return (
            f' stroke="{canvas.palette.line(colour, canvas.haze)}" paint-order="stroke" '
            f'stroke-width="{width:.1f}" stroke-linejoin="round"'
        )


@lru_cache(maxsize=8192)
def path(points: Outline, closed: bool = True) -> str:
    """SVG path data in tenths of a unit: a point, and the steps from it to the others, which are short text."""
    x, y = round(points[0][0] * GRAIN), round(points[0][1] * GRAIN)
    steps = []
    start = f"M{x} {y}l"
    for px, py in points[1:]:
        to_x, to_y = round(px * GRAIN), round(py * GRAIN)
        steps.append(f"{to_x - x} {to_y - y}")
        x, y = to_x, to_y
    return start + " ".join(steps) + ("Z" if closed else "")


@lru_cache(maxsize=16384)
def bands(points: Outline, light: int, shadow: float, rim: float, level: bool = False) -> tuple[str, str]:
    """Path data of the form shadow and of the lit rim; empty where there is none. `level` is for upright cloth."""
    angle = math.tau * light / COMPASS
    towards = (math.cos(angle), math.sin(angle) * (0.25 if level else 1.0))
    wanted = [(shadow, 0.25 if level else 0.12, 1)]
    if rim:
        wanted.append((shadow * 0.24 * rim, 0.45, -1))
    made = ["" if band is None else path(tuple(band)) for band in crescents(points, towards, wanted)]
    return made[0], made[1] if rim else ""


@lru_cache(maxsize=4096)
def _oval(x: float, y: float, rx: float, ry: float, steps: int) -> Outline:
    return tuple(oval(x, y, rx, ry, steps))


@lru_cache(maxsize=4096)
def smooth(points: Outline, closed: bool = True, steps: int = 4) -> Outline:
    """`geometry.spline`, kept."""
    return tuple(spline(points, closed, steps))


def clockwise(points: Sequence[Point]) -> Outline:
    """The outline in the winding that `forms` wants."""
    return tuple(points) if area(points) > 0 else tuple(points)[::-1]
