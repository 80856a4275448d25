"""The places of a town under the sky: street, market, bridge, harbour, cemetery.

Each function draws one backdrop in three depths and says what it offers to people (stage.Stage). See places.py.
"""

from moviellm.generation.studio.drawing import nature, rooms
from moviellm.generation.studio.drawing.canvas import FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.geometry import Point, Points, oval, spline
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.drawing.symbols import draw_many
from moviellm.generation.studio.drawing.vista import Receding, terrace


def street(canvas: Canvas) -> Stage:
    """A street that runs away on a slant between two rows of houses to a clock tower; it shines in rain."""
    r = canvas.random
    nature.sky(canvas, 182, sun=(232, 46 if canvas.palette.time_of_day in ("day", "night") else 112))
    vanish = (356.0, 168.0)
    with canvas.pen(haze=0.62):
        for i, h in enumerate((40, 30, 44, 26, 52, 34, 46, 36)):
            x = 216 + i * 30
            canvas.rect(x, 178 - h, 28, h + 20, "far", 0.4)
            canvas.poly([(x - 3, 178 - h), (x + 14, 162 - h), (x + 31, 178 - h)], "far", 0.4)
    with canvas.pen(haze=0.45):
        canvas.rect(344, 66, 22, 112, "mid", 0.5)
        canvas.poly([(340, 68), (355, 28), (370, 68)], "mid", 0.5)
        canvas.ellipse((355, 84), 7, 7, "light", 0.4, emissive=True)
    road = nature.ground_key(canvas, "#8b8792")
    canvas.poly([(-10, 300), (-10, 214), vanish, (522, 200), (522, 300)], road, 0)
    left, right = Receding((-96.0, 270.0), vanish), Receding((652.0, 270.0), vanish)
    walls = ["#b98a6a", "#8fa08a", "#c9a06e", "#a8786a", "#93a3a0", "#c2946a"]
    r.shuffle(walls)
    terrace(canvas, left, [0.06, 0.25, 0.4, 0.52, 0.62, 0.7, 0.77], [262, 216, 280, 232, 268, 226], walls)
    terrace(canvas, right, [0.38, 0.52, 0.62, 0.7, 0.77], [236, 278, 222, 262], walls[::-1])
    for wall, kerb in ((left, Receding((-56.0, 300.0), vanish)), (right, Receding((640.0, 316.0), vanish))):
        pavement = [wall.at(0), wall.at(0.86), kerb.at(0.86), kerb.at(0)]
        canvas.poly(pavement, nature.ground_key(canvas, "#a9a3a6"), 0.4)
        canvas.line([kerb.at(0), kerb.at(0.86)], "ink", 1.2, 0.35)
    canvas.gradient((0, 214, FRAME_WIDTH, 74), "deep", "deep", top_opacity=0.0, bottom_opacity=0.28)
    if canvas.palette.weather in ("rain", "storm"):
        for x, w in ((120, 24), (236, 20), (330, 30), (400, 22), (470, 26)):
            shine = {"top_opacity": 0.3 if canvas.lit else 0.12, "bottom_opacity": 0.0}
            canvas.gradient((x - w / 2, 214, w, 66), "light", "light", **shine)
    path = "".join(
        f"M{x:.0f} {y:.1f}h{(y - 168) * 0.36:.0f}"
        for y in (206, 214, 224, 237, 252, 270)
        for x in (vanish[0] + (k - 3.5 + r.uniform(-0.2, 0.2)) * (y - 168) * 0.9 for k in range(7))
    )
    canvas.scratches(path, "sky_lo", 1.3, 0.32)
    for depth, side in ((0.64, left), (0.4, left), (0.6, right)):
        kerb_x, kerb_y = side.at(depth)
        shift = 34 if side is left else -34
        rooms.street_lamp(canvas, kerb_x + shift * (1 - depth) * 1.6, kerb_y + 14 * (1 - depth), 168 * (1 - depth))
    return Stage(seat="bench", surface="#8b8792", texture="stone", front="awning", focus=180.0)


def market(canvas: Canvas) -> Stage:
    """Stalls under striped awnings in a slanting row before houses, bunting across the square."""
    r = canvas.random
    nature.sky(canvas, 200)
    fronts = (
        (-14.0, 104, 124),
        (88.0, 84, 146),
        (170.0, 72, 104),
        (246.0, 62, 118),
        (310.0, 72, 96),
        (386.0, 60, 110),
    )
    for i, (x, w, h) in enumerate((*fronts, (448.0, 76, 92))):
        wall = ("#d8b48c", "#c7b79a", "#c9a06e", "#d9a987", "#bfb69a")[i % 5]
        roof = ("#a4523f", "#7d5a4c", "#8a4a3c")[i % 3]
        rooms.house(canvas, x, 198 - i * 2, w, h, wall, roof, 0.3 + 0.04 * i, (0, 1, 2, 0, 1, 2, 0)[i])
    canvas.poly([(-4, 200), (516, 184), (516, 300), (-4, 300)], nature.ground_key(canvas, "ground"), 0)
    canvas.gradient((0, 194, FRAME_WIDTH, 94), "deep", "deep", top_opacity=0.0, bottom_opacity=0.16)
    stones = "".join(f"M{r.uniform(0, 512):.0f} {r.uniform(226, 286):.0f}h{r.uniform(8, 18):.0f}" for _ in range(40))
    canvas.scratches(stones, "deep", 2.6, 0.1)
    row = ((424.0, 206.0, 100.0, "#5f7f4a", 0.7), (322.0, 213.0, 112.0, "#c9962e", 0.82),
           (194.0, 222.0, 118.0, "#3f7f83", 0.98), (8.0, 238.0, 140.0, "#b8483a", 1.2))  # fmt: skip
    for left, y, wide, stripe, size in row:
        _stall(canvas, (left, y), wide, stripe, size)
    flags: list[list[Points]] = [[], [], []]
    for i in range(13):
        middle, sag = 8 + i * 40, 30 + 12 * (1 - ((i - 6) / 6) ** 2) - i * 0.8
        flags[i % 3].append([(middle - 7, sag), (middle + 7, sag), (middle, sag + 15)])
    for outlines, key in zip(flags, rooms.BOOKS, strict=False):
        draw_many(canvas, outlines, key, 0.5)
    canvas.curve([(-10, 28), (130, 38), (256, 38), (382, 33), (522, 22)], "ink", 1.2, 0.6)
    return Stage(
        floor=(246, 270),
        left=150,
        right=440,
        spots=((252, 194), (378, 189), (474, 185)),
        seat="crate",
        surface="wood",
        focus=206.0,
        front="crates",
    )


def _stall(canvas: Canvas, foot: Point, width: float, stripe: str, size: float) -> None:
    """A stall with its lower left corner at `foot`; `size` of its height."""
    r, (x, y), s = canvas.random, foot, size
    canvas.contact(x + width / 2, y, width * 0.6, 7)
    canvas.rect(x + 4, y - 92 * s, 4, 92 * s, "wood", 0.5)
    canvas.rect(x + width - 8, y - 92 * s, 4, 92 * s, "wood", 0.5)
    canvas.rect(x, y - 28 * s, width, 28 * s, "wood", 0.7, shadow=5)
    canvas.rect(x - 3, y - 31 * s, width + 6, 5 * s, "wood", 0.4, lighter=0.1)
    count = int(width / 15 / s)
    if canvas.lit:
        canvas.glow(x + width / 2, y - 62 * s, width * 0.9, 70 * s, strength=0.6)
    stripes: tuple[list[Points], list[Points]] = ([], [])
    for i in range(count):
        left, right = x - 8 + (width + 16) * i / count, x - 8 + (width + 16) * (i + 1) / count
        top_left, top_right = x + 4 + (width - 8) * i / count, x + 4 + (width - 8) * (i + 1) / count
        edge = [(right, y - 90 * s), ((left + right) / 2, y - 83 * s), (left, y - 90 * s)]
        stripes[i % 2].append([(top_left, y - 116 * s), (top_right, y - 116 * s), *edge])
    draw_many(canvas, stripes[1], "#f1e8d4", 0.5)
    draw_many(canvas, stripes[0], stripe, 0.5)
    fruit = r.choice(("#d5553d", "#e0a23c", "#7e9a4a")), r.choice(("#e0a23c", "#7e9a4a", "#a8506a"))
    for half in (0, 1):
        row = [x + 8 + i * 11 * s for i in range(int(width / 11 / s))]
        shown = [cx for cx in row if abs(cx - x - width / 2) > 16 and (cx > x + width / 2) == bool(half)]
        heap = [oval(cx, y - (35 + (k % 2) * 4) * s, 5.4 * s, 5.4 * s) for k, cx in enumerate(shown)]
        draw_many(canvas, heap, fruit[half])


def bridge(canvas: Canvas) -> Stage:
    """On the bridge: the roadway runs to a stone gate, cables swing from its towers, the river on both sides."""
    nature.sky(canvas, 168)
    with canvas.pen(haze=0.58):
        for i, h in enumerate((30, 46, 26, 52, 38, 30, 56, 34, 44)):
            canvas.rect(i * 60 - 14, 166 - h, 54, h + 10, "far", 0.4)
            canvas.poly([(i * 60 - 18, 166 - h), (i * 60 + 13, 148 - h), (i * 60 + 44, 166 - h)], "far", 0.4)
    nature.water(canvas, 164, 290, "#5f93a8", 80)
    vanish = (196.0, 160.0)
    left, right = Receding((-44.0, 302.0), vanish), Receding((610.0, 302.0), vanish)
    canvas.poly([left.at(0), left.at(0.93), right.at(0.93), right.at(0)], nature.ground_key(canvas, "#a3968a"), 0.5)
    planks = "".join(
        f"M{left.at(t)[0]:.0f} {left.at(t)[1]:.1f}H{right.at(t)[0]:.0f}"
        for t in (0.1, 0.26, 0.4, 0.52, 0.62, 0.7, 0.77)
    )
    canvas.scratches(planks, "ink", 1.0, 0.22)
    _gate(canvas, left.at(0.7), right.at(0.7))
    for side, wall, bend in ((-1, left, 0.36), (1, right, 0.42)):
        _parapet(canvas, wall)
        (x, y), (end_x, end_y) = wall.at(0.7, 470), wall.at(0.0 if side < 0 else 0.16, 66)
        cable = spline([(x, y), (x + (end_x - x) * bend, y + (end_y - y) * 0.66), (end_x, end_y)], False, 8)
        canvas.line(cable, "#4a4650", 3.2)
        hangers = ""
        for px, py in cable[2:-1:2]:
            depth = (px - wall.foot[0]) / (vanish[0] - wall.foot[0])
            hangers += f"M{px:.0f} {py:.0f}V{wall.at(depth, 44)[1]:.0f}"
        canvas.scratches(hangers, "#4a4650", 1.4, 0.85)
    for depth in (0.56, 0.3):
        for wall in (left, right):
            x, y = wall.at(depth, 46)
            rooms.street_lamp(canvas, x, y, 150 * (1 - depth))
    return Stage(
        floor=(246, 270),
        left=110,
        right=400,
        seat="crate",
        surface="#b5a898",
        texture="stone",
        focus=200.0,
        front="post",
    )


def _gate(canvas: Canvas, left: Point, right: Point) -> None:
    """Two towers with a pointed arch between them, standing across the roadway."""
    stone, (x0, y), (x1, _) = "#a8917c", left, right
    with canvas.pen(haze=0.2):
        for x in (x0, x1):
            canvas.rect(x - 15, y - 146, 30, 150, stone, 0.8, shadow=9)
            canvas.rect(x - 19, y - 154, 38, 11, stone, 0.7, lighter=0.06)
            canvas.poly([(x - 15, y - 154), (x, y - 176), (x + 15, y - 154)], "#5a5360", 0.6)
        middle = (x0 + x1) / 2
        arch = [(x1 - 15, y - 84), (x1 - 28, y - 112), (middle, y - 128), (x0 + 28, y - 112), (x0 + 15, y - 84)]
        canvas.form([(x0 + 15, y - 142), (x1 - 15, y - 142), *spline(arch, False, 3)], stone, 0.7, 6)


def _parapet(canvas: Canvas, wall: Receding) -> None:
    canvas.poly(wall.panel(0.0, 0.93, 0, 44), "#b5a898", 0.7, -0.03)
    canvas.poly(wall.panel(0.0, 0.93, 38, 50), "#b5a898", 0.5, 0.08)
    joints = ""
    for depth in (0.08, 0.2, 0.31, 0.41, 0.5, 0.58, 0.65, 0.71, 0.77):
        (x, low), (_, high) = wall.at(depth), wall.at(depth, 38)
        joints += f"M{x:.0f} {low:.0f}V{high:.0f}"
    canvas.scratches(joints, "ink", 1.1, 0.3)


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
    quay = nature.ground_key(canvas, "#9a8570")
    canvas.poly([(-4, 240), (516, 214), (516, 222), (-4, 252)], quay, 0.6, -0.1)
    canvas.poly([(-4, 234), (516, 209), (516, 300), (-4, 300)], quay, 0.8)
    canvas.poly([(-4, 234), (516, 209), (516, 214), (-4, 241)], quay, 0, 0.08)
    path = "".join(f"M{x} {236 - x * 0.048:.0f}L{x * 1.5 - 190:.0f} 300" for x in range(-60, 660, 44))
    canvas.scratches(path, "ink", 1, 0.22)
    for bollard, size in ((96.0, 1.15), (250.0, 1.0), (396.0, 0.85)):
        edge = 240 - bollard * 0.048
        canvas.rect(bollard - 5 * size, edge - 17 * size, 10 * size, 18 * size, "ink", 0.6, shadow=3, lighter=0.1)
        canvas.ellipse((bollard, edge - 17 * size), 7 * size, 3 * size, "ink", 0.5, lighter=0.14)
    rooms.crate(canvas, 32, 254, 44)
    rooms.crate(canvas, 68, 260, 32, 0.1)
    rooms.barrel(canvas, 482, 240, 30)
    for _ in range(4):
        gx, gy = r.uniform(120, 420), r.uniform(40, 100)
        wings = [(gx - 8, gy - 3), (gx - 3, gy - 5), (gx, gy), (gx + 3, gy - 5), (gx + 8, gy - 3)]
        canvas.curve(wings, "ink", 1.2, 0.6)
    return Stage(
        floor=(246, 272),
        left=110,
        right=420,
        spots=((68, 234),),
        seat="crate",
        surface="#9a8570",
        focus=130.0,
        front="rope",
    )


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
        (40, 236, 46, 1),
        (112, 228, 38, 0),
        (170, 222, 36, 2),
        (226, 226, 36, 0),
        (290, 222, 34, 1),
        (344, 228, 42, 2),
        (424, 238, 88, 2),
        (486, 240, 50, 0),
    ):
        _gravestone(canvas, x, y, size, kind, r.uniform(-4, 4))
    nature.grass(canvas, 214, 288, 130)
    nature.fog(canvas, 190, 60, 0.34)
    return Stage(floor=(250, 272), left=110, right=420, seat="rock", front="bush", surface="#9c948c", focus=404.0)


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
