"""Inserts: one thing, large, on what it lies on, with a hand.

Called by scene.py. The hand is nobody's box: a person is not told from a hand.
"""

from collections.abc import Sequence

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.body import colours_of
from moviellm.generation.studio.drawing.canvas import FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.geometry import Point, limb, rounded, spline
from moviellm.generation.studio.drawing.props import Thing, draw_object, extent
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.looks import Looks

HORIZON = 168.0


def draw_insert_ground(canvas: Canvas, stage: Stage, view: tuple[float, float, float, float]) -> None:
    """Nothing more behind an insert than the place itself, out of focus."""
    canvas.vignette(0.2)


def draw_insert(
    canvas: Canvas, stage: Stage, thing: Thing, others: Sequence[Thing], looks: Looks | None, held: bool
) -> None:
    """The thing on a surface, a second one behind it, a hand from the lower corner."""
    key = "wood" if stage.indoor and stage.surface == "ground" else stage.surface
    canvas.rect(-6, HORIZON, FRAME_WIDTH + 12, 130, key, 0, lighter=0.02)
    canvas.gradient((-6, HORIZON, FRAME_WIDTH + 12, 30), "light", key, top_opacity=0.22, bottom_opacity=0.0)
    r = canvas.random
    for i in range(4):
        y = HORIZON + 16 + i * i * 9 + i * 10
        canvas.curve(
            [(-10, y), (150, y - 2 + r.uniform(-2, 2)), (340, y + r.uniform(-2, 2)), (530, y)], "ink", 1.0, 0.2
        )
    side = -1 if canvas.light[0] < 0 else 1
    for k, other in enumerate(others[:2]):
        left, top, right, bottom = extent(other.kind, lying=True)
        size = 74 / max(right - left, bottom - top)
        x = 96.0 if k == 0 else 430.0
        canvas.contact(x - side * 6, HORIZON + 26, (right - left) * size * 0.66, 7, 0.6)
        with canvas.owned(other.name, "object"):
            draw_object(canvas, other, (x, HORIZON + 24), size)
    left, top, right, bottom = extent(thing.kind, lying=not held)
    size = min(164 / (bottom - top), 236 / (right - left))
    grip_x, grip_y = art_data("objects")[thing.kind]["grip"]
    canvas.glow(246, 150, 190, 130, strength=0.35)
    if held:
        hand: Point = (250 + (grip_x - (left + right) / 2) * size * 0.5, 142 + (grip_y - (top + bottom) / 2) * size)
    else:
        canvas.contact(246 - side * 12, 246, (right - left) * size * 0.62, 11, 0.75)
        hand = (246 + right * size + 30, 206)
    if looks:
        _sleeve(canvas, looks, hand)
    with canvas.owned(thing.name, "object"):
        if held:
            draw_object(canvas, thing, (hand[0] - 2, hand[1] + 12), size, held=True)
        else:
            draw_object(canvas, thing, (246.0, 246.0), size)
    if looks:
        _fingers(canvas, looks, hand)


def _sleeve(canvas: Canvas, looks: Looks, at: Point) -> None:
    colours = colours_of(looks)
    x, y = at
    canvas.form(limb((x + 210, y + 150), (x + 120, y + 84), (x + 52, y + 40), (40, 34, 30)), colours.skin, 1, 18)
    thumb = limb((x + 60, y + 64), (x + 22, y + 52), (x - 8, y + 22), (16, 14, 11))
    canvas.form(thumb, colours.skin, 0.8, 8, -0.03)
    arm = [(x + 122, y + 36), (x + 320, y + 70), (x + 320, y + 260), (x + 72, y + 150)]
    canvas.form(rounded(arm, 10, 3), colours.coat, 1, 30)
    cuff = [(x + 112, y + 32), (x + 136, y + 42), (x + 88, y + 160), (x + 62, y + 146)]
    canvas.form(rounded(cuff, 7, 3), colours.coat, 1, 10, -0.06)


def _fingers(canvas: Canvas, looks: Looks, at: Point) -> None:
    colours = colours_of(looks)
    x, y = at
    for i in range(3):
        a, b, c = (x + 74 + i * 8, y + 8 + i * 18), (x + 40 + i * 5, y - 14 + i * 19), (x + 2 + i * 9, y - 4 + i * 19)
        canvas.form(limb(a, b, c, (15 - i * 0.5, 13, 10.5 - i * 0.6)), colours.skin, 0.8, 8, 0.006 * i)
        nail = [(c[0] - 9, c[1] - 5), (c[0] - 1, c[1] - 8), (c[0] + 4, c[1] - 4), (c[0] - 3, c[1] + 1)]
        canvas.poly(spline(nail), colours.skin, 0.3, 0.07)
    palm = [(60, 12), (80, 0), (118, 22), (134, 58), (114, 92), (80, 84), (58, 60), (54, 34)]
    canvas.form(spline([(x + px, y + py) for px, py in palm]), colours.skin, 0, 14)
