"""The words of questions and answers: what people, things and times are called, and the clauses that name events.

    words = Words(grammar, voice, log, prepositions)
    words.clause(event)                     # Clause("Ada gives the silver key to Ben", ...) or None
    words.value("held:Ada", "where")        # 'with Ada'

All wording is in grammar/questions.yaml. A clause comes with the spec that its slots say, so that form and text
agree; an event is named only by a clause that means it alone. At the level `cloze` the rules under `cloze` are used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moviellm.generation.studio.asking.movielog import Event, Log
from moviellm.generation.studio.asking.specs import VAIN, Spec, Value
from moviellm.generation.studio.script.language import SLOT, Grammar, Voice, capital, sentence, slot_names

SLOT_FIELDS: Final[Mapping[str, str]] = {
    "a": "actor", "b": "other", "o": "object", "x": "target", "wx": "target", "t": "topic", "at": "place",
    "place": "place",
}  # fmt: skip
SAME_FAMILY: Final[Mapping[str, str]] = {"lie": "tell"}
"""Actions that a viewer may take for another one."""


@dataclass(frozen=True)
class Clause:
    """How an event is named."""

    text: str
    base: str
    spec: Spec
    slots: Mapping[str, str]


class Words:
    """Words for one movie."""

    def __init__(self, grammar: Grammar, voice: Voice, log: Log, prepositions: Mapping[str, str]) -> None:
        self.grammar, self.voice, self.log, self.prepositions = grammar, voice, log, prepositions
        self.cloze = log.movie["level"] == "cloze"
        self._clauses: dict[int, Clause | None] = {}
        self._by_family: dict[str, list[Event]] = {}
        for event in log.events:
            self._by_family.setdefault(_family(event.get("action")), []).append(event)

    def rule(self, name: str) -> str:
        """The rule of this language level."""
        return f"cloze.{name}" if self.cloze and self.grammar.has(f"cloze.{name}") else name

    def has(self, name: str) -> bool:
        """Whether something can be worded; a cloze only by the rules for clozes."""
        return self.grammar.has(f"cloze.{name}" if self.cloze else name)

    def say(self, name: str, slots: Mapping[str, str] | None = None) -> str:
        """Text of a rule."""
        return self.voice.say(self.rule(name), slots)

    def question(self, name: str, slots: Mapping[str, str], template: str | None = None) -> str:
        """A question, by any alternative of a rule or by this one."""
        text = fill(template, slots) if template else self.say(name, slots)
        text = self.grammar.tongue.contract(text)
        return text.lower() if self.cloze else capital(text)

    def noun(self, name: str) -> str:
        """`Ada`, `the silver key`, `the old inn`."""
        if name in self.log.looks:
            return name
        return name if name in self.log.indoor else self.grammar.tongue.the(name)

    def at(self, place: str) -> str:
        """`in the old inn`."""
        kind = self.log.place_kind.get(place) or place.split()[-1]
        one = self.grammar.has("noun.at")
        word = self.say("noun.at") if one else self.prepositions.get(kind) or self.say("noun.at_other")
        return f"{word} {place}"

    def where(self, name: str) -> str:
        """A place, holder or container as an answer to where."""
        if name in self.log.indoor:
            return self.at(name)
        return self.say("where.held" if name in self.log.looks else "where.in", {"x": self.noun(name)})

    def slots(self, event: Event) -> dict[str, str]:
        """Slots that an event fills."""
        found = {
            slot: self.noun(value)
            for slot, name in SLOT_FIELDS.items()
            if (value := event.get(name)) is not None and slot not in ("at", "wx")
        }
        found["at"] = self.at(event.fields["place"])
        if event.get("target"):
            found["wx"] = self.where(event.fields["target"])
        return found

    def fitting(self, rule: str, slots: Mapping[str, str]) -> list[str]:
        """Alternatives of a rule that need no slot but these."""
        alternatives = [text for _, text in self.grammar.rules.get(self.rule(rule), [])]
        return [text for text in alternatives if slot_names(text) <= slots.keys()]

    def acts(self, event: Event) -> str:
        """Name of the rules for an event: by its action, and whether it failed."""
        return f"acts.{event.get('action')}" + ("_vain" if event.get("variant") == VAIN else "")

    def spec(self, event: Event, text: str) -> dict[str, str]:
        """What a template says of an event: the action and the fields of its slots."""
        spec = {"action": event.fields["action"]}
        if event.get("variant") == VAIN:
            spec["variant"] = VAIN
        for name, _ in SLOT.findall(text):
            if name in SLOT_FIELDS:
                spec[SLOT_FIELDS[name]] = event.fields[SLOT_FIELDS[name]]
        return spec

    def alike(self, event: Event, spec: Spec) -> list[Event]:
        """Events that the words of a spec could mean too, failed or not, told or lied."""
        return [
            item
            for item in self._by_family[_family(event.get("action"))]
            if all(item.get(name) == value for name, value in spec.items() if name not in ("action", "variant"))
        ]

    def clause(self, event: Event) -> Clause | None:
        """The clause that means this event alone; None where there is none."""
        if event.index not in self._clauses:
            self._clauses[event.index] = self._clause(event)
        return self._clauses[event.index]

    def _clause(self, event: Event) -> Clause | None:
        if not event.get("action") or not event.get("actor") or not self.has(f"{self.acts(event)}.clause"):
            return None
        slots, rule = self.slots(event), self.acts(event)
        found = self.fitting(f"{rule}.clause", slots)
        bases = self.fitting(f"{rule}.base", slots)
        if not found:
            return None
        text, base = found[0], bases[0] if bases else found[0]
        if len(self.alike(event, self.spec(event, text))) == 1:
            return Clause(fill(text, slots), fill(base, slots), self.spec(event, text), slots)
        if {"at", "place"} & slot_names(text) or not self.has("placed.clause"):
            return None
        spec = {**self.spec(event, text), "place": event.fields["place"]}
        if len(self.alike(event, spec)) != 1:
            return None
        placed, longer = self.say("placed.clause", {"clause": fill(text, slots), **slots}), fill(base, slots)
        return Clause(placed, self.say("placed.base", {"base": longer, **slots}), spec, slots)

    def who_clause(self, clause: Clause, event: Event, who: str) -> str | None:
        """The clause with somebody unknown in the place of who acts; None where that person is not its subject."""
        name = clause.slots["a"]
        return who + clause.text[len(name) :] if clause.text.startswith(name) else None

    def value(self, value: Value, sort: str) -> str:
        """An answer in words; `sort` says what it is: noun, where, number, truth, caption, span, order, or the name of
        a word list such as `weather`."""
        if value is None:
            text = self.say("says.hidden")
        elif sort in ("noun", "person"):
            text = self.noun(str(value))
        elif sort == "where":
            text = self._where_value(str(value))
        elif sort in ("span", "seconds"):
            slots = dict(zip(("start", "end"), map(self.clock if sort == "span" else seconds, value), strict=True))
            text = self.say("says.range" if sort == "span" else "says.seconds", slots)
        elif sort == "events":
            text = " ".join(
                self.say(
                    "says.listed", {"start": seconds(start), "end": seconds(end), "text": self.voice.finish(caption)}
                )
                for start, end, caption in value
            )
        elif sort == "truth":
            text = self.say(f"says.{value}")
        elif sort in ("caption", "text", "number"):
            text = str(value)
        else:
            text = (
                self.say(f"{sort}.{value}")
                if self.grammar.has(f"{sort}.{value}")
                else self.grammar.tongue.word(str(value))
            )
        return text.lower() if self.cloze else sentence(text) if sort == "caption" else capital(text)

    def _where_value(self, value: str) -> str:
        kind, _, name = value.partition(":")
        if kind in ("held", "at", "in") and name:
            return self.where(name)
        return self.say("where.nowhere") if value == "nowhere" else self.where(value)

    def listing(self, items: Sequence[str]) -> str:
        """`a, b or c`."""
        return self.grammar.tongue.listing(items, "or")

    def clock(self, time: float) -> str:
        """`1:05`; seconds in a cloze."""
        return str(int(time)) if self.cloze else clock(time)

    def between(self, span: Sequence[float]) -> str:
        """`1:05 and 2:10`."""
        return self.say("says.between", {"start": self.clock(span[0]), "end": self.clock(span[1])})


def _family(action: str | None) -> str:
    return SAME_FAMILY.get(action or "", action or "")


def fill(text: str, slots: Mapping[str, str]) -> str:
    """A template with its slots filled."""
    return SLOT.sub(lambda match: capital(slots[match[1]]) if match[2] == "cap" else slots[match[1]], text)


def clock(time: Any) -> str:
    """`1:05`."""
    return f"{int(time) // 60}:{int(time) % 60:02d}"


def seconds(time: Any) -> str:
    """`12.5`."""
    return f"{float(time):.1f}"
