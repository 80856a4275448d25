"""What can be seen of whom: boxes from the drawn outlines, and the share that something nearer hides.

    visible(canvas, view)        # list[schema.Visible]

A box holds every drawn point of an entity, rounded outwards to 1/1024 of the frame and cut at the frame; light, shadow
and glow are in nobody's box. `occluded` is measured: all opaque outlines are painted in drawing order on a 256x144 map
of owners; occluded = 1 - (cells that are still the entity's) / (cells that its outlines cover alone). What the frame
cuts off counts as neither. It reads no pixels of the picture.
"""

import math
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw

from moviellm.generation.schema import Visible
from moviellm.generation.studio.drawing.canvas import Canvas, Mark

View = tuple[float, float, float, float]
MAP = (256, 144)
STEPS = 1024
"""Boxes are rounded outwards to this many steps a side."""


def visible(canvas: Canvas, view: View) -> list[Visible]:
    """Every entity of the canvas that has a part in the view."""
    owned: list[list[Mark]] = [[] for _ in canvas.owners]
    for mark in canvas.marks:
        if mark.owner >= 0:
            owned[mark.owner].append(mark)
    shapes = [_scaled(mark, view) for mark in canvas.marks if mark.opaque]
    cells = _paint(shapes).histogram()
    out = []
    for index, owner in enumerate(canvas.owners):
        box = _box(owned[index], view)
        if box is None:
            continue
        alone = _paint([shape for shape in shapes if shape.owner == index]).histogram()[index + 1]
        hidden = 1 - min(cells[index + 1], alone) / alone if alone else 0.0
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


def _box(marks: list[Mark], view: View) -> View | None:
    """x, y, width, height as fractions; None when nothing is inside the view."""
    if not marks:
        return None
    x0, y0, width, height = view
    left = min(min(p[0] for p in mark.points) - mark.reach for mark in marks)
    top = min(min(p[1] for p in mark.points) - mark.reach for mark in marks)
    right = max(max(p[0] for p in mark.points) + mark.reach for mark in marks)
    bottom = max(max(p[1] for p in mark.points) + mark.reach for mark in marks)
    # Path text keeps one decimal and a pixel's edge is soft.
    first_x = max(0, math.floor(((left - 0.1 - x0) / width) * STEPS))
    first_y = max(0, math.floor(((top - 0.1 - y0) / height) * STEPS))
    last_x = min(STEPS, math.ceil(((right + 0.1 - x0) / width) * STEPS))
    last_y = min(STEPS, math.ceil(((bottom + 0.1 - y0) / height) * STEPS))
    if last_x <= first_x or last_y <= first_y:
        return None
    return first_x / STEPS, first_y / STEPS, (last_x - first_x) / STEPS, (last_y - first_y) / STEPS


class _Shape(NamedTuple):
    """A mark on the map of owners."""

    owner: int
    points: list[tuple[float, float]]
    width: int
    """Of a line; 0 is filled."""


def _scaled(mark: Mark, view: View) -> _Shape:
    x0, y0, width, height = view
    kx, ky = MAP[0] / width, MAP[1] / height
    points = [((x - x0) * kx, (y - y0) * ky) for x, y in mark.points]
    return _Shape(mark.owner, points, 0 if mark.filled else max(1, round(mark.reach * 2 * kx)))


def _paint(shapes: list[_Shape]) -> Image.Image:
    """The map with every shape painted in its owner's number + 1, in order."""
    image = Image.new("L", MAP, 0)
    draw = ImageDraw.Draw(image)
    for shape in shapes:
        if shape.width:
            draw.line(shape.points, fill=shape.owner + 1, width=shape.width)
        else:
            draw.polygon(shape.points, fill=shape.owner + 1)
    return image
