"""Stage 1, plot: a theme becomes a story in three levels of expansion (arXiv 2403.01422, section 3.1).

    plot = await write_plot(bench, order_of(recipe, 42))

theme -> outline (title, synopsis, cast, places, chapters) -> scenes of each chapter -> events and keyframes of each
scene. Each level is one cell a part; no part waits for another of its level. Ids, indices and times are given here,
never by the writer.

It paints nothing and writes no dialogue.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from moviellm.generation.briefs import (
    ChapterBrief,
    ChapterDraft,
    OutlineDraft,
    SceneBrief,
    SceneDraft,
    SceneHead,
    StoryBrief,
)
from moviellm.generation.config.recipe import StoryConfig
from moviellm.generation.orders import MovieOrder
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import (
    Chapter,
    Character,
    Event,
    Figure,
    Keyframe,
    Location,
    Movie,
    Scene,
    StoryObject,
    TemporalSpan,
)
from moviellm.generation.workbench import CellFailedError, Workbench, gather

VERSION = 2
"""Bump when what is asked or what an answer means changes: every cell of the stage is then asked again."""


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A story without pictures or dialogue, and what the later stages read of the drafts."""

    movie: Movie
    story: StoryBrief
    outline: OutlineDraft
    heads: dict[str, SceneHead]
    """Scene id -> head."""
    drafts: dict[str, SceneDraft]
    """Scene id -> draft."""


async def write_plot(bench: Workbench, order: MovieOrder) -> Plot:
    """Write the story of one movie.

    Raises:
        CellFailedError: the writer gave no acceptable answer.
    """
    movie_id, recipe = order.movie_id, bench.recipe
    story = StoryBrief(
        theme=order.theme,
        language=recipe.language.tag,
        level=recipe.language.level,
        chapters=order.chapters,
        scenes=order.scenes,
        keyframes=order.keyframes,
        seed=order.seed,
        world=recipe.world,
        held_out=order.held_out,
        twin=order.twin_of is not None,
    )
    outline = await bench.write(
        "plot",
        VERSION,
        f"{movie_id}/1-outline",
        "outline",
        story,
        story.seed,
        OutlineDraft,
        lambda d: check_outline(d, story),
    )
    written = await gather(_expand(bench, movie_id, story, outline, c) for c in range(story.chapters))
    heads = {scene_id: head for chapter in written for scene_id, (head, _) in chapter.items()}
    drafts = {scene_id: draft for chapter in written for scene_id, (_, draft) in chapter.items()}
    movie = _assemble(order, story, recipe.story, outline, heads, drafts)
    return Plot(movie=movie, story=story, outline=outline, heads=heads, drafts=drafts)


async def _expand(
    bench: Workbench, movie_id: str, story: StoryBrief, outline: OutlineDraft, c: int
) -> dict[str, tuple[SceneHead, SceneDraft]]:
    """A chapter and then its scenes, which do not wait for those of another chapter."""
    chapter = await _chapter(bench, movie_id, story, outline, c)
    drafts = await gather(_scene(bench, movie_id, story, outline, c, s, chapter) for s in range(len(chapter.scenes)))
    pairs = zip(chapter.scenes, drafts, strict=True)
    return {f"{movie_id}-c{c:02d}-s{s:02d}": pair for s, pair in enumerate(pairs)}


async def _chapter(bench: Workbench, movie_id: str, story: StoryBrief, outline: OutlineDraft, c: int) -> ChapterDraft:
    brief = ChapterBrief(story=story, outline=outline, chapter_index=c)
    seed = derive_seed(story.seed, "chapter", c)

    def check(draft: ChapterDraft) -> None:
        _expect(len(draft.scenes), story.scenes, "scenes")
        for head in draft.scenes:
            _known(head.location, [place.name for place in outline.locations], "location")

    cell_id = f"{movie_id}/2-chapter-c{c:02d}"
    return await bench.write("plot", VERSION, cell_id, "chapter", brief, seed, ChapterDraft, check)


async def _scene(
    bench: Workbench, movie_id: str, story: StoryBrief, outline: OutlineDraft, c: int, s: int, chapter: ChapterDraft
) -> SceneDraft:
    head = chapter.scenes[s]
    brief = SceneBrief(story=story, outline=outline, chapter_index=c, scene_index=s, scene=head, chapter=chapter)
    seed = derive_seed(story.seed, "scene", c, s)
    names = [person.name for person in outline.characters]
    cell_id = f"{movie_id}/3-scene-c{c:02d}-s{s:02d}"
    return await bench.write(
        "plot", VERSION, cell_id, "scene", brief, seed, SceneDraft, lambda d: check_scene(d, story, names)
    )


def check_outline(draft: OutlineDraft, story: StoryBrief) -> None:
    """Raise ValueError unless the outline has the asked size and nothing is called the same twice."""
    _expect(len(draft.chapters), story.chapters, "chapters")
    _all_different([person.name for person in draft.characters], "characters")
    _all_different([place.name for place in draft.locations], "locations")
    _all_different([thing.name for thing in draft.objects], "objects")


def check_scene(draft: SceneDraft, story: StoryBrief, names: Sequence[str]) -> None:
    """Raise ValueError unless the scene has the asked size, uses the cast, and shows every one of its events."""
    _expect(len(draft.keyframes), story.keyframes, "keyframes")
    keys = [event.key for event in draft.events]
    _all_different(keys, "events")
    for event in draft.events:
        for name in event.participants:
            _known(name, names, "character")
    for keyframe in draft.keyframes:
        if keyframe.event_key is not None:
            _known(keyframe.event_key, keys, "event")
        for figure in keyframe.figures:
            _known(figure.name, names, "character")
        _all_different([figure.name for figure in keyframe.figures], "figures of a keyframe")
    unseen = set(keys) - {keyframe.event_key for keyframe in draft.keyframes}
    if unseen:
        raise ValueError(f"no keyframe shows the events {sorted(unseen)}; every event needs a keyframe")


def _expect(got: int, asked: int, what: str) -> None:
    if got != asked:
        raise ValueError(f"got {got} {what}, asked for {asked}")


def _known(name: str, names: Sequence[str], what: str) -> None:
    if name not in names:
        raise ValueError(f"{what} {name!r} was not introduced; known are {', '.join(names)}")


def _all_different(names: Sequence[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two {what} are called {', '.join(twice)}")


def _assemble(
    order: MovieOrder,
    story: StoryBrief,
    config: StoryConfig,
    outline: OutlineDraft,
    heads: dict[str, SceneHead],
    drafts: dict[str, SceneDraft],
) -> Movie:
    movie_id = order.movie_id
    people = {person.name: f"{movie_id}-p{i:02d}" for i, person in enumerate(outline.characters)}
    keys = [event.key for draft in drafts.values() for event in draft.events]
    events = {key: f"{movie_id}-e{i:04d}" for i, key in enumerate(keys)}
    if len(events) != len(keys):
        raise CellFailedError(f"{movie_id}: two scenes use the same event key")
    scenes = {
        scene_id: _scene_record(
            scene_id, i, heads[scene_id], draft, story, config.seconds_per_keyframe, people, events
        )
        for i, (scene_id, draft) in enumerate(drafts.items())
    }
    chapters = tuple(
        _chapter_record(f"{movie_id}-c{c:02d}", c, head.title, head.summary, scenes)
        for c, head in enumerate(outline.chapters)
    )
    return Movie(
        movie_id=movie_id,
        twin_of=order.twin_of,
        twin_difference=outline.twin_difference,
        title=outline.title,
        theme=story.theme,
        genre=outline.genre,
        logline=outline.logline,
        synopsis=outline.synopsis,
        characters=tuple(Character(character_id=people[p.name], **p.model_dump()) for p in outline.characters),
        locations=tuple(Location(**place.model_dump()) for place in outline.locations),
        objects=tuple(StoryObject(**thing.model_dump()) for thing in outline.objects),
        chapters=chapters,
        events=tuple(
            record
            for scene_id, draft in drafts.items()
            for record in _event_records(scenes[scene_id], draft, people, events)
        ),
        duration_s=chapters[-1].span.end_s,
        language=story.language,
        language_level=story.level,
        injected=outline.injected,
        held_out=bool(story.held_out and story.world.held_out),
        seed=story.seed,
    )


def _chapter_record(chapter_id: str, index: int, title: str, summary: str, scenes: dict[str, Scene]) -> Chapter:
    own = tuple(scene for scene_id, scene in scenes.items() if scene_id.startswith(chapter_id + "-"))
    whole = TemporalSpan(start_s=own[0].span.start_s, end_s=own[-1].span.end_s)
    return Chapter(chapter_id=chapter_id, index=index, title=title, summary=summary, span=whole, scenes=own)


def _scene_record(
    scene_id: str,
    position: int,
    head: SceneHead,
    draft: SceneDraft,
    story: StoryBrief,
    seconds_per_keyframe: float,
    people: dict[str, str],
    events: dict[str, str],
) -> Scene:
    first = position * story.keyframes
    # Multiply, never add up: 1,331 sums of 4.1 would drift from the product.
    starts = [round((first + k) * seconds_per_keyframe, 6) for k in range(story.keyframes + 1)]
    keyframes = tuple(
        Keyframe(
            keyframe_id=f"{scene_id}-k{k:02d}",
            index=first + k,
            span=TemporalSpan(start_s=starts[k], end_s=starts[k + 1]),
            prompt=item.prompt,
            caption=item.caption,
            shot=item.shot,
            character_ids=tuple(people[figure.name] for figure in item.figures),
            figures=tuple(
                Figure(character_id=people[f.name], pose=f.pose, emotion=f.emotion, holding=f.holding, facing=f.facing)
                for f in item.figures
            ),
            props=item.props,
            states=item.states,
            event_id=None if item.event_key is None else events[item.event_key],
        )
        for k, item in enumerate(draft.keyframes)
    )
    return Scene(
        scene_id=scene_id,
        index=position % story.scenes,
        span=TemporalSpan(start_s=starts[0], end_s=starts[-1]),
        keyframes=keyframes,
        changes=draft.changes,
        **head.model_dump(exclude={"characters", "ends_with"}),
    )


def _event_records(scene: Scene, draft: SceneDraft, people: dict[str, str], events: dict[str, str]) -> list[Event]:
    records = []
    for event in draft.events:
        shown = [k.span for k in scene.keyframes if k.event_id == events[event.key]]
        unknown = [key for key in event.because or () if key not in events]
        if unknown:
            raise CellFailedError(f"{scene.scene_id}: event {event.key} names causes nobody wrote: {unknown}")
        records.append(
            Event(
                event_id=events[event.key],
                span=TemporalSpan(start_s=shown[0].start_s, end_s=shown[-1].end_s),
                caption=event.caption,
                participants=tuple(people[name] for name in event.participants),
                location=scene.location,
                action=event.action,
                object=event.object,
                target=event.target,
                topic=event.topic,
                variant=event.variant,
                changes=event.changes,
                because=None if event.because is None else tuple(events[key] for key in event.because),
            )
        )
    return records
