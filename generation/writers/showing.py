"""What a language model is shown for a task of the plot or the dialogue, and what its answer is checked against.

    shown = scene(brief)
    shown.data          # JSON at the end of the prompt: the movie, the part, the state of things
    shown.context       # JSON beside it: facts and names for drafting.py; decides the draft, and is not shown

The blocks of the data are named so that they stand in the order movie, part, scene, state: what all calls of a movie
share comes first, where a server that caches prompts can use it. The continuity record goes down with every call.
Nothing is asked here: see llm.py. The questions have their own: asking.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from moviellm.generation.briefs import (
    ChapterBrief,
    DialogueBrief,
    OutlineDraft,
    SceneBrief,
    SceneHead,
    StoryBrief,
)
from moviellm.generation.llm.encoded import Encoded, EncodedList
from moviellm.generation.schema import Record, StateChange
from moviellm.generation.writers.checks import LANGUAGES
from moviellm.generation.writers.continuity import (
    KNOWS,
    NOWHERE,
    STORY,
    Facts,
    fold,
    is_alive,
    value_of,
)
from moviellm.generation.writers.kept import kept

Data = dict[str, Any]
WORDS_PER_S = 2.7
"""Speaking rate, as the dialogue stage places lines."""
LINES_A_KEYFRAME = 1.5
"""Lines at most, at density 1; the original has about one in two keyframes."""
KNOWN_SHOWN = 8
"""Latest things a person knows that are shown: older ones are in the summaries."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One task, rendered."""

    data: Data
    context: Data
    slots: Data
    """Words and numbers for the prompt's text: the same for all calls of a movie, so that its prompt begins alike."""


def slots_of(story: StoryBrief, **more: object) -> Data:
    """Slots that the prompts of a story share."""
    return {
        "level": story.level,
        "chapters": story.chapters,
        "scenes": story.scenes,
        "keyframes": story.keyframes,
        **more,
    }


def _order(story: StoryBrief) -> Data:
    """What was asked for."""
    return {
        "theme": story.theme,
        "language": LANGUAGES.get(story.language, story.language),
        "level": story.level,
        "seed": story.seed,
        "chapters": story.chapters,
        "scenes_a_chapter": story.scenes,
        "keyframes_a_scene": story.keyframes,
    }


def outline(brief: Record) -> Shown:
    """The first level: only what was asked for is there."""
    assert isinstance(brief, StoryBrief)
    return Shown(data={"movie": _order(brief)}, context={"language": brief.language}, slots=slots_of(brief))


@kept
def _movie(story: StoryBrief, outline: OutlineDraft, chapters: bool) -> Encoded:
    """The outline as the lower levels see it, with the plot of its chapters or without."""
    movie: Data = {
        **_order(story),
        "title": outline.title,
        "genre": outline.genre,
        "logline": outline.logline,
        "people": [
            {"name": p.name, "role": p.role, "description": p.description, "appearance": p.appearance}
            for p in outline.characters
        ],
        "places": [
            {"name": p.name, "kind": p.kind, "indoor": p.indoor, "description": p.description}
            for p in outline.locations
        ],
        "objects": [thing.model_dump(mode="json") for thing in outline.objects],
    }
    if chapters:
        movie["synopsis"] = outline.synopsis
        movie["plot"] = [{"title": head.title, "summary": head.summary} for head in outline.chapters]
    return Encoded(movie)


@kept
def roster(outline: OutlineDraft) -> Encoded:
    """Names of a story, as JSON."""
    return Encoded(
        people=[person.name for person in outline.characters],
        places=[place.name for place in outline.locations],
        objects=[thing.name for thing in outline.objects],
    )


@kept
def _looks(outline: OutlineDraft) -> tuple[Encoded, Encoded]:
    """How people and objects look, by name."""
    return (
        Encoded({person.name: person.appearance for person in outline.characters}),
        Encoded({thing.name: f"{thing.colour} {thing.kind}" for thing in outline.objects}),
    )


@kept
def facts_at_chapter(outline: OutlineDraft, index: int) -> dict[tuple[str, str], str]:
    """What the plan says when a chapter begins."""
    if index == 0:
        return fold({}, outline.begins_with)
    return fold(facts_at_chapter(outline, index - 1), outline.chapters[index - 1].ends_with)


def facts_at_scene(outline: OutlineDraft, index: int, before: Sequence[SceneHead]) -> dict[tuple[str, str], str]:
    """What the plan says when a scene begins: after the scenes before it in its chapter."""
    facts = facts_at_chapter(outline, index)
    for head in before:
        facts = _after(facts, head)
    return facts


@kept
def _after(facts: Facts, head: SceneHead) -> dict[tuple[str, str], str]:
    return after_scene(facts, head)


def after_scene(facts: Facts, head: SceneHead) -> dict[tuple[str, str], str]:
    """What the plan says after a scene: its people were at its place, then it ended as planned."""
    after = dict(facts)
    after.update(((person, "at"), head.location) for person in head.characters)
    if head.date:
        after[STORY, "date"] = head.date
    return fold(after, head.ends_with)


def triples(facts: Facts) -> list[list[str]]:
    """Facts as JSON, in the order in which they were said."""
    return [[entity, attribute, value] for (entity, attribute), value in facts.items()]


def needed(facts: Facts, plan: Iterable[StateChange]) -> list[list[str]]:
    """The facts that a part is checked against, as JSON: all but what is known, of which only what is planned."""
    planned = {(change.entity, change.attribute) for change in plan if change.attribute.startswith(KNOWS)}
    if not planned & facts.keys():
        return _unknown(facts)
    return triples({key: facts[key] for key in facts if not key[1].startswith(KNOWS) or key in planned})


@kept
def _unknown(facts: Facts) -> EncodedList:
    """All facts but what is known, as JSON."""
    return EncodedList(triples({key: value for key, value in facts.items() if not key[1].startswith(KNOWS)}))


@kept
def _known(facts: Facts) -> dict[str, list[str]]:
    """The latest things that everybody knows."""
    known: dict[str, list[str]] = {}
    for entity, attribute in facts:
        if attribute.startswith(KNOWS):
            known.setdefault(entity, []).append(attribute.removeprefix(KNOWS))
    return {entity: things[-KNOWN_SHOWN:] for entity, things in known.items()}


def changes_shown(changes: Sequence[StateChange]) -> list[list[str]]:
    """A plan as a model reads it: entity, fact, value, in the words of answers.FactAnswer."""
    return [[change.entity, *_fact_shown(change.attribute, change.value)] for change in changes]


def _fact_shown(attribute: str, value: str) -> list[str]:
    if attribute.startswith(KNOWS):
        return ["knows", attribute.removeprefix(KNOWS)]
    if attribute == "where":
        kind, _, name = value.partition(":")
        return [{"held": "held_by", "in": "in"}.get(kind, "at"), name or NOWHERE]
    return [attribute, value]


def state_shown(outline: OutlineDraft, facts: Facts, people: Sequence[str]) -> Data:
    """The record for the people of a part: where they are, wear, hold and know; where objects are; who is dead."""
    where = {thing.name: facts.get((thing.name, "where"), NOWHERE) for thing in outline.objects}
    known = _known(facts)
    shown: Data = {"date": value_of(facts, STORY, "date")}
    shown["people"] = {
        person: {
            "at": value_of(facts, person, "at"),
            "wears": value_of(facts, person, "wears") or "as introduced",
            "holds": [thing for thing, spot in where.items() if spot == f"held:{person}"],
            "knows": known.get(person, []),
        }
        for person in people
        if is_alive(facts, person)
    }
    shown["objects"] = {thing: _fact_shown("where", spot) for thing, spot in where.items()}
    shown["dead"] = [person.name for person in outline.characters if not is_alive(facts, person.name)]
    return shown


def chapter(brief: Record) -> Shown:
    """The second level: the scenes of one chapter."""
    assert isinstance(brief, ChapterBrief)
    head, index = brief.outline.chapters[brief.chapter_index], brief.chapter_index
    facts = facts_at_chapter(brief.outline, index)
    part = {
        "chapter": index,
        "title": head.title,
        "summary": head.summary,
        "people": list(head.characters),
        "places": list(head.locations),
        "ends_on": next((change.value for change in head.ends_with if change.entity == STORY), None),
        "ends_with": changes_shown([change for change in head.ends_with if change.entity != STORY]),
    }
    return Shown(
        data={
            "movie": _movie(brief.story, brief.outline, True),
            "part": part,
            "state": state_shown(brief.outline, facts, head.characters),
        },
        context={
            "language": brief.story.language,
            "roster": roster(brief.outline),
            "indoor": [place.name for place in brief.outline.locations if place.indoor],
            "facts": needed(facts, head.ends_with),
            "people": list(head.characters),
            "places": list(head.locations),
            "ends_with": triples(fold({}, head.ends_with)),
        },
        slots=slots_of(brief.story),
    )


def scene(brief: Record) -> Shown:
    """The third level: the events and keyframes of one scene."""
    assert isinstance(brief, SceneBrief)
    outline, head, index = brief.outline, brief.scene, brief.scene_index
    facts = facts_at_scene(outline, brief.chapter_index, brief.chapter.scenes[:index])
    place = next(place for place in outline.locations if place.name == head.location)
    opening = not index and not brief.chapter_index
    looks, things = _looks(outline)
    return Shown(
        data={
            "movie": _movie(brief.story, outline, True),
            "part": {
                "chapter": brief.chapter_index,
                "scenes": [
                    {"scene": i, "place": item.location, "summary": item.summary}
                    for i, item in enumerate(brief.chapter.scenes)
                ],
            },
            "scene": {**_head(head), "scene": index, "ends_with": changes_shown(head.ends_with)},
            "state": state_shown(outline, facts, head.characters),
        },
        context={
            "language": brief.story.language,
            "roster": roster(outline),
            "facts": needed(facts, head.ends_with),
            "people": list(head.characters),
            "ends_with": triples(fold({}, head.ends_with)),
            "begins_with": triples(fold({}, outline.begins_with)) if opening else [],
            "prefix": f"c{brief.chapter_index:02d}s{index:02d}",
            "place": [place.name, place.kind, place.description, place.indoor],
            "time_of_day": head.time_of_day,
            "weather": head.weather,
            "style": outline.style.description,
            "looks": looks,
            "objects": things,
        },
        slots=slots_of(brief.story),
    )


def _head(head: SceneHead) -> Data:
    return {
        "place": head.location,
        "time_of_day": head.time_of_day,
        "weather": head.weather,
        "date": head.date,
        "clock": head.clock,
        "summary": head.summary,
        "people": list(head.characters),
    }


def dialogue(brief: Record) -> Shown:
    """The lines of one scene."""
    assert isinstance(brief, DialogueBrief)
    outline, head, draft = brief.outline, brief.scene, brief.draft
    facts = facts_at_scene(outline, brief.chapter_index, brief.before)
    room = max(3, int(brief.seconds_per_keyframe * WORDS_PER_S))
    most = round(LINES_A_KEYFRAME * len(draft.keyframes) * brief.density)
    return Shown(
        data={
            "movie": _movie(brief.story, outline, False),
            "part": {
                "chapter": brief.chapter_index,
                "before": [item.summary for item in brief.before],
                "scene": len(brief.before),
                **_head(head),
            },
            "scene": {
                "events": [{"event": e.key, "what": e.caption, "people": list(e.participants)} for e in draft.events],
                "keyframes": [
                    {
                        "keyframe": i,
                        "event": frame.event_key,
                        "what": frame.caption,
                        "people": [figure.name for figure in frame.figures],
                    }
                    for i, frame in enumerate(draft.keyframes)
                ],
                "lines_at_most": most,
                "words_a_keyframe": room,
            },
            "state": state_shown(outline, facts, head.characters),
        },
        context={
            "language": brief.story.language,
            "roster": roster(outline),
            "facts": needed(facts, ()),
            "place": head.location,
            "people": list(head.characters),
            "events": [
                [e.key, list(e.participants), [[c.entity, c.attribute, c.value] for c in e.changes]]
                for e in draft.events
            ],
            "keyframes": [frame.event_key for frame in draft.keyframes],
            "lines_at_most": most,
            "words_a_keyframe": room,
            "nothing": most == 0,
        },
        slots=slots_of(brief.story, lines=most, words=room),
    )
