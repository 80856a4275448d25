"""Clothes on the trunk: coats, dresses, aprons, cloaks; collars, buttons, folds; scarf, shawl, bow tie.

The trunk and what hangs from it are one body with one line around it. Called by body.py.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.geometry import Point, between, hull, rounded, turn
from moviellm.generation.studio.drawing.skeleton import FLAT_ON, TORSO, Leg, stance
from moviellm.generation.studio.drawing.stamps import Outline, Part, clockwise, matrix, smooth

if TYPE_CHECKING:
    from moviellm.generation.studio.drawing.body import Person

SEATED: Final = ("sit", "grieve", "sleep")
TAILS: Final = {"coat": 52.0, "cloak": 96.0}
MIDDLE: Final = {"in": 10, "front": 0, "profile": 22, "back": 0}
"""Where the middle of the chest is seen, head units towards where they look."""
PROFILE_WIDTH: Final = 0.76


def draw_trunk(canvas: Canvas, person: "Person") -> None:
    """Torso and lower garment, then what is on the front of it."""
    body, colours, looks = person.body, person.colours, person.looks
    part = Part(canvas, matrix(body.hip, body.unit, body.facing))
    whole = body.head_px < 90
    outlines = _outlines(body.pose, body.build, looks.garment, person.view, body.lean, whole)
    key = colours.sleeve if looks.garment == "apron" else colours.coat
    part.forms(outlines, key, 26 * body.width)
    if whole and body.unit > 0.3:
        for line in _folds(body.pose, body.build, looks.garment, person.view):
            part.stroke(line, "ink", 1.8, 0.2)
    part.done()
    if looks.garment == "apron":
        _apron(canvas, person, whole)
    if person.view != "back":
        _front(canvas, person)


@lru_cache(maxsize=4096)
def _outlines(pose: str, build: str, garment: str, view: str, lean: int, whole: bool) -> tuple[Outline, ...]:
    """Outlines of the trunk and, where the legs are in the picture, of the lower garment; head units from the hip."""
    trunk = _trunk(build, view, lean, garment == "cloak")
    if not whole:
        return (trunk,)
    return (*_skirt(pose, build, garment, view), trunk)


@lru_cache(maxsize=1024)
def _trunk(build: str, view: str, lean: int, wide: bool = False) -> Outline:
    width, _, size, _ = art_data("poses")["builds"][build]
    top = TORSO * size
    belly = 1.16 if build == "stout" else 1.0
    if view == "profile":
        width *= PROFILE_WIDTH
    hip, waist = (50, 47) if wide else (35 * belly, 31 * belly)
    half = [(hip, 6), (waist, 46 * size), (41 + 4 * wide, top - 50), (48, top - 20), (38, top - 5), (15, top + 5)]
    points = [*((-x, y) for x, y in half), *((x, y) for x, y in half[::-1]), (0, -4)]
    return clockwise(smooth(tuple(turn((x * width, -y), lean) for x, y in points), True, 3))


@lru_cache(maxsize=2048)
def _skirt(pose: str, build: str, garment: str, view: str) -> tuple[Outline, ...]:
    """The lower garment: hulls around hip and thighs, and around knees and shins below, so that stride and seat come
    free without a tent from hip to shin."""
    width = art_data("poses")["builds"][build][0]
    hem = float(art_data("poses")["hems"][garment])
    legs, ground = list(stance(pose, build, view).legs.values()), stance(pose, build, view).low - 3
    flare = 1.25 if garment == "cloak" else 1.0
    seen = width * (PROFILE_WIDTH if view == "profile" else 1.0)
    belly = 1.14 if build == "stout" else 1.0
    upper: list[Point] = [(-30 * seen * belly, -28.0), (30 * seen * belly, -28.0)]
    lower: list[Point] = []
    for leg in legs:
        half = (24 + min(hem, 1.05) * 9) * width**0.7 * flare
        end = between(leg.hip, leg.knee, min(1.0, hem))
        upper += [*_across(leg.hip, leg.hip, leg.knee, 25 * width * belly), *_across(end, leg.hip, leg.knee, half)]
        if hem > 1:
            below = between(leg.knee, leg.ankle, 0.34 if hem < 1.1 else 0.62)
            lower += _across(leg.knee, leg.hip, leg.knee, half * 0.98)
            lower += _across(below, leg.knee, leg.ankle, half * 1.16)
    bent = max(art_data("poses")["poses"][pose][6], art_data("poses")["poses"][pose][8]) > 60
    upper, lower = ([(x, min(y, ground)) for x, y in points] for points in (upper, lower))
    out = [_closed(upper), _closed(lower)] if lower and bent else [_closed(upper + lower)]
    if pose in SEATED and garment in TAILS and view not in FLAT_ON:  # hangs down behind the seat
        fall = TAILS[garment]
        out.append(_closed([(-33 * width, -6.0), (4.0, 0.0), (-8.0, fall), (-36 * width, fall * 0.9)]))
    return tuple(out)


def _across(at: Point, start: Point, end: Point, half: float) -> list[Point]:
    length = max(1e-6, ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5)
    nx, ny = (start[1] - end[1]) / length * half, (end[0] - start[0]) / length * half
    return [(at[0] - nx, at[1] - ny), (at[0] + nx, at[1] + ny)]


def _closed(points: list[Point]) -> Outline:
    return clockwise(rounded(hull([(round(x, 2), round(y, 2)) for x, y in points]), 13, 3))


@lru_cache(maxsize=2048)
def _folds(pose: str, build: str, garment: str, view: str) -> tuple[Outline, ...]:
    """Creases of a skirt from the waist towards the hem; the coat's opening."""
    hem = float(art_data("poses")["hems"][garment])
    if hem < 0.5 or garment == "apron":
        return ()
    legs: dict[str, Leg] = stance(pose, build, view).legs
    near, far = legs["near"], legs["far"]
    ends = [between(leg.hip, leg.knee, min(0.92, hem)) for leg in (near, far)]
    if pose in SEATED and view not in FLAT_ON:
        return (smooth(((-12.0, -8.0), between((8.0, 6.0), ends[0], 0.4), between((0.0, 12.0), ends[0], 0.8)), False),)
    out = [smooth(((-8.0, -10.0), between((-10.0, 4.0), ends[0], 0.5), ends[0]), False)]
    if hem > 1:
        low = between(far.knee, far.ankle, 0.2)
        out += [
            smooth(((12.0, -4.0), between((14.0, 4.0), ends[1], 0.6), low), False),
            smooth((between(near.hip, near.knee, 0.5), between(near.knee, near.ankle, 0.2)), False),
        ]
    return tuple(out)


# ---------------------------------------------------------------- the front


def _torso_part(canvas: Canvas, person: "Person") -> Part:
    body = person.body
    return Part(canvas, matrix(body.hip, body.unit, body.facing, body.lean))


def _apron(canvas: Canvas, person: "Person", whole: bool) -> None:
    """Bib and skirt in the apron's colour: it covers most of the body, so that its colour is the person's."""
    body, colours = person.body, person.colours
    if whole:
        part = Part(canvas, matrix(body.hip, body.unit, body.facing))
        part.forms(_skirt(body.pose, body.build, "apron", person.view), colours.coat, 20 * body.width)
        part.done()
    part = _torso_part(canvas, person)
    top = round(body.torso)
    bib, straps, pocket = _bib(person.view, body.width, top)
    part.form(bib, colours.coat, 0.8, 18)
    for strap in straps:
        part.stroke(strap, colours.coat, 7)
    part.stroke(
        smooth(((-35 * body.width, -30.0), (0.0, -26.0), (35 * body.width, -30.0)), False),
        colours.coat,
        7,
        lighter=-0.07,
    )
    if person.view != "back" and body.unit > 0.3:
        part.stroke(pocket, "ink", 1.6, 0.3)
    part.done()


@lru_cache(maxsize=256)
def _bib(view: str, width: float, top: int) -> tuple[Outline, tuple[Outline, ...], Outline]:
    m = MIDDLE[view] * 0.7
    if view == "back":
        cross = tuple(smooth(((s * 34 * width, -34.0), (-s * 30 * width, -float(top - 6))), False) for s in (-1, 1))
        return (
            _closed([(-34 * width, -44.0), (34 * width, -44.0), (36 * width, 4.0), (-36 * width, 4.0)]),
            cross,
            cross[0],
        )
    left, right = -30 * width + m, (27 if view == "in" else 30) * width + m * 0.5
    if view == "profile":
        left, right = 0.0, 35 * width
    corners = [
        (left + 5, -(top - 34.0)),
        (right - 4, -(top - 34.0)),
        (right, -46.0),
        (right + 2, 4.0),
        (left - 4, 4.0),
        (left, -46.0),
    ]
    straps = tuple(
        smooth(((m + s * 21 * width, -(top - 38.0)), (m + s * 18 * width, -(top + 1.0))), False) for s in (-1, 1)
    )
    pocket = smooth(((m - 14, -78.0), (m - 12, -62.0), (m + 12, -62.0), (m + 14, -78.0)), False, 3)
    return clockwise(rounded(corners, 7, 3)), straps, pocket


def _front(canvas: Canvas, person: "Person") -> None:
    """Collar, buttons, stripes: turned towards where they look."""
    body, colours, garment, view = person.body, person.colours, person.looks.garment, person.view
    part = _torso_part(canvas, person)
    m, top, width = float(MIDDLE[view]), float(round(body.torso)), body.width
    if view == "profile":
        m *= width
        width *= PROFILE_WIDTH
    if garment in ("coat", "jacket", "waistcoat"):
        _opening(part, person, m, top, width)
    elif garment == "cloak":
        part.stroke(smooth(((m, -(top - 20)), (m + 4, -40.0), (m + 2, 0.0)), False), "ink", 2, 0.4, least=0.5)
    else:
        neck = (
            (m - 17, -top - 8),
            (m, 4 - top),
            (m + 17, -top - 8),
            (m + 14, 8 - top),
            (m, 14 - top),
            (m - 15, 8 - top),
        )
        key = colours.coat if garment == "jumper" else colours.sleeve if garment == "apron" else colours.shirt
        part.poly(smooth(neck, True, 3), key, 0.5, -0.06)
        if garment == "dress":
            part.stroke(((-31 * width, -44.0), (31 * width, -44.0)), colours.trim, 6)
        elif garment == "jumper":
            for height in (60, 76):
                stripe = ((-37 * width, height - top), (0.0, height + 4 - top), (37 * width, height - top))
                part.stroke(smooth(stripe, False, 3), colours.trim, 6, 0.9)
    part.done()


def _opening(part: Part, person: "Person", m: float, top: float, width: float) -> None:
    """Shirt, lapels and buttons of a coat, a jacket or a waistcoat."""
    colours, vest = person.colours, person.looks.garment == "waistcoat"
    open_to = 13 if person.view != "profile" else 6
    part.poly(((m - 10, -top - 5), (m + 1, 56 - top), (m + open_to, -top - 5)), colours.shirt, 0.5)
    if vest and person.view != "profile":
        for s in (-1, 1):  # armholes: the shirt's shoulders
            hole = (
                (s * 49 * width, -(top - 12)),
                (s * 36 * width, -(top - 2)),
                (s * 33 * width, -(top - 34)),
                (s * 44 * width, -(top - 52)),
            )
            part.poly(smooth(hole, True, 3), colours.shirt, 0)
    for s in (-1, 1):
        lapel = (
            (m + s * 6, -top - 10),
            (m + s * 21, 2 - top),
            (m + s * 22, 28 - top),
            (m + 1, 58 - top),
            (m + s * 5, 16 - top),
        )
        if person.view == "profile" and s > 0:
            continue
        part.poly(smooth(lapel, True, 3), colours.coat, 0.6, -0.07)
    part.stroke(((m + 1, 56 - top), (m + 2, 2.0)), "ink", 1.6, 0.35, least=0.5)
    for height in (78, 108) if not vest else (70, 90, 110):
        part.dot(m + 6, height - top, 3, 3, colours.trim)
    if part.unit > 0.45:
        for s in (-1, 1):
            flap = ((s * 12 * width + m - 9, -30.0), (s * 12 * width + m + 9, -30.0))
            part.stroke(flap if not vest else tuple((x, y - 14) for x, y in flap), "ink", 1.6, 0.25)


# ---------------------------------------------------------------- around neck and shoulders


def draw_scarf(canvas: Canvas, person: "Person") -> None:
    """A knitted loop with a hanging end."""
    body, trim = person.body, person.colours.trim
    part, top = _torso_part(canvas, person), float(round(body.torso))
    tail = ((-30.0, 34 - top), (-14.0, -top - 4), (-22.0, 70 - top), (-38.0, 72 - top))
    if person.view != "back":
        part.form(smooth(tail), trim, 1, 8, -0.05)
    loop = (
        (-31.0, 2 - top),
        (-28.0, -top - 16),
        (0.0, -top - 21),
        (29.0, -top - 15),
        (32.0, 2 - top),
        (4.0, 14 - top),
    )
    part.form(smooth(loop), trim, 1, 9)
    if body.unit > 0.34:
        for x in (-15.0, 1.0, 16.0):
            part.stroke(smooth(((x - 3, -top - 15), (x + 2, -top - 4), (x, 7 - top)), False), "ink", 1.5, 0.22)
    part.done()


def draw_collar_behind(canvas: Canvas, person: "Person") -> None:
    """The collar of somebody seen from behind; it covers the nape."""
    if person.looks.garment in ("apron", "cloak"):
        return
    part, top = _torso_part(canvas, person), float(round(person.body.torso))
    high = 8 if person.looks.garment in ("coat", "jacket") else 2
    collar = (
        (-29.0, 1 - top), (-24.0, -top - 6 - high), (0.0, -top - 8 - high), (24.0, -top - 6 - high), (29.0, 1 - top),
        (0.0, 10 - top),
    )  # fmt: skip
    key = person.colours.shirt if person.looks.garment == "waistcoat" else person.colours.coat
    part.form(smooth(collar, True, 3), key, 1, 7, -0.06)
    part.done()


def draw_over(canvas: Canvas, person: "Person") -> None:
    """What lies over shoulders and sleeves: a shawl, a cloak's cape, a bow tie."""
    body, colours, view = person.body, person.colours, person.view
    part, top, width = _torso_part(canvas, person), float(round(body.torso)), body.width
    if view == "profile":
        width *= PROFILE_WIDTH
    m = float(MIDDLE[view])
    if person.looks.garment == "cloak":
        part.form(_cape(m, top, width, 62, view == "back"), colours.coat, 1, 16, 0.02)
        if view != "back":
            part.dot(m + 1, 4 - top, 6, 6, "#c9a24a")
        dip = -top - 14 if view == "back" else -top + 1
        collar = (
            (-30.0, 2 - top), (-25.0, -top - 15), (-9 + m * 0.4, dip - 6), (m * 0.6, dip), (12 + m * 0.4, dip - 6),
            (25.0, -top - 14), (30.0, 2 - top), (m * 0.7, 15 - top),
        )  # fmt: skip
        part.form(smooth(collar, True, 3), colours.coat, 0.8, 7, -0.07)
    if person.looks.accessory == "a shawl":
        part.form(_cape(m, top, width, 54, view == "back", point=True), colours.trim, 1, 12)
        if body.unit > 0.3:
            for s in (-1, 1):
                hem = ((s * 50 * width, 46 - top), (s * 30 * width + m * 0.3, 56 - top), (m + s * 16.0, 40 - top))
                part.stroke(smooth(hem, False), colours.coat, 2.5, 0.55)
    if person.looks.accessory == "a bow tie" and view != "back":
        y = 2 - top
        for s in (-1, 1):
            if view == "profile" and s < 0:
                continue
            wing = (
                (m, y - 2),
                (m + s * 14, y - 10),
                (m + s * 21, y - 8),
                (m + s * 21, y + 9),
                (m + s * 14, y + 11),
                (m, y + 4),
            )
            part.form(smooth(wing, True, 2), colours.bow, 0.8, 4)
        part.form(
            smooth(((m - 5, y - 6), (m + 5, y - 6), (m + 5, y + 7), (m - 5, y + 7)), True, 2),
            colours.bow,
            0.8,
            2,
            -0.06,
        )
    part.done()


@lru_cache(maxsize=256)
def _cape(m: float, top: float, width: float, fall: int, behind: bool, point: bool = False) -> Outline:
    """Cloth over both shoulders, open in front, to `fall` head units below the neck."""
    w = width
    rise = [(-20.0, -top - 10), (-44 * w, 2 - top), (-54 * w, 26 - top), (-52 * w, fall - top)]
    if behind:
        low = [(-20 * w, fall + 8 - top), (0.0, fall + (34.0 if point else 10) - top), (20 * w, fall + 8 - top)]
        half = [*rise, *low, (52 * w, fall - top), (54 * w, 26 - top), (44 * w, 2 - top), (20.0, -top - 10)]
        return clockwise(smooth(tuple(half), True, 3))
    opening = [(-18 * w + m * 0.4, fall + 10 - top), (m - 7, 40 - top), (m, 12 - top)]
    if point:
        opening = [(-26 * w, fall + 16 - top), (m - 18, 46 - top), (m, 12 - top)]
    right = [
        (m + (18 if point else 7), 46 - top),
        (24 * w + m * 0.4, fall + 8 - top),
        (52 * w, fall - 4 - top),
        (54 * w, 26 - top),
    ]
    half = [*rise, *opening, *right, (44 * w, 2 - top), (20.0 + m * 0.3, -top - 10), (m, 2 - top)]
    return clockwise(smooth(tuple(half), True, 3))
