"""How a story is told: scene by scene the plots take their next steps, until the goal of the main one is reached.

    story = tell(vocabulary, brief)

The main plot (quests.py) begins in the first scene and ends with the last core event of the last one. Between its
steps something goes wrong (troubles.py), and sub-plots (episodes.py) are begun, carried on and brought to an end; a
scene may hold steps of several plots at one place. What room is left is filled by interludes.py. A plot's objects are
kept from all others, and an act that would make the rest of a plot impossible does not happen.

It settles no act itself and says nothing in words.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.protocols import derive_seed
from moviellm.generation.studio.plot.almanac import Clock
from moviellm.generation.studio.plot.beginning import begin
from moviellm.generation.studio.plot.chronicle import Happening, NoStoryError, SceneLog, Story
from moviellm.generation.studio.plot.episodes import RARE
from moviellm.generation.studio.plot.goals import plan
from moviellm.generation.studio.plot.plans import (
    NoPlanError,
    Quest,
    Scope,
    first_scene,
    possible,
    scenes_needed,
    torn,
)
from moviellm.generation.studio.plot.playing import play
from moviellm.generation.studio.plot.pruning import pruned
from moviellm.generation.studio.plot.staged import Group, Thread, arranged, mingle, signature_of
from moviellm.generation.studio.plot.subplots import begin_subplot
from moviellm.generation.studio.plot.troubles import troubles
from moviellm.generation.studio.world.actions import Act, Fact, State, Value
from moviellm.generation.studio.world.founding import make_world
from moviellm.generation.studio.world.limits import Limits
from moviellm.generation.studio.world.world import Vocabulary, World

COMPANY_MAX = 5
"""People in a scene."""
TRIES = 10
"""Other ways to fill a scene tried when it would repeat an earlier one; as many more when it would be empty."""
PACE = {"slow": (0.28, 0.4), "even": (0.42, 0.62), "fast": (0.85, 1.0)}
"""Events of a scene for each of its keyframes."""


@dataclass
class Teller:
    """Tells one story; holds everything between scenes."""

    vocabulary: Vocabulary
    brief: StoryBrief
    limits: Limits
    world: World
    rng: random.Random
    state: State = field(default_factory=State)
    story: Story = field(init=False)
    main: Thread = field(init=False)
    quest: Quest = field(init=False)
    clock: Clock = field(init=False)
    subs: list[Thread] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """Names of the sub-plots begun."""
    troubles: list[str] = field(default_factory=list)
    seen: set[tuple[object, ...]] = field(default_factory=set)
    visited: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """Actions that have occurred."""
    pending: list[str] = field(default_factory=list)
    """Rare situations still to come."""
    cuts: list[tuple[Fact, Value]] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.story = Story(world=self.world)
        self.actions = self.vocabulary.actions(self.limits)
        self.total, self.cap = self.brief.chapters * self.brief.scenes, self.brief.keyframes
        if self.brief.world.pace == "slow":
            self.cap = max(1, round(self.brief.keyframes * PACE["slow"][1]))
        self.clock = Clock.start(self.world, self.rng, self.total, self.limits.inject)

    def fork(self) -> "Teller":
        """A copy that may go on otherwise."""
        other = Teller(
            self.vocabulary, self.brief, self.limits, self.world, random.Random(), self.state.copy(),
            subs=[Thread(sub.name, list(sub.acts)) for sub in self.subs], told=list(self.told),
            troubles=list(self.troubles), seen=set(self.seen), visited=list(self.visited), used=set(self.used),
            pending=list(self.pending), cuts=list(self.cuts), count=self.count,
        )  # fmt: skip
        other.rng.setstate(self.rng.getstate())
        other.clock = replace(self.clock, rng=other.rng, done=list(self.clock.done))
        other.main, other.quest = Thread("main", list(self.main.acts)), self.quest
        other.story.injected = self.story.injected
        for scene in self.story.scenes:
            other.story.add(scene)
        return other

    # The main plot

    def scope(self, quest: Quest, *, stage: str = "", kept: set[str] | None = None, wander: float = 0.0) -> Scope:
        """What plans are made of now."""
        return Scope(
            world=self.world,
            actions=self.actions,
            kept=frozenset(kept or ()),
            villain=quest.villain,
            stage=stage,
            wander=wander,
        )

    def fresh(self, acts: Sequence[Act]) -> bool:
        """Whether a plan repeats no scene that is full, so that nothing could be added to vary it."""
        rest, full = list(acts), []
        while rest:
            group = first_scene(rest, self.cap)
            rest = rest[len(group) :]
            if len(group) == self.cap:
                full.append(signature_of(group))
        return len(set(full)) == len(full) and not self.seen.intersection(full)

    def replan(self, first: Sequence[Act], left: int) -> bool:
        """Plan the main plot anew after some acts; whether it can then still end in the scenes that are left."""
        kept = {thing for sub in self.subs for thing in sub.things}
        for stage in ("", self.world.person(self.quest.hero).home):
            try:
                acts = plan(
                    self.scope(self.quest, stage=stage, kept=kept, wander=0.0 if stage else 0.3),
                    self.state,
                    self.quest,
                    self.rng,
                    first,
                )
            except NoPlanError:
                continue
            if scenes_needed(acts, self.cap) <= left:
                self.main = Thread("main", acts)
                return True
        return False

    def _worsen(self, left: int) -> None:
        """Something goes wrong, if the plot can then still end in time."""
        if self.limits.unique or not self.story.scenes:
            return
        before = scenes_needed(self.main.acts, self.cap)
        for acts in troubles(self.scope(self.quest), self.state, self.quest, self.rng):
            kind = "+".join(act.action for act in acts)
            if self.troubles.count(kind) >= 1 + self.total // 20:
                continue
            old = self.main
            longer = self.replan(acts, left) and scenes_needed(self.main.acts, self.cap) > before
            if longer and self.fresh(self.main.acts):
                self.troubles.append(kind)
                return
            self.main = old

    # Scenes

    def go_on(self) -> Story:
        """Tell all scenes that are left."""
        while len(self.story.scenes) < self.total:
            self.scene()
        return self.story

    def scene(self) -> None:
        """Tell the next scene.

        Raises:
            NoStoryError: the main plot cannot end any more, or nothing can happen in this scene.
        """
        number = len(self.story.scenes)
        left = self.total - number
        low, high = PACE[self.brief.world.pace]
        wanted = min(self.cap, max(1, round(self.brief.keyframes * self.rng.uniform(low, high))))
        if not possible(self.state, self.main.acts) and not self.replan((), left):
            raise self._stuck(f"the main plot cannot end in the last {left} of {self.total} scenes")
        chapter, index = divmod(number, self.brief.scenes)
        self.clock.turn(number, new_chapter=index == 0)
        forced = self._shelter(number)
        saved = self.state.copy(), list(self.cuts), self.count, self.main, list(self.subs), list(self.told)
        pending, seeds = list(self.pending), self.rng.getrandbits(30)
        for attempt in range(2 * TRIES):
            groups, place = self._compose(left, min(self.cap, wanted + attempt // 3), forced)
            events, cuts, start = play(self, groups, place, min(self.cap, wanted + attempt // 3), left)
            signature = signature_of([event.act for event in events])
            if events and (not self._repeats(signature, events) or attempt >= TRIES - 1):
                break
            self.state, self.cuts, self.count, self.main = saved[0].copy(), list(saved[1]), saved[2], saved[3]
            self.subs, self.told, self.pending = list(saved[4]), list(saved[5]), list(pending)
            self.rng.seed(derive_seed(seeds, "again", attempt))
        else:
            raise self._stuck(f"no scene {number + 1} of {self.total} can be told")
        self._end(groups)
        self.seen.add(signature)
        self.visited.append(place)
        self.used |= {event.act.action for event in events}
        time_of_day, weather, date, hour = self.clock.now()
        self.story.add(
            SceneLog(
                chapter=chapter, index=index, place=place, time_of_day=time_of_day, weather=weather, date=date,
                clock=hour, cuts=tuple(cuts), start=start, events=tuple(events),
            )
        )  # fmt: skip
        self.cuts = []
        self.clock.hours = 7.0 * any(event.act.action == "sleep" for event in events)

    def _repeats(self, signature: tuple[object, ...], events: Sequence[Happening]) -> bool:
        """Whether a scene is one that has been told, or an action occurs twice that should occur once."""
        actions = [event.act.action for event in events]
        again = not self.used.isdisjoint(actions) or len(set(actions)) < len(actions)
        return signature in self.seen or (self.limits.unique and again)

    def _end(self, groups: Sequence[Group]) -> None:
        """What has happened is no longer to come."""
        for thread, acts in groups:
            rest = Thread(thread.name, thread.acts[len(acts) :])
            if thread.name == "main":
                self.main = rest
                continue
            self.subs = [sub for sub in self.subs if sub is not thread]
            if rest.acts:
                self.subs.append(rest)

    def _stuck(self, what: str) -> NoStoryError:
        return NoStoryError(
            f"{what} with these people, places, objects and actions (premise {self.world.premise!r}); "
            "allow more in `world` of the recipe"
        )

    # What a scene is made of

    def _compose(self, left: int, wanted: int, forced: str | None) -> tuple[list[Group], str]:
        """The steps of plots that this scene shows, in order, and its place."""
        lead = self._lead(left, wanted, forced)
        groups: list[Group] = [lead] if lead else []
        place = lead[1][0].place if lead else forced or self.somewhere()
        final = bool(lead) and lead is not None and lead[0].name == "main" and len(lead[0].acts) == len(lead[1])
        for _ in range(max(5, wanted // 2)):
            room = wanted - sum(len(acts) for _, acts in groups)
            if room <= 0 or self.limits.unique:
                break
            more = self._another(place, room, left, groups)
            if more is None:
                continue
            before = final or (len(self.story.scenes) > 0 and self.rng.random() < 0.5)
            for order in ([more, *groups], [*groups, more])[: 1 if final else 2] if before else ([*groups, more],):
                if self.fits(order, place):
                    groups = order
                    break
        return groups, place

    def _lead(self, left: int, wanted: int, forced: str | None) -> Group | None:
        """The plot that decides where the scene is."""
        need = scenes_needed(self.main.acts, self.cap)
        open_subs = [sub for sub in self.subs if possible(self.state, sub.acts)]
        self.subs = open_subs
        main = self.main, first_scene(self.main.acts, self.cap)
        if 0 < left <= need or (not self.story.scenes and need > 1):
            return main
        if self.pending and self.story.scenes:
            rare = begin_subplot(self, "", wanted, left, need, whole=False)
            if rare is not None and rare[0].name in self.pending:
                return rare
        few = self.brief.world.revisits is not None and self.brief.world.revisits < 0.5
        if left > need + 1 and not few and self.rng.random() < 0.45:
            self._worsen(left)
            need = scenes_needed(self.main.acts, self.cap)
            main = self.main, first_scene(self.main.acts, self.cap)
            if left <= need:
                return main
        if forced and main[1] and main[1][0].place != forced:
            return None
        subs_need = sum(scenes_needed(sub.acts, self.cap) for sub in self.subs)
        if need > 1 and self.rng.random() < need / max(1, left - subs_need) + 0.1:
            return main
        if self.limits.unique:
            return None
        if self.subs and (subs_need >= left - need or self.rng.random() < 0.6):
            sub = self._carried_on()
            if sub is not None:
                return sub
        new = begin_subplot(self, forced or "", wanted, left, need, whole=False)
        new = new or self._carried_on()
        return main if new is None and need > 1 else new

    def _carried_on(self) -> Group | None:
        """The next step of a sub-plot under way."""
        for sub in self.subs:
            group = sub, first_scene(sub.acts, self.cap)
            if self.fits([group], group[1][0].place):
                return group
        return None

    def _another(self, place: str, room: int, left: int, groups: Sequence[Group]) -> Group | None:
        """A step of one more plot at the place of the scene."""
        names = {id(thread) for thread, _ in groups}
        for thread in (self.main, *self.subs):
            last = thread.name == "main" and scenes_needed(thread.acts, self.cap) <= 1
            if id(thread) not in names and thread.acts and thread.acts[0].place == place and not last:
                acts = first_scene(thread.acts, room)
                if thread.name == "main" and len(acts) == len(thread.acts):
                    continue
                if self.cap > 2 and torn(thread.acts, len(acts)):
                    continue
                return thread, acts
        need = scenes_needed(self.main.acts, self.cap)
        return begin_subplot(self, place, room, left, need, whole=True)

    def _shelter(self, number: int) -> str | None:
        """Before a sudden storm people are outdoors, when it breaks indoors."""
        if self.clock.storm not in (number, number + 1):
            return None
        under = self.clock.storm == number
        places = [place.name for place in self.world.places if place.indoor == under]
        return self.rng.choice(places) if places else None

    def somewhere(self) -> str:
        """A place: one that nobody has been to yet, before the others."""
        places = [place.name for place in self.world.places]
        if self.limits.unique and len(places) > len({act.place for act in self.main.acts}):
            places = [name for name in places if name not in {act.place for act in self.main.acts}]
        least = min(self.visited.count(name) for name in places)
        fresh = [name for name in places if self.visited.count(name) == least]
        share = self.brief.world.revisits
        eager = 1.0 if self.limits.unique or share is not None else 0.6
        return self.rng.choice(fresh if self.rng.random() < eager else places)

    def fits(self, groups: Sequence[Group], place: str) -> bool:
        """Whether these steps can be one scene, and every plot can still end."""
        acts = [act for _, group in groups for act in group]
        if len(first_scene(acts, len(acts))) != len(acts) and len(groups) > 1 and not mingle(groups):
            return False
        if any(act.place != place for act in acts):
            return False
        if len({name for act in acts for name in act.people}) > COMPANY_MAX:
            return False
        state = self.state.copy()
        for fact, value in arranged(self.world, state, acts, place, self.rng):
            state.cut(fact, value)
        for act in acts:
            if state.wrong(act):
                return False
            state.apply("trial", act)
        playing = {id(thread): len(group) for thread, group in groups}
        threads = [self.main, *self.subs, *(thread for thread, _ in groups)]
        rests = {id(thread): thread.acts[playing.get(id(thread), 0) :] for thread in threads}
        return all(possible(state, rest) for rest in rests.values())

    def cut(self, fact: Fact, value: Value) -> None:
        """Set a fact without an event and log it with the next scene."""
        self.state.cut(fact, value)
        self.cuts.append((fact, value))

    def rests(self, groups: Sequence[Group]) -> list[list[Act]]:
        """What is still to come of every plot after these steps."""
        playing = {id(thread): len(group) for thread, group in groups}
        threads = {id(thread): thread for thread in (self.main, *self.subs, *(thread for thread, _ in groups))}
        return [thread.acts[playing.get(key, 0) :] for key, thread in threads.items()]

    def happen(self, act: Act, thread: str) -> Happening:
        """One event: an act of a plot, or of none."""
        key = f"e{self.count:05d}"
        self.count += 1
        changes = self.state.changes(act)
        because = self.state.apply(key, act)
        return Happening(key=key, act=act, because=because, core=bool(thread), changes=changes, thread=thread)


def teller_of(vocabulary: Vocabulary, brief: StoryBrief) -> Teller:
    """Somebody who can tell the story of a brief; the main plot is settled."""
    seed = derive_seed(brief.seed, "story", brief.theme, brief.chapters, brief.scenes, brief.keyframes)
    rng, limits = random.Random(seed), Limits.of(brief)
    world = make_world(vocabulary, brief.theme, brief.chapters * brief.scenes, rng, limits)
    teller = Teller(vocabulary, brief, limits, world, rng)
    begin(teller)
    return teller


def tell(vocabulary: Vocabulary, brief: StoryBrief) -> Story:
    """The story of a brief."""
    teller = teller_of(vocabulary, brief)
    story = teller.go_on()
    return finished(teller, story)


def finished(teller: Teller, story: Story, gone: set[str] | None = None) -> Story:
    """A story without what nobody met, saw or spoke of, or without what is in `gone`."""
    story.quests = [teller.quest] * teller.brief.chapters
    rare = [event.thread for scene in story.scenes for event in scene.events if event.thread in RARE]
    names = [name for name in teller.limits.inject if name in rare or name in teller.clock.done]
    story.injected = tuple(names)
    kept = {t.name for t in teller.world.things if teller.limits.is_held_out("thing", t.kind, t.colour)}
    return pruned(story, gone=gone, kept=kept)
