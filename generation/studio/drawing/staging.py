"""Who stands where in a shot: positions, sizes, where they look, hands. The picture is put together in scene.py.

    for actor in stage_people("two_shot", people, stage, "give", seed): ...

A person keeps their side of the frame within a scene. Figure.facing "in" looks at the other one, or into the empty
side; what people do decides how near they are to each other. Heads are cut by no edge, bodies at no joint.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Figure
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.geometry import Point
from moviellm.generation.studio.drawing.props import Thing
from moviellm.generation.studio.drawing.skeleton import Skeleton, seen_from, solve
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.looks import Looks

SEATED: Final = ("sit", "grieve", "sleep")
HANDS_OF_THEIR_OWN: Final = (
    "give", "reach", "reach_up", "point", "hold_up", "carry", "read", "wave", "kneel", "crouch", "hug", "talk",
    "write", "phone", "eat", "sleep", "dig", "mend", "hurt", "caught",
)  # fmt: skip
"""Poses whose near arm stays as it is with something in the hand."""
APART: Final = {
    "hug": 0.62, "give": 2.3, "trade": 2.3, "take": 2.0, "steal": 2.2, "show": 2.3, "heal": 1.8, "wound": 2.0,
    "arrest": 1.5, "free": 1.7, "threaten": 2.2, "chase": 3.4, "follow": 3.6, "watch": 4.6,
}  # fmt: skip
"""Distance between two people in head heights, where what they do asks for one."""
TALL: Final = ("a brimmed hat", "a cap", "a beanie", "bun", "topknot", "afro", "curly")
"""What needs room above a head."""
CLOSE_X: Final = 0.385
MEDIUM_X: Final = 0.38
SHOULDER_X: Final = 0.64


@dataclass(frozen=True)
class Role:
    """Somebody asked for: staging, looks, what they hold."""

    figure: Figure
    looks: Looks
    thing: Thing | None
    seed: int
    """Constant in a scene."""


@dataclass
class Actor:
    """Somebody placed: a skeleton where it belongs."""

    role: Role
    body: Skeleton
    view: str = "in"
    """From where we see them: a value of Figure.facing."""
    dark: float = 0.0
    gaze: Point = (0.0, 0.0)
    depth: float = 0.0
    """Drawn in this order, small first."""


@dataclass(frozen=True)
class Take:
    """What differs between two pictures of the same staging: how near, how far to the side, who leans how."""

    x: float
    y: float
    size: float
    jitter: tuple[tuple[float, ...], ...]


def take_of(count: int, seed: int) -> Take:
    """The variation that a keyframe's seed draws."""
    r = random.Random(derive_seed(seed, "framing"))
    sway = r.uniform(-12, 12), r.uniform(-4, 4), r.uniform(0.9, 1.07)
    return Take(*sway, tuple(_jitter(derive_seed(seed, "pose", i)) for i in range(count)))


def _jitter(seed: int) -> tuple[float, ...]:
    r = random.Random(seed)
    return r.uniform(-1, 1), *(r.uniform(-3, 3) for _ in range(5))


# ---------------------------------------------------------------- sides


def from_left(roles: Sequence[Role]) -> list[int]:
    """Indices of the roles from left to right: the same in every shot of a scene."""
    return sorted(range(len(roles)), key=lambda i: (roles[i].seed, i))


def on_left(roles: Sequence[Role], seed: int) -> bool:
    """Whether the first person of a shot stands left; alone they may stand on either side."""
    if len(roles) == 1:
        return (roles[0].seed + seed) % 2 == 0
    return from_left(roles[:2])[0] == 0


def empty_side(framing: str, roles: Sequence[Role], seed: int) -> float:
    """Where across the picture there is room for the place itself, 0 left, 1 right."""
    if not roles or framing in ("wide", "insert"):
        return 0.5
    left = on_left(roles, seed)
    if framing == "close" or (framing == "medium" and len(roles) == 1):
        return 0.74 if left else 0.26
    if framing == "over_shoulder":
        return 0.56 if left else 0.44
    return 0.5


def view_of(role: Role) -> str:
    """From where we see somebody; who cannot do what they do with their back to us turns away."""
    facing = role.figure.facing
    if facing in ("front", "back") and seen_from(role.figure.pose, facing) == "in":
        return "out" if facing == "back" else "in"
    return facing


def _turned(view: str, towards: int) -> int:
    return -towards if view == "out" else towards


# ---------------------------------------------------------------- bodies


def near_arm(role: Role) -> str:
    """The pose that the near arm takes."""
    pose = role.figure.pose
    if role.thing is None:
        return pose
    if role.thing.kind == "umbrella":
        return "umbrella" if pose not in ("give", "reach_up") else pose
    if pose in HANDS_OF_THEIR_OWN:
        return pose
    return "lantern" if role.thing.kind == "lantern" else "holding"


def body_of(
    role: Role, head_px: float, facing: int, at: Point, anchor: str, jitter: Sequence[float], view: str
) -> Skeleton:
    """The skeleton of a role, with the near arm as what it holds asks."""
    body = solve(role.figure.pose, role.looks.build, head_px, facing, at, anchor, jitter, view)
    arm = near_arm(role)
    if arm != role.figure.pose:
        angles = art_data("poses")["poses"][arm]
        body.bend("near", angles[2], angles[3])
    return body


def stage_people(framing: str, roles: Sequence[Role], stage: Stage, action: str | None, seed: int) -> list[Actor]:
    """Everybody in the frame, placed; empty for an insert."""
    if not roles or framing == "insert":
        return []
    take = take_of(len(roles), seed)
    if framing == "close":
        return [_close(roles, take, seed)]
    if framing == "over_shoulder":
        return _over_shoulder(roles, take)
    if framing in ("medium", "two_shot"):
        return _medium(framing, roles, action, take, seed)
    return _wide(roles, stage, action, take, seed)


def _apart(roles: Sequence[Role], action: str | None) -> float | None:
    """How far apart the first two are, in heads; None where it does not matter."""
    if len(roles) < 2:
        return None
    if "hug" in (roles[0].figure.pose, roles[1].figure.pose):
        return APART["hug"]
    return APART.get(action or "", APART["give"] if roles[0].figure.pose == "give" else None)


def _meet(actors: Sequence[Actor]) -> None:
    """Hands that give and take come together between the two."""
    if len(actors) < 2:
        return
    first, second = actors[0].body, actors[1].body
    gap = abs(first.head[0] - second.head[0])
    facing = (second.head[0] - first.head[0]) * first.facing > 0 > (second.head[0] - first.head[0]) * second.facing
    if not facing or gap > 3.6 * max(first.head_px, second.head_px):
        return
    low = max(first.neck[1] + first.unit * 70, second.neck[1] + second.unit * 60)
    middle = (first.head[0] + second.head[0]) / 2
    for actor in actors[:2]:
        if actor.role.figure.pose in ("give", "reach") and actor.view in ("in", "out"):
            actor.body.aim("near", (middle - actor.body.facing * 4 * actor.body.unit, low))


# ---------------------------------------------------------------- wide


def _wide(roles: Sequence[Role], stage: Stage, action: str | None, take: Take, seed: int) -> list[Actor]:
    roles = roles[:4]
    head = (35.0, 33.0, 30.0, 28.0)[len(roles) - 1] * stage.scale
    spread = _spread(roles, stage, action, take, head, seed)
    far, near = stage.floor
    together = (_apart(roles, action) or 9) < 3
    actors = []
    for index, role in enumerate(roles):
        view = view_of(role)
        other = spread[0 if index else 1] if len(roles) > 1 else 256.0
        back = 0.12 if index == 0 or together else 0.3 + 0.25 * (index % 3)
        if action == "watch" and index < 2:
            back = (0.75, 0.1)[index]
        y = near - (near - far) * back
        facing = _turned(view, 1 if other > spread[index] else -1)
        size = head * (1 - 0.0022 * (near - y))
        body = body_of(role, size, facing, (spread[index], y), "feet", take.jitter[index], view)
        actors.append(Actor(role, body, view, depth=y - 0.01 * index))
    _meet(actors)
    return actors


def _spread(
    roles: Sequence[Role], stage: Stage, action: str | None, take: Take, head: float, seed: int
) -> list[float]:
    """x of everybody, by role: on a third line alone, as a group around one otherwise."""
    reach, count = stage.right - stage.left, len(roles)
    if count == 1:
        return [stage.left + reach * (0.3 if on_left(roles, seed) else 0.7) + take.x]
    gap = reach / (count + 0.6)
    apart = _apart(roles, action)
    if apart is not None:
        gap = min(gap, apart * head) if count == 2 else gap
    middle = stage.left + reach * (0.44 if derive_seed(seed, "third") % 2 else 0.56) + take.x * 0.6
    places = [middle + (k - (count - 1) / 2) * gap for k in range(count)]
    order = from_left(roles)
    return [places[order.index(index)] for index in range(count)]


# ---------------------------------------------------------------- nearer


def _medium(framing: str, roles: Sequence[Role], action: str | None, take: Take, seed: int) -> list[Actor]:
    roles = roles[: 3 if framing == "two_shot" else 4]
    count = len(roles)
    two = framing == "two_shot"
    head = {1: 78.0, 2: 77.0 if two else 67.0, 3: 61.0, 4: 51.0}[count] * take.size
    order = from_left(roles)
    places = {
        1: [MEDIUM_X],
        2: [0.29, 0.71] if two else [0.33, 0.67],
        3: [0.19, 0.5, 0.81],
        4: [0.13, 0.38, 0.63, 0.88],
    }[count]
    if count == 1 and not on_left(roles, seed):
        places = [1 - MEDIUM_X]
    apart = _apart(roles, action)
    if count == 2 and apart is not None and apart < 3:
        half = min(0.2, apart * head / 2 / 512)
        places = [0.5 - half, 0.5 + half]
    spread = [places[order.index(index)] * 512 + take.x for index in range(count)]
    actors = []
    for index, role in enumerate(roles):
        view = view_of(role)
        other = spread[0 if index else 1] if count > 1 else 256.0
        facing = _turned(view, 1 if other > spread[index] else -1)
        gaze = (0.55, 0.1) if view in ("in", "out") else (0.0, 0.0)
        body = body_of(role, head, facing, (spread[index], 100 + take.y), "head", take.jitter[index], view)
        actors.append(Actor(role, body, view, gaze=gaze, depth=-float(index)))
    _level(actors, take)
    for actor in actors:
        thing = actor.role.thing
        if thing and thing.kind != "umbrella":
            _show_hand(actor.role, actor.body, head)
    _meet(actors)
    return actors


def _level(actors: Sequence[Actor], take: Take) -> None:
    """The tallest has their eyes on the upper third; who is smaller, sits or kneels is lower beside them."""
    heights = [actor.body.floor_y - actor.body.head[1] for actor in actors]
    for index, (actor, height) in enumerate(zip(actors, heights, strict=True)):
        body, lower = actor.body, 0.85 * (max(heights) - height)
        if lower > 4:
            at = body.head[0], min(body.head[1] + lower, 196.0)
            jitter = take.jitter[index]
            actor.body = body_of(actor.role, body.unit * 100, body.facing, at, "head", jitter, actor.view)


def _show_hand(role: Role, body: Skeleton, head: float) -> None:
    """Bring what is held into the frame, before the chest or towards the other."""
    pose = role.figure.pose
    if pose in ("give", "reach", "point", "hold_up", "reach_up"):
        if body.arms["near"].hand[1] > 236:
            body.aim("near", (body.head[0] + body.facing * head * 1.5, 214))
        return
    if pose in HANDS_OF_THEIR_OWN and body.arms["near"].hand[1] < 232:
        return
    body.aim("near", (body.head[0] + body.facing * head * 0.8, min(body.head[1] + head * 1.5, 226)))


def _close(roles: Sequence[Role], take: Take, seed: int) -> Actor:
    role, left = roles[0], on_left(roles, seed)
    view, head = view_of(role), 152.0 * take.size
    facing = _turned(view, 1 if left else -1)
    x = 512 * (CLOSE_X if left else 1 - CLOSE_X) + take.x
    tall = role.looks.accessory in TALL or role.looks.hair in TALL
    body = body_of(role, head, facing, (x, 118.0 + take.y + 14 * tall), "head", take.jitter[0], view)
    if role.thing and role.thing.kind != "umbrella":
        body.aim("near", (x + facing * 132, 220.0))
    gaze = (0.5, 0.25 if role.thing else -0.05) if view in ("in", "out") else (0.0, 0.0)
    return Actor(role, body, view, gaze=gaze)


def _over_shoulder(roles: Sequence[Role], take: Take) -> list[Actor]:
    """The first person past the head of the second."""
    far_role, near_role = roles[0], roles[1]
    side = 1 if from_left(roles[:2])[0] == 1 else -1  # the near one stands left: 1
    far_x, near_x = 256 + side * (512 * (SHOULDER_X - 0.5) + take.x), 256 - side * (172 + take.x)
    view = "front" if view_of(far_role) == "front" else "in"
    far = body_of(far_role, 86.0 * take.size, -side, (far_x, 112.0), "head", take.jitter[0], view)
    if far_role.thing and far_role.thing.kind != "umbrella":
        _show_hand(far_role, far, 86.0)
    near = solve("stand", near_role.looks.build, 156.0, side, (near_x, 138.0), "head", view="back")
    return [
        Actor(far_role, far, view, gaze=(0.5, 0.1), depth=0.0),
        Actor(near_role, near, "back", dark=0.3, depth=1.0),
    ]
