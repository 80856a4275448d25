"""A story in another language: what its people, places and things are called there.

    lexicon = Lexicon(world_data, tongue_data, vocabulary)       # grammar/world.es.yaml, grammar/tongue.es.yaml
    simulate(vocabulary, brief.model_copy(update={"theme": lexicon.in_english(brief.theme)}))
    lexicon.told(story)                                          # the same story under other names

Stories are simulated in English, whatever they are told in, so that no choice depends on a language. A theme is read
word by word in English; then every name of the finished story is exchanged. What painters read (kinds, colours, looks)
stays English. It says no sentence: see prose.py.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel

from moviellm.generation.studio.plot.story import Story
from moviellm.generation.studio.script.language import capital
from moviellm.generation.studio.script.tongue import Tongue
from moviellm.generation.studio.world.world import Person, Place, Vocabulary, World

JOINED: Final = re.compile(r"(: ?)")
"""What stands between the names of a fact: `held:Ada`, `silver key: the old inn`."""
PLURALS: Final = ("", "s", "es")
PLURAL_MIN = 4
"""Letters of a word that may have a plural: articles have their own."""


class Lexicon:
    """The words of one language for the story world."""

    def __init__(self, data: Mapping[str, Any], tongue: Mapping[str, Any], vocabulary: Vocabulary) -> None:
        self.data, self.english = data, vocabulary
        self.tongue = Tongue(tongue, self._genders)

    @property
    def _genders(self) -> dict[str, list[str]]:
        """Gender of people's names and occupations, by their first words."""
        found: dict[str, list[str]] = {"m": [], "f": []}
        for gender, names, i in (("m", "he", 0), ("f", "she", 1)):
            found[gender] += [name.lower() for name in self.data["names"][names].values()]
            found[gender] += [jobs[i].split()[0] for jobs in self.data["occupations"].values()]
        return found

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The English vocabulary with the names and prepositions of this language, for questions."""
        places = {k: {**v, "at": self.data["places"][k]["at"]} for k, v in self.english.data["places"].items()}
        names = {
            she: [self.data["names"][she].get(name, name) for name in group]
            for she, group in self.english.data["names"].items()
        }
        return Vocabulary({**self.english.data, "places": places, "names": names})

    @cached_property
    def _places(self) -> dict[tuple[str, str], str]:
        """Kind and English name or description of a place -> what is said instead."""
        found: dict[tuple[str, str], str] = {}
        for kind, entry in self.english.data["places"].items():
            own = self.data["places"][kind]
            names = [f"the {adjective} {kind}" for adjective in entry["adjectives"]]
            pairs = [*zip(names, own["names"], strict=True), *zip(entry["look"], own["look"], strict=True)]
            found |= {(kind, english): text for english, text in pairs}
        return found

    @cached_property
    def _themes(self) -> dict[str, str]:
        """Words of a theme with what they mean in English."""
        found: dict[str, str] = {}
        for section in ("places", "objects"):
            for kind in self.english.data[section]:
                found.setdefault(self.tongue.word(kind), kind)
        for colour in self.tongue.data["words"]:
            for gender in ("m", "f"):
                found.setdefault(self.tongue.word(colour, gender), colour)
        for job, names in self.data["occupations"].items():
            found |= {name: job for name in names if " " not in name}
        for english, words in self.data["theme"].items():
            found |= dict.fromkeys(words, english)
        return found

    def in_english(self, theme: str) -> str:
        """A theme with every word that is known put into English; the rest stays as it is."""
        return re.sub(r"\w+", lambda match: self._meant(match[0]), theme)

    def _meant(self, word: str) -> str:
        for ending in PLURALS:
            bare = word.lower().removesuffix(ending)
            if bare in self._themes and (not ending or len(bare) >= PLURAL_MIN):
                return self._themes[bare] + ("s" if bare != word.lower() else "")
        return word

    def told(self, story: Story) -> Story:
        """The story with the names of this language."""
        renaming = _Renaming(self._names(story.world))
        world = self._world(renaming(story.world), story.world)
        renaming.done[id(story.world)] = world
        told: Story = renaming(story)
        return told

    def _names(self, world: World) -> dict[str, str]:
        """English name -> name, of everybody and everything in a world."""
        names = {thing.name: self._thing(thing.kind, thing.colour) for thing in world.things}
        names |= {place.name: self._places[place.kind, place.name] for place in world.places}
        for person in world.people:
            called: Mapping[str, str] = self.data["names"]["she" if person.she else "he"]
            names[person.name] = called.get(person.name, person.name)
        return names

    def _thing(self, kind: str, colour: str) -> str:
        noun = self.tongue.word(kind)
        text: str = self.data["thing"]
        return text.format(kind=noun, colour=self.tongue.word(colour, self.tongue.gender(noun)))

    def _world(self, world: World, english: World) -> World:
        """A world under its new names with its descriptions."""
        pairs = zip(world.places, english.places, strict=True)
        return replace(
            world,
            genre=self.data["genres"].get(world.genre, world.genre),
            people=tuple(self._person(person) for person in world.people),
            places=tuple(self._described(place, before) for place, before in pairs),
        )

    def _person(self, person: Person) -> Person:
        job = self.data["occupations"][person.occupation][1 if person.she else 0]
        build = person.looks.build if person.looks.build in self.data["person"] else "any"
        text: str = self.data["person"][build]
        said = self.tongue.contract(text.format(job=self.tongue.indefinite(job), home=person.home))
        return replace(person, occupation=job, description=capital(said) + ".")

    def _described(self, place: Place, english: Place) -> Place:
        at, look = self.data["places"][place.kind]["at"], self._places[place.kind, english.description]
        return replace(place, at=f"{at} {place.name}", description=look, look=english.description)


class _Renaming:
    """Exchanges names in everything a story is made of; what was one object before is one object afterwards."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.done: dict[int, Any] = {}
        self._texts: dict[str, str] = {}

    def __call__(self, value: Any) -> Any:
        if isinstance(value, str):
            if value not in self._texts:
                self._texts[value] = "".join(self.names.get(part, part) for part in JOINED.split(value))
            return self._texts[value]
        if isinstance(value, tuple):
            return tuple(map(self, value))
        if isinstance(value, list):
            return list(map(self, value))
        if isinstance(value, dict):
            return {self(key): self(item) for key, item in value.items()}
        if isinstance(value, BaseModel):
            return value.model_copy(update={name: self(item) for name, item in value})
        if is_dataclass(value) and not isinstance(value, type):
            if id(value) not in self.done:
                parts = {field.name: self(getattr(value, field.name)) for field in fields(value)}
                self.done[id(value)] = replace(value, **parts)
            return self.done[id(value)]
        return value
