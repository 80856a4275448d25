"""What one channel of a movie tells: all of it, only the pictures, only the lines, one picture, or both without order.

    view = View(log, "dialogue")
    view.event(event)                     # {"actor": "Ada", "action": "tell"}: fields that are known; {} for none
    view.facts("silver key", "where")     # [(position, value), ...] that somebody with this channel alone learns

A picture shows who is in it, the place when it is wide enough, what is large and free enough, and an action that can
be seen; of speech it shows only that they talk. A line tells who speaks, what its text names and what it says of the
story world. Where a viewer might or might not notice, the channel is given the benefit of the doubt: what is said to
need a channel must need it.

It answers nothing: see reader.py.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Final, Literal

from moviellm.generation.studio.asking.movielog import Event, Frame, Line, Log
from moviellm.generation.studio.asking.specs import VAIN

ViewName = Literal["film", "vision", "dialogue", "shuffled", "frame"]
SPEECH: Final = (
    "call", "tell", "lie", "ask", "promise", "argue", "threaten", "apologise", "warn", "refuse",
)  # fmt: skip
"""Actions of which a picture shows only that people talk."""
TALK: Final = "talk"
"""What a picture tells of them."""
PLACE_SHOTS: Final = ("wide", "medium")
NAMES: Final = ("actor", "other", "object", "target", "topic", "place")
Known = Mapping[str, str]


class View:
    """One channel of a movie."""

    def __init__(self, log: Log, name: ViewName, frame: Frame | None = None) -> None:
        self.log, self.name = log, name
        self.ordered = name != "shuffled"
        self.frames = [] if name == "dialogue" else [frame] if frame else log.frames if name != "frame" else []
        self.lines = [] if name in ("vision", "frame") else log.lines
        self.complete = name in ("film", "vision", "shuffled")
        """Whether nothing can happen that it does not tell of."""
        self._shown = {frame.keyframe_id for frame in self.frames}
        self._events: dict[int, Known] = {}
        self._facts: dict[tuple[str, str], list[tuple[int, str, bool]]] = {}

    @cached_property
    def places_shown(self) -> set[int]:
        """Scenes whose place a picture shows."""
        return {frame.scene for frame in self.frames if frame.shot in PLACE_SHOTS}

    @cached_property
    def places_said(self) -> set[int]:
        """Scenes whose place a line names."""
        return {
            line.scene for line in self.lines if self.log.mentions(line.text, self.log.scenes[line.scene]["place"])
        }

    def event(self, event: Event) -> Known:
        """Fields of an event that are known."""
        if event.index not in self._events:
            self._events[event.index] = {**self._seen(event), **self._heard(event)}
        return self._events[event.index]

    def frames_of(self, event: Event) -> list[Frame]:
        """Its pictures in this channel."""
        return [f for f in self.log.frames_of.get(event.event_id, []) if f.keyframe_id in self._shown]

    def lines_of(self, event: Event) -> list[Line]:
        """Its lines in this channel."""
        return self.log.lines_of.get(event.event_id, []) if self.lines else []

    def _seen(self, event: Event) -> dict[str, str]:
        frames = self.frames_of(event)
        if not frames:
            return {}
        people = {name for frame in frames if frame.shot != "insert" for name in frame.seen}
        things = {thing for frame in frames for thing in [*frame.holding.values(), *frame.props]}
        things = {thing for thing in things if self.log.nameable(thing)}
        known = {
            name: value
            for name, value in event.fields.items()
            if (name in ("actor", "other") and value in people) or (name in ("object", "target") and value in things)
        }
        whole = "actor" in known and ("other" in known or event.get("other") is None)
        action = event.get("action") or ""
        if "actor" in known and action in SPEECH:
            known["action"] = TALK
        elif whole:
            known["action"] = action
            if event.get("variant"):
                known["variant"] = event.fields["variant"]
            if event.get("target") in self.log.places and self.ordered and self.name != "frame":
                known["target"] = event.fields["target"]
        if event.scene in self.places_shown:
            known["place"] = event.fields["place"]
        return known

    def _heard(self, event: Event) -> dict[str, str]:
        lines = self.lines_of(event)
        if not lines:
            return {}
        said = {change for line in lines for change in line.says}
        words = {part for change in said for part in named_in(change)}
        speakers = {line.speaker for line in lines}
        text = " ".join(line.text for line in lines)
        known = {
            name: value
            for name, value in event.fields.items()
            if name in NAMES and (value in words or value in speakers or self.log.mentions(text, value))
        }
        action = event.get("action") or ""
        if action in SPEECH or said & set(event.changes) or "object" in known:
            known["action"] = action
            if event.get("variant"):
                known["variant"] = event.fields["variant"]
        if event.scene in self.places_said:
            known["place"] = event.fields["place"]
        return known

    def knows_change(self, event: Event, change: tuple[str, str, str]) -> bool:
        """Whether it tells that an event changed a fact: the action, and everything that the fact names."""
        known = self.event(event)
        if known.get("action") != event.get("action"):
            return False
        told = set(known.values())
        mine = {event.get(name) for name in NAMES}
        return all(part in told for part in named_in(change) if part in mine)

    def facts(self, entity: str, attribute: str) -> list[tuple[int, str, bool]]:
        """What it tells of a fact: position, value, and whether it was seen to be so and not only said."""
        key = (entity, attribute)
        if key not in self._facts:
            rows = self._changed(entity, attribute) + self._sighted(entity, attribute) + self._said(entity, attribute)
            self._facts[key] = sorted(rows, key=lambda row: row[0])
        return self._facts[key]

    def _changed(self, entity: str, attribute: str) -> list[tuple[int, str, bool]]:
        found = []
        for position, value, index in self.log.facts.get((entity, attribute), []):
            if index is not None and self.knows_change(self.log.events[index], (entity, attribute, value)):
                found.append((position, value, True))
        return found

    def _said(self, entity: str, attribute: str) -> list[tuple[int, str, bool]]:
        found = []
        for line in self.lines:
            event = self.log.by_id.get(line.event_id or "")
            position = 2 * event.index + 1 if event else self.log.scene_position(line.scene)
            found += [(position, v, False) for e, a, v in line.says if (e, a) == (entity, attribute)]
        return found

    def _sighted(self, entity: str, attribute: str) -> list[tuple[int, str, bool]]:
        found = []
        for frame in self.frames:
            event = self.log.by_id.get(frame.event_id or "")
            position = 2 * event.index if event else self.log.scene_position(frame.scene)
            value = self._sighting(frame, entity, attribute)
            if value:
                found.append((position, value, True))
        return found

    def _sighting(self, frame: Frame, entity: str, attribute: str) -> str | None:
        """Value of a fact that one picture shows."""
        place = self.log.scenes[frame.scene]["place"]
        if attribute == "at" and entity in self.log.looks:
            shown = entity in frame.seen and frame.shot != "insert" and frame.scene in self.places_shown
            return place if shown else None
        if entity in self.log.looks or not self.log.nameable(entity):
            return None
        if attribute == "where":
            holder = next((name for name, thing in frame.holding.items() if thing == entity), None)
            if holder and (holder in frame.seen and frame.shot != "insert"):
                return f"held:{holder}"
            return f"at:{place}" if entity in frame.props and frame.scene in self.places_shown else None
        if attribute in ("open", "lit", "broken") and entity in [*frame.holding.values(), *frame.props]:
            return "yes" if (entity, attribute) in frame.states else "no"
        return None


def named_in(change: tuple[str, str, str]) -> list[str]:
    """The names in a fact: its entity, and those in its attribute and its value."""
    entity, attribute, value = change
    return [entity, *attribute.split(":")[1:], value.split(":")[-1]]


def may_be(event: Event, known: Known, spec: Mapping[str, str]) -> bool:
    """Whether an event of which so much is known may be one that the spec means."""
    action = known.get("action")
    for name, value in spec.items():
        if name == "action" and action == TALK:
            if value not in SPEECH:
                return False
        elif name in known:
            if known[name] != value:
                return False
        elif action not in (None, TALK) and event.get(name) is None:
            return False
    return not ("variant" not in spec and known.get("variant") == VAIN)


def must_be(known: Known, spec: Mapping[str, str]) -> bool:
    """Whether an event of which so much is known is surely one that the spec means."""
    return all(known.get(name) == value for name, value in spec.items()) and (
        "variant" in spec or known.get("variant") != VAIN
    )
