"""What stands nearer than people, and what they sit on."""

from collections.abc import Callable
from typing import Final

from moviellm.generation.studio.drawing import nature
from moviellm.generation.studio.drawing.canvas import FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.geometry import oval, rounded, spline, turn
from moviellm.generation.studio.drawing.skeleton import Skeleton
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.drawing.symbols import draw_symbol

Side = Callable[[float], float]
"""Where a distance from the near edge is in the frame, on the side that the foreground takes."""


LARGE: Final = {"reeds": (14.0, 306.0, 2.3), "cactus": (8.0, 330.0, 2.1), "cartwheel": (2.0, 322.0, 2.2)}
"""Scenery that serves as a foreground: where its base stands beside the left edge, and its scale."""


def draw_front(canvas: Canvas, stage: Stage) -> None:
    """The dark near frame of a wide shot, on the side away from the light."""
    side = -1 if canvas.light[0] > 0 else 1

    def x(value: float) -> float:
        return value if side < 0 else FRAME_WIDTH - value

    if stage.front == "bough":
        nature.bough(canvas, side)
    elif stage.front in LARGE:
        at, low, scale = LARGE[stage.front]
        with canvas.pen(dark=0.72):
            draw_symbol(canvas, stage.front, (x(at), low), scale, "near", flip=side > 0)
    elif stage.front:
        with canvas.pen(dark=0.7):
            FRONTS[stage.front](canvas, x)


def _bush(canvas: Canvas, x: Side) -> None:
    for k in (-4, 22, 50):
        nature.grass_tuft(canvas, x(k), 296 + k * 0.2)


def _plant(canvas: Canvas, x: Side) -> None:
    for angle in (-62, -38, -14, 10, 34, 58):
        leaf = [turn(p, angle) for p in ((0.0, 0.0), (-9.0, -30.0), (0.0, -84.0), (9.0, -30.0))]
        canvas.poly(spline([(x(14) + px, 302 + py) for px, py in leaf], True, 4), "near", 0.5)


def _awning(canvas: Canvas, x: Side) -> None:
    scallops = [(x(142 - 19 * k), 14 + (8 if k % 2 else 0)) for k in range(9)]
    canvas.poly([(x(-8), -8), (x(142), -8), *scallops], "accent", 0.6)


def _pillar(canvas: Canvas, x: Side) -> None:
    canvas.poly([(x(-10), -10), (x(30), -10), (x(30), 262), (x(44), 272), (x(44), 300), (x(-10), 300)], "wall", 0.6)
    canvas.line([(x(22), -10), (x(22), 262)], "wall", 3, lighter=0.04)


def _drape(canvas: Canvas, x: Side) -> None:
    hem = [(x(-10), -10), (x(62), -10), (x(52), 60), (x(30), 140), (x(26), 220), (x(34), 300), (x(-10), 300)]
    canvas.poly([hem[0], *spline(hem[1:6], False, 4), hem[6]], "mid", 0.6)
    canvas.curve([(x(36), -10), (x(28), 80), (x(12), 170), (x(12), 300)], "near", 2.4, 0.6)


def _bars(canvas: Canvas, x: Side) -> None:
    for k in (6, 32):
        canvas.line([(x(k), -10), (x(k), 300)], "ink", 8)
    canvas.line([(x(-10), 40), (x(42), 44)], "ink", 7)


def _post(canvas: Canvas, x: Side) -> None:
    canvas.poly([(x(-10), 214), (x(46), 214), (x(46), 226), (x(38), 232), (x(38), 300), (x(-10), 300)], "wall", 0.6)
    canvas.poly([(x(-10), 206), (x(52), 206), (x(52), 216), (x(-10), 216)], "wall", 0.6, 0.05)


def _rope(canvas: Canvas, x: Side) -> None:
    canvas.curve([(x(-10), 236), (x(26), 262), (x(64), 264), (x(110), 300)], "wood", 8)
    for k in range(3):
        canvas.line([*oval(x(18), 292 - k * 9, 46 - k * 4, 11, 20), (x(18) + 46 - k * 4, 292.0 - k * 9)], "wood", 8)


def _crates(canvas: Canvas, x: Side) -> None:
    canvas.poly([(x(-10), 236), (x(52), 236), (x(52), 300), (x(-10), 300)], "wood", 0.7)
    canvas.poly([(x(-10), 196), (x(30), 196), (x(30), 237), (x(-10), 237)], "wood", 0.7, 0.03)
    for y, width in ((252, 52), (272, 52), (212, 30)):
        canvas.line([(x(-10), y), (x(width), y)], "ink", 1.6, 0.5)


FRONTS: Final[dict[str, Callable[[Canvas, Side], None]]] = {
    "bush": _bush,
    "plant": _plant,
    "awning": _awning,
    "pillar": _pillar,
    "drape": _drape,
    "bars": _bars,
    "post": _post,
    "rope": _rope,
    "crates": _crates,
}


def draw_seat(canvas: Canvas, kind: str, body: Skeleton) -> None:
    """A seat under somebody's hip: its height follows from the body."""
    u, f = body.unit, body.facing
    x, y, floor = body.hip[0], body.hip[1] + 17 * u, body.floor_y
    if kind == "rock":
        stone = [
            (x - 46 * u, floor),
            (x - 40 * u, y + 10 * u),
            (x - 10 * u, y),
            (x + 34 * u, y + 4 * u),
            (x + 52 * u, floor),
        ]
        canvas.form([*spline(stone, False, 3)], "mid", 0.8, 16 * u)
        return
    if kind == "crate":
        canvas.rect(x - 38 * u, y, 76 * u, floor - y, "wood", 0.8, shadow=14 * u, lighter=0.04)
        canvas.line([(x - 38 * u, (y + floor) / 2), (x + 38 * u, (y + floor) / 2)], "ink", 1.5 * u, 0.35)
        return
    if kind == "bale":
        canvas.rect(x - 58 * u, y, 116 * u, floor - y, "#d9ae54", 0.8, shadow=14 * u)
        for dx in (-24, 24):
            canvas.line([(x + dx * u, y), (x + dx * u, floor)], "#8a5a2c", 2.4 * u)
        return
    wide = 92 if kind == "bench" else 40
    for dx in (-wide + 6, wide - 14):
        canvas.rect(x + dx * u, y + 4 * u, 8 * u, floor - y - 4 * u, "wood", 0.6, lighter=-0.04)
    if kind == "chair":
        back = [
            (x - f * 44 * u, y - 96 * u),
            (x - f * 35 * u, y - 98 * u),
            (x - f * 30 * u, y + 4 * u),
            (x - f * 41 * u, y + 4 * u),
        ]
        canvas.form(rounded(back, 3 * u, 3), "wood", 0.7, 6 * u, 0.02)
    seat = [(x - wide * u, y), (x + wide * u, y), (x + wide * u, y + 9 * u), (x - wide * u, y + 9 * u)]
    canvas.form(rounded(seat, 3 * u, 2), "wood", 0.7, 5 * u, 0.05)
