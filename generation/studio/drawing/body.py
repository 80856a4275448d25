"""People: what is drawn of them, in which order. Limbs: limbs.py; clothes: clothes.py; heads: face.py, hair.py.

    person = Person(looks=looks, body=solve("walk", looks.build, 24, 1, (180, 250)), emotion="happy")
    draw_person(canvas, person)

Order: back hair, far arm, legs, trunk, head, near arm with what it holds (object first, fingers after).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from moviellm.generation.studio.drawing import clothes, face, hair, limbs
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.colour import lab, mix
from moviellm.generation.studio.drawing.geometry import Point
from moviellm.generation.studio.drawing.skeleton import Skeleton, seen_from
from moviellm.generation.studio.drawing.stamps import Part, matrix, smooth
from moviellm.generation.studio.looks import Looks

Hold = Callable[[Canvas, Point, float, int], None]
"""Draws what is in a hand: canvas, fist, head unit in px, facing."""
UNDER_HEAD: Final = {"hurt": "far", "reach_up": "near"}
"""The arm that the head is drawn over."""


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
    sleeve: str
    bow: str


@lru_cache(maxsize=512)
def colours_of(looks: Looks) -> Colours:
    """What the looks' words mean in colour."""
    words, poses = art_data("colours"), art_data("poses")
    coat = words["garment"][looks.colour]
    under = poses["under"]["light" if lab(coat)[0] > 0.6 else "dark"]
    warm = looks.colour in ("red", "orange", "pink", "brown")
    # The shirt under an apron leans towards its colour: a white apron is a white figure from near and far.
    sleeves = {"apron": mix(coat, under, 0.5), "waistcoat": poses["shirt"]}
    return Colours(
        skin=words["skin"][looks.skin],
        hair=words["hair"][looks.hair_colour],
        coat=coat,
        trim=poses["trim"][looks.colour],
        legs=poses["trousers"][looks.colour],
        shoe=poses["shoes"],
        shirt=poses["shirt"],
        hat=poses["hat"],
        sleeve=sleeves.get(looks.garment, coat),
        bow=poses["bow"]["warm" if warm else "cool"],
    )


@dataclass(kw_only=True)
class Person:
    """One person to draw."""

    looks: Looks
    body: Skeleton
    emotion: str = "calm"
    pointing: bool = False
    holding: Hold | None = None
    hold_over: bool = False
    """Whether what is held is drawn before the fingers, under the thumb: a small thing would vanish in a fist."""
    hold_under: bool = False
    """What is held is long (an umbrella's stick): the sleeve covers its lower end."""
    from_behind: bool = False
    """The same as facing `back`."""
    gaze: Point = (0.0, 0.0)
    facing: str = "in"
    """Which side of them is seen: in, out (3/4, the side by the skeleton's own facing), profile, front or back."""

    @property
    def colours(self) -> Colours:
        """Their colours."""
        return colours_of(self.looks)

    @property
    def view(self) -> str:
        """in, profile, front or back."""
        return "back" if self.from_behind else seen_from(self.body.pose, self.facing)

    @property
    def holding_side(self) -> str:
        """The hand that holds: the far one where the near one writes."""
        return "far" if self.body.pose == "write" else "near"

    @property
    def asleep(self) -> bool:
        """Whether the eyes are shut."""
        return self.body.pose in ("sleep", "lie")


def draw_person(canvas: Canvas, person: Person, shadow: bool = True) -> None:
    """Draw somebody with what they hold, into whoever owns the canvas now."""
    body = person.body
    with canvas.pen(line_width=min(1.9, 0.45 + body.unit * 100 / 70)):
        if shadow:
            _shadow(canvas, person)
        if body.pose == "lie":
            _pillow(canvas, person)
        behind = _behind(person)
        if person.view != "back":
            hair.draw_back_hair(canvas, person)
        for side in behind:
            limbs.draw_arm(canvas, person, side)
        if body.head_px < 90:
            limbs.draw_legs(canvas, person)
        clothes.draw_trunk(canvas, person)
        under = [] if person.view != "back" else [side for side in ("far", "near") if side not in behind]
        if body.pose in UNDER_HEAD and not behind.count(UNDER_HEAD[body.pose]):
            under = [UNDER_HEAD[body.pose]]
        for side in under:
            limbs.draw_arm(canvas, person, side)
        face.draw_neck(canvas, person)
        if person.view == "back":
            clothes.draw_collar_behind(canvas, person)
        if person.looks.accessory == "a scarf":
            clothes.draw_scarf(canvas, person)
        face.draw_head(canvas, person)
        for side in ("far", "near"):
            if side not in behind and side not in under:
                limbs.draw_arm(canvas, person, side)
        clothes.draw_over(canvas, person)


def _behind(person: Person) -> tuple[str, ...]:
    """Arms that the trunk covers."""
    if person.view == "front":
        return ()
    if person.view != "back":
        return () if person.body.pose == "hurt" else ("far",)
    body = person.body
    reach = 40 * body.width * body.unit
    return tuple(side for side in ("far", "near") if abs(body.arms[side].hand[0] - body.hip[0]) < reach)


def _shadow(canvas: Canvas, person: Person) -> None:
    body, u = person.body, person.body.unit
    spots = [leg.ankle[0] for leg in body.legs.values()]
    if body.pose == "lie":
        spots.append(body.head[0])
    middle, reach = (min(spots) + max(spots)) / 2, (max(spots) - min(spots)) / 2 + 42 * u
    canvas.contact(middle - canvas.light[0] * 14 * u, body.floor_y - 2 * u, reach * 1.15, 11 * u)


def _pillow(canvas: Canvas, person: Person) -> None:
    """A rolled blanket under the head of who lies on the ground."""
    body = person.body
    part = Part(canvas, matrix((body.head[0], body.floor_y), body.unit, body.facing))
    low = (body.floor_y - body.head[1]) / body.unit
    roll = ((-52.0, -4.0), (-44.0, -low + 34), (0.0, -low + 30), (46.0, -low + 40), (56.0, -6.0), (0.0, 0.0))
    part.form(smooth(tuple((x, round(y)) for x, y in roll), True, 3), person.colours.trim, 1, 9)
    part.done()
