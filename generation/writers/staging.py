"""What a scene may do with the facts: who is there to act, speak and be seen, and what is at hand.

    walk = Walk(roster, facts, place, people)
    walk.event("e1", ["Ada", "Ben"], changes)       # one after the other
    walk.problems                                   # everything that is wrong, in words for the writer
    walk.facts                                      # what is so when the scene ends

Everybody whom the plan puts into a scene is there when it begins; nobody else comes in. Whoever acts first in an
event is alive and there before or after it (people come and go in events). An object is at hand when it lies there or
somebody there holds it, and in nobody's hands but its holder's. It is arithmetic on facts: see continuity.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from moviellm.generation.schema import StateChange
from moviellm.generation.writers.continuity import (
    KNOWS,
    NOWHERE,
    Facts,
    Roster,
    fact_problems,
    fold,
    holder,
    introduced,
    is_alive,
    said_as,
    value_of,
)

LYING = "sleep"
"""The one pose of the dead."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What is so around one event: before it and after it."""

    before: Facts
    after: Facts
    there: frozenset[str]
    """Who is there before it or after it."""


@dataclass(kw_only=True)
class Walk:
    """One scene, event by event."""

    roster: Roster
    facts: Facts
    """What is so now; at first, when the scene begins."""
    place: str
    people: tuple[str, ...]
    """Whom the plan puts into the scene."""
    problems: list[str] = field(default_factory=list)
    moments: dict[str | None, Moment] = field(default_factory=dict)
    """By key of the event; None is the moment before the first."""

    def __post_init__(self) -> None:
        here = [StateChange(entity=person, attribute="at", value=self.place) for person in self.people]
        self.facts = fold(self.facts, here)
        self._there = frozenset(self.people)
        self.moments[None] = Moment(before=self.facts, after=self.facts, there=self._there)

    def event(self, key: str, participants: Sequence[str], changes: Sequence[StateChange]) -> None:
        """Let something happen; what is wrong with it goes to the problems."""
        where = f"event {key}"
        before, after = self.facts, fold(self.facts, changes)
        moved = {change.entity: change.value for change in changes if change.attribute == "at"}
        now = frozenset(
            person for person in self.roster.people if moved.get(person, self._at(person)) == self.place
        ) & frozenset(self.people)
        moment = Moment(before=before, after=after, there=self._there | now)
        self._take_part(where, participants, moment)
        wrong = list(fact_problems(self.roster, changes, where))
        self.problems += wrong
        if not wrong:
            for change in changes:
                self._change(where, change, moment)
        self.facts, self._there = after, now
        self.moments[key] = moment

    def _at(self, person: str) -> str | None:
        return self.place if person in self._there else None

    def _take_part(self, where: str, participants: Sequence[str], moment: Moment) -> None:
        self.problems += introduced(participants, self.roster.people, "person", where)
        for i, person in enumerate(participants):
            if person not in self.roster.people:
                continue
            if not is_alive(moment.before, person):
                if i == 0:
                    self.problems.append(f"{where}: {person} is dead and cannot act")
            elif person not in moment.there:
                self.problems.append(f"{where}: {self._absent(person, moment)}")

    def _absent(self, person: str, moment: Moment) -> str:
        if person not in self.people:
            return f"{person} is not in this scene; its people are {', '.join(self.people) or 'none'}"
        return f"{person} has left for {value_of(moment.before, person, 'at')} and is not there"

    def _change(self, where: str, change: StateChange, moment: Moment) -> None:
        entity, attribute = change.entity, change.attribute
        if attribute == "where":
            self._move(where, change, moment)
        elif attribute == "alive" and change.value == "yes" and not is_alive(moment.before, entity):
            self.problems.append(f"{where}: {entity} is dead and stays dead")
        elif not is_alive(moment.before, entity):
            self.problems.append(f"{where}: {entity} is dead; their {attribute.partition(':')[0]} does not change")
        elif entity not in moment.there and not attribute.startswith(KNOWS):
            self.problems.append(f"{where}: {self._absent(entity, moment)}")

    def _move(self, where: str, change: StateChange, moment: Moment) -> None:
        """An object goes from where it is: it must be at hand, and whoever gets it must be there."""
        if value_of(moment.before, change.entity, "where") != change.value and not self._at_hand(
            change.entity, moment.before, moment
        ):
            lies = said_as(change.entity, "where", value_of(moment.before, change.entity, "where"))
            self.problems.append(f"{where}: {lies}, so that nobody here can take or move it")
        taker = holder(moment.after, change.entity)
        if taker is not None and taker not in moment.there:
            self.problems.append(f"{where}: {self._absent(taker, moment)} to take the {change.entity}")
        elif taker is not None and not is_alive(moment.after, taker):
            self.problems.append(f"{where}: {taker} is dead and cannot take the {change.entity}")

    def _at_hand(self, thing: str, facts: Facts, moment: Moment, depth: int = 0) -> bool:
        kind, _, name = (value_of(facts, thing, "where") or NOWHERE).partition(":")
        if kind == "held":
            return name in moment.there
        if kind == "in":
            return depth > len(self.roster.objects) or self._at_hand(name, facts, moment, depth + 1)
        return kind == NOWHERE or name == self.place

    def figure(self, where: str, name: str, pose: str, holding: str | None, event: str | None) -> None:
        """Somebody is seen in a picture of an event."""
        moment = self.moments.get(event)
        if moment is None:
            return  # the picture of an event that is not there: the stage says so
        if name not in self.roster.people:
            self.problems += introduced([name], self.roster.people, "person", where)
            return
        if name not in moment.there:
            self.problems.append(f"{where}: {self._absent(name, moment)}")
        elif not is_alive(moment.before, name) and pose != LYING:
            self.problems.append(f"{where}: {name} is dead and cannot {pose}; the dead lie (pose {LYING})")
        if holding in self.roster.objects:
            holders = {holder(moment.before, holding), holder(moment.after, holding)}
            if name not in holders:
                has = said_as(holding, "where", value_of(moment.after, holding, "where"))
                self.problems.append(f"{where}: {name} holds the {holding}, but {has}")

    def props(self, where: str, things: Iterable[str], event: str | None) -> None:
        """Objects lie about in a picture of an event."""
        moment = self.moments.get(event)
        if moment is None:
            return
        for thing in things:
            if thing in self.roster.objects and not any(
                self._at_hand(thing, facts, moment) for facts in (moment.before, moment.after)
            ):
                has = said_as(thing, "where", value_of(moment.after, thing, "where"))
                self.problems.append(f"{where}: the {thing} cannot be seen here, for {has}")

    def speaks(self, where: str, name: str, event: str | None) -> None:
        """Somebody says something during a picture of an event."""
        moment = self.moments.get(event)
        if name not in self.roster.people:
            self.problems += introduced([name], self.roster.people, "person", where)
        elif moment is not None and not is_alive(moment.before, name):
            self.problems.append(f"{where}: {name} is dead and cannot speak")
        elif moment is not None and name not in moment.there:
            self.problems.append(f"{where}: {self._absent(name, moment)}")
