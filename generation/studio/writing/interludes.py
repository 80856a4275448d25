"""What people do in a scene beside the quest: every act that is possible and plausible there, in a seeded order.

    acts = interlude(world, state, quest, place, earlier_acts, rng, last=False, secret=False)

Nobody arrives in a scene that is a secret. The caller takes the first act that leaves its plan possible. There is
always something: somebody can wait.

It changes nothing: see story.py.
"""

import random
from collections.abc import Iterator

from moviellm.generation.studio.writing.actions import Act, State
from moviellm.generation.studio.writing.plans import Quest
from moviellm.generation.studio.writing.world import World

MOVES = ("pick_up", "drop", "give", "take")
"""Actions that a scene shows once of each thing, or it would look like juggling."""
Weighted = Iterator[tuple[float, Act]]


def interlude(
    world: World,
    state: State,
    quest: Quest,
    place: str,
    earlier: list[Act],
    rng: random.Random,
    *,
    last: bool,
    secret: bool,
) -> list[Act]:
    """Possible acts of the people at a place, likeliest first."""
    here = [person.name for person in world.people if state.get("at", person.name) == place]
    options = [*_alone(world, state, quest, place, here), *_together(world, state, quest, place, here)]
    if last or len(here) > 2:
        options += _leaving(world, quest, place, here, earlier)
    if not secret:
        options += _arriving(world, state, quest, place, here, earlier)
    done = {(act.action, act.actor, act.other, act.thing) for act in earlier}
    moved = {act.thing for act in earlier if act.action in MOVES}
    kinds = [act.action for act in earlier]
    scored = []
    for weight, act in options:
        again = (act.action, act.actor, act.other, act.thing) in done
        weight *= 0.02 if again or (act.action in MOVES and act.thing in moved) else 0.3 ** kinds.count(act.action)
        scored.append((rng.random() ** (1.0 / max(weight, 1e-6)), act))
    return [act for _, act in sorted(scored, key=lambda pair: pair[0], reverse=True)]


def _kept(world: World, quest: Quest) -> tuple[str, ...]:
    """Things that only the quests may move."""
    return quest.thing, quest.topic, world.things[0].name, world.of_kind("key") or ""


def _alone(world: World, state: State, quest: Quest, place: str, here: list[str]) -> Weighted:
    kept = _kept(world, quest)
    for name in here:
        yield 0.35, Act("wait", name, place)
        if name == quest.hero and _sought(world, state, quest, place):
            yield 1.6, Act("search", name, place, thing=quest.thing, mode="vain")
        for thing in world.things:
            where = state.where(thing.name)
            if thing.name in kept:
                continue
            if where == f"held:{name}":
                if "light" in thing.traits and not state.get("lit", thing.name):
                    yield 2.5, Act("light", name, place, thing=thing.name)
                if "text" in thing.traits:
                    yield (
                        (0.3 if state.get("read", name, thing.name) else 1.5),
                        Act("read", name, place, thing=thing.name),
                    )
                yield 0.25, Act("drop", name, place, thing=thing.name)
            elif where == f"at:{place}" and not state.get("hidden", thing.name) and "container" not in thing.traits:
                yield 1.0, Act("pick_up", name, place, thing=thing.name)
            elif where == f"at:{place}" and "container" in thing.traits:
                yield from _lid(world, state, place, name, thing.name)


def _lid(world: World, state: State, place: str, name: str, chest: str) -> Weighted:
    """Somebody opens a chest that is not locked, or locks one that stands open."""
    key = world.of_kind("key") or ""
    if not state.get("locked", chest) and not state.get("open", chest):
        yield 0.5, Act("open", name, place, thing=chest)
    if state.get("open", chest) and state.holder(key) == name:
        yield 3.0, Act("lock", name, place, thing=chest, target=key, mode="shut")


def _sought(world: World, state: State, quest: Quest, place: str) -> bool:
    """Whether the hero may look for the thing here in vain: nobody knows better, and it is not here."""
    if quest.kind in ("meet", "open") or world.place(place).dark or state.get("knows", quest.hero, quest.thing):
        return False
    holder = state.holder(quest.thing)
    gone = holder is None or (holder == quest.villain and state.get("at", holder) != place)
    return (
        gone
        and state.where(quest.thing) != f"at:{place}"
        and not state.get("searched", quest.hero, place, quest.thing, "vain")
    )


def _together(world: World, state: State, quest: Quest, place: str, here: list[str]) -> Weighted:
    topic, kept = quest.topic or quest.thing, _kept(world, quest)
    for one in here:
        for two in here:
            if one == two:
                continue
            foes = quest.villain in (one, two)
            yield (0.5 if foes else 0.15), Act("watch", one, place, two)
            if state.get("helped", two, one) and not foes:
                yield 2.0, Act("hug", one, place, two, mode="thanks")
            if state.get("wronged", two, one):
                yield 2.0, Act("argue", one, place, two, mode="wronged")
            elif state.get("angry", *sorted((one, two))):
                if not foes:
                    yield 1.5, Act("hug", one, place, two, mode="peace")
            elif foes and one != quest.villain:
                yield 0.8, Act("argue", one, place, two)
            unknown = state.holder(topic) in (None, quest.villain) and topic not in (one, two)
            unknown = unknown and not (quest.kind == "return" and two == quest.friend)
            unknown = unknown and not state.get("knows", two, topic)
            if one == quest.hero and unknown and not foes and not state.get("knows", one, topic):
                yield 1.5, Act("ask", one, place, two, topic, mode="vain")
            known = state.get("knows", one, topic)
            news = known and known != two and topic != two and not state.get("knows", two, topic)
            if news and not foes and quest.hero not in here:
                yield 2.0, Act("tell", one, place, two, topic, target=str(known))
            for thing in world.things:
                gift = state.where(thing.name) == f"held:{one}" and thing.name not in kept
                if gift and not foes and not state.get("helped", two, one):
                    yield 0.7, Act("give", one, place, two, thing.name)


def _leaving(world: World, quest: Quest, place: str, here: list[str], earlier: list[Act]) -> Weighted:
    left = [act for act in earlier if act.action == "go"]
    for name in here:
        for target in world.places:
            if target.name != place:
                yield 0.25, Act("go", name, place, target=target.name)
        for act in left[-1:]:
            yield 0.6, Act("follow", name, place, act.actor, target=act.target)


def _arriving(world: World, state: State, quest: Quest, place: str, here: list[str], earlier: list[Act]) -> Weighted:
    seen = {name for act in earlier for name in act.people}
    for person in world.people:
        waits = quest.kind == "meet" and person.name == quest.thing
        if person.name not in here and person.name not in seen and not waits and len(here) < 3:
            yield (0.4 if person.name == quest.villain else 0.7), Act("enter", person.name, place)
