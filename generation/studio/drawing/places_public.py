"""The rooms people meet in: lighthouse, train, library, inn, station.

Each function draws one backdrop in three depths and says what it offers to people (stage.Stage). See places.py.
"""

from moviellm.generation.studio.drawing import nature, rooms
from moviellm.generation.studio.drawing.canvas import FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.geometry import rounded, spline
from moviellm.generation.studio.drawing.stage import Stage


def lighthouse(canvas: Canvas) -> Stage:
    """The lamp room: the great lens, panes all round, sea below."""
    rooms.wall_and_floor(canvas, "#5f6f78", "#6a5a50", 222, boards=False)
    for k, (wx, w) in enumerate(((-14, 92), (92, 96), (324, 96), (434, 92))):
        rooms.window(canvas, wx, 46, w, 118, "sea", bars=2 if k in (1, 2) else 1, sun=k == 2)
    canvas.rect(0, 0, FRAME_WIDTH, 30, "wood", 0.5, lighter=-0.05)
    for i in range(9):
        canvas.line([(256, -30), (i * 64, 30)], "ink", 1.4, 0.4)
    x, y = 256.0, 214.0
    canvas.contact(x, y + 6, 70, 9, 0.6)
    canvas.form([(x - 44, y + 6), (x - 34, y - 52), (x + 34, y - 52), (x + 44, y + 6)], "#8f4a3c", 0.8, 16)
    canvas.rect(x - 52, y - 62, 104, 12, "#c79a4a", 0.7, shadow=5)
    lens = spline(
        [
            (x - 34, y - 62),
            (x - 46, y - 104),
            (x - 32, y - 150),
            (x + 32, y - 150),
            (x + 46, y - 104),
            (x + 34, y - 62),
        ],
        True,
        4,
    )
    canvas.poly(lens, "#cfe0e0" if not canvas.lit else "light", 0.8, emissive=canvas.lit)
    for k in range(7):
        level, half = y - 70 - k * 12.4, 44 - abs(k - 3) * 3.2
        canvas.curve([(x - half, level), (x, level + 5), (x + half, level)], "#c79a4a", 2.0, 0.8)
    canvas.ellipse((x, y - 106), 11, 13, "light", emissive=True)
    if canvas.lit:
        canvas.glow(x, y - 106, 240, 150, strength=0.85)
        canvas.glow(x, y - 106, 70, strength=0.6)
        canvas.poly([(x, y - 108), (-20, y - 180), (-20, y - 70)], "light", 0, opacity=0.16)
        canvas.poly([(x, y - 108), (540, y - 170), (540, y - 60)], "light", 0, opacity=0.16)
    canvas.poly([(x - 38, y - 148), (x, y - 178), (x + 38, y - 148)], "#c79a4a", 0.7, -0.04)
    canvas.line([(0, 196), (512, 196)], "ink", 3, 0.7)
    for i in range(12):
        canvas.line([(i * 46 + 4, 196), (i * 46 + 4, 222)], "ink", 2, 0.5)
    return Stage(
        floor=(244, 270),
        left=70,
        right=442,
        seat="crate",
        indoor=True,
        spots=((214, 152), (298, 152)),
        light=(0.5, -0.8),
        focus=256.0,
        front="rope",
    )


def train(canvas: Canvas) -> Stage:
    """A compartment: facing seats, the wide window, the rack above."""
    canvas.rect(0, 0, FRAME_WIDTH, 288, "#9a7458", 0)
    canvas.gradient((0, 0, FRAME_WIDTH, 120), "deep", "deep", top_opacity=0.35, bottom_opacity=0.0)
    rooms.window(canvas, 138, 52, 236, 112, bars=2, radius=14)
    with canvas.pen(haze=0.1):
        for i in range(8):
            nature.pine(canvas, 150 + i * 31 + canvas.random.uniform(-6, 6), 164, canvas.random.uniform(18, 34), 0.25)
    canvas.rect(130, 164, 252, 10, "wood", 0.5, lighter=0.08)
    canvas.rect(0, 228, FRAME_WIDTH, 60, "#5a463c", 0.5)
    canvas.rect(0, 0, FRAME_WIDTH, 12, "wood", 0.5, lighter=-0.06)
    for y in (30, 38):
        canvas.line([(0, y), (512, y)], "#c79a4a", 2.6)
    canvas.rect(30, 8, 60, 26, "#7d4f2e", 0.6, shadow=6, radius=4)
    canvas.rect(404, 4, 70, 30, "#5a4a62", 0.6, shadow=6, radius=4)
    for side in (-1, 1):

        def x(value: float, side: int = side) -> float:
            return 256 + side * value

        back = [(x(168), 246), (x(178), 104), (x(194), 86), (x(270), 86), (x(270), 246)]
        canvas.form(rounded(back, 14, 3), "#6b4150", 0.8, 22)
        canvas.form(rounded([(x(184), 146), (x(192), 98), (x(264), 92), (x(264), 146)], 12, 3), "#8a5264", 0.5, 10)
        seat = [(x(120), 214), (x(270), 206), (x(270), 246), (x(124), 246)]
        canvas.form(rounded(seat, 9, 3), "#6b4150", 0.8, 12, 0.04)
    rooms.hanging_lamp(canvas, 256, 20, 0.7)
    canvas.rect(206, 196, 100, 6, "wood", 0.6, lighter=0.1)
    canvas.poly([(248, 202), (264, 202), (260, 236), (252, 236)], "wood", 0.5)
    return Stage(
        floor=(252, 272),
        left=120,
        right=392,
        spots=((228, 196), (256, 196), (284, 196)),
        seat="crate",
        indoor=True,
        scale=1.04,
        focus=430.0,
        front="drape",
    )


def library(canvas: Canvas) -> Stage:
    """Cases of books to the ceiling, a ladder, a tall window, reading tables."""
    rooms.wall_and_floor(canvas, "#8a7a62", "#6a4630", 214)
    rooms.window(canvas, 222, 30, 70, 130, bars=2, radius=30)
    for x, w in ((6, 92), (112, 84), (318, 84), (414, 92)):
        rooms.bookshelf(canvas, x, 14, w, 5, 39)
    for rail in (134, 156):
        canvas.line([(rail, 12), (rail + 14, 218)], "wood", 3.4, lighter=0.12)
    for k in range(8):
        canvas.line([(135.5 + k * 1.8, 34 + k * 24), (157.5 + k * 1.8, 34 + k * 24)], "wood", 2.6, lighter=0.12)
    rooms.table(canvas, 196, 190, 124, 236, 0.1)
    rooms.table_lamp(canvas, 258, 190)
    canvas.rect(206, 184, 30, 6, "#8a4038", 0.5)
    return Stage(
        floor=(244, 270),
        left=90,
        right=422,
        spots=((288, 190), (222, 184)),
        indoor=True,
        front="plant",
        light=(0.3, -0.9),
        focus=420.0,
    )


def inn(canvas: Canvas) -> Stage:
    """A taproom: the bar with bottles, a fireplace, beams, small panes, candles."""
    rooms.wall_and_floor(canvas, "#c4a878", "#6a4630", 212)
    for x in (0, 168, 340, 500):
        canvas.rect(x - 6, 0, 13, 212, "wood", 0.5, lighter=-0.05)
    canvas.rect(0, 16, FRAME_WIDTH, 13, "wood", 0.5, lighter=-0.05)
    rooms.window(canvas, 196, 54, 84, 66, "town", bars=4)
    rooms.hearth(canvas, 426, 216, 92)
    canvas.rect(18, 54, 132, 66, "wood", 0.6, lighter=-0.1)
    for row in (0, 1):
        canvas.rect(18, 84 + row * 33, 132, 4, "wood", 0.3, lighter=0.08)
        for i in range(10):
            key = ("#4d6a3a", "#7d3f2e", "#c9962e", "#5a6a72", "#e0d6c0")[(i * 3 + row) % 5]
            x, y = 26 + i * 13, 84 + row * 33
            canvas.poly(
                [
                    (x, y),
                    (x, y - 13),
                    (x + 2.6, y - 17),
                    (x + 2.6, y - 23),
                    (x + 5.4, y - 23),
                    (x + 5.4, y - 17),
                    (x + 8, y - 13),
                    (x + 8, y),
                ],
                key,
                0.4,
            )
    canvas.contact(100, 236, 120, 8)
    canvas.rect(-6, 172, 190, 62, "wood", 0.8, shadow=12, lighter=0.02)
    for i in range(4):
        canvas.rect(6 + i * 45, 184, 34, 42, "wood", 0.4, lighter=-0.04)
    canvas.rect(-6, 165, 198, 9, "wood", 0.6, lighter=0.12)
    for x in (40, 58):
        canvas.rect(x, 150, 11, 15, "#d8c9a8", 0.5, shadow=3)
        canvas.ellipse((x + 5.5, 150), 6, 3, "#f3ead6", 0.3)
    rooms.table(canvas, 236, 196, 96, 240)
    for x in (92, 284):
        rooms.hanging_lamp(canvas, x, 40, 0.7)
    return Stage(
        floor=(246, 270),
        left=110,
        right=410,
        spots=((262, 196), (304, 196), (120, 165), (160, 165)),
        indoor=True,
        light=(0.8, -0.45),
        focus=100.0,
        front="crates",
    )


def station(canvas: Canvas) -> Stage:
    """Under the iron roof: a train at the platform, the clock, arched glass."""
    rooms.wall_and_floor(canvas, "#a8a094", "#8f8880", 214, boards=False)
    rooms.window(canvas, 96, -40, 320, 150, "town", bars=8, radius=70)
    for k in range(7):
        canvas.curve(
            [(-20, 130 - k * 3), (120, 20 - k * 6), (256, -6 - k * 8), (392, 20 - k * 6), (532, 130 - k * 3)],
            "ink",
            2.4,
            0.5,
        )
    for x in (60, 452):
        canvas.rect(x - 5, 50, 10, 168, "#4a5a58", 0.6, shadow=4)
        canvas.curve([(x - 34, 60), (x - 8, 70), (x, 100)], "#4a5a58", 3.4)
        canvas.curve([(x + 34, 60), (x + 8, 70), (x, 100)], "#4a5a58", 3.4)
    canvas.rect(92, 134, 330, 74, "#7d3f36", 0.8, shadow=12)
    canvas.rect(92, 128, 330, 10, "#4a474e", 0.6)
    canvas.rect(92, 176, 330, 5, "#e0c48c", 0.2)
    for i in range(6):
        x = 106 + i * 54
        if canvas.lit:
            canvas.poly([(x, 146), (x + 34, 146), (x + 34, 170), (x, 170)], "light", 0.4, emissive=True)
            canvas.glow(x + 17, 160, 46, strength=0.35)
        else:
            canvas.rect(x, 146, 34, 24, "#9fb4b8", 0.4)
    for i in range(8):
        canvas.ellipse((116 + i * 41, 209), 9, 8, "#3a3840", 0.4)
    canvas.rect(0, 214, FRAME_WIDTH, 8, "#efe0b0", 0.3)
    canvas.gradient((0, 222, FRAME_WIDTH, 66), "deep", "deep", top_opacity=0.05, bottom_opacity=0.22)
    canvas.line([(256, 0), (256, 62)], "ink", 3)
    rooms.clock(canvas, 256, 84, 24)
    for x in (150, 362):
        rooms.hanging_lamp(canvas, x, 62, 0.8)
    nature.fog(canvas, 168, 60, 0.3)
    canvas.contact(472, 246, 50, 8)
    canvas.rect(436, 214, 40, 30, "#7d4f2e", 0.7, shadow=7, radius=3)
    canvas.rect(472, 222, 34, 24, "#5a6a72", 0.7, shadow=6, radius=3)
    return Stage(
        floor=(246, 270),
        left=90,
        right=420,
        spots=((456, 214),),
        seat="bench",
        indoor=True,
        surface="#8f8880",
        focus=256.0,
        front="pillar",
    )
