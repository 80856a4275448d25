"""The log of a story: scenes with their events and what each changed.

Every event is applied to a state, so the log is true by construction: the changes of its scenes and events, folded
one after the other, are the state of the world at any time. It is made by telling.py.
"""

from dataclasses import dataclass, field

from moviellm.generation.schema import StateChange, TimeOfDay, Weather
from moviellm.generation.studio.plot.plans import Quest
from moviellm.generation.studio.world.actions import Act, Fact, Value, change_of
from moviellm.generation.studio.world.world import World


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One event of the log."""

    key: str
    act: Act
    because: tuple[str, ...]
    core: bool
    """Whether a plot needs it; the rest is interlude."""
    changes: tuple[StateChange, ...] = ()
    """The facts that it changed."""
    thread: str = ""
    """The plot it belongs to: `main`, the name of a sub-plot, or nothing for an interlude."""


@dataclass(frozen=True, kw_only=True)
class SceneLog:
    """One scene: where and when, the state it starts from, and what happens."""

    chapter: int
    index: int
    place: str
    time_of_day: TimeOfDay
    weather: Weather
    date: str
    """Day in the story, ISO-8601."""
    clock: str
    """Time in the story, `18:40`."""
    cuts: tuple[tuple[Fact, Value], ...]
    """Facts set without an event before the scene begins; those of the first scene are the start of the world."""
    start: dict[Fact, Value]
    """All facts when it begins, after the cuts."""
    events: tuple[Happening, ...]

    @property
    def changes(self) -> tuple[StateChange, ...]:
        """The cuts as the schema says them."""
        return tuple(change_of(fact, value) for fact, value in self.cuts)


@dataclass
class Story:
    """A world and everything that happens in it."""

    world: World
    scenes: list[SceneLog] = field(default_factory=list)
    quests: list[Quest] = field(default_factory=list)
    """The quest of each chapter, for each the main one."""
    injected: tuple[str, ...] = ()
    """Rare situations that are in the log."""
    twin_acts: tuple[Act, Act] | None = None
    """Of a twin: what happens in the original, and what happens instead."""
    twin_difference: str | None = None
    by_first_event: dict[str, SceneLog] = field(default_factory=dict)
    """Each scene by the key of its first event."""

    def add(self, scene: SceneLog) -> None:
        """Append a scene."""
        self.scenes.append(scene)
        self.by_first_event[scene.events[0].key] = scene


class NoStoryError(ValueError):
    """No story can be told of a brief with the people, places, objects and actions that it allows."""


class NoTwinError(ValueError):
    """A story of this size has no point at which it could go otherwise."""
