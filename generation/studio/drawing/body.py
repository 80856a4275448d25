"""People: clothes and limbs around a skeleton. Head and face are in face.py, what they hold in props.py.

    person = Person(looks, solve("walk", looks.build, 24, 1, (180, 250)), emotion="happy")
    draw_person(canvas, person)

Order: back hair, far arm, legs, torso, neck, head, near arm with what it holds (object first, fingers after).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from moviellm.generation.studio.drawing import face
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.geometry import Point, Points, between, hull, limb, rounded, spline, turn
from moviellm.generation.studio.drawing.skeleton import Arm, Skeleton
from moviellm.generation.studio.looks import Looks

Hold = Callable[[Canvas, Point, float, int], None]
"""Draws what is in a hand: canvas, fist, head unit in px, facing."""


@dataclass(frozen=True)
class Colours:
    """The drawn colours of a person, before the style."""

    skin: str
    hair: str
    coat: str
    trim: str
    legs: str
    shoe: str
    shirt: str
    hat: str


@lru_cache(maxsize=512)
def colours_of(looks: Looks) -> Colours:
    """What the looks' words mean in colour."""
    words, poses = art_data("colours"), art_data("poses")
    return Colours(
        skin=words["skin"][looks.skin],
        hair=words["hair"][looks.hair_colour],
        coat=words["garment"][looks.colour],
        trim=poses["trim"][looks.colour],
        legs=poses["trousers"][looks.colour],
        shoe=poses["shoes"],
        shirt=poses["shirt"],
        hat=poses["hat"],
    )


@dataclass(kw_only=True)
class Person:
    """One person to draw."""

    looks: Looks
    body: Skeleton
    emotion: str = "calm"
    pointing: bool = False
    holding: Hold | None = None
    hold_under: bool = False
    """The thing is drawn behind the sleeve (an umbrella's stick), not between fingers and thumb."""
    from_behind: bool = False
    gaze: Point = (0.0, 0.0)

    @property
    def colours(self) -> Colours:
        """Their colours."""
        return colours_of(self.looks)


def draw_person(canvas: Canvas, person: Person, shadow: bool = True) -> None:
    """Draw somebody with what they hold, into whoever owns the canvas now."""
    body = person.body
    u = body.unit
    with canvas.pen(line_width=min(1.9, 0.45 + u * 100 / 70)):
        if shadow:
            ankles = [leg.ankle[0] for leg in body.legs.values()]
            middle = sum(ankles) / 2
            reach = abs(ankles[0] - ankles[1]) / 2 + 42 * u
            canvas.contact(middle - canvas.light[0] * 14 * u, body.floor_y - 2 * u, reach * 1.15, 11 * u)
        if not person.from_behind:
            face.draw_back_hair(canvas, person)
        _arm(canvas, person, "far")
        if body.head_px < 90:
            _leg(canvas, person, "far")
            _leg(canvas, person, "near")
        _torso(canvas, person)
        face.draw_head(canvas, person)
        _arm(canvas, person, "near")


def _leg(canvas: Canvas, person: Person, side: str) -> None:
    body, colours = person.body, person.colours
    leg, u, f = body.legs[side], body.unit, body.facing
    lighter = -0.05 if side == "far" else 0.0
    tilt = 0.0 if abs(leg.angle) < 30 else leg.angle * 0.8
    if leg.angle < -12:
        tilt = leg.angle * 0.9
    shoe: Points = []
    for x, y in ((-13, -8), (-14, 12), (2, 15), (30, 15), (33, 8), (20, -1), (10, -8)):
        dx, dy = turn((x * f, y), -tilt * f)
        shoe.append((leg.ankle[0] + dx * u, leg.ankle[1] + dy * u))
    canvas.form(spline(shoe, True, 3), colours.shoe, 1, 5 * u, lighter)
    wide = body.width**0.6 * u
    bare = person.looks.garment == "dress"
    outline = limb(leg.hip, leg.knee, leg.ankle, (22 * wide, 15.5 * wide, (7.5 if bare else 9.5) * wide))
    canvas.form(outline, colours.legs, 1, 9 * u, lighter, rim=0.6)


def _arm(canvas: Canvas, person: Person, side: str) -> None:
    body, colours = person.body, person.colours
    arm, u, f = body.arms[side], body.unit, body.facing
    wide = body.width**0.5 * u
    lighter = -0.045 if side == "far" else 0.018
    holds = person.holding if side == "near" else None
    if holds and person.hold_under:
        holds(canvas, arm.hand, u, f)
    along = (math.sin(math.radians(arm.angle)) * f, math.cos(math.radians(arm.angle)))
    across = (-along[1] * f, along[0] * f)

    def at(a: float, b: float) -> Point:
        return arm.wrist[0] + (along[0] * a + across[0] * b) * u, arm.wrist[1] + (along[1] * a + across[1] * b) * u

    if holds and not person.hold_under:
        holds(canvas, arm.hand, u, f)
    if holds:
        hand = [at(-6, -8), at(8, -10.5), at(21, -9), at(25, 1), at(20, 10), at(8, 10), at(-6, 8)]
    elif person.pointing and side == "near":
        hand = [
            at(-6, -8),
            at(8, -10),
            at(20, -9),
            at(38, -9),
            at(39, -4),
            at(22, -2),
            at(20, 8),
            at(8, 10),
            at(-6, 8),
        ]
    else:
        hand = [at(-6, -7.5), at(7, -9.5), at(18, -9.5), at(27, -6.5), at(29, 0), at(26, 6), at(17, 9), at(7, 9)]
        hand.append(at(-6, 7.5))
    canvas.form(spline(hand, True, 3), colours.skin, 1, 6 * u, min(lighter, 0.0))
    if u > 0.34:
        _fingers(canvas, person, at, bool(holds))
    canvas.form(
        limb(arm.shoulder, arm.elbow, arm.wrist, (17.5 * wide, 13.5 * wide, 11.5 * wide)),
        colours.coat, 1, 9 * u, lighter, rim=0.35,
    )  # fmt: skip
    if u > 0.3:
        half = 12.5 * body.width**0.5
        cuff = rounded([at(-10, -half), at(2, -half), at(2, half), at(-10, half)], 4 * u, 3)
        canvas.form(cuff, colours.coat, 0.8, 5 * u, lighter - 0.065)
    if u > 0.6:
        _elbow_fold(canvas, arm, u, f)


def _fingers(canvas: Canvas, person: Person, at: Callable[[float, float], Point], fist: bool) -> None:
    u, skin = person.body.unit, person.colours.skin
    if fist:
        thumb = [at(6, -9), at(14, -12), at(22, -6), at(18, -2), at(9, -4)]
        lines = [[at(23.5, y), at(17, y + 0.5)] for y in (-2.5, 2.0, 6.0)]
    else:
        thumb = [at(2, 5), at(8, 12), at(16, 13.5), at(18, 9), at(11, 5)]
        lines = [[at(30 - abs(y), y), at(21, y * 0.9)] for y in (-3.0, 1.5)]
    canvas.form(spline(thumb, True, 3), skin, 0.6, 4 * u, -0.02, shade=0.6)
    for line in lines:
        canvas.line(line, "ink", 1.1 * u, 0.3)


def _elbow_fold(canvas: Canvas, arm: Arm, u: float, f: int) -> None:
    along = (math.sin(math.radians(arm.angle)) * f, math.cos(math.radians(arm.angle)))
    across = (-along[1] * f, along[0] * f)
    elbow = arm.elbow
    start = (elbow[0] + across[0] * 9 * u, elbow[1] + across[1] * 9 * u)
    end = (elbow[0] + (along[0] * 6 - across[0] * 7) * u, elbow[1] + (along[1] * 6 - across[1] * 7) * u)
    canvas.curve([start, elbow, end], "ink", 1.6 * u, 0.22)


def _skirt(person: Person) -> Points:
    """The lower garment: the hull around hip and thighs down to the hem, so that stride and seat come free."""
    body, garment = person.body, person.looks.garment
    u, width = body.unit, body.width
    hem = float(art_data("poses")["hems"][garment])
    points = [body.on_torso(-30 * width, 28), body.on_torso(30 * width, 28)]
    for leg in body.legs.values():
        end = between(leg.hip, leg.knee, min(1.0, hem))
        length = math.dist(leg.hip, leg.knee) or 1.0
        nx, ny = (leg.hip[1] - leg.knee[1]) / length, (leg.knee[0] - leg.hip[0]) / length
        half = (24 + hem * 9) * width**0.7 * u
        for sign in (-1, 1):
            points.append((leg.hip[0] + nx * 25 * width * u * sign, leg.hip[1] + ny * 25 * width * u * sign))
            points.append((end[0] + nx * half * sign, end[1] + ny * half * sign))
            if hem > 1:
                below = between(leg.knee, leg.ankle, 0.34)
                points.append((below[0] + nx * half * sign * 1.1, below[1] + ny * half * sign * 1.1))
    return rounded(hull([(round(x, 2), round(y, 2)) for x, y in points]), 14 * u, 3)


def _torso(canvas: Canvas, person: Person) -> None:
    body, colours = person.body, person.colours
    u, width, top = body.unit, body.width, body.torso
    belly = 1.16 if person.looks.build == "stout" else 1.0

    def at(across: float, along: float) -> Point:
        return body.on_torso(across * width, along)

    trunk = spline(
        [
            at(-35 * belly, 6), at(-31 * belly, 46), at(-41, top - 50), at(-48, top - 20), at(-38, top - 5),
            at(-15, top + 5), at(15, top + 5), at(38, top - 5), at(48, top - 20), at(41, top - 50),
            at(31 * belly, 46), at(35 * belly, 6), at(0, -4),
        ],
        True,
        3,
    )  # fmt: skip
    outlines = [_skirt(person), trunk] if body.head_px < 90 else [trunk]
    canvas.forms(outlines, colours.coat, 26 * u * width)
    if not person.from_behind:
        _front(canvas, person)


def _front(canvas: Canvas, person: Person) -> None:
    """Collar, buttons, bib, stripes: turned towards where they look."""
    body, colours, garment = person.body, person.colours, person.looks.garment
    u, f, width, top = body.unit, body.facing, body.width, body.torso
    at, middle = body.on_torso, 10 * body.facing
    if garment in ("coat", "jacket"):
        canvas.poly([at(middle - 9, top + 5), at(middle + f, top - 54), at(middle + 13, top + 5)], colours.shirt, 0.5)
        for side in (-1, 1):
            lapel = [
                at(middle + side * 6, top + 10), at(middle + side * 21, top - 2), at(middle + side * 22, top - 28),
                at(middle + f, top - 58), at(middle + side * 5, top - 16),
            ]  # fmt: skip
            canvas.poly(spline(lapel, True, 3), colours.coat, 0.6, -0.07)
        canvas.line([at(middle + f, top - 56), at(middle + 2 * f, 2)], "ink", max(0.5, 1.6 * u), 0.35)
        for height in (top - 78, top - 108):
            canvas.ellipse(at(middle + 6 * f, height), 3 * u, 3 * u, colours.trim)
    elif garment == "apron":
        bib = [
            at(middle - 22 * width, top - 40), at(middle + 20 * width, top - 40), at(middle + 26 * width, 20),
            at(middle + 28 * width, -44), at(middle - 34 * width, -44), at(middle - 30 * width, 20),
        ]  # fmt: skip
        canvas.form(rounded(bib, 6 * u, 3), colours.shirt, 0.8, 10 * u)
        for side in (-1, 1):
            strap = [at(middle + side * 17 * width, top - 40), at(middle + side * 15 * width, top)]
            canvas.line(strap, colours.shirt, 4 * u)
        canvas.line([at(middle - 30 * width, 32), at(middle + 27 * width, 32)], colours.shirt, 4.5 * u)
    else:
        neck = [
            at(middle - 17, top + 8), at(middle, top - 4), at(middle + 17, top + 8), at(middle + 14, top - 8),
            at(middle, top - 14), at(middle - 15, top - 8),
        ]  # fmt: skip
        canvas.poly(spline(neck, True, 3), colours.coat if garment == "jumper" else colours.shirt, 0.5, -0.06)
        if garment == "dress":
            canvas.line([at(-31 * width, 44), at(31 * width, 44)], colours.trim, 6 * u)
        else:
            for height in (top - 60, top - 76):
                stripe = [at(-36 * width, height), at(0, height - 4), at(36 * width, height)]
                canvas.line(spline(stripe, False, 3), colours.trim, 6 * u, 0.9, cap="butt")
