"""How outlines and chapters that a model answers become drafts, and everything that must be right about them.

    draft = outline_draft(answer, context)      # OutlineDraft; ValueError says what is wrong, in words for the writer

The model decides the story; headings and phrases are made here. `context` is what showing.py put beside the prompt.
The rules are those of continuity.py and checks.py; the stage has its own on top (sizes, known names). All faults of an
answer are said together, so that one repair turn can mend them. Scenes and dialogue: filming.py.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from moviellm.generation.briefs import (
    ChapterDraft,
    ChapterHead,
    CharacterDraft,
    LocationDraft,
    ObjectDraft,
    OutlineDraft,
    SceneHead,
    StyleDraft,
)
from moviellm.generation.schema import StateChange
from moviellm.generation.studio.looks import Looks, phrase
from moviellm.generation.writers.answers import (
    ChapterAnswer,
    FactAnswer,
    LooksAnswer,
    OutlineAnswer,
    ScenePlan,
)
from moviellm.generation.writers.checks import language_faults, likeness_faults, name_faults
from moviellm.generation.writers.continuity import (
    KNOWS,
    NOWHERE,
    STORY,
    Planned,
    Roster,
    disagreements,
    fact_problems,
    fold,
    is_date,
    plan_problems,
    together_problems,
)
from moviellm.generation.writers.showing import after_scene

FAULTS_SHOWN = 5
"""Faults that one message names: as many as a model mends at a time."""
Context = Mapping[str, Any]


def raise_faults(faults: Iterable[str]) -> None:
    """Raise ValueError with everything that is wrong, if anything is."""
    wrong = list(dict.fromkeys(faults))
    if wrong:
        more = [f"and {len(wrong) - FAULTS_SHOWN} more of the kind"] if len(wrong) > FAULTS_SHOWN else []
        raise ValueError("; ".join([*wrong[:FAULTS_SHOWN], *more]))


def roster_of(context: Context) -> Roster:
    """The names of the story."""
    return Roster(**{kind: tuple(names) for kind, names in context["roster"].items()})


def facts_of(triples: Sequence[Sequence[str]]) -> dict[tuple[str, str], str]:
    """Facts from their JSON."""
    return {(entity, attribute): value for entity, attribute, value in triples}


def changes_of(triples: Sequence[Sequence[str]]) -> tuple[StateChange, ...]:
    """Changes from their JSON."""
    return tuple(StateChange(entity=e, attribute=a, value=v) for e, a, v in triples)


def change_of(fact: FactAnswer, objects: Sequence[str]) -> StateChange:
    """A fact as the record says it."""
    value = fact.value.strip()
    if fact.fact == "knows":
        return StateChange(entity=fact.entity, attribute=KNOWS + value, value="yes")
    if fact.fact in ("held_by", "in") or (fact.fact == "at" and fact.entity in objects):
        kind = {"held_by": "held", "in": "in", "at": "at"}[fact.fact]
        gone = value.lower() == NOWHERE
        return StateChange(entity=fact.entity, attribute="where", value=NOWHERE if gone else f"{kind}:{value}")
    return StateChange(entity=fact.entity, attribute=fact.fact, value=value.lower() if fact.fact == "alive" else value)


def _day(text: str) -> StateChange:
    return StateChange(entity=STORY, attribute="date", value=text)


def outline_draft(answer: OutlineAnswer, context: Context) -> OutlineDraft:
    """The movie at its first level."""
    people = tuple(person.name for person in answer.characters)
    places = tuple(place.name for place in answer.locations)
    objects = tuple(thing.name for thing in answer.objects)
    known = Roster(people=people, places=places, objects=objects)
    begins = (_day(answer.begins_on), *(change_of(fact, objects) for fact in answer.begins_with))
    chapters = tuple(
        ChapterHead(
            title=plan.title,
            summary=plan.summary,
            characters=plan.characters,
            locations=plan.locations,
            ends_with=(_day(plan.ends_on), *(change_of(fact, objects) for fact in plan.ends_with)),
        )
        for plan in answer.chapters
    )
    raise_faults([*_outline_faults(answer, known, context), *_plan_faults(known, begins, chapters)])
    return OutlineDraft(
        title=answer.title,
        genre=answer.genre,
        logline=answer.logline,
        synopsis=answer.synopsis,
        style=StyleDraft(keyword=answer.style.keyword.strip(), description=answer.style.description),
        characters=tuple(
            CharacterDraft(name=p.name, role=p.role, description=p.description, appearance=appearance(p.looks))
            for p in answer.characters
        ),
        locations=tuple(LocationDraft(**place.model_dump()) for place in answer.locations),
        objects=tuple(ObjectDraft(**thing.model_dump()) for thing in answer.objects),
        chapters=chapters,
        begins_with=begins,
    )


def appearance(looks: LooksAnswer) -> str:
    """The fixed phrase of somebody's looks, with the details after it."""
    fixed = phrase(Looks(**{name: str(getattr(looks, name)) for name in Looks.__dataclass_fields__}))
    details = looks.details.strip(" .,;")
    return f"{fixed}, {details}" if details else fixed


def _outline_faults(answer: OutlineAnswer, known: Roster, context: Context) -> Iterator[str]:
    yield from name_faults(known.people, known.places, known.objects)
    told = [(person.name, person.description) for person in answer.characters]
    yield from likeness_faults(
        [text for p in answer.characters for text in (p.description, p.looks.details)], known.people
    )
    seen: dict[str, str] = {}
    for person in answer.characters:
        other = seen.setdefault(phrase_of(person.looks), person.name)
        if other != person.name:
            yield f"{person.name} and {other} look the same; give them other clothes, hair or colours"
    if re.fullmatch(r"[^\W_]+(?:[-'][^\W_]+)*", answer.style.keyword.strip()) is None:
        yield f"the style keyword is one word, got {answer.style.keyword!r}"
    texts = [answer.title, answer.logline, answer.synopsis, *(text for _, text in told)]
    texts += [place.description for place in answer.locations]
    texts += [text for plan in answer.chapters for text in (plan.title, plan.summary)]
    yield from language_faults(texts, context["language"])


def phrase_of(looks: LooksAnswer) -> str:
    """What tells people apart at a glance: their looks without the details."""
    return appearance(looks.model_copy(update={"details": ""}))


def _plan_faults(known: Roster, begins: Sequence[StateChange], chapters: Sequence[ChapterHead]) -> Iterator[str]:
    parts = [
        Planned(name=f"chapter {i + 1}", people=head.characters, places=head.locations, ends_with=head.ends_with)
        for i, head in enumerate(chapters)
    ]
    yield from fact_problems(known, begins, "begins_with")
    yield from plan_problems(known, fold({}, begins), parts)
    for part in parts:
        if not part.places:
            yield f"{part.name} takes place nowhere; name its places"
        if not part.people:
            yield f"{part.name}: nobody takes part"


def chapter_draft(answer: ChapterAnswer, context: Context) -> ChapterDraft:
    """The scenes of a chapter."""
    known, facts = roster_of(context), facts_of(context["facts"])
    heads = tuple(_scene_head(plan, known.objects, context["indoor"]) for plan in answer.scenes)
    parts = [
        Planned(
            name=f"scene {i + 1}",
            people=head.characters,
            places=(head.location,),
            ends_with=head.ends_with,
            date=head.date,
            clock=head.clock,
        )
        for i, head in enumerate(heads)
    ]
    raise_faults(_chapter_faults(known, facts, parts, heads, context))
    return ChapterDraft(scenes=heads)


def _scene_head(plan: ScenePlan, objects: Sequence[str], indoor: Sequence[str]) -> SceneHead:
    place = re.sub(r"^(?:the|a|an|el|la|los|las)\s+", "", plan.location, flags=re.IGNORECASE)
    return SceneHead(
        heading=f"{'INT' if plan.location in indoor else 'EXT'}. {place.upper()} - {plan.time_of_day.upper()}",
        location=plan.location,
        time_of_day=plan.time_of_day,
        weather=plan.weather,
        summary=plan.summary,
        date=plan.date,
        clock=plan.clock,
        characters=plan.characters,
        ends_with=tuple(change_of(fact, objects) for fact in plan.ends_with),
    )


def _chapter_faults(
    known: Roster,
    facts: Mapping[tuple[str, str], str],
    parts: Sequence[Planned],
    heads: Sequence[SceneHead],
    context: Context,
) -> Iterator[str]:
    for part, head in zip(parts, heads, strict=True):
        for person in head.characters:
            if person in known.people and person not in context["people"]:
                yield f"{part.name}: {person} is not in this chapter; its people are {_list(context['people'])}"
        if head.location in known.places and head.location not in context["places"]:
            yield f"{part.name}: {head.location} is not in this chapter; its places are {_list(context['places'])}"
        if not is_date(head.date or "") or re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", head.clock or "") is None:
            yield f"{part.name}: write date and clock as 1931-10-04 and 18:40, got {head.date!r} and {head.clock!r}"
    yield from plan_problems(known, facts, parts)
    hours = [(head.date or "", head.clock or "") for head in heads]
    if hours != sorted(hours):
        yield "the scenes run backwards in time; they are told in the order of date and clock"
    yield from together_problems(parts)
    after = dict(facts)
    for head in heads:
        after = after_scene(after, head)
    yield from disagreements(facts, changes_of(context["ends_with"]), after, "the chapter")
    yield from language_faults([head.summary for head in heads], context["language"])


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
