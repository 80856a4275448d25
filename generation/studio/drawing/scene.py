"""One keyframe put together: backdrop, people, things, weather, foreground, and what of it can be seen.

    frame = compose(shot_from(inputs, seed), "noir", view_of(512, 288))
    frame.backdrop, frame.front.svg(frame.view), frame.visible()

Behind is the place (backdrop.py), before it people and things, who stand where staging.py says. It makes no pixels:
see painter.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Visible
from moviellm.generation.studio.drawing import nature
from moviellm.generation.studio.drawing.backdrop import Backdrop, Camera, Setting, find_backdrop, palette_of
from moviellm.generation.studio.drawing.body import Hold, Person, draw_person
from moviellm.generation.studio.drawing.canvas import FRAME_HEIGHT, FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.foreground import draw_front, draw_seat
from moviellm.generation.studio.drawing.geometry import Point, spline
from moviellm.generation.studio.drawing.insert import draw_insert
from moviellm.generation.studio.drawing.props import Thing, draw_object, extent, true_scale
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.drawing.staging import SEATED, Actor, Role, empty_side, stage_people
from moviellm.generation.studio.drawing.styles import FILM
from moviellm.generation.studio.drawing.visibility import View, visible


@dataclass(frozen=True, kw_only=True)
class Shot:
    """Everything that decides a picture, read from a request."""

    framing: str
    place: str
    time_of_day: str
    weather: str
    roles: tuple[Role, ...]
    props: tuple[Thing, ...]
    action: str | None
    subject: Thing | None
    """Object of the action."""
    place_seed: int
    scene_seed: int
    seed: int


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
    framing = _framing(shot)
    setting = Setting(shot.place, style_id, shot.time_of_day, shot.weather, shot.place_seed)
    # An establishing picture shows the whole place.
    take = derive_seed(shot.seed, "take") % 2 if shot.roles else 0
    backdrop, stage = find_backdrop(setting, Camera(framing, empty_side(framing, shot.roles, shot.seed), take), view)
    front = Canvas(palette_of(style_id, shot.time_of_day, shot.weather), shot.seed, stage.light)
    front.strength = _strength(framing, stage)
    if front.rules.keep < FILM:
        front.strength *= 0.45  # who is known by lightness keeps it at every hour
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
    return Frame(backdrop, front, view)


def _framing(shot: Shot) -> str:
    """The framing that the shot can have: an insert needs a thing, a two-shot and a shoulder need two people."""
    framing = shot.framing
    if framing == "insert" and _insert_thing(shot) is None:
        framing = "close"
    if framing in ("two_shot", "over_shoulder") and len(shot.roles) < 2:
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

SMALL = 0.55
"""Heads: what is smaller is held before the fingers."""
AT_HAND = ("kneel", "crouch", "reach", "dig", "mend")
"""Poses of somebody busy with what lies before them."""
CONTAINERS = ("chest", "suitcase", "box", "basket")
ON_THE_GROUND = ("chest", "suitcase", "basket", "spade", "rope", "umbrella", "drum", "statue")
"""What stands on the floor even where there are tables."""


def _people_and_props(front: Canvas, shot: Shot, framing: str, stage: Stage) -> None:
    cast = stage_people(framing, shot.roles, stage, shot.action, shot.seed)
    actors = sorted(cast, key=lambda actor: actor.depth)
    held = {actor.role.thing.name for actor in actors if actor.role.thing}
    loose = [thing for thing in shot.props if thing.name not in held]
    busy = cast[0] if cast and cast[0].view in ("in", "out") else None
    first = _worked_on(busy, loose, shot.subject) if busy else None
    if first is None:
        busy = None
    else:
        loose = [first, *(thing for thing in loose if thing is not first)]
    if framing == "wide":
        _lay_props(front, loose, stage, actors, busy)
    if framing == "wide" and not stage.indoor:
        for actor in actors:
            if actor.role.figure.pose == "dig" and actor.view in ("in", "out"):
                _dig(front, actor)
    ledge = framing in ("medium", "two_shot") and bool(loose)
    if ledge and busy and busy.role.figure.pose != "sit":
        busy.body.aim("near", (_at_hand(busy)[0] - busy.body.facing * 8, 230.0))
    for actor in actors:
        _draw_actor(front, actor, framing, stage)
    if ledge:
        _ledge(front, loose, stage, actors, busy)
    if framing == "wide":
        draw_front(front, stage)


def _worked_on(actor: Actor, loose: Sequence[Thing], subject: Thing | None) -> Thing | None:
    """What somebody has before their hands: the object of the action, or what it goes into; None for idle hands."""
    named = [thing for thing in loose if subject and thing.name == subject.name]
    pose = actor.role.figure.pose
    if pose not in AT_HAND:
        return named[0] if named and pose == "sit" else None
    return next(iter([*named, *(thing for thing in loose if thing.kind in CONTAINERS), *loose]), None)


def _draw_actor(front: Canvas, actor: Actor, framing: str, stage: Stage) -> None:
    figure, body = actor.role.figure, actor.body
    if body.pose in SEATED and framing in ("wide", "medium"):
        draw_seat(front, stage.seat, body)
    holds = _holding(actor) if actor.role.thing and actor.view != "back" else None
    person = Person(
        looks=actor.role.looks,
        body=body,
        emotion=figure.emotion,
        pointing=figure.pose == "point" and holds is None,
        holding=holds,
        hold_over=actor.role.thing is not None and _small(actor.role.thing, body.unit * 100),
        hold_under=actor.role.thing is not None and actor.role.thing.kind == "umbrella",
        facing=actor.view,
        gaze=actor.gaze,
    )
    with front.owned(figure.character_id, "person"), front.pen(dark=actor.dark):
        draw_person(front, person, shadow=framing == "wide")


def _small(thing: Thing, head_px: float) -> bool:
    """Whether a fist would hide most of a thing."""
    left, top, right, bottom = extent(thing.kind)
    return true_scale(thing, head_px) * max(right - left, bottom - top) < SMALL * head_px


def _holding(actor: Actor) -> Hold:
    """Draws what they hold into its own box."""
    thing, tilted = actor.role.thing, actor.body.tilt
    assert thing is not None
    tilt = {"letter": -8.0, "book": -10.0, "map": -6.0, "photograph": -8.0, "key": 160.0, "violin": 24.0}.get(
        thing.kind, 0.0
    )
    if tilted is not None:
        tilt = tilted

    def draw(canvas: Canvas, hand: Point, unit: float, facing: int) -> None:
        with canvas.owned(thing.name, "object"):
            draw_object(canvas, thing, hand, true_scale(thing, unit * 100), held=True, facing=facing, tilt=tilt)

    return draw


def _at_hand(actor: Actor) -> Point:
    """Where on the ground, or on a ledge, somebody works."""
    body = actor.body
    reach = {"dig": 100, "sit": 185}.get(actor.role.figure.pose, 118)
    return body.hip[0] + body.facing * reach * body.unit, body.floor_y + 2


def _lay_props(
    front: Canvas, things: Sequence[Thing], stage: Stage, actors: Sequence[Actor], busy: Actor | None
) -> None:
    """What is worked on before the hands; the rest on tables first, then on the ground beside people."""
    taken = [x for actor in actors for x in (actor.body.hip[0], *(leg.ankle[0] for leg in actor.body.legs.values()))]
    spots = list(stage.spots)
    head = max((actor.body.unit * 100 for actor in actors), default=30.0 * stage.scale)
    for i, thing in enumerate(things[:5]):
        left, top, right, bottom = extent(thing.shape, lying=True)
        size = true_scale(thing, head)
        if busy and i == 0:
            x, y = _at_hand(busy)
            at = min(max(x, 26.0), 486.0), y
            taken.append(at[0])
        elif spots and thing.kind not in ON_THE_GROUND:
            at = spots.pop(0)
            size *= 0.9  # a table stands farther away
        else:
            at = _free_floor(stage, taken)
            taken.append(at[0])
        front.contact(at[0], at[1], (right - left) * size * 0.6, max(2.0, 0.1 * head), 0.5)
        with front.owned(thing.name, "object"):
            draw_object(front, thing, at, size)


def _free_floor(stage: Stage, taken: Sequence[float]) -> Point:
    """The point of the near floor farthest from everybody."""
    left, right = max(stage.left - 18, 92.0), min(stage.right + 18, 420.0)  # clear of what stands in the corners
    steps = [left + (right - left) * k / 16 for k in range(17)]
    best = max(steps, key=lambda x: (min([abs(x - other) for other in taken] or [0.0]) - abs(x - 256) * 0.3, x))
    return best, stage.floor[1] + 3


def _dig(front: Canvas, actor: Actor) -> None:
    """A hole and the earth beside it."""
    x, y = _at_hand(actor)
    u, f = actor.body.unit, actor.body.facing
    front.ellipse((x, y), 44 * u, 11 * u, "ink", opacity=0.62)
    heap = [(x + f * k * u, y - h * u) for k, h in ((38, -6), (50, 16), (72, 34), (92, 20), (112, -6))]
    front.form(spline(heap, True, 3), "#6b4a33", 0.7, 10 * u)


def _ledge(front: Canvas, things: Sequence[Thing], stage: Stage, actors: Sequence[Actor], busy: Actor | None) -> None:
    """A table edge or a low wall across the bottom, with things on it."""
    y = 254.0
    crowd = [point[0] for actor in actors for point in (actor.body.head, actor.body.arms["near"].hand)]
    key = "wood" if stage.indoor else stage.surface
    front.rect(-6, y, FRAME_WIDTH + 12, 40, key, 0.8, lighter=0.06)
    front.rect(-6, y, FRAME_WIDTH + 12, 6, key, 0, lighter=0.13)
    head = max(actor.body.unit * 100 for actor in actors)
    for i, thing in enumerate(things[:3]):
        left, top, right, bottom = extent(thing.shape, lying=True)
        size = min(true_scale(thing, head), 104 / (bottom - top), 150 / (right - left))
        x = max((76.0 + 45 * k for k in range(9)), key=lambda at: min(abs(at - other) for other in crowd))
        if busy and i == 0:
            x = min(max(_at_hand(busy)[0], 60.0), 452.0)
        crowd.append(x)
        front.contact(x, y + 7, (right - left) * size * 0.62, 5, 0.55)
        with front.owned(thing.name, "object"):
            draw_object(front, thing, (x, y + 6), size)
