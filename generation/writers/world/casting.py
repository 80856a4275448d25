"""The cast of a proposed world: as a model wants them, but nobody who could be taken for somebody else.

    people = cast_of(vocabulary, limits, proposal, places, brief)      # the protagonist first

People are told apart by hair of another family of shapes, another accessory and a coat of a far colour
(studio/world/casting.py); where two of a proposal share one, the later gets what is free.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.protocols import derive_seed
from moviellm.generation.studio.looks import ALLOWED, Looks
from moviellm.generation.studio.world.casting import (
    COAT_COLOURS,
    HAIR_HE,
    HAIR_SHAPES,
    HAIR_SHE,
    ONLY_HE,
    ONLY_SHE,
    described,
)
from moviellm.generation.studio.world.limits import Limits
from moviellm.generation.studio.world.world import Person, Place, Vocabulary
from moviellm.generation.writers.world.proposal import PersonProposal, WorldProposal, names_of

NAME = re.compile(r"[^\W\d_][^\W\d_'’-]*(?:[ '’-][^\W\d_]+)?")
"""One or two words of letters, of any script."""
NAME_LENGTH_MAX = 24


def cast_of(
    vocabulary: Vocabulary, limits: Limits, proposal: WorldProposal, places: Sequence[Place], brief: StoryBrief
) -> tuple[Person, ...]:
    """The people of a proposal.

    Raises:
        ValueError: somebody is not of the vocabulary, or there is not one protagonist.
    """
    problems = [text for person in proposal.people for text in _problems(vocabulary, limits, person, places)]
    heroes = [person for person in proposal.people if person.role == "protagonist"]
    if len(heroes) != 1:
        problems.append(f"got {len(heroes)} protagonists; a story has one")
    if problems:
        raise ValueError("; ".join(problems))
    ordered = sorted(proposal.people, key=lambda person: person.role != "protagonist")
    rng = random.Random(derive_seed(brief.seed, "cast"))
    looks = _apart([_looks(person) for person in ordered], [p.pronoun == "she" for p in ordered], limits, rng)
    return tuple(_person(person, look, places) for person, look in zip(ordered, looks, strict=True))


def _problems(vocabulary: Vocabulary, limits: Limits, person: PersonProposal, places: Sequence[Place]) -> list[str]:
    found, who = [], f"person {person.name!r}"
    if not NAME.fullmatch(person.name) or len(person.name) > NAME_LENGTH_MAX:
        found.append(f"{who}: a name is one or two words of letters")
    names = names_of(vocabulary, limits)
    if names and person.name not in names[person.pronoun]:
        found.append(f"{who}: {person.pronoun} has to be called one of {', '.join(names[person.pronoun])}")
    if person.occupation not in vocabulary.occupations(limits):
        found.append(f"{who}: occupation {person.occupation!r} is not of the vocabulary")
    for part, words in ALLOWED.items():
        if getattr(person, part) not in words:
            found.append(f"{who}: {part} {getattr(person, part)!r} is none of {', '.join(words)}")
    if _home(person, places) is None:
        found.append(f"{who}: home {person.home!r} is none of {', '.join(place.name for place in places)}")
    return found


def _home(person: PersonProposal, places: Sequence[Place]) -> str | None:
    meant = person.home.casefold()
    return next((place.name for place in places if meant in (place.name, place.name[4:], place.kind)), None)


def _looks(person: PersonProposal) -> Looks:
    looks = Looks(**{part: getattr(person, part) for part in ALLOWED})
    return replace(looks, hair_colour="grey") if looks.hair == "bald" else looks


def _person(person: PersonProposal, looks: Looks, places: Sequence[Place]) -> Person:
    she, home = person.pronoun == "she", _home(person, places) or places[0].name
    job = ("girl" if she else "boy") if looks.build == "child" else person.occupation
    return Person(
        name=person.name, role=person.role, she=she, occupation=job, description=described(job, looks, home),
        looks=looks, home=home,
    )  # fmt: skip


def _apart(cast: Sequence[Looks], she: Sequence[bool], limits: Limits, rng: random.Random) -> list[Looks]:
    """The looks with what somebody earlier has already exchanged for something free."""
    coats = _coats([looks.colour for looks in cast], rng)
    found: list[Looks] = []
    for looks, coat, female in zip(cast, coats, she, strict=True):
        looks = replace(looks, colour=coat, hair=_hair(looks, found, female, rng))
        if looks.hair == "bald":
            looks = replace(looks, hair_colour="grey")
        found.append(replace(looks, accessory=_accessory(looks, found, female, limits, rng)))
    return found


def _coats(wanted: Sequence[str], rng: random.Random) -> list[str]:
    """Colours of one group that nobody mixes up, as many of the wanted ones as one group has."""
    groups = [group for group in COAT_COLOURS if len(group) >= len(wanted)]
    group = max(groups, key=lambda colours: (len(set(wanted) & set(colours)), -COAT_COLOURS.index(colours)))
    kept = [colour if colour in group and colour not in wanted[:i] else "" for i, colour in enumerate(wanted)]
    free = [colour for colour in group if colour not in kept]
    rng.shuffle(free)
    return [colour or free.pop() for colour in kept]


def _hair(looks: Looks, before: Sequence[Looks], she: bool, rng: random.Random) -> str:
    taken = {HAIR_SHAPES[other.hair] for other in before}
    if HAIR_SHAPES[looks.hair] not in taken:
        return looks.hair
    hairs = [hair for hair in (HAIR_SHE if she else HAIR_HE) if HAIR_SHAPES[hair] not in taken]
    return rng.choice([hair for hair in hairs if looks.build != "child" or hair != "bald"] or [looks.hair])


def _accessory(looks: Looks, before: Sequence[Looks], she: bool, limits: Limits, rng: random.Random) -> str:
    taken = {other.accessory for other in before}
    free = [item for item in ALLOWED["accessory"] if item not in taken]
    free = [item for item in free if not limits.held_back("coat", looks.colour, item)] or free
    if looks.accessory in free:
        return looks.accessory
    unfit = ONLY_HE if she or looks.build == "child" else ONLY_SHE
    fitting = [item for item in free if item not in unfit and item != "nothing else"]
    return rng.choice(fitting or free)
