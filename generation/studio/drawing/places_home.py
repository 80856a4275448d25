"""The rooms people live and work in: study, kitchen, attic, cellar, workshop, and any other room.

Each function draws one backdrop in three depths and says what it offers to people (stage.Stage). See places.py.
"""

import math

from moviellm.generation.studio.drawing import rooms
from moviellm.generation.studio.drawing.canvas import FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.geometry import box, rounded, spline
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.drawing.symbols import draw_many


def room(canvas: Canvas) -> Stage:
    """Any room: a window, a table, a picture."""
    rooms.wall_and_floor(canvas, "#a89a86", "#7a4e36", 212)
    rooms.window(canvas, 316, 42, 100, 100)
    rooms.daylight(canvas, 316, 42, 100, 100, 212)
    canvas.rect(96, 56, 60, 44, "wood", 0.7)
    canvas.rect(101, 61, 50, 34, "far", 0.3)
    rooms.table(canvas, 84, 182, 120, 236)
    rooms.table_lamp(canvas, 118, 182)
    return Stage(spots=((150, 182), (180, 182)), indoor=True, front="plant")


def study(canvas: Canvas) -> Stage:
    """Desk and lamp, bookshelf, panelling, curtained window, rug."""
    rooms.wall_and_floor(canvas, "#6f8a82", "#7a4e36", 212)
    canvas.rect(0, 156, FRAME_WIDTH, 56, "wood", 0.5, lighter=0.02)
    canvas.rect(0, 153, FRAME_WIDTH, 5, "wood", 0.4, lighter=0.08)
    for i in range(9):
        canvas.rect(10 + i * 58, 165, 44, 38, "wood", 0.4, lighter=-0.025)
    rooms.window(canvas, 352, 34, 92, 104)
    rooms.curtains(canvas, 352, 34, 92, 104, "#a5433a")
    rooms.bookshelf(canvas, 26, 36, 104, 3, 38)
    rooms.clock(canvas, 244, 60, 17)
    canvas.ellipse((266, 262), 140, 17, "#8a4038", 0.6, lighter=-0.03)
    canvas.ellipse((266, 262), 120, 13, "#c9a27a", 0.3)
    rooms.table(canvas, 150, 186, 134, 240)
    for i, key in enumerate(("#3f6b72", "#c79a4a", "#7d3f3a")):
        canvas.rect(160 + i * 2, 180 - i * 6, 34 - i * 3, 6, key, 0.5)
    rooms.table_lamp(canvas, 222, 186)
    return Stage(
        left=70,
        right=440,
        spots=((254, 186), (274, 186)),
        indoor=True,
        front="plant",
        light=(-0.75, -0.55),
        focus=90.0,
    )


def kitchen(canvas: Canvas) -> Stage:
    """Stove, hanging pans, dresser with plates, a window over the sink, a long table."""
    rooms.wall_and_floor(canvas, "#d8c9a0", "#a8785a", 212)
    for shade in range(3):
        tiles = [
            box(i * 31 - (15 if row % 2 else 0), 150 + row * 14, 29, 12.5)
            for row in range(3)
            for i in range(17)
            if (i * 7 + row) % 3 == shade
        ]
        draw_many(canvas, tiles, "#8fb0ac", 0.2, 0.03 * (shade - 1))
    rooms.window(canvas, 206, 40, 92, 78)
    rooms.daylight(canvas, 206, 40, 92, 78, 212)
    canvas.rect(150, 156, 200, 56, "#6f8f8a", 0.7, shadow=8)
    canvas.rect(146, 152, 208, 7, "#efe6d2", 0.5)
    for x in (200, 250, 300):
        canvas.line([(x, 162), (x, 210)], "ink", 1, 0.35)
    canvas.curve([(252, 152), (252, 134), (262, 128), (270, 138)], "#8a8d92", 3.4)
    canvas.rect(14, 128, 108, 86, "#4a474e", 0.8, shadow=12)
    canvas.rect(30, 158, 76, 40, "#4a474e", 0.5, lighter=-0.07)
    canvas.rect(36, 166, 64, 24, "#e0702c", 0.3)
    canvas.glow(68, 180, 90, 60, strength=0.5)
    canvas.rect(50, 20, 30, 108, "#4a474e", 0.6, shadow=7, lighter=-0.02)
    canvas.form(spline([(32, 128), (28, 104), (72, 104), (68, 128)], True, 2), "#bd6a3f", 0.6, 6)
    canvas.line([(128, 54), (196, 54)], "ink", 2.4)
    for i, (x, key) in enumerate(((140, "#bd6a3f"), (160, "#565a62"), (180, "#bd6a3f"))):
        canvas.line([(x, 54), (x, 70 + i % 2 * 5)], "ink", 2)
        canvas.ellipse((x, 80 + i % 2 * 5), 9, 10, key, 0.6, shadow=4)
    canvas.rect(388, 44, 104, 168, "wood", 0.8, shadow=10)
    for row in range(3):
        canvas.rect(396, 54 + row * 36, 88, 30, "wood", 0.4, lighter=-0.1)
        for i in range(4):
            canvas.ellipse(
                (408 + i * 22, 71 + row * 36),
                9.4,
                11,
                ("#efe6d2", "#b5c9cc", "#efe6d2", "#d98a6a")[(i + row) % 4],
                0.5,
            )
    rooms.hanging_lamp(canvas, 330, 62)
    return Stage(
        floor=(240, 270),
        left=110,
        right=400,
        spots=((178, 152), (318, 152), (340, 152)),
        indoor=True,
        front="plant",
        focus=110.0,
    )


def attic(canvas: Canvas) -> Stage:
    """Under the roof: beams, a round window, trunks, a dressmaker's dummy, cobwebs."""
    canvas.rect(0, 0, FRAME_WIDTH, 288, "#7d6450", 0)
    canvas.gradient((0, 0, FRAME_WIDTH, 150), "deep", "deep", top_opacity=0.42, bottom_opacity=0.0)
    rooms.window(canvas, 222, 52, 68, 68, bars=2, radius=33)
    slopes = (((-10, -10), (150, -10), (-10, 210)), ((362, -10), (522, -10), (522, 210)))
    for slope in slopes:
        canvas.poly(list(slope), "wood", 0.6, -0.06)
    for i in range(5):
        canvas.line([(150 - i * 40, -10), (-10 - i * 10, 210 - i * 54)], "ink", 1.2, 0.3)
        canvas.line([(362 + i * 40, -10), (522 + i * 10, 210 - i * 54)], "ink", 1.2, 0.3)
    for x0, y0, x1, y1 in ((164, -8, -6, 224), (348, -8, 518, 224)):
        canvas.line([(x0, y0), (x1, y1)], "wood", 11, lighter=0.04)
    canvas.line([(60, 26), (452, 26)], "wood", 12, lighter=0.02)
    canvas.rect(0, 212, FRAME_WIDTH, 76, "#8a6446", 0.5)
    path = "".join(f"M{256 + (x - 256) * 0.6:.0f} 212L{256 + (x - 256) * 1.5:.0f} 288" for x in range(-60, 600, 46))
    canvas.scratches(path, "ink", 0.9, 0.28)
    if not canvas.lit and canvas.palette.weather in ("clear", "cloudy", "snow"):
        canvas.poly([(232, 56), (286, 110), (420, 268), (270, 268)], "light", 0, opacity=0.16)
    canvas.contact(406, 228, 60, 8)
    canvas.rect(360, 186, 92, 42, "#7d4f2e", 0.8, shadow=12)
    canvas.form(
        spline([(358, 188), (358, 172), (406, 164), (454, 172), (454, 188)], False, 3), "#7d4f2e", 0.8, 8, 0.05
    )
    for x in (374, 432):
        canvas.rect(x, 168, 7, 60, "#c79a4a", 0.4)
    rooms.crate(canvas, 96, 232, 44)
    rooms.crate(canvas, 90, 197, 30, 0.12)
    dummy = [
        (150, 216),
        (152, 176),
        (140, 160),
        (144, 132),
        (156, 124),
        (168, 132),
        (172, 160),
        (160, 176),
        (162, 216),
    ]
    canvas.form(spline(dummy, True, 3), "#d8c4a0", 0.7, 8)
    canvas.curve([(478, 96), (494, 108), (510, 96)], "#efe6d2", 0.9, 0.5)
    canvas.curve([(470, 112), (492, 126), (512, 112)], "#efe6d2", 0.9, 0.4)
    rooms.hanging_lamp(canvas, 330, 52, 0.8)
    return Stage(
        floor=(244, 270),
        left=120,
        right=400,
        spots=((390, 168), (424, 168), (90, 172)),
        seat="crate",
        indoor=True,
        focus=250.0,
        front="cartwheel",
    )


def cellar(canvas: Canvas) -> Stage:
    """Stone vaults, barrels, a barred window high up, a stair."""
    rooms.wall_and_floor(canvas, "#6f6862", "#5f564e", 214, boards=False)
    rooms.stonework(canvas, "#6f6862", 212, (52, 24), 0.7)
    for left in (-90, 150, 390):
        arch = [
            (left, 214),
            (left, 110),
            (left + 34, 46),
            (left + 106, 16),
            (left + 178, 46),
            (left + 212, 110),
            (left + 212, 214),
        ]
        inner = [
            (left + 190, 214),
            (left + 190, 116),
            (left + 164, 64),
            (left + 106, 40),
            (left + 48, 64),
            (left + 22, 116),
            (left + 22, 214),
        ]
        canvas.form([*spline(arch, False, 4), *spline(inner, False, 4)], "#8a8178", 0.7, 9)
    rooms.window(canvas, 226, 62, 60, 34, bars=5)
    if not canvas.lit:
        canvas.poly([(228, 64), (284, 64), (350, 236), (200, 236)], "light", 0, opacity=0.13)
    for k in range(6):
        canvas.rect(430 + k * 16, 196 - k * 24, 110, 26, "#8a8178", 0.6, lighter=0.03 * (k % 2))
    for x, y, size in ((30, 226, 46), (84, 228, 44), (56, 180, 40), (150, 226, 36)):
        rooms.barrel(canvas, x, y, size)
    canvas.rect(312, 150, 96, 62, "wood", 0.6, lighter=-0.08)
    for row in range(3):
        for i in range(7):
            canvas.ellipse(
                (321 + i * 13, 160 + row * 20), 5.4, 5.4, ("#4d6a3a", "#3a2f33", "#7d3f2e")[(i + row) % 3], 0.4
            )
    lamp = (368.0, 118.0)
    canvas.glow(*lamp, 200, 150, strength=0.8 if canvas.lit else 0.4)
    canvas.line([(368, 92), lamp], "ink", 2)
    canvas.poly([(360, 130), (358, 114), (378, 114), (376, 130)], "light", 0.6, emissive=True)
    return Stage(
        floor=(246, 270),
        left=120,
        right=420,
        seat="crate",
        indoor=True,
        surface="#8a8178",
        light=(0.7, -0.6),
        focus=150.0,
        front="crates",
    )


def workshop(canvas: Canvas) -> Stage:
    """A bench with a vice, tools on the wall, gears, planks, shavings."""
    rooms.wall_and_floor(canvas, "#9a8a74", "#8a6a4a", 212)
    for i in range(12):
        canvas.line([(i * 46, 0), (i * 46, 212)], "ink", 1, 0.16)
    rooms.window(canvas, 356, 38, 112, 84, "town", bars=3)
    canvas.rect(48, 44, 220, 84, "wood", 0.6, lighter=-0.06)
    for i in range(5):
        x = 68 + i * 24
        canvas.line([(x, 60), (x, 108)], "#8f6238", 4, lighter=0.1)
        head = (
            [(x - 9, 56), (x + 9, 56), (x + 9, 66), (x - 9, 66)]
            if i % 2
            else [(x - 4, 54), (x + 11, 56), (x + 12, 74), (x - 4, 70)]
        )
        canvas.poly(head, "#8f98a3", 0.5)
    canvas.form([(184, 62), (256, 74), (252, 84), (184, 88)], "#a7b0b8", 0.6, 5)
    canvas.rect(182, 60, 14, 30, "#8f6238", 0.5, radius=4)
    _gear(canvas, 208, 110, 13)
    _gear(canvas, 238, 106, 17)
    canvas.contact(168, 246, 150, 9)
    for x in (40, 276):
        canvas.rect(x, 186, 14, 60, "wood", 0.6, lighter=-0.04)
    canvas.rect(40, 214, 250, 8, "wood", 0.5, lighter=-0.06)
    canvas.form(rounded([(26, 176), (304, 176), (304, 188), (26, 188)], 2, 2), "#b5854a", 0.8, 4)
    canvas.rect(258, 156, 30, 20, "#565a62", 0.6, shadow=5)
    canvas.rect(250, 150, 46, 8, "#565a62", 0.5)
    canvas.curve([(60, 176), (74, 166), (92, 172), (84, 176)], "#e0c48c", 2.4)
    for i, w in enumerate((8, 10, 7, 9)):
        canvas.poly(
            [
                (408 + i * 16, 232),
                (424 + i * 13, 120 + i * 6),
                (424 + i * 13 + w, 120 + i * 6),
                (408 + i * 16 + w, 232),
            ],
            "#b5854a",
            0.6,
            0.03 * (i % 2),
        )
    canvas.rect(470, 180, 44, 52, "#565a62", 0.7, shadow=8)
    rooms.hanging_lamp(canvas, 190, 34, 0.9)
    return Stage(
        floor=(250, 272),
        left=90,
        right=420,
        spots=((120, 176), (156, 176), (204, 176)),
        seat="crate",
        indoor=True,
        focus=170.0,
        front="crates",
    )


def _gear(canvas: Canvas, x: float, y: float, radius: float) -> None:
    teeth = []
    for k in range(32):
        q = radius * (1.0 if k % 4 < 2 else 0.8)
        teeth.append((x + q * math.cos(k * math.tau / 32), y + q * math.sin(k * math.tau / 32)))
    canvas.form(teeth, "#c79a3e", 0.6, radius * 0.3)
    canvas.ellipse((x, y), radius * 0.32, radius * 0.32, "wood", lighter=-0.06)
