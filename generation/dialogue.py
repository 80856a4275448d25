"""Stage 4, dialogue: the lines of every scene, with speakers and times.

    movie = await write_dialogue(bench, movie, story, outline, heads, drafts)

One cell a scene, asked together. The writer says during which keyframe a line is spoken; the times follow from the
number of words, inside that keyframe. It makes no sound.
"""

from collections.abc import Mapping, Sequence

from moviellm.generation.briefs import (
    DialogueBrief,
    DialogueDraft,
    LineDraft,
    OutlineDraft,
    SceneDraft,
    SceneHead,
    StoryBrief,
)
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import DialogueLine, Movie, Scene, TemporalSpan
from moviellm.generation.workbench import Workbench, gather

VERSION = 2
"""Bump when what is asked or what an answer means changes: every cell of the stage is then asked again."""

WORDS_PER_S = 2.7
"""Speaking rate: about 160 words a minute."""
PAUSE_S = 0.25
"""Silence at both ends of a keyframe, so that no line is cut by its edge."""


async def write_dialogue(
    bench: Workbench,
    movie: Movie,
    story: StoryBrief,
    outline: OutlineDraft,
    heads: Mapping[str, SceneHead],
    drafts: Mapping[str, SceneDraft],
) -> Movie:
    """The movie with its dialogue; `heads` and `drafts` go from scene id to what the plot stage was answered.

    Raises:
        CellFailedError: the writer gave no acceptable answer.
    """
    people = {person.name: person.character_id for person in movie.characters}
    numbers = iter(event.event_id for event in movie.events)
    events = {event.key: next(numbers) for draft in drafts.values() for event in draft.events}

    async def scene_with_lines(scene: Scene, c: int, s: int) -> Scene:
        shown, head = drafts[scene.scene_id], heads[scene.scene_id]
        before = tuple(heads[other.scene_id] for other in movie.chapters[c].scenes[:s])
        draft = await _ask(bench, movie, story, outline, scene, head, shown, before, (c, s))
        return scene.model_copy(update={"dialogue": place_lines(scene, draft.lines, people, events)})

    jobs = [
        scene_with_lines(scene, chapter.index, scene.index) for chapter in movie.chapters for scene in chapter.scenes
    ]
    spoken = iter(await gather(jobs))
    chapters = tuple(
        chapter.model_copy(update={"scenes": tuple(next(spoken) for _ in chapter.scenes)})
        for chapter in movie.chapters
    )
    return movie.model_copy(update={"chapters": chapters})


async def _ask(
    bench: Workbench,
    movie: Movie,
    story: StoryBrief,
    outline: OutlineDraft,
    scene: Scene,
    head: SceneHead,
    draft: SceneDraft,
    before: tuple[SceneHead, ...],
    place: tuple[int, int],
) -> DialogueDraft:
    brief = DialogueBrief(
        story=story,
        outline=outline,
        scene=head,
        draft=draft,
        scene_key=scene.scene_id,
        seconds_per_keyframe=bench.recipe.story.seconds_per_keyframe,
        density=bench.recipe.dialogue.density,
        chapter_index=place[0],
        before=before,
    )
    names = {person.name for person in outline.characters}
    keys = {event.key for event in draft.events}

    def check(answer: DialogueDraft) -> None:
        for line in answer.lines:
            if line.speaker is not None and line.speaker not in names:
                raise ValueError(
                    f"{line.speaker!r} speaks and was not introduced; known are {', '.join(sorted(names))}"
                )
            if line.keyframe_index >= len(scene.keyframes):
                raise ValueError(
                    f"a line is spoken in keyframe {line.keyframe_index}; the scene has {len(scene.keyframes)}"
                )
            if line.event_key is not None and line.event_key not in keys:
                raise ValueError(f"a line belongs to event {line.event_key!r}, which is not one of its scene's")

    seed = derive_seed(movie.seed, "dialogue", *place)
    cell_id = f"{movie.movie_id}/6-dialogue-c{place[0]:02d}-s{place[1]:02d}"
    return await bench.write("dialogue", VERSION, cell_id, "dialogue", brief, seed, DialogueDraft, check)


def place_lines(
    scene: Scene, lines: Sequence[LineDraft], people: Mapping[str, str], events: Mapping[str, str]
) -> tuple[DialogueLine, ...]:
    """Give lines their times: one after another inside their keyframe, as long as their words take, at most what fits.

    Args:
        people: Name -> character id.
        events: Key of an event -> its id.

    Returns:
        Lines in order of time; spans in seconds from the start of the movie, rounded to the microsecond.
    """
    placed: list[DialogueLine] = []
    for k, keyframe in enumerate(scene.keyframes):
        own = [line for line in lines if line.keyframe_index == k]
        if not own:
            continue
        room_s = keyframe.span.end_s - keyframe.span.start_s
        pause_s = min(PAUSE_S, room_s / 8)
        wanted_s = [0.5 + len(line.text.split()) / WORDS_PER_S for line in own]
        scale = min(1.0, (room_s - 2 * pause_s) / sum(wanted_s))
        at_s = keyframe.span.start_s + pause_s
        for line, length_s in zip(own, wanted_s, strict=True):
            end_s = at_s + length_s * scale
            placed.append(
                DialogueLine(
                    line_id=f"{scene.scene_id}-d{len(placed):02d}",
                    character_id=None if line.speaker is None else people[line.speaker],
                    text=line.text,
                    emotion=line.emotion,
                    event_id=None if line.event_key is None else events[line.event_key],
                    says=line.says,
                    span=TemporalSpan(start_s=round(at_s, 6), end_s=round(end_s, 6)),
                )
            )
            at_s = end_s
    return tuple(placed)
