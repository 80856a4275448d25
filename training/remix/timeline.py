"""A movie as a line of scenes and deeds, in frames: what is asked and what is put together anew.

    line = timeline_of(movie)                   # of a schema.Movie whose truth is known: the offline studio's
    line.scenes[0].place, line.deeds[3].actor   # "inn", "red"

People are called by the colour of what they wear, which is what a viewer can tell: nobody of a cast shares it. Frames
are keyframes, counted from 0; first and last frame of a stretch both belong to it. It sees no pictures.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

import yaml

from moviellm.generation.schema import Event, Movie, Scene

WORN = re.compile(r"an? (?P<colour>[a-z]+) (?P<garment>[a-z]+) and (?P<piece>[a-z ]+)$")
"""The end of `Character.appearance` as the offline studio writes it."""


@dataclass(frozen=True)
class Line:
    """Something said."""

    frame: int
    """The frame it is said at."""
    speaker: str
    """Who, by colour; empty for a narrator."""
    text: str


@dataclass(frozen=True)
class Deed:
    """An event: who does what where, from which frame to which."""

    actor: str
    action: str
    place: str
    first: int
    last: int
    shown: int
    """The frame in which it is seen being done; the others of it show faces, or what comes of it."""


@dataclass(frozen=True)
class Stretch:
    """A scene: where and in which light, from which frame to which."""

    place: str
    light: str
    first: int
    last: int


@dataclass(frozen=True)
class Timeline:
    """A movie, or a part of one, or one put together."""

    movie_id: str
    split: str
    frames: tuple[str, ...]
    """Keyframe ids."""
    scenes: tuple[Stretch, ...]
    deeds: tuple[Deed, ...]
    lines: tuple[Line, ...] = ()
    wears: Mapping[str, str] = field(default_factory=dict)
    """What people wear beside a coat, by colour; who wears two different things is left out."""


@lru_cache
def action_words() -> dict[str, str]:
    """The word of each action."""
    text = (files("moviellm.training.remix") / "words.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text)["actions"])


def looks_of(movie: Movie) -> dict[str, tuple[str, str]]:
    """Colour and accessory of each person, by character id.

    Raises ValueError for people who are not described as the offline studio describes them.
    """
    looks = {}
    for person in movie.characters:
        found = WORN.search(person.appearance)
        if found is None:
            raise ValueError(
                f"{movie.movie_id}: {person.name} is {person.appearance!r}, which names no coat and no accessory: "
                "remix takes movies of the offline studio"
            )
        looks[person.character_id] = (found["colour"], found["piece"].split()[-1])
    return looks


def timeline_of(movie: Movie) -> Timeline:
    """The line of a whole movie."""
    looks, events = looks_of(movie), {event.event_id: event for event in movie.events}
    frames: list[str] = []
    scenes: list[Stretch] = []
    deeds: list[Deed] = []
    lines: list[Line] = []
    for chapter in movie.chapters:
        for scene in chapter.scenes:
            at = len(frames)
            frames += [keyframe.keyframe_id for keyframe in scene.keyframes]
            if not scene.keyframes or scene.location is None or scene.time_of_day is None:
                raise ValueError(f"{scene.scene_id} has no keyframes, place or light: remix takes scenes with all")
            scenes.append(Stretch(bare(scene.location), scene.time_of_day, at, len(frames) - 1))
            deeds += _deeds(scene, at, events, looks)
            lines += _lines(scene, at, looks)
    wears = dict(looks.values())
    return Timeline(movie.movie_id, movie.split or "", tuple(frames), tuple(scenes), tuple(deeds), tuple(lines), wears)


def bare(name: str) -> str:
    """A place as one word: `the inn` -> `inn`."""
    return name.split()[-1].lower()


def _deeds(scene: Scene, at: int, events: Mapping[str, Event], looks: Mapping[str, tuple[str, str]]) -> list[Deed]:
    """The events of a scene, each seen where its own caption stands, or else at its first frame."""
    place, told = bare(scene.location or ""), [keyframe.caption for keyframe in scene.keyframes]
    deeds = []
    for event_id, (first, last) in _spans(scene, at).items():
        event = events[event_id]
        word = action_words().get(event.action or "", event.action or "")
        shown = next((frame for frame in range(first, last + 1) if told[frame - at] == event.caption), first)
        deeds.append(Deed(looks[event.participants[0]][0], word, place, first, last, shown))
    return deeds


def _spans(scene: Scene, at: int) -> dict[str, tuple[int, int]]:
    """First and last frame of each event of a scene."""
    spans: dict[str, tuple[int, int]] = {}
    for number, keyframe in enumerate(scene.keyframes, start=at):
        if keyframe.event_id is not None:
            spans[keyframe.event_id] = (spans.get(keyframe.event_id, (number, number))[0], number)
    return spans


def _lines(scene: Scene, at: int, looks: Mapping[str, tuple[str, str]]) -> list[Line]:
    """What is said, each line at the last frame that begins before it."""
    starts = [keyframe.span.start_s for keyframe in scene.keyframes]
    lines = []
    for line in scene.dialogue or ():
        frame = max(sum(start <= line.span.start_s for start in starts) - 1, 0)
        speaker = looks[line.character_id][0] if line.character_id is not None else ""
        lines.append(Line(at + frame, speaker, line.text.lower()))
    return lines
