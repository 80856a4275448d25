"""Hair, beards, hats, glasses and eye patches, from art/heads.yaml, in four views. Called by body.py and face.py."""

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.geometry import Point, sample
from moviellm.generation.studio.drawing.stamps import Outline, Part, matrix, smooth

if TYPE_CHECKING:
    from moviellm.generation.studio.drawing.body import Person

SHEEN: Final = {
    -1: smooth(((-30, -34), (-16, -50), (4, -56), (3, -51), (-13, -45), (-26, -30))),
    1: smooth(((8, -56), (26, -50), (38, -36), (34, -34), (24, -45), (8, -51))),
}
FRINGE: Final = ((-38, -32), (-41, -6), (-39, 12), (-32, 4), (-26, -6), (-22, -32))
MATT: Final = ("curly", "afro", "puffs")
"""Hair that has no sheen."""
EYES: Final = {"in": (-20, 20), "front": (-27, 27), "profile": (-30,)}
"""Where eyes are, degrees from the middle of the face; the near one first."""
YAW: Final = {"in": math.radians(30), "front": 0.0, "profile": math.radians(72)}


def across(view: str, angle: float) -> float:
    """x of a feature, degrees from the middle of the face."""
    return 43 * math.sin(YAW[view] + math.radians(angle))


def wide(view: str, angle: float) -> float:
    """How wide a feature is seen."""
    return max(0.45, math.cos(YAW[view] + math.radians(angle)))


def head_part(canvas: Canvas, person: "Person") -> Part:
    """Head units of somebody."""
    body = person.body
    return Part(canvas, matrix(body.head, body.unit * body.head_size, body.facing, body.head_angle))


def detail(person: "Person") -> int:
    """Points a curve."""
    size = person.body.head_px
    return 3 if size < 30 else 5 if size < 56 else 8 if size < 100 else 14 if size < 240 else 20


def pieces(person: "Person") -> dict[str, Any]:
    """The art of their hair as it is worn and seen."""
    heads, looks = art_data("heads"), person.looks
    name = heads["under_hat"].get(looks.hair, looks.hair) if looks.accessory in heads["hats"] else looks.hair
    views = heads["hair"][name]
    found: dict[str, Any] = views.get(person.view, views.get("in", {}))
    return found


def _many(piece: Any) -> list[str]:
    return [] if piece is None else [piece] if isinstance(piece, str) else list(piece)


def draw_back_hair(canvas: Canvas, person: "Person") -> None:
    """What hangs behind the body."""
    back = pieces(person).get("back")
    if back:
        part = head_part(canvas, person)
        part.form(sample(back, detail(person)), person.colours.hair, 1, 10, -0.05, rim=0.6)
        part.done()


def draw_hair_behind(part: Part, person: "Person") -> None:
    """What lies between trunk and skull: buns, knots, braids over the shoulders."""
    art, curve, colours = pieces(person), detail(person), person.colours
    for piece in (*_many(art.get("under")), *_many(art.get("over"))):
        part.form(sample(piece, curve), colours.hair, 1, 9, -0.03, rim=0.6)
    for tie in (*_many(art.get("tie")), *_many(art.get("ties"))):
        part.form(sample(tie, curve), colours.trim, 0.8, 3)
    if part.unit > 0.4:
        for line in art.get("knot", ()):
            part.stroke(sample(line, curve), "ink", 1.5, 0.28)


def draw_front_hair(part: Part, person: "Person") -> None:
    """What frames the face, with its texture."""
    art, colours, curve, size = pieces(person), person.colours, detail(person), person.body.head_px
    front = art.get("front")
    if front is None or person.looks.accessory == "a headscarf":
        if person.looks.accessory in art_data("heads")["hats"] and person.view == "in":
            part.form(FRINGE, colours.hair, 1, 6)
        return
    if "shaved" in art:
        part.form(sample(art["shaved"], curve), colours.hair, 0.6, 8, 0.12)
    part.form(sample(front, curve), colours.hair, 1, 13, rim=1.1)
    matt = person.looks.hair in MATT
    if size > 56 and not matt and person.view != "profile":
        lit = -1 if part.canvas.light[0] * person.body.facing < 0 else 1
        part.poly(SHEEN[lit], colours.hair, 0, 0.09, opacity=0.8)
    if size > 44:
        for line in art.get("lines", ()):
            part.stroke(sample(line, curve), "ink", 1.6 if size < 95 else 1.3, 0.3)
    if size > 95 and not matt and "lines" not in art:
        for strand in _strands(person.view):
            part.stroke(strand, "ink", 1.1, 0.17)


@lru_cache(maxsize=8)
def _strands(view: str) -> tuple[Outline, ...]:
    out = []
    for i, x in enumerate((-26, -14, 0, 14) if view != "front" else (-28, -14, 10, 24)):
        lean = -1 if view != "front" or x < 0 else 1
        out.append(smooth(((x, -54 + abs(x) * 0.25), (x + lean * 7, -44.0), (x + lean * 11, -30.0 + i)), False))
    return tuple(out)


def draw_behind_view(part: Part, person: "Person") -> None:
    """The hair of somebody seen from behind."""
    art, colours, curve, size = pieces(person), person.colours, detail(person), person.body.head_px
    if "shaved" in art:
        part.form(sample(art["shaved"], curve), colours.hair, 0.6, 8, 0.12)
    if "back" in art:
        part.form(sample(art["back"], curve), colours.hair, 1, 16, rim=1.4)
    draw_hair_behind(part, person)
    if size > 44:
        for line in art.get("lines", ()) or (_combed() if "back" in art and person.looks.hair not in MATT else ()):
            part.stroke(sample(line, curve), "ink", 1.5, 0.28)


def _combed() -> tuple[str, ...]:
    return (
        "M -4 -58 C -30 -44 -36 -14 -28 22", "M -1 -58 C -16 -40 -18 -10 -14 26", "M 2 -58 C 0 -36 0 -10 1 28",
        "M 4 -58 C 18 -40 20 -10 16 26", "M 7 -58 C 32 -44 36 -14 29 22",
    )  # fmt: skip


def draw_hat(part: Part, person: "Person") -> None:
    """The hat, if it is one."""
    views = art_data("heads")["hats"].get(person.looks.accessory)
    if views is None:
        if person.looks.accessory == "an eye patch" and person.view == "back":
            part.stroke(sample("M -44 4 C -20 -8 20 -18 42 -24", 5), "ink", 3.2, least=0.7)
        return
    colours = person.colours
    keys = {"hat": colours.hat, "trim": colours.trim, "cap": colours.legs}
    view = person.view if person.view in views else "in" if person.view == "profile" else "front"
    for path, key, lighter in views.get(view, views["in"]):
        part.form(sample(path, detail(person)), keys[key], 1, 10, lighter, rim=0.9)


def draw_on_face(part: Part, person: "Person") -> None:
    """Glasses or an eye patch."""
    if person.looks.accessory == "glasses":
        for line, thick in _glasses(person.view):
            if len(line) > 6:
                part.poly(line, "#ffffff", 0, opacity=0.14)
            part.stroke(line, "ink", 2.4 * thick, least=0.7)
    elif person.looks.accessory == "an eye patch":
        patch, strap = _patch(person.view)
        part.stroke(strap, "deep" if not part.canvas.rules.inverse else "ink", 3, least=0.7)
        part.form(patch, "#26222b" if not part.canvas.rules.inverse else "ink", 0.8, 4)


@lru_cache(maxsize=8)
def _glasses(view: str) -> tuple[tuple[Outline, float], ...]:
    out: list[tuple[Outline, float]] = []
    rims = []
    for angle in EYES[view]:
        x, rx = across(view, angle), 13 * wide(view, angle) ** 0.5
        rim = [(x + rx * math.cos(k * math.tau / 18), 5 + 12.5 * math.sin(k * math.tau / 18)) for k in range(19)]
        out.append((tuple(rim), 1.0))
        rims.append((x, rx))
    if view == "profile":
        x, rx = rims[0]
        return (*out, (((x - rx, 3.0), (-10.0, 2.0)), 0.9), (((x + rx - 1, 3.0), (41.0, 3.0)), 1.0))
    (x1, r1), (x2, r2) = rims
    out.append((((x1 + r1, 3.0), (x2 - r2, 3.0)), 1.0))
    out.append((((x1 - r1, 3.0), (-36.0 if view == "in" else -43.0, 1.0)), 0.85))
    if view == "front":
        out.append((((x2 + r2, 3.0), (43.0, 1.0)), 0.85))
    return tuple(out)


@lru_cache(maxsize=8)
def _patch(view: str) -> tuple[Outline, Outline]:
    """The patch on one eye and its strap around the head."""
    angle = EYES[view][-1]
    x, w = across(view, angle), wide(view, angle) ** 0.6
    shape: tuple[Point, ...] = (
        (x - 14 * w, -3.0),
        (x, -6.0),
        (x + 13 * w, -2.0),
        (x + 10 * w, 12.0),
        (x, 17.0),
        (x - 11 * w, 11.0),
    )
    ends = {"in": ((-37, 12), (41, -22)), "front": ((-42, 14), (38, -30)), "profile": ((-44, -2), (40, -20))}[view]
    strap = smooth((ends[0], (x - 10 * w, 0.0), (x + 8 * w, -5.0), ends[1]), False, 4)
    return smooth(shape, True, 3), strap
