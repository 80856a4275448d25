"""What can go wrong with the main plot: each a few acts after which it has to be planned again.

    for acts in troubles(scope, state, quest, rng): ...

It decides nothing about when: see telling.py.
"""

import random
from collections.abc import Iterator

from moviellm.generation.studio.plot.plans import Quest, Scope, other_place, place_of
from moviellm.generation.studio.plot.quests import PERSONS
from moviellm.generation.studio.world.actions import Act, State
from moviellm.generation.studio.world.world import World


def troubles(scope: Scope, state: State, quest: Quest, rng: random.Random) -> list[tuple[Act, ...]]:
    """Things that could go wrong now, in a seeded order."""
    found = [acts for acts in _troubles(scope.world, state, quest, rng) if acts]
    allowed = [acts for acts in found if scope.actions.issuperset(act.action for act in acts)]
    return rng.sample(allowed, len(allowed))


def _troubles(world: World, state: State, quest: Quest, rng: random.Random) -> Iterator[tuple[Act, ...]]:
    hero, villain = quest.hero, quest.villain
    thing = quest.topic if quest.kind in PERSONS or quest.kind == "repair" else quest.thing
    if quest.kind == "open":
        thing = world.key_of(quest.thing) or ""
    if villain and state.get("captive", villain):
        villain = None
    if villain and thing and quest.kind != "arrest":
        kind, _, spot = state.where(thing).partition(":")
        here = place_of(world, state, hero)
        away = other_place(world, rng, here)
        if kind == "held" and spot == hero and not state.get("captive", hero):
            yield (*_stolen(world, state, quest, villain, thing, here, rng),)
            yield (
                Act("threaten", villain, here, hero, thing),
                Act("give", hero, here, villain, thing, mode="forced"),
                Act("flee", hero, here, target=away, topic=villain),
            )
            yield (
                Act("argue", villain, here, hero, thing, mode="thing"),
                Act("drop", hero, here, thing=thing),
                Act("flee", hero, here, target=away),
                Act("pick_up", villain, here, thing=thing),
            )
        if kind == "held" and spot == villain:
            den = other_place(world, rng, place_of(world, state, villain), here)
            yield (Act("hide", villain, den, thing=thing), *_spied(world, quest, villain, thing, den, rng))
            yield _locked_up(world, state, villain, thing)
        if kind == "at" and not state.get("buried", thing) and state.get("knows", villain, thing) != spot:
            yield _moved(world, state, quest, villain, thing, spot, rng)
    yield from _setbacks(world, state, quest, thing, rng)


def _stolen(
    world: World, state: State, quest: Quest, villain: str, thing: str, here: str, rng: random.Random
) -> list[Act]:
    """The villain steals it from the hero; a friend may see it."""
    acts = [Act("steal", villain, here, quest.hero, thing)]
    seen = [
        p.name
        for p in world.people
        if p.name not in (quest.hero, villain, quest.thing) and not state.get("captive", p.name)
    ]
    if seen and rng.random() < 0.6:
        acts.append(Act("watch", rng.choice(seen), here, villain, thing, topic=quest.hero, mode="deed"))
    return [*acts, Act("go", villain, here, target=other_place(world, rng, here))]


def _spied(world: World, quest: Quest, villain: str, thing: str, den: str, rng: random.Random) -> tuple[Act, ...]:
    spies = [p.name for p in world.people if p.name not in (quest.hero, villain, quest.thing)]
    if not spies or rng.random() < 0.4:
        return ()
    return (Act("watch", rng.choice(spies), den, villain, thing, mode="hide"),)


def _moved(
    world: World, state: State, quest: Quest, villain: str, thing: str, spot: str, rng: random.Random
) -> tuple[Act, ...]:
    """The villain comes first: takes it and hides it elsewhere."""
    pick = Act("pick_up", villain, spot, thing=thing)
    den = other_place(world, rng, spot)
    found: tuple[Act, ...] = ()
    if state.get("hidden", thing):
        found = (Act("search", villain, spot, thing=thing), Act("find", villain, spot, thing=thing))
    return (*found, pick, Act("hide", villain, den, thing=thing), *_spied(world, quest, villain, thing, den, rng))


def _locked_up(world: World, state: State, villain: str, thing: str) -> tuple[Act, ...]:
    """The villain puts it into a container and turns the key, when both are at hand."""
    for box, key in world.locks:
        kind, _, spot = state.where(box).partition(":")
        if thing in (box, key) or state.get("locked", box) or kind != "at" or state.get("hidden", box):
            continue
        if state.where(key) not in (f"at:{spot}", f"held:{villain}") or state.get("hidden", key):
            continue
        fetched = (Act("pick_up", villain, spot, thing=key),) if state.where(key) == f"at:{spot}" else ()
        opened = () if state.get("open", box) else (Act("open", villain, spot, thing=box),)
        hidden = Act("hide", villain, spot, thing=thing, target=box)
        closed = Act("close", villain, spot, thing=box)
        return (*fetched, *opened, hidden, closed, Act("lock", villain, spot, thing=box, target=key))
    return ()


def _setbacks(world: World, state: State, quest: Quest, thing: str, rng: random.Random) -> Iterator[tuple[Act, ...]]:
    """What costs time without moving the object: a question in vain, a call that nobody answers, a quarrel, a lie."""
    hero = quest.hero
    others = [p.name for p in world.people if p.name not in (hero, quest.thing) and not state.get("captive", p.name)]
    rng.shuffle(others)
    for other in others[:2]:
        place = place_of(world, state, other)
        topic = thing or quest.thing
        person = world.is_person(topic)
        ignorant = not state.get("knows", other, topic) and state.holder(topic) != other and other != topic
        if ignorant and not state.get("knows", hero, topic):
            yield (Act("ask", hero, place, other, "" if person else topic, topic=topic, mode="vain"),)
        empty = other_place(world, rng, place, place_of(world, state, hero))
        if empty != place and rng.random() < 0.35:
            yield (Act("call", hero, place_of(world, state, hero), other, target=empty, mode="vain"),)
        held = state.where(topic).startswith("at:") and not person
        if (
            other == quest.villain
            and held
            and state.get("knows", other, topic)
            and not state.get("knows", hero, topic)
        ):
            wrong = other_place(world, rng, state.where(topic)[3:])
            yield (Act("lie", other, place, hero, topic, target=wrong, topic=topic),)
