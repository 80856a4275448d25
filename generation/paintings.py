"""The records that cross between stages and painters: what a painter is asked (`...Brief`) and answers.

Names and phrases, so that any painter can paint any writer's movie. What a writer is asked is in briefs.py; who is
asked, and how an answer is kept, is in protocols.py.
"""

from typing import Annotated, Final, Literal

from moviellm.generation.briefs import Unsaid
from moviellm.generation.schema import (
    Figure,
    PropState,
    Record,
    Shot,
    Style,
    Text,
    TimeOfDay,
    Visible,
    Weather,
)

SUFFIXES: Final = {"image/jpeg": ".jpg", "image/webp": ".webp", "image/png": ".png"}
"""How the names of pictures end, by media type."""


class StyleBrief(Record):
    """Question of `style`: the look to lock for one movie."""

    movie_id: Text
    keyword: Text
    description: Text
    seed: int
    style: Text | None = None
    """A style asked for by name; None lets the painter choose."""


class PortraitBrief(Record):
    """Question of `portrait`: one person as every picture of the movie shows them."""

    name: Text
    appearance: Text
    style: Style
    width_px: int
    height_px: int


class FigureBrief(Record):
    """A person to paint: staging and looks."""

    figure: Figure
    """Its `character_id` is that of the cast without the movie's id, `p01`: twins are painted alike."""
    name: Text
    appearance: Text
    portrait_sha256: Annotated[Text | None, Unsaid] = None
    """Hash of the person's portrait, where one was made."""


class ObjectBrief(Record):
    """An object to paint: its name and the English phrase that says how it looks."""

    name: Text
    appearance: Text


class KeyframeBrief(Record):
    """Question of `keyframe`: one picture. Names and phrases, so that any painter can paint any writer's movie."""

    keyframe_id: Text
    prompt: Text
    shot: Shot
    location: Text
    """Name of the place, e.g. `the old lighthouse`."""
    location_description: Text
    location_kind: Text | None = None
    """What sort of place, in English; None leaves it to the name and the description."""
    indoor: bool
    time_of_day: TimeOfDay
    weather: Weather
    figures: tuple[FigureBrief, ...]
    """The one who acts comes first."""
    props: tuple[Text, ...]
    states: tuple[PropState, ...] = ()
    objects: tuple[ObjectBrief, ...] = ()
    """How the objects named in `props`, `figures` and `object` look; one that is not here looks as its name says."""
    action: Text | None
    """Action of the event, e.g. `give`."""
    object: Text | None
    """Object of the action, e.g. `brass key`."""
    place_key: Text
    """Name of the place in its movie, the same for twins: what is the same at every visit is seeded by it."""
    scene_key: Text
    """Name of the scene, the same for twins: what is the same in a scene (light, who stands where) is seeded by it."""
    style: Style
    width_px: int
    height_px: int


class Painting(Record):
    """Answer to `keyframe`, beside the image bytes."""

    width_px: int
    height_px: int
    media_type: Literal["image/jpeg", "image/webp", "image/png"]
    visible: tuple[Visible, ...] | None
    """What can be seen; None where the painter does not know."""
    not_drawn: Annotated[tuple[Text, ...], Unsaid] = ()
    """What was asked for and could not be drawn, e.g. `object: sextant (drawn as box)`."""
