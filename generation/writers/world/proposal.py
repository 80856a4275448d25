"""What a model proposes: a world, scenes of steps, and other steps for those that were impossible.

    world_type(vocabulary, limits)         # WorldProposal whose JSON schema lists the words that may be used
    steps_type(world, actions)             # StepsProposal whose JSON schema lists the names of this story

The lists stand in the schema, so that a server that holds answers to it cannot go wrong; an answer that goes wrong all
the same is read, because what is outside the lists is said in words, all of it at once (founding.py), or costs
one step (stage.py), and not the whole answer.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from types import GenericAlias
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from moviellm.generation.schema import Role, TimeOfDay, Weather
from moviellm.generation.studio.looks import ALLOWED
from moviellm.generation.studio.plot.goals import GOALS
from moviellm.generation.studio.world.limits import Limits
from moviellm.generation.studio.world.world import Vocabulary, World
from moviellm.generation.writers.world.actions import ROLES

FACTS: Final = {
    "at": ("person", "place"),
    "where": ("object", "at:PLACE, held:PERSON or in:CONTAINER"),
    "hidden": ("object", "yes"),
    "buried": ("object", "yes"),
    "locked": ("lockable", "yes"),
    "open": ("container", "yes"),
    "lit": ("light", "yes"),
    "broken": ("breakable", "yes"),
    "message": ("text subject", "spot"),
    "captive": ("person", "yes"),
    "wounded": ("person", "yes"),
    "knows": ("person subject", "spot"),
    "feels": ("person person", "angry, afraid, grateful or trusting"),
    "wronged": ("person person", "yes"),
    "promised": ("person person object", "yes"),
    "asked": ("person person subject", "yes"),
    "price": ("person", "object"),
}
"""Facts that a story may begin with: the kinds of what they are about, and the kind of their value."""
FEELINGS: Final = ("angry", "afraid", "grateful", "trusting")


class Proposal(BaseModel):
    """Base: what a model adds of its own is no fault and is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True, str_strip_whitespace=True)


class PersonProposal(Proposal):
    """Somebody of the cast."""

    name: str
    """First name, unique."""
    pronoun: Literal["she", "he"]
    role: Role
    occupation: str
    build: str
    hair: str
    hair_colour: str
    skin: str
    garment: str
    colour: str
    """Of the garment."""
    accessory: str
    home: str
    """Name of one of the places."""


class PlaceProposal(Proposal):
    """A place; it is called `the ADJECTIVE KIND`."""

    kind: str
    adjective: str


class ThingProposal(Proposal):
    """An object; it is called `COLOUR KIND`."""

    kind: str
    colour: str


class FactProposal(Proposal):
    """Something that is so when the story begins."""

    fact: str
    of: tuple[str, ...]
    """What it is about, in the order of the manual."""
    value: str


class GoalProposal(Proposal):
    """What the hero wants; parts that a goal has not are empty."""

    kind: str
    hero: str
    thing: str
    """The object, or the person to meet, free, heal, arrest or make up with."""
    friend: str = ""
    villain: str = ""
    place: str = ""
    topic: str = ""
    """The other object."""


class WorldProposal(Proposal):
    """Answer to `script_world`."""

    idea: str = ""
    """The story in a few sentences, before anything is settled."""
    title: str
    genre: str
    weather: Weather
    time_of_day: TimeOfDay
    places: tuple[PlaceProposal, ...]
    people: tuple[PersonProposal, ...]
    things: tuple[ThingProposal, ...]
    goal: GoalProposal
    facts: tuple[FactProposal, ...]
    chapters: tuple[str, ...]
    """What each chapter is about, a sentence or two."""


class StepProposal(Proposal):
    """One act."""

    why: str = ""
    """What makes it happen: an earlier step, a wish, a fear."""
    actor: str
    action: str
    mode: str = ""
    other: str = ""
    thing: str = ""
    target: str = ""
    topic: str = ""
    thread: str = ""
    """`main` for the plot of the goal, `side` for another plot, empty for what no plot needs."""


class SceneProposal(Proposal):
    """One scene."""

    place: str
    time_of_day: TimeOfDay
    weather: Weather
    days_later: int = Field(default=0, ge=0, le=36_500)
    """Days since the scene before; 0 for the same day."""
    steps: tuple[StepProposal, ...]


class StepsProposal(Proposal):
    """Answer to `script_steps`: the scenes of a chapter."""

    scenes: tuple[SceneProposal, ...]


class FixProposal(Proposal):
    """Steps in the place of one that was impossible; none leaves it out."""

    broken: int
    """Number of the broken step."""
    steps: tuple[StepProposal, ...]


class FixesProposal(Proposal):
    """Answer to `script_repair`."""

    fixes: tuple[FixProposal, ...]


def world_type(vocabulary: Vocabulary, limits: Limits) -> type[WorldProposal]:
    """WorldProposal with the words of the vocabulary, as far as the recipe allows them."""
    objects = vocabulary.objects(limits)
    places = vocabulary.places(limits)
    adjectives = {name for kind in places for name in vocabulary.data["places"][kind]["adjectives"]}
    return _world_type(
        tuple(vocabulary.data["genres"]),
        tuple(places),
        ("",) if limits.cloze else tuple(sorted(adjectives)),
        tuple(vocabulary.occupations(limits)),
        tuple(sorted(name for group in names_of(vocabulary, limits).values() for name in group)),
        tuple(objects),
        tuple(sorted({colour for colours in objects.values() for colour in colours})),
    )


def names_of(vocabulary: Vocabulary, limits: Limits) -> Mapping[str, Sequence[str]]:
    """Names that people have to have, by pronoun; none where they may have any."""
    names: Mapping[str, Sequence[str]] = vocabulary.data["cloze"]["names"] if limits.cloze else {}
    return names


@lru_cache(maxsize=64)
def _world_type(
    genres: tuple[str, ...],
    places: tuple[str, ...],
    adjectives: tuple[str, ...],
    jobs: tuple[str, ...],
    names: tuple[str, ...],
    objects: tuple[str, ...],
    colours: tuple[str, ...],
) -> type[WorldProposal]:
    looks = {name: _one_of(words) for name, words in ALLOWED.items()}
    called = {"name": _one_of(names)} if names else {}
    person = _shaped(PersonProposal, occupation=_one_of(jobs), **looks, **called)
    place = _shaped(PlaceProposal, kind=_one_of(places), adjective=_one_of(adjectives))
    thing = _shaped(ThingProposal, kind=_one_of(objects), colour=_one_of(colours))
    goal = _shaped(GoalProposal, kind=_one_of(tuple(GOALS)))
    fact = _shaped(FactProposal, fact=_one_of(tuple(FACTS)))
    shaped: type[WorldProposal] = _shaped(
        WorldProposal,
        genre=_one_of(genres),
        places=_many(place),
        people=_many(person),
        things=_many(thing),
        goal=goal,
        facts=_many(fact),
    )
    return shaped


def steps_type(world: World, actions: Collection[str]) -> type[StepsProposal]:
    """StepsProposal with the names of a story."""
    return _types_of(*_names_of(world, actions))[0]


def fixes_type(world: World, actions: Collection[str]) -> type[FixesProposal]:
    """FixesProposal with the names of a story."""
    return _types_of(*_names_of(world, actions))[1]


def _names_of(world: World, actions: Collection[str]) -> tuple[tuple[str, ...], ...]:
    return (
        tuple(person.name for person in world.people),
        tuple(place.name for place in world.places),
        tuple(thing.name for thing in world.things),
        tuple(action for action in ROLES if action in actions),
    )


@lru_cache(maxsize=256)
def _types_of(
    people: tuple[str, ...], places: tuple[str, ...], things: tuple[str, ...], actions: tuple[str, ...]
) -> tuple[type[StepsProposal], type[FixesProposal]]:
    modes = tuple(dict.fromkeys(mode for action in actions for mode in ROLES[action]))
    step = _shaped(
        StepProposal,
        actor=_one_of(people),
        action=_one_of(actions),
        mode=_one_of(("", *(mode for mode in modes if mode))),
        other=_one_of(("", *people)),
        thing=_one_of(("", *things)),
        target=_one_of(("", *places, *people, *things)),
        topic=_one_of(("", *people, *things)),
        thread=_one_of(("main", "side", "")),
    )
    scene = _shaped(SceneProposal, place=_one_of(places), steps=_many(step))
    fix = _shaped(FixProposal, steps=_many(step))
    return _shaped(StepsProposal, scenes=_many(scene)), _shaped(FixesProposal, fixes=_many(fix))


def _one_of(words: tuple[str, ...]) -> Any:
    """Text that the schema holds to these words; other words are read, and judged later."""
    return Annotated[str, Field(json_schema_extra={"enum": list(words)})]


def _many(kind: Any) -> Any:
    return GenericAlias(tuple, (kind, ...))


def _shaped(base: type[Any], **fields: Any) -> Any:
    """A model whose fields have narrower schemas; what is not required stays so."""
    own: dict[str, Any] = {
        name: (kind, base.model_fields[name].default) if not base.model_fields[name].is_required() else (kind, ...)
        for name, kind in fields.items()
    }
    return create_model(base.__name__, __base__=base, **own)
