"""Ideas for questions that the movie does not answer: what never happened, and people who are not in it.

    ideas = unanswerable(asker)

A false premise is an event of the movie with one part exchanged for another person, object or place of the movie,
asked about in the very words that true questions use; so neither the words nor the options give it away. "It is not
shown" is the right option of these and a wrong one of three times as many others: see questions.py.
"""

from collections.abc import Iterator
from typing import Any

from moviellm.generation.studio.asking.asker import EITHER, OPEN, Asker, Idea
from moviellm.generation.studio.asking.movielog import Event
from moviellm.generation.studio.asking.parts import ASKED_FIELDS, part_kind
from moviellm.generation.studio.asking.wording import fill

PARTS = ("actor", "other", "object", "place")
"""Parts of an event that are exchanged."""


def unanswerable(asker: Asker) -> list[Idea]:
    """False premises, and strangers."""
    ideas: list[Idea] = []
    for event in asker.sample([e for e in asker.log.events if e.get("action")], asker.breadth // 2):
        for spec, part, rule, name in _askable(asker, event):
            false = _falsified(asker, event, spec, part)
            if false is not None:
                ideas.append(_idea(asker, event, false, part, rule, name))
                stranger = _stranger(asker, event, spec, part)
                ideas += [_idea(asker, event, stranger, part, rule, name, OPEN)] if stranger else []
    return ideas


def _askable(asker: Asker, event: Event) -> Iterator[tuple[dict[str, str], str, str, str]]:
    """Questions about one part of an event: what they say of it, the part, the rule and its name."""
    slots, rule = asker.words.slots(event), asker.words.acts(event)
    for name, part in ASKED_FIELDS.items():
        texts = asker.words.fitting(f"{rule}.{name}", slots) if event.get(part) else []
        if texts:
            spec = {k: v for k, v in asker.words.spec(event, texts[0]).items() if k != part}
            yield spec, part, f"{rule}.{name}", name
    for text in asker.words.fitting(f"{rule}.clause", slots)[:1]:
        spec = asker.words.spec(event, text)
        if text.startswith("{a}"):
            yield {k: v for k, v in spec.items() if k != "actor"}, "actor", "ask.actor", "actor"
        if "place" not in spec and asker.words.fitting(f"{rule}.base", slots):
            yield spec, "place", "ask.place", "place"


def _others(asker: Asker, event: Event, part: str) -> list[str]:
    """What could stand in the place of a part and does not occur in the event."""
    pool = {"object": asker.log.objects, "place": asker.log.places}.get(part, asker.log.names)
    if part == "object":
        pool = [
            e.fields["object"] for e in asker.log.events if e.get("action") == event.get("action") and e.get("object")
        ]
    return [name for name in dict.fromkeys(pool) if name not in event.fields.values()]


def _falsified(asker: Asker, event: Event, spec: dict[str, str], part: str) -> dict[str, str] | None:
    """The spec with one part exchanged so that no event of the movie is meant by it."""
    for name in asker.rng.sample(PARTS, len(PARTS)):
        if name == part or name not in spec:
            continue
        for other in asker.sample(_others(asker, event, name), 3):
            false = {**spec, name: other}
            if name == "object" and spec.get("topic") == spec["object"]:
                false["topic"] = other
            if not asker.words.alike(event, false):
                return false
    return None


def _stranger(asker: Asker, event: Event, spec: dict[str, str], part: str) -> dict[str, str] | None:
    """The spec with somebody who is not in the movie."""
    data = asker.data.get("names", {})
    strangers = [name for names in data.values() for name in names if name not in asker.log.names]
    roles = [name for name in ("actor", "other") if name in spec]
    return {**spec, asker.rng.choice(roles): asker.rng.choice(strangers)} if strangers and roles else None


def _idea(
    asker: Asker, event: Event, spec: dict[str, str], part: str, rule: str, name: str, formats: Any = EITHER
) -> Idea:
    words = asker.words
    strangers = [v for k, v in spec.items() if k in ("actor", "other") and v not in asker.log.looks]
    meant = {**event.fields, **spec}
    changed = Event(**{**vars(event), "fields": meant})
    slots = words.slots(changed) | {slot: spec[k] for slot, k in (("a", "actor"), ("b", "other")) if k in spec}
    acts = words.acts(event)
    texts, bases = words.fitting(f"{acts}.clause", slots), words.fitting(f"{acts}.base", slots)
    if texts:
        said = {**slots, "a": words.say("noun.who")} if part == "actor" else slots
        slots["clause"] = fill(texts[0], said)
    if bases:
        slots["base"] = fill(bases[0], slots)
    about: dict[str, Any] = {"form": {"ask": "event", "event": spec, "field": part}, "rule": rule, "slots": slots}
    about |= {
        "kind": part_kind(asker.log, event, name),
        "sort": "where" if part == "place" or name == "target" else "noun",
    }
    about |= {"barred": tuple(v for k, v in spec.items() if k not in ("action", "variant")), "formats": formats}
    refusal = words.say("refusal.person", {"name": strangers[0]}) if strangers else words.say("refusal.deed")
    questions = words.fitting(rule, slots) if rule.startswith("acts.") else []
    about["template"] = asker.template(questions) if questions else None
    return Idea(type="unanswerable", value=None, denies=True, anywhere=True, level="movie", refusal=refusal, **about)
