"""Large houses with one purpose: church, hospital, theatre, prison, barn.

Each function draws one backdrop in three depths and says what it offers to people (stage.Stage). See places.py.
"""

from moviellm.generation.studio.drawing import nature, rooms
from moviellm.generation.studio.drawing.canvas import FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.colour import mix
from moviellm.generation.studio.drawing.geometry import Point, Points, box, oval, spline
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.drawing.symbols import draw_many, draw_symbol

GLASS = ("#b5402f", "#2f6f9a", "#d9a32e", "#4d8a5a", "#7a4a8a")
GOLD = "#d0a040"
PLUSH = "#9a2f35"


def church(canvas: Canvas) -> Stage:
    """The nave: pillars and pointed arches, a rose window, lancets to the sky, pews, candles on the altar."""
    rooms.wall_and_floor(canvas, "#cfc4ae", "#a39684", 212, boards=False)
    vault = [(256 + side * x, y) for side in (-1, 1) for x, y in ((0, -40), (60, -10), (110, 40), (128, 92))]
    canvas.poly(spline([*vault[3::-1], *vault[4:]], False, 4), "#8f8a92", 0.5, 0.02)
    canvas.rect(140, 88, 232, 126, "#bdb29e", 0.4)
    _rose(canvas, (256.0, 78.0), 40.0)
    for x in (166.0, 326.0):
        _lancet(canvas, x, 108, 20, 80, "clear")
    for x in (206.0, 284.0):
        _lancet(canvas, x, 124, 22, 62, "glass")
    for side in (-1, 1):
        for x, w, top in ((146.0, 16.0, -10.0), (206.0, 24.0, -10.0)):
            canvas.rect(256 + side * x - w / 2, top, w, 226, "#d8cdb8", 0.7, shadow=w * 0.35)
            canvas.rect(256 + side * x - w * 0.8, 206, w * 1.6, 12, "#d8cdb8", 0.5, lighter=-0.04)
            canvas.rect(256 + side * x - w * 0.75, 58, w * 1.5, 8, "#d8cdb8", 0.5, lighter=0.04)
        _lancet(canvas, 256 + side * 178 - 12, 70, 24, 116, "clear" if side < 0 else "glass")
        _lancet(canvas, 256 + side * 238 - 17, 50, 34, 146, "glass" if side < 0 else "clear")
        for x0, x1, height in ((146, 206, 62), (206, 300, 66)):
            arch = [(256 + side * x0, height), (256 + side * (x0 + x1) / 2, height - 56), (256 + side * x1, height)]
            canvas.curve(arch, "#d8cdb8", 9)
    carpet = [(236, 214), (276, 214), (330, 300), (182, 300)]
    canvas.poly(carpet, PLUSH, 0.4)
    canvas.line([(240, 214), (194, 300)], GOLD, 2, 0.8)
    canvas.line([(272, 214), (318, 300)], GOLD, 2, 0.8)
    canvas.rect(196, 208, 120, 10, "#a39684", 0.5, lighter=0.06)
    draw_symbol(canvas, "altar", (256, 210), 0.92)
    for k, (dx, y, size) in enumerate(((112, 226, 0.62), (146, 240, 0.84), (190, 260, 1.12), (246, 288, 1.5))):
        for side in (-1, 1):
            with canvas.pen(dark=0.04 * k):
                draw_symbol(canvas, "pew", (256 + side * dx, y), size)
    for x in (225, 287):
        canvas.glow(x, 156, 80 if canvas.lit else 30, strength=0.75)
    if canvas.lit:
        canvas.glow(256, 160, 260, 150, strength=0.4)
    elif canvas.palette.weather == "clear":
        for x, key in ((96, "light"), (330, "light"), (190, GLASS[1])):
            canvas.poly([(x, 66), (x + 26, 66), (x + 130, 288), (x + 50, 288)], key, 0, opacity=0.1)
    return Stage(
        floor=(250, 272),
        left=150,
        right=362,
        seat="bench",
        indoor=True,
        surface="#a39684",
        texture="stone",
        spots=((66, 207), (446, 207), (110, 197), (402, 197)),
        focus=256.0,
        front="pillar",
    )


def _lancet(canvas: Canvas, x: float, y: float, width: float, height: float, kind: str) -> None:
    """A pointed window: clear to the world outside, or of coloured glass."""
    frame = _pointed(x - 3, y - 5, width + 6, height + 8)
    canvas.poly(frame, "#8f877a", 0.6)
    if kind == "clear":
        rooms.opening(canvas, _pointed(x, y, width, height), (x, y, width, height))
        canvas.line([(x + width / 2, y + 3), (x + width / 2, y + height)], "#6b655c", 1.8, cap="butt")
        return
    rows, half = max(3, int(height // 20)), width / 2
    top = y + width * 0.7
    canvas.poly(_pointed(x, y, width, height), _glow_key(canvas, 0), 0.3, emissive=True)
    step = (height - width * 0.7) / rows
    for k in range(5):
        cells = [
            box(x + j * half, top + i * step, half, step)
            for i in range(rows)
            for j in (0, 1)
            if (i * 2 + j * 3 + 1) % 5 == k
        ]
        draw_many(canvas, cells, _glow_key(canvas, k), 0, emissive=True)
    canvas.line([(x + half, y), (x + half, y + height)], "#4a453f", 1.4, cap="butt")
    bars = "".join(f"M{x:.1f} {top + i * step:.1f}h{width:.1f}" for i in range(rows))
    canvas.scratches(bars, "#4a453f", 1.2, 1.0)


def _glow_key(canvas: Canvas, index: int) -> str:
    """Coloured glass with the light of the hour behind it."""
    dark = {"night": 0.66, "dusk": 0.3, "dawn": 0.16, "day": 0.0}[canvas.palette.time_of_day]
    dark = max(dark, 0.3) if canvas.palette.weather in nature.GLOOMY[1:] else dark
    return mix(GLASS[index % 5], "#1c2238", dark)


def _pointed(x: float, y: float, width: float, height: float) -> Points:
    """A window with a pointed head."""
    rise = width * 0.7
    head = spline([(x, y + rise), (x + width * 0.16, y + rise * 0.42), (x + width / 2, y)], False, 4)
    return [*head, *[(2 * x + width - px, py) for px, py in head[::-1]], (x + width, y + height), (x, y + height)]


def _rose(canvas: Canvas, centre: Point, radius: float) -> None:
    """A round window of coloured petals."""
    canvas.ellipse(centre, radius + 6, radius + 6, "#8f877a", 0.7)
    canvas.ellipse(centre, radius, radius, "#3a3540", 0.4)
    steps = oval(centre[0], centre[1], radius * 0.66, radius * 0.66, 8)
    for k, (x, y) in enumerate(steps):
        canvas.ellipse((x, y), radius * 0.24, radius * 0.24, _glow_key(canvas, k), emissive=True)
    canvas.ellipse(centre, radius * 0.32, radius * 0.32, _glow_key(canvas, 2), emissive=True)
    if not canvas.lit:
        canvas.glow(*centre, radius * 2.4, strength=0.35)


def hospital(canvas: Canvas) -> Stage:
    """A white ward: beds in a row, a folding screen, drips, large windows, tiles."""
    rooms.wall_and_floor(canvas, "#dfe9e4", "#b9c8c6", 206, boards=False)
    canvas.rect(0, 132, FRAME_WIDTH, 74, "#86b5a6", 0.3)
    canvas.rect(0, 129, FRAME_WIDTH, 4, "#f6f8f5", 0.2)
    path = "".join(f"M{256 + k * 40:.0f} 206L{256 + k * 92:.0f} 300" for k in range(-8, 9))
    path += "".join(f"M0 {y}h512" for y in (212, 222, 237, 260))
    canvas.scratches(path, "#f4f8f6", 1.6, 0.6)
    for x in (40, 196, 352):
        rooms.window(canvas, x, 26, 84, 80, "town", bars=3, sun=x == 352, frame="#f1f4f1")
        rooms.daylight(canvas, x, 26, 84, 80, 206)
    draw_symbol(canvas, "cross", (160, 94), 1.0, "#c0392b")
    draw_symbol(canvas, "cross", (316, 94), 1.0, "#c0392b")
    for x, key in ((182, "#5f97a3"), (300, "#c98f6a"), (404, "#5f97a3")):
        canvas.contact(x, 212, 46, 5, 0.4)
        draw_symbol(canvas, "bed", (x, 212), 0.72, key)
        canvas.rect(x - 36, 178, 11, 14, "#f8f8f2", 0.4)
    draw_symbol(canvas, "drip", (238, 214), 0.9)
    canvas.contact(452, 248, 90, 9, 0.5)
    draw_symbol(canvas, "bed", (458, 250), 1.3, "#5f97a3")
    draw_symbol(canvas, "drip", (388, 250), 1.25)
    canvas.contact(58, 248, 78, 8, 0.5)
    draw_symbol(canvas, "screen", (56, 246), 1.34, "#6fae9f")
    canvas.rect(118, 196, 34, 40, "#f1f4f1", 0.6, shadow=7)
    canvas.rect(115, 192, 40, 6, "#f1f4f1", 0.5, lighter=-0.06)
    for x in (160, 340):
        rooms.hanging_lamp(canvas, x, 14, 0.75)
    return Stage(
        floor=(242, 268),
        left=150,
        right=380,
        seat="chair",
        indoor=True,
        surface="#cfdad6",
        texture="tiles",
        spots=((128, 192), (144, 192)),
        focus=404.0,
        front="drape",
    )


def theatre(canvas: Canvas) -> Stage:
    """The stage from the stalls: red curtains, gilt boxes, painted scenery, footlights, rows of seats."""
    canvas.rect(0, 0, FRAME_WIDTH, 288, "#5a2a30", 0)
    canvas.rect(92, 24, 328, 196, "#8fb0a8", 0.3)
    canvas.gradient((92, 24, 328, 120), "deep", "deep", top_opacity=0.45, bottom_opacity=0.0)
    for x, h in ((120, 70), (206, 96), (300, 84), (372, 64)):
        canvas.poly(
            spline([(x - 60, 206), (x - 30, 196 - h), (x + 30, 190 - h), (x + 62, 206)], False, 4),
            "#5f8a6a",
            0.5,
            0.02 if x % 4 else -0.03,
        )
    canvas.rect(218, 150, 70, 58, "#d8b48c", 0.6)
    canvas.poly([(208, 152), (253, 116), (298, 152)], "#9c4f3c", 0.6)
    canvas.rect(244, 176, 18, 32, "#6a4226", 0.4)
    rooms.window(canvas, 126, 62, 46, 74, "town", bars=2, radius=20, sun=False, frame="#6e4a38")
    rooms.window(canvas, 340, 62, 46, 74, "town", bars=2, radius=20, frame="#6e4a38")
    canvas.poly([(70, 204), (442, 204), (500, 266), (12, 266)], "#b07a48", 0.5)
    boards = "".join(f"M{256 + k * 22:.0f} 205L{256 + k * 31:.0f} 266" for k in range(-8, 9))
    canvas.scratches(boards, "ink", 1, 0.3)
    for side in (-1, 1):
        _curtain(canvas, side)
        _boxes(canvas, side)
    for k in range(8):
        x = 40 + k * 54
        swag = spline([(x - 4, -10), (x - 4, 14), (x + 27, 40), (x + 58, 14), (x + 58, -10)], False, 4)
        canvas.form(swag, PLUSH, 0.7, 8, 0.02 * (k % 2))
        canvas.curve([(x - 2, 16), (x + 27, 42), (x + 56, 16)], GOLD, 3)
    canvas.rect(0, 264, FRAME_WIDTH, 30, "#4a2428", 0.5)
    canvas.rect(0, 261, FRAME_WIDTH, 6, GOLD, 0.4)
    for k in range(11):
        x = 46 + k * 42
        canvas.poly(oval(x, 262, 7, 5, 12), "light", 0.4, emissive=True)
        if k % 2:
            canvas.glow(x, 250, 78, 46, strength=0.4)
    for k in range(11):
        with canvas.pen(dark=0.45):
            draw_symbol(canvas, "seat_back", (4 + k * 51, 298), 0.8, PLUSH)
    canvas.glow(256, 120, 200, 150, strength=0.45 if canvas.lit else 0.2)
    return Stage(
        floor=(232, 256),
        left=120,
        right=392,
        seat="chair",
        indoor=True,
        surface="#b07a48",
        focus=400.0,
        light=(0.2, 0.9),
    )


def _curtain(canvas: Canvas, side: int) -> None:
    """A drawn curtain with its folds."""

    def x(value: float) -> float:
        return 256 + side * value

    drape = [(x(196), -10), (x(104), -10), (x(112), 70), (x(142), 132), (x(156), 150), (x(150), 214), (x(202), 224)]
    canvas.form([drape[0], *spline(drape[1:6], False, 4), drape[6]], PLUSH, 0.8, 14)
    for top, bottom in ((120, 154), (140, 166), (160, 178), (180, 190)):
        fold = [(x(top), -4), (x(top + 8), 70), (x(bottom), 140), (x(bottom + 2), 214)]
        canvas.line(spline(fold, False, 4), PLUSH, 3.4, lighter=-0.09)
    canvas.line([(x(144), 142), (x(200), 152)], GOLD, 5)


def _boxes(canvas: Canvas, side: int) -> None:
    """The side wall with two boxes."""

    def x(value: float) -> float:
        return 256 + side * value

    canvas.poly([(x(196), -10), (x(270), -10), (x(270), 290), (x(196), 250)], "#6e3438", 0.6)
    for y in (62, 152):
        opening = spline(
            [(x(208), y + 34), (x(208), y - 10), (x(228), y - 26), (x(252), y - 16), (x(256), y + 38)], False, 3
        )
        canvas.poly(opening, "#2a1418", 0.5)
        canvas.form(
            spline(
                [(x(196), y + 30), (x(264), y + 38), (x(264), y + 62), (x(226), y + 62), (x(198), y + 50)], True, 3
            ),
            GOLD,
            0.6,
            6,
            0.02,
        )
        canvas.line([(x(200), y + 36), (x(262), y + 44)], PLUSH, 6)


def prison(canvas: Canvas) -> Stage:
    """A cell: rough stone, a barred window with its shaft of light, a bunk on chains, a wall of bars."""
    rooms.wall_and_floor(canvas, "#6c747c", "#565c62", 210, boards=False)
    rooms.stonework(canvas, "#747d86", 210, (62, 26))
    slabs = "".join(f"M{256 + k * 60:.0f} 210L{256 + k * 130:.0f} 300" for k in range(-5, 6)) + "M0 228h512M0 256h512"
    canvas.scratches(slabs, "ink", 1.4, 0.35)
    rooms.window(canvas, 196, 34, 78, 66, "hills", bars=1, frame="#5f666e")
    canvas.rect(186, 24, 98, 10, "#7d868e", 0.4, lighter=0.04)
    for k in range(5):
        canvas.line([(203 + k * 16, 30), (203 + k * 16, 104)], "#24262c", 5, cap="butt")
    canvas.line([(194, 66), (278, 66)], "#24262c", 4, cap="butt")
    night = canvas.palette.time_of_day == "night"
    if canvas.palette.weather in ("clear", "cloudy", "snow"):
        shaft = (
            [(198, 40), (272, 40), (210, 288), (60, 288)]
            if canvas.light[0] > 0
            else [(198, 40), (272, 40), (410, 288), (260, 288)]
        )
        canvas.poly(shaft, "sky_lo" if night else "light", 0, opacity=0.09 if night else 0.17)
    tally = "".join(
        f"M{128 + k * 6 + g * 34} {60 + row * 26}l1 16" for row in (0, 1) for g in (0, 1) for k in range(4)
    )
    tally += "".join(f"M{124 + g * 34} {73 + row * 26}l26 -10" for row in (0, 1) for g in (0, 1))
    canvas.scratches(tally, "#d8dadc", 2.0, 0.8)
    canvas.contact(74, 236, 80, 8, 0.6)
    draw_symbol(canvas, "bunk", (74, 228), 1.14, "#9a8a5c")
    canvas.contact(176, 222, 24, 4, 0.5)
    draw_symbol(canvas, "bucket", (176, 222), 0.8, "#7a7f86")
    canvas.poly([(330, -10), (522, -10), (522, 300), (330, 214)], "#1c1e24", 0.3)
    canvas.poly([(354, 40), (438, 30), (438, 214), (354, 196)], "#3a4048", 0.2)
    lamp: Point = (400.0, 78.0)
    canvas.glow(*lamp, 150, 130, strength=0.85 if canvas.lit else 0.5)
    canvas.poly([(388, 90), (392, 74), (408, 74), (412, 90)], "light", 0.5, emissive=True)
    for k in range(9):
        x = 336 + k * 22 + k * k * 0.5
        low = 214 + (x - 330) * 0.45
        canvas.line([(x, -10), (x, low)], "#4a5058", 5.5 + k * 0.35)
        canvas.line([(x - 1.5, -10), (x - 1.5, low)], "#7d868e", 1.3)
    for y, drop in ((66, -18), (160, 40)):
        canvas.line([(330, y), (522, y + drop)], "#4a5058", 7)
    canvas.rect(388, 150, 24, 26, "#7d868e", 0.6, shadow=5, lighter=-0.04)
    canvas.ellipse((400, 161), 3, 4, "#1c1e24")
    return Stage(
        floor=(244, 270),
        left=130,
        right=350,
        seat="crate",
        indoor=True,
        surface="#565c62",
        texture="stone",
        focus=400.0,
        front="bars",
    )


def _barn_door(canvas: Canvas) -> None:
    """The great door with both leaves open on the fields."""
    door = [(172.0, 212.0), (172.0, 76.0), (220.0, 44.0), (292.0, 44.0), (340.0, 76.0), (340.0, 212.0)]
    canvas.poly([(164, 216), (164, 72), (217, 36), (295, 36), (348, 72), (348, 216)], "#e6d8bc", 0.6)
    rooms.opening(canvas, door, (172, 44, 168, 168))
    if not canvas.lit:
        canvas.poly([(172, 212), (340, 212), (420, 300), (120, 300)], "light", 0, opacity=0.22)
    for side in (-1, 1):
        leaf = [(256 + side * 88, 214), (256 + side * 88, 70), (256 + side * 142, 58), (256 + side * 142, 222)]
        canvas.form(leaf, "#9c4a36", 0.8, 8)
        brace = [(256 + side * 90, 208), (256 + side * 140, 70)]
        canvas.line(brace, "#e6d8bc", 5)
        canvas.line([(256 + side * 90, 140), (256 + side * 141, 138)], "#e6d8bc", 5)


def _hay(canvas: Canvas) -> None:
    """Hay in the loft and in a heap, a ladder, straw all over."""
    r = canvas.random
    hay = spline([(388, 98), (400, 78), (430, 64), (470, 70), (524, 56), (524, 98)], False, 4)
    canvas.form(hay, "#d9ae54", 0.7, 10)
    draw_symbol(canvas, "ladder", (430, 224), 0.9, "#8f6238")
    heap = spline([(-20, 236), (-10, 176), (34, 150), (72, 168), (104, 208), (122, 238)], False, 4)
    canvas.contact(50, 238, 100, 8, 0.5)
    canvas.form(heap, "#d9ae54", 0.8, 16)
    straw = "".join(
        f"M{r.uniform(0, 96):.0f} {r.uniform(178, 232):.0f}l{r.uniform(-9, 9):.0f} {r.uniform(-12, -5):.0f}"
        for _ in range(34)
    )
    straw += "".join(
        f"M{r.uniform(20, 500):.0f} {r.uniform(226, 286):.0f}l{r.uniform(-12, 12):.0f} {r.uniform(-4, 3):.0f}"
        for _ in range(60)
    )
    canvas.scratches(straw, "#f0d080", 1.5, 0.8)


def barn(canvas: Canvas) -> Stage:
    """Under a high timber roof: hay, the great door open on the fields, a ladder, a cartwheel."""
    canvas.rect(0, 0, FRAME_WIDTH, 214, "#7d3f30", 0)
    planks = "".join(f"M{x} 0v214" for x in range(6, 512, 19))
    canvas.scratches(planks, "ink", 1.3, 0.32)
    canvas.gradient((0, 0, FRAME_WIDTH, 140), "deep", "deep", top_opacity=0.5, bottom_opacity=0.0)
    canvas.rect(0, 208, FRAME_WIDTH, 82, "#b58f58", 0.4)
    _barn_door(canvas)
    for x in (6, 506):
        canvas.rect(x - 11, -10, 22, 232, "#5f3f2a", 0.7, shadow=6)
    canvas.rect(-4, 20, 520, 15, "#5f3f2a", 0.7, shadow=4)
    for x0, x1 in ((-10, 130), (522, 382)):
        canvas.line([(x0, 92), (x1, -12)], "#5f3f2a", 13, lighter=0.03)
    canvas.line([(256, -10), (256, 28)], "#5f3f2a", 12, lighter=0.03)
    canvas.rect(392, 96, 130, 10, "#5f3f2a", 0.7, lighter=0.04)
    _hay(canvas)
    draw_symbol(canvas, "pitchfork", (112, 232), 1.05)
    for x, y, size in ((466, 246, 0.98), (486, 208, 0.8)):
        canvas.contact(x, y, 46 * size, 6, 0.5)
    draw_symbol(canvas, "bale", (478, 214), 0.9, "#d9ae54")
    draw_symbol(canvas, "bale", (458, 248), 1.05, "#d9ae54")
    draw_symbol(canvas, "cartwheel", (386, 232), 0.78, "#8f6238")
    if canvas.lit:
        canvas.glow(150, 96, 190, 150, strength=0.8)
    canvas.line([(150, 24), (150, 84)], "ink", 1.6)
    canvas.poly(
        [(143, 104), (141, 86), (159, 86), (157, 104)], "light" if canvas.lit else "#c9c2a8", 0.6, emissive=canvas.lit
    )
    canvas.rect(139, 80, 22, 6, "#3a3432", 0.4)
    return Stage(
        floor=(244, 270),
        left=140,
        right=370,
        seat="bale",
        indoor=True,
        surface="#b58f58",
        texture="straw",
        spots=((458, 200),),
        focus=440.0,
        front="cartwheel",
    )
