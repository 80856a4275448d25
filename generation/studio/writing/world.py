"""The world a story happens in: people, places and things, built from a theme phrase and the vocabulary of world.yaml.

    vocabulary = Vocabulary.from_yaml(data)
    world = make_world(vocabulary, theme, scenes=4, rng=random.Random(7))

What a theme steers: each of its words is compared with the vocabulary (the kind itself or one of its `words`, plural
`s` ignored). It may name places (they occur), objects (the first is the key object, the others occur), an occupation
(the protagonist's), a goal (return, hold, hide, read, open, meet), a genre, weather, time of day, children and old
people. What it does not know (names, other languages and scripts, emoji) steers nothing by meaning, but the whole
phrase is part of every seed, so that another phrase gives another story.

It does not say what can happen (actions.py) or what does (plans.py, story.py).
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moviellm.generation.schema import Role, TimeOfDay, Weather
from moviellm.generation.studio.looks import ACCESSORIES, Looks, phrase
from moviellm.generation.studio.writing.language import capital, indefinite

PLACES_MAX = 8
PEOPLE_MAX = 5
COAT_COLOURS = (
    ("red", "yellow", "green", "blue", "black"),
    ("orange", "teal", "purple", "white", "black"),
    ("pink", "yellow", "green", "blue", "brown"),
    ("red", "teal", "yellow", "purple", "black"),
    ("pink", "green", "orange", "blue", "black"),
    ("blue", "orange", "white", "green", "black"),
)
"""Coats of one cast: in none of these would a viewer take two of them for each other."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A location. `at` is the phrase with its preposition, e.g. `in the old cellar`."""

    name: str
    kind: str
    at: str
    indoor: bool
    dark: bool
    description: str


@dataclass(frozen=True, kw_only=True)
class Thing:
    """An object that can be named, held and hidden."""

    name: str
    kind: str
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
        """Name of the thing of a kind; a world has at most one of each."""
        return next((thing.name for thing in self.things if thing.kind == kind), None)


@dataclass(frozen=True)
class Vocabulary:
    """world.yaml as read."""

    data: Mapping[str, Any]

    def known(self, section: str, theme: str) -> list[str]:
        """Entries of a section that a theme names, in the order in which the theme names them."""
        found: list[tuple[int, str]] = []
        tokens = _tokens(theme)
        for entry, value in self.data[section].items():
            stems = set(_tokens(" ".join([entry, *(value["words"] if isinstance(value, Mapping) else value)])))
            stems = stems if " " not in entry else stems - set(_tokens(entry))
            exact = [i for i, token in enumerate(tokens) if token == entry]
            near = [i for i, token in enumerate(tokens) if token in stems or (" " in entry and entry in theme.lower())]
            if exact or near:
                found.append((exact[0] if exact else 100 + near[0], entry))
        return [entry for _, entry in sorted(found)]

    def understood(self, theme: str) -> list[str]:
        """What a theme settles of a story: places, things, occupations, genre, goal, weather, time of day."""
        sections = ("occupations", "objects", "places", "goals", "genres", "weather", "time_of_day")
        return list(dict.fromkeys(entry for section in sections for entry in self.known(section, theme)))

    def names_any(self, section: str, theme: str) -> bool:
        """Whether a theme holds one of a plain list of words."""
        return not set(_tokens(" ".join(self.data[section]))).isdisjoint(_tokens(theme))


def _tokens(text: str) -> list[str]:
    """Words in small letters, without a plural `s`."""
    found = re.findall(r"\w+", text.lower())
    return [word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "su" else word for word in found]


def make_world(vocabulary: Vocabulary, theme: str, scenes: int, rng: random.Random) -> World:
    """A world for a movie of that many scenes."""
    data = vocabulary.data
    genres = vocabulary.known("genres", theme) or [rng.choice(list(data["genres"]))]
    genre = data["genres"][genres[0]]
    occupation = (vocabulary.known("occupations", theme) or [rng.choice(list(data["occupations"]))])[0]
    things = _things(vocabulary, theme, scenes, rng)
    places = _places(vocabulary, theme, data["occupations"][occupation]["home"], scenes, rng)
    count = 2 if scenes == 1 and rng.random() < 0.5 else 3 if scenes <= 2 else rng.choice((3, 4)) if scenes < 9 else 5
    return World(
        genre=genres[0],
        keyword=genre["keyword"],
        look=genre["look"],
        goal=_goal(vocabulary, theme, things[0], count, rng),
        people=_people(vocabulary, theme, occupation, places, count, rng),
        places=places,
        things=things,
        weather=_first(
            vocabulary.known("weather", theme), rng, ("clear", "cloudy", "clear", "rain", "fog", "snow", "storm")
        ),
        time_of_day=_first(vocabulary.known("time_of_day", theme), rng, ("dawn", "day", "day", "dusk", "night")),
    )


def _first(found: list[str], rng: random.Random, otherwise: tuple[str, ...]) -> Any:
    return found[0] if found else rng.choice(otherwise)


def _goal(vocabulary: Vocabulary, theme: str, key: Thing, people: int, rng: random.Random) -> str:
    known = vocabulary.known("goals", theme) or rng.sample(["return", "hold", "hide", "read", "open"], 5)
    named = bool(vocabulary.known("objects", theme))
    fitting = [goal for goal in known if goal_fits(goal, key) and not (goal == "meet" and (named or people < 3))]
    return fitting[0] if fitting else rng.choice(["open"] if key.kind == "chest" else ["return", "hold", "hide"])


def goal_fits(goal: str, thing: Thing) -> bool:
    """Whether a goal makes sense with that object: nobody reads a rope or carries a chest about."""
    if "container" in thing.traits:
        return goal in ("open", "meet")
    return goal != "open" and (goal != "read" or "text" in thing.traits)


def _things(vocabulary: Vocabulary, theme: str, scenes: int, rng: random.Random) -> tuple[Thing, ...]:
    objects = vocabulary.data["objects"]
    named = vocabulary.known("objects", theme)
    rest = [kind for kind in objects if kind not in named]
    rng.shuffle(rest)
    if not named:
        rest.sort(key=lambda kind: "container" in objects[kind]["traits"])
    kinds = [*named[:6], *rest]
    kinds = kinds[: min(len(kinds), max(6, len(named[:6]), 6 + scenes // 3))]
    if "chest" not in kinds and scenes > 2 and rng.random() < 0.5:
        kinds.append("chest")
    if "chest" in kinds and "key" not in kinds:
        kinds.append("key")
    if not {"lantern", "candle"} & set(kinds):
        kinds.append("lantern")
    return tuple(
        Thing(name=f"{rng.choice(objects[kind]['colours'])} {kind}", kind=kind, traits=tuple(objects[kind]["traits"]))
        for kind in kinds
    )


def _places(vocabulary: Vocabulary, theme: str, home: str, scenes: int, rng: random.Random) -> tuple[Place, ...]:
    data = vocabulary.data["places"]
    count = min(PLACES_MAX, 3 + scenes // 2)
    named = vocabulary.known("places", theme)
    kinds = list(dict.fromkeys([*named[:1], home, *named[1:]]))[:count]
    rest = [kind for kind in data if kind not in kinds]
    rng.shuffle(rest)
    if all(data[kind]["indoor"] == data[kinds[0]]["indoor"] for kind in kinds):
        rest.sort(key=lambda kind: data[kind]["indoor"] == data[kinds[0]]["indoor"])
        rest[2:] = rng.sample(rest[2:], len(rest) - 2)
    kinds += rest[: count - len(kinds)]
    places = []
    for kind in kinds:
        entry = data[kind]
        name = f"the {rng.choice(entry['adjectives'])} {kind}"
        places.append(
            Place(
                name=name,
                kind=kind,
                at=f"{entry['at']} {name}",
                indoor=entry["indoor"],
                dark=entry.get("dark", False),
                description=rng.choice(entry["look"]),
            )
        )
    return tuple(places)


ROLES: tuple[Role, ...] = ("protagonist", "supporting", "antagonist", "supporting", "supporting")


def _people(
    vocabulary: Vocabulary, theme: str, occupation: str, places: tuple[Place, ...], count: int, rng: random.Random
) -> tuple[Person, ...]:
    data = vocabulary.data
    children, elders = vocabulary.names_any("children", theme), vocabulary.names_any("elders", theme)
    kinds = [place.kind for place in places]
    jobs = [job for job, entry in data["occupations"].items() if job != occupation]
    rng.shuffle(jobs)
    jobs.sort(key=lambda job: data["occupations"][job]["home"] not in kinds)
    coats = rng.sample(rng.choice(COAT_COLOURS), count)
    people: list[Person] = []
    for i in range(count):
        job = occupation if i == 0 else jobs[i - 1]
        she = rng.random() < 0.5
        taken = {person.name[0] for person in people}
        name = rng.choice([name for name in data["names"]["she" if she else "he"] if name[0] not in taken])
        build = "child" if children and i == 1 else "elder" if elders and i == 0 else None
        looks = _looks(people, she, build, coats[i], rng)
        if looks.build == "child":
            job = "girl" if she else "boy"
        home_kind = data["occupations"][job]["home"] if job in data["occupations"] else kinds[0]
        home = places[kinds.index(home_kind)].name if home_kind in kinds else rng.choice(places).name
        text = capital(f"{indefinite(_described(looks, job))} from {home}.")
        person = Person(name=name, role=ROLES[i], she=she, occupation=job, description=text, looks=looks, home=home)
        people.append(person)
    return tuple(people)


def _described(looks: Looks, job: str) -> str:
    return f"{'old ' if looks.build == 'elder' else 'young ' if looks.build == 'child' else ''}{job}"


def _looks(people: list[Person], she: bool, build: str | None, colour: str, rng: random.Random) -> Looks:
    """Looks that nobody in `people` can be taken for: another hair shape, another accessory, a distant coat colour."""
    build = build or rng.choice(("mid", "slim", "stout", "tall", "mid", "elder"))
    worn = [person.looks for person in people]
    hairs = (
        ["bob", "long", "ponytail", "bun", "curly", "braids"]
        if she
        else ["short", "curly", "bald", "ponytail", "long"]
    )
    extras = [item for item in ACCESSORIES if item != "nothing else"]
    extras.remove("a beard" if she or build == "child" else "a headscarf")
    hairs = [hair for hair in hairs if build != "child" or hair != "bald"]
    hair = rng.choice([hair for hair in hairs if hair not in {looks.hair for looks in worn}])
    colours = ("grey", "white") if build == "elder" else ("black", "brown", "red", "blond")
    taken = {looks.hair_colour for looks in worn}
    garments = ("coat", "jacket", "jumper", "dress", "apron") if she else ("coat", "jacket", "jumper", "apron")
    return Looks(
        build=build,
        hair=hair,
        hair_colour="grey" if hair == "bald" else rng.choice([c for c in colours if c not in taken] or colours),
        skin=rng.choice(("pale", "fair", "tan", "brown", "dark", "deep")),
        garment=rng.choice(garments),
        colour=colour,
        accessory=rng.choice([item for item in extras if item not in {looks.accessory for looks in worn}]),
    )
