"""How goals are reached: quests, the planner that turns a quest into acts, and complications that lengthen it.

    quest = Quest(kind="return", hero="Ada", thing="silver key", friend="Ben", villain="Cora", place="the old inn")
    acts = plan(world, state, quest)        # the shortest telling from this state; NoPlanError when there is none

A planner works backwards over the state: to give a thing one must hold it, to hold it one must find it, be given it or
take it, to find it one must be told or search, to search a dark place one needs a light, to open a chest its key. It
tries every act on a copy of the state, so a plan can always be carried out. Between scenes people may be moved.

It does not fill scenes or count them: see story.py.
"""

import random
from dataclasses import dataclass

from moviellm.generation.studio.writing.actions import Act, State
from moviellm.generation.studio.writing.world import World

DEPTH_MAX = 8


class NoPlanError(Exception):
    """The goal cannot be reached from this state."""


@dataclass(frozen=True, kw_only=True)
class Quest:
    """Somebody wants something. `favour` quests end with the friend telling about `topic`, the main quest's object."""

    kind: str
    """return, hold, hide, read, open, meet or favour."""
    hero: str
    thing: str
    """The object, or the person to meet."""
    friend: str
    """Who is to get the thing, or who else cares."""
    villain: str | None
    place: str
    """Where it is to end: the hiding place, or where the person to meet is."""
    topic: str = ""


class Planner:
    """Acts towards a goal, each tried on a copy of the state."""

    def __init__(self, world: World, state: State, villain: str | None, away: str = "") -> None:
        self.world = world
        self.state = state.copy()
        self.villain = villain
        self.away = away
        """Somebody nobody may meet before the end."""
        self.acts: list[Act] = []

    def do(self, action: str, actor: str, place: str, **rest: str) -> None:
        """Bring the people there and let it happen on the copy."""
        act = Act(action, actor, place, **rest)
        for name in act.people:
            if action != "enter" and not (action == "follow" and name == act.other):
                self.state.cut(("at", name), place)
        reason = self.state.wrong(act)
        if reason:
            raise NoPlanError(reason)
        self.state.apply("plan", act)
        self.acts.append(act)

    def place_of(self, name: str) -> str:
        """Where somebody is."""
        return str(self.state.get("at", name))

    def hold(self, hero: str, thing: str, depth: int = 0) -> None:
        """Get a thing into somebody's hands."""
        where = self.state.where(thing)
        if where == f"held:{hero}":
            return
        if depth > DEPTH_MAX:
            raise NoPlanError(f"{hero} runs in circles after {thing}")
        kind, _, spot = where.partition(":")
        if kind == "at":
            if self.state.get("hidden", thing):
                self._find(hero, thing, spot, depth)
            self.do("pick_up", hero, spot, thing=thing)
        elif kind == "in":
            self.open(hero, spot, depth)
            self.do("take", hero, self.state.where(spot)[3:], thing=thing, target=spot)
        elif kind == "held":
            self._from(hero, thing, spot, depth)
        else:
            raise NoPlanError(f"{thing} is nowhere")

    def open(self, hero: str, chest: str, depth: int = 0) -> None:
        """Open a container."""
        if self.state.get("open", chest):
            return
        mode, key = "", self.world.of_kind("key") or ""
        if self.state.get("locked", chest):
            self.hold(hero, key, depth + 1)
            mode = "key"
        spot = self.state.where(chest)
        if not spot.startswith("at:"):
            raise NoPlanError(f"{chest} stands nowhere")
        self.do("open", hero, spot[3:], thing=chest, target=key if mode else "", mode=mode)

    def learn(self, hero: str, topic: str, truth: str, depth: int = 0) -> bool:
        """Get to know where a thing or person is, from somebody who knows; whether anybody does."""
        if self.state.get("knows", hero, topic) == truth:
            return True
        knower = self._knower(hero, topic, truth)
        if knower is None:
            return False
        place = self.place_of(knower)
        price = self.state.get("price", knower)
        if price and price != "paid":
            self.pay(hero, knower, depth)
        if self.state.get("price", knower) == "paid":
            self.do("tell", knower, self.place_of(knower), other=hero, thing=topic, target=truth, mode="favour")
            return True
        self.do("ask", hero, place, other=knower, thing=topic)
        self.do("tell", knower, place, other=hero, thing=topic, target=truth, mode="asked")
        return True

    def pay(self, hero: str, friend: str, depth: int = 0) -> None:
        """Bring somebody what they asked for."""
        thing = str(self.state.get("price", friend))
        self.hold(hero, thing, depth + 1)
        self.do("give", hero, self.place_of(friend), other=friend, thing=thing, mode="favour")

    def _knower(self, hero: str, topic: str, truth: str) -> str | None:
        for person in self.world.people:
            friendly = person.name not in (hero, self.villain, self.away)
            if friendly and self.state.get("knows", person.name, topic) == truth:
                return person.name
        return None

    def _find(self, hero: str, thing: str, spot: str, depth: int) -> None:
        if self.learn(hero, thing, spot, depth):
            self.do("find", hero, spot, thing=thing, mode="told")
            return
        lamp = self._lamp(hero, thing, depth) if self.world.place(spot).dark else ""
        self.do("search", hero, spot, thing=thing, target=lamp)
        self.do("find", hero, spot, thing=thing)

    def _lamp(self, hero: str, thing: str, depth: int) -> str:
        lamps = [t.name for t in self.world.things if "light" in t.traits and t.name != thing]
        lamps = [name for name in lamps if self.state.where(name) != "nowhere"]
        if not lamps:
            return ""
        lamp = next((name for name in lamps if self.state.holder(name) == hero), lamps[0])
        self.hold(hero, lamp, depth + 1)
        if not self.state.get("lit", lamp):
            self.do("light", hero, self.place_of(hero), thing=lamp)
        return lamp

    def _from(self, hero: str, thing: str, owner: str, depth: int) -> None:
        place = self.place_of(owner)
        if self.state.get("wronged", owner, hero):
            if not self.learn(hero, thing, owner, depth):
                self.do("watch", hero, place, other=owner, thing=thing, mode="carry")
            self.do("argue", hero, self.place_of(owner), other=owner, thing=thing, mode="wronged")
            self.do("take", hero, self.place_of(owner), other=owner, thing=thing, mode="known")
        elif owner == self.villain or hero == self.villain:
            if not self.learn(hero, thing, owner, depth):
                self.do("watch", hero, place, other=owner, thing=thing, mode="carry")
            self.do("steal", hero, self.place_of(owner), other=owner, thing=thing, mode="known")
        elif self.state.get("price", owner):
            if self.state.get("price", owner) != "paid":
                self.pay(hero, owner, depth)
            self.do("give", owner, self.place_of(owner), other=hero, thing=thing, mode="reward")
        else:
            self.do("ask", hero, place, other=owner, thing=thing)
            self.do("give", owner, place, other=hero, thing=thing, mode="asked")


def plan(world: World, state: State, quest: Quest, first: tuple[Act, ...] = ()) -> list[Act]:
    """Acts that end the quest, after the acts `first`; the last act is the goal.

    Raises:
        NoPlanError: it cannot be done, or is done already.
    """
    planner = Planner(world, state, quest.villain, quest.thing if quest.kind == "meet" else "")
    for act in first:
        planner.do(
            act.action, act.actor, act.place, other=act.other, thing=act.thing, target=act.target, mode=act.mode
        )
    _reach(planner, quest)
    if len(planner.acts) <= len(first):
        raise NoPlanError(f"nothing is left to do for {quest}")
    return planner.acts


def _reach(planner: Planner, quest: Quest) -> None:
    hero, thing, friend = quest.hero, quest.thing, quest.friend
    if quest.kind == "meet":
        if not planner.learn(hero, thing, quest.place):
            planner.do("search", hero, quest.place, thing=thing)
        planner.do("hug", hero, quest.place, other=thing)
    elif quest.kind == "open":
        planner.open(hero, thing)
    elif quest.kind == "favour":
        planner.pay(hero, friend)
        truth = str(planner.state.get("knows", friend, quest.topic))
        planner.do(
            "tell", friend, planner.place_of(friend), other=hero, thing=quest.topic, target=truth, mode="favour"
        )
    else:
        planner.hold(hero, thing)
        if quest.kind == "return":
            planner.do("give", hero, planner.place_of(friend), other=friend, thing=thing)
        elif quest.kind == "hide":
            planner.do("hide", hero, quest.place, thing=thing)
        elif quest.kind == "read":
            planner.do("read", hero, planner.place_of(hero), thing=thing)


def other_place(world: World, rng: random.Random, *not_these: str) -> str:
    """A place that is none of these."""
    return rng.choice([place.name for place in world.places if place.name not in not_these])


def complications(world: World, state: State, quest: Quest, rng: random.Random) -> list[tuple[Act, ...]]:
    """Things that could go wrong now: each a few acts after which the quest has to be planned again."""
    found: list[tuple[Act, ...]] = []
    hero, villain, thing = quest.hero, quest.villain, quest.thing
    if quest.kind == "open":
        thing = world.of_kind("key") or thing
    kind, _, spot = state.where(thing).partition(":")
    here = str(state.get("at", hero))
    if villain and quest.kind != "meet":
        away = other_place(world, rng, here)
        if kind == "held" and spot == hero:
            found.append((Act("steal", villain, here, hero, thing), Act("go", villain, here, target=away)))
            found.append(
                (
                    Act("argue", villain, here, hero, thing),
                    Act("drop", hero, here, thing=thing),
                    Act("flee", hero, here, target=away),
                    Act("pick_up", villain, here, thing=thing),
                )
            )
        if kind == "held" and spot == villain:
            den = other_place(world, rng, str(state.get("at", villain)), here)
            found.append((Act("hide", villain, den, thing=thing), *_spy(world, quest, thing, den, rng)))
            found += _locking_up(world, state, villain, thing)
        if kind == "at" and state.get("knows", villain, thing) != spot:
            den = other_place(world, rng, spot)
            found.append((*unearthing(state, villain, thing, spot), Act("hide", villain, den, thing=thing)))
    return found + _refusals(world, state, quest, rng)


def _locking_up(world: World, state: State, villain: str, thing: str) -> list[tuple[Act, ...]]:
    """The villain puts it into the chest and turns the key, when both are at hand."""
    chest, key = world.of_kind("chest"), world.of_kind("key")
    if chest is None or key is None or thing in (chest, key) or state.get("locked", chest):
        return []
    kind, _, spot = state.where(chest).partition(":")
    if kind != "at" or state.where(key) not in (f"at:{spot}", f"held:{villain}") or state.get("hidden", key):
        return []
    fetched = (Act("pick_up", villain, spot, thing=key),) if state.where(key) == f"at:{spot}" else ()
    opened = () if state.get("open", chest) else (Act("open", villain, spot, thing=chest),)
    hidden = Act("hide", villain, spot, thing=thing, target=chest)
    return [(*fetched, *opened, hidden, Act("lock", villain, spot, thing=chest, target=key))]


def unearthing(state: State, villain: str, thing: str, spot: str) -> tuple[Act, ...]:
    """How somebody gets at a thing that lies or is hidden at a place."""
    pick = Act("pick_up", villain, spot, thing=thing)
    if not state.get("hidden", thing):
        return (pick,)
    if state.get("knows", villain, thing) == spot:
        return (Act("find", villain, spot, thing=thing, mode="told"), pick)
    return (Act("search", villain, spot, thing=thing), Act("find", villain, spot, thing=thing), pick)


def _spy(world: World, quest: Quest, thing: str, den: str, rng: random.Random) -> tuple[Act, ...]:
    spies = [p.name for p in world.people if p.name not in (quest.hero, quest.villain)]
    if not spies or rng.random() < 0.4:
        return ()
    return (Act("watch", rng.choice(spies), den, quest.villain or "", thing, mode="hide"),)


def _refusals(world: World, state: State, quest: Quest, rng: random.Random) -> list[tuple[Act, ...]]:
    """A friend who could help wants something first."""
    try:
        ahead = plan(world, state, quest)
    except NoPlanError:
        return []
    helper = next((act.actor for act in ahead if act.mode == "asked"), None)
    if helper is None or state.get("price", helper):
        return []
    wanted = [
        thing.name
        for thing in world.things
        if "container" not in thing.traits
        and thing.name != quest.thing
        and not any(thing.name in (act.thing, act.target) for act in ahead)
        and state.where(thing.name) not in ("nowhere", f"held:{helper}")
    ]
    if not wanted:
        return []
    place, thing_name = str(state.get("at", helper)), rng.choice(wanted)
    asked = next(act for act in ahead if act.mode == "asked")
    return [
        (
            Act("ask", quest.hero, place, helper, asked.thing, mode="vain"),
            Act("ask", helper, place, quest.hero, thing_name, mode="price"),
        )
    ]
