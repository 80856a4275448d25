"""A movie as its questions read it: events, the facts of the story world over time, pictures with what shows, lines.

    log = Log(question_inputs(brief))
    log.value("silver key", "where", AFTER * 7)

Built from the inputs of a `questions` request, that is from the Movie alone: the simulation behind it is out of
reach. What somebody may conclude from it is in reader.py, the words for it are in wording.py. It asks nothing.
"""

import bisect
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

FIELDS: Final = ("action", "actor", "other", "object", "target", "topic", "place", "variant")
Span = tuple[float, float]
Change = tuple[str, str, str]
"""Entity, attribute, value."""


@dataclass(frozen=True)
class Event:
    """Something that happens, with names instead of ids."""

    index: int
    event_id: str
    span: Span
    caption: str
    fields: Mapping[str, str]
    """Those of FIELDS that it has."""
    changes: tuple[Change, ...]
    because: tuple[str, ...]
    scene: int

    def get(self, field: str) -> str | None:
        """Value of one of FIELDS."""
        return self.fields.get(field)


@dataclass(frozen=True)
class Frame:
    """A picture with what can be made out in it."""

    keyframe_id: str
    span: Span
    event_id: str | None
    shot: str
    people: tuple[str, ...]
    """Everybody staged."""
    seen: tuple[str, ...]
    holding: Mapping[str, str]
    """Person -> object in hand, where both can be seen."""
    props: tuple[str, ...]
    states: tuple[tuple[str, str], ...]
    """Object and state, where the object can be seen."""
    poses: Mapping[str, str]
    moods: Mapping[str, str]
    """Of those whose face is turned to the viewer."""
    scene: int


@dataclass(frozen=True)
class Line:
    """Something said."""

    line_id: str
    speaker: str | None
    text: str
    span: Span
    event_id: str | None
    says: tuple[Change, ...]
    scene: int


def pair(span: Any) -> Span:
    """A span of the inputs."""
    return float(span[0]), float(span[1])


class Log:
    """The facts of one movie. Positions of facts: `2 * i` is before the event with index i, `2 * i + 1` after it."""

    def __init__(self, movie: Mapping[str, Any]) -> None:
        movie = movie.get("movie", movie)
        self.movie = movie
        self.looks: dict[str, str] = dict(movie["people"])
        self.names = list(self.looks)
        self.places = [name for name, _, _ in movie["places"]]
        self.place_kind: dict[str, str | None] = {name: kind for name, kind, _ in movie["places"]}
        self.indoor: dict[str, bool] = {name: indoor for name, _, indoor in movie["places"]}
        self.kind = {name: kind for name, kind, _ in movie["objects"]}
        self.objects = list(self.kind)
        self.scenes: list[Mapping[str, Any]] = list(movie["scenes"])
        self.chapters: list[Mapping[str, Any]] = list(movie["chapters"])
        self.chapter_of = [c for c, chapter in enumerate(self.chapters) for _ in range(chapter["scenes"])]
        self.shows: list[str] | None = movie["shows"]
        self.frames = [_read_frame(row, s) for s, scene in enumerate(self.scenes) for row in scene["frames"]]
        self.lines = [_read_line(row, s) for s, scene in enumerate(self.scenes) for row in scene["lines"]]
        self.events = [self._event(i, row) for i, row in enumerate(movie["events"])]
        self.by_action: dict[str, list[Event]] = {}
        for event in self.events:
            self.by_action.setdefault(event.fields.get("action", ""), []).append(event)
        self.matched: dict[tuple[tuple[str, str], ...], list[Event]] = {}
        """Events that a spec means, as far as somebody asked: see forms.matching."""
        self.by_id = {event.event_id: event for event in self.events}
        self.duration_s = pair(self.scenes[-1]["span"])[1] if self.scenes else 0.0
        self.end = 2 * len(self.events) + 1
        self.frames_of: dict[str, list[Frame]] = {}
        for frame in self.frames:
            self.frames_of.setdefault(frame.event_id or "", []).append(frame)
        self.lines_of: dict[str, list[Line]] = {}
        for line in self.lines:
            self.lines_of.setdefault(line.event_id or "", []).append(line)
        self.first_of_scene = self._first_of_scene()
        self.facts = self._facts()
        things = list(dict.fromkeys([*self.objects, *(e.get("object") or "" for e in self.events)]))
        self.objects = [name for name in things if name]
        kinds = Counter(self.kind.get(name, name.split()[-1]) for name in self.objects)
        self.alone_of_kind = {n for n in self.objects if kinds[self.kind.get(n, n.split()[-1])] == 1}
        self._marks = {**_marks(self.objects), **_marks(self.places), **{name: {name.lower()} for name in self.names}}

    def nameable(self, thing: str) -> bool:
        """Whether a picture tells this object from the movie's others: by colour, or because it is the only such."""
        return self.shows is None or "colour" in self.shows or thing in self.alone_of_kind

    def style_shows(self, fact: str) -> bool:
        """Whether such a fact may be asked of the pictures; not where nobody measured it."""
        return self.shows is not None and fact in self.shows

    def mentions(self, text: str, name: str) -> bool:
        """Whether a text names something by a word that nothing else of the movie is called by."""
        return bool(self._marks.get(name, {name.lower()}) & set(re.findall(r"\w+", text.lower())))

    def value(self, entity: str, attribute: str, position: int) -> str | None:
        """Value of a fact at a position; None when it was never set."""
        return self.setting(entity, attribute, position)[0]

    def setting(self, entity: str, attribute: str, position: int) -> tuple[str | None, int | None]:
        """Value of a fact and the index of the event that gave it; None for one that no event gave."""
        changes = self.facts.get((entity, attribute), [])
        at = bisect.bisect_right(changes, position, key=_position) - 1
        return (changes[at][1], changes[at][2]) if at >= 0 else (None, None)

    def scene_position(self, scene: int) -> int:
        """Position at which a scene begins."""
        return 2 * self.first_of_scene[scene]

    def _event(self, index: int, row: Mapping[str, Any]) -> Event:
        people = list(row["people"])
        fields = {"actor": people[0] if people else None, "other": people[1] if len(people) > 1 else None}
        fields |= {name: row[name] for name in ("action", "object", "target", "topic", "place", "variant")}
        scene = next((i for i, part in enumerate(self.scenes) if pair(part["span"])[1] > row["span"][0]), 0)
        return Event(
            index=index,
            event_id=row["id"],
            span=pair(row["span"]),
            caption=row["caption"],
            fields={name: value for name, value in fields.items() if value},
            changes=tuple((entity, attribute, value) for entity, attribute, value in row["changes"]),
            because=tuple(row["because"]),
            scene=scene,
        )

    def _first_of_scene(self) -> list[int]:
        counts = Counter(event.scene for event in self.events)
        firsts, total = [], 0
        for i in range(len(self.scenes)):
            firsts.append(total)
            total += counts[i]
        return firsts

    def _facts(self) -> dict[tuple[str, str], list[tuple[int, str, int | None]]]:
        found: dict[tuple[str, str], list[tuple[int, str, int | None]]] = {}
        rows: list[tuple[int, Any, int | None]] = [
            (self.scene_position(i), scene["changes"], None) for i, scene in enumerate(self.scenes)
        ]
        rows += [(2 * event.index + 1, event.changes, event.index) for event in self.events]
        for position, changes, index in sorted(rows, key=lambda row: row[0]):
            for entity, attribute, value in changes:
                found.setdefault((entity, attribute), []).append((position, value, index))
        return found


def _position(change: tuple[int, str, int | None]) -> int:
    return change[0]


def _marks(names: list[str]) -> dict[str, set[str]]:
    """The words of each name that no other of these names has."""
    counts = Counter(word for name in names for word in set(re.findall(r"\w+", name.lower())))
    return {
        name: {word for word in re.findall(r"\w+", name.lower()) if counts[word] == 1 and len(word) > 2}
        for name in names
    }


def _read_frame(row: Mapping[str, Any], scene: int) -> Frame:
    return Frame(
        keyframe_id=row["id"],
        span=pair(row["span"]),
        event_id=row["event"],
        shot=row["shot"],
        people=tuple(row["people"]),
        seen=tuple(row["seen"]),
        holding=row["holding"],
        props=tuple(row["props"]),
        states=tuple((item, state) for item, state in row["states"]),
        poses=row["poses"],
        moods=row["moods"],
        scene=scene,
    )


def _read_line(row: Mapping[str, Any], scene: int) -> Line:
    return Line(
        line_id=row["id"],
        speaker=row["speaker"],
        text=row["text"],
        span=pair(row["span"]),
        event_id=row["event"],
        says=tuple((entity, attribute, value) for entity, attribute, value in row["says"]),
        scene=scene,
    )
