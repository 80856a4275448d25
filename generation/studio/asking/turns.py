"""Follow-up turns: questions that can only be understood, or answered, after the one before.

    ideas = follow_ups(asker, idea)

They ask on about the event, the line or the fact of an earlier question without naming it again. It does not choose:
see choosing.py.
"""

from collections.abc import Iterator
from typing import Any

from moviellm.generation.studio.asking.asker import CHOICE, Asker, Idea
from moviellm.generation.studio.asking.asking import far
from moviellm.generation.studio.asking.forms import answer
from moviellm.generation.studio.asking.movielog import Event
from moviellm.generation.studio.asking.parts import part_kind
from moviellm.generation.studio.asking.specs import Form, the_event
from moviellm.generation.studio.looks import parse


def follow_ups(asker: Asker, base: Idea) -> list[Idea]:
    """What can be asked next after a question."""
    if base.denies:
        return []
    found: list[Idea] = []
    if base.form["ask"] in ("event", "span"):
        event = the_event(asker.log, base.form["event"])
        if event is not None and len(asker.words.alike(event, base.form["event"])) == 1:
            found += _ideas(asker, base, base.form["event"], base.form.get("field"))
    elif base.sort == "caption":
        event = next((item for item in base.events if item.caption == base.value), None)
        clause = asker.words.clause(event) if event else None
        found += _told(asker, event, clause.spec) if event and clause else []
    elif base.form["ask"] == "speaker":
        found += _reply(asker, base)
    elif base.form["ask"] == "fact" and base.form["when"] != "end":
        found += _end(asker, base)
    return [idea for idea in found if asker.words.has(idea.rule)]


def _told(asker: Asker, event: Event, spec: Any) -> Iterator[Idea]:
    """What the caption of an event, the answer before, does not say of it."""
    yield from _next(asker, event, spec, "turn.after")
    yield from _when(event, spec)
    if not asker.log.mentions(event.caption, event.fields["place"]):
        form: Form = {"ask": "event", "event": spec, "field": "place"}
        barred = tuple(spec.values())
        about: dict[str, Any] = {"form": form, "value": event.fields["place"], "events": (event,), "barred": barred}
        yield Idea(type="plot", kind="part.place", rule="turn.place", slots={}, sort="where", **about)


def _when(event: Event, spec: Any) -> Iterator[Idea]:
    """When an event happens."""
    about: dict[str, Any] = {"form": {"ask": "span", "event": spec}, "value": list(event.span), "level": "movie"}
    about |= {"slots": {}, "events": (event,), "rule": "turn.span"}
    timed: Any = ("temporal_grounding",)
    yield Idea(type="moment", kind="span", sort="seconds", formats=timed, **about)
    yield Idea(type="moment", kind=f"when.{event.get('action')}", sort="span", formats=CHOICE, **about)


def _next(asker: Asker, event: Event, spec: Any, rule: str) -> Iterator[Idea]:
    """What comes after an event."""
    form: Form = {"ask": "next", "event": spec}
    text = answer(form, asker.log)
    if text is not None and sum(item.caption == text for item in asker.log.events) == 1:
        shown = (event, asker.log.events[event.index + 1])
        about: dict[str, Any] = {"form": form, "value": text, "events": shown, "barred": (event.caption,)}
        yield Idea(
            type="plot", kind="neighbour", rule=rule, slots={}, sort="caption", near=far(asker.log, event), **about
        )


def _reply(asker: Asker, base: Idea) -> Iterator[Idea]:
    """What is answered to a line."""
    form: Form = {"ask": "reply", "text": base.form["text"]}
    text = answer(form, asker.log)
    after = [line for line in asker.log.lines if line.text == text]
    if len(after) == 1:
        about: dict[str, Any] = {"form": form, "value": text, "lines": (*base.lines, after[0])}
        about |= {"barred": (base.form["text"],), "slots": {}, "sort": "text"}
        yield Idea(type="dialogue", kind="reply", rule="turn.reply", **about)


def _end(asker: Asker, base: Idea) -> Iterator[Idea]:
    """The same fact at the end of the movie."""
    log = asker.log
    entity, attribute = base.form["entity"], base.form["attribute"]
    value, setter = log.setting(entity, attribute, log.end)
    same = str(value).partition(":")[0] == str(base.value).partition(":")[0] or attribute != "where"
    if setter is not None and value not in (None, "nowhere", *base.barred) and same:
        form: Form = {**base.form, "when": "end"}
        about: dict[str, Any] = {"form": form, "value": value, "events": (log.events[setter],), "slots": {}}
        about |= {"sort": base.sort, "pool": base.pool, "texts": base.texts, "formats": base.formats}
        yield Idea(type="state", kind=base.kind, rule="turn.end", **about)


def _ideas(asker: Asker, base: Idea, spec: Any, field: str | None) -> Iterator[Idea]:
    event = base.events[0]
    common: dict[str, Any] = {"slots": {}, "events": (event,)}
    for part, rule, sort in (("place", "place", "where"), ("other", "other", "noun"), ("object", "object", "noun")):
        value = event.get(part)
        if value and part not in spec and part != field:
            kind = part_kind(asker.log, event, part)
            form: Form = {"ask": "event", "event": spec, "field": part}
            barred = tuple(v for k, v in spec.items() if k != "action")
            about: dict[str, Any] = {"kind": kind, "form": form, "value": value, "barred": barred, **common}
            yield Idea(type="character" if part == "other" else "plot", rule=f"turn.{rule}", sort=sort, **about)
    yield from _next(asker, event, spec, "turn.next")
    if base.form["ask"] == "event":
        yield from _when(event, spec)
    if field in ("actor", "other"):
        yield from _looks(asker, base, spec, field)


def _looks(asker: Asker, base: Idea, spec: Any, field: str) -> Iterator[Idea]:
    """What the person who was the answer wears: nobody knows who does not know the answer before."""
    looks = [parse(text) for text in asker.log.looks.values()]
    for what in ("colour", "accessory"):
        form: Form = {"ask": "looks", "event": spec, "field": field, "what": what}
        worn = [getattr(item, what) for item in looks]
        value = answer(form, asker.log)
        if value is None or worn.count(value) > 1 or (what == "colour" and not asker.log.style_shows("colour")):
            continue
        about: dict[str, Any] = {"form": form, "rule": f"turn.{what}", "slots": {}, "sort": what, "value": value}
        about |= {"pool": tuple(dict.fromkeys(worn)), "events": base.events[:1]}
        yield Idea(type="character", kind=f"looks.{what}", **about)
