"""How a proposed story ends: whether its goal is reached in the last scene, and an end that the studio plans if not.

    end_of(quest, acts)          # which act of the last scene reaches the goal; None when none does
    stage_end(stage)             # plans the end into the last scene, as far as there is room
    story = finished(stage)      # the whole story, without what it never uses

The synopsis says that the goal is reached, and how, if the last step of the main plot reaches it. Where it is not
reached the story has no main plot, and its synopsis ends with what happened last. It changes no other scene.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Final

from moviellm.generation.protocols import derive_seed
from moviellm.generation.studio.plot.goals import GOALS, plan
from moviellm.generation.studio.plot.plans import NoPlanError, Quest, Scope
from moviellm.generation.studio.plot.pruning import pruned
from moviellm.generation.studio.plot.quests import PERSONS
from moviellm.generation.studio.plot.story import Story
from moviellm.generation.studio.world.act import Act
from moviellm.generation.writers.world.founding import TOPICS
from moviellm.generation.writers.world.reasons import fault_of
from moviellm.generation.writers.world.script import ScriptScene, ScriptStep, acts_of, story_from
from moviellm.generation.writers.world.stage import Stage

OBJECTS: Final = {
    "read": "a text", "show": "a text", "deliver": "a letter", "open": "a container", "repair": "something breakable",
}  # fmt: skip
"""What the object of some goals has to be."""


def reaches(quest: Quest, act: Act) -> bool:
    """Whether an act is the end of a quest."""
    hero, thing, friend = quest.hero, quest.thing, quest.friend
    mine = act.actor == hero and act.mode != "vain"
    match quest.kind:
        case "hold":
            gets = mine and act.action in ("pick_up", "take", "steal") and act.thing == thing
            given = act.action in ("give", "trade") and act.other == hero and act.thing == thing
            return gets or given or (mine and act.action == "trade" and act.target == thing)
        case "return":
            return mine and act.action == "give" and (act.other, act.thing) == (friend, thing)
        case "deliver":
            return act.action == "read" and (act.actor, act.thing) == (friend, thing)
        case "hide" | "bury" | "read" | "open":
            return mine and act.action == quest.kind and act.thing == thing
        case "repair":
            return mine and act.action == "repair" and act.thing == thing
        case "meet" | "reconcile":
            return act.action == "hug" and {act.actor, act.other} == {hero, thing}
        case "free" | "heal" | "arrest":
            return mine and act.action == quest.kind and act.other == thing
        case "trade":
            return mine and act.action == "trade" and (act.other, act.thing) == (friend, thing)
        case "show":
            return mine and act.action == "show" and (act.other, act.thing) == (friend, thing)
        case _:  # know
            told = act.action == "tell" and act.other == hero and act.topic == thing
            return told or (mine and act.action == "read" and act.topic == thing)


def aim(quest: Quest) -> str:
    """The end of a quest in words."""
    hero, thing, friend = quest.hero, quest.thing, quest.friend
    words = {
        "hold": f"{hero} gets the {thing}", "return": f"{hero} gives the {thing} to {friend}",
        "deliver": f"{friend} reads the {thing}", "hide": f"{hero} hides the {thing}",
        "bury": f"{hero} buries the {thing}", "read": f"{hero} reads the {thing}", "open": f"{hero} opens the {thing}",
        "repair": f"{hero} repairs the {thing}", "meet": f"{hero} and {thing} hug",
        "reconcile": f"{hero} and {thing} hug", "free": f"{hero} frees {thing}", "heal": f"{hero} heals {thing}",
        "arrest": f"{hero} arrests {thing}", "trade": f"{hero} trades the {thing} with {friend}",
        "show": f"{hero} shows the {thing} to {friend}", "know": f"somebody tells {hero} where the {thing} is",
    }  # fmt: skip
    return words[quest.kind]


def goal_lines() -> Iterator[str]:
    """Every kind of goal, its parts and its end, for the prompt."""
    for kind in GOALS:
        thing = "another person" if kind in PERSONS else OBJECTS.get(kind, "an object")
        topic = f", topic = {TOPICS[kind]} of the story" if kind in TOPICS else ""
        named = Quest(kind=kind, hero="the hero", thing="thing", friend="friend", villain=None, place="", topic="")
        yield f"{kind} (thing = {thing}{topic}): {aim(named).replace('the thing', 'thing')}"


def end_of(quest: Quest, acts: Sequence[Act]) -> int | None:
    """Which act of the last scene reaches the goal for good: nothing happens to the thing afterwards."""
    for i in range(len(acts) - 1, -1, -1):
        if reaches(quest, acts[i]):
            later = {name for act in acts[i + 1 :] for name in (act.thing, act.target)}
            return None if quest.thing in later else i
    return None


def stage_end(stage: Stage) -> None:
    """Give the last scene the end of its main plot: the step that reaches the goal, or one that the studio plans."""
    quest, last = stage.founding.quest, stage.scenes[-1]
    acts = acts_of(last)
    if end_of(quest, acts) is None:
        acts += _planned(stage, acts)
    rows = [*last.steps, *(ScriptStep(**_fields(act), thread="main") for act in acts[len(last.steps) :])]
    stage.scenes[-1] = last.model_copy(update={"steps": tuple(rows)})
    stage.scenes = threaded(quest, stage.scenes)


def _fields(act: Act) -> dict[str, str]:
    return {name: value for name, value in vars(act).items() if name != "place"}


def threaded(quest: Quest, scenes: Sequence[ScriptScene]) -> list[ScriptScene]:
    """The scenes with the goal, if the last one reaches it, as the last step of the main plot."""
    at = end_of(quest, acts_of(scenes[-1]))
    found = [*scenes[:-1]] if at is not None else [_with(scene, _threaded(scene.steps, None)) for scene in scenes[:-1]]
    return [*found, _with(scenes[-1], _threaded(scenes[-1].steps, at))]


def _with(scene: ScriptScene, steps: Sequence[ScriptStep]) -> ScriptScene:
    return scene.model_copy(update={"steps": tuple(steps)})


def _threaded(steps: Sequence[ScriptStep], at: int | None) -> list[ScriptStep]:
    """The steps with the goal as the last of the main plot; without a goal there is no main plot."""
    found = []
    for i, step in enumerate(steps):
        thread = "side" if step.thread == "main" and (at is None or i > at) else step.thread
        found.append(step.model_copy(update={"thread": "main" if i == at else thread}))
    return found


def _planned(stage: Stage, acts: Sequence[Act]) -> list[Act]:
    """Acts that reach the goal in the last scene after those it has; none when there is no room or no way."""
    world, quest, place = stage.founding.world, stage.founding.quest, stage.scenes[-1].place
    rng = random.Random(derive_seed(stage.brief.seed, "ending"))
    scope = Scope(world=world, actions=frozenset(stage.actions), villain=quest.villain, stage=place)
    try:
        ending = plan(scope, stage.state, quest, rng)
    except NoPlanError:
        return []
    if len(acts) + len(ending) > stage.cap:
        return []
    trial, before = stage.state.copy(), list(acts)
    for act in ending:
        if act.place != place or fault_of(act, before, trial, world) is not None:
            return []
        trial.apply("ending", act)
        before.append(act)
    stage.state = trial
    return ending


def finished(stage: Stage) -> Story:
    """The whole story without people, places and things that it never uses."""
    world = stage.founding.world
    story = story_from(world, stage.founding.quest, stage.scenes)
    return pruned(story)
