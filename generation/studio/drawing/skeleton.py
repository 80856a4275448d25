"""The joints of a standing, sitting or kneeling person, solved from angles and planted on the ground.

    joints = solve("walk", "tall", head_px=24, facing=1, at=(180, 250))
    joints.hip, joints.arms["near"].hand

Lengths are head units (head height / 100). Angles: art/poses.yaml. It draws nothing: see body.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.geometry import Point, Points, turn

THIGH, SHIN, SOLE = 112.0, 106.0, 15.0
TORSO, UPPER_ARM, FOREARM, GRIP = 146.0, 76.0, 70.0, 15.0
HEAD_LIFT = 56.0


@dataclass
class Arm:
    """Shoulder, elbow, wrist, middle of the fist, and the forearm's angle."""

    shoulder: Point
    elbow: Point
    wrist: Point
    hand: Point
    angle: float


@dataclass
class Leg:
    """Hip joint, knee, ankle, and the shin's angle."""

    hip: Point
    knee: Point
    ankle: Point
    angle: float


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
    head_angle: float
    torso: float
    arms: dict[str, Arm]
    legs: dict[str, Leg]
    floor_y: float

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

    def bend(self, side: str, shoulder: float, elbow: float) -> None:
        """Give an arm other angles."""
        arm = self.arms[side]
        scale = self.unit * self.torso / TORSO
        joint = _step(arm.shoulder, shoulder, UPPER_ARM * scale, self.facing)
        wrist = _step(joint, shoulder + elbow, FOREARM * scale, self.facing)
        hand = _step(wrist, shoulder + elbow, GRIP * self.unit, self.facing)
        self.arms[side] = Arm(arm.shoulder, joint, wrist, hand, shoulder + elbow)

    def aim(self, side: str, target: Point) -> None:
        """Bend an arm so that its fist comes to `target`, as far as it reaches."""
        arm = self.arms[side]
        scale = self.unit * self.torso / TORSO
        upper, fore = UPPER_ARM * scale, FOREARM * scale + GRIP * self.unit
        dx, dy = target[0] - arm.shoulder[0], target[1] - arm.shoulder[1]
        distance = min(math.hypot(dx, dy) or 1.0, (upper + fore) * 0.995)
        distance = max(distance, abs(upper - fore) * 1.02 + 0.1)
        bend = math.acos(max(-1.0, min(1.0, (upper**2 + distance**2 - fore**2) / (2 * upper * distance))))
        direction = math.atan2(dx * self.facing, dy)
        first = math.degrees(direction - bend)
        elbow = _step(arm.shoulder, first, upper, self.facing)
        inner = math.acos(max(-1.0, min(1.0, (upper**2 + fore**2 - distance**2) / (2 * upper * fore))))
        second = first + 180 - math.degrees(inner)
        wrist = _step(elbow, second, FOREARM * scale, self.facing)
        self.arms[side] = Arm(arm.shoulder, elbow, wrist, _step(wrist, second, GRIP * self.unit, self.facing), second)


def _step(start: Point, angle: float, length: float, facing: int) -> Point:
    radians = math.radians(angle)
    return start[0] + math.sin(radians) * facing * length, start[1] + math.cos(radians) * length


def solve(
    pose: str,
    build: str,
    head_px: float,
    facing: int,
    at: Point,
    anchor: str = "feet",
    jitter: Sequence[float] = (),
) -> Skeleton:
    """A person with their soles, hip or head at a point; `facing` is +1 (right) or -1; jitter shifts the angles."""
    poses = art_data("poses")
    angles = [a + (jitter[i] if i < len(jitter) else 0.0) for i, a in enumerate(poses["poses"][pose])]
    lean, nod = angles[0], angles[1]
    width, leg_size, trunk_size, head_size = poses["builds"][build]
    if build == "child" and angles[2] > 120:
        angles[2] += 14  # the short arm clears the large head
    u, f = head_px / 100, facing
    torso = TORSO * trunk_size
    up = (math.sin(math.radians(lean)) * f, -math.cos(math.radians(lean)))
    legs = {}
    for side, first, across in (("near", 6, -13), ("far", 8, 11)):
        hip = (across * f * width * u, 2 * u)
        knee = _step(hip, angles[first], THIGH * leg_size * u, f)
        shin = angles[first] - angles[first + 1]
        legs[side] = Leg(hip, knee, _step(knee, shin, SHIN * leg_size * u, f), shin)
    low = max(leg.ankle[1] for leg in legs.values()) + SOLE * u
    body = Skeleton(u, f, width, head_size, (0.0, 0.0), up, (0.0, 0.0), (0.0, 0.0), 0.0, torso, {}, legs, low)
    body.neck = body.on_torso(2 * f, torso + 4)
    body.head_angle = nod + lean * 0.45
    reach = turn((5 * f * u, -HEAD_LIFT * head_size * u), body.head_angle * f)
    body.head = (body.neck[0] + reach[0], body.neck[1] + reach[1])
    for side, first, across in (("near", 2, -33), ("far", 4, 34)):
        shoulder = body.on_torso(across * width * f, torso - 17)
        upper = angles[first] + lean * 0.5
        elbow = _step(shoulder, upper, UPPER_ARM * trunk_size * u, f)
        fore = upper + angles[first + 1]
        wrist = _step(elbow, fore, FOREARM * trunk_size * u, f)
        body.arms[side] = Arm(shoulder, elbow, wrist, _step(wrist, fore, GRIP * u, f), fore)
    if anchor == "feet":
        move = (at[0], at[1] - low)
    else:
        place = body.head if anchor == "head" else body.hip
        move = (at[0] - place[0], at[1] - place[1])
    _move(body, move)
    return body


def _move(body: Skeleton, by: Point) -> None:
    def moved(p: Point) -> Point:
        return p[0] + by[0], p[1] + by[1]

    body.hip, body.neck, body.head = moved(body.hip), moved(body.neck), moved(body.head)
    body.floor_y += by[1]
    body.arms = {
        side: Arm(moved(a.shoulder), moved(a.elbow), moved(a.wrist), moved(a.hand), a.angle)
        for side, a in body.arms.items()
    }
    body.legs = {side: Leg(moved(g.hip), moved(g.knee), moved(g.ankle), g.angle) for side, g in body.legs.items()}
