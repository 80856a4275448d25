"""The cast of a world: names, occupations, homes, and looks that nobody can mix up.

    people = cast_people(vocabulary, theme, "painter", places, 4, Limits(), rng)

Nobody of a cast shares the shape of the hair, the accessory or a near colour of the coat with somebody else, unless
the story is to have identical twins. It settles no plot: see quests.py.
"""

import random

from moviellm.generation.schema import Role
from moviellm.generation.studio.looks import ACCESSORIES, GARMENTS, SKINS, Looks
from moviellm.generation.studio.script.language import capital, indefinite
from moviellm.generation.studio.world.limits import Limits
from moviellm.generation.studio.world.world import Person, Place, Vocabulary

COAT_COLOURS = (
    ("red", "yellow", "green", "blue", "black"),
    ("orange", "teal", "purple", "white", "black"),
    ("pink", "yellow", "green", "blue", "brown", "grey"),
    ("red", "teal", "yellow", "purple", "black"),
    ("pink", "green", "orange", "blue", "black"),
    ("blue", "orange", "white", "green", "black"),
)
"""Coats of one cast: in none of these would a viewer take two of them for each other."""
HAIR_SHAPES = {
    "bob": "bob", "wavy": "bob", "long": "long", "braids": "long", "bun": "bun", "topknot": "bun", "curly": "curly",
    "afro": "curly", "ponytail": "tail", "short": "short", "bald": "bald",
}  # fmt: skip
"""Hair with the family of shapes it belongs to."""
HAIR_SHE = ("bob", "wavy", "long", "braids", "bun", "topknot", "curly", "afro", "ponytail", "short")
HAIR_HE = ("short", "curly", "afro", "bald", "ponytail", "long", "wavy", "topknot")
ONLY_HE = ("a beard", "a bow tie")
ONLY_SHE = ("a headscarf", "a shawl")

ROLES: tuple[Role, ...] = ("protagonist", "supporting", "antagonist", "supporting", "supporting", "supporting")


def cast_people(
    vocabulary: Vocabulary,
    theme: str,
    occupation: str,
    places: tuple[Place, ...],
    count: int,
    limits: Limits,
    rng: random.Random,
) -> tuple[Person, ...]:
    """That many people, the protagonist first."""
    children, elders = vocabulary.names_any("children", theme), vocabulary.names_any("elders", theme)
    jobs = _jobs(vocabulary, occupation, places, limits, rng)
    coats = rng.sample(rng.choice([colours for colours in COAT_COLOURS if len(colours) >= count]), count)
    names = vocabulary.data["cloze" if limits.cloze else "names"]
    names = names["names"] if limits.cloze else names
    people: list[Person] = []
    for i in range(count):
        she = rng.random() < 0.5
        taken = {person.name[0] for person in people}
        name = rng.choice([name for name in names["she" if she else "he"] if name[0] not in taken])
        build = "child" if children and i == 1 else "elder" if elders and i == 0 else None
        looks = _looks(people, she, build, coats[i], limits, rng, first=i == 0)
        if "identical_twins" in limits.inject and i == count - 1 and i > 0:
            she, looks = people[i - 1].she, people[i - 1].looks
            pool = [name for name in names["she" if she else "he"] if name[0] not in taken]
            name = rng.choice(pool)
        people.append(_person(vocabulary, name, i, she, looks, jobs[i % len(jobs)], places, rng))
    return tuple(people)


def _jobs(
    vocabulary: Vocabulary, occupation: str, places: tuple[Place, ...], limits: Limits, rng: random.Random
) -> list[str]:
    data, kinds = vocabulary.data["occupations"], [place.kind for place in places]
    rest = [job for job in vocabulary.occupations(limits) if job != occupation]
    rng.shuffle(rest)
    rest.sort(key=lambda job: data[job]["home"] not in kinds)
    return [occupation, *rest]


def _person(
    vocabulary: Vocabulary,
    name: str,
    index: int,
    she: bool,
    looks: Looks,
    job: str,
    places: tuple[Place, ...],
    rng: random.Random,
) -> Person:
    data, kinds = vocabulary.data["occupations"], [place.kind for place in places]
    if looks.build == "child":
        job = "girl" if she else "boy"
    home_kind = data[job]["home"] if job in data else kinds[0]
    home = places[kinds.index(home_kind)].name if home_kind in kinds else rng.choice(places).name
    return Person(
        name=name, role=ROLES[index], she=she, occupation=job, description=described(job, looks, home), looks=looks,
        home=home,
    )  # fmt: skip


def described(job: str, looks: Looks, home: str) -> str:
    """Somebody in a sentence: `An old painter from the low attic.`"""
    age = "old " if looks.build == "elder" else "young " if looks.build == "child" else ""
    return capital(f"{indefinite(age + job)} from {home}.")


def _looks(
    people: list[Person],
    she: bool,
    build: str | None,
    colour: str,
    limits: Limits,
    rng: random.Random,
    *,
    first: bool,
) -> Looks:
    """Looks that nobody in `people` can be taken for: another hair shape, another accessory."""
    build = build or rng.choice(("mid", "slim", "stout", "tall", "mid", "elder"))
    worn = [person.looks for person in people]
    shapes = {HAIR_SHAPES[looks.hair] for looks in worn}
    hairs = [hair for hair in (HAIR_SHE if she else HAIR_HE) if HAIR_SHAPES[hair] not in shapes]
    hair = rng.choice([hair for hair in hairs if build != "child" or hair != "bald"])
    colours = ("grey", "white") if build == "elder" else ("black", "brown", "red", "blond")
    taken = {looks.hair_colour for looks in worn}
    garments = [garment for garment in GARMENTS if she or garment != "dress"]
    return Looks(
        build=build,
        hair=hair,
        hair_colour="grey" if hair == "bald" else rng.choice([c for c in colours if c not in taken] or colours),
        skin=rng.choice(SKINS),
        garment=rng.choice(garments),
        colour=colour,
        accessory=_accessory(worn, she, build, colour, limits, rng, first=first),
    )


def _accessory(
    worn: list[Looks],
    she: bool,
    build: str,
    colour: str,
    limits: Limits,
    rng: random.Random,
    *,
    first: bool,
) -> str:
    extras = [item for item in ACCESSORIES if item not in {looks.accessory for looks in worn}]
    fitting = [item for item in extras if item not in (ONLY_HE if she or build == "child" else ONLY_SHE)]
    fitting = [item for item in fitting if item != "nothing else"]
    if first and limits.held_out:
        kept = [item for item in extras if limits.is_held_out("coat", colour, item)]
        fitting = [item for item in kept if item in fitting] or kept or fitting
    free = [item for item in fitting if not limits.held_back("coat", colour, item)]
    return rng.choice(free or [item for item in extras if not limits.held_back("coat", colour, item)] or fitting)
