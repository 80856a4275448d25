"""Places: which kind a name means, and the backdrop of every kind.

    kind = place_kind("the old lighthouse", "a tower by the sea", indoor=True)
    stage = draw_place(canvas, kind)

A place is drawn once a scene and seen through every shot of it. The drawings are in places_*.py.
"""

import re
from collections.abc import Callable
from typing import Final

from moviellm.generation.studio.drawing import places_home, places_land, places_public, places_town
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import Canvas
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
    "room": places_home.room,
}
PLACES: Final[dict[str, Draw]] = {**OUTDOORS, **INDOORS}
"""Every kind; `clearing` and `room` are what nothing else fits."""


def place_kind(name: str, description: str, indoor: bool) -> str:
    """The kind a place's words mean: its name's last known word, then nearby words of name and description."""
    same_side = INDOORS if indoor else OUTDOORS
    words: dict[str, str] = art_data("words")["places"]
    named = re.findall(r"[a-z]+", name.lower())[::-1]
    for word in named:
        if word in PLACES:
            return str(word)
    for word in [*named, *re.findall(r"[a-z]+", description.lower())]:
        for form in (word, word.removesuffix("s")):
            kind = form if form in PLACES else words.get(form, "")
            if kind in same_side:
                return kind
    return "room" if indoor else "clearing"


def draw_place(canvas: Canvas, kind: str) -> Stage:
    """Draw a backdrop."""
    return PLACES[kind](canvas)
