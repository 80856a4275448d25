"""The script of a movie: a world, a quest, and the acts of every scene, from which the whole story is told again.

    script = script_of(story, title="The Map")
    story = story_of(vocabulary, script)              # the same story: every state, cause and change
    Script.model_validate_json(text); script.text()   # canonical JSON, what OutlineDraft.script holds

A script holds what was decided; what follows from it (who knows what when, what caused what) is worked out by the
state of the studio, so that it cannot be wrong. It proposes nothing and checks nothing: see stage.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from pydantic import Field

from moviellm.generation.schema import Record, Role, Text, TimeOfDay, Weather, canonical_json
from moviellm.generation.studio.looks import Looks
from moviellm.generation.studio.plot.plans import Quest
from moviellm.generation.studio.plot.story import Happening, SceneLog, Story
from moviellm.generation.studio.world.act import Act, Fact, Value
from moviellm.generation.studio.world.actions import State
from moviellm.generation.studio.world.casting import described
from moviellm.generation.studio.world.world import Person, Place, Thing, Vocabulary, World

VERSION = 1
"""Of the form of a script."""


class ScriptPerson(Record):
    """Somebody of the cast."""

    name: Text
    role: Role
    she: bool
    occupation: Text
    looks: dict[str, Text]
    """The fields of looks.Looks."""
    home: Text


class ScriptPlace(Record):
    """A place; what its kind settles is not repeated."""

    name: Text
    kind: Text
    look: Text
    dark: bool = False


class ScriptThing(Record):
    """An object."""

    kind: Text
    colour: Text


class ScriptQuest(Record):
    """Who wants what; see plans.Quest."""

    kind: Text
    hero: Text
    thing: str
    friend: str
    villain: str | None = None
    place: str
    topic: str = ""


class ScriptCut(Record):
    """A fact that is so when a scene begins without an event."""

    fact: tuple[Text, ...]
    value: bool | str


class ScriptStep(Record):
    """One act; the place is the scene's."""

    action: Text
    actor: Text
    other: str = ""
    thing: str = ""
    target: str = ""
    topic: str = ""
    mode: str = ""
    thread: str = ""
    """`main`, `side`, or nothing for what no plot needs."""


class ScriptScene(Record):
    """One scene; see chronicle.SceneLog."""

    chapter: int = Field(ge=0)
    index: int = Field(ge=0)
    place: Text
    time_of_day: TimeOfDay
    weather: Weather
    date: Text
    clock: Text
    cuts: tuple[ScriptCut, ...] = ()
    steps: tuple[ScriptStep, ...] = Field(min_length=1)


class Script(Record):
    """A whole story as it was decided."""

    version: int = VERSION
    title: Text | None = None
    """The model's own title; None leaves it to the grammar."""
    genre: Text
    goal: Text
    premise: str = ""
    weather: Weather
    time_of_day: TimeOfDay
    people: tuple[ScriptPerson, ...]
    places: tuple[ScriptPlace, ...]
    things: tuple[ScriptThing, ...]
    locks: tuple[tuple[Text, Text], ...] = ()
    quest: ScriptQuest
    scenes: tuple[ScriptScene, ...]

    def text(self) -> str:
        """Canonical JSON without what is as usual."""
        return canonical_json(self.model_dump(mode="json", exclude_defaults=True))


def script_of(story: Story, title: str | None = None) -> Script:
    """The script of a story that has one quest."""
    world = story.world
    return Script(
        title=title,
        genre=world.genre,
        goal=world.goal,
        premise=world.premise,
        weather=world.weather,
        time_of_day=world.time_of_day,
        people=tuple(
            ScriptPerson(
                name=p.name, role=p.role, she=p.she, occupation=p.occupation, looks=asdict(p.looks), home=p.home
            )
            for p in world.people
        ),
        places=tuple(ScriptPlace(name=p.name, kind=p.kind, look=p.description, dark=p.dark) for p in world.places),
        things=tuple(ScriptThing(kind=thing.kind, colour=thing.colour) for thing in world.things),
        locks=world.locks,
        quest=ScriptQuest(**asdict(story.quests[-1])),
        scenes=tuple(_scene_of(log) for log in story.scenes),
    )


def _scene_of(log: SceneLog) -> ScriptScene:
    return ScriptScene(
        chapter=log.chapter,
        index=log.index,
        place=log.place,
        time_of_day=log.time_of_day,
        weather=log.weather,
        date=log.date,
        clock=log.clock,
        cuts=tuple(ScriptCut(fact=fact, value=value) for fact, value in log.cuts),
        steps=tuple(_step_of(event) for event in log.events),
    )


def _step_of(event: Happening) -> ScriptStep:
    act: dict[str, Any] = asdict(event.act)
    del act["place"]
    return ScriptStep(**act, thread=event.thread)


def story_of(vocabulary: Vocabulary, script: Script) -> Story:
    """The story of a script.

    Raises:
        PreconditionError: an act is impossible; no script that was accepted has one.
    """
    return story_from(world_of(vocabulary, script), Quest(**script.quest.model_dump()), script.scenes)


def story_from(world: World, quest: Quest, scenes: Sequence[ScriptScene]) -> Story:
    """The story of acts that are possible one after the other. Raises as `story_of`."""
    story, state, count = Story(world=world), State(), 0
    story.quests = [quest] * (scenes[-1].chapter + 1)
    for scene in scenes:
        log = played(state, scene, count)
        count += len(log.events)
        story.add(log)
    return story


def acts_of(scene: ScriptScene) -> list[Act]:
    """The acts of a scene."""
    return [Act(place=scene.place, **step.model_dump(exclude={"thread"})) for step in scene.steps]


def played(state: State, scene: ScriptScene, count: int) -> SceneLog:
    """Let a scene happen: the state goes on, and the log says what was so, what changed and why."""
    cuts: tuple[tuple[Fact, Value], ...] = tuple((cut.fact, cut.value) for cut in scene.cuts)
    for fact, value in cuts:
        state.cut(fact, value)
    start = dict(state.facts)
    return SceneLog(
        chapter=scene.chapter,
        index=scene.index,
        place=scene.place,
        time_of_day=scene.time_of_day,
        weather=scene.weather,
        date=scene.date,
        clock=scene.clock,
        cuts=cuts,
        start=start,
        events=tuple(_happenings(state, scene, count)),
    )


def _happenings(state: State, scene: ScriptScene, count: int) -> Iterator[Happening]:
    for i, (step, act) in enumerate(zip(scene.steps, acts_of(scene), strict=True), count):
        key, changes = f"e{i:05d}", state.changes(act)
        because = state.apply(key, act)
        yield Happening(key=key, act=act, because=because, core=bool(step.thread), changes=changes, thread=step.thread)


def world_of(vocabulary: Vocabulary, script: Script) -> World:
    """The world of a script."""
    genre = vocabulary.data["genres"][script.genre]
    return World(
        genre=script.genre,
        keyword=genre["keyword"],
        look=genre["look"],
        goal=script.goal,
        people=tuple(_person(person) for person in script.people),
        places=tuple(replace(place_of(vocabulary, p.kind, p.name, p.look), dark=p.dark) for p in script.places),
        things=tuple(thing_of(vocabulary, thing.kind, thing.colour) for thing in script.things),
        weather=script.weather,
        time_of_day=script.time_of_day,
        premise=script.premise,
        locks=script.locks,
    )


def _person(person: ScriptPerson) -> Person:
    looks = Looks(**person.looks)
    return Person(
        name=person.name,
        role=person.role,
        she=person.she,
        occupation=person.occupation,
        description=described(person.occupation, looks, person.home),
        looks=looks,
        home=person.home,
    )


def place_of(vocabulary: Vocabulary, kind: str, name: str, look: str) -> Place:
    """A place of a kind."""
    entry = vocabulary.data["places"][kind]
    return Place(
        name=name, kind=kind, at=f"{entry['at']} {name}", indoor=entry["indoor"], dark=entry.get("dark", False),
        description=look,
    )  # fmt: skip


def thing_of(vocabulary: Vocabulary, kind: str, colour: str) -> Thing:
    """An object of a kind."""
    traits = tuple(vocabulary.data["objects"][kind]["traits"])
    return Thing(name=f"{colour} {kind}", kind=kind, colour=colour, traits=traits)
