"""Objects: the 22 kinds of the offline world, drawn from art/objects.yaml in their colour, held or standing.

    thing = read_object("silver key")               # kind key, colour of silver
    draw_object(canvas, thing, at=(200, 240), unit=0.3)

A name without a known kind becomes a tied bundle. It places nothing: see scene.py.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.geometry import Point, Points, bounds, oval, sample, turn

LIT_KINDS = ("lantern", "candle")


@dataclass(frozen=True)
class Thing:
    """An object by name: what it is and its own colour."""

    name: str
    kind: str
    colour: str


@lru_cache(maxsize=1024)
def read_object(name: str) -> Thing:
    """Kind and colour from the words of a name; the last known kind counts, the first known colour."""
    words = re.findall(r"[a-z]+", name.lower())
    objects, colours = art_data("objects"), art_data("colours")["object"]
    other = art_data("words")["objects"]
    kinds = [word for raw in words for word in (raw, raw.removesuffix("s"), other.get(raw, "")) if word in objects]
    kind = kinds[-1] if kinds else "bundle"
    colour = next((colours[word] for word in words if word in colours), colours[objects[kind]["colour"]])
    return Thing(name, kind, colour)


@lru_cache(maxsize=64)
def _shapes(kind: str, per_curve: int) -> tuple[tuple[tuple[Point, ...], str, float, float], ...]:
    out = []
    for path, colour, lighter, width in art_data("objects")[kind]["shapes"]:
        if path.startswith("O "):
            x, y, rx, ry = (float(value) for value in path.split()[1:])
            points: tuple[Point, ...] = tuple(oval(x, y, rx, ry, 4 * per_curve))
            points = (*points, points[0]) if width else points
        else:
            points = sample(path, per_curve)
        out.append((points, colour, float(lighter), float(width)))
    return tuple(out)


@lru_cache(maxsize=128)
def extent(kind: str, lying: bool = False) -> tuple[float, float, float, float]:
    """Left, top, right, bottom in head units, with the base's middle at 0,0; lying as it rests on a surface."""
    left, top, right, bottom = _turned(kind, lying)
    middle = (left + right) / 2 if lying else 0.0
    return left - middle, top - bottom, right - middle, 0.0


def _turned(kind: str, lying: bool) -> tuple[float, float, float, float]:
    angle = float(art_data("objects")[kind].get("lie", 0.0)) if lying else 0.0
    reach = [(x + dx, y + dy) for points, _, _, w in _shapes(kind, 4) for x, y in points for dx, dy in _corners(w / 2)]
    return bounds([turn(p, angle) for p in reach])


def _corners(half: float) -> tuple[Point, ...]:
    return ((0.0, 0.0),) if not half else ((-half, -half), (half, half), (half, -half), (-half, half))


def draw_object(
    canvas: Canvas,
    thing: Thing,
    at: Point,
    unit: float,
    *,
    held: bool = False,
    facing: int = 1,
    tilt: float = 0.0,
) -> None:
    """Draw it resting on a point or, held, with its grip there; `unit` is px a head unit, tilt in degrees."""
    entry = art_data("objects")[thing.kind]
    if held:
        shift_x, shift_y = (-value for value in entry["grip"])
        angle, base_x, base_y = tilt, 0.0, 0.0
    else:
        left, _, right, bottom = _turned(thing.kind, True)
        shift_x, shift_y, angle = 0.0, 0.0, float(entry.get("lie", 0.0))
        base_x, base_y = (left + right) / 2 * facing, bottom

    def place(points: Sequence[Point]) -> Points:
        moved = [turn(((x + shift_x) * facing, y + shift_y), angle * facing) for x, y in points]
        return [(at[0] + (x - base_x) * unit, at[1] + (y - base_y) * unit) for x, y in moved]

    if "glow" in entry and canvas.lit:
        x, y, reach = entry["glow"]
        ((x0, y0),) = place(((x, y),))
        canvas.glow(x0, y0, reach * unit, strength=0.9)
    _draw_shapes(canvas, thing, place, unit)


def _draw_shapes(canvas: Canvas, thing: Thing, place: Callable[[Sequence[Point]], Points], unit: float) -> None:
    hero = canvas.rules.hero
    own = "accent" if hero and thing.colour == art_data("colours")["object"][hero] else thing.colour
    per_curve = 4 if unit < 0.4 else 8 if unit < 1.2 else 14
    for points, key, lighter, width in _shapes(thing.kind, per_curve):
        emissive = key in ("light", "#fff6d8")
        colour = own if key == "own" else key
        outline = place(points)
        if width:
            if width > 3 and not emissive and key != "ink":
                _edge(canvas, outline, colour, width * unit, lighter)
            canvas.line(outline, colour, max(0.8, width * unit), lighter=lighter, emissive=emissive)
        elif emissive:
            canvas.poly(outline, colour, 0.6, emissive=True)
        else:
            canvas.form(outline, colour, 0.8, 7 * unit, lighter)


def _edge(canvas: Canvas, points: Points, colour: str, width: float, lighter: float) -> None:
    """The darker edge under a thick line: the style's own line where it draws lines."""
    if canvas.rules.outline and canvas.rules.line in ("ink", "pale", "tinted"):
        canvas.line(points, "ink", max(1.0, width) + 2 * canvas.rules.outline * canvas.line_width)
    else:
        canvas.line(points, colour, max(1.2, width * 1.3 + 0.5), lighter=lighter - 0.2)
