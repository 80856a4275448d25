"""The sixteen kinds of goals: how a quest of each kind is reached, act by act.

    acts = plan(scope, state, quest, rng, first=opening)     # the last act is the goal

It does not invent quests: see quests.py.
"""

import random
from collections.abc import Callable, Sequence

from moviellm.generation.studio.plot.plans import NoPlanError, Planner, Quest, Scope
from moviellm.generation.studio.world.actions import Act, State

TRIES = 4
"""A planner chooses among ways; another choice may work where one does not."""


def plan(scope: Scope, state: State, quest: Quest, rng: random.Random, first: Sequence[Act] = ()) -> list[Act]:
    """Acts that end the quest, after the acts `first`; the last act is the goal.

    Raises:
        NoPlanError: it cannot be done, or is done already.
    """
    error = NoPlanError("")
    for _ in range(TRIES):
        planner = Planner(scope, state, rng, quest.thing if quest.kind == "meet" else "")
        try:
            for act in first:
                planner.act(act)
            GOALS[quest.kind](planner, quest)
        except NoPlanError as wrong:
            error = wrong
            continue
        if len(planner.acts) > len(first):
            return planner.acts
        raise NoPlanError(f"nothing is left to do for {quest}")
    raise error


def _hold(planner: Planner, quest: Quest) -> None:
    planner.hold(quest.hero, quest.thing)


def _return(planner: Planner, quest: Quest) -> None:
    hero, friend, thing = quest.hero, quest.friend, quest.thing
    planner.hold(hero, thing)
    asked = planner.state.get("asked", friend, hero, thing)
    planner.do("give", hero, planner.meet(hero, friend), other=friend, thing=thing, mode="asked" if asked else "")


def _deliver(planner: Planner, quest: Quest) -> None:
    if planner.state.holder(quest.thing) != quest.friend:
        _return(planner, quest)
    _read_it(planner, quest.friend, quest.thing)


def _read_it(planner: Planner, hero: str, thing: str) -> None:
    said = str(planner.state.get("message", thing) or "")
    topic, _, target = said.partition(": ")
    planner.do("read", hero, planner.at(hero), thing=thing, topic=topic, target=target)


def _hide(planner: Planner, quest: Quest) -> None:
    planner.hold(quest.hero, quest.thing)
    planner.do("hide", quest.hero, quest.place, thing=quest.thing)


def _bury(planner: Planner, quest: Quest) -> None:
    spade = planner.tool(quest.hero, "spade")
    planner.hold(quest.hero, quest.thing)
    planner.do("bury", quest.hero, quest.place, thing=quest.thing, target=spade)


def _read(planner: Planner, quest: Quest) -> None:
    planner.hold(quest.hero, quest.thing)
    _read_it(planner, quest.hero, quest.thing)


def _open(planner: Planner, quest: Quest) -> None:
    planner.open(quest.hero, quest.thing)


def _meet(planner: Planner, quest: Quest) -> None:
    hero, person = quest.hero, quest.thing
    if not planner.learn(hero, person, quest.place):
        planner.do("search", hero, quest.place, topic=person)
    planner.do("hug", hero, quest.place, other=person)


def _free(planner: Planner, quest: Quest) -> None:
    planner.hold(quest.hero, quest.topic)
    planner.do("free", quest.hero, planner.at(quest.thing), other=quest.thing, target=quest.topic)


def _heal(planner: Planner, quest: Quest) -> None:
    planner.hold(quest.hero, quest.topic)
    planner.do("heal", quest.hero, planner.meet(quest.hero, quest.thing), other=quest.thing, thing=quest.topic)


def _repair(planner: Planner, quest: Quest) -> None:
    hero, thing = quest.hero, quest.thing
    planner.hold(hero, thing)
    tool = quest.topic
    if planner.state.holder(tool) != hero and planner.rng.random() < 0.7:
        planner.do("repair", hero, planner.at(hero), thing=thing, target=tool, mode="vain")
    planner.hold(hero, tool)
    planner.do("repair", hero, planner.at(hero), thing=thing, target=tool)


def _arrest(planner: Planner, quest: Quest) -> None:
    hero, thief, stolen = quest.hero, quest.thing, quest.topic
    if not planner.learn(hero, stolen, thief):
        planner.do("watch", hero, planner.at(thief), other=thief, thing=stolen, mode="carry")
    planner.do("arrest", hero, planner.meet(hero, thief), other=thief, thing=stolen, topic=quest.friend)


def _reconcile(planner: Planner, quest: Quest) -> None:
    hero, other = quest.hero, quest.thing
    gift = quest.topic if planner.state.holder(quest.topic) != other else ""
    if gift:
        planner.hold(hero, gift)
    place = planner.meet(hero, other)
    if planner.state.get("wronged", hero, other):
        planner.do("apologise", hero, place, other=other)
    elif planner.state.get("feels", other, hero) == "angry":
        planner.do("apologise", hero, place, other=other, mode="quarrel")
    if gift:
        planner.do("give", hero, place, other=other, thing=gift)
    feels = planner.state.get("feels", other, hero)
    peace = feels == "trusting" and planner.state.get("feels", hero, other) == "angry"
    planner.do("hug", other, place, other=hero, mode="thanks" if feels == "grateful" else "peace" if peace else "")


def _trade(planner: Planner, quest: Quest) -> None:
    hero, friend = quest.hero, quest.friend
    if not planner.state.get("price", friend):
        planner.do(
            "ask", friend, planner.meet(hero, friend), other=hero, thing=quest.thing, topic=quest.thing, mode="price"
        )
    planner.hold(hero, quest.thing)
    planner.do("trade", hero, planner.meet(hero, friend), other=friend, thing=quest.thing, target=quest.topic)


def _show(planner: Planner, quest: Quest) -> None:
    hero, friend, thing = quest.hero, quest.friend, quest.thing
    planner.hold(hero, thing)
    said = str(planner.state.get("message", thing) or "")
    topic, _, target = said.partition(": ")
    if said and not planner.state.get("read", hero, thing) and planner.can("read"):
        planner.do("read", hero, planner.at(hero), thing=thing, topic=topic, target=target)
    place, mode = planner.meet(hero, friend), "proof" if said else ""
    planner.do("show", hero, place, other=friend, thing=thing, topic=topic, target=target, mode=mode)


def _know(planner: Planner, quest: Quest) -> None:
    hero, thing = quest.hero, quest.thing
    kind, _, spot = planner.state.where(thing).partition(":")
    believed = str(planner.state.get("knows", hero, thing))
    if any(place.name == believed for place in planner.world.places) and kind != "in" and believed != spot:
        planner.do("search", hero, believed, thing=thing, topic=thing, mode="vain")
    if kind not in ("at", "held") or spot == hero or planner.state.get("knows", hero, thing) == spot:
        raise NoPlanError(f"{hero} has nothing to learn about {thing}")
    if not planner.learn(hero, thing, spot):
        raise NoPlanError(f"nobody knows about {thing}")


GOALS: dict[str, Callable[[Planner, Quest], None]] = {
    "hold": _hold, "return": _return, "deliver": _deliver, "hide": _hide, "bury": _bury, "read": _read, "open": _open,
    "meet": _meet, "free": _free, "heal": _heal, "repair": _repair, "arrest": _arrest, "reconcile": _reconcile,
    "trade": _trade, "show": _show, "know": _know,
}  # fmt: skip
GOAL_ACTS = {
    "hold": ("pick_up", "take", "steal", "give", "trade"), "return": ("give",), "deliver": ("read",),
    "hide": ("hide",), "bury": ("bury",), "read": ("read",), "open": ("open",), "meet": ("hug",), "free": ("free",),
    "heal": ("heal",), "repair": ("repair",), "arrest": ("arrest",), "reconcile": ("hug",), "trade": ("trade",),
    "show": ("show",), "know": ("tell", "read"),
}  # fmt: skip
"""The actions that reach a goal."""
