"""Answers of a model that tells the offline studio's own stories: what the double gives for the tasks of writer llm.

    value = answers("scene", data, schema, seed)        # JSON that fits writers/answers.py; None for other tasks

The task's data (the JSON block of the prompt) says theme, seed, sizes and which part; the story behind it is simulated
once and kept. The continuity plan is computed from the story's own log, so that a whole coherent movie comes back
through the wire, and passes every check. The questions cite what they are shown. Same data, same answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from moviellm.generation.briefs import EventDraft, KeyframeDraft, OutlineDraft, SceneDraft, StoryBrief
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import StateChange
from moviellm.generation.studio.looks import Looks, parse
from moviellm.generation.studio.plot.story import SceneLog, Story, simulate
from moviellm.generation.studio.speakers import Speakers
from tests.servers.story_questions import questions

TAGS = {"English": "en", "Spanish": "es"}
SECONDS_PER_KEYFRAME = 4.0
Facts = dict[tuple[str, str], str]
"""(entity, fact) -> value, in the words of writers/answers.py; `knows` has the thing known in its key."""


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One scene as its plan says it."""

    log: SceneLog
    summary: str
    people: list[str]
    there: list[set[str]]
    """Who is there before or after each event."""
    ends_with: list[dict[str, str]]


class Told:
    """One movie: its story, its drafts, and the continuity plan computed from its log."""

    def __init__(self, brief: StoryBrief) -> None:
        self.brief = brief
        self.speaker = _speakers().of(brief.language, brief.level)
        theme = self.speaker.lexicon.in_english(brief.theme) if self.speaker.lexicon else brief.theme
        told = simulate(self.speaker.vocabulary, brief.model_copy(update={"theme": theme}))
        self.story: Story = self.speaker.named(told)
        self.outline: OutlineDraft = self._tell("outline", {})
        self.things = {thing.name for thing in self.outline.objects}
        self.begins = fold({}, self.story.scenes[0].changes, self.things)
        self.parts: list[_Part] = []
        self.ends: list[Facts] = []
        chapters = [self._tell("chapter", {"chapter_index": c}, c) for c in range(brief.chapters)]
        heads = [head for chapter in chapters for head in chapter.scenes]
        facts = self.begins
        for log, head in zip(self.story.scenes, heads, strict=True):
            there = _presence(log, [person.name for person in self.outline.characters])
            people = [p.name for p in self.outline.characters if p.name in set().union(*there)]
            facts = facts | {(person, "at"): log.place for person in people}
            after = facts
            for event in log.events:
                after = fold(after, event.changes, self.things)
            plan = difference(facts, after)
            self.parts.append(_Part(log=log, summary=head.summary, people=people, there=there, ends_with=plan))
            self.ends.append(after)
            facts = after
        self._scenes: dict[tuple[int, int], SceneDraft] = {}
        self._lines: dict[tuple[int, int], Any] = {}

    def _tell(self, task: Any, inputs: Mapping[str, Any], *names: object) -> Any:
        seed = derive_seed(self.brief.seed, task, *names)
        return self.speaker.tell(task, self.story, self.brief, inputs, seed)

    def chapter_parts(self, index: int) -> list[_Part]:
        """The scenes of a chapter."""
        return self.parts[index * self.brief.scenes : (index + 1) * self.brief.scenes]

    def chapter_ends_with(self, index: int) -> list[dict[str, str]]:
        """What is otherwise after a chapter."""
        before = self.ends[index * self.brief.scenes - 1] if index else self.begins
        return difference(before, self.ends[(index + 1) * self.brief.scenes - 1])

    def scene(self, chapter: int, index: int) -> SceneDraft:
        """A scene's draft by the studio."""
        if (chapter, index) not in self._scenes:
            inputs = {"chapter_index": chapter, "scene_index": index}
            self._scenes[chapter, index] = self._tell("scene", inputs, chapter, index)
        return self._scenes[chapter, index]

    def lines(self, chapter: int, index: int) -> Any:
        """A scene's lines by the studio."""
        if (chapter, index) not in self._lines:
            self._lines[chapter, index] = self._spoken(chapter, index)
        return self._lines[chapter, index]

    def _spoken(self, chapter: int, index: int) -> Any:
        draft = self.scene(chapter, index)
        inputs = {
            "scene_key": f"c{chapter}-s{index}",
            "seconds_per_keyframe": SECONDS_PER_KEYFRAME,
            "density": 1.0,
            "events": [event.key for event in draft.events],
            "keyframes": [
                {
                    "event": frame.event_key,
                    "shot": frame.shot,
                    "figures": [[figure.name, figure.emotion] for figure in frame.figures],
                }
                for frame in draft.keyframes
            ],
        }
        return self._tell("dialogue", inputs, chapter, index).lines


@lru_cache(maxsize=1)
def _speakers() -> Speakers:
    return Speakers(None)


@lru_cache(maxsize=256)
def told(theme: str, tag: str, level: str, sizes: tuple[int, int, int], seed: int) -> Told:
    """A movie, simulated once."""
    chapters, scenes, keyframes = sizes
    return Told(
        StoryBrief(
            theme=theme, language=tag, level=level, chapters=chapters, scenes=scenes, keyframes=keyframes, seed=seed
        )
    )


def fold(facts: Facts, changes: Iterable[StateChange], things: set[str]) -> Facts:
    """The facts after changes of the story's log; what no model is asked for is left out."""
    after = dict(facts)
    for change in changes:
        kind, _, name = change.value.partition(":")
        if change.attribute == "at":
            after[change.entity, "at"] = "nowhere" if change.value == "elsewhere" else change.value
        elif change.attribute == "where" and change.entity in things:
            after[change.entity, "where"] = {"held": f"held_by:{name}"}.get(kind, change.value)
        elif change.attribute.startswith("knows:") and change.value not in ("no", "False"):
            topic = change.attribute.removeprefix("knows:")
            after[change.entity, f"knows:{topic}: {change.value}"] = "yes"
    return after


def difference(before: Facts, after: Facts) -> list[dict[str, str]]:
    """What is otherwise afterwards, as answers say it."""
    return [_fact(*key, value) for key, value in after.items() if before.get(key) != value]


def _fact(entity: str, attribute: str, value: str) -> dict[str, str]:
    if attribute.startswith("knows:"):
        return {"entity": entity, "fact": "knows", "value": attribute.removeprefix("knows:")}
    if attribute == "where":
        kind, _, name = value.partition(":")
        fact = kind if kind in ("held_by", "in", "at") else "at"
        return {"entity": entity, "fact": fact, "value": name or "nowhere"}
    return {"entity": entity, "fact": "at", "value": value}


def _presence(log: SceneLog, cast: Sequence[str]) -> list[set[str]]:
    """Who is there before or after each event."""
    at = {name: str(log.start.get(("at", name))) for name in cast}
    found = []
    for event in log.events:
        moved = at | {c.entity: c.value for c in event.changes if c.attribute == "at"}
        found.append({name for name in cast if log.place in (at[name], moved[name])})
        at = moved
    return found


def answers(schema_name: str, data: dict[str, Any], schema: Mapping[str, Any], seed: int) -> Any:
    """The answer to a task; None for what is not of writer llm."""
    if schema_name == "questions":
        return questions(data)
    if schema_name not in ("outline", "chapter", "scene", "dialogue"):
        return None
    order = data["movie"]
    sizes = (order["chapters"], order["scenes_a_chapter"], order["keyframes_a_scene"])
    tag = TAGS[order["language"]]
    movie = told(order["theme"], tag, order["level"], sizes, order["seed"])
    if schema_name == "outline":
        whole = "WholeChapter" in schema.get("$defs", {})
        return _outline(movie, whole=whole)
    part = data["part"]
    if schema_name == "chapter":
        return {"scenes": [_plan(item) for item in movie.chapter_parts(part["chapter"])]}
    if schema_name == "scene":
        return _scene(movie, part["chapter"], data["scene"]["scene"])
    return _dialogue(movie, part["chapter"], part["scene"], data["scene"])


def _outline(movie: Told, *, whole: bool) -> dict[str, Any]:
    outline = movie.outline
    chapters = []
    for index, head in enumerate(outline.chapters):
        parts = movie.chapter_parts(index)
        chapters.append(
            {
                "title": head.title,
                "summary": head.summary,
                "characters": list(dict.fromkeys(name for part in parts for name in part.people)),
                "locations": list(dict.fromkeys(part.log.place for part in parts)),
                "ends_on": parts[-1].log.date,
                "ends_with": movie.chapter_ends_with(index),
            }
        )
        if whole:
            chapters[-1]["scenes"] = [_plan(part) | _scene(movie, index, s) for s, part in enumerate(parts)]
    return {
        "title": outline.title,
        "genre": outline.genre,
        "logline": outline.logline,
        "synopsis": outline.synopsis,
        "style": {"keyword": outline.style.keyword, "description": outline.style.description},
        "characters": [
            {"name": p.name, "role": p.role, "description": p.description, "looks": _looks(parse(p.appearance))}
            for p in outline.characters
        ],
        "locations": [place.model_dump() for place in outline.locations],
        "objects": [thing.model_dump() for thing in outline.objects],
        "begins_on": movie.story.scenes[0].date,
        "begins_with": difference({}, movie.begins),
        "chapters": chapters,
    }


def _looks(looks: Looks) -> dict[str, str]:
    return {name: getattr(looks, name) for name in Looks.__dataclass_fields__} | {"details": ""}


def _plan(part: _Part) -> dict[str, Any]:
    log = part.log
    return {
        "location": log.place,
        "time_of_day": log.time_of_day,
        "weather": log.weather,
        "date": log.date,
        "clock": log.clock,
        "summary": part.summary,
        "characters": part.people,
        "ends_with": part.ends_with,
    }


def _scene(movie: Told, chapter: int, index: int) -> dict[str, Any]:
    draft = movie.scene(chapter, index)
    there = movie.chapter_parts(chapter)[index].there
    keys = {event.key: f"e{i + 1}" for i, event in enumerate(draft.events)}
    return {
        "events": [_event(movie, event, keys, there[i]) for i, event in enumerate(draft.events)],
        "keyframes": [_keyframe(movie, frame, keys) for frame in draft.keyframes],
    }


def _event(movie: Told, event: EventDraft, keys: Mapping[str, str], people: set[str]) -> dict[str, Any]:
    return {
        "key": keys[event.key],
        "caption": event.caption,
        "participants": [name for name in event.participants if name in people],
        "action": event.action,
        "object": event.object,
        "changes": difference({}, fold({}, event.changes, movie.things)),
        "because": [keys[cause] for cause in event.because or () if cause in keys],
    }


def _keyframe(movie: Told, frame: KeyframeDraft, keys: Mapping[str, str]) -> dict[str, Any]:
    return {
        "event": None if frame.event_key is None else keys[frame.event_key],
        "caption": frame.caption,
        "picture": None if movie.brief.language == "en" else f"A {frame.shot} picture of the scene.",
        "shot": frame.shot,
        "figures": [figure.model_dump() for figure in frame.figures],
        "props": list(frame.props),
        "states": [state.model_dump() for state in frame.states],
    }


def _dialogue(movie: Told, chapter: int, scene: int, shown: Mapping[str, Any]) -> dict[str, Any]:
    most = shown["lines_at_most"]
    lines = movie.lines(chapter, scene)[:most]
    return {
        "lines": [
            {"keyframe": line.keyframe_index, "speaker": line.speaker, "text": line.text, "emotion": line.emotion}
            for line in lines
        ]
    }
