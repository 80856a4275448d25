"""Heads: skull, hair, hats, and the eight feelings. Detail grows with the size of the head.

Head units, centre 0,0, looking right in 3/4 view (art/heads.yaml). Under 24 px a face is two dots; features appear at
24, 44 and 95 px. Called by body.py.
"""

import math
from typing import TYPE_CHECKING

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.colour import lab
from moviellm.generation.studio.drawing.geometry import Point, Points, rounded, sample, spline

if TYPE_CHECKING:
    from moviellm.generation.studio.drawing.body import Person

YAW = math.radians(30)


def _at(angle: float) -> float:
    """x of a feature, degrees from the middle of the face."""
    return 43 * math.sin(YAW + math.radians(angle))


def _wide(angle: float) -> float:
    return max(0.45, math.cos(YAW + math.radians(angle)))


def _art(person: "Person", path: str) -> Points:
    body = person.body
    return body.on_head(sample(path, 4 if body.head_px < 30 else 7 if body.head_px < 70 else 14))


def draw_back_hair(canvas: Canvas, person: "Person") -> None:
    """What hangs behind the body."""
    back = art_data("heads")["hair"][person.looks.hair].get("back")
    if back:
        canvas.form(_art(person, back), person.colours.hair, 1, 10 * person.body.unit, -0.04, rim=0.6)


def _lip(canvas: Canvas, person: "Person") -> str:
    """Lips show on dark skin by being lighter."""
    return "#c4705f" if person.looks.skin in ("dark", "deep") and not canvas.rules.inverse else "lip"


def draw_head(canvas: Canvas, person: "Person") -> None:
    """Neck, head, hair, accessory."""
    body, colours = person.body, person.colours
    u, scale = body.unit, body.unit * body.head_size
    base = body.on_torso(2 * body.facing, body.torso - 6)
    corners = [(base[0] - 17 * u, base[1]), (base[0] + 17 * u, base[1]), *body.on_head([(22, 30), (-22, 26)])]
    canvas.poly(rounded(corners, 4 * u, 3), colours.skin, 1, -0.06)
    if canvas.rules.form_shade and not person.from_behind:
        chin = body.on_head([(-22, 30), (24, 34), (20, 58), (2, 64), (-14, 50)])
        canvas.poly(chin, colours.skin, 0, -0.13, opacity=0.7)
    if person.looks.accessory == "a scarf":
        _scarf(canvas, person)
    if person.from_behind:
        _from_behind(canvas, person)
        return
    heads = art_data("heads")
    hair = heads["hair"][person.looks.hair]
    if "over" in hair:
        canvas.form(_art(person, hair["over"]), colours.hair, 1, 10 * u, -0.03, rim=0.6)
    canvas.form(_art(person, heads["skull"]), colours.skin, 1, 15 * scale, rim=0.9, shade=0.8)
    ear = [(-38, -3), (-43, 6), (-39, 18), (-31, 22), (-27, 10), (-30, -1)]
    canvas.form(spline(body.on_head(ear), True, 3), colours.skin, 0.8, 5 * scale, -0.015)
    if body.head_px > 40:
        canvas.poly(spline(body.on_head([(-36, 3), (-38, 9), (-34, 15), (-33, 8)])), colours.skin, 0, -0.12)
    blush = 0.24 if person.looks.skin in ("pale", "fair", "tan", "brown") else 0.16
    for angle in (-27, 24):
        if body.head_px >= 24:
            centre = body.on_head([(_at(angle), 20)])[0]
            canvas.ellipse(centre, 8.5 * scale * _wide(angle), 6 * scale, "#e0604f", opacity=blush)
    if person.looks.accessory == "a beard":
        canvas.form(_art(person, heads["beard"]), colours.hair, 0.8, 10 * scale, shade=0.6)
    _features(canvas, person)
    _front_hair(canvas, person, hair.get("front"))
    if person.looks.accessory == "glasses":
        _glasses(canvas, person)
    _hat(canvas, person)


def _front_hair(canvas: Canvas, person: "Person", front: str | None) -> None:
    body, colours = person.body, person.colours
    scale = body.unit * body.head_size
    if front is None:
        if person.looks.accessory in art_data("heads")["hats"]:
            fringe = [(-38, -32), (-41, -6), (-39, 12), (-32, 4), (-26, -6), (-22, -32)]
            canvas.form(body.on_head(fringe), colours.hair, 1, 6 * scale)
        return
    canvas.form(_art(person, front), colours.hair, 1, 13 * scale, rim=1.1)
    if body.head_px > 56:
        if canvas.light[0] * body.facing < 0:
            sheen = [(-30, -34), (-16, -50), (4, -56), (3, -51), (-13, -45), (-26, -30)]
        else:
            sheen = [(8, -56), (26, -50), (38, -36), (34, -34), (24, -45), (8, -51)]
        canvas.poly(spline(body.on_head(sheen)), colours.hair, 0, 0.09, opacity=0.8)
    if body.head_px > 95:
        for i, x in enumerate((-26, -14, 0, 14)):
            strand = [(x, -54 + abs(x) * 0.25), (x - 7, -44), (x - 11, -30 + i)]
            canvas.curve(body.on_head(strand), "ink", 1.1 * scale, 0.25)


def _features(canvas: Canvas, person: "Person") -> None:
    """Brows, eyes, nose, mouth."""
    body = person.body
    tilt, lift, opening, mouth = art_data("poses")["emotions"][person.emotion]
    scale, small, tiny = body.unit * body.head_size, body.head_px < 44, body.head_px < 24
    for side, angle in ((1, -20), (-1, 20)):
        if small:
            _dot_eye(canvas, person, angle, opening, tiny)
        else:
            _open_eye(canvas, person, angle, opening)
        if not tiny:
            _brow(canvas, person, side, angle, tilt, lift)
    nose = _at(3)
    if tiny:
        if body.head_px > 14:
            centre = body.on_head([(nose + 3, 15)])[0]
            canvas.ellipse(centre, 3.4 * scale, 3 * scale, person.colours.skin, lighter=-0.1)
    elif small:
        stroke = body.on_head([(nose, 6), (nose + 6, 17), (nose, 19)])
        canvas.curve(stroke, "lip", max(0.7, 2.2 * scale), 0.55)
    else:
        wedge = [(-3, -2), (5, 12), (6.5, 18), (1, 21.5), (-6, 20), (-3, 14)]
        shade = -0.075 if canvas.rules.form_shade else -0.05
        canvas.poly(spline(body.on_head([(nose + x, y) for x, y in wedge])), person.colours.skin, 0, shade)
        under = [(nose - 5, 20.5), (nose, 22.5), (nose + 5.5, 19.5)]
        canvas.curve(body.on_head(under), "lip", 1.7 * scale, 0.6)
    _mouth(canvas, person, str(mouth))
    if person.emotion == "sad" and body.head_px > 95:
        tear = body.on_head([(_at(-22), 24)])[0]
        canvas.ellipse(tear, 2.2 * scale, 4 * scale, "#cfe6f2", emissive=True)


def _dot_eye(canvas: Canvas, person: "Person", angle: float, opening: float, tiny: bool) -> None:
    scale = person.body.unit * person.body.head_size
    radius, wide = 4.6 if tiny else 4.4, _wide(angle) ** 0.6
    centre = person.body.on_head([(_at(angle) + person.gaze[0] * 2, 5 + person.gaze[1] * 2)])[0]
    canvas.ellipse(
        centre, max(0.75, radius * scale * wide), max(0.85, radius * 1.3 * scale * min(1.0, opening)), "ink"
    )


def _open_eye(canvas: Canvas, person: "Person", angle: float, opening: float) -> None:
    body = person.body
    scale, close = body.unit * body.head_size, body.head_px > 95
    x, y, wide = _at(angle), 5.0, _wide(angle) ** 0.6
    rx, ry = 7.6 * wide, 6.6 * opening
    white = [
        (x - rx, y + 1.5), (x - rx * 0.4, y - ry * 0.85), (x + rx * 0.5, y - ry * 0.8),
        (x + rx, y + 1), (x + rx * 0.4, y + ry * 0.75), (x - rx * 0.45, y + ry * 0.72),
    ]  # fmt: skip
    canvas.poly(spline(body.on_head(white)), "eye", 0)
    ix, iy, ir = x + person.gaze[0] * 4 * wide, y + person.gaze[1] * 3, min(5.6 * wide, ry)
    centre = body.on_head([(ix, iy)])[0]
    canvas.ellipse(centre, ir * scale, min(6.2, ry * 0.96) * scale, "iris")
    pupil = "deep" if canvas.rules.inverse else "ink"
    canvas.ellipse(centre, ir * 0.66 * scale, min(4.2, ry * 0.66) * scale, pupil)
    lit = -1.8 if canvas.light[0] * body.facing < 0 else 1.8
    canvas.ellipse(body.on_head([(ix + lit, iy - 2.4)])[0], 1.7 * scale, 1.9 * scale, "glint", emissive=True)
    lid = [(x - rx - 1.5, y + 1.5), (x - rx * 0.4, y - ry * 0.9), (x + rx * 0.5, y - ry * 0.85), (x + rx + 1.2, y)]
    canvas.curve(body.on_head(lid), "ink", 2.6 * scale)
    if close:
        fold = [(x - rx * 0.8, y - ry * 0.85 - 4), (x, y - ry - 5), (x + rx * 0.9, y - ry * 0.7 - 3)]
        canvas.curve(body.on_head(fold), "ink", 1.2 * scale, 0.3)
        lower = [(x - rx * 0.6, y + ry * 0.72 + 2), (x, y + ry * 0.8 + 3), (x + rx * 0.6, y + ry * 0.7 + 2)]
        canvas.curve(body.on_head(lower), "ink", 1.1 * scale, 0.22)


def _brow(canvas: Canvas, person: "Person", side: int, angle: float, tilt: float, lift: float) -> None:
    """`side` +1 is the eye whose inner end looks right."""
    body = person.body
    scale = body.unit * body.head_size
    x, y, wide, slope = _at(angle * 1.08), -13 - lift, _wide(angle) ** 0.6, tilt * 0.42
    outer, peak, inner = (x - side * 10 * wide, y + 2 - slope), (x - side, y - 2.5), (x + side * 9 * wide, y + slope)
    key = "ink" if canvas.rules.inverse or person.looks.hair == "bald" else person.colours.hair
    lighter = 0.0 if key == "ink" else -0.06 if lab(key)[0] < 0.62 else -0.3
    if body.head_px > 95:
        shape = [
            (outer[0] - side, outer[1] + 0.5), (peak[0], peak[1] - 1.1), (inner[0] + side * 0.5, inner[1] - 1.2),
            (inner[0] + side * 0.5, inner[1] + 3.4), (peak[0], peak[1] + 3.2),
        ]  # fmt: skip
        canvas.poly(spline(body.on_head(shape)), key, 0, lighter)
    else:
        canvas.line(spline(body.on_head([outer, peak, inner]), False, 4), key, max(0.9, 3.4 * scale), lighter=lighter)


def _mouth(canvas: Canvas, person: "Person", mouth: str) -> None:
    body, lip = person.body, _lip(canvas, person)
    scale, small, wide = body.unit * body.head_size, body.head_px < 44, _wide(0)
    x, y = _at(0) - 1, 34.0 if person.looks.accessory != "a beard" else 33.0
    if mouth == "smile":
        if small:
            line = [(x - 9 * wide, y - 2), (x, y + 3.5), (x + 9 * wide, y - 3)]
            canvas.curve(body.on_head(line), lip, max(0.8, 2.6 * scale))
            return
        grin = [(-11, -3.5), (0, -1.5), (11, -4.5), (6, 4), (-4, 4.5)]
        canvas.poly(spline(body.on_head([(x + dx * wide, y + dy) for dx, dy in grin])), lip, 0)
        teeth = [(-9, -2.8), (0, -1.2), (9, -3.6), (1, 0.8)]
        canvas.poly(spline(body.on_head([(x + dx * wide, y + dy) for dx, dy in teeth])), "#f5eee6", 0)
    elif mouth == "open":
        gape = [(-5, 0), (0, -5), (5, -0.5), (4, 6), (-3, 6.5)]
        canvas.poly(spline(body.on_head([(x + dx * wide, y + dy) for dx, dy in gape])), lip, 0)
    else:
        line = body.on_head([(x + dx * wide, y + dy) for dx, dy in sample(mouth, 6)])
        canvas.line(line, lip, max(0.8, 2.5 * scale))
        if not small:
            canvas.curve(body.on_head([(x - 4, y + 6.5), (x, y + 7.5), (x + 4, y + 6)]), lip, 1.8 * scale, 0.3)


def _glasses(canvas: Canvas, person: "Person") -> None:
    body = person.body
    scale = body.unit * body.head_size
    width = max(0.7, 2.4 * scale)
    for angle in (-20, 20):
        rim = [(_at(angle) + 13 * _wide(angle) ** 0.5 * math.cos(t), 5 + 12.5 * math.sin(t)) for t in _CIRCLE]
        points = body.on_head(rim)
        canvas.poly(points, "#ffffff", 0, opacity=0.12)
        canvas.line([*points, points[0]], "ink", width)
    canvas.line(body.on_head([(_at(-20) + 12 * _wide(-20), 3), (_at(20) - 11 * _wide(20), 3)]), "ink", width)
    canvas.line(body.on_head([(_at(-20) - 12, 3), (-34, 2)]), "ink", width * 0.85)


_CIRCLE = tuple(k * math.tau / 18 for k in range(18))


def _scarf(canvas: Canvas, person: "Person") -> None:
    body, trim = person.body, person.colours.trim
    u, f, top, at = body.unit, body.facing, body.torso, body.on_torso
    tail: list[Point] = [at(-30 * f, top - 34), at(-14 * f, top + 4), at(-22 * f, top - 70), at(-38 * f, top - 72)]
    canvas.form(spline(tail), trim, 1, 8 * u, -0.05)
    loop = [at(-30, top - 2), at(-27, top + 16), at(0, top + 21), at(28, top + 15), at(31, top - 2), at(4, top - 13)]
    canvas.form(spline(loop), trim, 1, 9 * u)
    if u > 0.34:
        for x in (-15, 1, 16):
            canvas.curve([at(x - 3, top + 15), at(x + 2, top + 4), at(x, top - 7)], "ink", 1.5 * u, 0.22)


def _hat(canvas: Canvas, person: "Person") -> None:
    colours = person.colours
    keys = {"hat": colours.hat, "trim": colours.trim, "cap": colours.legs}
    scale = person.body.unit * person.body.head_size
    for path, key, lighter in art_data("heads")["hats"].get(person.looks.accessory, ()):
        canvas.form(_art(person, path), keys[key], 1, 10 * scale, lighter, rim=0.9)


def _from_behind(canvas: Canvas, person: "Person") -> None:
    body, colours, heads = person.body, person.colours, art_data("heads")
    scale = body.unit * body.head_size
    for side in (-1, 1):
        ear = [(side * 38, -4), (side * 47, -1), (side * 46, 12), (side * 38, 19)]
        canvas.form(spline(body.on_head(ear)), colours.skin, 1, 4 * scale)
    nape = [(-33, 6), (33, 6), (26, 38), (15, 50), (-15, 50), (-26, 38)]
    canvas.form(body.on_head(nape), colours.skin, 0, 8 * scale, -0.03)
    hair = heads["hair"][person.looks.hair]
    for name in ("back", "over"):
        if name in hair:
            canvas.form(_art(person, hair[name]), colours.hair, 1, 16 * scale, rim=1.2)
    bald = person.looks.hair == "bald"
    canvas.form(_art(person, heads["from_behind"]), colours.skin if bald else colours.hair, 1, 16 * scale, rim=1.6)
    if body.head_px > 60 and not bald:
        for x in (-30, -18, -6, 8, 20, 31):
            strand = body.on_head([(x * 0.35 + 6, -46), (x * 0.95, -16), (x * 0.9, 20)])
            canvas.curve(strand, "ink", 1.5 * scale, 0.28)
    top, at = body.torso, body.on_torso
    collar = [at(-27, top - 2), at(-23, top + 13), at(0, top + 17), at(23, top + 13), at(27, top - 2), at(0, top - 10)]
    canvas.form(spline(collar), colours.coat, 1, 7 * body.unit, -0.06)
    _hat(canvas, person)
