"""What stands nearer than people, and what they sit on."""

from moviellm.generation.studio.drawing import nature
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.geometry import rounded, spline, turn
from moviellm.generation.studio.drawing.skeleton import Skeleton
from moviellm.generation.studio.drawing.stage import Stage


def draw_front(canvas: Canvas, stage: Stage) -> None:
    """The dark near frame of a wide shot."""
    side = -1 if canvas.light[0] > 0 else 1
    if stage.front == "bough":
        nature.bough(canvas, side)
    elif stage.front == "bush":
        with canvas.pen(dark=0.62):
            for x in (-4, 22, 50):
                nature.grass_tuft(canvas, x if side < 0 else 512 - x, 296 + x * 0.2)
    elif stage.front == "plant":
        with canvas.pen(dark=0.8):
            x = 14 if side < 0 else 498
            for angle in (-62, -38, -14, 10, 34, 58):
                leaf = [turn(p, angle) for p in ((0.0, 0.0), (-9.0, -30.0), (0.0, -84.0), (9.0, -30.0))]
                canvas.poly(spline([(x + px, 302 + py) for px, py in leaf], True, 4), "near", 0.5)
    elif stage.front == "awning":
        x0 = -8 if side < 0 else 370
        with canvas.pen(dark=0.66):
            scallops = [(x0 + 150 - 19 * k, 14 + (8 if k % 2 else 0)) for k in range(9)]
            canvas.poly([(x0, -8), (x0 + 150, -8), *scallops], "accent", 0.6)


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
