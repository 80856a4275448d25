"""A movie as its questions read it: events with the clauses that name them, who has what when, what can be seen.

    log = MovieLog(inputs, grammar, prepositions)
    log.holder("silver key", event_index)

Built from the inputs of a `questions` request, that is from the Movie alone: an event's action, participants, object,
place and time, the staged figures, the measured boxes, the spoken lines. The simulation behind it is out of reach.

It asks nothing: see questions.py and asking.py.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moviellm.generation.protocols import QuestionsBrief
from moviellm.generation.schema import Keyframe, Movie, TemporalSpan
from moviellm.generation.studio.writing.language import Grammar

SEEN_AREA_MIN = 0.0012
"""Share of the frame that something must cover to be asked about: 176 pixels of 512 x 288."""
OCCLUDED_MAX = 0.5
TAKES = {"pick_up": 0, "take": 0, "steal": 0, "give": 1}
"""Actions after which somebody has the object: the index of that participant."""
LEAVES = ("drop", "hide")
"""Actions after which nobody has it; it is at the place of the event."""


@dataclass(frozen=True)
class LogEvent:
    """An event and the clause that names it."""

    index: int
    event_id: str
    span: TemporalSpan
    caption: str
    names: tuple[str, ...]
    location: str
    action: str
    thing: str | None
    because: tuple[str, ...]
    clause: str
    base: str
    slots: Mapping[str, str]
    wording: str
    """Name of the rules that word it: the action, or the action without a second person."""


def question_inputs(brief: QuestionsBrief) -> dict[str, Any]:
    """What the questions read of a movie; leaves out pictures, prompts, scores, provenance and the audio."""
    movie = brief.movie
    return {
        "questions": brief.questions,
        "logline": movie.logline,
        "synopsis": movie.synopsis,
        "style": movie.style.style_id if movie.style else None,
        "people": [[p.character_id, p.name, p.appearance] for p in movie.characters],
        "places": [place.name for place in movie.locations],
        "chapters": [{"summary": c.summary, "span": _span(c.span)} for c in movie.chapters],
        "scenes": [
            {
                "location": scene.location,
                "summary": scene.summary,
                "span": _span(scene.span),
                "keyframes": [_keyframe(keyframe) for keyframe in scene.keyframes],
                "lines": [[d.line_id, d.character_id, d.text, _span(d.span)] for d in scene.dialogue or ()],
            }
            for scene in movie.scenes()
        ],
        "shown": sorted(_shown(movie)),
        "events": [
            [
                e.event_id,
                _span(e.span),
                e.caption,
                list(e.participants),
                e.location,
                e.action,
                e.object,
                list(e.because or ()),
            ]
            for e in movie.events
        ],
    }


def _shown(movie: Movie) -> set[str]:
    """Every object that is staged anywhere, seen well or not: nobody may say that it is not in the movie."""
    held = {figure.holding for frame in movie.keyframes() for figure in frame.figures if figure.holding}
    return held | {prop for frame in movie.keyframes() for prop in frame.props}


def _span(span: TemporalSpan) -> list[float]:
    return [span.start_s, span.end_s]


def _keyframe(keyframe: Keyframe) -> dict[str, Any]:
    """A keyframe with only what can be made out in it."""
    seen = None
    if keyframe.visible is not None:
        seen = {
            item.entity_id
            for item in keyframe.visible
            if item.occluded <= OCCLUDED_MAX and item.width * item.height >= SEEN_AREA_MIN
        }
    return {
        "id": keyframe.keyframe_id,
        "span": _span(keyframe.span),
        "event": keyframe.event_id,
        "shot": keyframe.shot,
        "people": [f.character_id for f in keyframe.figures],
        "seen": [f.character_id for f in keyframe.figures if seen is None or f.character_id in seen],
        "holding": [
            [f.character_id, f.holding] for f in keyframe.figures if f.holding and (seen is None or f.holding in seen)
        ],
        "props": [prop for prop in keyframe.props if seen is None or prop in seen],
    }


class MovieLog:
    """The facts of one movie."""

    def __init__(self, inputs: Mapping[str, Any], grammar: Grammar, prepositions: Mapping[str, str]) -> None:
        self.inputs = inputs
        self.name_of = {person_id: name for person_id, name, _ in inputs["people"]}
        self.names = list(self.name_of.values())
        self.looks = {name: appearance for _, name, appearance in inputs["people"]}
        self.scenes: list[Mapping[str, Any]] = list(inputs["scenes"])
        self.keyframes = [keyframe for scene in self.scenes for keyframe in scene["keyframes"]]
        self.grammar, self.prepositions = grammar, prepositions
        self.events = [self._event(i, row) for i, row in enumerate(inputs["events"]) if self._known(row)]
        self.by_id = {event.event_id: event for event in self.events}
        self.frames_of: dict[str, list[str]] = {}
        for keyframe in self.keyframes:
            self.frames_of.setdefault(keyframe["event"] or "", []).append(keyframe["id"])
        counts = Counter(event.clause for event in self.events)
        self.single = [event for event in self.events if counts[event.clause] == 1]
        """Events that their clause names alone."""
        self.things = list(dict.fromkeys(event.thing for event in self.events if event.thing))
        self._holders = self._possession()
        self.scene_of: dict[str | None, int] = {}
        for i, scene in enumerate(self.scenes):
            for keyframe in scene["keyframes"]:
                self.scene_of.setdefault(keyframe["event"], i)

    def filled(self, rule: str, slots: Mapping[str, str]) -> str:
        """The one wording of a rule: an event must always be called the same."""
        text = self.grammar.rules[rule][0][1]
        for name, value in slots.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def at(self, location: str) -> str:
        """A place with its preposition: `in the old inn`."""
        kind = next((word for word in reversed(location.split()) if word in self.prepositions), "")
        return f"{self.prepositions.get(kind, 'at')} {location}"

    def _known(self, row: list[Any]) -> bool:
        return bool(row[5]) and bool(row[3]) and self.grammar.has(f"clause.{row[5]}")

    def _event(self, index: int, row: list[Any]) -> LogEvent:
        event_id, span, caption, people, location, action, thing, because = row
        names = tuple(self.name_of[person] for person in people)
        slots = {
            "a": names[0],
            "b": names[1] if len(names) > 1 else "somebody",
            "o": f"the {thing}" if thing else "somebody" if action in ("ask", "tell") else "something",
            "at": self.at(location),
            "place": location,
        }
        wording = f"{action}_alone" if len(names) == 1 and self.grammar.has(f"clause.{action}_alone") else action
        return LogEvent(
            index=index,
            event_id=event_id,
            span=TemporalSpan(start_s=span[0], end_s=span[1]),
            caption=caption,
            names=names,
            location=location,
            action=action,
            thing=thing,
            because=tuple(because),
            clause=self.filled(f"clause.{wording}", slots),
            base=self.filled(f"base.{wording}", slots),
            slots=slots,
            wording=wording,
        )

    def _possession(self) -> dict[str, list[tuple[int, str | None, str]]]:
        """Thing -> changes: index of the event, who has it after it (None nobody), and where that was."""
        changes: dict[str, list[tuple[int, str | None, str]]] = {}
        for i, event in enumerate(self.events):
            if event.thing is None:
                continue
            if event.action in TAKES and TAKES[event.action] < len(event.names):
                changes.setdefault(event.thing, []).append((i, event.names[TAKES[event.action]], event.location))
            elif event.action in LEAVES:
                changes.setdefault(event.thing, []).append((i, None, event.location))
        return changes

    def holder(self, thing: str, position: int) -> tuple[int, str | None, str] | None:
        """The last change of a thing's holder up to `events[position]`; None when nobody can know yet."""
        known = [change for change in self._holders.get(thing, []) if change[0] <= position]
        return known[-1] if known else None

    def frames(self, *events: LogEvent) -> tuple[str, ...]:
        """Ids of the keyframes that show these events."""
        return tuple(frame for event in events for frame in self.frames_of.get(event.event_id, []))

    def level(self, *events: LogEvent) -> str:
        """`scene` when one scene shows them all, else `movie`."""
        return "scene" if len({self.scene_of.get(event.event_id) for event in events}) == 1 else "movie"
