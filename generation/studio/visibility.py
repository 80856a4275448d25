"""What can be seen of whom: boxes from the drawn outlines, and the share that something nearer hides.

    visible(canvas, view)        # list[schema.Visible]

A box holds every drawn point of an entity, rounded outwards to 1/1024 of the frame and cut at the frame; light, shadow
and glow are in nobody's box. `occluded` is measured: all opaque outlines are painted in drawing order on a 256x144 map
of owners; occluded = 1 - (cells that are still the entity's) / (cells that its outlines cover alone). What the frame
cuts off counts as neither. It reads no pixels of the picture.
"""

import math

from PIL import Image, ImageDraw

from moviellm.generation.schema import Visible
from moviellm.generation.studio.canvas import Canvas, Mark

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
    top = _paint(canvas.marks, view, Image.new("L", MAP, 0)).histogram()
    out = []
    for index, owner in enumerate(canvas.owners):
        box = _box(owned[index], view)
        if box is None:
            continue
        alone = _paint([mark._replace(owner=0) for mark in owned[index]], view, Image.new("L", MAP, 0)).histogram()[1]
        hidden = 1 - min(top[index + 1], alone) / alone if alone else 0.0
        x, y, width, height = box
        out.append(
            Visible(
                entity_id=owner.entity_id,
                kind="person" if owner.kind == "person" else "object",
                x=x,
                y=y,
                width=width,
                height=height,
                occluded=round(hidden, 3),
            )
        )
    return [item for item in out if item.occluded < 1]


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


def _paint(marks: list[Mark], view: View, image: Image.Image) -> Image.Image:
    """The map with every opaque mark painted in its owner's number + 1, in order."""
    draw = ImageDraw.Draw(image)
    x0, y0, width, height = view
    kx, ky = MAP[0] / width, MAP[1] / height
    for mark in marks:
        if not mark.opaque:
            continue
        points = [((x - x0) * kx, (y - y0) * ky) for x, y in mark.points]
        if mark.filled:
            draw.polygon(points, fill=mark.owner + 1)
        else:
            draw.line(points, fill=mark.owner + 1, width=max(1, round(mark.reach * 2 * kx)))
    return image
