"""How a proposed world becomes a world: everything has to be of the vocabulary and to fit together.

    founding = found(vocabulary, limits, proposal, brief)     # world, quest and the facts that the story begins with

Whatever is wrong is said in one ValueError, all of it at once, so that a model can mend it in one turn. Looks that a
viewer would confuse are no fault: they are changed (casting.py). It tells no story: see stage.py.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.protocols import derive_seed
from moviellm.generation.studio.plot.plans import Quest
from moviellm.generation.studio.plot.quests import PERSONS
from moviellm.generation.studio.world.act import Fact, Value, message
from moviellm.generation.studio.world.founding import PLACES_MAX, THINGS_MAX, goal_fits, locks_of
from moviellm.generation.studio.world.limits import Limits
from moviellm.generation.studio.world.world import Place, Thing, Vocabulary, World
from moviellm.generation.writers.world.actions import is_of_kind
from moviellm.generation.writers.world.casting import cast_of
from moviellm.generation.writers.world.naming import Names
from moviellm.generation.writers.world.proposal import FACTS, FEELINGS, FactProposal, PlaceProposal, WorldProposal
from moviellm.generation.writers.world.script import place_of, thing_of

PEOPLE_MIN, PEOPLE_MAX, PLACES_MIN = 2, 6, 1
PROBLEMS_MAX = 12
"""Problems that are named at once."""
TOPICS: Mapping[str, str] = {
    "free": "key", "heal": "remedy", "repair": "hammer", "arrest": "object", "trade": "object",
}  # fmt: skip
"""Goals that need a second object, with its kind."""


@dataclass(frozen=True, kw_only=True)
class Founding:
    """The beginning of a story."""

    world: World
    quest: Quest
    cuts: tuple[tuple[Fact, Value], ...]
    """Every fact that is so when it begins."""


@dataclass
class _Founder:
    vocabulary: Vocabulary
    limits: Limits
    proposal: WorldProposal
    brief: StoryBrief
    problems: list[str] = field(default_factory=list)

    def wrong(self, text: str) -> None:
        self.problems.append(text)

    def settle(self) -> None:
        """Raise ValueError for what has been found wrong so far."""
        if self.problems:
            more = len(self.problems) - PROBLEMS_MAX
            shown = self.problems[:PROBLEMS_MAX] + ([f"and {more} more"] if more > 0 else [])
            raise ValueError("; ".join(shown))

    def listed(self, what: str, name: str, known: Mapping[str, object] | list[str]) -> bool:
        if name in known:
            return True
        self.wrong(f"{what} {name!r} is not of the vocabulary: {', '.join(known)}")
        return False

    def sized(self, what: str, got: int, low: int, high: int) -> None:
        if not low <= got <= high:
            asked = f"{low}" if low == high else f"{low} to {high}"
            self.wrong(f"got {got} {what}, asked for {asked}")


def people_asked(limits: Limits) -> tuple[int, int]:
    """How many people a story may have, at least and at most."""
    cast = limits.world.cast
    return (cast, cast) if cast else (PEOPLE_MIN, PEOPLE_MAX)


def found(vocabulary: Vocabulary, limits: Limits, proposal: WorldProposal, brief: StoryBrief) -> Founding:
    """The beginning of a story from a proposal.

    Raises:
        ValueError: something of it is not of the vocabulary, or does not fit; the message says all of it.
    """
    founder = _Founder(vocabulary, limits, proposal, brief)
    founder.sized("people", len(proposal.people), *people_asked(limits))
    founder.sized("places", len(proposal.places), PLACES_MIN, PLACES_MAX)
    founder.sized("things", len(proposal.things), 1, THINGS_MAX)
    founder.sized("chapters", len(proposal.chapters), brief.chapters, brief.chapters)
    founder.listed("genre", proposal.genre, vocabulary.data["genres"])
    places, things = tuple(_places(founder)), tuple(_things(founder))
    founder.settle()
    people = cast_of(vocabulary, limits, proposal, places, brief)
    genre = vocabulary.data["genres"][proposal.genre]
    world = World(
        genre=proposal.genre,
        keyword=genre["keyword"],
        look=genre["look"],
        goal=proposal.goal.kind,
        people=people,
        places=places,
        things=things,
        weather=proposal.weather,
        time_of_day=proposal.time_of_day,
        locks=locks_of(things),
    )
    _distinct(founder, world)
    founder.settle()
    quest = _quest(founder, world, Names(world))
    cuts = _cuts(founder, world, Names(world))
    founder.settle()
    return Founding(world=_key_first(world, quest), quest=quest, cuts=cuts)


def _distinct(founder: _Founder, world: World) -> None:
    names = Names(world).all
    for name in sorted({name for name in names if names.count(name) > 1}):
        founder.wrong(f"two of the people, places and things are called {name!r}")


def _places(founder: _Founder) -> Iterator[Place]:
    data, allowed = founder.vocabulary.data["places"], founder.vocabulary.places(founder.limits)
    kinds = [place.kind for place in founder.proposal.places]
    for kind in sorted({kind for kind in kinds if kinds.count(kind) > 1}):
        founder.wrong(f"two places are of the kind {kind}; every place needs a kind of its own")
    for place in founder.proposal.places:
        if founder.listed("place", place.kind, allowed) and (
            founder.limits.cloze
            or founder.listed(f"adjective of {place.kind}", place.adjective, data[place.kind]["adjectives"])
        ):
            yield _place(founder, place)


def _place(founder: _Founder, place: PlaceProposal) -> Place:
    looks = founder.vocabulary.data["places"][place.kind]["look"]
    look = random.Random(derive_seed(founder.brief.seed, "look", place.kind)).choice(looks)
    name = f"the {place.kind}" if founder.limits.cloze else f"the {place.adjective} {place.kind}"
    return place_of(founder.vocabulary, place.kind, name, look)


def _things(founder: _Founder) -> Iterator[Thing]:
    objects = founder.vocabulary.objects(founder.limits)
    for thing in founder.proposal.things:
        if founder.listed("object", thing.kind, objects) and founder.listed(
            f"colour of {thing.kind}", thing.colour, objects[thing.kind]
        ):
            yield thing_of(founder.vocabulary, thing.kind, thing.colour)


def _quest(founder: _Founder, world: World, names: Names) -> Quest:
    goal = founder.proposal.goal
    meant = {part: names.find(getattr(goal, part)) or "" for part in ("hero", "thing", "friend", "place", "topic")}
    hero, friends = world.people[0].name, [person.name for person in world.people[1:]]
    villain = names.find(goal.villain) if goal.villain else None
    villain = villain or next((person.name for person in world.people if person.role == "antagonist"), None)
    if meant["hero"] != hero:
        founder.wrong(f"goal.hero is {goal.hero!r}; it has to be the protagonist, {hero}")
    villain = villain if villain != hero and villain is not None and world.is_person(villain) else None
    kind = "person" if goal.kind in PERSONS else "object"
    if not is_of_kind(world, meant["thing"], kind, "") or meant["thing"] == hero:
        founder.wrong(f"goal.thing is {goal.thing!r}; for {goal.kind} it has to be another of the {kind}s")
    elif kind == "object":
        thing = world.thing(meant["thing"])
        if not goal_fits(goal.kind, thing.kind, thing.traits):
            founder.wrong(f"goal {goal.kind} makes no sense with a {thing.kind}")
    topic = TOPICS.get(goal.kind)
    if topic and not is_of_kind(world, meant["topic"], topic, ""):
        founder.wrong(f"goal.topic is {goal.topic!r}; for {goal.kind} it has to be a thing of the story, a {topic}")
    others = [name for name in friends if name not in (villain, meant["thing"])]
    friend = meant["friend"] if meant["friend"] in friends else (others or friends)[0]
    place = meant["place"] if is_of_kind(world, meant["place"], "place", "") else world.people[0].home
    return Quest(
        kind=goal.kind, hero=hero, thing=meant["thing"], friend=friend, villain=villain, place=place,
        topic=meant["topic"] if topic or goal.kind == "reconcile" else "",
    )  # fmt: skip


def _key_first(world: World, quest: Quest) -> World:
    """The key object comes first: titles and narrators speak of it."""
    key = quest.topic if world.is_person(quest.thing) and quest.topic else quest.thing
    things = sorted(world.things, key=lambda thing: thing.name != key)
    return World(**{**vars(world), "things": tuple(things)})


# ------------------------------------------------------------------------------------------------ facts


def _cuts(founder: _Founder, world: World, names: Names) -> tuple[tuple[Fact, Value], ...]:
    facts: dict[Fact, Value] = {("at", person.name): person.home for person in world.people}
    for proposed in founder.proposal.facts:
        read = _fact(founder, world, names, proposed)
        if read is not None:
            facts[read[0]] = read[1]
    _together(founder, world, facts)
    return tuple(facts.items())


def _fact(founder: _Founder, world: World, names: Names, proposed: FactProposal) -> tuple[Fact, Value] | None:
    """One fact as the state has it; None, and a problem noted, when it cannot be one."""
    said = f"fact {proposed.fact} of {', '.join(proposed.of)} = {proposed.value}"
    if not founder.listed("fact", proposed.fact, FACTS):
        return None
    kinds, wanted = FACTS[proposed.fact]
    about = [names.find(name) or "" for name in proposed.of]
    fits = len(about) == len(kinds.split()) and len(set(about)) == len(about)
    if not fits or not all(is_of_kind(world, name, kind, "") for name, kind in zip(about, kinds.split(), strict=True)):
        founder.wrong(f"{said}: it is about {kinds.replace(' ', ', ')} of this story")
        return None
    value = _value(world, names, proposed, wanted)
    if value is None:
        founder.wrong(f"{said}: the value has to be {wanted}")
        return None
    if proposed.fact == "message":
        return ("message", about[0]), message(about[1], str(value))
    return (proposed.fact, *about), value


def _value(world: World, names: Names, proposed: FactProposal, wanted: str) -> Value | None:
    if wanted == "yes":
        return {"yes": True, "true": True, "no": False, "false": False}.get(proposed.value.casefold())
    if proposed.fact == "feels":
        return proposed.value if proposed.value in FEELINGS else None
    if proposed.fact == "where":
        how, _, spot = proposed.value.partition(":")
        name, kind = names.find(spot.strip()), {"at": "place", "held": "person", "in": "container"}.get(how.strip())
        fits = name is not None and kind is not None and name not in proposed.of and is_of_kind(world, name, kind, "")
        return f"{how.strip()}:{name}" if fits else None
    name = names.find(proposed.value)
    return name if name is not None and is_of_kind(world, name, wanted, "") else None


def _together(founder: _Founder, world: World, facts: Mapping[Fact, Value]) -> None:
    """Note what cannot be so at once."""
    for thing in world.things:
        where = str(facts.get(("where", thing.name), ""))
        if not where:
            founder.wrong(f"no fact `where` says where the {thing.name} is")
        if where.startswith("held:") and "furniture" in thing.traits:
            founder.wrong(f"nobody can carry the {thing.name}")
        for fact in ("hidden", "buried"):
            if facts.get((fact, thing.name)) and not where.startswith("at:"):
                founder.wrong(f"the {thing.name} is {fact}, so that it has to be at a place, not {where}")
        if facts.get(("locked", thing.name)) and facts.get(("open", thing.name)):
            founder.wrong(f"the {thing.name} cannot be open and locked")
        seen = [thing.name]
        while where.startswith("in:"):
            seen.append(where[3:])
            where = str(facts.get(("where", where[3:]), ""))
            if where[3:] in seen:
                founder.wrong(f"the {thing.name} is in a container that is in itself")
                break
