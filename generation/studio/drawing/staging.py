"""Who stands where in a shot: positions, sizes, hands. The picture itself is put together in scene.py.

    for actor in stage_people("two_shot", people, stage, light_side): ...

A person keeps their side of the frame within a scene; people look at each other, or into the empty side.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from moviellm.generation.schema import Figure
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.geometry import Point
from moviellm.generation.studio.drawing.props import Thing
from moviellm.generation.studio.drawing.skeleton import Skeleton, solve
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.looks import Looks

SEATED = ("sit", "grieve")
HANDS_OF_THEIR_OWN = (
    "give",
    "reach",
    "reach_up",
    "point",
    "hold_up",
    "carry",
    "read",
    "wave",
    "kneel",
    "crouch",
    "hug",
    "talk",
)
"""Poses whose near arm stays as it is with something in the hand."""
TOGETHER = {"hug": 0.62, "give": 2.5}
"""Distance between two people in head heights, where the pose asks for one."""
HEIGHTS = {"mid": 0.0, "slim": -0.05, "stout": 0.05, "tall": -0.3, "elder": 0.25, "child": 1.25}
"""How much lower than the others' a head is, in head heights, where the feet are out of the frame."""


Sway = tuple[float, float, float]
"""Camera shift right and down in px, and zoom."""


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
    from_behind: bool = False
    dark: float = 0.0
    gaze: Point = (0.0, 0.0)
    depth: float = 0.0
    """Drawn in this order, small first."""


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


def body_of(role: Role, head_px: float, facing: int, at: Point, anchor: str, jitter: Sequence[float]) -> Skeleton:
    """The skeleton of a role, with the near arm as what it holds asks."""
    body = solve(role.figure.pose, role.looks.build, head_px, facing, at, anchor, jitter)
    arm = near_arm(role)
    if arm != role.figure.pose:
        angles = art_data("poses")["poses"][arm]
        body.bend("near", angles[2], angles[3])
    return body


def stage_people(
    shot: str, roles: Sequence[Role], stage: Stage, jitter: Sequence[Sequence[float]], sway: Sway
) -> list[Actor]:
    """Everybody in the frame, placed; empty for an insert. `jitter` shifts everybody's angles, `sway` the camera."""
    if not roles or shot == "insert":
        return []
    if shot == "close":
        return [_close(roles[0], jitter[0], sway)]
    if shot == "over_shoulder":
        return _over_shoulder(roles, jitter, sway)
    if shot in ("medium", "two_shot"):
        return _medium(shot, roles, jitter, sway)
    return _wide(roles, stage, jitter, sway)


def _from_left(roles: Sequence[Role]) -> list[int]:
    """Indices of the roles from left to right: the same in every shot of a scene."""
    return sorted(range(len(roles)), key=lambda i: (roles[i].seed, i))


def _wide(roles: Sequence[Role], stage: Stage, jitter: Sequence[Sequence[float]], sway: Sway) -> list[Actor]:
    count = min(len(roles), 4)
    order = _from_left(roles[:count])
    head = (35.0, 33.0, 30.0, 28.0)[count - 1] * stage.scale
    middle = 0.5 * (stage.left + stage.right) + sway[0]
    reach = stage.right - stage.left
    if count == 1:
        left = roles[0].seed % 2 == 0
        spread = [stage.left + reach * (0.3 if left else 0.7) + sway[0] * 2]
    else:
        gap = reach / (count + 0.4)
        pose = roles[0].figure.pose
        if pose in TOGETHER and count == 2:
            gap = TOGETHER[pose] * head
        spread = [middle + (k - (count - 1) / 2) * gap for k in range(count)]
    actors = []
    for place, index in enumerate(order):
        role = roles[index]
        facing = 1 if spread[place] < middle else -1
        if count == 3 and place == 1:
            facing = -1 if order.index(0) == 0 else 1
        far, near = stage.floor
        y = near - (near - far) * (0.12 if index == 0 else 0.3 + 0.25 * (index % 3))
        size = head * (1 - 0.0022 * (near - y))
        actors.append(Actor(role, body_of(role, size, facing, (spread[place], y), "feet", jitter[index]), depth=y))
    return actors


def _medium(shot: str, roles: Sequence[Role], jitter: Sequence[Sequence[float]], sway: Sway) -> list[Actor]:
    count = min(len(roles), 3 if shot == "two_shot" else 4)
    order = _from_left(roles[:count])
    head = {1: 68.0, 2: 74.0 if shot == "two_shot" else 62.0, 3: 54.0, 4: 48.0}[count] * sway[2]
    left = roles[0].seed % 2 == 0
    places = {
        1: [0.39 if left else 0.61],
        2: [0.29, 0.71] if shot == "two_shot" else [0.33, 0.67],
        3: [0.2, 0.5, 0.8],
        4: [0.14, 0.38, 0.62, 0.86],
    }[count]
    if count == 2 and roles[0].figure.pose == "hug":
        places = [0.43, 0.58]
    actors = []
    for place, index in enumerate(order):
        role = roles[index]
        x = places[place] * 512 + sway[0]
        facing = 1 if (x < 256 or (count == 3 and place == 1 and order.index(0) == 2)) else -1
        y = (
            100
            + HEIGHTS[role.looks.build] * head * 0.8
            + (10 if role.figure.pose in (*SEATED, "kneel", "crouch") else 0)
        )
        body = body_of(role, head, facing, (x, y), "head", jitter[index])
        if role.thing and near_arm(role) in ("holding", "lantern", role.figure.pose) and role.thing.kind != "umbrella":
            _show_hand(role, body, head)
        actors.append(Actor(role, body, gaze=(0.55, 0.1), depth=index != 0 and -1.0 or 0.0))
    return actors


def _show_hand(role: Role, body: Skeleton, head: float) -> None:
    """Bring what is held into the frame, before the chest or towards the other."""
    if role.figure.pose in ("give", "reach", "point", "hold_up", "reach_up"):
        if body.arms["near"].hand[1] > 236:
            body.aim("near", (body.head[0] + body.facing * head * 1.5, 214))
        return
    body.aim("near", (body.head[0] + body.facing * head * 0.8, min(body.head[1] + head * 1.5, 226)))


def _close(role: Role, jitter: Sequence[float], sway: Sway) -> Actor:
    left = role.seed % 2 == 0
    facing = 1 if left else -1
    x, head = (196.0 if left else 316.0) + sway[0], 156.0 * sway[2]
    body = body_of(role, head, facing, (x, 126.0 + sway[1]), "head", jitter)
    if role.thing and role.thing.kind != "umbrella":
        body.aim("near", (x + facing * 138, 222.0))
    return Actor(role, body, gaze=(0.5, 0.25 if role.thing else -0.05))


def _over_shoulder(roles: Sequence[Role], jitter: Sequence[Sequence[float]], sway: Sway) -> list[Actor]:
    if len(roles) == 1:
        body = solve(
            "stand", roles[0].looks.build, 110.0, 1, (256.0 - 90 * (1 if roles[0].seed % 2 else -1), 118.0), "head"
        )
        return [Actor(roles[0], body, from_behind=True, dark=0.12)]
    order = _from_left(roles[:2])
    near_left = order.index(1) == 0
    far_role, near_role = roles[0], roles[1]
    far_x, near_x = (330.0 + sway[0], 84.0 - sway[0]) if near_left else (182.0 + sway[0], 428.0 - sway[0])
    far = body_of(far_role, 86.0, -1 if near_left else 1, (far_x, 112.0), "head", jitter[0])
    if far_role.thing and far_role.thing.kind != "umbrella":
        _show_hand(far_role, far, 86.0)
    near = solve("stand", near_role.looks.build, 158.0 * sway[2], 1 if near_left else -1, (near_x, 136.0), "head")
    return [
        Actor(far_role, far, gaze=(0.5, 0.1), depth=0.0),
        Actor(near_role, near, from_behind=True, dark=0.3, depth=1.0),
    ]
