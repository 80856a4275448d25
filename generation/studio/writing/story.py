"""The simulation: a story brief becomes a world and a log of scenes with their events, as many as asked for.

    story = simulate(vocabulary, StoryBrief(...))
    story.scenes[0].events[0].because

Chapters are grouped into blocks of one quest each; the last block is the main quest, whose goal is the last event it
plans. In every scene the story either takes the next step of the quest's plan, or lets something go wrong
(plans.complications) if the quest can still end in time, or tells an interlude. What a scene has room for beyond that
is filled by interludes.py. Every event is applied to the state, so the log is true by construction.

It says nothing in words: see prose.py, shooting.py and lines.py.
"""

import random
from dataclasses import dataclass, field

from moviellm.generation.protocols import StoryBrief, derive_seed
from moviellm.generation.schema import TimeOfDay, Weather
from moviellm.generation.studio.writing.actions import Act, Fact, State, Value
from moviellm.generation.studio.writing.interludes import interlude
from moviellm.generation.studio.writing.plans import NoPlanError, Quest, complications, other_place, plan
from moviellm.generation.studio.writing.quests import Cuts, next_quest, opening
from moviellm.generation.studio.writing.world import Vocabulary, World, make_world

SCENES_PER_QUEST = 9
"""A quest of more scenes than this runs dry; a movie of more scenes gets more quests."""
SECRET = ("hide", "steal", "watch")
"""Actions that nobody else walks in on."""
TROUBLES_MAX = 2
"""Times the same thing may go wrong in one quest."""
TRIES = 12
"""Other interludes tried when a scene would repeat an earlier one."""


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One event of the log."""

    key: str
    act: Act
    because: tuple[str, ...]
    core: bool
    """Whether the quest needs it; the rest is interlude."""


@dataclass(frozen=True, kw_only=True)
class SceneLog:
    """One scene: where and when, the state it starts from, and what happens."""

    chapter: int
    index: int
    place: str
    time_of_day: TimeOfDay
    weather: Weather
    cuts: tuple[tuple[Fact, Value], ...]
    """Facts set without an event before the scene begins."""
    start: dict[Fact, Value]
    """All facts when it begins, after the cuts."""
    events: tuple[Happening, ...]


@dataclass
class Story:
    """A world and everything that happens in it."""

    world: World
    scenes: list[SceneLog] = field(default_factory=list)
    quests: list[Quest] = field(default_factory=list)
    """The quest of each chapter."""

    by_first_event: dict[str, SceneLog] = field(default_factory=dict)
    """Each scene by the key of its first event."""

    def add(self, scene: SceneLog) -> None:
        """Append a scene."""
        self.scenes.append(scene)
        self.by_first_event[scene.events[0].key] = scene


def simulate(vocabulary: Vocabulary, brief: StoryBrief) -> Story:
    """Tell the whole story of a brief. Same brief and vocabulary, same story."""
    rng = random.Random(derive_seed(brief.seed, "story", brief.theme, brief.chapters, brief.scenes, brief.keyframes))
    world = make_world(vocabulary, brief.theme, brief.chapters * brief.scenes, rng)
    return _Teller(world, brief, rng).tell()


class _Teller:
    """Tells one story; holds the state between scenes."""

    def __init__(self, world: World, brief: StoryBrief, rng: random.Random) -> None:
        self.world, self.brief, self.rng = world, brief, rng
        self.state = State()
        self.story = Story(world=world)
        self.plan: list[Act] = []
        self.troubles: list[str] = []
        """What has gone wrong in this quest, as the actions of each complication."""
        self.seen: set[tuple[object, ...]] = set()
        self.hour = {"dawn": 5.5, "day": 9.0, "dusk": 18.0, "night": 21.5}[world.time_of_day]
        self.weather: Weather = world.weather
        self.count = 0
        self.cuts: list[tuple[Fact, Value]] = []
        self.cap = brief.keyframes
        """Events a scene can show: each needs a keyframe."""

    def tell(self) -> Story:
        for person in self.world.people:
            self._cut(("at", person.name), person.home)
        blocks = max(1, min(self.brief.chapters, self.brief.chapters * self.brief.scenes // SCENES_PER_QUEST))
        edges = [round(i * self.brief.chapters / blocks) for i in range(blocks + 1)]
        for block in range(blocks):
            self._quest(block == blocks - 1, (edges[block + 1] - edges[block]) * self.brief.scenes)
            for chapter in range(edges[block], edges[block + 1]):
                self.story.quests.append(self.quest)
                for index in range(self.brief.scenes):
                    left = (edges[block + 1] - chapter) * self.brief.scenes - index
                    self._scene(chapter, index, left)
        return self.story

    def _cut(self, fact: Fact, value: Value) -> None:
        self.state.cut(fact, value)
        self.cuts.append((fact, value))

    def _quest(self, last: bool, left: int) -> None:
        """Choose the next quest, the longest of a few that can end in the scenes that are left."""
        best: tuple[int, Quest, Cuts, list[Act]] | None = None
        levels = [*self.rng.sample(range(2, 7), 5), 2, 1, 0, -1, 1, 0, -1]
        for tries, level in enumerate(levels * 3):
            quest, cuts = next_quest(
                self.world, self.state, self.rng, last=last, level=level, earlier=self.story.quests
            )
            acts = self._opened(quest, cuts, level, left)
            if acts is None or not (self._fresh(acts) or tries > len(levels)):
                continue
            need = scenes_needed(acts, self.cap)
            if best is None or need > best[0]:
                best = need, quest, cuts, acts
            if tries >= 4:
                break
        assert best is not None, f"no quest fits {left} scenes of {self.cap} events in {self.brief}"
        _, self.quest, cuts, self.plan = best
        self.troubles = []
        for fact, value in cuts:
            self._cut(fact, value)

    def _opened(self, quest: Quest, cuts: Cuts, level: int, left: int) -> list[Act] | None:
        """The plan of a quest, with its opening if there is room; None when it does not fit."""
        trial = self.state.copy()
        for fact, value in cuts:
            trial.cut(fact, value)
        first = opening(self.world, trial, quest, self.rng) if level > 0 and left * self.cap > 2 else ()
        for start in (first, ()):
            try:
                acts = plan(self.world, trial, quest, start)
            except NoPlanError:
                continue
            if scenes_needed(acts, self.cap) <= left:
                return acts
        return None

    def _scene(self, chapter: int, index: int, left: int) -> None:
        wanted = max(1, round(self.cap * self.rng.uniform(0.42, 0.62))) if self.cap < 24 else self.cap * 2 // 5
        head = self._head(left)
        for attempt in range(TRIES):
            saved = self.state.copy(), list(self.cuts), self.rng.getstate()
            events = self._fill(head, min(self.cap, wanted + attempt // 2))
            signature = _signature([event.act for event in events])
            if signature not in self.seen or attempt == TRIES - 1:
                break
            self.state, self.cuts, _ = saved
            self.rng.seed(derive_seed(self.brief.seed, "again", chapter, index, attempt))
            self.count -= len(events)
        self.seen.add(signature)
        self.plan = self.plan[len(head) :]
        time_of_day, weather = self._clock(index == 0)
        log = SceneLog(
            chapter=chapter,
            index=index,
            place=events[0].act.place,
            time_of_day=time_of_day,
            weather=weather,
            cuts=tuple(self.cuts),
            start=self.start,
            events=tuple(events),
        )
        self.story.add(log)
        self.cuts = []

    def _head(self, left: int) -> list[Act]:
        """Acts of the quest that this scene shows; none when it is an interlude."""
        need = scenes_needed(self.plan, self.cap)
        if left > need:
            worse = self._worse(left) if self.story.scenes else None
            if worse is not None:
                self.plan = worse
            elif need == 1 or (self.story.scenes and self.rng.random() > need / left + 0.15):
                return []
        return first_scene(self.plan, self.cap)

    def _worse(self, left: int) -> list[Act] | None:
        """A longer plan, because something goes wrong."""
        if self.rng.random() < 0.2:
            return None
        options = complications(self.world, self.state, self.quest, self.rng)
        self.rng.shuffle(options)
        for acts in options:
            kind = "+".join(act.action for act in acts)
            if self.troubles.count(kind) >= TROUBLES_MAX:
                continue
            try:
                longer = plan(self.world, self.state, self.quest, acts)
            except NoPlanError:
                continue
            longer_enough = scenes_needed(self.plan, self.cap) < scenes_needed(longer, self.cap) <= left
            if longer_enough and self._fresh(longer):
                self.troubles.append(kind)
                return longer
        return None

    def _fresh(self, acts: list[Act]) -> bool:
        """Whether a plan repeats no scene that is full, so that nothing could be added to vary it."""
        rest, full = list(acts), []
        while rest:
            group = first_scene(rest, self.cap)
            rest = rest[len(group) :]
            if len(group) == self.cap:
                full.append(_signature(group))
        return len(set(full)) == len(full) and not self.seen.intersection(full)

    def _fill(self, head: list[Act], wanted: int) -> list[Happening]:
        """Let a scene happen: the quest's acts and, as far as there is room, what else these people do there."""
        others = [person.name for person in self.world.people if not self._away(person.name)]
        place = head[0].place if head else self.rng.choice([p.name for p in self.world.places])
        company = list(dict.fromkeys(name for act in head for name in act.people))
        secret = self._secret(head)
        if not company:
            company = self.rng.sample(others, min(len(others), self.rng.choice((1, 2, 2, 3)) if self.cap > 1 else 2))
        elif wanted > len(head) and not secret and len(company) < 3:
            free = [n for n in others if n not in company and n != self.quest.villain]
            company += self.rng.sample(free, min(len(free), self.rng.choice((0, 1))))
        self._bring(company, place, head)
        extra = max(0, wanted - len(head))
        lead = self._arrivals(head, company, place, extra)
        self.start = dict(self.state.facts)
        events = [self._happen(act, core=False) for act in lead]
        room = max(0, extra - len(lead))
        rest = self.plan[len(head) :] if head else self.plan
        before = (room if not rest else self.rng.randint(0, room)) if head and self.story.scenes else 0
        for _ in range(before):
            self._add(events, head, rest, place, 2)
        events += [self._happen(act, core=True) for act in head]
        while len(events) < max(wanted, 1):
            if not self._add(events, [], rest, place, wanted - len(events)):
                break
        return events

    def _secret(self, acts: list[Act]) -> bool:
        """Whether nobody else may be there: what the villain is up to, and what is done behind somebody's back."""
        plots = bool(acts) and all(act.actor == self.quest.villain and not act.other for act in acts)
        return plots or any(act.action in SECRET for act in acts)

    def _away(self, name: str) -> bool:
        return self.quest.kind == "meet" and name == self.quest.thing

    def _bring(self, company: list[str], place: str, head: list[Act]) -> None:
        """Cut: the company is there, nobody else is; who is only followed is where they went."""
        gone = {act.other: act.target for act in head if act.action == "follow"}
        for person in self.world.people:
            at = self.state.get("at", person.name)
            if person.name in company and at != place and person.name not in gone:
                self._cut(("at", person.name), place)
            elif person.name not in company and at == place and not self._away(person.name):
                away = person.home if person.home != place else other_place(self.world, self.rng, place)
                self._cut(("at", person.name), away)

    def _arrivals(self, head: list[Act], company: list[str], place: str, extra: int) -> list[Act]:
        """Somebody is seen to come in, when there is room to show it."""
        if not extra or self.rng.random() < 0.55:
            return []
        first = head[0].actor if head else company[0]
        comes = first if self.rng.random() < 0.7 else self.rng.choice(company)
        if any(act.action == "enter" and act.actor == comes for act in head):
            return []
        self._cut(("at", comes), other_place(self.world, self.rng, place))
        return [Act("enter", comes, place)]

    def _happen(self, act: Act, core: bool) -> Happening:
        key = f"e{self.count:05d}"
        self.count += 1
        return Happening(key=key, act=act, because=self.state.apply(key, act), core=core)

    def _add(self, events: list[Happening], head: list[Act], rest: list[Act], place: str, room: int) -> bool:
        """One more event of the interlude kind that leaves the plan possible."""
        earlier = [event.act for event in events]
        secret = self._secret([*head, *earlier])
        acts = interlude(self.world, self.state, self.quest, place, earlier, self.rng, last=room <= 1, secret=secret)
        for act in acts:
            trial = self.state.copy()
            if trial.wrong(act):
                continue
            trial.apply("trial", act)
            if self._still(trial, head, rest):
                events.append(self._happen(act, core=False))
                return True
        return False

    def _still(self, trial: State, head: list[Act], rest: list[Act]) -> bool:
        for act in head:
            if trial.wrong(act):
                return False
            trial.apply("trial", act)
        for act in rest:
            for name in act.people:
                if not (act.action == "follow" and name == act.other):
                    trial.cut(("at", name), act.place)
            if trial.wrong(act):
                return False
            trial.apply("trial", act)
        return True

    def _clock(self, new_chapter: bool) -> tuple[TimeOfDay, Weather]:
        """Time goes on by one to four hours a scene, and over night between chapters."""
        hour = self.hour % 24
        self.hour += self.rng.uniform(1.0, 4.0) + (6.0 if new_chapter and self.story.scenes else 0.0)
        time_of_day: TimeOfDay = (
            "dawn" if 5 <= hour < 7 else "day" if 7 <= hour < 17.5 else "dusk" if 17.5 <= hour < 20.5 else "night"
        )
        weather = self.weather
        if self.rng.random() < 0.3:
            self.weather = self.rng.choice(TURNS[weather])
        return time_of_day, weather


def _signature(acts: list[Act]) -> tuple[object, ...]:
    """What makes two scenes the same: the place and what happens, in any order."""
    return (acts[0].place, *sorted((act.action, act.people, act.thing) for act in acts))


TURNS: dict[Weather, tuple[Weather, ...]] = {
    "clear": ("cloudy", "cloudy", "fog"),
    "cloudy": ("clear", "rain", "fog", "snow"),
    "rain": ("cloudy", "storm", "clear"),
    "storm": ("rain", "rain", "cloudy"),
    "fog": ("cloudy", "clear"),
    "snow": ("cloudy", "snow", "clear"),
}
"""What weather turns into."""


def first_scene(acts: list[Act], cap: int) -> list[Act]:
    """The acts at the start of a plan that one scene can hold: one place, no more than `cap`, nobody comes back."""
    taken: list[Act] = []
    gone: set[str] = set()
    for act in acts:
        here = set(act.people) - ({act.other} if act.action == "follow" else set())
        if taken and (act.place != taken[0].place or len(taken) >= cap or here & gone or _intrudes(act, taken, here)):
            break
        taken.append(act)
        if act.action in ("go", "flee", "follow"):
            gone |= here
    return taken


def _intrudes(act: Act, taken: list[Act], here: set[str]) -> bool:
    """Whether an act needs another scene: nobody of it was there before, or somebody would see what is secret."""
    before = {name for earlier in taken for name in earlier.people}
    if not here & before:
        return True
    if act.action in SECRET and before - here:
        return True
    return any(earlier.action in SECRET for earlier in taken) and bool(here - before) and act.action != "watch"


def scenes_needed(acts: list[Act], cap: int) -> int:
    """Scenes that a plan takes."""
    count, rest = 0, list(acts)
    while rest:
        rest = rest[len(first_scene(rest, cap)) :]
        count += 1
    return count
