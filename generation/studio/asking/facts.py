"""Answers about the state of the story world: where things are, who knows it, how long something was so.

    fact({"entity": "silver key", "attribute": "where", "when": "end"}, log)        # 'held:Ada'

Each function is one kind of form of forms.py and says in its docstring what such a form holds.
"""

import itertools

from moviellm.generation.studio.asking.movielog import Log
from moviellm.generation.studio.asking.specs import Form, Value, moment_of


def fact(form: Form, log: Log) -> Value:
    """`entity`, `attribute`, `when`: a fact at a time that does not change it."""
    at = moment_of(log, form["when"])
    if at is None:
        return None
    values = [log.value(form["entity"], form["attribute"], position) for position in at]
    return values[0] if values[0] == values[1] else None


def true_place(log: Log, topic: str, position: int) -> str | None:
    """Where somebody or something is: the name of a place, or of the person who has it; a container's place for what
    is inside."""
    if topic in log.looks:
        return log.value(topic, "at", position)
    where = log.value(topic, "where", position)
    for _ in range(3):
        kind, _, name = (where or "").partition(":")
        if kind != "in":
            return name or None
        where = log.value(name, "where", position)
    return None


def believes(log: Log, person: str, topic: str, position: int) -> bool | None:
    """Whether what somebody believes about where a thing is, is true; None when they believe nothing."""
    belief = log.value(person, f"knows:{topic}", position)
    truth = true_place(log, topic, position)
    return None if belief in (None, "no") or truth is None else belief == truth


def belief(form: Form, log: Log) -> Value:
    """`entity` (person), `topic`, `when`: yes or no."""
    at = moment_of(log, form["when"])
    found = {believes(log, form["entity"], form["topic"], position) for position in at or ()}
    if len(found) != 1 or None in found:
        return None
    return "yes" if found.pop() else "no"


def knower(form: Form, log: Log) -> Value:
    """`topic`, `when`: the only person who knows where it is."""
    at = moment_of(log, form["when"])
    found = [{name for name in log.names if believes(log, name, form["topic"], position)} for position in at or ()]
    return next(iter(found[0])) if found and found[0] == found[-1] and len(found[0]) == 1 else None


def holders(log: Log, thing: str) -> list[str]:
    """Everybody who has a thing at some time."""
    values = [value for _, value, _ in log.facts.get((thing, "where"), [])]
    return list(dict.fromkeys(value[5:] for value in values if value.startswith("held:")))


def fact_span(form: Form, log: Log) -> Value:
    """`entity`, `attribute`, `value`: the one stretch of the movie in which a fact has a value given by an event, from
    the end of that event to the start of the one that ends it."""
    rows = log.facts.get((form["entity"], form["attribute"]), [])
    runs = [list(group) for _, group in itertools.groupby(rows, key=lambda row: row[1])]
    mine = [i for i, run in enumerate(runs) if run[0][1] == form["value"]]
    if len(mine) != 1 or runs[mine[0]][0][2] is None:
        return None
    start = log.events[runs[mine[0]][0][2] or 0].span[1]
    end = log.duration_s
    if mine[0] + 1 < len(runs):
        ends = runs[mine[0] + 1][0][2]
        if ends is None:
            return None
        end = log.events[ends].span[0]
    return [start, end] if end > start else None
