"""What the offline writer alone answers about a movie: outline, heads, scenes and dialogue, without the stages."""

import asyncio
from dataclasses import dataclass
from functools import lru_cache

from moviellm.generation.briefs import (
    ChapterBrief,
    ChapterDraft,
    DialogueBrief,
    DialogueDraft,
    OutlineDraft,
    SceneBrief,
    SceneDraft,
    SceneHead,
    StoryBrief,
)
from moviellm.generation.config.recipe import WorldConfig
from moviellm.generation.protocols import WriterTask, derive_seed
from moviellm.generation.schema import Record, StateChange
from moviellm.generation.studio.writer import OfflineWriter

WRITER = OfflineWriter()
THEMES = (
    "a lighthouse keeper finds a map",
    "a doctor heals an enemy in the war",
    "somebody is in prison for nothing",
    "the broken clock",
    "two sisters hide a letter from their father",
    "a thief steals a crown",
    "a merchant trades a ring for a drum",
    "two old friends quarrel",
    "burying the past",
    "who stole the cake",
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """One movie as drafted."""

    story: StoryBrief
    outline: OutlineDraft
    scenes: tuple[tuple[SceneHead, SceneDraft, DialogueDraft], ...]


def answer(task: WriterTask, brief: Record, seed: int, draft_type: type[Record]) -> Record:
    return draft_type.model_validate(asyncio.run(WRITER.write(WRITER.request(task, brief, seed))))


@lru_cache(maxsize=512)
def told(
    seed: int,
    size: tuple[int, int, int] = (2, 2, 5),
    level: str = "rich",
    density: float = 1.0,
    seconds: float = 4.0,
    twin: bool = False,
    jump: bool = False,
) -> Told:
    theme = THEMES[seed % len(THEMES)]
    chapters, count, keyframes = size
    story = StoryBrief(
        theme=theme,
        language="en",
        level=level,
        chapters=chapters,
        scenes=count,
        keyframes=keyframes,
        seed=seed,
        twin=twin,
        world=WorldConfig(inject={"time_jump": 1.0} if jump else {}),
    )
    outline = answer("outline", story, seed, OutlineDraft)
    assert isinstance(outline, OutlineDraft)
    scenes = []
    for c in range(chapters):
        brief = ChapterBrief(story=story, outline=outline, chapter_index=c)
        chapter = answer("chapter", brief, derive_seed(seed, "chapter", c), ChapterDraft)
        assert isinstance(chapter, ChapterDraft)
        for s, head in enumerate(chapter.scenes):
            asked = SceneBrief(
                story=story, outline=outline, chapter_index=c, scene_index=s, scene=head, chapter=chapter
            )
            draft = answer("scene", asked, derive_seed(seed, "scene", c, s), SceneDraft)
            assert isinstance(draft, SceneDraft)
            spoken = DialogueBrief(
                story=story,
                outline=outline,
                scene=head,
                draft=draft,
                scene_key=f"c{c}-s{s}",
                seconds_per_keyframe=seconds,
                density=density,
            )
            lines = answer("dialogue", spoken, derive_seed(seed, "dialogue", c, s), DialogueDraft)
            assert isinstance(lines, DialogueDraft)
            scenes.append((head, draft, lines))
    return Told(story=story, outline=outline, scenes=tuple(scenes))


State = dict[tuple[str, str], str]


def states(movie: Told) -> list[tuple[SceneHead, SceneDraft, dict[str | None, tuple[State, State]]]]:
    """For every scene the state before and after each event, by its key, read from the changes alone; the key None
    is the scene's start."""
    state: State = {}
    found = []
    for head, draft, _ in movie.scenes:
        state = changed(state, draft.changes)
        by_key: dict[str | None, tuple[State, State]] = {None: (state, state)}
        for event in draft.events:
            before, state = state, changed(state, event.changes)
            by_key[event.key] = (before, state)
        found.append((head, draft, by_key))
    return found


def changed(state: State, changes: tuple[StateChange, ...]) -> State:
    return {**state, **{(change.entity, change.attribute): change.value for change in changes}}
