"""What captions and lines say, and whether a rewrite still says it.

    said = event_says("e0", event, place)                    # Said: the text with its facts
    difference(said, rewrite, reading, world)                # None, or how the two differ

A caption of an event says its act; what the grammar's own sentence leaves out (a tool, a motive) a rewrite may leave
out, too. A caption of a picture names people, things and a place; a line claims facts. Whatever else is named or read
counts against a rewrite. It asks nobody: see rewriting.py.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import JsonValue

from moviellm.generation.briefs import EventDraft, KeyframeDraft, LineDraft
from moviellm.generation.schema import StateChange
from moviellm.generation.studio.world.world import World
from moviellm.generation.writers.world.naming import Names
from moviellm.generation.writers.world.proposal import FactProposal, Proposal

Kind = Literal["event", "picture", "line"]
Claim = tuple[str, ...]
"""A fact, what it is of, and its value."""


class EventReading(Proposal):
    """What a caption says has happened."""

    id: str
    action: str
    failed: bool = False
    who: str
    whom: str = ""
    what: str = ""
    where: str = ""
    place: str = ""
    also: tuple[str, ...] = ()


class PictureReading(Proposal):
    """Whom and what a caption names."""

    id: str
    people: tuple[str, ...]
    things: tuple[str, ...] = ()
    place: str = ""
    also: tuple[str, ...] = ()


class LineReading(Proposal):
    """What a listener learns from a line."""

    id: str
    claims: tuple[FactProposal, ...]


class ReadingProposal(Proposal):
    """Answer to `reading`."""

    events: tuple[EventReading, ...] = ()
    pictures: tuple[PictureReading, ...] = ()
    lines: tuple[LineReading, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Said:
    """A text and what it says."""

    id: str
    kind: Kind
    text: str
    says: Mapping[str, Any]
    """The fields of its reading."""
    speaker: str | None = None
    words_max: int | None = None
    claims: frozenset[Claim] = field(default=frozenset())

    def shown(self) -> dict[str, JsonValue]:
        """For whoever rewrites it."""
        more: dict[str, JsonValue] = {"says": dict(self.says)}
        if self.kind == "line":
            more |= {"speaker": self.speaker, "words_max": self.words_max}
        return {**self.bare(), **more}

    def bare(self) -> dict[str, JsonValue]:
        """For whoever reads it."""
        return {"id": self.id, "kind": self.kind, "text": self.text}


def event_says(name: str, event: EventDraft, place: str) -> Said:
    """What the caption of an event says: its act."""
    people = event.participants
    says = {
        "action": event.action or "",
        "failed": event.variant == "vain",
        "who": people[0],
        "whom": people[1] if len(people) > 1 else "",
        "what": event.object or event.topic or "",
        "where": event.target or "",
        "place": place,
    }
    return Said(id=name, kind="event", text=event.caption, says=says)


def picture_says(name: str, frame: KeyframeDraft, world: World, place: str) -> Said:
    """What the caption of a picture says: whom and what it names."""
    named = set(_named(frame.caption, world))
    says = {
        "people": sorted(named & {person.name for person in world.people}),
        "things": sorted(named & {thing.name for thing in world.things}),
        "place": place if place in named else "",
    }
    return Said(id=name, kind="picture", text=frame.caption, says=says)


def line_says(name: str, line: LineDraft, words_max: int) -> Said:
    """What a line says, and how long it may be."""
    claims = frozenset(claims_of(line.says))
    rows = [{"fact": claim[0], "of": list(claim[1:-1]), "value": claim[-1]} for claim in sorted(claims)]
    return Said(
        id=name, kind="line", text=line.text, says={"claims": rows}, speaker=line.speaker, words_max=words_max,
        claims=claims,
    )  # fmt: skip


def claims_of(says: Iterable[StateChange]) -> Iterator[Claim]:
    """What a line tells of the world; that the listener then knows it is no claim of the line."""
    for change in says:
        fact, *more = change.attribute.split(":")
        if fact == "message":
            topic, _, spot = change.value.partition(": ")
            yield ("message", change.entity, topic, spot)
        elif fact != "knows" or change.value == "no":
            yield (fact, change.entity, *more, change.value)


# ------------------------------------------------------------------------------------------------ the same?


def difference(said: Said, text: str, reading: ReadingProposal, world: World) -> str | None:
    """How a rewrite differs from what it should say; None when it does not."""
    extra = sorted(set(_named(text, world)) - set(_named(said.text, world)) - {said.speaker})
    if extra:
        return f"it names {', '.join(extra)}"
    if said.kind == "event":
        return _of_event(said, reading, world)
    if said.kind == "picture":
        return _of_picture(said, reading, world)
    found = next((item for item in reading.lines if item.id == said.id), None)
    if found is None:
        return "nobody could read it"
    names = Names(world)
    claims = {(c.fact, *(names.find(n) or n for n in c.of), _value(names, c.value)) for c in found.claims}
    wrong = sorted(claims ^ said.claims)
    return f"it {'claims' if wrong[0] in claims else 'does not claim'} {' '.join(wrong[0])}" if wrong else None


def _value(names: Names, value: str) -> str:
    how, mark, name = value.partition(":")
    return f"{how}:{names.find(name.strip()) or name}" if mark else names.find(value) or value


def _of_event(said: Said, reading: ReadingProposal, world: World) -> str | None:
    found = next((item for item in reading.events if item.id == said.id), None)
    if found is None:
        return "nobody could read it"
    names, named = Names(world), set(_named(said.text, world))
    if (found.action, found.failed) != (said.says["action"], said.says["failed"]):
        tried = "tried in vain" if found.failed else "done"
        return f"it says that {found.action or 'nothing'} is {tried}"
    for part in ("who", "whom", "what", "where", "place"):
        text, right = getattr(found, part), said.says[part]
        got = names.find(text) or text
        silent = not got and part != "who" and right not in named
        if got != right and not silent:
            return f"it says {part} {got or 'nobody and nothing'}, not {right or 'anybody or anything'}"
    return f"it also says: {found.also[0]}" if found.also else None


def _of_picture(said: Said, reading: ReadingProposal, world: World) -> str | None:
    found = next((item for item in reading.pictures if item.id == said.id), None)
    if found is None:
        return "nobody could read it"
    names = Names(world)
    for part in ("people", "things"):
        got = sorted({names.find(name) or name for name in getattr(found, part)})
        if got != said.says[part]:
            return f"it shows {', '.join(got) or 'no ' + part}, not {', '.join(said.says[part]) or 'none'}"
    place = names.find(found.place) or found.place
    if place != said.says["place"]:
        return f"it is set at {place or 'no place'}, not at {said.says['place'] or 'any'}"
    return f"it also says: {found.also[0]}" if found.also else None


def _named(text: str, world: World) -> Iterator[str]:
    """Who and what of a world a text names: people by name, places and things by their kind and, if need be, more."""
    plain = text.casefold()
    for person in world.people:
        if re.search(rf"\b{re.escape(person.name.casefold())}\b", plain):
            yield person.name
    for things in (world.places, world.things):
        for item in things:
            bare = item.name.removeprefix("the ").casefold()
            alone = sum(other.kind == item.kind for other in things) == 1
            if bare in plain or (alone and re.search(rf"\b{re.escape(item.kind)}\b", plain)):
                yield item.name
