"""Places: which kind a name means, and the backdrop of every kind.

    kind = place_kind("the old lighthouse", "a tower by the sea", indoor=True)
    kind = place_kind("the old lighthouse", "", indoor=True, kind="lighthouse")
    stage = draw_place(canvas, kind)

A place is drawn once a scene and seen through every shot of it. The drawings are in places_*.py.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from moviellm.generation.studio.drawing import (
    nature,
    places_far,
    places_halls,
    places_home,
    places_land,
    places_public,
    places_town,
)
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import FRAME_HEIGHT, FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.stage import Stage

Draw = Callable[[Canvas], Stage]

OUTDOORS: Final[dict[str, Draw]] = {
    "street": places_town.street,
    "harbour": places_town.harbour,
    "forest": places_land.forest,
    "mountain": places_land.mountain,
    "market": places_town.market,
    "beach": places_land.beach,
    "garden": places_land.garden,
    "bridge": places_town.bridge,
    "cemetery": places_town.cemetery,
    "field": places_land.field,
    "river": places_far.river,
    "desert": places_far.desert,
    "rooftop": places_far.rooftop,
    "ship": places_far.ship,
    "ruin": places_far.ruin,
    "clearing": places_land.clearing,
}
INDOORS: Final[dict[str, Draw]] = {
    "lighthouse": places_public.lighthouse,
    "study": places_home.study,
    "kitchen": places_home.kitchen,
    "train": places_public.train,
    "library": places_public.library,
    "attic": places_home.attic,
    "workshop": places_home.workshop,
    "inn": places_public.inn,
    "cellar": places_home.cellar,
    "station": places_public.station,
    "church": places_halls.church,
    "hospital": places_halls.hospital,
    "theatre": places_halls.theatre,
    "prison": places_halls.prison,
    "barn": places_halls.barn,
    "room": places_home.room,
}
PLACES: Final[dict[str, Draw]] = {**OUTDOORS, **INDOORS}
"""Every kind; `clearing` and `room` are what nothing else fits."""


def place_kind(name: str, description: str, indoor: bool, kind: str | None = None) -> str:
    """The kind of a place: the one that is said, else what its words mean, else the plain one.

    In `the roof of the church` the words before `of` count first; the last word counts before others of the name.
    """
    return known_place(name, description, indoor, kind) or plain_place(indoor)


def plain_place(indoor: bool) -> str:
    """What a place is drawn as whose words mean nothing."""
    return "room" if indoor else "clearing"


def known_place(name: str, description: str, indoor: bool, kind: str | None = None) -> str | None:
    """The kind that is said, or that the words mean; None where they mean nothing that can be drawn."""
    if kind in PLACES:
        return str(kind)
    same_side = INDOORS if indoor else OUTDOORS
    head, _, rest = f"{name.lower()} ".partition(" of ")
    last_first = [re.findall(r"[a-z]+", text)[::-1] for text in ((kind or "").lower(), head, rest)]
    for words in last_first:
        known = [word for word in words if word in PLACES] or _meant(words, same_side)
        if known:
            return known[0]
    return next(iter(_meant(re.findall(r"[a-z]+", description.lower()), same_side)), None)


def _meant(words: Sequence[str], same_side: Mapping[str, Draw]) -> list[str]:
    """Kinds with or without a roof that words mean, singular or plural."""
    other: dict[str, str] = art_data("words")["places"]
    forms = [form for word in words for form in (word, word.removesuffix("s"), word.removesuffix("es"))]
    kinds = [form if form in PLACES else other.get(form, "") for form in forms]
    return [kind for kind in kinds if kind in same_side]


def draw_place(canvas: Canvas, kind: str) -> Stage:
    """Draw a backdrop; half of the seeds see it mirrored, its light with it."""
    mirrored = canvas.random.random() < 0.5
    if mirrored:
        canvas.raw(f'<g transform="matrix(-1 0 0 1 {FRAME_WIDTH:.0f} 0)">', effect=False)
    canvas.rect(-2, -2, FRAME_WIDTH + 4, FRAME_HEIGHT + 4, "sky_lo", 0)
    stage = PLACES[kind](canvas)
    if stage.indoor:
        _hour_inside(canvas)
    else:
        nature.hour_over(canvas)
    if not mirrored:
        return stage
    canvas.raw("</g>", effect=False)
    return replace(
        stage,
        left=FRAME_WIDTH - stage.right,
        right=FRAME_WIDTH - stage.left,
        spots=tuple((FRAME_WIDTH - x, y) for x, y in stage.spots),
        focus=FRAME_WIDTH - stage.focus,
        light=(-stage.light[0], stage.light[1]),
    )


def _hour_inside(canvas: Canvas) -> None:
    """What the hour outside does to the air of a room."""
    tint = {"dawn": ("#ffc9b0", 0.13), "dusk": ("#6a3a78", 0.17)}.get(canvas.palette.time_of_day)
    if tint:
        canvas.rect(-2, -2, FRAME_WIDTH + 4, FRAME_HEIGHT + 4, tint[0], 0, opacity=tint[1])
