"""The places of open land: forest, mountain, beach, garden, field, and anywhere else outdoors.

Each function draws one backdrop in three depths and says what it offers to people (stage.Stage). See places.py.
"""

from moviellm.generation.studio.drawing import nature
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.geometry import spline, turn
from moviellm.generation.studio.drawing.stage import Stage


def forest(canvas: Canvas) -> Stage:
    """Trunks and firs in four depths, a path, light between."""
    r = canvas.random
    nature.sky(canvas, 214, sun=(300, 66))
    nature.ridge(canvas, 122, 14, "far", 0.62, 6)
    for i in range(17):
        nature.pine(canvas, i * 32 + r.uniform(-8, 8), 180 + r.uniform(-3, 4), r.uniform(54, 82), 0.52, "mid")
    nature.fog(canvas, 118, 80, 0.6)
    nature.open_ground(canvas, 184, "#8a9468")
    for x, h in ((34, 118), (84, 96), (128, 80), (396, 84), (444, 104), (494, 120)):
        nature.pine(canvas, x, 206 + r.uniform(-3, 3), h, 0.26)
    path = [(246, 188), (262, 188), (286, 226), (350, 294), (150, 294), (226, 226)]
    canvas.poly(
        spline(path, True, 4),
        nature.ground_key(canvas, "#c2a878"),
        0,
        -0.03 if canvas.palette.weather == "snow" else 0.0,
    )
    if not canvas.lit and canvas.palette.weather == "clear":
        for x in (150, 240, 330):
            canvas.poly([(x + 60, 0), (x + 96, 0), (x + 20, 240), (x - 50, 240)], "light", 0, opacity=0.1)
    for x, w in ((-8, 34), (512, 40)):
        trunk = [
            (x - w * 0.8, 290),
            (x - w * 0.5, 180),
            (x - w * 0.5, -10),
            (x + w * 0.5, -10),
            (x + w * 0.45, 180),
            (x + w * 0.9, 290),
        ]
        canvas.form(trunk, "wood", 0.8, 12, -0.06)
    nature.bush(canvas, 60, 232, 44, 22)
    nature.bush(canvas, 456, 234, 50, 24)
    nature.grass(canvas, 212, 288, 110)
    return Stage(floor=(236, 268), left=100, right=412, seat="rock", front="bough", surface="#8a7a58")


def mountain(canvas: Canvas) -> Stage:
    """Peaks with snow, a high meadow, boulders."""
    nature.sky(canvas, 200, sun=(408, 44) if canvas.palette.time_of_day in ("day", "night") else (250, 120))
    nature.peak(canvas, 120, 196, 300, 118, 0.55)
    nature.peak(canvas, 420, 196, 290, 104, 0.5)
    nature.peak(canvas, 268, 204, 330, 168, 0.3)
    nature.fog(canvas, 158, 56, 0.55)
    nature.ridge(canvas, 196, 7, "mid", 0.24, 6)
    for x, h in ((20, 44), (46, 54), (70, 38), (470, 52), (498, 42)):
        nature.pine(canvas, x, 212, h, 0.16)
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
    return Stage(floor=(242, 270), left=140, right=380, seat="rock", front="bush", surface="#8d8a86")


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
    for _ in range(22):
        px, py = r.uniform(120, 500), r.uniform(238, 284)
        canvas.ellipse((px, py), r.uniform(1, 2.4), r.uniform(0.8, 1.4), "#b99a6c" if r.random() < 0.6 else "#f6efe0")
    for gx, gy in ((190, 60), (220, 74), (262, 52)):
        canvas.curve(
            [(gx - 9, gy - 3), (gx - 4, gy - 6), (gx, gy), (gx + 4, gy - 6), (gx + 9, gy - 3)], "ink", 1.3, 0.55
        )
    nature.grass(canvas, 258, 288, 26, "near", 0.5)
    return Stage(floor=(244, 270), left=160, right=440, seat="rock", front="bush", surface="#e3c793")


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
    for k in range(24):
        px = (36 + r.uniform(0, 14)) if k % 2 else (106 + r.uniform(0, 14))
        canvas.ellipse((px, r.uniform(96, 200)), 4.4, 4.0, r.choice(("#cc6a88", "#e8d9d0", "#5a7f46", "#5a7f46")), 0.4)
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
    for x0, x1 in ((6, 150), (362, 506)):
        for _ in range(46):
            px, py = r.uniform(x0, x1), r.uniform(224, 250)
            canvas.line([(px, py + 7), (px, py)], "near", 1.1)
            canvas.ellipse((px, py), 3.2, 2.8, r.choice(("#d9566a", "#e8b83c", "#b878b8", "#f1e8e0", "#e0703c")))
    return Stage(floor=(246, 270), left=130, right=390, seat="bench", front="bough", surface="#b9b2a6")


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
    return Stage(floor=(244, 270), left=110, right=410, seat="crate", front="bush", surface="#b08a58")


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
