"""Sub-plots: short plots of two or three people, each with a want, what comes of it, and an end.

    name, acts = episode(scope, state, rng, fresh=("gift", "quarrel"))     # NoPlanError when nothing works

An episode is written as the acts it takes; the planner tries each on a copy of the state and finds the ways to get
hold of things. Its people and objects are drawn; objects of other plots (`scope.kept`) are left alone.

It decides nothing about when: see story.py.
"""

import random
from collections.abc import Callable

from moviellm.generation.studio.plot.drawn import Cast, effort, held_by, secret, some
from moviellm.generation.studio.plot.goals import GOALS
from moviellm.generation.studio.plot.plans import NoPlanError, Planner, Quest, Scope, other_place
from moviellm.generation.studio.plot.strife import STRIFE
from moviellm.generation.studio.world.actions import Act, State


def episode(scope: Scope, state: State, rng: random.Random, name: str, cast: Cast) -> list[Act]:
    """The acts of one episode by these people, the one it begins with first.

    Raises:
        NoPlanError: it cannot happen now.
    """
    planner = Planner(scope, state, rng)
    EPISODES[name](planner, cast)
    if not planner.acts:
        raise NoPlanError(f"nothing happens in {name}")
    return planner.acts


def _gift(planner: Planner, cast: Cast) -> None:
    one, two = cast[:2]
    thing = some(planner, of=one).name
    planner.hold(one, thing)
    place = planner.meet(one, two)
    planner.do("give", one, place, other=two, thing=thing)
    planner.do("hug", two, place, other=one, mode="thanks")


def _repair(planner: Planner, cast: Cast) -> None:
    one = cast[0]
    broken = [t for t in planner.free_things() if planner.state.get("broken", t.name)]
    if not broken:
        raise NoPlanError("nothing is broken")
    hammers = [t for t in planner.free_things("tool") if t.kind == "hammer"]
    if not hammers:
        raise NoPlanError("there is no hammer")
    quest = Quest(
        kind="repair", hero=one, thing=broken[0].name, friend=cast[1], villain=None, place="", topic=hammers[0].name
    )
    GOALS["repair"](planner, quest)
    planner.do("show", one, planner.meet(one, cast[1]), other=cast[1], thing=broken[0].name)


def _meal(planner: Planner, cast: Cast) -> None:
    one, two = cast[:2]
    food = some(planner, "food", of=two).name
    planner.hold(two, food)
    place = planner.meet(one, two)
    planner.do("ask", one, place, other=two, thing=food, topic=food)
    if planner.can("refuse") and planner.rng.random() < 0.35:
        planner.do("refuse", two, place, other=one, thing=food, topic=food)
        planner.do("eat", two, place, thing=food)
        planner.do("argue", one, place, other=two, thing=food, mode="thing")
        return
    planner.do("give", two, place, other=one, thing=food, mode="asked")
    planner.do("eat", one, place, thing=food)


def _letter(planner: Planner, cast: Cast) -> None:
    """One writes to the other where something is; now and then it is not true."""
    one, two = cast[:2]
    letter = some(planner, "letter", of=one).name
    topic, truth = secret(planner, one, two)
    false = planner.rng.random() < 0.25
    target = other_place(planner.world, planner.rng, truth) if false else truth
    planner.hold(one, letter)
    place = planner.meet(one, two)
    planner.do(
        "write", one, place, thing=letter, topic=topic, target=target, mode="false" if false else ""
    )  # fmt: skip
    planner.do("give", one, place, other=two, thing=letter)
    planner.do("read", two, place, thing=letter, topic=topic, target=target)
    if false and not planner.world.thing(topic).traits.count("furniture"):
        planner.do("search", two, target, thing=topic, topic=topic, mode="vain")


def _news(planner: Planner, cast: Cast) -> None:
    """What one knows the other learns and sees for themselves."""
    one, two = cast[:2]
    topic, truth = secret(planner, one, two)
    place = planner.meet(one, two)
    planner.do("tell", one, place, other=two, thing=topic, topic=topic, target=truth)
    planner.hold(two, topic)
    planner.do("show", two, planner.meet(one, two), other=one, thing=topic)


def _promise(planner: Planner, cast: Cast) -> None:
    one, two = cast[:2]
    thing = some(planner).name
    if planner.state.holder(thing) == two:
        raise NoPlanError("they have it")
    planner.do("promise", one, planner.meet(one, two), other=two, thing=thing)
    planner.hold(one, thing)
    place = planner.meet(one, two)
    planner.do("give", one, place, other=two, thing=thing)
    planner.do("hug", two, place, other=one, mode="thanks")


def _trade(planner: Planner, cast: Cast) -> None:
    one, two = cast[:2]
    mine, theirs = some(planner, of=one), held_by(planner, two)
    if mine.name == theirs.name or planner.state.get("price", two):
        raise NoPlanError("there is nothing to trade")
    place = planner.meet(one, two)
    if planner.can("refuse") and planner.rng.random() < 0.6:
        planner.do("ask", one, place, other=two, thing=theirs.name, topic=theirs.name)
        planner.do("refuse", two, place, other=one, thing=theirs.name, topic=theirs.name)
    planner.do("ask", two, place, other=one, thing=mine.name, topic=mine.name, mode="price")
    planner.hold(one, mine.name)
    planner.do("trade", one, planner.meet(one, two), other=two, thing=mine.name, target=theirs.name)


def _stash(planner: Planner, cast: Cast) -> None:
    """Something is put away in a container, which may be locked; another tries it in vain."""
    one, two = cast[:2]
    thing = some(planner, of=one)
    boxes = [
        t.name
        for t in planner.free_things("container")
        if planner.state.where(t.name).startswith("at:")
        and not planner.state.get("hidden", t.name)
        and not planner.state.get("buried", t.name)
        and (not planner.stage or planner.state.where(t.name) == f"at:{planner.stage}")
    ]
    if not boxes or "container" in thing.traits or thing.kind == "key":
        raise NoPlanError("there is nothing to put it into")
    box = boxes[0]
    key = planner.world.key_of(box) or ""
    if key and key not in planner.scope.kept and planner.rng.random() < 0.7:
        planner.hold(one, key)
    planner.hold(one, thing.name)
    planner.open(one, box)
    spot = planner.state.where(box)[3:]
    planner.do("hide", one, spot, thing=thing.name, target=box)
    planner.do("close", one, spot, thing=box)
    if planner.state.holder(key) == one:
        planner.do("lock", one, spot, thing=box, target=key)
        planner.do("open", two, spot, thing=box, mode="vain")


def _burial(planner: Planner, cast: Cast) -> None:
    """Something is buried; somebody who was told digs it up, or digs where it is not."""
    one, two = cast[:2]
    outdoors = [place.name for place in planner.world.places if not place.indoor]
    thing = some(planner, of=one)
    if not outdoors or thing.kind == "spade":
        raise NoPlanError("nothing can be buried")
    spade = planner.tool(one, "spade")
    if spade in planner.scope.kept:
        raise NoPlanError("the spade is needed")
    planner.hold(one, thing.name)
    spot = planner.stage if planner.stage in outdoors else planner.rng.choice(outdoors)
    planner.do("bury", one, spot, thing=thing.name, target=spade)
    wrong = [name for name in outdoors if name != spot]
    place = planner.meet(one, two)
    spoken = {"other": two, "thing": thing.name, "topic": thing.name}
    if wrong and planner.rng.random() < 0.5:
        target = planner.rng.choice(wrong)
        planner.do("lie", one, place, **spoken, target=target)
        planner.hold(two, spade)
        planner.do("dig", two, target, thing=thing.name, target=spade, mode="vain")
        return
    planner.do("tell", one, place, **spoken, target=spot)
    planner.hold(two, thing.name)


def _call(planner: Planner, cast: Cast) -> None:
    """One calls the other, who comes with news or a gift; or nobody answers."""
    one, two = cast[:2]
    here, there = planner.stage or planner.at(one), planner.at(two)
    if here == there:
        there = other_place(planner.world, planner.rng, here)
        planner.state.cut(("at", two), there)
    empty = [place.name for place in planner.world.places if place.name not in (here, there)]
    if empty and planner.rng.random() < 0.4:
        planner.do("call", one, here, other=two, target=planner.rng.choice(empty), mode="vain")
    planner.do("call", one, here, other=two, target=there, topic=one)
    planner.do("enter", two, here, mode="called", topic=one)
    thing = held_by(planner, two).name
    planner.do("show", two, here, other=one, thing=thing)


def _lights(planner: Planner, cast: Cast) -> None:
    """A lamp is lit and put out by somebody else."""
    one, two = cast[:2]
    lamps = [t.name for t in planner.free_things("light") if not planner.state.get("lit", t.name)]
    if not lamps:
        raise NoPlanError("no lamp")
    lamps.sort(key=lambda lamp: effort(planner, lamp, one))
    planner.hold(one, lamps[0])
    place = planner.meet(one, two)
    planner.do("light", one, place, thing=lamps[0])
    planner.do("put_out", two, place, other=one, thing=lamps[0])


def _evening(planner: Planner, cast: Cast) -> None:
    """Somebody reads by a lamp, puts it out and sleeps."""
    one = cast[0]
    lamps = [t.name for t in planner.free_things("light") if not planner.state.get("lit", t.name)]
    if not lamps:
        raise NoPlanError("no lamp")
    lamps.sort(key=lambda lamp: effort(planner, lamp, one))
    planner.hold(one, lamps[0])
    place = planner.stage or planner.at(one)
    planner.do("light", one, place, thing=lamps[0])
    for text in planner.free_things("text"):
        if planner.state.holder(text.name) == one:
            topic, _, target = str(planner.state.get("message", text.name) or "").partition(": ")
            planner.do("read", one, place, thing=text.name, topic=topic, target=target)
            break
    planner.do("put_out", one, place, thing=lamps[0])
    planner.do("sleep", one, place)


def _left_behind(planner: Planner, cast: Cast) -> None:
    """Somebody goes without what they had, and comes back for it."""
    one = cast[0]
    thing = some(planner, of=one).name
    planner.hold(one, thing)
    place = planner.stage or planner.at(one)
    planner.do("drop", one, place, thing=thing)
    away = planner.next_to(place)
    planner.do("go", one, place, target=away)
    planner.do("enter", one, place)
    planner.do("pick_up", one, place, thing=thing)


def _errand(planner: Planner, cast: Cast) -> None:
    """Somebody asks for a thing and is brought it."""
    one, two = cast[:2]
    thing = some(planner).name
    if planner.state.holder(thing) == two:
        raise NoPlanError("they have it")
    planner.do("ask", two, planner.meet(one, two), other=one, thing=thing, topic=thing, mode="request")
    planner.hold(one, thing)
    place = planner.meet(one, two)
    planner.do("give", one, place, other=two, thing=thing, mode="asked")


def _hunt(planner: Planner, cast: Cast) -> None:
    """Somebody looks for what is hidden, buried or locked away, and shows it."""
    one, two = cast[:2]
    away = [
        t.name
        for t in planner.free_things()
        if "furniture" not in t.traits
        and (
            planner.state.get("hidden", t.name)
            or planner.state.get("buried", t.name)
            or planner.state.where(t.name).startswith("in:")
        )
    ]
    if not away:
        raise NoPlanError("nothing is hidden")
    thing, place = away[0], planner.meet(one, two)
    if not planner.state.get("knows", two, thing):
        planner.do("ask", one, place, other=two, thing=thing, topic=thing, mode="vain")
    planner.hold(one, thing)
    planner.do("show", one, planner.meet(one, two), other=two, thing=thing)


EPISODES: dict[str, Callable[[Planner, Cast], None]] = {
    "gift": _gift, "repair": _repair, "meal": _meal, "letter": _letter, "news": _news, "promise": _promise,
    "trade": _trade, "stash": _stash, "burial": _burial, "call": _call, "lights_out": _lights,
    "object_left_behind": _left_behind, "errand": _errand, "hunt": _hunt, "evening": _evening, **STRIFE,
}  # fmt: skip
RARE = ("identical_twins", "false_alarm", "broken_promise", "object_left_behind", "mistaken_place", "lights_out")
"""Rare situations: told only when a recipe asks for them."""
ORDINARY = tuple(name for name in EPISODES if name not in RARE)
OFTEN = ("stash", "burial", "letter", "letter", "stash", "burial", "evening", "pursuit", "wound", "theft", "repair")
"""Sub-plots that need much to be so are tried more often."""
