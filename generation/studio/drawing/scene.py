"""One keyframe put together: backdrop, people, things, weather, foreground, and what of it can be seen.

    frame = compose(shot_from(inputs), "noir")
    frame.back, frame.front.svg(frame.view), frame.visible()

The backdrop is a text of its own: it is the same for every keyframe of a scene with the same framing, so its pixels
can be kept. It makes no pixels: see painter.py.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Visible
from moviellm.generation.studio.drawing import nature, places
from moviellm.generation.studio.drawing.body import Hold, Person, draw_person
from moviellm.generation.studio.drawing.canvas import FRAME_HEIGHT, FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.foreground import draw_front, draw_seat
from moviellm.generation.studio.drawing.geometry import Point
from moviellm.generation.studio.drawing.insert import draw_insert, draw_insert_ground
from moviellm.generation.studio.drawing.props import Thing, draw_object, extent
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.drawing.staging import SEATED, Actor, Role, stage_people
from moviellm.generation.studio.drawing.styles import Palette, style_rules
from moviellm.generation.studio.drawing.visibility import View, visible

ZOOMS: Final = {"wide": 1.0, "medium": 1.5, "two_shot": 1.55, "over_shoulder": 1.7, "close": 2.3, "insert": 2.6}
BLURS: Final = {"wide": 0.0, "medium": 1.2, "two_shot": 1.4, "over_shoulder": 2.6, "close": 5.0, "insert": 6.0}
"""How far the backdrop is out of focus, px at a width of 512."""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """Everything that decides a picture, read from a request."""

    framing: str
    place: str
    time_of_day: str
    weather: str
    roles: tuple[Role, ...]
    props: tuple[Thing, ...]
    subject: Thing | None
    """Object of the action."""
    scene_seed: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Backdrop:
    """A drawn place seen through a window of the frame."""

    svg: str
    blur: float


@dataclass
class Frame:
    """A composed keyframe."""

    backdrop: Backdrop
    front: Canvas
    view: View

    def visible(self) -> list[Visible]:
        """What can be seen of people and objects."""
        return visible(self.front, self.view)


def view_of(width_px: int, height_px: int) -> View:
    """The part of the 512x288 frame that a picture of this shape shows."""
    shape = width_px / height_px
    if shape <= FRAME_WIDTH / FRAME_HEIGHT:
        width = FRAME_HEIGHT * shape
        return (FRAME_WIDTH - width) / 2, 0.0, width, FRAME_HEIGHT
    height = FRAME_WIDTH / shape
    return 0.0, (FRAME_HEIGHT - height) * 0.6, FRAME_WIDTH, height


def compose(shot: Shot, style_id: str, view: View) -> Frame:
    """Put a keyframe together."""
    palette = _palette(style_id, shot.time_of_day, shot.weather)
    framing = _framing(shot)
    backdrop, stage = draw_backdrop(
        style_id, shot.time_of_day, shot.weather, shot.place, framing, shot.scene_seed, view
    )
    front = Canvas(palette, shot.seed, stage.light)
    front.strength = _strength(framing, stage)
    if framing != "wide" and palette.rules.focus < 1:
        front.raw(_wash(palette, 0.42 * (1 - palette.rules.focus)))
    if framing == "insert":
        thing = _insert_thing(shot)
        assert thing is not None
        others = [prop for prop in shot.props if prop.name != thing.name]
        held = any(role.thing and role.thing.name == thing.name for role in shot.roles)
        draw_insert(front, stage, thing, others, shot.roles[0].looks if shot.roles else None, held)
    else:
        _people_and_props(front, shot, framing, stage)
    if not stage.indoor:
        nature.weather_over(front, 170 if framing == "wide" else 110)
    front.vignette(0.3 if framing == "wide" else 0.36)
    return Frame(backdrop, front, view)


@lru_cache(maxsize=64)
def _palette(style_id: str, time_of_day: str, weather: str) -> Palette:
    return Palette(rules=style_rules()[style_id], time_of_day=time_of_day, weather=weather)


@lru_cache(maxsize=64)
def draw_backdrop(
    style_id: str, time_of_day: str, weather: str, place: str, framing: str, seed: int, view: View
) -> tuple[Backdrop, Stage]:
    """The place as a shot of this framing sees it; kept, since every keyframe of a scene asks again."""
    palette = _palette(style_id, time_of_day, weather)
    canvas = Canvas(palette, derive_seed(seed, "place", place))
    canvas.strength = 0.8
    stage = places.draw_place(canvas, place)
    if weather == "fog" and not stage.indoor:
        canvas.rect(0, 0, FRAME_WIDTH, FRAME_HEIGHT, "sky_lo", 0, opacity=0.34)
    zoom, x, y = ZOOMS[framing], view[0], view[1]
    if zoom > 1:
        r = random.Random(derive_seed(seed, "camera", framing))
        x += view[2] * (1 - 1 / zoom) * r.uniform(0.15, 0.85)
        y += view[3] * (1 - 1 / zoom) * (0.36 if framing != "insert" else 0.5)
    if framing == "insert":
        draw_insert_ground(canvas, stage, (x, y, view[2] / zoom, view[3] / zoom))
    text = canvas.svg((x, y, view[2] / zoom, view[3] / zoom))
    return Backdrop(svg=text, blur=BLURS[framing] * palette.rules.focus), stage


def _wash(palette: Palette, opacity: float) -> str:
    """A veil over the backdrop of a near shot, for styles that know no lens."""
    colour = palette.colour("sky_lo")
    return f'<rect width="512" height="288" fill="{colour}" fill-opacity="{opacity:.2f}"/>'


def _framing(shot: Shot) -> str:
    """The framing that the shot can have: an insert needs a thing, a two-shot two people."""
    framing = shot.framing
    if framing == "insert" and _insert_thing(shot) is None:
        framing = "close"
    if framing == "two_shot" and len(shot.roles) < 2:
        framing = "medium"
    return framing if shot.roles or framing == "insert" else "wide"


def _insert_thing(shot: Shot) -> Thing | None:
    held = [role.thing for role in shot.roles if role.thing]
    named = [thing for thing in (*held, *shot.props) if shot.subject and thing.name == shot.subject.name]
    return next(iter([*named, *held, *shot.props]), shot.subject)


def _strength(framing: str, stage: Stage) -> float:
    """How much of the hour falls on people and things."""
    base = {"wide": 0.62, "medium": 0.48, "two_shot": 0.48, "over_shoulder": 0.44}.get(framing, 0.36)
    return base * (0.8 if stage.indoor else 1.0)


# ---------------------------------------------------------------- people and props


def _people_and_props(front: Canvas, shot: Shot, framing: str, stage: Stage) -> None:
    jitter = [_jitter(derive_seed(shot.seed, "pose", i)) for i in range(len(shot.roles))]
    r = random.Random(derive_seed(shot.seed, "framing"))
    sway = (r.uniform(-12, 12), r.uniform(-5, 5), r.uniform(0.95, 1.05))
    actors = sorted(stage_people(framing, shot.roles, stage, jitter, sway), key=lambda actor: actor.depth)
    held = {actor.role.thing.name for actor in actors if actor.role.thing}
    loose = [thing for thing in shot.props if thing.name not in held]
    if framing == "wide":
        _lay_props(front, loose, stage, actors)
    for actor in actors:
        _draw_actor(front, actor, framing, stage)
    if framing in ("medium", "two_shot") and loose:
        _ledge(front, loose, stage, actors)
    if framing == "wide":
        draw_front(front, stage)


def _jitter(seed: int) -> list[float]:
    r = random.Random(seed)
    return [r.uniform(-1, 1), *(r.uniform(-3, 3) for _ in range(5))]


def _draw_actor(front: Canvas, actor: Actor, framing: str, stage: Stage) -> None:
    figure, body = actor.role.figure, actor.body
    seated = figure.pose in SEATED and not actor.from_behind
    if seated and framing in ("wide", "medium"):
        draw_seat(front, stage.seat, body)
    holds = _holding(actor) if actor.role.thing and not actor.from_behind else None
    person = Person(
        looks=actor.role.looks,
        body=body,
        emotion=figure.emotion,
        pointing=figure.pose == "point" and holds is None,
        holding=holds,
        hold_under=actor.role.thing is not None and actor.role.thing.kind == "umbrella",
        from_behind=actor.from_behind,
        gaze=actor.gaze,
    )
    with front.owned(figure.character_id, "person"), front.pen(dark=actor.dark):
        draw_person(front, person, shadow=framing == "wide")


def _holding(actor: Actor) -> Hold:
    """Draws what they hold into its own box."""
    thing = actor.role.thing
    assert thing is not None
    tilt = {"letter": -8.0, "book": -10.0, "map": -6.0, "photograph": -8.0, "key": 160.0}.get(thing.kind, 0.0)
    if thing.kind == "violin":
        tilt = 24.0

    def draw(canvas: Canvas, hand: Point, unit: float, facing: int) -> None:
        left, top, right, bottom = extent(thing.kind)
        size = max(right - left, bottom - top)
        grow = 1.0
        if size < 110:
            grow = min(1.6, 78 / size) if unit < 0.4 else min(1.3, 88 / size) if unit < 1 else 0.8
        with canvas.owned(thing.name, "object"):
            draw_object(canvas, thing, hand, unit * grow, held=True, facing=facing, tilt=tilt)

    return draw


def _lay_props(front: Canvas, things: Sequence[Thing], stage: Stage, actors: Sequence[Actor]) -> None:
    """Things on tables first, then on the ground beside people."""
    taken = [actor.body.floor_y and actor.body.hip[0] for actor in actors]
    spots = list(stage.spots)
    for thing in things[:5]:
        left, top, right, bottom = extent(thing.kind, lying=True)
        large = thing.kind in ("chest", "umbrella", "rope")
        width, height = right - left, bottom - top
        size = min(32 / max(width, height), 26 / math.sqrt(width * height)) * (1.5 if large else 1.0)
        if spots and not large:
            at: Point = spots.pop(0)
        else:
            at = _free_floor(stage, taken)
            taken.append(at[0])
            size *= 1.15
        front.contact(at[0], at[1], width * size * 0.6, 3.5, 0.5)
        with front.owned(thing.name, "object"):
            draw_object(front, thing, at, size)


def _free_floor(stage: Stage, taken: Sequence[float]) -> Point:
    """The point of the near floor farthest from everybody."""
    left, right = max(stage.left - 18, 92.0), min(stage.right + 18, 420.0)  # clear of what stands in the corners
    steps = [left + (right - left) * k / 16 for k in range(17)]
    best = max(steps, key=lambda x: (min([abs(x - other) for other in taken] or [0.0]) - abs(x - 256) * 0.3, x))
    return best, stage.floor[1] + 3


def _ledge(front: Canvas, things: Sequence[Thing], stage: Stage, actors: Sequence[Actor]) -> None:
    """A table edge or a low wall across the bottom, with things on it."""
    y = 254.0
    busy = [point[0] for actor in actors for point in (actor.body.head, actor.body.arms["near"].hand)]
    key = "wood" if stage.indoor else stage.surface
    front.rect(-6, y, FRAME_WIDTH + 12, 40, key, 0.8, lighter=0.06)
    front.rect(-6, y, FRAME_WIDTH + 12, 6, key, 0, lighter=0.13)
    for thing in things[:3]:
        left, top, right, bottom = extent(thing.kind, lying=True)
        size = 62.0 / max(right - left, bottom - top)
        x = max((76.0 + 45 * k for k in range(9)), key=lambda at: min(abs(at - other) for other in busy))
        busy.append(x)
        front.contact(x, y + 7, (right - left) * size * 0.62, 5, 0.55)
        with front.owned(thing.name, "object"):
            draw_object(front, thing, (x, y + 6), size)
