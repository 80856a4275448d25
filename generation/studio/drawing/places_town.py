"""The places of a town under the sky: street, market, bridge, harbour, cemetery.

Each function draws one backdrop in three depths and says what it offers to people (stage.Stage). See places.py.
"""

from moviellm.generation.studio.drawing import nature, rooms
from moviellm.generation.studio.drawing.canvas import FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.geometry import spline
from moviellm.generation.studio.drawing.stage import Stage


def street(canvas: Canvas) -> Stage:
    """Houses on both sides, lamps, paving that shines in rain."""
    r = canvas.random
    nature.sky(canvas, 190)
    with canvas.pen(haze=0.66):
        for i in range(11):
            x, h = i * 52 - 20, r.uniform(34, 74)
            canvas.rect(x, 176 - h, 46, h + 30, "far", 0.5)
            if i % 3 == 0:
                canvas.poly([(x - 3, 176 - h), (x + 23, 150 - h), (x + 49, 176 - h)], "far", 0.5)
    with canvas.pen(haze=0.6):
        canvas.rect(232, 58, 22, 140, "mid", 0.5)
        canvas.poly([(228, 60), (243, 18), (258, 60)], "mid", 0.5)
        canvas.ellipse((243, 76), 6.5, 6.5, "light", 0.4, emissive=True)
    nature.fog(canvas, 110, 90, 0.5)
    walls = ["#b98a6a", "#8fa08a", "#c9a06e", "#a8786a", "#93a3a0", "#c2946a"]
    r.shuffle(walls)
    for i, (x, w, h) in enumerate(
        ((-30, 88, 104), (62, 74, 126), (140, 66, 92), (300, 70, 100), (374, 72, 88), (450, 92, 130))
    ):
        rooms.house(
            canvas,
            x,
            206,
            w,
            h,
            walls[i],
            ("#5a4452", "#4a4a5c", "#6a4048")[i % 3],
            0.16 + 0.06 * (i % 3),
            (0, 1, 2, 1, 2, 0)[i],
        )
    canvas.rect(0, 204, FRAME_WIDTH, 84, nature.ground_key(canvas, "#8b8792"), 0)
    canvas.gradient((0, 204, FRAME_WIDTH, 84), "deep", "deep", top_opacity=0.0, bottom_opacity=0.3)
    if canvas.palette.weather in ("rain", "storm"):
        for x, w in ((24, 18), (98, 22), (237, 18), (330, 24), (470, 26)):
            canvas.gradient(
                (x - w / 2, 210, w, 64), "light", "light", top_opacity=0.26 if canvas.lit else 0.1, bottom_opacity=0.0
            )
    path = "".join(
        f"M{r.random() * 512:.0f} {y + r.uniform(-3, 3):.0f}h{r.uniform(20, 60):.0f}"
        for y in (214, 226, 242, 262)
        for _ in range(7)
    )
    canvas.scratches(path, "sky_lo", 1.2, 0.3)
    rooms.street_lamp(canvas, 196, 222, 112)
    rooms.street_lamp(canvas, 424, 214, 84)
    return Stage(seat="bench", surface="#8b8792", front="awning")


def market(canvas: Canvas) -> Stage:
    """Stalls under striped awnings before a row of houses."""
    r = canvas.random
    nature.sky(canvas, 200)
    for i, (x, w, h) in enumerate(((-10, 96, 112), (84, 80, 138), (164, 70, 100), (330, 90, 124), (418, 104, 108))):
        wall = ("#d8b48c", "#c7b79a", "#c9a06e", "#d9a987", "#bfb69a")[i]
        rooms.house(canvas, x, 196, w, h, wall, ("#a4523f", "#7d5a4c", "#8a4a3c")[i % 3], 0.4, (0, 1, 2, 0, 1)[i])
    canvas.rect(0, 194, FRAME_WIDTH, 94, nature.ground_key(canvas, "ground"), 0)
    canvas.gradient((0, 194, FRAME_WIDTH, 94), "deep", "deep", top_opacity=0.0, bottom_opacity=0.16)
    for x, w, stripe in ((6, 130, "#b8483a"), (150, 110, "#3f7f83"), (282, 104, "#c9962e"), (398, 128, "#5f7f4a")):
        _stall(canvas, x, 226, w, stripe)
    for _ in range(40):
        spot = (r.uniform(0, 512), r.uniform(234, 286))
        canvas.ellipse(spot, r.uniform(5, 10), r.uniform(1.4, 2.4), "deep", opacity=0.08)
    for i in range(13):
        x = 8 + i * 40
        sag = 34 + 10 * (1 - ((i - 6) / 6) ** 2)
        canvas.poly([(x - 7, sag), (x + 7, sag), (x, sag + 15)], rooms.BOOKS[i % 6], 0.5)
    canvas.curve([(-10, 32), (130, 41), (256, 44), (382, 41), (522, 32)], "ink", 1.2, 0.6)
    return Stage(
        floor=(246, 270),
        left=80,
        right=432,
        spots=((66, 200), (204, 200), (334, 200), (458, 200)),
        seat="crate",
        surface="wood",
    )


def _stall(canvas: Canvas, x: float, y: float, width: float, stripe: str) -> None:
    r = canvas.random
    canvas.contact(x + width / 2, y, width * 0.6, 7)
    canvas.rect(x + 4, y - 92, 4, 92, "wood", 0.5)
    canvas.rect(x + width - 8, y - 92, 4, 92, "wood", 0.5)
    canvas.rect(x, y - 28, width, 28, "wood", 0.7, shadow=5)
    canvas.rect(x - 3, y - 31, width + 6, 5, "wood", 0.4, lighter=0.1)
    count = int(width / 15)
    if canvas.lit:
        canvas.glow(x + width / 2, y - 62, width * 0.9, 70, strength=0.6)
    for i in range(count):
        left, right = x - 8 + (width + 16) * i / count, x - 8 + (width + 16) * (i + 1) / count
        top_left, top_right = x + 4 + (width - 8) * i / count, x + 4 + (width - 8) * (i + 1) / count
        scallop = [
            (top_left, y - 116),
            (top_right, y - 116),
            (right, y - 90),
            ((left + right) / 2, y - 83),
            (left, y - 90),
        ]
        canvas.poly(scallop, stripe if i % 2 == 0 else "#f1e8d4", 0.5, drop=i % 2 == 0)
    fruit = r.choice(("#d5553d", "#e0a23c", "#7e9a4a")), r.choice(("#e0a23c", "#7e9a4a", "#a8506a"))
    for i in range(int(width / 11)):
        cx = x + 8 + i * 11
        if abs(cx - x - width / 2) > 16:
            canvas.ellipse((cx, y - 35 - (i % 2) * 4), 5.4, 5.4, fruit[int(cx > x + width / 2)], 0.4)


def bridge(canvas: Canvas) -> Stage:
    """On a stone bridge: the river below, its other arches and the town behind the parapet."""
    nature.sky(canvas, 176)
    with canvas.pen(haze=0.55):
        for i, h in enumerate((40, 62, 48, 74, 52, 44, 66, 50)):
            canvas.rect(i * 66 - 12, 160 - h, 60, h + 10, "far", 0.4)
            canvas.poly([(i * 66 - 16, 160 - h), (i * 66 + 18, 142 - h), (i * 66 + 52, 160 - h)], "far", 0.4)
    nature.water(canvas, 158, 226, "#5f8fa0", 60)
    with canvas.pen(haze=0.3):
        top, deck = 132.0, [(-10.0, 140.0), (256.0, 118.0), (522.0, 140.0), (522.0, 196.0)]
        outline: list[tuple[float, float]] = [*deck]
        for k in (4, 3, 2, 1, 0):
            left = -20 + k * 112
            arch = [(left + 96, 200), (left + 92, 168), (left + 60, top + 12), (left + 28, 168), (left + 24, 200)]
            outline += spline(arch, False, 4)
        canvas.form([*outline, (-10.0, 200.0)], "#a89a8c", 0.7, 6)
        canvas.line([(-10, 140), (256, 118), (522, 140)], "#a89a8c", 5, lighter=0.07)
    canvas.rect(-4, 216, 520, 80, nature.ground_key(canvas, "#a3968a"), 0.6)
    canvas.rect(-4, 186, 520, 36, "#b5a898", 0.8, shadow=9)
    canvas.rect(-4, 182, 520, 8, "#b5a898", 0.6, lighter=0.07)
    for i in range(9):
        canvas.line(
            [(i * 60 + 20 + (30 if i % 2 else 0), 192), (i * 60 + 20 + (30 if i % 2 else 0), 206)], "ink", 1, 0.25
        )
    canvas.line([(-4, 206), (516, 206)], "ink", 1, 0.25)
    for x in (64, 448):
        rooms.street_lamp(canvas, x, 190, 96)
    for y in (232, 250, 270):
        canvas.line([(-4, y), (516, y)], "ink", 1, 0.16)
    return Stage(
        floor=(242, 270),
        left=100,
        right=412,
        spots=((150, 184), (256, 184), (350, 184)),
        seat="crate",
        surface="#b5a898",
    )


def harbour(canvas: Canvas) -> Stage:
    """A quay with boats at rest, masts, a lighthouse on the far mole."""
    r = canvas.random
    nature.sky(canvas, 168)
    nature.ridge(canvas, 150, 8, "far", 0.55, 5, 176)
    _far_lighthouse(canvas, 78, 166, 74)
    nature.water(canvas, 164, 232)
    for x, y, size, hull, lean in (
        (196, 190, 0.8, "#a8483c", -1),
        (318, 198, 1.05, "#3f6b72", 1),
        (436, 186, 0.75, "#c79a4a", -1),
    ):
        _boat(canvas, x, y, size, hull, lean)
    canvas.rect(-4, 226, 520, 70, nature.ground_key(canvas, "#9a8570"), 0.8)
    canvas.rect(-4, 226, 520, 6, nature.ground_key(canvas, "#9a8570"), 0, lighter=0.08)
    path = "".join(f"M{x} 232L{x + (x - 256) * 0.4:.0f} 288" for x in range(-100, 640, 44))
    canvas.scratches(path, "ink", 1, 0.22)
    for x in (120, 262, 404):
        canvas.rect(x - 5, 216, 10, 18, "ink", 0.6, shadow=3, lighter=0.1)
        canvas.ellipse((x, 216), 7, 3, "ink", 0.5, lighter=0.14)
    rooms.crate(canvas, 30, 248, 40)
    rooms.crate(canvas, 62, 254, 30, 0.1)
    rooms.barrel(canvas, 482, 252, 30)
    for _ in range(4):
        gx, gy = r.uniform(120, 420), r.uniform(40, 100)
        wings = [(gx - 8, gy - 3), (gx - 3, gy - 5), (gx, gy), (gx + 3, gy - 5), (gx + 8, gy - 3)]
        canvas.curve(wings, "ink", 1.2, 0.6)
    return Stage(floor=(246, 272), left=110, right=420, spots=((62, 230),), seat="crate", surface="#9a8570")


def _far_lighthouse(canvas: Canvas, x: float, y: float, height: float) -> None:
    with canvas.pen(haze=0.25):
        canvas.poly(spline([(x - 40, y + 6), (x - 30, y - 5), (x + 24, y - 6), (x + 44, y + 6)], False, 3), "mid", 0.5)
        canvas.form([(x - 9, y), (x - 6, y - height), (x + 6, y - height), (x + 9, y)], "#ece4d6", 0.6, 5)
        for k in (0.28, 0.62):
            half = 9 - 3 * k
            canvas.rect(x - half, y - height * k - 10, half * 2, 10, "accent", 0)
        canvas.rect(x - 8, y - height - 3, 16, 3, "ink", 0)
        canvas.poly([(x - 7, y - height - 14), (x, y - height - 22), (x + 7, y - height - 14)], "ink", 0.5)
    canvas.rect(x - 5, y - height - 14, 10, 11, "light" if canvas.lit else "sky_lo", 0.4)
    if canvas.lit:
        canvas.glow(x, y - height - 8, 70, strength=0.9)
        canvas.poly(
            [(x, y - height - 8), (x + 620, y - height - 70), (x + 620, y - height + 20)], "light", 0, opacity=0.13
        )


def _boat(canvas: Canvas, x: float, y: float, size: float, hull: str, lean: int) -> None:
    s = size
    canvas.line([(x, y - 8 * s), (x + lean * 2, y - 92 * s)], "wood", 2.2 * s)
    sail = [(x + 3 * lean, y - 88 * s), (x + 46 * s * lean, y - 18 * s), (x + 4 * lean, y - 16 * s)]
    canvas.form([sail[0], (x + 34 * s * lean, y - 52 * s), *sail[1:]], "#efe6d2", 0.7, 9 * s)
    jib = [(x - 3 * lean, y - 82 * s), (x - 26 * s * lean, y - 16 * s), (x - 4 * lean, y - 16 * s)]
    canvas.form(jib, "#e0d2b4", 0.7, 6 * s)
    side = [(x - 48 * s, y - 12 * s), (x + 50 * s, y - 14 * s), (x + 36 * s, y + 8 * s), (x - 34 * s, y + 8 * s)]
    canvas.form(side, hull, 0.8, 8 * s)
    canvas.line([(x - 47 * s, y - 8 * s), (x + 48 * s, y - 10 * s)], "#efe6d2", 2.4 * s)
    canvas.poly(
        [(x - 34 * s, y + 8 * s), (x + 36 * s, y + 8 * s), (x + 24 * s, y + 26 * s), (x - 24 * s, y + 26 * s)],
        hull,
        0,
        opacity=0.3,
    )


def cemetery(canvas: Canvas) -> Stage:
    """Stones in the grass, an iron gate, a chapel, a bare tree."""
    r = canvas.random
    nature.sky(canvas, 196)
    nature.ridge(canvas, 166, 9, "far", 0.55, 6)
    with canvas.pen(haze=0.34):
        canvas.rect(330, 128, 74, 74, "#9c948c", 0.7)
        canvas.poly([(322, 130), (367, 88), (412, 130)], "#5a5360", 0.7)
        canvas.rect(392, 80, 26, 122, "#9c948c", 0.6, lighter=-0.03)
        canvas.poly([(388, 82), (405, 36), (422, 82)], "#5a5360", 0.7)
        canvas.poly([(356, 202), (356, 176), (367, 164), (378, 176), (378, 202)], "ink", 0.4)
        canvas.ellipse((367, 146), 7, 7, "light" if canvas.lit else "sky_lo", 0.4)
    nature.open_ground(canvas, 198, "#8d9470")
    _bare_tree(canvas, 62, 224, 172)
    for i in range(22):
        x = -8 + i * 25
        canvas.line([(x, 214), (x, 180)], "ink", 1.6)
        canvas.poly([(x - 2.4, 181), (x, 175), (x + 2.4, 181)], "ink", 0)
    for y in (186, 208):
        canvas.line([(-10, y), (522, y)], "ink", 1.6)
    for x, y, size, kind in (
        (118, 232, 28, 0),
        (186, 224, 22, 1),
        (226, 236, 26, 2),
        (304, 228, 24, 0),
        (358, 238, 30, 1),
        (440, 232, 28, 2),
        (486, 246, 34, 0),
    ):
        _gravestone(canvas, x, y, size, kind, r.uniform(-4, 4))
    nature.grass(canvas, 214, 288, 130)
    nature.fog(canvas, 190, 60, 0.34)
    return Stage(floor=(250, 272), left=110, right=420, seat="rock", front="bush", surface="#9c948c")


def _gravestone(canvas: Canvas, x: float, y: float, size: float, kind: int, lean: float) -> None:
    s = size
    canvas.contact(x, y, s * 0.9, 5)
    if kind == 2:
        cross = [
            (-4, 0),
            (-4, -26),
            (-13, -26),
            (-13, -33),
            (-4, -33),
            (-4, -44),
            (4, -44),
            (4, -33),
            (13, -33),
            (13, -26),
            (4, -26),
            (4, 0),
        ]
        canvas.form([(x + px * s / 26 + lean * -py / 44, y + py * s / 26) for px, py in cross], "#a39c94", 0.8, 4)
        return
    top = (
        [(-13, 0), (-13, -28), (-9, -37), (0, -41), (9, -37), (13, -28), (13, 0)]
        if kind == 0
        else [(-15, 0), (-15, -32), (15, -32), (15, 0)]
    )
    canvas.form([(x + px * s / 26 + lean * -py / 44, y + py * s / 26) for px, py in top], "#a39c94", 0.8, 7)
    for k in range(3):
        canvas.line(
            [
                (x - 0.28 * s + lean * 0.5, y - s * (1.0 - 0.18 * k)),
                (x + 0.28 * s + lean * 0.5, y - s * (1.0 - 0.18 * k)),
            ],
            "ink",
            1,
            0.35,
        )


def _bare_tree(canvas: Canvas, x: float, y: float, height: float) -> None:
    trunk = [
        (x - 13, y),
        (x - 6, y - height * 0.4),
        (x - 3, y - height * 0.62),
        (x + 3, y - height * 0.62),
        (x + 6, y - height * 0.4),
        (x + 15, y),
    ]
    canvas.form(trunk, "near", 0.7, 5, -0.04)
    for dx, dy, start, width in (
        (-0.32, 0.92, 0.5, 4.0),
        (0.34, 0.95, 0.55, 4.0),
        (0.02, 1.06, 0.6, 4.0),
        (-0.16, 1.0, 0.6, 2.4),
        (0.4, 0.74, 0.44, 3.0),
        (-0.4, 0.7, 0.4, 3.0),
    ):
        middle = (x + dx * height * 0.45, y - height * (start + (dy - start) * 0.62))
        canvas.curve([(x, y - height * start), middle, (x + dx * height, y - height * dy)], "near", width)
        canvas.curve(
            [middle, (middle[0] + dx * 16 + 8, middle[1] - 20), (middle[0] + dx * 30, middle[1] - 34)],
            "near",
            width * 0.5,
        )
