"""Ideas for questions about the state of the story world over time, about who knows what, and about how often.

    ideas = state(asker) + count(asker)

A fact is asked about at the time of an event that does not change it, and only where an event of the movie made it
so: what nobody can have seen is not asked.
"""

import itertools
from collections.abc import Iterator
from typing import Any, Final

from moviellm.generation.studio.asking.asker import EITHER, OPEN, Asker, Idea
from moviellm.generation.studio.asking.asking import named
from moviellm.generation.studio.asking.facts import holders
from moviellm.generation.studio.asking.forms import answer, scenes_with
from moviellm.generation.studio.asking.movielog import Event, pair
from moviellm.generation.studio.asking.specs import Form, moment_of

COUNT_MAX = 12
"""Nobody is asked to count further."""
FACTS_MAX = 4
"""Facts that are asked about at the time of one event."""
YES_NO: Final = ("open", "lit", "broken", "locked", "wounded", "captive")
SPANS: Final = ("where", "open", "lit", "broken", "wounded", "captive")


def points(asker: Asker) -> list[tuple[Any, str, Event | None]]:
    """Points of the story: what a form says of them, in words, and the event."""
    words = asker.words
    found: list[tuple[Any, str, Event | None]] = [
        (clause.spec, words.say("when.event", {"clause": clause.text}), event) for event, clause in named(asker)
    ]
    for weather in dict.fromkeys(scene["weather"] for scene in asker.log.scenes):
        first = next(i for i, scene in enumerate(asker.log.scenes) if scene["weather"] == weather)
        if not asker.log.indoor.get(asker.log.scenes[first]["place"], True) and asker.log.style_shows("weather"):
            found.append(({"weather": weather}, words.say(f"when.weather.{weather}"), None))
    found = asker.sample(found, asker.breadth)
    return [*found, ("end", words.say("when.end"), None)]


def state(asker: Asker) -> list[Idea]:
    """Where things and people are, what they know and how they are, when something else happens."""
    ideas: list[Idea] = []
    keys = [key for key in asker.log.facts if key[1].split(":")[0] in ("where", "at", "knows", *YES_NO)]
    for when, said, event in points(asker):
        at = moment_of(asker.log, when)
        if at is not None:
            facts = [key for key in keys if not _named(asker, key, event)]
            facts = asker.rng.sample(facts, len(facts))
            found = (idea for key in facts if (idea := fact_idea(asker, key, when, said, at[0])))
            ideas += found if asker.thorough else itertools.islice(found, FACTS_MAX)
            ideas += asker.sample(list(_knowing(asker, when, said, event)), 2)
    return ideas + list(_spans(asker))


def _named(asker: Asker, key: tuple[str, str], event: Event | None) -> bool:
    """Whether the event that says when is about the same thing or person."""
    return event is not None and bool({key[0], *key[1].split(":")[1:]} & set(event.fields.values()))


def fact_idea(asker: Asker, key: tuple[str, str], when: Any, said: str, position: int) -> Idea | None:
    """A fact at a time, where an earlier event gave it."""
    log, words = asker.log, asker.words
    entity, attribute = key
    value, setter = log.setting(entity, attribute, position)
    form: Form = {"ask": "fact", "entity": entity, "attribute": attribute, "when": when}
    if setter is None or value is None or answer(form, log) != value:
        return None
    event = log.events[setter]
    about: dict[str, Any] = {"type": "state", "form": form, "value": value, "events": _shown(asker, event, when)}
    about["barred"] = _said(when)
    slots = {"when": said, "o": words.noun(entity), "a": words.noun(entity)}
    if attribute == "where" and value.startswith("held:"):
        texts = {f"held:{name}": name for name in log.names}
        return _made(asker, Idea(kind="holder", rule="fact.holder", slots=slots, sort="where", texts=texts, **about))
    if attribute == "where" and value != "nowhere":
        return _made(asker, Idea(kind="lies", rule="fact.lies", slots=slots, sort="where", **about))
    if attribute == "at" and entity in log.looks and value in log.indoor:
        return _made(asker, Idea(kind="person_at", rule="fact.person", slots=slots, sort="where", **about))
    if attribute.startswith("knows:") and value in [*log.looks, *log.places]:
        slots["t"] = words.noun(attribute.split(":")[1])
        return _made(
            asker,
            Idea(
                kind="belief.person" if value in log.looks else "belief",
                rule="fact.belief",
                slots=slots,
                sort="where",
                **about,
            ),
        )
    if attribute in YES_NO and value in ("yes", "no"):
        rest: dict[str, Any] = {"formats": OPEN, "pool": ("yes", "no"), **about}
        return _made(asker, Idea(kind=f"is.{attribute}", rule=f"fact.{attribute}", slots=slots, sort="truth", **rest))
    return None


def _said(when: Any) -> tuple[Any, ...]:
    """Answers that the words for the time name: somebody or some place that is in the question is no answer to it."""
    named = tuple(when.values()) if isinstance(when, dict) else ()
    return tuple(f"{how}{name}" for name in named for how in ("", "held:", "at:", "in:"))


def _made(asker: Asker, idea: Idea) -> Idea | None:
    return idea if asker.words.has(idea.rule) else None


def _shown(asker: Asker, setter: Event, when: Any) -> tuple[Event, ...]:
    """The event that made a fact so, and the one that says when."""
    at = moment_of(asker.log, when) or (0, 0)
    here = [asker.log.events[at[0] // 2]] if when != "end" and "action" in when else []
    return tuple({event.index: event for event in [setter, *here]}.values())


def _knowing(asker: Asker, when: Any, said: str, event: Event | None) -> Iterator[Idea]:
    """Who alone knows where a thing is, and whether somebody is right about it."""
    log, words = asker.log, asker.words
    topics = dict.fromkeys(attribute.split(":")[1] for _, attribute in log.facts if attribute.startswith("knows:"))
    for topic in asker.sample([t for t in topics if event is None or t not in event.fields.values()], 2):
        slots = {"when": said, "t": words.noun(topic)}
        form: Form = {"ask": "knower", "topic": topic, "when": when}
        shown = _learned(asker, answer(form, log) or "", topic, when)
        if shown and words.has("knower"):
            about: dict[str, Any] = {"sort": "noun", "barred": _said(when), "events": shown}
            yield Idea(
                type="state", kind="knower", form=form, rule="knower", slots=slots, value=answer(form, log), **about
            )
        for name in asker.sample(log.names, 2):
            form = {"ask": "belief", "entity": name, "topic": topic, "when": when}
            shown = _learned(asker, name, topic, when)
            if shown and answer(form, log) and words.has("truth"):
                about = {"formats": OPEN, "pool": ("yes", "no"), "sort": "truth", "events": shown}
                more = {**slots, "a": name}
                yield Idea(
                    type="state", kind="truth", form=form, rule="truth", slots=more, value=answer(form, log), **about
                )


def _learned(asker: Asker, name: str, topic: str, when: Any) -> tuple[Event, ...]:
    """The events by which somebody came to believe something and by which it is so; none where no event did it."""
    log = asker.log
    at = moment_of(log, when)
    if at is None:
        return ()
    fact = (topic, "at") if topic in log.looks else (topic, "where")
    setters = [log.setting(name, f"knows:{topic}", at[0])[1], log.setting(*fact, at[0])[1]]
    if setters[0] is None:
        return ()
    return tuple({i: log.events[i] for i in setters if i is not None}.values())


def _spans(asker: Asker) -> Iterator[Idea]:
    """From when to when something was so."""
    log, words = asker.log, asker.words
    for entity, attribute in log.facts:
        if attribute not in SPANS:
            continue
        for value in dict.fromkeys(value for _, value, _ in log.facts[entity, attribute]):
            kind, _, name = value.partition(":")
            form: Form = {"ask": "fact_span", "entity": entity, "attribute": attribute, "value": value}
            span = answer(form, log)
            rule = f"fact_span.{kind if attribute == 'where' else attribute}"
            if span is None or value == "no" or not words.has(rule):
                continue
            slots = {"o": words.noun(entity), "a": words.noun(entity), "x": words.noun(name or entity)}
            if kind == "at":
                slots["at"] = words.at(name)
            edges = [log.events[i] for _, v, i in log.facts[entity, attribute] if v == value and i is not None]
            about: dict[str, Any] = {"events": tuple(edges[:1]), "spans": (pair(span),), "form": form}
            about |= {"value": span, "formats": ("temporal_grounding",), "sort": "seconds", "level": "movie"}
            yield Idea(type="moment", kind="fact_span", rule=rule, slots=slots, **about)
            yield Idea(type="state", kind="fact_span", rule=rule, slots=slots, **about)


def count(asker: Asker) -> list[Idea]:
    """How often, how many."""
    log, words = asker.log, asker.words
    ideas: list[Idea] = []
    for name in log.names:
        scenes = scenes_with(log, name)
        spans = tuple((float(log.scenes[i]["span"][0]), float(log.scenes[i]["span"][1])) for i in scenes)
        ideas += _number(asker, "scenes", {"ask": "count_scenes", "person": name}, {"a": name}, spans=spans)
    for thing in log.objects:
        events = [log.events[i] for _, v, i in log.facts.get((thing, "where"), []) if i is not None and "held:" in v]
        held_by = [f"held:{name}" for name in holders(log, thing)]
        starts = [v for _, v, i in log.facts.get((thing, "where"), []) if i is None and v in held_by]
        if events and not starts:
            slots = {"o": words.noun(thing)}
            form: Form = {"ask": "count_holders", "object": thing}
            ideas += _number(asker, "holders", form, slots, events=tuple(events))
    whole = ((0.0, log.duration_s),)
    ideas += _number(asker, "places", {"ask": "count_places"}, {}, spans=whole)
    actions = [a for a in dict.fromkeys(e.get("action") for e in log.events) if a and words.has(f"counted.{a}")]
    for action in actions:
        base = words.say(f"counted.{action}")
        for name in ["", *log.names]:
            spec = {"action": action, **({"actor": name} if name else {})}
            found = tuple(e for e in log.events if e.get("action") == action and name in ("", e.get("actor")))
            slots = {"a": name, "base": base}
            shown: dict[str, Any] = {"events": found, "spans": () if found else whole}
            ideas += _number(asker, "action" if name else "anybody", {"ask": "count", "event": spec}, slots, **shown)
    return ideas


def _heard_of(asker: Asker, action: str) -> bool:
    """Whether the lines tell of any such action: they would rule out low numbers, and so hint at the right one."""
    view = asker.reader.views["dialogue"]
    return any(view.event(event).get("action") == action for event in asker.log.events)


def _number(asker: Asker, rule: str, form: Form, slots: dict[str, str], **rest: Any) -> list[Idea]:
    value = answer(form, asker.log)
    if value > COUNT_MAX or not asker.words.has(f"count.{rule}"):
        return []
    formats = EITHER if rule == "action" and not _heard_of(asker, form["event"]["action"]) else OPEN
    about: dict[str, Any] = {"rule": f"count.{rule}", "slots": slots, "value": value, "formats": formats, **rest}
    return [
        Idea(
            type="count",
            kind=f"count.{rule}" + (f".{form['event']['action']}" if "event" in form else ""),
            form=form,
            sort="number",
            level="movie",
            **about,
        )
    ]
