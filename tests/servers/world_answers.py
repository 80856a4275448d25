"""What a model might propose to the world writer: the offline studio's own stories, with steps that cannot happen.

    answers = world_answers(impossible=0.2)          # for openai_double(answers=answers)

A share of the steps is made impossible on purpose, each by one of SABOTAGES, whose name stands in the step's `why`;
repairs are right for half of them, and wrong or left out for the others. Everything follows from the task's data.
Rewrites: see world_rewrites.py.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.studio.plot.story import NoStoryError, SceneLog, Story, simulate
from moviellm.generation.studio.world.act import Act, Fact, Value
from moviellm.generation.studio.world.actions import State
from moviellm.generation.studio.world.world import Vocabulary
from tests.servers.world_rewrites import reading, retelling

GRAMMAR = files("moviellm.generation.studio.grammar")
VOCABULARY = Vocabulary(
    {
        **yaml.safe_load(GRAMMAR.joinpath("world.yaml").read_text(encoding="utf-8")),
        **yaml.safe_load(GRAMMAR.joinpath("premises.yaml").read_text(encoding="utf-8")),
    }
)
Step = dict[str, str]
Answers = Callable[[str, dict[str, Any], Mapping[str, Any], int], Any]


def world_answers(impossible: float = 0.2, changed: float = 0.3) -> Answers:
    """Answers of a model that gets so many steps wrong, and changes the facts of so many rewritten texts."""

    def answers(schema_name: str, data: dict[str, Any], schema: Mapping[str, Any], seed: int) -> Any:
        if schema_name == "script_world":
            return world(data)
        if schema_name == "script_steps":
            return {"scenes": [scene for scene, _ in chapter(data, impossible)]}
        if schema_name == "script_repair":
            return repair(data)
        if schema_name == "retelling":
            return retelling(data, changed)
        return reading(data) if schema_name == "reading" else None

    return answers


def answers(schema_name: str, data: dict[str, Any], schema: Mapping[str, Any], seed: int) -> Any:
    """With a fifth of the steps impossible: `python -m tests.servers.openai_double --answers world`."""
    return world_answers()(schema_name, data, schema, seed)


def story_of(data: Mapping[str, Any]) -> Story:
    """The offline story of the data's theme and seed."""
    asked = data["story"]
    return _story(
        asked["theme"], asked["level"], asked["chapters"], asked["scenes"], asked["keyframes"], asked["seed"]
    )


@lru_cache(maxsize=128)
def _story(theme: str, level: str, chapters: int, scenes: int, keyframes: int, seed: int) -> Story:
    for other in range(10):
        brief = StoryBrief(
            theme=theme, language="en", level=level, chapters=chapters, scenes=scenes, keyframes=keyframes,
            seed=seed + other,
        )  # fmt: skip
        try:
            return simulate(VOCABULARY, brief)
        except NoStoryError:
            continue
    raise AssertionError(f"no story for {theme!r}")


# ------------------------------------------------------------------------------------------------ the world


def world(data: Mapping[str, Any]) -> dict[str, Any]:
    """The proposal of a world: that of the offline story."""
    story = story_of(data)
    world, quest = story.world, story.quests[-1]
    cloze = data["story"]["level"] == "cloze"
    return {
        "idea": f"{quest.hero} wants {quest.thing}.",
        "title": f"What {quest.hero} Wanted",
        "genre": world.genre,
        "weather": world.weather,
        "time_of_day": world.time_of_day,
        "places": [
            {"kind": p.kind, "adjective": "" if cloze else p.name.removeprefix("the ").removesuffix(f" {p.kind}")}
            for p in world.places
        ],
        "people": [
            {
                "name": p.name,
                "pronoun": "she" if p.she else "he",
                "role": p.role,
                "occupation": "painter" if p.occupation in ("girl", "boy") else p.occupation,
                "home": p.home,
                **asdict(p.looks),
            }
            for p in world.people
        ],
        "things": [{"kind": thing.kind, "colour": thing.colour} for thing in world.things],
        "goal": {**asdict(quest), "villain": quest.villain or ""},
        "facts": list(_facts(story)),
        "chapters": [f"Chapter {number + 1}." for number in range(data["story"]["chapters"])],
    }


def _facts(story: Story) -> Iterator[dict[str, Any]]:
    start = dict(story.scenes[0].cuts)
    for thing in story.world.things:  # what was lost with an unused place lies in the first
        if start.get(("where", thing.name), "nowhere") == "nowhere":
            start["where", thing.name] = f"at:{story.scenes[0].place}"
    for fact, value in start.items():
        if value is not False and value != "elsewhere":
            yield _fact(fact, value)


def _fact(fact: Fact, value: Value) -> dict[str, Any]:
    if fact[0] == "message":
        topic, _, spot = str(value).partition(": ")
        return {"fact": "message", "of": [fact[1], topic], "value": spot}
    return {"fact": fact[0], "of": list(fact[1:]), "value": "yes" if value is True else value}


# ------------------------------------------------------------------------------------------------ the steps


def chapter(data: Mapping[str, Any], impossible: float) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The scenes of a chapter, each with the sabotage of each of its steps, or nothing."""
    story, asked = story_of(data), data["story"]
    first = data["chapter"] * asked["scenes"]
    for log in story.scenes[first : first + asked["scenes"]]:
        rows = list(_scene(story, log, impossible))
        yield (
            {
                "place": log.place,
                "time_of_day": log.time_of_day,
                "weather": log.weather,
                "days_later": 0,
                "steps": [step for step, _ in rows],
            },
            [kind for _, kind in rows],
        )


def _scene(story: Story, log: SceneLog, impossible: float) -> Iterator[tuple[Step, str]]:
    state = State(log.start)
    for i, event in enumerate(log.events):
        step, kind = _step(event.act, event.thread), ""
        if _share(event.key, *log.start.items()) < impossible:
            acts = [item.act for item in log.events[:i]]
            kind, step = _sabotaged(story, state, event.act, acts, step)
        yield step, kind
        state.apply(event.key, event.act)


def _step(act: Act, thread: str) -> Step:
    fields = {name: value for name, value in asdict(act).items() if name != "place"}
    return {"why": "the plot", "thread": thread if thread in ("main", "") else "side", **fields}


def _share(*parts: object) -> float:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:6], "big") / 2**48


def _sabotaged(story: Story, state: State, act: Act, earlier: list[Act], step: Step) -> tuple[str, Step]:
    """The step made impossible in the first way that applies, from a seeded start."""
    names = list(SABOTAGES)
    at = int(_share("which", act, len(earlier)) * len(names))
    for name in names[at:] + names[:at]:
        changes = SABOTAGES[name](story, state, act, earlier)
        if changes is not None:
            blank = dict.fromkeys(("mode", "other", "thing", "target", "topic"), "")
            return name, {**step, **(blank if "action" in changes else {}), **changes, "why": f"sabotage: {name}"}
    raise AssertionError("an unknown action can always be named")


Sabotage = Callable[[Story, State, Act, list[Act]], Step | None]


def _others(story: Story, act: Act) -> list[str]:
    return [person.name for person in story.world.people if person.name != act.actor]


def _wrong_holder(story: Story, state: State, act: Act, earlier: list[Act]) -> Step | None:
    things = [t.name for t in story.world.things if state.holder(t.name) != act.actor]
    others = _others(story, act)
    return {"action": "give", "other": others[0], "thing": things[0]} if things and others else None


def _absent(story: Story, state: State, act: Act, earlier: list[Act]) -> Step | None:
    here = [item.actor for item in earlier if item.action not in ("go", "flee", "follow", "chase")]
    here = [name for name in here if name != act.actor and state.get("at", name) == act.place]
    places = [place.name for place in story.world.places if place.name != act.place]
    return {"action": "follow", "other": here[0], "target": places[0]} if here and places else None


def _locked(story: Story, state: State, act: Act, earlier: list[Act]) -> Step | None:
    boxes = [t.name for t in story.world.things if state.get("locked", t.name)]
    boxes = [name for name in boxes if state.where(name) == f"at:{act.place}"]
    return {"action": "open", "thing": boxes[0]} if boxes else None


def _not_locked(story: Story, state: State, act: Act, earlier: list[Act]) -> Step | None:
    boxes = [t.name for t in story.world.things if "container" in t.traits and not state.get("locked", t.name)]
    return {"action": "open", "mode": "vain", "thing": boxes[0]} if boxes else None


def _asleep(story: Story, state: State, act: Act, earlier: list[Act]) -> Step | None:
    held = [(t.name, state.holder(t.name)) for t in story.world.things if state.holder(t.name)]
    awake = {name for item in earlier for name in item.people}
    found = [(thing, name) for thing, name in held if name != act.actor and name in awake]
    return {"action": "steal", "mode": "asleep", "other": str(found[0][1]), "thing": found[0][0]} if found else None


def _unknown_belief(story: Story, state: State, act: Act, earlier: list[Act]) -> Step | None:
    for thing in story.world.things:
        for place in story.world.places:
            if state.get("knows", act.actor, thing.name) != place.name and _others(story, act):
                spoken = {"thing": thing.name, "topic": thing.name, "target": place.name}
                return {"action": "tell", "other": _others(story, act)[0], **spoken}
    return None


def _out_of_reach(story: Story, state: State, act: Act, earlier: list[Act]) -> Step | None:
    far = [t.name for t in story.world.things if state.where(t.name) != f"at:{act.place}"]
    far += [t.name for t in story.world.things if state.get("hidden", t.name) or state.get("buried", t.name)]
    portable = [t.name for t in story.world.things if t.name in far and "furniture" not in t.traits]
    return {"action": "pick_up", "thing": portable[0]} if portable else None


def _wrong_kind(story: Story, state: State, act: Act, earlier: list[Act]) -> Step | None:
    for action, trait in (("eat", "food"), ("read", "text"), ("light", "light")):
        things = [t.name for t in story.world.things if trait not in t.traits]
        if things:
            return {"action": action, "thing": things[0]}
    return None


def _no_reason(story: Story, state: State, act: Act, earlier: list[Act]) -> Step | None:
    for other in _others(story, act):
        if state.get("feels", act.actor, other) != "grateful":
            return {"action": "hug", "mode": "thanks", "other": other}
    return None


def _not_captive(story: Story, state: State, act: Act, earlier: list[Act]) -> Step | None:
    free = [name for name in _others(story, act) if not state.get("captive", name)]
    return {"action": "free", "other": free[0]} if free else None


def _here_already(story: Story, state: State, act: Act, earlier: list[Act]) -> Step | None:
    stays = earlier and earlier[-1].actor == act.actor and state.get("at", act.actor) == act.place
    return {"action": "enter"} if stays else None


SABOTAGES: Mapping[str, Sabotage] = {
    "wrong holder": _wrong_holder,
    "absent person": _absent,
    "locked": _locked,
    "not locked": _not_locked,
    "not asleep": _asleep,
    "not known": _unknown_belief,
    "out of reach": _out_of_reach,
    "wrong kind": _wrong_kind,
    "no such feeling": _no_reason,
    "not captive": _not_captive,
    "here already": _here_already,
    "unknown thing": lambda story, state, act, earlier: {"action": "pick_up", "thing": "purple elephant"},
    "unknown person": lambda story, state, act, earlier: {"action": "hug", "other": "Nobody"},
    "unknown action": lambda story, state, act, earlier: {"action": "teleport"},
    "unknown mode": lambda story, state, act, earlier: {"mode": "sideways"},
    "incomplete": lambda story, state, act, earlier: {"action": "give"},
}
"""Ways to make a step impossible; None where one does not apply."""


def repair(data: Mapping[str, Any]) -> dict[str, Any]:
    """Steps in the place of broken ones: for half of the sabotaged the right one, for a quarter another wrong one."""
    clean = [step for scene, _ in chapter(data, 0.0) for step in scene["steps"]]
    fixes = []
    for broken in data["broken"]:
        number, step = broken["number"], broken["step"]
        draw = _share("repair", number, step["why"], step["actor"], data["chapter"])
        wrong = step["why"].startswith("sabotage")
        right = not wrong or draw < 0.5
        fixes.append({"broken": number, "steps": [clean[number]] if right else [step] if draw < 0.75 else []})
    return {"fixes": fixes}
