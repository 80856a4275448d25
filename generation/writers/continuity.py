"""The continuity record: who is where, wears, holds and knows what, who is dead, and since when.

    facts = fold({}, outline.begins_with)
    facts = fold(facts, chapter.ends_with)                    # what the plan says when the chapter ends
    wrong = list(disagreements(facts_before, plan, facts_after))

A fact is an entity, an attribute and a value, as `schema.StateChange` says it: a person's `at`, `wears`, `alive` and
`knows:...`, an object's `where` (`held:NAME`, `at:PLACE`, `in:OBJECT`, `nowhere`), and the `date` of the story. What
nobody said has the value of `DEFAULTS`. The plan of a level says what is so when each part ends, so that the parts
are written side by side: each begins with what the plan says of the parts before it, and must end as planned.

Nothing here is asked or written: it is arithmetic on facts. What a scene may do with them stands in staging.py.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from moviellm.generation.schema import StateChange

Key = tuple[str, str]
Facts = Mapping[Key, str]
"""(entity, attribute) -> value."""

NOWHERE = "nowhere"
STORY = "story"
"""The entity whose `date` is the day of the story."""
DEFAULTS: Mapping[str, str] = {"alive": "yes", "where": NOWHERE}
STRICT = ("alive", "where", "wears", "date")
"""Attributes that must end as planned, also where the plan says nothing: then as they were."""
KNOWS = "knows:"


@dataclass(frozen=True, kw_only=True)
class Roster:
    """Everything that a story may name. No name is used twice."""

    people: tuple[str, ...]
    places: tuple[str, ...]
    objects: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A part as the level above plans it."""

    name: str
    """What messages call it, e.g. `chapter 3`."""
    people: tuple[str, ...]
    places: tuple[str, ...]
    ends_with: tuple[StateChange, ...]
    date: str | None = None
    """Day on which it takes place, ISO-8601, where one is said beside `ends_with`."""
    clock: str | None = None


def fold(facts: Facts, changes: Iterable[StateChange]) -> dict[Key, str]:
    """The facts after the changes, one after the other."""
    after = dict(facts)
    for change in changes:
        after[change.entity, change.attribute] = change.value
    return after


def value_of(facts: Facts, entity: str, attribute: str) -> str | None:
    """Value of a fact; what nobody said has its default."""
    return facts.get((entity, attribute), DEFAULTS.get(attribute))


def is_alive(facts: Facts, person: str) -> bool:
    """Whether somebody is alive."""
    return value_of(facts, person, "alive") == "yes"


def holder(facts: Facts, thing: str) -> str | None:
    """Who holds an object."""
    kind, _, name = (value_of(facts, thing, "where") or "").partition(":")
    return name if kind == "held" else None


def difference(before: Facts, after: Facts) -> tuple[StateChange, ...]:
    """The changes that turn one record into another, in the order of their keys."""
    return tuple(
        StateChange(entity=entity, attribute=attribute, value=after[entity, attribute])
        for entity, attribute in sorted(after)
        if before.get((entity, attribute)) != after[entity, attribute]
    )


def introduced(names: Iterable[str], known: Sequence[str], what: str, where: str) -> Iterator[str]:
    """What is wrong with names that are not on the list."""
    for name in names:
        if name not in known:
            yield f"{where}: the {what} {name!r} was not introduced; there are {', '.join(known) or 'none'}"


def fact_problems(roster: Roster, changes: Sequence[StateChange], where: str) -> Iterator[str]:
    """What is wrong with facts as such: unknown names, impossible values, two values of one fact."""
    said: dict[Key, str] = {}
    for change in changes:
        key = (change.entity, change.attribute)
        if said.setdefault(key, change.value) != change.value:
            yield f"{where}: {change.entity} is said to be {said[key]!r} and {change.value!r} ({change.attribute})"
        if key == (STORY, "date"):
            if not is_date(change.value):
                yield f"{where}: {change.value!r} is no date; write it as 1931-10-04"
        elif change.attribute == "where":
            yield from introduced([change.entity], roster.objects, "object", where)
            yield from _where_problems(roster, change, where)
        else:
            yield from introduced([change.entity], roster.people, "person", where)
            if change.attribute == "at" and change.value != NOWHERE:
                yield from introduced([change.value], roster.places, "place", where)
            if change.attribute == "alive" and change.value not in ("yes", "no"):
                yield f"{where}: whether {change.entity} is alive is yes or no, got {change.value!r}"


def _where_problems(roster: Roster, change: StateChange, where: str) -> Iterator[str]:
    kind, _, name = change.value.partition(":")
    known = {"held": roster.people, "at": roster.places, "in": roster.objects}
    if change.value != NOWHERE:
        what = {"held": "person", "at": "place", "in": "object"}
        yield from introduced([name], known[kind], what[kind], where)
    if kind == "in" and name == change.entity:
        yield f"{where}: {name} cannot lie in itself"


def plan_problems(roster: Roster, facts: Facts, parts: Sequence[Planned]) -> Iterator[str]:
    """What is wrong with a plan that begins with `facts`: unknown names, the dead, dates that run backwards."""
    for part in parts:
        yield from introduced(part.people, roster.people, "person", part.name)
        yield from introduced(part.places, roster.places, "place", part.name)
        yield from fact_problems(roster, part.ends_with, part.name)
        for person in part.people:
            if not is_alive(facts, person):
                yield f"{part.name}: {person} is dead by then and cannot take part; leave them out"
        day = [StateChange(entity=STORY, attribute="date", value=part.date)] if part.date else []
        after = fold(facts, [*day, *part.ends_with])
        yield from _ending_problems(facts, after, part)
        facts = after


def _ending_problems(facts: Facts, after: Facts, part: Planned) -> Iterator[str]:
    for change in part.ends_with:
        person, attribute = change.entity, change.attribute
        if attribute == "alive" and change.value == "yes" and not is_alive(facts, person):
            yield f"{part.name}: {person} is dead and stays dead"
        taken = holder(after, change.entity) if attribute == "where" else None
        if taken is not None and not is_alive(after, taken):
            yield f"{part.name}: {taken} is dead and holds nothing; say where the {change.entity} is then"
    days = [facts.get((STORY, "date")), part.date, after.get((STORY, "date"))]
    known = [day for day in days if day is not None and is_date(day)]
    if known != sorted(known):
        yield f"{part.name}: the days run backwards ({' > '.join(known)}); the story is told in the order of time"


def together_problems(parts: Sequence[Planned]) -> Iterator[str]:
    """Who would be at two places: parts of the same day and hour, at different places, with the same person."""
    for i, one in enumerate(parts):
        for other in parts[i + 1 :]:
            same_time = one.date is not None and (one.date, one.clock) == (other.date, other.clock)
            if same_time and one.places != other.places:
                for person in sorted(set(one.people) & set(other.people)):
                    yield (
                        f"{person} is at {one.places[0]} in {one.name} and at {other.places[0]} in {other.name}, both "
                        f"at {one.clock} on {one.date}; give one of them another time"
                    )


def disagreements(before: Facts, plan: Iterable[StateChange], after: Facts, where: str) -> Iterator[str]:
    """How what came out (`after`) differs from what was planned for a part that began with `before`.

    Deaths, clothes, days and where objects are must be as planned, also where the plan says nothing of them. Where a
    person is must be so where the plan says it: between scenes people go about. More may be known than planned.
    """
    planned = list(plan)
    said = {(change.entity, change.attribute) for change in planned}
    wanted = fold(before, planned)
    for entity, attribute in sorted(said | {key for key in {*wanted, *after} if key[1] in STRICT}):
        want, got = value_of(wanted, entity, attribute), value_of(after, entity, attribute)
        if want == got:
            continue
        if attribute.startswith(KNOWS):
            yield f"{where}: the plan says that {entity} gets to know {attribute.removeprefix(KNOWS)!r}; nobody tells"
        elif (entity, attribute) in said:
            yield f"{where}: the plan says {said_as(entity, attribute, want)} when it ends; {_instead(attribute, got)}"
        else:
            yield (
                f"{where}: {said_as(entity, attribute, got)} when it ends, which the plan does not say; "
                f"{_instead(attribute, want, 'before it was')}"
            )


def said_as(entity: str, attribute: str, value: str | None) -> str:
    """A fact in words, for messages."""
    if attribute == "alive":
        return f"{entity} is {'alive' if value == 'yes' else 'dead'}"
    kind, _, name = (value or NOWHERE).partition(":")
    if attribute == "where":
        words = {"held": f"is held by {name}", "at": f"lies at {name}", "in": f"lies in {name}"}
        return f"the {entity} {words.get(kind, 'is nowhere')}"
    if attribute == "date":
        return f"the day is {value}"
    return f"{entity} {'is at' if attribute == 'at' else attribute} {value or 'nothing special'}"


def _instead(attribute: str, value: str | None, lead: str = "it came out as") -> str:
    return f"{lead} {value or 'not said'}"


def is_date(text: str) -> bool:
    """Whether a text is a day, ISO-8601."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
