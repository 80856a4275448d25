"""Ideas for questions about one part of an event: who, to whom, what, where, what about, and how who acts looks.

    ideas = parts(asker)

An event is asked about only in words that mean events with the same answer. It does not choose: see choosing.py.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from moviellm.generation.schema import QuestionType
from moviellm.generation.studio.asking.asker import Asker, Idea
from moviellm.generation.studio.asking.movielog import Event, Log
from moviellm.generation.studio.asking.views import SPEECH
from moviellm.generation.studio.asking.wording import fill
from moviellm.generation.studio.looks import parse

ASKED_FIELDS = {"other": "other", "object": "object", "target": "target", "tool": "target", "topic": "topic"}


ANY_OBJECT = (
    "search", "find", "pick_up", "drop", "give", "take", "steal", "trade", "hide", "bury", "dig", "promise",
    "threaten", "show",
)  # fmt: skip
"""Actions that any object can be the object of: nobody guesses it from the action."""


ABOUT_SPEECH = ("topic", "target")
"""Fields whose questions are about what is said, where the action is speech."""


def parts(asker: Asker) -> list[Idea]:
    """One part of an event: who, to whom, what that person looks like (`character`); what, where (`plot`); what about
    (`dialogue`)."""
    ideas: list[Idea] = []
    for event in asker.sample([e for e in asker.log.events if e.get("action")], asker.breadth):
        ideas += _who(asker, event)
        slots, rule = asker.words.slots(event), asker.words.acts(event)
        for name, part in ASKED_FIELDS.items():
            texts = asker.words.fitting(f"{rule}.{name}", slots) if event.get(part) else []
            if texts:
                spec = {k: v for k, v in asker.words.spec(event, texts[0]).items() if k != part}
                found = _part(asker, event, spec, part, f"{rule}.{name}", slots, name)
                ideas += [replace(idea, template=asker.template(texts)) for idea in found]
        ideas += _place(asker, event)
    return ideas


def _who(asker: Asker, event: Event) -> Iterator[Idea]:
    """Who acts, and how that person looks."""
    rule, slots = asker.words.acts(event), asker.words.slots(event)
    for text in asker.words.fitting(f"{rule}.clause", slots)[:1]:
        if not text.startswith("{a}"):
            continue
        spec = {name: value for name, value in asker.words.spec(event, text).items() if name != "actor"}
        said = fill(text, {**slots, "a": "{a}"})
        more = {**slots, "clause": said.replace("{a}", asker.words.say("noun.who"))}
        yield from _part(asker, event, spec, "actor", "ask.actor", more, "actor")
        person, looks = event.fields["actor"], parse(asker.log.looks[event.fields["actor"]])
        np = said.replace("{a}", asker.words.say("noun.person_who"))
        for what in ("colour", "accessory"):
            worn = [getattr(parse(text), what) for text in asker.log.looks.values()]
            if worn.count(getattr(looks, what)) > 1 or (what == "colour" and not asker.log.style_shows("colour")):
                continue
            if not all(e.get("actor") == person for e in asker.words.alike(event, spec)) or not asker.words.has(
                f"ask.{what}"
            ):
                continue
            form = {"ask": "looks", "event": spec, "field": "actor", "what": what}
            about: dict[str, Any] = {"form": form, "rule": f"ask.{what}", "slots": {"np": np}, "sort": what}
            about |= {"value": getattr(looks, what), "pool": tuple(dict.fromkeys(worn)), "events": (event,)}
            yield Idea(type="character", kind=f"looks.{what}", **about)


def _place(asker: Asker, event: Event) -> Iterator[Idea]:
    """Where it happens, if its clause does not say so."""
    rule, slots = asker.words.acts(event), asker.words.slots(event)
    for text in asker.words.fitting(f"{rule}.clause", slots)[:1]:
        spec = asker.words.spec(event, text)
        bases = asker.words.fitting(f"{rule}.base", slots)
        if "place" not in spec and bases:
            said = {**slots, "base": fill(bases[0], slots), "clause": fill(text, slots)}
            yield from _part(asker, event, spec, "place", "ask.place", said, "place")


def _part(
    asker: Asker, event: Event, spec: dict[str, str], part: str, rule: str, slots: dict[str, str], name: str
) -> Iterator[Idea]:
    """One part of an event, if every event that the words could mean has the same."""
    value = event.fields[part]
    if any(item.get(part) != value for item in asker.words.alike(event, spec)):
        return
    asked: QuestionType = "character" if part in ("actor", "other") else "plot"
    if event.get("action") in SPEECH and name in ABOUT_SPEECH:
        asked = "dialogue"
    where = part == "place" or name == "target"
    kind = part_kind(asker.log, event, name)
    barred = tuple(v for k, v in spec.items() if k not in ("action", "variant"))
    about: dict[str, Any] = {"form": {"ask": "event", "event": spec, "field": part}, "rule": rule, "slots": slots}
    about |= {"value": value, "events": (event,), "barred": barred, "sort": "where" if where else "noun"}
    yield Idea(type=asked, kind=kind, **about)


def part_kind(log: Log, event: Event, name: str) -> str:
    """The kind of a question for a part of an event: what is asked for is as likely to be any answer of its kind."""
    action = event.get("action") or ""
    if name in ("target", "topic"):
        sort = "person" if event.get(name) in log.looks else "place" if event.get(name) in log.indoor else "thing"
        return f"part.{name}.{action if name == 'target' else ''}.{sort}"
    if name in ("object", "tool") and (name != "object" or action not in ANY_OBJECT):
        return f"part.{name}.{action}"
    return f"part.{name}"
