"""The world a story happens in: people, places and things, built from a theme phrase and the vocabulary of world.yaml.

    vocabulary = Vocabulary(data)          # world.yaml and premises.yaml as read
    world = make_world(vocabulary, theme, scenes=4, rng=random.Random(7))       # founding.py

What a theme steers: each of its words is compared with the vocabulary (the kind itself or one of its `words`, plural
`s` ignored). It may name places (they occur), objects (the first is the key object where the plot can do something
with it, the others occur), an occupation (the protagonist's), a goal, words of a premise (both choose the plot), a
genre, weather, time of day, children and old people. What it does not know (names, other languages and scripts,
emoji) steers nothing by meaning, but the whole phrase is part of every seed, so that another phrase gives another
story. Words it knows twice (`bell` is an object and calls a ghost story) do both.

It does not say what can happen (rules.py) or what does (plans.py, story.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

from moviellm.generation.config.recipe import read_yaml
from moviellm.generation.schema import Role, TimeOfDay, Weather
from moviellm.generation.studio.looks import Looks, phrase
from moviellm.generation.studio.world.limits import Limits


@dataclass(frozen=True, kw_only=True)
class Place:
    """A location. `at` is the phrase with its preposition, e.g. `in the old cellar`."""

    name: str
    kind: str
    at: str
    indoor: bool
    dark: bool
    description: str
    look: str | None = None
    """What painters are told, where the description is in another language."""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """An object that can be named, held and hidden."""

    name: str
    kind: str
    colour: str
    traits: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody of the cast."""

    name: str
    role: Role
    she: bool
    occupation: str
    description: str
    looks: Looks
    home: str

    @property
    def appearance(self) -> str:
        """The fixed phrase every picture of them is asked with."""
        return phrase(self.looks)


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that does not change while the story runs."""

    genre: str
    keyword: str
    look: str
    goal: str
    people: tuple[Person, ...]
    places: tuple[Place, ...]
    things: tuple[Thing, ...]
    """The first is the key object."""
    weather: Weather
    time_of_day: TimeOfDay
    premise: str = ""
    """Name of the premise the plot is built on; see premises.yaml."""
    locks: tuple[tuple[str, str], ...] = ()
    """Containers with the key that fits."""

    def person(self, name: str) -> Person:
        """Somebody by name."""
        return next(person for person in self.people if person.name == name)

    def place(self, name: str) -> Place:
        """A place by name."""
        return next(place for place in self.places if place.name == name)

    def thing(self, name: str) -> Thing:
        """A thing by name."""
        return next(thing for thing in self.things if thing.name == name)

    def of_kind(self, kind: str) -> str | None:
        """Name of the first thing of a kind; there may be others in other colours."""
        return next((thing.name for thing in self.things if thing.kind == kind), None)

    def key_of(self, container: str) -> str | None:
        """The key of a container."""
        return dict(self.locks).get(container)

    def is_person(self, name: str) -> bool:
        """Whether somebody is called so."""
        return any(person.name == name for person in self.people)

    def near(self, place: str) -> list[str]:
        """The places next to one on the map, which is a ring."""
        names = [item.name for item in self.places]
        i = names.index(place)
        around = [names[(i + step) % len(names)] for step in (1, -1, 2)]
        return [name for name in dict.fromkeys(around) if name != place]


@dataclass(frozen=True)
class Vocabulary:
    """world.yaml as read."""

    data: Mapping[str, Any]

    @cached_property
    def premises(self) -> list[Mapping[str, Any]]:
        """Every premise; those of the package when the vocabulary has none of its own."""
        if "premises" in self.data:
            return list(self.data["premises"])
        text = files("moviellm.generation.studio.grammar").joinpath("premises.yaml").read_text(encoding="utf-8")
        return list(read_yaml(text, "premises.yaml")["premises"])

    def premise(self, name: str) -> Mapping[str, Any]:
        """A premise by name."""
        return next(premise for premise in self.premises if premise["name"] == name)

    def actions(self, limits: Limits) -> frozenset[str]:
        """Actions that may occur."""
        if limits.cloze:
            return frozenset(self.data["cloze"]["actions"][: limits.world.actions])
        return frozenset(self.data["actions"][: limits.world.actions])

    def occupations(self, limits: Limits) -> list[str]:
        """Occupations that may occur."""
        return list(self.data["occupations"])[: limits.world.people]

    def places(self, limits: Limits) -> list[str]:
        """Kinds of places that may occur."""
        kinds = list(self.data["cloze"]["places"]) if limits.cloze else list(self.data["places"])
        return kinds[: limits.world.places]

    def objects(self, limits: Limits) -> dict[str, list[str]]:
        """Kinds of objects that may occur, with their colours."""
        colours = {kind: list(entry["colours"]) for kind, entry in self.data["objects"].items()}
        if limits.cloze:
            colours = {kind: list(names) for kind, names in self.data["cloze"]["objects"].items()}
        kept = {
            kind: [name for name in names if not limits.held_back("thing", kind, name)]
            for kind, names in colours.items()
        }
        return {kind: names for kind, names in kept.items() if names}

    def known(self, section: str, theme: str) -> list[str]:
        """Entries of a section that a theme names, in the order in which the theme names them."""
        found: list[tuple[int, str]] = []
        words = tokens(theme)
        for entry, stems in self._stems[section].items():
            exact = [i for i, word in enumerate(words) if word == entry]
            near = [i for i, word in enumerate(words) if word in stems or (" " in entry and entry in theme.lower())]
            if exact or near:
                found.append((exact[0] if exact else 100 + near[0], entry))
        return [entry for _, entry in sorted(found)]

    @cached_property
    def _stems(self) -> dict[str, dict[str, set[str]]]:
        """Section -> entry -> the words that name it."""
        stems: dict[str, dict[str, set[str]]] = {}
        for section in ("occupations", "objects", "places", "goals", "genres", "weather", "time_of_day"):
            stems[section] = {}
            for entry, value in self.data[section].items():
                words = set(tokens(" ".join([entry, *(value["words"] if isinstance(value, Mapping) else value)])))
                stems[section][entry] = words if " " not in entry else words - set(tokens(entry))
        return stems

    def understood(self, theme: str) -> list[str]:
        """What a theme settles of a story: places, things, occupations, genre, goal, weather, time of day."""
        sections = ("occupations", "objects", "places", "goals", "genres", "weather", "time_of_day")
        return list(dict.fromkeys(entry for section in sections for entry in self.known(section, theme)))

    def names_any(self, section: str, theme: str) -> bool:
        """Whether a theme holds one of a plain list of words."""
        return not set(tokens(" ".join(self.data[section]))).isdisjoint(tokens(theme))


def tokens(text: str) -> list[str]:
    """Words in small letters, without a plural `s`."""
    found = re.findall(r"\w+", text.lower())
    return [word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "su" else word for word in found]
