"""Where proposed scenes are acted out: the state says of every step whether it can happen, and the rest is left out.

    stage = Stage.begin(founding, brief, actions)
    broken = stage.rehearse(proposal.scenes)          # steps that cannot happen, each with the reason
    stage.play(proposal.scenes, fixes)                # goes on; what is still impossible is in stage.left
    stage.lines()                                     # the state, for the next chapter's prompt

Between scenes people are brought where they act, as a film does it (studio/plot/staged.py). A scene in which nothing
is left gets something that these people do anyway (studio/plot/interludes.py). It asks no model: see world.py; how the
last scene reaches the goal is in ending.py.
"""

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.protocols import derive_seed
from moviellm.generation.studio.plot.interludes import interlude
from moviellm.generation.studio.plot.plans import Scope
from moviellm.generation.studio.plot.staged import arranged
from moviellm.generation.studio.plot.story import NoStoryError
from moviellm.generation.studio.plot.telling import PACE
from moviellm.generation.studio.world.act import Act, Fact, Value
from moviellm.generation.studio.world.actions import State, change_of
from moviellm.generation.writers.world.actions import FIELDS
from moviellm.generation.writers.world.dates import Calendar
from moviellm.generation.writers.world.founding import Founding
from moviellm.generation.writers.world.naming import Names
from moviellm.generation.writers.world.proposal import FixProposal, SceneProposal, StepProposal
from moviellm.generation.writers.world.reasons import Fault, fault_of, read_step, settled
from moviellm.generation.writers.world.script import ScriptCut, ScriptScene, ScriptStep

THREADS: Final = ("main", "side", "")
ENDING: Final = -1
"""Number under which a model adds steps to the end of the last scene, so that the goal is reached."""
INTERLUDE: Final = -2
"""Number of what nobody proposed."""


@dataclass(frozen=True)
class Broken:
    """A step that cannot happen."""

    scene: int
    """Of the movie, from 0."""
    number: int
    """Of the step, counted through the chapter."""
    step: StepProposal
    fault: Fault
    instead: str = ""
    """What the model gave in its place, and why that cannot happen either."""

    def __str__(self) -> str:
        return f"scene {self.scene + 1}: {said(self.step)}: {self.fault.text}{self.instead}"


@dataclass(frozen=True)
class Played:
    """One act that happens."""

    act: Act
    thread: str
    number: int
    """Of the step that it comes from, or in whose place it is; see Broken."""
    step: StepProposal


@dataclass
class _Scene:
    """One scene while it is acted out."""

    place: str
    number: int
    """Of its first step in the chapter."""
    proposal: SceneProposal
    cuts: list[tuple[Fact, Value]] = field(default_factory=list)
    played: list[Played] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    mended: list[Broken] = field(default_factory=list)


Fixes = Mapping[int, Sequence[StepProposal]]
Candidates = list[tuple[int, StepProposal]]


@dataclass
class Stage:
    """Everything between chapters."""

    founding: Founding
    brief: StoryBrief
    actions: Collection[str]
    names: Names
    state: State
    calendar: Calendar
    scenes: list[ScriptScene] = field(default_factory=list)
    left: list[Broken] = field(default_factory=list)
    """Steps that were left out."""
    mended: list[Broken] = field(default_factory=list)
    """Steps that could not happen at first, and did after the model or the rest of the story was mended."""
    filled: int = 0
    """Scenes that got an interlude because nothing of theirs was possible."""

    @classmethod
    def begin(cls, founding: Founding, brief: StoryBrief, actions: Collection[str]) -> "Stage":
        """The stage before the first chapter."""
        state = State()
        for fact, value in founding.cuts:
            state.cut(fact, value)
        world = founding.world
        calendar = Calendar.start(world.time_of_day, brief.seed)
        return cls(founding, brief, actions, Names(world), state, calendar)

    @property
    def cap(self) -> int:
        """Steps that a scene has room for: every one needs a keyframe, and at a slow pace more than one."""
        keyframes = self.brief.keyframes
        return max(1, round(keyframes * PACE["slow"][1])) if self.brief.world.pace == "slow" else keyframes

    @property
    def total(self) -> int:
        """Scenes of the movie."""
        return self.brief.chapters * self.brief.scenes

    def lines(self) -> list[str]:
        """The state in lines, what is not so left out."""
        changes = (change_of(fact, value) for fact, value in sorted(self.state.facts.items()) if value is not False)
        return [f"{change.entity}: {change.attribute} = {change.value}" for change in changes]

    def rehearse(self, scenes: Sequence[SceneProposal]) -> tuple[list[Broken], list[Act]]:
        """The steps of a chapter that cannot happen, as far as the others do, and the acts of its last scene."""
        _, acted = self._act_out(scenes, {})
        return [broken for scene in acted for broken in scene.broken], [item.act for item in acted[-1].played]

    def play(self, scenes: Sequence[SceneProposal], fixes: Sequence[FixProposal] = ()) -> None:
        """Let a chapter happen, with other steps for those that could not."""
        before = {broken.number: broken for broken in self.rehearse(scenes)[0]}
        state, acted = self._act_out(
            scenes, {fix.broken: fix.steps for fix in fixes if fix.broken in (*before, ENDING)}
        )
        for scene in acted:
            self.left += scene.broken
        gone = {broken.number for scene in acted for broken in scene.broken}
        self.mended += [broken for number, broken in before.items() if number not in gone]
        chapter = len(self.scenes) // self.brief.scenes
        for index, scene in enumerate(acted):
            self._add(chapter, index, scene)
            self.filled += scene.played[0].number == INTERLUDE
        self.state = state

    def again(self, state: State, scene: ScriptScene, at: int) -> ScriptScene:
        """A scene of a script acted out from another state: what cannot happen now is left out. The state goes on."""
        steps = tuple(StepProposal(**step.model_dump()) for step in scene.steps)
        own = _Scene(scene.place, 0, SceneProposal(place=scene.place, time_of_day="day", weather="clear", steps=steps))
        self._act(state, own, at, {})
        cuts = tuple(ScriptCut(fact=fact, value=value) for fact, value in own.cuts)
        return scene.model_copy(update={"cuts": cuts, "steps": tuple(step_of(item) for item in own.played)})

    def _act_out(self, scenes: Sequence[SceneProposal], fixes: Fixes) -> tuple[State, list[_Scene]]:
        state, acted, number = self.state.copy(), list[_Scene](), 0
        for i, proposal in enumerate(scenes):
            place = self.names.find(proposal.place) or self.founding.world.places[0].name
            scene = _Scene(place, number, proposal)
            number += len(proposal.steps)
            self._act(state, scene, len(self.scenes) + i, fixes)
            acted.append(scene)
        return state, acted

    def _act(self, state: State, scene: _Scene, at: int, fixes: Fixes) -> None:
        """Act a scene out: the state goes on; what happens and what cannot is noted in the scene."""
        steps: Candidates = list(enumerate(scene.proposal.steps, scene.number))
        if at == self.total - 1:
            steps += [(ENDING, step) for step in fixes.get(ENDING, ())]
        acts = [act for step in self._all(steps, fixes) if isinstance(act := self._read(step, scene.place), Act)]
        faults: dict[int, Broken] = {}
        while True:
            trial, scene.cuts = self._arranged(state, acts, scene.place, at)
            scene.played, wrong = self._run(trial, steps, fixes, scene.place, at)
            faults |= wrong
            if not scene.played or [item.act for item in scene.played] == acts:
                break
            # Again without what cannot happen: nobody is brought here, or kept away, for that.
            acts, fixes = [item.act for item in scene.played], {}
            steps = [(item.number, item.step) for item in scene.played]
        kept = {item.number for item in scene.played}
        scene.broken = [broken for number, broken in sorted(faults.items()) if number not in kept]
        if not scene.played:
            trial, scene.cuts, scene.played = self._interlude(state, acts, scene.place, at)
        state.facts, state.causes, state.before = trial.facts, trial.causes, trial.before

    def _all(self, steps: Candidates, fixes: Fixes) -> Iterator[StepProposal]:
        for number, step in steps:
            yield step
            yield from fixes.get(number, ())

    def _read(self, step: StepProposal, place: str) -> Act | Fault:
        return read_step(step, place, self.founding.world, self.names, self.actions)

    def _run(
        self, state: State, steps: Candidates, fixes: Fixes, place: str, at: int
    ) -> tuple[list[Played], dict[int, Broken]]:
        """Every step that can happen after those before it, or else what is to be in its place."""
        played: list[Played] = []
        wrong: dict[int, Broken] = {}
        for number, step in steps:
            fault = self._try(state, number, step, place, played)
            if fault is None:
                continue
            others = fixes.get(number, ())
            later = [self._try(state, number, other, place, played) for other in others]
            if None not in later:
                tried = [(other, why) for other, why in zip(others, later, strict=True) if why and other != step]
                instead = "".join(f"; instead {said(other)}: {why.text}" for other, why in tried)
                wrong[number] = Broken(at, number, step, fault, instead)
        return played, wrong

    def _try(self, state: State, number: int, step: StepProposal, place: str, played: list[Played]) -> Fault | None:
        """Let a step happen, or say why it cannot."""
        read = self._read(step, place)
        if isinstance(read, Fault):
            return read
        if len(played) >= self.cap:
            return Fault("room", f"a scene has room for {self.cap} steps")
        act, earlier = settled(read, state), [item.act for item in played]
        fault = fault_of(act, earlier, state, self.founding.world)
        if fault is None:
            state.apply("stage", act)
            played.append(Played(act, step.thread if step.thread in THREADS else "side", number, step))
        return fault

    def _arranged(
        self, state: State, acts: Sequence[Act], place: str, at: int
    ) -> tuple[State, list[tuple[Fact, Value]]]:
        rng = random.Random(derive_seed(self.brief.seed, "cuts", at))
        cuts = arranged(self.founding.world, state, acts, place, rng)
        trial = state.copy()
        for fact, value in cuts:
            trial.cut(fact, value)
        return trial, cuts

    def _interlude(
        self, state: State, acts: Sequence[Act], place: str, at: int
    ) -> tuple[State, list[tuple[Fact, Value]], list[Played]]:
        """Something that happens there anyway, by those who were meant to act if they can."""
        world, rng = self.founding.world, random.Random(derive_seed(self.brief.seed, "interlude", at))
        free = [p.name for p in world.people if not state.get("captive", p.name)]
        meant = [name for name in dict.fromkeys(name for act in acts for name in act.people) if name in free]
        company = (meant or rng.sample(free, min(len(free), 2)))[:2]
        trial, cuts = self._arranged(state, [Act("wait", name, place) for name in company], place, at)
        scope = Scope(
            world=world, actions=frozenset(self.actions), kept=frozenset(self.founding.quest.objects),
            villain=self.founding.quest.villain,
        )  # fmt: skip
        for option in interlude(scope, trial, place, (), rng, last=False, secret=False):
            act = settled(option, trial)
            if fault_of(act, (), trial, world) is None:
                trial.apply("stage", act)
                return trial, cuts, [Played(act, "", INTERLUDE, StepProposal(actor=act.actor, action=act.action))]
        raise NoStoryError(f"nothing can happen in scene {at + 1} {place}: everybody is a captive elsewhere")

    def _add(self, chapter: int, index: int, scene: _Scene) -> None:
        proposal, cuts = scene.proposal, scene.cuts
        if not self.scenes:
            cuts = [*self.founding.cuts, *cuts]
        date, clock = self.calendar.turn(proposal.time_of_day, proposal.days_later)
        self.scenes.append(
            ScriptScene(
                chapter=chapter,
                index=index,
                place=scene.place,
                time_of_day=proposal.time_of_day,
                weather=proposal.weather,
                date=date,
                clock=clock,
                cuts=tuple(ScriptCut(fact=fact, value=value) for fact, value in cuts),
                steps=tuple(step_of(item) for item in scene.played),
            )
        )


TOLD_MAX: Final = 40
"""Steps before a chapter that the model is shown; the state says the rest."""


def told(stage: Stage) -> list[str]:
    """What has happened, for the next chapter's prompt."""
    rows = [f"{scene.place}, {scene.time_of_day}: {said(step)}" for scene in stage.scenes for step in scene.steps]
    return rows[-TOLD_MAX:]


def _parts(step: ScriptStep | StepProposal) -> list[str]:
    return [f"{name} {getattr(step, name)}" for name in FIELDS if getattr(step, name)]


def step_of(played: Played) -> ScriptStep:
    """An act as the script has it."""
    act = played.act
    return ScriptStep(
        action=act.action, actor=act.actor, other=act.other, thing=act.thing, target=act.target, topic=act.topic,
        mode=act.mode, thread=played.thread,
    )  # fmt: skip


def said(step: StepProposal | ScriptStep) -> str:
    """A step on one line: `give asked: Ada, other Ben, thing silver key`."""
    return f"{' '.join(filter(None, (step.action, step.mode)))}: {', '.join([step.actor, *_parts(step)])}"
