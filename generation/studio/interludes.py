"""What people do in a scene beside the quest: every act that is possible and plausible there, in a seeded order.

    acts = interlude(world, state, quest, place, earlier_acts, rng, last=False, secret=False)

Nobody arrives in a scene that is a secret. The caller takes the first one that leaves its plan possible. There is always something: somebody can wait.

It changes nothing: see story.py.
"""

import random
from collections.abc import Iterator

from moviellm.generation.studio.actions import Act, State
from moviellm.generation.studio.plans import Quest
from moviellm.generation.studio.world import World

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
    kinds = [act.action for act in earlier]
    scored = []
    for weight, act in options:
        again = (act.action, act.actor, act.other, act.thing) in done
        undone = any({act.action, old.action} == {"pick_up", "drop"} and act.thing == old.thing for old in earlier)
        weight *= 0.02 if again or undone else 0.3 ** kinds.count(act.action)
        scored.append((rng.random() ** (1.0 / max(weight, 1e-6)), act))
    return [act for _, act in sorted(scored, key=lambda pair: pair[0], reverse=True)]


def _kept(world: World, quest: Quest) -> tuple[str, ...]:
    """Things that only the quests may move."""
    return quest.thing, quest.topic, world.things[0].name, world.of_kind("key") or ""


def _alone(world: World, state: State, quest: Quest, place: str, here: list[str]) -> Weighted:
    kept = _kept(world, quest)
    for name in here:
        yield 0.5, Act("wait", name, place)
        if state.where(quest.thing) != f"held:{name}" and quest.kind not in ("meet", "open") and name != quest.friend:
            dark = world.place(place).dark
            there = state.where(quest.thing) == f"at:{place}"
            if not dark and not there:
                yield (1.6 if name == quest.hero else 0.5), Act("search", name, place, thing=quest.thing, mode="vain")
        for thing in world.things:
            where = state.where(thing.name)
            if thing.name in kept:
                continue
            if where == f"held:{name}":
                if "light" in thing.traits and not state.get("lit", thing.name):
                    yield 1.2, Act("light", name, place, thing=thing.name)
                if "text" in thing.traits:
                    yield (
                        (0.3 if state.get("read", name, thing.name) else 1.5),
                        Act("read", name, place, thing=thing.name),
                    )
                yield 0.4, Act("drop", name, place, thing=thing.name)
            elif where == f"at:{place}" and not state.get("hidden", thing.name) and "container" not in thing.traits:
                yield 1.0, Act("pick_up", name, place, thing=thing.name)
            elif where == f"at:{place}" and thing.kind == "chest" and not state.get("locked", thing.name):
                yield 0.5, Act("open", name, place, thing=thing.name)


def _together(world: World, state: State, quest: Quest, place: str, here: list[str]) -> Weighted:
    topic, kept = quest.topic or quest.thing, _kept(world, quest)
    for one in here:
        for two in here:
            if one == two:
                continue
            foes = quest.villain in (one, two)
            yield 0.6, Act("watch", one, place, two)
            if state.get("helped", two, one) and not foes:
                yield 2.0, Act("hug", one, place, two, mode="thanks")
            if state.get("wronged", two, one):
                yield 2.0, Act("argue", one, place, two, mode="wronged")
            elif state.get("angry", *sorted((one, two))):
                yield (0.4 if foes else 1.5), Act("hug", one, place, two, mode="peace")
            elif foes and one != quest.villain:
                yield 0.8, Act("argue", one, place, two)
            if one == quest.hero and state.holder(topic) not in (one, two) and not state.get("knows", one, topic):
                yield 1.5, Act("ask", one, place, two, topic, mode="vain")
            known = state.get("knows", one, topic)
            if quest.hero not in here and known and known != two and not foes and not state.get("knows", two, topic) and topic != two:
                yield 2.0, Act("tell", one, place, two, topic, target=str(known))
            for thing in world.things:
                if state.where(thing.name) == f"held:{one}" and thing.name not in kept:
                    yield (0.2 if foes else 0.9), Act("give", one, place, two, thing.name)


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
            yield (0.6 if person.name == quest.villain else 1.0), Act("enter", person.name, place)
