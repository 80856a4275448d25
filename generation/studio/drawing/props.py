"""Objects: the kinds of the offline world, drawn from art/objects.yaml in their colour and state, held or lying.

    thing = read_object("silver key")                         # kind key, colour of silver
    chest = read_object("brown chest", "the sea chest", ("open",))
    draw_object(canvas, thing, at=(200, 240), unit=true_scale(thing, head_px=24))

A name without a known kind becomes a tied bundle. It places nothing: see scene.py.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.geometry import Point, Points, bounds, turn
from moviellm.generation.studio.drawing.symbols import EMISSIVE, shapes

STATES = ("broken", "open", "lit")
"""States that change a drawing; the first one that holds and that the kind has is drawn."""
LEGIBLE_PX = 18.0
LEGIBLE_SHARE = 0.36
"""The longer side of an object is never shorter than this in the 512x288 frame, nor than this share of a head, however
small it really is; it is never made longer than .9 of a head for that."""


@dataclass(frozen=True)
class Thing:
    """An object by name: what it is, its own colour and its state."""

    name: str
    kind: str
    colour: str
    state: str = ""
    """The state that is drawn; empty when none is."""

    @property
    def shape(self) -> str:
        """Name of its drawing, e.g. `chest.open`."""
        return f"{self.kind}.{self.state}" if self.state else self.kind


@lru_cache(maxsize=1024)
def read_object(phrase: str, name: str = "", states: tuple[str, ...] = ()) -> Thing:
    """Kind and colour from the words of a phrase, e.g. `silver key`; `name` is what the thing is called.

    The last known kind counts and the first known colour. States that the kind has no drawing of change nothing.
    """
    words = re.findall(r"[a-z]+", phrase.lower())
    objects, colours = art_data("objects"), art_data("colours")["object"]
    kinds = [kind for word in words if (kind := object_kind(word))]
    kind = kinds[-1] if kinds else "bundle"
    colour = next((colours[word] for word in words if word in colours), colours[objects[kind]["colour"]])
    state = next((state for state in STATES if state in states and state in objects[kind]), "")
    return Thing(name or phrase, kind, colour, state)


def object_kind(word: str) -> str:
    """The kind that a word means, singular or plural; empty when it means none."""
    objects, other = art_data("objects"), art_data("words")["objects"]
    for form in (word, word.removesuffix("s"), word.removesuffix("es")):
        if form in objects:
            return form
        if form in other:
            return str(other[form])
    return ""


@lru_cache(maxsize=256)
def extent(shape: str, lying: bool = False) -> tuple[float, float, float, float]:
    """Left, top, right, bottom in art units, with the base's middle at 0,0; lying as it rests on a surface."""
    left, top, right, bottom = _turned(shape, lying)
    middle = (left + right) / 2 if lying else 0.0
    return left - middle, top - bottom, right - middle, 0.0


def _turned(shape: str, lying: bool) -> tuple[float, float, float, float]:
    angle = float(art_data("objects")[shape.partition(".")[0]].get("lie", 0.0)) if lying else 0.0
    reach = [
        (x + dx, y + dy)
        for points, _, _, width in shapes("objects", shape, 4)
        for x, y in points
        for dx, dy in _corners(width / 2)
    ]
    return bounds([turn(p, angle) for p in reach])


def _corners(half: float) -> tuple[Point, ...]:
    return ((0.0, 0.0),) if not half else ((-half, -half), (half, half), (half, -half), (-half, half))


@lru_cache(maxsize=1024)
def true_scale(thing: Thing, head_px: float) -> float:
    """Px an art unit beside a figure whose head is `head_px` high.

    The real size, but no smaller than can be read.
    """
    left, top, right, bottom = extent(thing.kind)
    longer = max(right - left, bottom - top)
    real = float(art_data("objects")[thing.kind]["size"]) / 100 * head_px
    return max(real, min(max(LEGIBLE_PX, LEGIBLE_SHARE * head_px), 0.9 * head_px)) / longer


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
    """Draw it resting on a point or, held, with its grip there; `unit` is px an art unit, tilt in degrees."""
    entry = art_data("objects")[thing.kind]
    if held:
        shift_x, shift_y = (-value for value in entry["grip"])
        angle, base_x, base_y = tilt, 0.0, 0.0
    else:
        left, _, right, bottom = _turned(thing.shape, True)
        shift_x, shift_y, angle = 0.0, 0.0, float(entry.get("lie", 0.0))
        base_x, base_y = (left + right) / 2 * facing, bottom

    def place(points: Sequence[Point]) -> Points:
        moved = [turn(((x + shift_x) * facing, y + shift_y), angle * facing) for x, y in points]
        return [(at[0] + (x - base_x) * unit, at[1] + (y - base_y) * unit) for x, y in moved]

    if thing.state == "lit":
        x, y, reach = entry["glow"]
        ((x0, y0),) = place(((x, y),))
        canvas.glow(x0, y0, reach * unit, strength=0.9 if canvas.lit else 0.5)
    _draw_shapes(canvas, thing, place, unit)


def _draw_shapes(canvas: Canvas, thing: Thing, place: Callable[[Sequence[Point]], Points], unit: float) -> None:
    hero = canvas.rules.hero
    own = "accent" if hero and thing.colour == art_data("colours")["object"][hero] else thing.colour
    per_curve = 4 if unit < 0.4 else 8 if unit < 1.2 else 14
    for points, key, lighter, width in shapes("objects", thing.shape, per_curve):
        colour = own if key == "own" else key
        outline = place(points)
        if width:
            if width > 3 and key not in EMISSIVE and key != "ink":
                _edge(canvas, outline, colour, width * unit, lighter)
            canvas.line(outline, colour, max(0.8, width * unit), lighter=lighter, emissive=key in EMISSIVE)
        elif key in EMISSIVE:
            canvas.poly(outline, colour, 0.6, emissive=True)
        else:
            canvas.form(outline, colour, 0.8, 7 * unit, lighter)


def _edge(canvas: Canvas, points: Points, colour: str, width: float, lighter: float) -> None:
    """The darker edge under a thick line: the style's own line where it draws lines."""
    if canvas.rules.outline and canvas.rules.line in ("ink", "pale", "tinted"):
        canvas.line(points, "ink", max(1.0, width) + 2 * canvas.rules.outline * canvas.line_width)
    else:
        canvas.line(points, colour, max(1.2, width * 1.3 + 0.5), lighter=lighter - 0.2)
