"""Wild and high places: river, desert, ruin, rooftop, the deck of a ship.

Each function draws one backdrop in three depths and says what it offers to people (stage.Stage). See places.py.
"""

from moviellm.generation.studio.drawing import nature
from moviellm.generation.studio.drawing.canvas import FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.geometry import Points, spline
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.drawing.symbols import draw_symbol

STONE = "#b9905f"


def _stones(canvas: Canvas) -> None:
    """Stones along the near bank."""
    for x, y, size in ((196.0, 206.0, 17.0), (238.0, 199.0, 13.0), (274.0, 195.0, 11.0), (150.0, 216.0, 20.0)):
        canvas.form(
            spline(
                [
                    (x - size, y),
                    (x - size * 0.5, y - size * 0.55),
                    (x + size * 0.5, y - size * 0.5),
                    (x + size, y),
                    (x, y + size * 0.22),
                ],
                True,
                3,
            ),
            nature.ground_key(canvas, "#9a9690"),
            0.6,
            4,
        )


def river(canvas: Canvas) -> Stage:
    """A river bends from a waterfall to the near bank; reeds, stones, a canoe."""
    r = canvas.random
    nature.sky(canvas, 150)
    nature.ridge(canvas, 104, 12, "far", 0.6, 5)
    _waterfall(canvas, 392 + r.uniform(-10, 10))
    for x in (20.0, 70.0, 124.0, 190.0, 250.0):
        nature.tree(canvas, x + r.uniform(-10, 10), 168, r.uniform(58, 84), "mid", 0.3)
    nature.open_ground(canvas, 162, "#86a35c")
    water: Points = [
        (412, 166), (300, 172), (180, 178), (40, 178), (-20, 180), (-20, 236), (90, 240), (230, 226), (340, 206),
        (440, 196), (540, 196), (540, 172),
    ]  # fmt: skip
    bed = spline(water[:5], False, 4) + spline(water[5:], False, 4)
    canvas.poly([(x, y + 4) for x, y in bed], "#6f7f4a", 0)
    canvas.poly(bed, "#4b93ad", 0.4)
    canvas.poly(
        spline([(412, 168), (250, 182), (-20, 190), (-20, 200), (260, 192), (420, 176)], True, 4),
        "sky_lo",
        0,
        opacity=0.45,
    )
    path = ""
    for _ in range(34):
        x, y = r.uniform(-10, 440), r.uniform(184, 226)
        if y < 238 - x * 0.1:
            path += f"M{x:.0f} {y:.1f}q{r.uniform(8, 20):.0f} -3 {r.uniform(20, 44):.0f} 0"
    canvas.scratches(path, "#eaf4f4", 1.5, 0.65)
    near = [(-20, 240), (90, 244), (230, 230), (340, 210), (440, 199), (540, 199)]
    canvas.poly([*spline(near, False, 4), (540, 300), (-20, 300)], nature.ground_key(canvas, "#7d9a4e"), 0.5)
    _stones(canvas)
    draw_symbol(canvas, "canoe", (330, 214), 0.62, "#a5502f")
    for x, y, size in ((24.0, 256.0, 1.1), (62, 250, 0.8), (398, 210, 0.62), (470, 214, 0.75), (500, 222, 0.9)):
        draw_symbol(canvas, "reeds", (x, y), size, "near", flip=x > 256)
    nature.grass(canvas, 240, 288, 70)
    return Stage(
        floor=(246, 270),
        left=120,
        right=430,
        seat="rock",
        front="reeds",
        surface="#7d9a4e",
        texture="grass",
        focus=380.0,
    )


def _waterfall(canvas: Canvas, x: float) -> None:
    """A cliff with a white fall into mist."""
    with canvas.pen(haze=0.3):
        left = [(x - 108, 172), (x - 92, 120), (x - 66, 106), (x - 50, 72), (x - 22, 62), (x - 20, 172)]
        right = [(x + 22, 172), (x + 22, 60), (x + 60, 50), (x + 92, 64), (x + 150, 60), (x + 150, 172)]
        for side in (left, right):
            canvas.form(side, "#7f8a80", 0.7, 12)
        canvas.rect(x - 24, 66, 50, 104, "#7f8a80", 0, lighter=-0.08)
        for px, h in ((x - 74, 40), (x + 46, 40), (x + 80, 52), (x + 112, 44)):
            nature.pine(canvas, px, 62 + (46 if px < x else 0), h, 0.3)
    fall = [(x - 19, 66), (x + 19, 64), (x + 25, 170), (x - 27, 170)]
    canvas.poly(fall, "#e6f1f3", 0.3)
    for dx, w in ((-10, 3.0), (2, 4.0), (11, 2.4)):
        canvas.line([(x + dx, 70), (x + dx * 1.3, 168)], "#a9cdd8", w)
    canvas.ellipse((x, 170), 46, 9, "#f4f8f6", opacity=0.75)


def desert(canvas: Canvas) -> Stage:
    """Dunes with sharp crests, table mountains, cacti, bones."""
    r = canvas.random
    nature.sky(canvas, 190, sun=(132, 56) if canvas.palette.time_of_day == "day" else None)
    if canvas.palette.weather == "clear" and canvas.palette.time_of_day == "day":
        canvas.gradient((0, 60, FRAME_WIDTH, 130), "#f2b060", "#f2b060", top_opacity=0.0, bottom_opacity=0.55)
    for x, w, top, haze in ((402.0, 150.0, 96.0, 0.2), (250.0, 84.0, 124.0, 0.34), (96.0, 70.0, 134.0, 0.42)):
        with canvas.pen(haze=haze):
            mesa = [
                (x - w * 0.62, 184),
                (x - w * 0.46, top + 26),
                (x - w * 0.4, top),
                (x + w * 0.36, top + 3),
                (x + w * 0.42, top + 30),
                (x + w * 0.6, 184),
            ]
            canvas.form(mesa, "#a4502f", 0.7, w * 0.14)
            canvas.line([(x - w * 0.44, top + 20), (x + w * 0.4, top + 22)], "#a4502f", 4, lighter=0.1)
    sand = "#e2a85c"
    _dune(canvas, [(-20, 186), (110, 166), (210, 184), (380, 176), (540, 188)], sand, 0.22, 0.03)
    _dune(canvas, [(-20, 204), (120, 206), (300, 186), (420, 206), (540, 200)], sand, 0.1, -0.02)
    lee = spline([(300, 187), (352, 194), (430, 210), (340, 216), (296, 232), (318, 208)], True, 4)
    canvas.poly(lee, nature.ground_key(canvas, "#b87440"), 0, opacity=0.7)
    _dune(canvas, [(-20, 224), (150, 214), (280, 226), (420, 218), (540, 228)], sand, 0.0, 0.03)
    path = ""
    for _ in range(26):
        x, y = r.uniform(-10, 500), r.uniform(232, 286)
        path += f"M{x:.0f} {y:.1f}q{r.uniform(10, 24):.0f} -4 {r.uniform(26, 60):.0f} 0"
    canvas.scratches(path, nature.ground_key(canvas, "#b87440"), 1.4, 0.5)
    for x, y, size in ((64.0, 238.0, 1.15), (466.0, 230.0, 0.8), (214.0, 206.0, 0.36), (388.0, 204.0, 0.3)):
        canvas.contact(x - canvas.light[0] * 14 * size, y, 34 * size, 5 * size, 0.5)
        draw_symbol(canvas, "cactus", (x, y), size, "#4f7d4a", flip=r.random() < 0.5)
    draw_symbol(canvas, "skull", (420, 256), 0.6)
    return Stage(
        floor=(244, 270),
        left=130,
        right=420,
        seat="rock",
        surface="#e2a85c",
        texture="sand",
        focus=402.0,
        front="cactus",
    )


def _dune(canvas: Canvas, crest: Points, key: str, haze: float, lighter: float) -> None:
    with canvas.pen(haze=haze):
        canvas.poly([*spline(crest, False, 6), (540, 300), (-20, 300)], nature.ground_key(canvas, key), 0.6, lighter)


def ruin(canvas: Canvas) -> Stage:
    """A temple fallen in: columns, a broken arch, blocks in the grass, ivy."""
    r = canvas.random
    nature.sky(canvas, 190)
    nature.ridge(canvas, 156, 9, "far", 0.58, 5)
    with canvas.pen(haze=0.42):
        for k in range(5):
            draw_symbol(canvas, "column" if k != 3 else "column_broken", (196 + k * 34, 186), 0.5, STONE)
        canvas.poly([(182, 102), (282, 102), (290, 110), (280, 112), (182, 112)], STONE, 0.6)
        canvas.poly([(186, 102), (234, 80), (262, 93), (256, 102)], STONE, 0.6, -0.03)
    nature.open_ground(canvas, 188, "#b9a860")
    _arch(canvas, 410.0, 226.0)
    for x, y, size, name in ((44, 236, 1.3, "column"), (118, 222, 1.02, "column"), (172, 212, 0.84, "column_broken")):
        canvas.contact(x, y, 36 * size, 6, 0.6)
        draw_symbol(canvas, name, (x, y), size, STONE)
    beam = [(8, 14), (148, 44), (147, 60), (116, 58), (8, 34)]
    canvas.form(beam, STONE, 0.8, 6, 0.02)
    for x, y, size in ((236, 222, 0.9), (322, 246, 0.9), (492, 262, 1.2)):
        canvas.contact(x, y + 2, 32 * size, 5, 0.55)
        draw_symbol(canvas, "drum_stone", (x, y), size, STONE, flip=r.random() < 0.5)
    for x, y, size in ((58, 36, 1.0), (124, 56, 0.8), (378, 88, 0.8), (470, 96, 1.0), (350, 170, 0.6)):
        draw_symbol(canvas, "ivy", (x, y), size, flip=r.random() < 0.5)
    slabs = "".join(
        f"M{x:.0f} {y}l{26 + (y - 230) * 0.4:.0f} 0l{8 + (y - 230) * 0.2:.0f} {6 + (y - 230) * 0.1:.0f}"
        for y in (234, 250, 270)
        for x in (r.uniform(100, 420) for _ in range(4))
    )
    canvas.scratches(slabs, STONE, 2.2, 0.9)
    nature.grass(canvas, 206, 288, 90)
    return Stage(
        floor=(246, 270),
        left=150,
        right=400,
        seat="rock",
        front="bough",
        surface=STONE,
        texture="stone",
        spots=((238, 199),),
        focus=110.0,
    )


def _arch(canvas: Canvas, x: float, y: float) -> None:
    """Half an arch that still stands, with the stump of its other side."""
    whole = [
        (x + 88, y),
        (x + 88, y - 150),
        (x + 60, y - 164),
        (x + 18, y - 166),
        (x - 28, y - 154),
        (x - 40, y - 138),
        (x - 30, y - 126),
        (x - 16, y - 134),
        (x + 10, y - 138),
        (x + 38, y - 118),
        (x + 48, y - 88),
        (x + 48, y),
    ]
    canvas.contact(x + 68, y, 46, 7, 0.6)
    canvas.form([*whole[:4], *spline(whole[3:11], False, 3), whole[11]], STONE, 0.8, 12)
    stump = [(x - 78, y - 4), (x - 78, y - 58), (x - 66, y - 70), (x - 54, y - 62), (x - 42, y - 76), (x - 38, y - 4)]
    canvas.contact(x - 58, y - 4, 34, 6, 0.6)
    canvas.form(stump, STONE, 0.8, 10, -0.02)
    for k in range(4):
        canvas.line([(x + 50, y - 26 - k * 28), (x + 86, y - 26 - k * 28)], "ink", 1.1, 0.3)
        canvas.line(
            [(x + 60 + (k % 2) * 14, y - 26 - k * 28), (x + 60 + (k % 2) * 14, y - 54 - k * 28)], "ink", 1, 0.25
        )
    for k in range(2):
        canvas.line([(x - 77, y - 24 - k * 20), (x - 40, y - 24 - k * 20)], "ink", 1.1, 0.3)


def rooftop(canvas: Canvas) -> Stage:
    """A flat roof over the town: chimneys, a water tank, tiles, the skyline below."""
    r = canvas.random
    nature.sky(canvas, 206)
    for haze, low, high, step in ((0.62, 120, 164, 30), (0.4, 158, 188, 44)):
        with canvas.pen(haze=haze):
            for i in range(int(540 / step) + 1):
                x, top = i * step - 16, r.uniform(low, high)
                w = step - 2
                canvas.rect(x, top, w, 212 - top, "mid", 0.4)
                if i % 3 == 1:
                    canvas.poly([(x - 2, top), (x + w / 2, top - w * 0.6), (x + w + 2, top)], "near", 0.4)
                if canvas.lit:
                    _lights(canvas, x, top, w, 204)
    canvas.rect(-4, 206, 520, 90, nature.ground_key(canvas, "#77717c"), 0)
    canvas.gradient((0, 216, FRAME_WIDTH, 70), "deep", "deep", top_opacity=0.22, bottom_opacity=0.0)
    canvas.rect(-4, 196, 520, 24, "#a0624a", 0.8, shadow=6)
    canvas.rect(-4, 191, 520, 7, nature.ground_key(canvas, "#c9b8a4"), 0.6)
    bricks = "".join(f"M{x} {y}v7" for y, off in ((199, 0), (206, 12), (213, 0)) for x in range(-4 + off, 520, 24))
    canvas.scratches(bricks, "ink", 1, 0.25)
    slope: Points = [(-20, 300), (-20, 128), (44, 112), (166, 262), (196, 300)]
    canvas.form(slope, nature.ground_key(canvas, "#9c4f3c"), 0.8, 10)
    rows = "".join(f"M{-20 + k * 30:.0f} {136 - k * 8 + k * 34:.0f}L{-20 + k * 22:.0f} 300" for k in range(8))
    rows = "".join(f"M-20 {150 + k * 26}L{50 + k * 22:.0f} {120 + k * 27:.0f}" for k in range(7)) + rows
    canvas.scratches(rows, "ink", 1.3, 0.28)
    draw_symbol(canvas, "chimney", (22, 150), 1.15, "#a0624a")
    _smoke(canvas, 20, 48)
    canvas.contact(412, 232, 52, 7, 0.55)
    draw_symbol(canvas, "water_tank", (412, 232), 1.36, "#8a5f44")
    draw_symbol(canvas, "chimney", (486, 226), 1.1, "#a0624a")
    draw_symbol(canvas, "aerial", (346, 196), 1.0)
    draw_symbol(canvas, "aerial", (232, 196), 0.8)
    return Stage(
        floor=(246, 272),
        left=196,
        right=440,
        seat="crate",
        surface="#77717c",
        texture="stone",
        spots=((290, 191), (318, 191)),
        focus=412.0,
        front="post",
    )


def _lights(canvas: Canvas, x: float, top: float, width: float, bottom: float) -> None:
    """Lit windows in a far house, one path."""
    r = canvas.random
    path = ""
    for row in range(int((bottom - top - 6) / 10)):
        for column in range(int(width / 9)):
            if r.random() < 0.42:
                path += f"M{x + 4 + column * 9:.0f} {top + 6 + row * 10:.0f}h3v4h-3Z"
    if path:
        canvas.raw(
            f'<path d="{path}" fill="{canvas.colour("light", emissive=True)}" fill-opacity=".85"/>', effect=False
        )


def _smoke(canvas: Canvas, x: float, y: float) -> None:
    for k in range(3):
        canvas.ellipse((x + 10 * k + 4, y - 15 * k), 8 + 4 * k, 7 + 3 * k, "sky_lo", opacity=0.4 - 0.09 * k)


def _deck(canvas: Canvas) -> None:
    """Planks that run to the bow, and the rail around them."""
    deck: Points = [(-60, 300), (40, 226), (150, 188), (222, 172), (290, 172), (362, 188), (472, 226), (572, 300)]
    hull = [(x, y + 5) for x, y in deck]
    canvas.poly(hull, "#5a3a28", 0.6)
    canvas.poly(deck, nature.ground_key(canvas, "#b98d5c"), 0.6)
    planks = "".join(f"M{256 + k * 11:.0f} 174L{256 + k * 46:.0f} 300" for k in range(-7, 8))
    canvas.scratches(planks, "ink", 1.1, 0.32)
    rail = [(-60, 268), (40, 196), (150, 164), (222, 151), (256, 146), (290, 151), (362, 164), (472, 196), (572, 268)]
    posts = [
        (-10, 264, 232),
        (40, 226, 196),
        (98, 206, 178),
        (150, 188, 164),
        (222, 172, 151),
        (290, 172, 151),
        (362, 188, 164),
        (414, 206, 178),
        (472, 226, 196),
        (522, 264, 232),
    ]
    for x, low, high in posts:
        canvas.line([(x, low), (x, high)], "#7d4f2e", 4.0)
    canvas.line(rail, "#7d4f2e", 6.5, lighter=0.08)
    canvas.line([(256, 160), (256, 96)], "#7d4f2e", 4)
    canvas.line([(256, 148), (286, 84)], "#7d4f2e", 3.4)


def _sail(canvas: Canvas, mast: float) -> None:
    """Mast, shrouds and the sail between its yards."""
    for x in (60, 470):
        for dx in (-16, 0, 16):
            canvas.line([(x + dx, 200 if abs(dx) < 1 else 206), (mast, -10)], "ink", 1.5, 0.75)
        for k in range(5):
            t = 0.12 + k * 0.13
            canvas.line(
                [
                    (x - 16 * (1 - t) + (mast - x) * t, 204 - 214 * t),
                    (x + 16 * (1 - t) + (mast - x) * t, 204 - 214 * t),
                ],
                "ink",
                1.2,
                0.7,
            )
    sail = [
        *spline([(186, 20), (180, 60), (170, 104), (178, 142)], False, 4),
        *spline([(178, 142), (250, 128), (320, 124), (390, 128), (462, 142)], False, 4),
        *spline([(462, 142), (470, 104), (460, 60), (454, 20)], False, 4),
    ]
    canvas.form(sail, "#efe6d0", 0.8, 20)
    for x in (252, 386):
        canvas.curve([(x, 20), (x + (x - 320) * 0.08, 84), (x, 128)], "ink", 1.0, 0.25)
    canvas.line([(172, 20), (466, 20)], "#7d4f2e", 6)
    canvas.rect(mast - 7, -10, 14, 236, "#8a5a34", 0.7, shadow=5)
    canvas.contact(mast, 227, 26, 5, 0.6)


def ship(canvas: Canvas) -> Stage:
    """On deck: planks run to the bow, mast and sail, rigging, the wheel, sea all round."""
    r = canvas.random
    nature.sky(canvas, 156)
    nature.water(canvas, 152, 260, "#3f7f96", 70)
    waves = "".join(
        f"M{r.uniform(-10, 500):.0f} {y}q9 -7 18 0q9 7 18 0" for y in (168, 178, 192, 208) for _ in range(7)
    )
    canvas.scratches(waves, "#eef4f2", 1.4, 0.5)
    _deck(canvas)
    mast = 318.0
    _sail(canvas, mast)
    canvas.contact(92, 246, 40, 6, 0.6)
    draw_symbol(canvas, "wheel", (92, 246), 1.1)
    draw_symbol(canvas, "lifebuoy", (444, 214), 0.95)
    if canvas.lit:
        canvas.glow(mast, 166, 150, 110, strength=0.7)
        canvas.poly([(mast - 6, 176), (mast - 7, 160), (mast + 7, 160), (mast + 6, 176)], "light", 0.6, emissive=True)
    return Stage(
        floor=(246, 270),
        left=136,
        right=410,
        seat="crate",
        surface="#b98d5c",
        texture="boards",
        focus=318.0,
        front="rope",
    )
