"""The places of open land: forest, mountain, beach, garden, field, and anywhere else outdoors.

Each function draws one backdrop in three depths and says what it offers to people (stage.Stage). See places.py.
"""

from moviellm.generation.studio.drawing import nature
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.geometry import Points, oval, spline, turn
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.drawing.symbols import draw_many, draw_symbol


def forest(canvas: Canvas) -> Stage:
    """Deep wood: trunks in four depths under a roof of leaves, firs, ferns, a path, light between."""
    r = canvas.random
    nature.sky(canvas, 214, sun=(300, 66))
    with canvas.pen(haze=0.5):
        canvas.rect(-4, 60, 520, 140, "mid", 0)
        for i in range(15):
            x = i * 36 + r.uniform(-10, 10)
            canvas.poly([(x - 4, 196), (x - 3, -4), (x + 3, -4), (x + 5, 196)], "mid", 0.3, -0.06)
    nature.fog(canvas, 90, 110, 0.6)
    for i in range(9):
        nature.pine(canvas, i * 62 + r.uniform(-14, 14), 196 + r.uniform(-3, 4), r.uniform(62, 96), 0.34)
    nature.open_ground(canvas, 188, "#5f7a48")
    path = [(246, 190), (262, 190), (286, 226), (350, 294), (150, 294), (226, 226)]
    lighter = -0.03 if canvas.palette.weather == "snow" else 0.0
    canvas.poly(spline(path, True, 4), nature.ground_key(canvas, "#b59a68"), 0, lighter)
    for x, w, y in ((58, 17, 208), (132, 13, 202), (196, 10, 197), (330, 11, 198), (392, 15, 204), (458, 18, 210)):
        _trunk(canvas, x + r.uniform(-8, 8), w, y, 0.12)
    _leaves(canvas, 58, 0.26, 0.04)
    if not canvas.lit and canvas.palette.weather == "clear":
        for x in (150, 240, 330):
            canvas.poly([(x + 60, 0), (x + 96, 0), (x + 20, 240), (x - 50, 240)], "light", 0, opacity=0.13)
    for x, w in ((-4, 36), (512, 42)):
        _trunk(canvas, x, w, 290, 0.0)
    _leaves(canvas, 30, 0.0, -0.04)
    nature.bush(canvas, 60, 236, 50, 26)
    nature.bush(canvas, 456, 238, 56, 28)
    nature.grass(canvas, 212, 288, 110)
    return Stage(
        floor=(240, 268),
        left=110,
        right=402,
        seat="rock",
        front="bush",
        surface="#8a7a58",
        texture="grass",
        focus=160.0,
    )


def _trunk(canvas: Canvas, x: float, width: float, y: float, haze: float) -> None:
    """A tree that goes on above the frame."""
    w = width
    with canvas.pen(haze=haze):
        outline = [
            (x - w * 0.95, y), (x - w * 0.5, y - 40), (x - w * 0.46, -10),
            (x + w * 0.46, -10), (x + w * 0.5, y - 40), (x + w * 1.0, y),
        ]  # fmt: skip
        canvas.form(outline, "#5b4534", 0.7, w * 0.4)


def _leaves(canvas: Canvas, low: float, haze: float, lighter: float) -> None:
    """A hanging edge of leaves along the top; snow bends it white."""
    r, key = canvas.random, nature.ground_key(canvas, "near")
    edge = [(k * 34 - 16, low + r.uniform(-16, 16) + (14 if k % 2 else -8) + abs(k - 8) * 3.4) for k in range(17)]
    with canvas.pen(haze=haze):
        canvas.form([(-20, -20), *spline(edge, False, 4), (540, -20)], key, 0.7, 0, lighter)


def mountain(canvas: Canvas) -> Stage:
    """Peaks with snow, a high meadow, boulders."""
    nature.sky(canvas, 200, sun=(408, 44) if canvas.palette.time_of_day in ("day", "night") else (250, 120))
    nature.peak(canvas, 120, 196, 290, 128, 0.46)
    nature.peak(canvas, 430, 196, 280, 116, 0.42)
    nature.peak(canvas, 276, 204, 330, 182, 0.14)
    nature.fog(canvas, 164, 48, 0.5)
    nature.ridge(canvas, 196, 7, "mid", 0.24, 6)
    for x, h in ((20, 44), (46, 54), (70, 38)):
        nature.pine(canvas, x, 212, h, 0.16)
    crag = [(404, 224), (420, 178), (440, 168), (446, 128), (466, 108), (480, 62), (500, 50), (530, 40), (530, 232)]
    canvas.form(crag, "#76787c", 0.8, 14)
    for line in ([(446, 130), (462, 150), (458, 196)], [(482, 66), (492, 112), (484, 150)], [(424, 180), (434, 200)]):
        canvas.line(line, "ink", 1.3, 0.35)
    if canvas.palette.weather == "snow":
        canvas.poly([(466, 108), (480, 62), (500, 50), (530, 40), (530, 70), (500, 76), (486, 96)], nature.SNOW, 0.3)
    nature.open_ground(canvas, 212, "#a3a074")
    for x, y, size in ((84, 238, 30), (120, 246, 18), (436, 240, 34), (400, 250, 16)):
        stone = [
            (x - size, y + 5),
            (x - size * 0.7, y - size * 0.5),
            (x, y - size * 0.8),
            (x + size * 0.7, y - size * 0.4),
            (x + size, y + 5),
        ]
        canvas.contact(x, y + 4, size * 1.2, 6, 0.5)
        canvas.form(stone, "#8d8a86", 0.8, size * 0.4)
    nature.grass(canvas, 222, 288, 80, "near", 0.4)
    return Stage(floor=(242, 270), left=140, right=380, seat="rock", front="bush", surface="#8d8a86", focus=276.0)


def beach(canvas: Canvas) -> Stage:
    """Sea to the horizon, surf, sand, a rowing boat drawn up."""
    r = canvas.random
    nature.sky(canvas, 158)
    with canvas.pen(haze=0.5):
        canvas.poly(
            spline([(340, 160), (372, 140), (430, 128), (480, 138), (540, 134), (540, 164)], False, 4), "mid", 0.5
        )
    nature.water(canvas, 154, 222, "#4f8fa0", 55)
    surf = [(-20, 214), (70, 208), (170, 217), (280, 208), (390, 216), (540, 207)]
    canvas.poly([*spline([(x, y + 5) for x, y in surf], False, 5), (540, 300), (-20, 300)], "#f3efe2", 0)
    canvas.poly(
        [*spline([(x, y + 11) for x, y in surf], False, 5), (540, 300), (-20, 300)],
        nature.ground_key(canvas, "#e3c793"),
        0.5,
    )
    canvas.gradient((0, 222, 512, 66), "deep", "deep", top_opacity=0.0, bottom_opacity=0.14)
    x, y = 86, 238
    canvas.contact(x + 6, y + 8, 66, 8, 0.5)
    hull = [(x - 62, y - 24), (x + 66, y - 20), (x + 44, y + 8), (x - 40, y + 8)]
    canvas.form(hull, "#3f7f83", 0.8, 12)
    canvas.line([(x - 60, y - 20), (x + 64, y - 16)], "#f1e8d4", 3.4)
    canvas.line([(x - 10, y - 30), (x + 76, y + 8)], "wood", 3)
    canvas.contact(452, 240, 44, 6, 0.5)
    draw_symbol(canvas, "parasol", (452, 240), 1.2, "#d0653c")
    for _ in range(22):
        px, py = r.uniform(120, 500), r.uniform(238, 284)
        canvas.ellipse((px, py), r.uniform(1, 2.4), r.uniform(0.8, 1.4), "#b99a6c" if r.random() < 0.6 else "#f6efe0")
    for gx, gy in ((190, 60), (220, 74), (262, 52)):
        canvas.curve(
            [(gx - 9, gy - 3), (gx - 4, gy - 6), (gx, gy), (gx + 4, gy - 6), (gx + 9, gy - 3)], "ink", 1.3, 0.55
        )
    nature.grass(canvas, 258, 288, 26, "near", 0.5)
    return Stage(floor=(244, 270), left=160, right=440, seat="rock", front="bush", surface="#e3c793", focus=430.0)


def garden(canvas: Canvas) -> Stage:
    """Clipped hedges, flower beds, a fountain, an arbour."""
    r = canvas.random
    nature.sky(canvas, 190)
    for tx, h in ((10, 104), (92, 84), (430, 92), (506, 110)):
        nature.tree(canvas, tx, 186, h, "mid", 0.42)
    canvas.rect(-4, 164, 520, 40, "near", 0.6, lighter=0.04)
    for i in range(9):
        canvas.ellipse((i * 64 + 2, 164), 13, 15, "near", 0.5, lighter=0.06)
    nature.open_ground(canvas, 200, "#8fa85e")
    arch = [
        (40, 208),
        (40, 120),
        (62, 90),
        (94, 90),
        (116, 120),
        (116, 208),
        (106, 208),
        (106, 124),
        (90, 102),
        (66, 102),
        (50, 124),
        (50, 208),
    ]
    canvas.form(arch, "#efe6d2", 0.7, 5)
    roses: dict[str, list[Points]] = {"#cc6a88": [], "#e8d9d0": [], "#5a7f46": []}
    for k in range(30):
        px = (36 if k % 2 else 104) + r.uniform(0, 16)
        roses[("#5a7f46", "#5a7f46", "#cc6a88", "#e8d9d0")[k // 2 % 4]].append(
            oval(px, r.uniform(94, 202), 4.6, 4.2, 8)
        )
    for key, outlines in roses.items():
        draw_many(canvas, outlines, key, 0.3)
    walk = [(236, 202), (276, 202), (318, 240), (404, 294), (108, 294), (194, 240)]
    canvas.poly(walk, nature.ground_key(canvas, "#dcc79c"), 0.4)
    x, y = 256.0, 210.0
    canvas.contact(x, y + 8, 56, 8)
    canvas.form(
        spline([(x - 46, y - 6), (x + 46, y - 6), (x + 36, y + 8), (x - 36, y + 8)], True, 3), "#b9b2a6", 0.7, 9
    )
    canvas.ellipse((x, y - 6), 42, 5, "#7fb0bd", 0.4)
    canvas.rect(x - 5, y - 42, 10, 38, "#b9b2a6", 0.6, shadow=4)
    canvas.form(
        spline([(x - 22, y - 46), (x + 22, y - 46), (x + 8, y - 36), (x - 8, y - 36)], True, 3), "#b9b2a6", 0.6, 5
    )
    for dx in (-18, 18):
        canvas.curve([(x, y - 60), (x + dx * 0.6, y - 54), (x + dx * 1.4, y - 10)], "#d8ecf0", 1.8, 0.8)
    _flower_beds(canvas)
    return Stage(floor=(246, 270), left=130, right=390, seat="bench", front="bough", surface="#b9b2a6", focus=96.0)


def _flower_beds(canvas: Canvas) -> None:
    r, keys = canvas.random, ("#d9566a", "#e8b83c", "#b878b8", "#f1e8e0", "#e0703c")
    blooms: dict[str, list[Points]] = {key: [] for key in keys}
    stems = ""
    for x0, x1 in ((6, 150), (362, 506)):
        for _ in range(50):
            x, y = r.uniform(x0, x1), r.uniform(222, 250)
            stems += f"M{x:.0f} {y + 8:.0f}v-8"
            blooms[r.choice(keys)].append(oval(x, y, 3.8, 3.4, 8))
    canvas.scratches(stems, "near", 1.1, 1.0)
    for key, outlines in blooms.items():
        draw_many(canvas, outlines, key, 0.3)


def field(canvas: Canvas) -> Stage:
    """Ripe corn to the horizon, a windmill, a track."""
    r = canvas.random
    nature.sky(canvas, 182)
    nature.ridge(canvas, 166, 7, "far", 0.55, 6)
    with canvas.pen(haze=0.26):
        x, y = 392.0, 184.0
        canvas.form([(x - 22, y), (x - 13, y - 64), (x + 13, y - 64), (x + 22, y)], "#e6dac4", 0.7, 10)
        canvas.poly([(x - 16, y - 62), (x, y - 84), (x + 16, y - 62)], "#8a4a3c", 0.6)
        canvas.rect(x - 5, y - 18, 10, 18, "wood", 0.4)
        turn_by = r.uniform(10, 70)
        for k in range(4):
            sail = [turn(p, turn_by + 90 * k) for p in ((-2.0, 0.0), (-3.0, -54.0), (8.0, -54.0), (4.0, -8.0))]
            canvas.poly([(x + px, y - 64 + py) for px, py in sail], "#f3ead6", 0.5, opacity=0.95)
    gold = nature.ground_key(canvas, "#d9ae54")
    canvas.poly(
        [*spline([(-20, 184), (120, 178), (260, 184), (400, 178), (540, 184)], False, 5), (540, 300), (-20, 300)],
        gold,
        0.6,
    )
    for k in range(7):
        y = 188 + k * k * 2.3
        path = "".join(f"M{px:.0f} {y:.1f}l{r.uniform(-2, 2):.1f} {-4 - k * 1.6:.1f}" for px in range(-4, 520, 5))
        canvas.scratches(path, gold, 0.9 + k * 0.22, 0.7, lighter=-0.1 if k % 2 else 0.05)
    track = [(210, 182), (222, 182), (286, 226), (420, 294), (92, 294), (206, 226)]
    canvas.poly(spline(track, True, 4), nature.ground_key(canvas, "#b08a58"), 0, -0.02)
    for k in range(8):
        x0 = 20 + k * 21
        canvas.line([(x0, 226 - k * 4.2), (x0, 204 - k * 3.4)], "wood", 3.0 - k * 0.22)
    canvas.line([(14, 214), (170, 183)], "wood", 2.0)
    canvas.line([(14, 221), (170, 187)], "wood", 1.6)
    return Stage(floor=(244, 270), left=110, right=410, seat="crate", front="bush", surface="#b08a58", focus=392.0)


def clearing(canvas: Canvas) -> Stage:
    """Anywhere outdoors: hills, a few trees, a path."""
    nature.sky(canvas, 190)
    nature.ridge(canvas, 140, 14, "far", 0.6, 6)
    nature.ridge(canvas, 164, 10, "mid", 0.4, 7)
    for x, h in ((40, 92), (96, 70), (450, 98), (398, 66)):
        nature.tree(canvas, x, 202, h, haze=0.22)
    nature.open_ground(canvas, 200, "ground")
    path = [(250, 204), (262, 204), (290, 240), (360, 292), (170, 292), (232, 240)]
    canvas.poly(spline(path, True, 4), nature.ground_key(canvas, "sky_lo"), 0, opacity=0.4)
    nature.grass(canvas, 212, 288, 90)
    return Stage(seat="rock", front="bough", surface="ground")
