"""Legs, arms and hands around a skeleton's joints, with what the pose itself puts into a hand: a pen, a spade.

Outlines are made in head units for whole degrees and kept (stamps.py). Hands: art/hands.yaml. Called by body.py.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.geometry import Point, limb, rounded, sample, spline
from moviellm.generation.studio.drawing.skeleton import FLAT_ON, Arm, shoe_of, stance
from moviellm.generation.studio.drawing.stamps import Matrix, Outline, Part, matrix

if TYPE_CHECKING:
    from moviellm.generation.studio.drawing.body import Person

FAR: Final = -0.05
"""How much darker far limbs are."""
TOOLS: Final = {"dig": "spade", "mend": "hammer"}


def fine(canvas: Canvas, unit: float) -> bool:
    """Whether fingers, folds and seams show."""
    return unit > 0.34


def draw_legs(canvas: Canvas, person: "Person") -> None:
    """Both legs with their shoes; far first."""
    body, colours, garment = person.body, person.colours, person.looks.garment
    part = Part(canvas, matrix(body.hip, body.unit, body.facing))
    steps = 2 if body.unit < 0.34 else 3
    for side, lighter in (("far", FAR), ("near", 0.0)):
        shoe, leg = _leg(body.pose, body.build, body.view, side, garment == "dress", steps)
        part.form(shoe, colours.shoe, 1, 5, lighter)
        part.form(leg, colours.legs, 1, 9, lighter, rim=0.6)
    part.done()


@lru_cache(maxsize=2048)
def _leg(pose: str, build: str, view: str, side: str, bare: bool, steps: int) -> tuple[Outline, Outline]:
    leg = stance(pose, build, view).legs[side]
    width = art_data("poses")["builds"][build][0] ** 0.6
    shoe = shoe_of(leg, view, side)
    ankle = leg.ankle
    outline = limb(leg.hip, leg.knee, ankle, (22 * width, 15.5 * width, (7.5 if bare else 9.5) * width), steps)
    return tuple(spline(shoe, True, steps)), tuple(outline)


# ---------------------------------------------------------------- arms


def draw_arm(canvas: Canvas, person: "Person", side: str) -> None:
    """Hand, sleeve and cuff, with what the hand holds: the thing first, the fingers after."""
    body = person.body
    arm, u, f = body.arms[side], body.unit, body.facing
    holds = person.holding if side == person.holding_side else None
    if holds and not person.hold_over:
        holds(canvas, arm.hand, u, f)
    shape = "fist" if holds else _hand_of(person, side)
    hand = Part(canvas, _hand_place(person, side, arm))
    if not holds:
        _tool(canvas, person, side, arm)
    _draw_hand(hand, person, shape, FAR if side == "far" else 0.0)
    hand.done()
    if holds and person.hold_over:
        holds(canvas, arm.hand, u, f)
        thumb = Part(canvas, _hand_place(person, side, arm))
        _draw_thumb(thumb, person, art_data("hands")[shape], FAR if side == "far" else 0.0)
        thumb.done()
    _sleeve(canvas, person, side, arm)
    if body.pose == "hurt" and side == "near":
        _bandage(canvas, person, arm)
        grip = Part(canvas, _hand_place(person, "far", body.arms["far"]))
        _draw_hand(grip, person, "flat", 0.0)
        grip.done()


def _hand_of(person: "Person", side: str) -> str:
    if person.pointing and side == "near":
        return "point"
    hands = art_data("poses")["hands"].get(person.body.pose, ("relaxed", "relaxed"))
    shape = str(hands[0 if side == "near" else 1])
    return "relaxed" if shape == "point" and not person.pointing else shape


def _hand_place(person: "Person", side: str, arm: Arm) -> Matrix:
    f, angle = person.body.facing, arm.angle
    if person.view in FLAT_ON and side == "far":  # the other hand's thumb is on the other side
        f, angle = -f, -angle
    return matrix(arm.wrist, person.body.unit * person.body.head_size, f, 90 - angle)


def _draw_hand(part: Part, person: "Person", shape: str, lighter: float) -> None:
    art, skin = art_data("hands")[shape], person.colours.skin
    if not fine(part.canvas, part.unit):
        part.form(sample(art["plain"], 3), skin, 1, 6, lighter)
        return
    per_curve = 4 if part.unit < 1 else 8
    part.form(sample(art["shape"], per_curve), skin, 1, 6, lighter)
    for line in art["lines"]:
        part.stroke(sample(line, per_curve), "ink", 1.1, 0.34)
    _draw_thumb(part, person, art, lighter)


def _draw_thumb(part: Part, person: "Person", art: Mapping[str, Any], lighter: float) -> None:
    if art["thumb"] and fine(part.canvas, part.unit):
        form = sample(art["thumb"], 4 if part.unit < 1 else 8)
        part.form(form, person.colours.skin, 0.6, 3.5, lighter + 0.012, shade=0.6)


def _sleeve(canvas: Canvas, person: "Person", side: str, arm: Arm) -> None:
    body, u = person.body, person.body.unit
    key, lighter = person.colours.sleeve, -0.045 if side == "far" else 0.018
    part = Part(canvas, matrix(arm.shoulder, u, body.facing, -arm.upper))
    elbow, upper, fore = arm.angle - arm.upper, *arm.bones
    part.form(_limb(elbow, upper, fore, body.width, 2 if u < 0.34 else 3), key, 1, 9, lighter, rim=0.35)
    if u > 0.3 and person.looks.garment != "apron":
        part.form(_cuff(elbow, upper, fore, body.width), key, 0.8, 5, lighter - 0.065)
    if u > 0.6:
        part.stroke(_fold(elbow, upper), "ink", 1.6, 0.22)
    part.done()


@lru_cache(maxsize=4096)
def _limb(elbow: int, upper: int, fore: int, width: float, steps: int) -> Outline:
    """An arm whose upper bone hangs straight down from 0,0."""
    wide = width**0.5
    end = _end(elbow, upper, fore)
    return tuple(limb((0.0, 0.0), (0.0, float(upper)), end, (17.5 * wide, 13.5 * wide, 11.5 * wide), steps))


def _end(elbow: int, upper: int, fore: float) -> Point:
    return fore * math.sin(math.radians(elbow)), upper + fore * math.cos(math.radians(elbow))


@lru_cache(maxsize=4096)
def _cuff(elbow: int, upper: int, fore: int, width: float) -> Outline:
    half, sin, cos = 12.8 * width**0.5, math.sin(math.radians(elbow)), math.cos(math.radians(elbow))
    x0, y0 = _end(elbow, upper, fore)
    corners = [(-11.0, -half), (2.5, -half), (2.5, half), (-11.0, half)]
    return tuple(rounded([(x0 + a * sin - b * cos, y0 + a * cos + b * sin) for a, b in corners], 4, 3))


@lru_cache(maxsize=1024)
def _fold(elbow: int, upper: int) -> Outline:
    sin, cos = math.sin(math.radians(elbow)), math.cos(math.radians(elbow))
    side = 1 if elbow >= 0 else -1
    points = [(-9.0 * side * cos, upper + 9.0 * side * sin), (0.0, float(upper)), (8.0 * side, upper - 4.0)]
    return tuple(spline(points, False, 4))


def _bandage(canvas: Canvas, person: "Person", arm: Arm) -> None:
    """Linen around the upper arm, with a stain."""
    half = 17 * person.body.width**0.5
    part = Part(canvas, matrix(arm.shoulder, person.body.unit, person.body.facing, -arm.upper))
    band = tuple(rounded([(-half, 44.0), (half, 40.0), (half, 64.0), (-half, 68.0)], 4, 2))
    part.form(band, "#f3ede0", 0.8, 6)
    part.dot(2, 54, 5, 6, "#b8392f")
    part.done()


# ---------------------------------------------------------------- what a pose holds


def _tool(canvas: Canvas, person: "Person", side: str, arm: Arm) -> None:
    """Pen and paper of who writes, spade of who digs, hammer of who mends, where nothing else is held."""
    body, art = person.body, art_data("hands")
    u, f = body.unit, body.facing
    if body.pose == "write" and side == "near":
        pen = Part(canvas, matrix(arm.hand, u, f, -28))
        pen.form(sample(art["pen"], 2), "#2e4a6b", 0.7, 2)
        pen.done()
    elif body.pose == "write" and person.holding is None:
        paper = Part(canvas, matrix(arm.hand, u, f, -6))
        paper.form(sample(art["board"], 2), "#7d5433", 0.8, 4)
        paper.form(sample(art["pad"], 2), "#f6efdf", 0.5, 3)
        if fine(canvas, u):
            for line in art["pad_lines"]:
                paper.stroke(sample(line, 2), "ink", 1.4, 0.4)
        paper.done()
    elif body.pose in TOOLS and side == "near" and person.holding is None:
        tool = Part(canvas, matrix(arm.hand, u, f, body.tilt or 0.0))
        for name, path in art[TOOLS[body.pose]].items():
            tool.form(sample(path, 4), "#7d5433" if name in ("shaft", "handle") else "#7c838c", 0.8, 3)
        tool.done()
