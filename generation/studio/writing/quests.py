"""Quests: who wants what in the next part of the story, and how things stand when it begins.

    quest, cuts = next_quest(world, state, rng, last=True, level=3, earlier=[])

The level says how hard it is: -1 and 0 the goal is at hand, 1 the thing lies somewhere in sight, 2 it is hidden and
a friend knows where, 3 it is hidden and nobody knows,
4 it is in the locked chest, 5 the villain has it, 6 a friend does.
`cuts` are the facts that set this up; only things that nobody has seen yet are put anywhere.

It does not plan how the quest is reached: see plans.py.
"""

import random

from moviellm.generation.studio.writing.actions import NOWHERE, Act, Fact, State, Value
from moviellm.generation.studio.writing.plans import Quest, other_place, unearthing
from moviellm.generation.studio.writing.world import World, goal_fits

Cuts = list[tuple[Fact, Value]]


def next_quest(
    world: World, state: State, rng: random.Random, *, last: bool, level: int, earlier: list[Quest]
) -> tuple[Quest, Cuts]:
    """A quest and the facts it starts from. The last one is the main quest: the key object and the world's goal."""
    villain = next((p.name for p in world.people if p.role == "antagonist"), None)
    friends = [p.name for p in world.people[1:] if p.name != villain]
    hero, friend = world.people[0].name, rng.choice(friends)
    key = world.things[0].name
    kind = world.goal
    if kind == "meet" and (len(world.people) < 3 or (not last or earlier)):
        kind = "return" if goal_fits("return", world.things[0]) else "open"
    topic = world.of_kind("key") or key if kind == "open" else key
    if last:
        thing = friend if kind == "meet" else key
    else:
        kind, thing = _side_quest(world, state, rng, earlier, key, topic)
        if kind != "favour" and len(friends) > 1 and rng.random() < 0.4:
            hero = rng.choice([name for name in friends if name != friend])
    quest = Quest(
        kind=kind,
        hero=hero,
        thing=thing,
        friend=friend,
        villain=villain,
        place=other_place(world, rng, str(state.get("at", hero))),
        topic=topic if kind == "favour" else "",
    )
    return quest, _setting(world, state, quest, rng, level)


def _side_quest(
    world: World, state: State, rng: random.Random, earlier: list[Quest], key: str, topic: str
) -> tuple[str, str]:
    used = [quest.thing for quest in earlier]
    small = [t for t in world.things if "container" not in t.traits and t.name not in (key, topic)]
    small.sort(key=lambda thing: (used.count(thing.name), thing.kind in ("key", "lantern")))
    thing = rng.choice(small[:3])
    kinds = ["favour", "favour", "favour", "return", "hide"] + (["read", "read"] if "text" in thing.traits else [])
    kinds = [kind for kind in kinds if not earlier or kind != earlier[-1].kind or kind == "favour"]
    return rng.choice(kinds), thing.name


def _setting(world: World, state: State, quest: Quest, rng: random.Random, level: int) -> Cuts:
    cuts: Cuts = []
    if quest.kind == "meet":
        cuts = [(("at", quest.thing), quest.place)]
        knowers = [p.name for p in world.people if p.name not in (quest.hero, quest.thing, quest.villain)]
        knowers = knowers or [p.name for p in world.people if p.name not in (quest.hero, quest.thing)]
        knower = quest.hero if level <= 0 else rng.choice(knowers) if knowers and level > 1 else None
        return cuts + ([(("knows", knower, quest.thing), quest.place)] if knower else [])
    if quest.kind == "favour":
        cuts += _topic(world, state, quest, rng)
        cuts.append((("price", quest.friend), quest.thing if level <= 0 else False))
    if level > 0:
        cuts += _furniture(world, state, quest, rng)
    target = quest.thing
    if quest.kind == "open":
        chest_at = state.where(target)
        if chest_at == NOWHERE:
            spot = quest.place if level > 0 else str(state.get("at", quest.hero))
            cuts += [(("where", target), f"at:{spot}"), (("locked", target), level > 0)]
        target = world.of_kind("key") or target
        level = 3 if level == 4 else level
    if state.where(target) == NOWHERE and target != quest.topic:
        cuts += _placed(world, state, quest, target, rng, level)
    return cuts


def _placed(world: World, state: State, quest: Quest, thing: str, rng: random.Random, level: int) -> Cuts:
    """Where a thing that nobody has seen yet is when the quest begins."""
    here = str(state.get("at", quest.hero))
    far = other_place(world, rng, here, quest.place)
    held = ("where", thing)
    chest = world.of_kind("chest")
    others = [p.name for p in world.people if p.name not in (quest.hero, quest.villain, quest.friend)]
    friend = rng.choice(others or [quest.friend])
    if level <= 0:
        return [(held, f"at:{here}" if quest.kind in ("hold", "open") else f"held:{quest.hero}")]
    if level == 2:
        return [(held, f"at:{far}"), (("hidden", thing), True), (("knows", friend, thing), far)]
    if level == 3:
        return [(held, f"at:{far}"), (("hidden", thing), True)]
    if level == 4 and chest and chest not in (thing, world.things[0].name) and state.where(chest) == NOWHERE:
        key = world.of_kind("key") or ""
        cuts: Cuts = [(("where", chest), f"at:{far}"), (("locked", chest), True), (held, f"in:{chest}")]
        return cuts + ([(("where", key), f"held:{friend}")] if state.where(key) == NOWHERE else [])
    if level == 5 and quest.villain:
        return [(held, f"held:{quest.villain}"), (("knows", friend, thing), quest.villain)]
    if level == 6 and friend != quest.friend:
        return [(held, f"held:{friend}")]
    return [(held, f"at:{far}")]


def _topic(world: World, state: State, quest: Quest, rng: random.Random) -> Cuts:
    """The friend of a favour knows where the main thing is; if it is nowhere yet, it is hidden now."""
    kind, _, spot = state.where(quest.topic).partition(":")
    cuts: Cuts = []
    if kind in (NOWHERE, "in"):
        spot = other_place(world, rng, str(state.get("at", quest.hero)))
        cuts = [(("where", quest.topic), f"at:{spot}"), (("hidden", quest.topic), True)]
    return [*cuts, (("knows", quest.friend, quest.topic), spot)]


def _furniture(world: World, state: State, quest: Quest, rng: random.Random) -> Cuts:
    """Things of no quest stand and lie about: a light to find, something to read, small wants of other people."""
    cuts: Cuts = []
    loose = [t for t in world.things if state.where(t.name) == NOWHERE and t.name not in (quest.thing, quest.topic)]
    loose = [t for t in loose if t is not world.things[0] and t.kind not in ("key", "chest")]
    for thing in loose[:4]:
        spot = rng.choice(world.places).name
        holder = rng.choice([p.name for p in world.people if p.name != quest.thing])
        lies = rng.random() < 0.7 or "light" in thing.traits
        cuts.append((("where", thing.name), f"at:{spot}" if lies else f"held:{holder}"))
    chest, key, spot = world.of_kind("chest"), world.of_kind("key"), rng.choice(world.places).name
    free = chest and key and {chest, key}.isdisjoint((quest.thing, quest.topic, world.things[0].name))
    if free and state.where(str(chest)) == state.where(str(key)) == NOWHERE and rng.random() < 0.8:
        cuts += [(("where", str(chest)), f"at:{spot}"), (("where", str(key)), f"at:{spot}")]
    return cuts


def _moved(world: World, state: State, quest: Quest, rng: random.Random) -> tuple[Act, ...]:
    """The villain moves the main thing away from where the hero knows it to be, and the friend sees where."""
    kind, _, spot = state.where(quest.topic).partition(":")
    if not quest.villain or kind != "at" or state.get("knows", quest.hero, quest.topic) != spot:
        return ()
    den = other_place(world, rng, spot)
    return (
        *unearthing(state, quest.villain, quest.topic, spot),
        Act("hide", quest.villain, den, thing=quest.topic),
        Act("watch", quest.friend, den, quest.villain, quest.topic, mode="hide"),
    )


def opening(world: World, state: State, quest: Quest, rng: random.Random) -> tuple[Act, ...]:
    """The acts a quest begins with: who asks for what."""
    place = str(state.get("at", quest.friend))
    holder = state.holder(quest.thing)
    if quest.villain and (holder == quest.friend or (holder == quest.hero and quest.kind == "hold")):
        spot = str(state.get("at", holder))
        away = other_place(world, rng, spot)
        theft = Act("steal", quest.villain, spot, holder, quest.thing), Act("go", quest.villain, spot, target=away)
        ask = Act("ask", quest.friend, spot, quest.hero, quest.thing, mode="request")
        return (*theft, ask) if holder == quest.friend and quest.kind == "return" else theft
    if quest.kind == "favour":
        return (
            *_moved(world, state, quest, rng),
            Act("ask", quest.hero, place, quest.friend, quest.topic, mode="vain"),
            Act("ask", quest.friend, place, quest.hero, quest.thing, mode="price"),
        )
    if quest.kind == "return":
        return (Act("ask", quest.friend, place, quest.hero, quest.thing, mode="request"),)
    if quest.kind == "meet":
        return _asking_around(world, state, quest, rng)
    if quest.villain and holder == quest.villain and rng.random() < 0.5:
        return (Act("argue", quest.hero, str(state.get("at", quest.hero)), quest.villain, quest.thing),)
    return _asking_around(world, state, quest, rng)


def _asking_around(world: World, state: State, quest: Quest, rng: random.Random) -> tuple[Act, ...]:
    """The hero asks somebody who does not know."""
    clueless = [
        p.name
        for p in world.people
        if p.name not in (quest.hero, quest.villain, quest.thing)
        and not state.get("knows", p.name, quest.thing)
        and state.holder(quest.thing) != p.name
    ]
    if not clueless:
        return ()
    asked = rng.choice(clueless)
    return (Act("ask", quest.hero, str(state.get("at", asked)), asked, quest.thing, mode="vain"),)
