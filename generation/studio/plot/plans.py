"""How goals are reached: quests, and the planner that turns a quest into acts.

    quest = Quest(kind="return", hero="Ada", thing="silver key", friend="Ben", villain="Cora", place="the old inn")
    acts = plan(scope, state, quest, rng)       # from this state; NoPlanError when there is no way

A planner works backwards over the state: to give a thing one must hold it, to hold it one must find it, dig it up, be
given it, trade for it or take it, to find it one must be told, read it or search, to search a dark place one needs a
light, to open a chest its key. It tries every act on a copy of the state, so a plan can always be carried out. Who
believes something false is led by it first. Between scenes people may be moved, and who slept is awake.

It does not fill scenes or count them: see story.py; what the goals are: goals.py.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from moviellm.generation.studio.world.act import ELSEWHERE, message
from moviellm.generation.studio.world.actions import NOWHERE, Act, PreconditionError, State
from moviellm.generation.studio.world.world import Thing, World

DEPTH_MAX = 8
LEAVING = ("go", "flee", "follow")


class NoPlanError(Exception):
    """The goal cannot be reached from this state."""


@dataclass(frozen=True, kw_only=True)
class Quest:
    """Somebody wants something."""

    kind: str
    """One of goals.GOALS."""
    hero: str
    thing: str
    """The object; or the person to meet, free, heal, arrest or make up with."""
    friend: str
    """Who is to get the thing, or who else cares."""
    villain: str | None
    place: str
    """Where it is to end: the hiding place, or where the person to meet is."""
    topic: str = ""
    """The other object: the tool, the remedy, the key, what is got in trade, what was stolen."""

    @property
    def objects(self) -> tuple[str, ...]:
        """What only this quest may move."""
        return tuple(filter(None, (self.thing, self.topic)))


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What plans are made of: a world, the actions that may occur, and what is none of a plan's business."""

    world: World
    actions: frozenset[str]
    kept: frozenset[str] = frozenset()
    """Objects that other plots need."""
    villain: str | None = None
    stage: str = ""
    """Where people meet if it is up to them; else the one comes to the other."""
    wander: float = 0.0
    """How often they meet at some other place than where the plot has been."""


class Planner:
    """Acts towards a goal, each tried on a copy of the state."""

    def __init__(self, scope: Scope, state: State, rng: random.Random, away: str = "") -> None:
        self.scope, self.world, self.rng = scope, scope.world, rng
        self.state = state.copy()
        self.stage = scope.stage
        self.away = away
        """Somebody nobody may meet before the end."""
        self.acts: list[Act] = []

    def do(self, action: str, actor: str, place: str, **rest: str) -> None:
        """Bring the people there and let it happen on the copy."""
        self.act(Act(action, actor, place, **rest))

    def act(self, act: Act) -> None:
        """Bring the people of an act there and let it happen on the copy."""
        if act.action not in self.scope.actions:
            raise NoPlanError(f"{act.action} may not occur")
        bring(self.state, act)
        try:
            self.state.apply("plan", act)
        except PreconditionError as error:
            raise NoPlanError(str(error)) from None
        self.acts.append(act)
        if self.stage:
            self.stage = act.place

    def can(self, *actions: str) -> bool:
        """Whether these actions may occur."""
        return self.scope.actions.issuperset(actions)

    def at(self, name: str) -> str:
        """Where somebody is."""
        return place_of(self.world, self.state, name)

    def meet(self, one: str, two: str) -> str:
        """Where two people come together."""
        for name in (two, one):
            if self.state.get("captive", name):
                return self.at(name)
        place = self.stage or self.at(two)
        if self.acts and self.rng.random() < self.scope.wander:
            return other_place(self.world, self.rng, place)
        return place

    def next_to(self, place: str) -> str:
        """A place next to one."""
        around = self.world.near(place)
        if not around:
            raise NoPlanError(f"there is nowhere to go from {place}")
        return self.rng.choice(around)

    def free_things(self, *traits: str) -> list[Thing]:
        """Objects that no plot needs, in a seeded order, with one of these traits if any are named."""
        things = [
            thing
            for thing in self.world.things
            if thing.name not in self.scope.kept
            and self.state.where(thing.name) != NOWHERE
            and (not traits or not set(traits).isdisjoint(thing.traits))
        ]
        return self.rng.sample(things, len(things))

    def hold(self, hero: str, thing: str, depth: int = 0) -> None:
        """Get a thing into somebody's hands."""
        where = self.state.where(thing)
        if where == f"held:{hero}":
            return
        if depth > DEPTH_MAX:
            raise NoPlanError(f"{hero} runs in circles after {thing}")
        if depth and thing in self.scope.kept:
            raise NoPlanError(f"{thing} belongs to another plot")
        kind, _, spot = where.partition(":")
        self._misled(hero, thing, where)
        if kind == "at":
            if self.state.get("buried", thing):
                self._dig(hero, thing, spot, depth)
            elif self.state.get("hidden", thing):
                self._find(hero, thing, spot, depth)
            self.do("pick_up", hero, spot, thing=thing)
        elif kind == "in":
            self.open(hero, spot, depth)
            self.do("take", hero, self.state.where(spot)[3:], thing=thing, target=spot)
        elif kind == "held":
            self._from(hero, thing, spot, depth)
        else:
            raise NoPlanError(f"{thing} is nowhere")

    def _misled(self, hero: str, thing: str, where: str) -> None:
        """Whoever believes it to be where it is not looks there first."""
        believed = str(self.state.get("knows", hero, thing))
        known = any(place.name == believed for place in self.world.places)
        searched = self.state.get("searched", hero, believed, thing, "vain")
        if known and where != f"at:{believed}" and self.can("search") and not searched:
            self.do("search", hero, believed, thing=thing, topic=thing, mode="vain")

    def open(self, hero: str, chest: str, depth: int = 0) -> None:
        """Open a container."""
        if self.state.get("open", chest):
            return
        spot = self.state.where(chest)
        if spot.startswith("held:") and self.state.holder(chest) == hero:
            self.do("drop", hero, self.at(hero), thing=chest)
        elif not spot.startswith("at:") or self.state.get("hidden", chest) or self.state.get("buried", chest):
            self.hold(hero, chest, depth + 1)
            self.do("drop", hero, self.at(hero), thing=chest)
        mode, key, spot = "", "", self.state.where(chest)
        if self.state.get("locked", chest):
            key = self.world.key_of(chest) or ""
            if not key:
                raise NoPlanError(f"{chest} has no key")
            if self.state.holder(key) != hero and self.can("open") and self.rng.random() < 0.6:
                self.do("open", hero, spot[3:], thing=chest, mode="vain")
            self.hold(hero, key, depth + 1)
            mode = "key"
        self.do("open", hero, spot[3:], thing=chest, target=key, mode=mode)

    def learn(self, hero: str, topic: str, truth: str, depth: int = 0) -> bool:
        """Get to know where a thing or person is, from a text or from somebody who knows; whether that can be."""
        if self.state.get("knows", hero, topic) == truth:
            return True
        if depth < DEPTH_MAX and self._read_of(hero, topic, truth, depth):
            return True
        knower = self._knower(hero, topic, truth)
        if knower is None or not self.can("ask", "tell"):
            return False
        spoken = {"topic": topic, "thing": "" if self.world.is_person(topic) else topic}
        price = self.state.get("price", knower)
        if price:
            if price != "paid":
                self.pay(hero, knower, depth)
            place = self.meet(hero, knower)
            self.do("tell", knower, place, other=hero, **spoken, target=truth, mode="favour")
            return True
        place = self.meet(hero, knower)
        if not self.state.get("asked", hero, knower, topic):
            self.do("ask", hero, place, other=knower, **spoken)
        self.do("tell", knower, place, other=hero, **spoken, target=truth, mode="asked")
        return True

    def _read_of(self, hero: str, topic: str, truth: str, depth: int) -> bool:
        text = message(topic, truth)
        for thing in self.world.things:
            says = self.state.get("message", thing.name) == text and thing.name != topic and self.can("read")
            if says and (thing.name not in self.scope.kept or self.state.holder(thing.name) == hero):
                self.hold(hero, thing.name, depth + 1)
                self.do("read", hero, self.at(hero), thing=thing.name, topic=topic, target=truth)
                return True
        return False

    def pay(self, hero: str, friend: str, depth: int = 0) -> None:
        """Bring somebody what they asked for."""
        thing = str(self.state.get("price", friend))
        self.hold(hero, thing, depth + 1)
        self.do("give", hero, self.meet(hero, friend), other=friend, thing=thing, mode="favour")

    def _knower(self, hero: str, topic: str, truth: str) -> str | None:
        for person in self.world.people:
            friendly = person.name not in (hero, self.scope.villain, self.away, topic)
            if friendly and self.state.get("knows", person.name, topic) == truth:
                return person.name
        return None

    def _find(self, hero: str, thing: str, spot: str, depth: int) -> None:
        if self.learn(hero, thing, spot, depth):
            self.do("find", hero, spot, thing=thing, mode="told")
            return
        lamp = self.lamp(hero, thing, depth) if self.world.place(spot).dark else ""
        self.do("search", hero, spot, thing=thing, target=lamp)
        self.do("find", hero, spot, thing=thing)

    def _dig(self, hero: str, thing: str, spot: str, depth: int) -> None:
        if not self.learn(hero, thing, spot, depth):
            raise NoPlanError(f"nobody tells {hero} where {thing} is buried")
        spade = self.tool(hero, "spade", depth)
        self.do("dig", hero, spot, thing=thing, target=spade)

    def tool(self, hero: str, kind: str, depth: int = 0) -> str:
        """Get a tool of a kind into somebody's hands."""
        tools = [t.name for t in self.world.things if t.kind == kind and self.state.where(t.name) != NOWHERE]
        tools = [name for name in tools if self.state.holder(name) == hero] or tools
        if not tools:
            raise NoPlanError(f"there is no {kind}")
        self.hold(hero, tools[0], depth + 1)
        return tools[0]

    def lamp(self, hero: str, thing: str = "", depth: int = 0) -> str:
        """Get a lit lamp into somebody's hands, if there is one."""
        lamps = [t.name for t in self.world.things if "light" in t.traits and t.name != thing]
        lamps = [name for name in lamps if self.state.where(name) != NOWHERE and name not in self.scope.kept]
        if not lamps or not self.can("light"):
            return ""
        lamp = next((name for name in lamps if self.state.holder(name) == hero), lamps[0])
        self.hold(hero, lamp, depth + 1)
        if not self.state.get("lit", lamp):
            self.do("light", hero, self.at(hero), thing=lamp)
        return lamp

    def _from(self, hero: str, thing: str, owner: str, depth: int) -> None:
        """Get it from somebody who has it."""
        price = self.state.get("price", owner)
        if self.state.get("wronged", owner, hero) and self.can("take"):
            self._knows_owner(hero, thing, owner, depth)
            if self.can("argue") and not self.state.get("captive", owner):
                self.do("argue", hero, self.meet(hero, owner), other=owner, thing=thing, mode="wronged")
            self.do("take", hero, self.meet(hero, owner), other=owner, thing=thing, mode="known")
        elif self.scope.villain in (owner, hero):
            self._knows_owner(hero, thing, owner, depth)
            self.do("steal", hero, self.meet(hero, owner), other=owner, thing=thing, mode="known")
        elif price:
            if price != "paid":
                wanted = str(price)
                self.hold(hero, wanted, depth + 1)
                if self.can("trade") and self.rng.random() < 0.5:
                    self.do("trade", hero, self.meet(hero, owner), other=owner, thing=wanted, target=thing)
                    return
                self.do("give", hero, self.meet(hero, owner), other=owner, thing=wanted, mode="favour")
            self.do("give", owner, self.meet(hero, owner), other=hero, thing=thing, mode="reward")
        else:
            place = self.meet(hero, owner)
            if not self.state.get("asked", hero, owner, thing):
                self.do("ask", hero, place, other=owner, thing=thing, topic=thing)
            self.do("give", owner, place, other=hero, thing=thing, mode="asked")

    def _knows_owner(self, hero: str, thing: str, owner: str, depth: int) -> None:
        if not self.learn(hero, thing, owner, depth):
            self.do("watch", hero, self.at(owner), other=owner, thing=thing, mode="carry")


def bring(state: State, act: Act) -> None:
    """Cut: the people of an act are there and awake, as between two scenes; nobody who is captive is moved."""
    for name in act.people:
        if state.get("asleep", name) and not (act.mode == "asleep" and name == act.other):
            state.cut(("asleep", name), False)
        absent = (act.action in ("follow", "call") and name == act.other) or (
            act.action == "enter" and name == act.actor
        )
        if not absent and not state.get("captive", name):
            state.cut(("at", name), act.place)
    if act.action == "follow" or (act.action == "call" and act.mode != "vain"):
        state.cut(("at", act.other), act.target)
    if act.action == "call" and act.mode == "vain" and state.get("at", act.other) in (act.target, act.place):
        state.cut(("at", act.other), ELSEWHERE)


def possible(state: State, acts: Sequence[Act]) -> bool:
    """Whether acts can still be carried out one after the other, with cuts between them."""
    trial = state.copy()
    for act in acts:
        bring(trial, act)
        try:
            trial.apply("trial", act)
        except PreconditionError:
            return False
    return True


def first_scene(acts: Sequence[Act], cap: int) -> list[Act]:
    """The acts at the start of a plan that one scene can hold: one place, no more than `cap`, nobody comes back."""
    taken: list[Act] = []
    gone: set[str] = set()
    for act in acts:
        here = set(act.people) - ({act.other} if act.action in ("follow", "call") else set())
        waking = gone - ({act.other} if act.mode == "asleep" else {act.actor} if act.mode == "called" else set())
        if taken and (
            act.place != taken[0].place or len(taken) >= cap or here & waking or _intrudes(act, taken, here)
        ):
            break
        taken.append(act)
        if act.action in LEAVING:
            gone |= here
        if act.mode == "called":
            gone.discard(act.actor)
        elif act.action == "call":
            gone.add(act.other)
        if act.action == "sleep" or act.mode == "asleep":
            gone.add(act.actor if act.action == "sleep" else act.other)
        if act.action == "chase":
            gone |= {act.other} if act.mode == "vain" else here
    return taken


SECRET = ("hide", "bury", "steal", "watch")
"""Actions that nobody else walks in on."""


def torn(acts: Sequence[Act], count: int) -> bool:
    """Whether a scene that ends after so many acts would part what belongs together."""
    return count < len(first_scene(acts, len(acts)))


def _intrudes(act: Act, taken: Sequence[Act], here: set[str]) -> bool:
    """Whether an act needs another scene: nobody of it was there before, who is called is here, a secret."""
    before = {name for earlier in taken for name in earlier.people}
    if act.action == "call" and act.other in before:
        return True
    if not here & before and act.action != "enter":
        return True
    if act.action in SECRET and before - here:
        return True
    return any(earlier.action in SECRET for earlier in taken) and bool(here - before) and act.action != "watch"


def scenes_needed(acts: Sequence[Act], cap: int) -> int:
    """Scenes that a plan takes."""
    count, rest = 0, list(acts)
    while rest:
        rest = rest[len(first_scene(rest, cap)) :]
        count += 1
    return count


def place_of(world: World, state: State, name: str) -> str:
    """Where somebody is; who is at no place of the story is thought to be at home."""
    at = str(state.get("at", name))
    return at if any(place.name == at for place in world.places) else world.person(name).home


def other_place(world: World, rng: random.Random, *not_these: str) -> str:
    """A place that is none of these."""
    return rng.choice([place.name for place in world.places if place.name not in not_these] or list(not_these[:1]))


def away_from(world: World, rng: random.Random, *not_these: str) -> str:
    """Where somebody is who is at none of these: another place, or nowhere in the story."""
    return rng.choice([place.name for place in world.places if place.name not in not_these] or [ELSEWHERE])
