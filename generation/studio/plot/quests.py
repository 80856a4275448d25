"""The main plot: the quest of a premise, how things stand when it begins, and the acts that set it going.

    quest, cuts, first = main_quest(vocabulary, world, level, rng)

The level says how many obstacles of the premise stand in the way; 0 is none, -1 puts the goal at hand, for a story of
one scene. `cuts` are the whole start of the world: where everybody and everything is, what is locked, hidden, broken
and known, and who is captive, wounded or angry. It plans nothing: see goals.py.
"""

import random

from moviellm.generation.studio.plot.plans import Quest, other_place
from moviellm.generation.studio.world.act import message
from moviellm.generation.studio.world.actions import Act, Fact, State, Value
from moviellm.generation.studio.world.world import Vocabulary, World

Cuts = list[tuple[Fact, Value]]
PERSONS = ("meet", "free", "heal", "arrest", "reconcile")
"""Goals whose `thing` is a person."""
LYING = ("hidden", "dark", "sight", "stolen", "villain", "owner", "locked", "buried")
"""Obstacles that say where the object is: the first of a premise counts."""


def main_quest(
    vocabulary: Vocabulary, world: World, level: int, rng: random.Random
) -> tuple[Quest, Cuts, tuple[Act, ...]]:
    """The quest of the world's premise, the start of the world, and the opening acts."""
    premise = vocabulary.premise(world.premise)
    quest = _quest(world, rng)
    state = State()
    for person in world.people:
        state.cut(("at", person.name), person.home)
    setting = _Setting(world, quest, state, rng, str(premise["keeper"]))
    if level < 0:
        setting.at_hand()
    else:
        setting.lay(tuple(premise["obstacles"][:level]))
    setting.furnish()
    return quest, list(state.facts.items()), tuple(setting.first)


def _quest(world: World, rng: random.Random) -> Quest:
    """Who wants what, as the premise's kind of goal asks."""
    people = [person.name for person in world.people]
    villain = next((p.name for p in world.people if p.role == "antagonist"), None)
    hero, kind, key = people[0], world.goal, world.things[0].name
    friends = [name for name in people[1:] if name != villain]
    friend = friends[0]
    place = other_place(world, rng, world.people[0].home)
    thing, topic = key, ""
    if kind == "bury":
        outdoors = [item.name for item in world.places if not item.indoor] or [place]
        place = rng.choice(outdoors)
    if kind in ("meet", "heal", "reconcile", "free"):
        thing, topic = friend, key if kind != "meet" else ""
        friend = friends[1] if len(friends) > 1 else friend
    if kind == "free":
        place = next((item.name for item in world.places if item.kind == "prison"), place)
    if kind == "arrest":
        thing, topic = villain or friend, key
    if kind == "repair":
        topic = world.of_kind("hammer") or world.things[-1].name
    if kind == "trade":
        other = [t.name for t in world.things[1:] if "container" not in t.traits and "light" not in t.traits]
        topic, thing = key, other[0] if other else world.things[1].name
    return Quest(kind=kind, hero=hero, thing=thing, friend=friend, villain=villain, place=place, topic=topic)


class _Setting:
    """Puts the main plot's people and things where the obstacles want them; collects the opening acts."""

    def __init__(self, world: World, quest: Quest, state: State, rng: random.Random, keeper: str) -> None:
        self.world, self.quest, self.state, self.rng = world, quest, state, rng
        self.first: list[Act] = []
        self.hero, self.villain = quest.hero, quest.villain
        self.home = str(state.get("at", quest.hero))
        others = [p.name for p in world.people if p.name not in (quest.hero, quest.villain, quest.friend, quest.thing)]
        self.helper = rng.choice(others) if others else quest.friend
        if self.helper in (quest.thing, quest.hero):
            self.helper = quest.friend
        self.keeper = quest.friend if keeper == "friend" and quest.friend != quest.thing else self.helper
        self.object = quest.topic if quest.kind in (*PERSONS, "trade") and quest.topic else quest.thing
        if quest.kind == "trade":
            self.object = quest.thing
        if quest.kind == "meet":
            self.object = ""

    def set(self, *fact: str, to: Value = True) -> None:
        """One fact of the start."""
        self.state.cut(fact, to)

    def put(self, thing: str, where: str) -> None:
        """Where a thing is."""
        self.state.cut(("where", thing), where)

    def at_hand(self) -> None:
        """One act is enough."""
        quest, hero, home = self.quest, self.hero, self.home
        held = f"held:{hero}"
        if quest.kind in ("hold", "open"):
            self.put(quest.thing, f"at:{home}")
        elif quest.kind == "deliver":
            self.put(quest.thing, f"held:{quest.friend}")
        elif quest.kind == "know":
            self.put(quest.thing, f"at:{quest.place}")
            self.set("hidden", quest.thing)
            self.set("knows", quest.friend, quest.thing, to=quest.place)
            self.set("asked", hero, quest.friend, quest.thing)
        elif quest.kind not in ("meet", "arrest", "reconcile", "trade", "free", "heal"):
            self.put(quest.thing, held)
        self._person_at_hand(held)

    def _person_at_hand(self, held: str) -> None:
        quest, hero = self.quest, self.hero
        if quest.kind == "meet":
            self.set("at", quest.thing, to=quest.place)
            self.set("knows", hero, quest.thing, to=quest.place)
        if quest.kind in ("free", "heal", "repair"):
            self.put(quest.topic, held)
        if quest.kind == "repair":
            self.set("broken", quest.thing)
        if quest.kind in ("free", "heal"):
            self.set("captive" if quest.kind == "free" else "wounded", quest.thing)
        if quest.kind == "bury":
            self.put(self.world.of_kind("spade") or "", held)
        if quest.kind == "arrest":
            self.put(quest.topic, f"held:{quest.thing}")
            self.set("wronged", quest.thing, quest.friend)
            self.set("knows", hero, quest.topic, to=quest.thing)
        if quest.kind == "reconcile":
            self.set("feels", quest.thing, hero, to="grateful")
            self.put(quest.topic, f"held:{quest.thing}")
        if quest.kind == "trade":
            self.put(quest.thing, held)
            self.put(quest.topic, f"held:{quest.friend}")
            self.set("price", quest.friend, to=quest.thing)

    def lay(self, obstacles: tuple[str, ...]) -> None:
        """The goal with these obstacles in its way."""
        quest, hero = self.quest, self.hero
        if quest.kind == "free":
            self.set("captive", quest.thing)
            self.set("at", quest.thing, to=quest.place)
        elif quest.kind == "repair":
            self.set("broken", quest.thing)
            self.put(quest.thing, f"held:{hero}")
        elif quest.kind == "trade":
            self.put(quest.topic, f"held:{quest.friend}")
        target = quest.topic if quest.kind == "repair" else self.object
        if quest.kind == "arrest" and "stolen" not in obstacles:
            obstacles = ("stolen", *obstacles)
        lying = next((item for item in obstacles if item in LYING), "sight")
        if target:
            getattr(self, f"_{lying}")(target)
        elif quest.kind == "meet":
            self.set("at", quest.thing, to=quest.place)
        self._secrets(obstacles, target or quest.thing)
        self._opening(obstacles, target or quest.thing)

    def _far(self) -> str:
        return other_place(self.world, self.rng, self.home, self.quest.place)

    def _sight(self, target: str) -> None:
        self.put(target, f"at:{self._far()}")

    def _hidden(self, target: str) -> None:
        if target == self.quest.thing and self.quest.kind == "open":
            self._locked(target)
            return
        self._sight(target)
        self.set("hidden", target)

    def _dark(self, target: str) -> None:
        dark = [place.name for place in self.world.places if place.dark and place.name != self.home]
        self.put(target, f"at:{self.rng.choice(dark) if dark else self._far()}")
        self.set("hidden", target)

    def _buried(self, target: str) -> None:
        outdoors = [place.name for place in self.world.places if not place.indoor and place.name != self.home]
        if not outdoors or not self.world.of_kind("spade"):
            self._hidden(target)
            return
        spot = self.rng.choice(outdoors)
        self.put(target, f"at:{spot}")
        self.set("buried", target)
        self.set("knows", self.keeper, target, to=spot)

    def _villain(self, target: str) -> None:
        if not self.villain:
            self._hidden(target)
            return
        self.put(target, f"held:{self.villain}")

    def _owner(self, target: str) -> None:
        if self.helper in (self.hero, self.quest.thing):
            self._sight(target)
            return
        self.put(target, f"held:{self.helper}")

    def _stolen(self, target: str) -> None:
        """It is stolen in the opening; a friend may see it."""
        quest = self.quest
        holder = quest.friend if quest.kind in ("return", "arrest", "show", "know") else self.hero
        if not self.villain or self.villain == holder or quest.kind == "open":
            self._hidden(target)
            return
        self.put(target, f"held:{holder}")
        spot = str(self.state.get("at", holder))
        self.first.append(Act("steal", self.villain, spot, holder, target))
        if self.helper not in (holder, self.hero) and self.helper != quest.thing:
            self.first.append(Act("watch", self.helper, spot, self.villain, target, topic=holder, mode="deed"))
        away = other_place(self.world, self.rng, spot)
        self.first.append(Act("go", self.villain, spot, target=away))

    def _locked(self, target: str) -> None:
        """In the chest, or the chest itself; its key is hidden or with a friend."""
        boxes = [box for box, _ in self.world.locks if box != target]
        box = target if self.world.key_of(target) else boxes[0] if boxes else ""
        if not box:
            if "container" in self.world.thing(target).traits:
                self._sight(target)
            else:
                self._hidden(target)
            return
        spot, key = self._far(), self.world.key_of(box) or ""
        self.put(box, f"at:{spot}")
        self.set("locked", box)
        if box != target:
            self.put(target, f"in:{box}")
        kept = self.rng.random()
        if kept < 0.45 and self.helper != self.quest.thing:
            self.put(key, f"held:{self.helper}")
            return
        den = other_place(self.world, self.rng, spot)
        self.put(key, f"at:{den}")
        self.set("hidden", key)
        if kept < 0.8:
            self.set("knows", self.keeper, key, to=den)

    def _secrets(self, obstacles: tuple[str, ...], target: str) -> None:
        """Who knows what at the start: a keeper, or a text that says it."""
        quest = self.quest
        where = str(self.state.get("at", target)) if quest.kind == "meet" else self.state.where(target)
        spot = where.partition(":")[2] or where
        if where.startswith("in:") or quest.kind == "meet" and spot == self.home:
            return
        texts = [t.name for t in self.world.things if "text" in t.traits and t.name not in quest.objects]
        if "message" in obstacles and texts:
            self.set("message", texts[0], to=message(target, spot))
            self.put(texts[0], f"held:{self.hero}" if self.rng.random() < 0.4 else f"at:{self._far()}")
        told = {"told", "favour", "message"} & set(obstacles) or (quest.kind == "know" and not self.first)
        apart = self.keeper not in (self.hero, target, self.villain) and where != f"held:{self.keeper}"
        if told and apart:
            self.set("knows", self.keeper, target, to=spot)
        wanted = [t.name for t in self.world.things if not {"container", "light"} & set(t.traits)]
        wanted = [name for name in wanted if name not in quest.objects and self.state.where(name) == "nowhere"]
        if "favour" in obstacles and wanted and self.keeper not in (self.hero, quest.thing) and quest.kind != "trade":
            self.put(wanted[0], f"at:{other_place(self.world, self.rng, self.home)}")
            self.first += [
                Act("ask", self.hero, self._place(self.keeper), self.keeper, self._thing(target), topic=target),
                Act("ask", self.keeper, self._place(self.keeper), self.hero, wanted[0], topic=wanted[0], mode="price"),
            ]

    def _thing(self, target: str) -> str:
        return "" if self.world.is_person(target) else target

    def _place(self, name: str) -> str:
        return str(self.state.get("at", name))

    def _opening(self, obstacles: tuple[str, ...], target: str) -> None:
        """How the plot is set going: a request, a wound, a quarrel, a lie, a call in vain, a warning."""
        quest, hero, friend = self.quest, self.hero, self.quest.friend
        asks = quest.kind in ("return", "deliver", "show", "hide", "bury", "free")
        if (
            asks
            and friend not in (hero, quest.thing)
            and (self.state.holder(self.quest.thing) != hero or quest.kind == "free")
        ):
            wanted = quest.topic if quest.kind == "free" else quest.thing
            self.first.append(Act("ask", friend, self._place(friend), hero, wanted, topic=wanted, mode="request"))
        if quest.kind == "heal":
            self._hurt()
        if quest.kind == "reconcile":
            self.first.append(Act("argue", quest.thing, self._place(quest.thing), hero))
        liar = self.villain if self.villain and self.villain != quest.thing else None
        if "lie" in obstacles and liar and quest.kind not in ("meet", "open") and target not in (liar, ""):
            wrong = other_place(self.world, self.rng, self.state.where(target).partition(":")[2], self._place(liar))
            spoken = (hero, self._place(liar), liar, target)
            self.first.append(Act("ask", *spoken, topic=target))
            self.first.append(Act("lie", liar, spoken[1], hero, target, target=wrong, topic=target, mode="asked"))
        if "unanswered" in obstacles and friend != hero:
            called = quest.thing if quest.kind in ("meet", "heal", "reconcile") else friend
            empty = other_place(self.world, self.rng, self._place(called), self.home)
            self.first.append(Act("call", hero, self.home, called, target=empty, mode="vain"))
        if "fear" in obstacles and self.villain and self.helper not in (hero, self.villain):
            spot = self._place(self.helper)
            if not self.state.get("captive", self.helper):
                self.first.append(Act("warn", self.helper, spot, hero, topic=self.villain))

    def _hurt(self) -> None:
        """Somebody is wounded: by the villain before our eyes, or before the story begins."""
        person, villain = self.quest.thing, self.villain
        if not villain or self.rng.random() < 0.3:
            self.set("wounded", person)
            return
        spot = self._place(person)
        self.first.append(Act("wound", villain, spot, person))
        self.first.append(Act("flee", villain, spot, target=other_place(self.world, self.rng, spot)))

    def furnish(self) -> None:
        """Everything else is somewhere: it lies about, somebody has it, it is hidden, buried or in a container."""
        world, rng, state = self.world, self.rng, self.state
        people = [p.name for p in world.people if not state.get("captive", p.name)]
        outdoors = [place.name for place in world.places if not place.indoor]
        boxes = []
        for thing in sorted(world.things, key=lambda item: "container" not in item.traits):
            if state.where(thing.name) != "nowhere":
                boxes += [thing.name] if "container" in thing.traits else []
                continue
            spot, chance = rng.choice(world.places).name, rng.random()
            if thing.kind == "key" and rng.random() < 0.5:
                boxes_at = [state.where(box) for box, key in world.locks if key == thing.name]
                if boxes_at and boxes_at[0].startswith("at:"):
                    self.put(thing.name, boxes_at[0])
                    continue
            if "container" in thing.traits:
                boxes.append(thing.name)
                self.put(thing.name, f"at:{spot}")
                if world.key_of(thing.name) and rng.random() < 0.6:
                    self.set("locked", thing.name)
            elif chance < 0.36 or "light" in thing.traits:
                self.put(thing.name, f"at:{spot}")
            elif chance < 0.74 or "letter" in thing.traits:
                self.put(thing.name, f"held:{rng.choice(people)}")
            elif chance < 0.9 or not (outdoors or boxes):
                self.put(thing.name, f"at:{spot}")
                self.set("hidden", thing.name)
                if rng.random() < 0.7:
                    self.set("knows", rng.choice(people), thing.name, to=spot)
            elif boxes and thing.kind != "key" and (chance < 0.96 or not outdoors):
                self.put(thing.name, f"in:{rng.choice(boxes)}")
            elif outdoors and thing.kind != "spade":
                spot = rng.choice(outdoors)
                self.put(thing.name, f"at:{spot}")
                self.set("buried", thing.name)
                self.set("knows", rng.choice(people), thing.name, to=spot)
            else:
                self.put(thing.name, f"at:{spot}")
            if "breakable" in thing.traits and rng.random() < 0.2:
                self.set("broken", thing.name)
        self._texts()

    def _texts(self) -> None:
        """Some texts say where something is."""
        hidden = [
            (t.name, self.state.where(t.name)[3:])
            for t in self.world.things[1:]
            if self.state.get("hidden", t.name) or self.state.get("buried", t.name)
        ]
        for thing in self.world.things:
            if "text" in thing.traits and hidden and not self.state.get("message", thing.name):
                about, spot = self.rng.choice(hidden)
                if about != thing.name and self.rng.random() < 0.4:
                    self.set("message", thing.name, to=message(about, spot))
