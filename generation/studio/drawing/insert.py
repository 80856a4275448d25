"""Inserts: one thing, large, on what it lies on, with a hand.

Called by scene.py. The ground is that of the place: boards, stone, sand, grass. The hand is nobody's box: a person is
not told from a hand.
"""

from collections.abc import Sequence

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.body import colours_of
from moviellm.generation.studio.drawing.canvas import FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.geometry import Point, Points, limb, rounded, spline, turn
from moviellm.generation.studio.drawing.props import Thing, draw_object, extent
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.looks import Looks

HORIZON = 168.0
HAND = 62.0
"""Length of a hand where a head is 100 high, from the wrist to the finger tips."""


def draw_insert(
    canvas: Canvas, stage: Stage, thing: Thing, others: Sequence[Thing], looks: Looks | None, held: bool
) -> None:
    """The thing on a surface, at most two beside it, a hand from the lower corner."""
    _ground(canvas, stage)
    left, top, right, bottom = extent(thing.shape, lying=not held)
    grip_x, grip_y = art_data("objects")[thing.kind]["grip"]
    tilt = 0.0
    if held and bottom - top > 1.8 * (right - left):
        tilt = -42.0 if grip_y > (top + bottom) / 2 else 42.0  # the held end towards the hand's corner
    reach = 0.86 if tilt else 1.0
    size = min(164 / ((bottom - top) * reach), 236 / (right - left))
    scale = _px_per_unit(thing, size)
    for k, other in enumerate(others[:2]):
        _beside(canvas, other, (92.0, 424.0)[k], scale)
    canvas.glow(246, 150, 190, 130, strength=0.35)
    grow = min(1.0, max(0.56, scale * HAND / 110))
    if held:
        away = turn((grip_x - (left + right) / 2, grip_y - (top + bottom) / 2), tilt)
        hand: Point = (250 + away[0] * size * (1.0 if tilt else 0.5), 142 + away[1] * size)
    else:
        canvas.contact(246 + canvas.light[0] * -12, 246, (right - left) * size * 0.62, 11, 0.75)
        hand = (246 + right * size + 30, 206)
    if looks:
        _sleeve(canvas, looks, hand, grow)
    with canvas.owned(thing.name, "object"):
        if held:
            draw_object(canvas, thing, (hand[0] - 2, hand[1] + 12 * grow), size, held=True, tilt=tilt)
        else:
            draw_object(canvas, thing, (246.0, 246.0), size)
    if looks:
        _fingers(canvas, looks, hand, grow)


def _px_per_unit(thing: Thing, size: float) -> float:
    """Px of a hundredth of a head at the size that a thing is drawn in."""
    left, top, right, bottom = extent(thing.kind)
    return max(right - left, bottom - top) * size / float(art_data("objects")[thing.kind]["size"])


def _beside(canvas: Canvas, other: Thing, x: float, scale: float) -> None:
    """A second thing, farther back; nearly in proportion to the first."""
    left, top, right, bottom = extent(other.shape, lying=True)
    longer = min(92.0, max(50.0, scale * float(art_data("objects")[other.kind]["size"])))
    size = longer / max(right - left, bottom - top)
    canvas.contact(x + canvas.light[0] * -6, HORIZON + 26, (right - left) * size * 0.66, 7, 0.6)
    with canvas.owned(other.name, "object"):
        draw_object(canvas, other, (x, HORIZON + 24), size)


# ---------------------------------------------------------------- what it lies on


def _ground(canvas: Canvas, stage: Stage) -> None:
    """The surface with its grain, lit along its far edge."""
    r = canvas.random
    key = "wood" if stage.indoor and stage.surface == "ground" else stage.surface
    if not stage.indoor and canvas.palette.weather == "snow":
        key = "#e9eff4"
    soft = stage.texture in ("sand", "grass", "straw")
    if soft:
        far = [(-10 + k * 89.0, HORIZON + r.uniform(-4, 4)) for k in range(7)]
        canvas.poly([*spline(far, False, 4), (FRAME_WIDTH + 12, 300), (-10, 300)], key, 0, 0.02)
    else:
        canvas.rect(-6, HORIZON, FRAME_WIDTH + 12, 130, key, 0, lighter=0.02)
        canvas.rect(-6, HORIZON, FRAME_WIDTH + 12, 3, key, 0, lighter=0.12)
    canvas.gradient((-6, HORIZON, FRAME_WIDTH + 12, 34), "light", key, top_opacity=0.22, bottom_opacity=0.0)
    {"stone": _slabs, "tiles": _slabs, "sand": _ripples, "grass": _blades, "straw": _blades}.get(
        stage.texture, _boards
    )(canvas, key)


def _boards(canvas: Canvas, key: str) -> None:
    r = canvas.random
    for i in range(4):
        y = HORIZON + 16 + i * i * 9 + i * 10
        line = [(-10.0, y), (150.0, y - 2 + r.uniform(-2, 2)), (340.0, y + r.uniform(-2, 2)), (530.0, y)]
        canvas.curve(line, "ink", 1.0, 0.2)
    grain = "".join(
        f"M{r.uniform(-10, 480):.0f} {y:.0f}q{r.uniform(20, 50):.0f} {r.uniform(-3, 3):.1f} {r.uniform(60, 110):.0f} 0"
        for y in (174, 180, 194, 202, 220, 234, 256, 268)
    )
    canvas.scratches(grain, key, 1.6, 0.6, lighter=-0.06)


def _slabs(canvas: Canvas, key: str) -> None:
    r, path = canvas.random, ""
    rows = (HORIZON, 180.0, 200.0, 234.0, 292.0)
    for k, (y, low) in enumerate(zip(rows, rows[1:], strict=False)):
        path += f"M-10 {low:.0f}h540"
        for i in range(-6, 7):
            x = (i + 0.5 * (k % 2)) * 90 + r.uniform(-6, 6)
            path += (
                f"M{256 + x * (0.5 + (y - 168) / 90):.0f} {y:.0f}L{256 + x * (0.5 + (low - 168) / 90):.0f} {low:.0f}"
            )
    canvas.scratches(path, "ink", 1.6, 0.26)


def _ripples(canvas: Canvas, key: str) -> None:
    r = canvas.random
    path = "".join(
        f"M{r.uniform(-20, 500):.0f} {y + r.uniform(-3, 3):.0f}q{20 + k * 6} {-3 - k} {44 + k * 14} 0"
        for k, y in enumerate((176, 186, 200, 218, 242, 270))
        for _ in range(6)
    )
    canvas.scratches(path, key, 2.2, 0.8, lighter=-0.08)
    grains = [(r.uniform(0, 512), r.uniform(176, 286), r.uniform(0.6, 1.5)) for _ in range(40)]
    path = "".join(f"M{x:.0f} {y:.0f}h{q:.1f}" for x, y, q in grains)
    canvas.scratches(path, key, 1.6, 0.9, lighter=0.1)


def _blades(canvas: Canvas, key: str) -> None:
    r = canvas.random
    for lighter in (-0.09, 0.07):
        path = ""
        for _ in range(80):
            y = HORIZON - 2 + 120 * r.random() ** 1.3
            tall = 5 + (y - HORIZON) * 0.16
            path += f"M{r.uniform(-6, 518):.0f} {y:.0f}l{r.uniform(-0.6, 0.6) * tall:.1f} {-tall:.1f}"
        canvas.scratches(path, key, 1.8, 0.9, lighter=lighter)


# ---------------------------------------------------------------- the hand


def _sleeve(canvas: Canvas, looks: Looks, at: Point, grow: float) -> None:
    """Forearm, thumb under the thing, sleeve and cuff."""
    colours = colours_of(looks)

    def place(*points: Point) -> Points:
        return [(at[0] + px * grow, at[1] + py * grow) for px, py in points]

    def widths(*halves: float) -> tuple[float, float, float]:
        return halves[0] * grow, halves[1] * grow, halves[2] * grow

    wrist = place((230, 164), (126, 88), (54, 40))
    canvas.form(limb(wrist[0], wrist[1], wrist[2], widths(40, 35, 30)), colours.skin, 1, 18 * grow)
    thumb = place((60, 62), (24, 54), (-10, 24))
    canvas.form(limb(thumb[0], thumb[1], thumb[2], widths(17, 15, 11.5)), colours.skin, 0.8, 8 * grow, -0.03)
    nail = place((-13, 27), (-5, 16), (2, 19), (-4, 31))
    canvas.poly(spline(nail), colours.skin, 0.3, 0.05)
    canvas.form(
        rounded(place((122, 36), (360 / grow, 80), (360 / grow, 330), (72, 150)), 10, 3), colours.coat, 1, 30 * grow
    )
    folds = place((150, 84), (190, 110), (240, 122))
    canvas.line(spline(folds, False, 4), colours.coat, 3 * grow, lighter=-0.08)
    folds = place((120, 150), (170, 166), (214, 160))
    canvas.line(spline(folds, False, 4), colours.coat, 3 * grow, lighter=-0.08)
    cuff = place((112, 30), (138, 42), (88, 164), (60, 148))
    canvas.form(rounded(cuff, 7, 3), colours.coat, 1, 10 * grow, -0.07)


def _fingers(canvas: Canvas, looks: Looks, at: Point, grow: float) -> None:
    """The back of the hand and three fingers over the thing, with knuckles and nails."""
    colours = colours_of(looks)

    def place(*points: Point) -> Points:
        return [(at[0] + px * grow, at[1] + py * grow) for px, py in points]

    for i in range(3):
        a, b, c = place((76 + i * 8, 8 + i * 18), (41 + i * 5, -14 + i * 19), (2 + i * 9, -4 + i * 19))
        canvas.form(
            limb(a, b, c, ((15.5 - i * 0.5) * grow, 13 * grow, (10 - i * 0.6) * grow)),
            colours.skin,
            0.8,
            8 * grow,
            0.006 * i,
        )
        nail = [(-9, -5), (-1, -8), (4, -4), (-3, 1)]
        canvas.poly(spline([(c[0] + px * grow, c[1] + py * grow) for px, py in nail]), colours.skin, 0.3, 0.07)
        crease = place((45 + i * 5, -20 + i * 19), (49 + i * 5, -13 + i * 19), (48 + i * 5, -6 + i * 19))
        canvas.line(spline(crease, False, 3), colours.skin, 1.5 * grow, lighter=-0.12)
    palm = place((60, 12), (80, 0), (118, 22), (134, 58), (114, 92), (80, 84), (58, 60), (54, 34))
    canvas.form(spline(palm), colours.skin, 0, 14 * grow)
    for k in range(3):
        bump = place((70 + k * 8, 8 + k * 18), (78 + k * 8, 10 + k * 18), (83 + k * 8, 17 + k * 18))
        canvas.line(spline(bump, False, 3), colours.skin, 1.6 * grow, lighter=-0.08)
