"""Faces: neck, skull, ears, brows, eyes, nose, mouth; the eight feelings, and sleep. Detail grows with the head.

Head units, centre 0,0, in four views: 3/4, profile (both looking right), front, back. Under 24 px a face is two dots;
features appear at 24, 44, 95 and 130 px. Hair and hats: hair.py. Called by body.py.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.colour import lab
from moviellm.generation.studio.drawing.geometry import Point, sample
from moviellm.generation.studio.drawing.hair import (
    EYES,
    across,
    detail,
    draw_behind_view,
    draw_front_hair,
    draw_hair_behind,
    draw_hat,
    draw_on_face,
    head_part,
    wide,
)
from moviellm.generation.studio.drawing.stamps import Outline, Part, matrix, smooth

if TYPE_CHECKING:
    from moviellm.generation.studio.drawing.body import Person

PALE: Final = ("pale", "fair", "tan", "brown")
CHEEKS: Final = {"in": (-27, 24), "front": (-34, 34), "profile": (-42,)}
MOUTH: Final = {"in": (20.5, 0.87), "front": (0.0, 1.0), "profile": (34.0, 0.55)}
"""Where the mouth is and how wide it is seen."""
CHIN: Final = {
    "in": ((-22, 30), (24, 34), (20, 58), (2, 64), (-14, 50)),
    "front": ((-24, 34), (24, 34), (18, 60), (0, 64), (-18, 60)),
    "profile": ((-20, 26), (24, 44), (16, 60), (-2, 62), (-18, 46)),
}


def draw_neck(canvas: Canvas, person: "Person") -> None:
    """The neck, from the trunk into the head."""
    body = person.body
    base = body.on_torso(2 * body.facing, body.torso - 6)
    part = Part(canvas, matrix(base, body.unit, body.facing, round((body.lean + body.head_angle) / 2)))
    shift = -5 if person.view == "profile" else 0
    neck = ((-17, 2), (17, 2), (18 + shift, -14), (19 + shift, -44), (-19 + shift, -44), (-18 + shift, -14))
    part.form(neck, person.colours.skin, 1, 0, -0.06)
    part.done()


def draw_head(canvas: Canvas, person: "Person") -> None:
    """Head, hair, accessory."""
    part, heads, skin = head_part(canvas, person), art_data("heads"), person.colours.skin
    view, curve, size = person.view, detail(person), person.body.head_px
    if view == "back":
        for ear in heads["ears"]["back"]:
            part.form(sample(ear, curve), skin, 0.8, 5, -0.02)
        part.form(sample(heads["skull"]["back"], curve), skin, 1, 15, -0.02, rim=0.9)
        draw_behind_view(part, person)
        draw_hat(part, person)
        part.done()
        return
    if canvas.rules.form_shade and size > 20:
        part.poly(CHIN[view], skin, 0, -0.13, opacity=0.7)
    draw_hair_behind(part, person)
    if view == "front":
        _ears(part, person)
    part.form(sample(heads["skull"][view], curve), skin, 1, 15, rim=0.9, shade=0.8)
    if view != "front":
        _ears(part, person)
    if size >= 24:
        blush = 0.24 if person.looks.skin in PALE else 0.16
        for angle in CHEEKS[view]:
            part.dot(across(view, angle), 20, 8.5 * wide(view, angle), 6, "#e0604f", opacity=blush)
    if person.looks.accessory == "a beard":
        part.form(sample(heads["beard"][view], curve), person.colours.hair, 0.8, 10, shade=0.6)
    _features(part, person)
    draw_front_hair(part, person)
    draw_on_face(part, person)
    draw_hat(part, person)
    part.done()


def _ears(part: Part, person: "Person") -> None:
    skin = person.colours.skin
    for ear in art_data("heads")["ears"][person.view]:
        part.form(sample(ear, detail(person)), skin, 0.8, 5, -0.015)
    if person.body.head_px > 40 and person.view != "front":
        shift = 19 if person.view == "profile" else 0
        part.poly(smooth(((-36 + shift, 3), (-38 + shift, 9), (-34 + shift, 15), (-33 + shift, 8))), skin, 0, -0.12)


def _features(part: Part, person: "Person") -> None:
    """Brows, eyes, nose, mouth."""
    view, size = person.view, person.body.head_px
    tilt, lift, opening, mouth = art_data("poses")["emotions"][person.emotion]
    small, tiny = size < 44, size < 24
    if person.asleep:
        tilt, lift, opening, mouth = 0, 0, 0.0, "M -5 1 Q 0 3 5 0"
    if person.body.pose == "phone":
        mouth = "open"
    patched = person.looks.accessory == "an eye patch"
    for i, angle in enumerate(EYES[view]):
        hidden = patched and i == len(EYES[view]) - 1
        if not hidden:
            _eye(part, person, angle, opening, small, tiny)
        if not tiny:
            _brow(part, person, view, angle, tilt, lift + 2 * hidden)
    _nose(part, person, small, tiny)
    if not tiny or mouth in ("open", "smile"):
        _mouth(part, person, str(mouth))
    if person.emotion == "sad" and size > 95 and view != "profile":
        part.dot(across(view, EYES[view][0] - 2), 24, 2.2, 4, "#cfe6f2", emissive=True)


# ---------------------------------------------------------------- eyes


def _eye(part: Part, person: "Person", angle: float, opening: float, small: bool, tiny: bool) -> None:
    view = person.view
    gaze = (round(person.gaze[0] * 4) / 4, round(person.gaze[1] * 4) / 4)
    x, w = round(across(view, angle), 1), wide(view, angle) ** 0.6
    if opening <= 0:
        lid = ((x - 8 * w, 5.5), (x - 3 * w, 9.0), (x + 3 * w, 9.0), (x + 8 * w, 5.0))
        part.stroke(smooth(lid, False), "ink", 3.0, least=0.9)
        if not small:
            for k in (-5, 0, 5):
                part.stroke(((x + k * w, 8.8 - abs(k) * 0.12), (x + k * 1.4 * w, 12.2)), "ink", 1.4, 0.7)
        return
    if small:
        radius = 4.6 if tiny else 4.4
        rx, ry = max(0.75 / part.unit, radius * w), max(0.85 / part.unit, radius * 1.3 * min(1.0, opening))
        part.dot(x + gaze[0] * 2, 5 + gaze[1] * 2, rx, ry, "ink")
        return
    _open_eye(part, person, x, w, opening, gaze)


def _open_eye(part: Part, person: "Person", x: float, w: float, opening: float, gaze: Point) -> None:
    canvas, size = part.canvas, person.body.head_px
    outer = 1 if person.view == "profile" or x > across(person.view, 0) else -1
    white, lid, fold, lower, lashes = _lens(x, w, opening, person.view == "profile", outer)
    ry = 6.6 * opening
    part.poly(white, "eye")
    ix, iy, ir = x + gaze[0] * (4 if person.view != "front" else 2) * w, 5 + gaze[1] * 3, min(5.6 * w, ry)
    if person.view == "profile":
        ix += 2.2
        ir *= 0.8
    part.dot(ix, iy, ir, min(6.2, ry * 0.96), "iris")
    if size > 130 and not canvas.rules.inverse:
        part.dot(ix, iy + 1.6, ir * 0.82, min(4.4, ry * 0.66), "iris", lighter=0.12)
    part.dot(ix, iy, ir * 0.66, min(4.2, ry * 0.66), "deep" if canvas.rules.inverse else "ink")
    lit = -1.8 if canvas.light[0] * person.body.facing < 0 else 1.8
    part.dot(ix + lit, iy - 2.4, 1.7, 1.9, "glint", emissive=True)
    part.stroke(lid, "ink", 2.6)
    if size > 95:
        part.stroke(fold, "ink", 1.2, 0.3)
        part.stroke(lower, "ink", 1.1, 0.22)
    if size > 130:
        part.dot(ix - lit, iy + 2.2, 0.8, 0.9, "glint", emissive=True, opacity=0.7)
        part.stroke(lashes, "ink", 1.5)


@lru_cache(maxsize=512)
def _lens(
    x: float, w: float, opening: float, side: bool, outer: int
) -> tuple[Outline, Outline, Outline, Outline, Outline]:
    """White, upper lid, fold, lower lid, lash of an eye."""
    y, rx, ry = 5.0, 7.6 * w, 6.6 * opening
    right = 0.6 if side else 1.0
    white = smooth((
        (x - rx, y + 1.5), (x - rx * 0.4, y - ry * 0.85), (x + rx * 0.5, y - ry * 0.8),
        (x + rx * right, y + 1), (x + rx * 0.4, y + ry * 0.75), (x - rx * 0.45, y + ry * 0.72),
    ))  # fmt: skip
    lid = (
        (x - rx - 1.5, y + 1.5),
        (x - rx * 0.4, y - ry * 0.9),
        (x + rx * 0.5, y - ry * 0.85),
        (x + rx * right + 1.2, y),
    )
    fold = ((x - rx * 0.8, y - ry * 0.85 - 4), (x, y - ry - 5), (x + rx * 0.9 * right, y - ry * 0.7 - 3))
    lower = ((x - rx * 0.6, y + ry * 0.72 + 2), (x, y + ry * 0.8 + 3), (x + rx * 0.6, y + ry * 0.7 + 2))
    lash = ((x - rx - 0.5, y + 1.0), (x - rx - 3.5, y - 1.0))
    if outer > 0:
        lash = ((x + rx * right + 0.5, y), (x + rx * right + 3.5, y - 2.0))
    return white, smooth(lid, False), smooth(fold, False), smooth(lower, False), lash


def _brow(part: Part, person: "Person", view: str, angle: float, tilt: float, lift: float) -> None:
    colours, inverse = person.colours, part.canvas.rules.inverse
    key = "ink" if inverse or person.looks.hair == "bald" else colours.hair
    lighter = 0.0 if key == "ink" else -0.06 if lab(key)[0] < 0.62 else -0.2
    tapered, line = _brow_shapes(view, angle, tilt, lift)
    if person.body.head_px > 95:
        part.poly(tapered, key, 0, lighter)
    else:
        part.stroke(line, key, 3.4, lighter=lighter, least=0.9)


@lru_cache(maxsize=512)
def _brow_shapes(view: str, angle: float, tilt: float, lift: float) -> tuple[Outline, Outline]:
    """A brow as a tapered shape and as a line; its inner end looks towards the nose."""
    side = 1 if angle < 0 else -1
    x, y, w, slope = across(view, angle * 1.08), -13 - lift, wide(view, angle) ** 0.6, tilt * 0.42
    outer, peak, inner = (x - side * 10 * w, y + 2 - slope), (x - side, y - 2.5), (x + side * 9 * w, y + slope)
    tapered = (
        (outer[0] - side, outer[1] + 0.5), (peak[0], peak[1] - 1.1), (inner[0] + side * 0.5, inner[1] - 1.2),
        (inner[0] + side * 0.5, inner[1] + 3.4), (peak[0], peak[1] + 3.2),
    )  # fmt: skip
    return smooth(tapered), smooth((outer, peak, inner), False)


# ---------------------------------------------------------------- nose and mouth


def _nose(part: Part, person: "Person", small: bool, tiny: bool) -> None:
    view, size, skin = person.view, person.body.head_px, person.colours.skin
    if view == "profile":
        if not small:
            part.stroke(smooth(((40.0, 19.0), (37.5, 20.5), (38.5, 23.0), (42.0, 23.0)), False), "lip", 1.7, 0.5)
        return
    nose = round(across(view, 3), 1) if view == "in" else 0.0
    if tiny:
        if size > 14:
            part.dot(nose + 3 * (view == "in"), 15, 3.4, 3, skin, lighter=-0.1)
    elif small:
        end = 6 if view == "in" else 4
        part.stroke(smooth(((nose, 6.0), (nose + end, 17.0), (nose, 19.0)), False), "lip", 2.2, 0.55, least=0.7)
    else:
        wedge: tuple[Point, ...] = ((-3, -2), (5, 12), (6.5, 18), (1, 21.5), (-6, 20), (-3, 14))
        if view == "front":
            wedge = ((-1, -2), (2, 10), (7.5, 17), (4, 21.5), (-5, 21.5), (-3, 14))
        shade = -0.075 if part.canvas.rules.form_shade else -0.05
        part.poly(smooth(tuple((nose + x, y) for x, y in wedge)), skin, 0, shade)
        part.stroke(smooth(((nose - 5, 20.5), (nose, 22.5), (nose + 5.5, 19.5)), False), "lip", 1.7, 0.6)
        if size > 130:
            part.dot(nose - 3.6, 20.4, 1.5, 0.9, "lip", opacity=0.55)
            part.poly(
                smooth(((nose - 1, 8.0), (nose + 1.5, 8.0), (nose + 3, 15.0), (nose, 16.0))),
                skin,
                0,
                0.06,
                opacity=0.6,
            )


def _lip(part: Part, person: "Person") -> str:
    """Lips show on dark skin by being lighter."""
    return "#c4705f" if person.looks.skin in ("dark", "deep") and not part.canvas.rules.inverse else "lip"


def _mouth(part: Part, person: "Person", mouth: str) -> None:
    lip, size = _lip(part, person), person.body.head_px
    bearded = person.looks.accessory == "a beard"
    if bearded and not part.canvas.rules.inverse and lab(person.colours.hair)[0] < 0.5:
        lip = "#c4705f"
    main, teeth, under = _mouth_shapes(mouth, person.view, bearded)
    if mouth == "smile":
        if size < 44:
            part.stroke(under, lip, 2.6, least=0.8)
            return
        part.poly(main, lip)
        part.poly(teeth, "#f5eee6")
    elif mouth == "open":
        part.poly(main, lip)
        if size > 95:
            part.poly(teeth, "#f5eee6", opacity=0.9)
    else:
        part.stroke(main, lip, 2.5, least=0.8)
        if size >= 44:
            part.stroke(under, lip, 1.8, 0.3)


@lru_cache(maxsize=256)
def _mouth_shapes(mouth: str, view: str, bearded: bool) -> tuple[Outline, Outline, Outline]:
    """The mouth; its teeth; the shade under the lip, or a smile as a line."""
    x, w = MOUTH[view]
    y = 33.0 if bearded else 34.0

    def at(*points: Point) -> Outline:
        return tuple((round(x + dx * w, 2), y + dy) for dx, dy in points)

    under = smooth(at((-4, 6.5), (0, 7.5), (4, 6)), False)
    if mouth == "smile":
        grin = smooth(at((-11, -3.5), (0, -1.5), (11, -4.5), (6, 4), (-4, 4.5)))
        under = smooth(at((-9, -2), (0, 3.5), (9, -3)), False)
        return grin, smooth(at((-9, -2.8), (0, -1.2), (9, -3.6), (1, 0.8))), under
    if mouth == "open":
        return (
            smooth(at((-6, 0), (0, -5), (6, -0.5), (4.5, 7), (-4, 7.5))),
            smooth(at((-3.5, -2.5), (0, -3.6), (4, -2.6), (0, -1))),
            under,
        )
    return at(*sample(mouth, 6)), (), under
