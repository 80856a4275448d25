"""What can be seen of whom: boxes from the drawn outlines, and the share that something nearer hides.

    visible(canvas, view)        # list[schema.Visible]

A box holds every drawn point of an entity inside the frame, rounded outwards to 1/1024 of it; light, shadow
and glow are in nobody's box. `occluded` is measured: an entity's opaque outlines, and those of others that come after
it and reach into its box, are painted in drawing order on a map of the frame;
occluded = 1 - (cells that are still the entity's) / (cells that its outlines cover alone). What the frame
cuts off counts as neither. It reads no pixels of the picture.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw

from moviellm.generation.schema import Visible
from moviellm.generation.studio.drawing.canvas import FRAME_HEIGHT, FRAME_WIDTH, Canvas, Mark
from moviellm.generation.studio.drawing.geometry import Point, between

View = tuple[float, float, float, float]
"""x, y, width, height."""
STEPS = 1024
"""Boxes are rounded outwards to this many steps a side."""
EDGE = 0.6
"""Px that a drawing may reach past its points: text rounds them, and a pixel's edge is soft."""


class _Shape(NamedTuple):
    """A mark and how far it reaches."""

    mark: Mark
    left: float
    top: float
    right: float
    bottom: float


def visible(canvas: Canvas, view: View) -> list[Visible]:
    """Every entity of the canvas that has a part in the view."""
    shapes = [_reaching(mark) for mark in canvas.marks]
    owned: list[list[_Shape]] = [[] for _ in canvas.owners]
    for shape in shapes:
        if shape.mark.owner >= 0:
            owned[shape.mark.owner].append(shape)
    out = []
    for index, owner in enumerate(canvas.owners):
        reach = _inside(owned[index], view)
        box = _box(reach, view) if reach else None
        if reach is None or box is None:
            continue
        hidden = _hidden(index, reach, shapes, view)
        if hidden < 1:
            x, y, width, height = box
            kind: Literal["person", "object"] = "person" if owner.kind == "person" else "object"
            out.append(
                Visible(
                    entity_id=owner.entity_id,
                    kind=kind,
                    x=x,
                    y=y,
                    width=width,
                    height=height,
                    occluded=round(hidden, 3),
                )
            )
    return out


def _reaching(mark: Mark) -> _Shape:
    xs, ys = zip(*mark.points, strict=True)
    reach = mark.reach
    return _Shape(mark, min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach)


def _inside(shapes: Sequence[_Shape], view: View) -> View | None:
    """Left, top, right, bottom of what lies in the view; None when nothing does."""
    frame = left, top, right, bottom = view[0], view[1], view[0] + view[2], view[1] + view[3]
    whole, crossing = [], []
    for shape in shapes:
        if shape.left >= left and shape.top >= top and shape.right <= right and shape.bottom <= bottom:
            whole.append(shape)
        elif shape.left < right and shape.right > left and shape.top < bottom and shape.bottom > top:
            crossing.append(shape)
    reach = _union(whole) if whole else None
    for shape in crossing:
        # What goes no farther than the rest even where it is not cut changes nothing.
        cut = max(shape.left, left), max(shape.top, top), min(shape.right, right), min(shape.bottom, bottom)
        if reach and cut[0] >= reach[0] and cut[1] >= reach[1] and cut[2] <= reach[2] and cut[3] <= reach[3]:
            continue
        part = _part(shape, frame)
        if part is not None:
            reach = _union([part, _Shape(shape.mark, *reach)]) if reach else part[1:]
    return reach


def _part(shape: _Shape, frame: View) -> _Shape | None:
    """What of a shape lies between left, top, right and bottom."""
    mark, reach = shape.mark, shape.mark.reach + 2.0  # joins and soft edges reach a little farther
    points: Sequence[Point] = mark.points
    left, top, right, bottom = frame
    for crosses, axis, edge, sign in (
        (shape.left < left, 0, left, 1),
        (shape.right > right, 0, right, -1),
        (shape.top < top, 1, top, 1),
        (shape.bottom > bottom, 1, bottom, -1),
    ):
        if crosses:
            points = _cut(points, axis, edge - sign * reach, sign, mark.filled)
        if not points:
            return None
    return _reaching(mark._replace(points=points))


def _cut(points: Sequence[Point], axis: int, edge: float, sign: int, closed: bool) -> list[Point]:
    """The part of an outline or line on one side of an upright or level edge."""
    out: list[Point] = []
    before = points[-1] if closed else points[0]
    for here in points:
        was, now = (before[axis] - edge) * sign, (here[axis] - edge) * sign
        if was * now < 0:
            out.append(between(before, here, was / (was - now)))
        if now >= 0:
            out.append(here)
        before = here
    return out


def _union(shapes: Sequence[_Shape]) -> View:
    """Left, top, right, bottom of all."""
    _, lefts, tops, rights, bottoms = zip(*shapes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _box(reach: View, view: View) -> View | None:
    """x, y, width, height of a left, top, right, bottom as fractions; None when nothing is inside the view."""
    x0, y0, width, height = view
    left, top, right, bottom = reach
    first_x = max(0, math.floor(((left - EDGE - x0) / width) * STEPS))
    first_y = max(0, math.floor(((top - EDGE - y0) / height) * STEPS))
    last_x = min(STEPS, math.ceil(((right + EDGE - x0) / width) * STEPS))
    last_y = min(STEPS, math.ceil(((bottom + EDGE - y0) / height) * STEPS))
    if last_x <= first_x or last_y <= first_y:
        return None
    return first_x / STEPS, first_y / STEPS, (last_x - first_x) / STEPS, (last_y - first_y) / STEPS


def _hidden(index: int, reach: View, shapes: Sequence[_Shape], view: View) -> float:
    """The share of an entity that what is drawn after it covers."""
    left, top, right, bottom = reach
    mine: list[Mark] = []
    layers: list[Mark] = []
    for shape in shapes:
        if not shape.mark.opaque:
            continue
        if shape.mark.owner == index:
            mine.append(shape.mark)
            layers.append(shape.mark)
        elif mine and shape.left < right and shape.right > left and shape.top < bottom and shape.bottom > top:
            layers.append(shape.mark)
    if len(layers) == len(mine):
        return 0.0
    x0, y0, width, height = view
    seen = (
        max(int(left), int(x0)),
        max(int(top), int(y0)),
        min(int(right) + 1, int(x0 + width)),
        min(int(bottom) + 1, int(y0 + height)),
    )
    if seen[0] >= seen[2] or seen[1] >= seen[3]:
        return 0.0
    alone = _cells(mine, index, seen)
    return 1 - min(_cells(layers, index, seen), alone) / alone if alone else 0.0


def _cells(marks: Sequence[Mark], owner: int, seen: tuple[int, int, int, int]) -> int:
    """Cells of the owner's when all marks are painted in order."""
    image = Image.new("L", (int(FRAME_WIDTH), int(FRAME_HEIGHT)), 0)
    draw = ImageDraw.Draw(image)
    for mark in marks:
        fill = 1 if mark.owner == owner else 0
        if mark.filled:
            draw.polygon(mark.points, fill=fill)
        else:
            draw.line(mark.points, fill=fill, width=max(1, round(mark.reach * 2)))
    return image.crop(seen).histogram()[1]
