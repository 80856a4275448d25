"""Counterfactual twins: the same story until one act goes otherwise, and all that follows from it.

    twin = tell_twin(vocabulary, brief)     # brief.twin is True; twin.twin_acts = (original act, act of the twin)

The scenes before the parting are those of the original, to the byte, and the world is the original's. From the parting
on the story is planned again and told with a stream of choices of its own. The difference matters: at the end some
object is elsewhere, or somebody knows something else.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.protocols import derive_seed
from moviellm.generation.studio.plot.chronicle import NoStoryError, NoTwinError, SceneLog, Story
from moviellm.generation.studio.plot.pruning import without
from moviellm.generation.studio.plot.staged import Thread
from moviellm.generation.studio.plot.telling import Teller, finished, teller_of
from moviellm.generation.studio.world.actions import Act, Fact, PreconditionError, State, Value
from moviellm.generation.studio.world.world import Vocabulary, World

FIRST, LAST = 0.25, 0.6
"""The film parts from its twin between these shares of its length, if it is long enough."""
PARTING = ("hide", "give", "tell", "lie", "steal", "take", "pick_up", "drop", "bury", "find", "trade")
"""Acts at which a story parts from its twin before all others."""
MATTERS = ("where", "knows")
"""Facts in which the ends of twins must differ."""


def tell_twin(vocabulary: Vocabulary, brief: StoryBrief) -> Story:
    """The twin of a brief's story.

    Raises:
        NoStoryError: the original cannot be told.
        NoTwinError: the story is too short to go otherwise anywhere.
    """
    teller = teller_of(vocabulary, brief.model_copy(update={"twin": False}))
    forks: list[Teller] = []
    while len(teller.story.scenes) < teller.total:
        forks.append(teller.fork())
        teller.scene()
    names = _names(teller.world)
    original = finished(teller, teller.story)
    kept = original.world
    gone = names - _names(kept)
    end = ending(original)
    for part in partings(original, brief.seed):
        scene = original.scenes[part.scene]
        twin = _told(forks[part.scene], original, scene, part.event, part.act, gone, part.seed, loose=part.loose)
        if twin is not None and ending(twin) != end:
            return twin
    raise no_twin(brief)


@dataclass(frozen=True)
class Parting:
    """A point at which a story could go otherwise."""

    scene: int
    event: int
    """Index in its scene."""
    act: Act
    """What happens there instead."""
    seed: int
    loose: bool
    """Whether the main plot may then fail."""


def partings(original: Story, seed: int) -> Iterator[Parting]:
    """Every point and every act instead, the best first: about the same object, in the middle of the film."""
    points = _points(original)
    inside = [point for point in points if _outside(original, point) == 0.0]
    for chosen, other, loose in (
        (inside, False, False),
        (inside, True, False),
        (points, True, False),
        (points, True, True),
    ):
        for number, position in chosen:
            own = derive_seed(seed, "twin", number, position)
            scene = original.scenes[number]
            for act in _otherwise(original.world, scene, position, random.Random(own), other=other):
                yield Parting(number, position, act, own, loose)


def no_twin(brief: StoryBrief) -> NoTwinError:
    """That a story cannot go otherwise anywhere."""
    return NoTwinError(
        f"a story of {brief.chapters} x {brief.scenes} scenes of {brief.keyframes} keyframes has no point at which it "
        "could go otherwise; make it longer, or set twins.share to 0"
    )


def _names(world: World) -> set[str]:
    people, places = [person.name for person in world.people], [place.name for place in world.places]
    return {*people, *places, *(thing.name for thing in world.things)}


def ending(story: Story) -> dict[Fact, Value]:
    """Where everything is and what everybody knows at the end."""
    last = story.scenes[-1]
    state = State(last.start)
    for event in last.events:
        state.apply(event.key, event.act)
    return {fact: value for fact, value in state.facts.items() if fact[0] in MATTERS and value is not False}


def _outside(story: Story, point: tuple[int, int]) -> float:
    """How far a scene and event lie outside the middle of the film, as a share of its length."""
    share = (point[0] + point[1] / len(story.scenes[point[0]].events)) / len(story.scenes)
    return max(FIRST - share, share - LAST, 0.0)


def _points(story: Story) -> list[tuple[int, int]]:
    """Where the films may part, as scene and event; the best first: in the middle, at an act that changes much."""
    total = len(story.scenes)
    points = [(number, i) for number in range(total) for i in range(len(story.scenes[number].events))]

    def far(point: tuple[int, int]) -> tuple[float, int]:
        event = story.scenes[point[0]].events[point[1]]
        return _outside(story, point), (event.act.action not in PARTING) + (event.thread != "main")

    return sorted(points, key=far)[:60]


def _otherwise(world: World, scene: SceneLog, position: int, rng: random.Random, *, other: bool) -> list[Act]:
    """Acts that could happen instead, by the same people at the same place, with another outcome.

    They are about the same object as what happens in the original, or with `other` about any, or nothing at all.
    """
    state = State(scene.start)
    for event in scene.events[:position]:
        state.apply(event.key, event.act)
    act = scene.events[position].act
    variants = list(_variants(world, state, act))
    if other:
        variants.append(Act("wait", act.actor, act.place))
    else:
        variants = [item for item in variants if item.thing == act.thing]
    found = [item for item in variants if item != act and state.wrong(item) is None]
    before = _outcome(state, act)
    found = [item for item in found if _outcome(state, item) != before]
    rng.shuffle(found)
    return found


def _outcome(state: State, act: Act) -> frozenset[tuple[Fact, Value]]:
    trial = state.copy()
    trial.apply("trial", act)
    return frozenset(item for item in trial.facts.items() if item[0][0] in MATTERS)


def _variants(world: World, state: State, act: Act) -> Iterator[Act]:
    """What else these people could do."""
    here = [p.name for p in world.people if state.get("at", p.name) == act.place]
    others = [name for name in here if name != act.actor]
    if act.action in ("tell", "lie"):
        for place in world.places:
            mode = act.mode if act.mode == "asked" else ""
            yield Act("lie", act.actor, act.place, act.other, act.thing, place.name, act.topic, mode)
        yield Act("refuse", act.actor, act.place, act.other, act.thing, topic=act.topic)
    held = [t.name for t in world.things if state.holder(t.name) == act.actor]
    for name in held:
        for other in others:
            yield Act("give", act.actor, act.place, other, name)
        yield Act("drop", act.actor, act.place, thing=name)
        yield Act("hide", act.actor, act.place, thing=name)
    for thing in world.things:
        lies = state.where(thing.name) == f"at:{act.place}" and "furniture" not in thing.traits
        if lies:
            yield Act("pick_up", act.actor, act.place, thing=thing.name)
        if act.other and state.holder(thing.name) == act.other:
            yield Act("steal", act.actor, act.place, act.other, thing.name)
    for other in others:
        for thing in world.things:
            known = state.get("knows", act.actor, thing.name)
            if known and known != other and not state.get("knows", other, thing.name):
                yield Act("tell", act.actor, act.place, other, thing.name, str(known), thing.name)


def _told(
    fork: Teller, original: Story, scene: SceneLog, position: int, act: Act, gone: set[str], seed: int, *, loose: bool
) -> Story | None:
    """The story told from the act on; None when the main plot could not end any more."""
    teller = _returned(fork, original, gone, seed)
    for fact, value in scene.cuts:
        teller.state.cut(fact, value)
    teller.count = int(scene.events[0].key[1:])
    events = [teller.happen(event.act, event.thread) for event in scene.events[:position]]
    instead = teller.happen(act, "main")
    events.append(instead)
    left = teller.total - len(teller.story.scenes)
    teller.subs = []
    last = left == 1
    if last:
        closing = _closing(teller, scene.place, teller.cap - len(events))
        if closing is None and not loose:
            return None
        events += [teller.happen(item, "main") for item in closing or ()]
    elif not teller.replan((), left - 1):
        if not loose:
            return None
        teller.main = Thread("main", [])
    teller.story.add(replace(scene, events=tuple(events)))
    teller.visited.append(scene.place)
    teller.clock = replace(fork.clock, rng=teller.rng, done=list(fork.clock.done))
    teller.clock.turn(len(teller.story.scenes) - 1, new_chapter=scene.index == 0)
    teller.cuts = []
    try:
        story = teller.go_on()
    except (NoStoryError, PreconditionError):
        return None
    story.twin_acts = (scene.events[position].act, act)
    return _closed(teller, story, original)


def _closing(teller: Teller, place: str, room: int) -> list[Act] | None:
    """The end of the main plot in the scene that has begun."""
    if not teller.replan((), 1):
        return None
    acts = teller.main.acts
    here = {name for name in (p.name for p in teller.world.people) if teller.state.get("at", name) == place}
    fits = len(acts) <= room and all(act.place == place and here.issuperset(act.people) for act in acts)
    return acts if fits else None


def _returned(fork: Teller, original: Story, gone: set[str], seed: int) -> Teller:
    """The teller of the original as it was before a scene, in a world without what the original never used."""
    teller = fork.fork()
    teller.world = original.world
    teller.quest = original.quests[-1]
    facts = [kept for fact, value in teller.state.facts.items() if (kept := without(fact, value, gone)) is not None]
    teller.state = State(dict(facts), teller.state.causes, teller.state.before)
    teller.rng.seed(seed)
    teller.clock.rng = teller.rng
    teller.cuts = []
    number = len(teller.story.scenes)
    teller.story = Story(world=original.world)
    for scene in original.scenes[:number]:
        teller.story.add(scene)
    return teller


def _closed(teller: Teller, story: Story, original: Story) -> Story:
    """A twin keeps its original's world whole."""
    twin = finished(teller, story, gone=set())
    twin.world = original.world
    return twin
