"""Counterfactual twins of a proposed story: the same until one act goes otherwise, and all that follows from it.

    twin = twin_of(story, brief, actions)          # twin.twin_acts = (original act, act of the twin)

The scenes before the parting are the original's, and so is the world. At the parting the same people do something else
(studio/plot/twins.py says what and where); afterwards the proposed steps go on, as far as they still can. No call is
made for a twin: the original's answers are kept, and asking for them again costs nothing.
"""

from collections.abc import Collection

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.studio.plot.story import NoStoryError, Story
from moviellm.generation.studio.plot.twins import Parting, ending, no_twin, partings
from moviellm.generation.studio.world.actions import State
from moviellm.generation.writers.world.dates import Calendar
from moviellm.generation.writers.world.ending import threaded
from moviellm.generation.writers.world.founding import Founding
from moviellm.generation.writers.world.naming import Names
from moviellm.generation.writers.world.reasons import fault_of
from moviellm.generation.writers.world.script import ScriptScene, ScriptStep, acts_of, played, script_of, story_from
from moviellm.generation.writers.world.stage import Stage


def twin_of(original: Story, brief: StoryBrief, actions: Collection[str]) -> Story:
    """The twin of a story.

    Raises:
        NoTwinError: it is too short to go otherwise anywhere.
    """
    end, scenes = ending(original), script_of(original).scenes
    world, quest = original.world, original.quests[-1]
    founding = Founding(world=world, quest=quest, cuts=())
    stage = Stage(founding, brief, actions, Names(world), State(), Calendar.start(world.time_of_day, brief.seed))
    for part in partings(original, brief.seed):
        try:
            told = _otherwise(stage, scenes, part)
        except NoStoryError:
            continue
        twin = story_from(world, quest, threaded(quest, told))
        if ending(twin) != end:
            twin.twin_acts = (original.scenes[part.scene].events[part.event].act, part.act)
            return twin
    raise no_twin(brief)


def _otherwise(stage: Stage, scenes: tuple[ScriptScene, ...], part: Parting) -> list[ScriptScene]:
    """The scenes with another act at a point, and without what is then impossible."""
    state, told = State(), list(scenes[: part.scene])
    for scene in told:
        played(state, scene, 0)
    told.append(_parted(stage, state, scenes[part.scene], part))
    told += [stage.again(state, scenes[at], at) for at in range(part.scene + 1, len(scenes))]
    return told


def _parted(stage: Stage, state: State, scene: ScriptScene, part: Parting) -> ScriptScene:
    """The scene in which the films part."""
    for cut in scene.cuts:
        state.cut(cut.fact, cut.value)
    thread = scene.steps[part.event].thread
    instead = ScriptStep(
        action=part.act.action, actor=part.act.actor, other=part.act.other, thing=part.act.thing,
        target=part.act.target, topic=part.act.topic, mode=part.act.mode, thread=thread or "side",
    )  # fmt: skip
    steps, acts = list(scene.steps[: part.event]), acts_of(scene)
    happened = acts[: part.event] + [part.act]
    for act in happened:
        state.apply("twin", act)
    steps.append(instead)
    for step, act in list(zip(scene.steps, acts, strict=True))[part.event + 1 :]:
        if fault_of(act, happened, state, stage.founding.world) is None:
            state.apply("twin", act)
            happened.append(act)
            steps.append(step)
    return scene.model_copy(update={"steps": tuple(steps)})
