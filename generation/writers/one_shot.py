"""A whole movie in one call: the control of the paper's ablation, without expansion by levels.

    recipe: {writer: llm, story: {expand: one_shot}}

The one answer holds outline, scenes, events and keyframes. The stage still asks for chapters and scenes one by one;
they are cut out of it without a call. The same rules hold as level by level, so that what differs is the expansion
and nothing else. Dialogue and questions are asked as ever. It is for movies that fit into one answer.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from moviellm.generation.briefs import ChapterBrief, ChapterDraft, OutlineDraft, SceneBrief, StoryBrief
from moviellm.generation.protocols import WriterTask
from moviellm.generation.schema import Record, canonical_json
from moviellm.generation.writers import showing
from moviellm.generation.writers.answers import (
    ChapterAnswer,
    ChapterPlan,
    EventAnswer,
    KeyframeAnswer,
    OutlineAnswer,
    SceneAnswer,
    ScenePlan,
)
from moviellm.generation.writers.drafting import Context, chapter_draft, outline_draft, raise_faults
from moviellm.generation.writers.filming import scene_draft
from moviellm.generation.writers.showing import Shown


class WholeScene(ScenePlan):
    """A scene with what happens and what the pictures show."""

    events: tuple[EventAnswer, ...]
    keyframes: tuple[KeyframeAnswer, ...]


class WholeChapter(ChapterPlan):
    """A chapter with its scenes."""

    scenes: tuple[WholeScene, ...]


class MovieAnswer(OutlineAnswer):
    """A whole movie."""

    chapters: tuple[WholeChapter, ...]


def outline(brief: Record) -> Shown:
    """The only task that is asked."""
    assert isinstance(brief, StoryBrief)
    shown = showing.outline(brief)
    context = {**shown.context, "story": brief.model_dump(mode="json")}
    return Shown(data=shown.data, context=context, slots=shown.slots)


def chapter(brief: Record) -> Shown:
    """A chapter, cut out."""
    assert isinstance(brief, ChapterBrief)
    given = json.loads(brief.outline.script or "{}")["chapters"][brief.chapter_index]
    shown = showing.chapter(brief)
    return Shown(data={}, context={**shown.context, "given": given}, slots=shown.slots)


def scene(brief: Record) -> Shown:
    """A scene, cut out."""
    assert isinstance(brief, SceneBrief)
    given = json.loads(brief.outline.script or "{}")["scenes"][brief.chapter_index][brief.scene_index]
    shown = showing.scene(brief)
    return Shown(data={}, context={**shown.context, "given": given}, slots=shown.slots)


SHOWN: Final[Mapping[WriterTask, Callable[[Record], Shown]]] = {"outline": outline, "chapter": chapter, "scene": scene}


def given_draft(task: WriterTask, context: Context) -> Record:
    """A chapter or scene of the one answer as its draft."""
    if task == "chapter":
        return chapter_draft(ChapterAnswer.model_validate(context["given"]), context)
    return scene_draft(SceneAnswer.model_validate(context["given"]), context)


def movie_draft(answer: MovieAnswer, context: Context) -> OutlineDraft:
    """The outline of a whole movie, with the rest in its `script`.

    Raises:
        ValueError: outline, a chapter or a scene cannot be used; says what is wrong.
    """
    story = StoryBrief.model_validate(context["story"])
    raise_faults(_size_faults(answer, story))
    plans = [{name: getattr(plan, name) for name in ChapterPlan.model_fields} for plan in answer.chapters]
    fields = {name: getattr(answer, name) for name in OutlineAnswer.model_fields}
    plain = OutlineAnswer(**fields | {"chapters": tuple(ChapterPlan(**plan) for plan in plans)})
    draft = outline_draft(plain, context)
    chapters, scenes = [], []
    for c, whole in enumerate(answer.chapters):
        heads = _part(ChapterAnswer(scenes=tuple(_plan(item) for item in whole.scenes)))
        chapters.append(heads)
        scenes.append([_part(SceneAnswer(events=item.events, keyframes=item.keyframes)) for item in whole.scenes])
        _try_scenes(story, draft, c, heads, scenes[-1])
    return draft.model_copy(update={"script": canonical_json({"chapters": chapters, "scenes": scenes})})


def _part(answer: ChapterAnswer | SceneAnswer) -> dict[str, Any]:
    return answer.model_dump(mode="json")


def _plan(scene: WholeScene) -> ScenePlan:
    return ScenePlan(**{name: getattr(scene, name) for name in ScenePlan.model_fields})


def _try_scenes(story: StoryBrief, draft: OutlineDraft, c: int, heads: Any, scenes: list[Any]) -> None:
    """Raise ValueError for a chapter or scene that its own task would refuse."""
    try:
        place = f"chapter {c + 1}"
        context = showing.chapter(ChapterBrief(story=story, outline=draft, chapter_index=c)).context
        made = given_draft("chapter", {**context, "given": heads})
        assert isinstance(made, ChapterDraft)
        for s, given in enumerate(scenes):
            place = f"chapter {c + 1}, scene {s + 1}"
            brief = SceneBrief(
                story=story, outline=draft, chapter_index=c, scene_index=s, scene=made.scenes[s], chapter=made
            )
            given_draft("scene", {**showing.scene(brief).context, "given": given})
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _size_faults(answer: MovieAnswer, story: StoryBrief) -> Iterator[str]:
    if len(answer.chapters) != story.chapters:
        yield f"got {len(answer.chapters)} chapters, asked for {story.chapters}"
    for c, chapter in enumerate(answer.chapters):
        if len(chapter.scenes) != story.scenes:
            yield f"chapter {c + 1} has {len(chapter.scenes)} scenes, asked for {story.scenes}"
        for s, scene in enumerate(chapter.scenes):
            if len(scene.keyframes) != story.keyframes:
                yield f"chapter {c + 1}, scene {s + 1} has {len(scene.keyframes)} keyframes, not {story.keyframes}"
            shown = {frame.event for frame in scene.keyframes}
            if unseen := [event.key for event in scene.events if event.key not in shown]:
                yield f"chapter {c + 1}, scene {s + 1}: no keyframe shows the events {', '.join(unseen)}"
