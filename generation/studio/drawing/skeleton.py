"""The joints of a standing, sitting, kneeling or lying person, solved from angles and planted on the ground.

    joints = solve("walk", "tall", head_px=24, facing=1, at=(180, 250))
    joints.hip, joints.arms["near"].hand

Lengths are head units (head height / 100). Angles: art/poses.yaml, in whole degrees, so that shapes made for them can
be kept. Seen from the front or from behind, limbs that reach forward are foreshortened. It draws nothing: see body.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.geometry import Point, Points, turn

THIGH, SHIN, SOLE = 112.0, 106.0, 15.0
TORSO, UPPER_ARM, FOREARM, GRIP = 146.0, 76.0, 70.0, 15.0
HEAD_LIFT = 56.0
SHOE: Final = ((-13, -8), (-14, 12), (2, SOLE), (30, SOLE), (33, 8), (20, -1), (10, -8))
SHOE_FRONT: Final = ((-12, -8), (-15, 6), (-14, SOLE), (14, SOLE), (15, 6), (12, -8))
FLAT_ON: Final = ("front", "back")
"""Views from before and behind; the others are in, out (3/4) and profile."""
SPREAD: Final = {"in": (-33, 34), "profile": (-8, 10), "front": (-37, 37), "back": (-37, 37)}
"""How far the shoulder joints are from the spine, near and far."""


class Arm(NamedTuple):
    """Shoulder, elbow, wrist, middle of the fist; the bones' angles; their lengths as seen, in head units."""

    shoulder: Point
    elbow: Point
    wrist: Point
    hand: Point
    angle: int
    """Of the forearm."""
    upper: int
    bones: tuple[int, int]


class Leg(NamedTuple):
    """Hip joint, knee, ankle, and how far the foot is turned."""

    hip: Point
    knee: Point
    ankle: Point
    tilt: float = 0.0


class Stance(NamedTuple):
    """Everything below the waist, in head units from the hip, looking right: the same for every size and place."""

    legs: dict[str, Leg]
    low: float
    """Where the ground is."""


@dataclass
class Skeleton:
    """Joints in frame units; `unit` is a head unit in px."""

    unit: float
    facing: int
    width: float
    head_size: float
    hip: Point
    up: Point
    neck: Point
    head: Point
    head_angle: int
    torso: float
    arms: dict[str, Arm]
    legs: dict[str, Leg]
    floor_y: float
    pose: str = "stand"
    build: str = "mid"
    view: str = "in"
    lean: int = 0

    def on_torso(self, across: float, along: float) -> Point:
        """A point by head units across (towards the right of the frame) and up the spine from the hip."""
        u = self.unit
        return (
            self.hip[0] + (-self.up[1] * across + self.up[0] * along) * u,
            self.hip[1] + (self.up[0] * across + self.up[1] * along) * u,
        )

    def on_head(self, points: Sequence[Point]) -> Points:
        """Head-unit points (looking right) in frame units."""
        scale, f = self.unit * self.head_size, self.facing
        angle = math.radians(self.head_angle * f)
        sin, cos = math.sin(angle) * scale, math.cos(angle) * scale
        x0, y0 = self.head
        return [(x0 + x * f * cos - y * sin, y0 + x * f * sin + y * cos) for x, y in points]

    @property
    def head_px(self) -> float:
        """Height of the head as drawn."""
        return self.unit * self.head_size * 100

    @property
    def tilt(self) -> float | None:
        """Degrees that a tool in the near hand is tilted by the pose; None where the pose does not say."""
        tilt = art_data("poses")["tilts"].get(self.pose)
        return None if tilt is None else float(tilt)

    def bend(self, side: str, shoulder: float, elbow: float) -> None:
        """Give an arm other angles."""
        self.arms[side] = self._arm(side, self.arms[side].shoulder, round(shoulder), round(shoulder + elbow))

    def aim(self, side: str, target: Point) -> None:
        """Bend an arm so that its fist comes to `target`, as far as it reaches."""
        start = self.arms[side].shoulder
        scale = self.unit * self.torso / TORSO
        upper, fore = UPPER_ARM * scale, FOREARM * scale + GRIP * self.unit
        dx, dy = target[0] - start[0], target[1] - start[1]
        distance = min(math.hypot(dx, dy) or 1.0, (upper + fore) * 0.995)
        distance = max(distance, abs(upper - fore) * 1.02 + 0.1)
        bend = math.acos(max(-1.0, min(1.0, (upper**2 + distance**2 - fore**2) / (2 * upper * distance))))
        first = math.degrees(math.atan2(dx * self.facing, dy) - bend)
        inner = math.acos(max(-1.0, min(1.0, (upper**2 + fore**2 - distance**2) / (2 * upper * fore))))
        if self.view in FLAT_ON and side == "far":  # the far elbow of a front view bends to its own side
            first = math.degrees(math.atan2(dx * self.facing, dy) + bend)
            inner = -inner
        second = first + 180 - math.degrees(inner) if inner > 0 else first - 180 - math.degrees(inner)
        self.arms[side] = self._bones(start, (round(first), round(second)), self._lengths())

    def _lengths(self) -> tuple[int, int]:
        return round(UPPER_ARM * self.torso / TORSO), round(FOREARM * self.torso / TORSO)

    def _arm(self, side: str, shoulder: Point, upper: int, fore: int) -> Arm:
        """An arm from its angles in the side view, as the view shows it."""
        if self.view not in FLAT_ON or self.pose in art_data("poses")["sideways"]:
            return self._bones(shoulder, (upper, fore), self._lengths())
        outward = -1 if side == "near" else 1
        seen = [_foreshortened(angle, outward) for angle in (upper, fore)]
        first, second = (round(length * share) for length, (_, share) in zip(self._lengths(), seen, strict=True))
        return self._bones(shoulder, (seen[0][0], seen[1][0]), (first, second))

    def _bones(self, shoulder: Point, angles: tuple[int, int], bones: tuple[int, int]) -> Arm:
        u, f = self.unit, self.facing
        elbow = _step(shoulder, angles[0], bones[0] * u, f)
        wrist = _step(elbow, angles[1], bones[1] * u, f)
        return Arm(shoulder, elbow, wrist, _step(wrist, angles[1], GRIP * u, f), angles[1], angles[0], bones)


def _step(start: Point, angle: float, length: float, facing: int) -> Point:
    radians = math.radians(angle)
    return start[0] + math.sin(radians) * facing * length, start[1] + math.cos(radians) * length


@lru_cache(maxsize=1024)
def _foreshortened(angle: int, outward: int) -> tuple[int, float]:
    """A bone of the side view seen from the front: its angle, and its share of the length."""
    forward, down = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    if forward < 0 or down < -0.45:  # swung back or raised: to its own side
        across = outward * (0.12 + 0.75 * abs(forward))
    else:
        across = outward * (0.14 - 0.5 * forward)
    seen = (across, down + 0.16 * abs(forward))
    return round(math.degrees(math.atan2(seen[0], seen[1]))), max(0.42, min(1.0, math.hypot(*seen)))


@lru_cache(maxsize=4096)
def stance(pose: str, build: str, view: str) -> Stance:
    """Legs of a pose and build seen from a side."""
    poses = art_data("poses")
    angles = poses["poses"][pose]
    width, leg_size, _, _ = poses["builds"][build]
    legs = {}
    for side, first, across in (("near", 6, -13), ("far", 8, 11)):
        hip = (across * width, 2.0)
        thigh, shin = angles[first], angles[first] - angles[first + 1]
        if view in FLAT_ON:
            outward = -1 if side == "near" else 1
            knee = _flat_bone(hip, thigh, THIGH * leg_size, outward, view)
            ankle = _flat_bone(knee, shin, SHIN * leg_size, outward, view)
            legs[side] = Leg((hip[0] + outward * 3, hip[1]), knee, ankle)
        else:
            knee = _step(hip, thigh, THIGH * leg_size, 1)
            legs[side] = Leg(hip, knee, _step(knee, shin, SHIN * leg_size, 1), _foot(shin))
    deepest = max(leg.ankle[1] for leg in legs.values())
    for side, leg in legs.items():
        if leg.tilt < -62 and deepest - leg.ankle[1] < 30:  # kneeling: the instep lies on the ground
            legs[side] = leg._replace(tilt=-168.0)
    low = max(y for side, leg in legs.items() for _, y in shoe_of(leg, view, side))
    if pose == "lie":
        low = max(low, 30.0 * width)
    return Stance(legs, low)


def _foot(shin: float) -> float:
    """How far a foot is turned by its shin: flat on the ground while the shin is nearly upright."""
    return shin * 0.9 if shin < -12 else 0.0 if shin < 30 else shin * 0.8


def shoe_of(leg: Leg, view: str, side: str) -> Points:
    """Corners of a shoe, in the leg's own units."""
    if view in FLAT_ON:
        toe = 3 if side == "far" else -3
        shoe: Points = [(x + toe * (y > 0), y) for x, y in SHOE_FRONT]
    else:
        shoe = [turn(corner, -leg.tilt) for corner in SHOE]
    return [(leg.ankle[0] + x, leg.ankle[1] + y) for x, y in shoe]


def _flat_bone(start: Point, angle: float, length: float, outward: int, view: str) -> Point:
    forward, down = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    drop = down + (0.26 if view == "front" else 0.1) * forward
    return start[0] + outward * (0.05 + 0.1 * abs(forward)) * length, start[1] + max(drop, 0.12) * length


def seen_from(pose: str, facing: str) -> str:
    """The view in which a pose is drawn: in (3/4), profile, front or back; 3/4 where it would not read from there."""
    if pose == "lie":
        return "profile"
    flat = art_data("poses")["flat_on"]
    return facing if facing == "profile" or (facing in FLAT_ON and pose in flat[facing]) else "in"


def solve(
    pose: str,
    build: str,
    head_px: float,
    facing: int,
    at: Point,
    anchor: str = "feet",
    jitter: Sequence[float] = (),
    view: str = "in",
) -> Skeleton:
    """A person with their soles, hip or head at a point; `facing` is +1 (right) or -1; jitter shifts the angles.

    `view` is in or out (3/4), profile, front or back; see `seen_from`. Who sleeps lies when planted on the ground and
    sits otherwise.
    """
    if pose == "sleep" and anchor == "feet":
        pose = "lie"
    view = seen_from(pose, view)
    poses = art_data("poses")
    angles = [a + (jitter[i] if i < len(jitter) else 0.0) for i, a in enumerate(poses["poses"][pose][:6])]
    width, _, trunk_size, head_size = poses["builds"][build]
    below = stance(pose, build, view)
    u, f = head_px / 100, facing
    lean = round(angles[0] * (0.2 if view in FLAT_ON else 1.0))
    up = (math.sin(math.radians(lean)) * f, -math.cos(math.radians(lean)))
    torso = TORSO * trunk_size
    hip = (at[0], at[1] - below.low * u) if anchor == "feet" else at
    body = Skeleton(
        u, f, width, head_size, hip, up, hip, hip, round(angles[1] * (0.3 if view in FLAT_ON else 1.0) + lean * 0.45),
        torso, {}, {}, 0.0, pose, build, view, lean,
    )  # fmt: skip
    body.neck = body.on_torso(2 * f, torso + 4)
    sunk = (abs(angles[0]) + max(0.0, angles[1])) * 0.5 if view in FLAT_ON else 0.0
    reach = turn((5 * f * u if view not in FLAT_ON else 0.0, (sunk - HEAD_LIFT * head_size) * u), body.head_angle * f)
    body.head = (body.neck[0] + reach[0], body.neck[1] + reach[1])
    if anchor == "head":
        shift = at[0] - body.head[0], at[1] - body.head[1]
        body.hip, body.neck = _moved(body.hip, shift), _moved(body.neck, shift)
        body.head = at
    for side, leg in below.legs.items():
        hip_at, knee, ankle = (_placed(joint, body.hip, u, f) for joint in (leg.hip, leg.knee, leg.ankle))
        body.legs[side] = Leg(hip_at, knee, ankle, leg.tilt)
    body.floor_y = body.hip[1] + below.low * u
    spread = SPREAD.get(view, SPREAD["in"])
    for side, first in (("near", 2), ("far", 4)):
        shoulder = body.on_torso(spread[side == "far"] * width * f, torso - 17)
        upper = angles[first] + lean * 0.5
        body.arms[side] = body._arm(side, shoulder, round(upper), round(upper + angles[first + 1]))
    touches = poses["touches"].get(pose, {})
    for side, (x, y) in touches.items():
        ahead = x if view not in FLAT_ON else (6 + 8 * len(touches)) * (1 if side == "far" else -1)
        body.aim(side, body.on_head([(ahead, y)])[0])
    for side, (x, y) in poses["places"].get(pose, {}).items():
        ahead = x if view not in FLAT_ON else 12 if side == "far" else -12
        body.aim(side, (body.hip[0] + ahead * trunk_size * f * u, body.hip[1] + y * trunk_size * u))
    return body


def _moved(point: Point, by: Point) -> Point:
    return point[0] + by[0], point[1] + by[1]


def _placed(joint: Point, hip: Point, unit: float, facing: int) -> Point:
    return hip[0] + joint[0] * facing * unit, hip[1] + joint[1] * unit
