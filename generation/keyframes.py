"""Stage 3, keyframes: every keyframe of the story is painted in the locked style (arXiv 2403.01422, section 3.3).

    movie = await paint_keyframes(bench, movie)

One cell a picture, asked together. The bytes stay in the cells; the movie gets their hash, size and what can be seen.
A painter that wants portraits paints them first. Where the recipe sets `painting.style_min` or `identity_min`, the
first two pictures are scored before the others are paid for; with `painting.candidates` each picture is the best of
several by the scorer. It decides nothing about the story.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from moviellm.generation.paintings import SUFFIXES, FigureBrief, KeyframeBrief, ObjectBrief, Painting
from moviellm.generation.pictures.first_frames import first_frames, refuse_misses, score_first
from moviellm.generation.pictures.judging import Judge, open_judge
from moviellm.generation.pictures.portraits import make_portraits, portrait_sha256
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Event, Keyframe, Movie, Scene, Score, Style, Visible
from moviellm.generation.workbench import Workbench, gather, read_draft

VERSION = 2
"""Bump when what is asked or what an answer means changes: every cell of the stage is then asked again."""


async def paint_keyframes(bench: Workbench, movie: Movie, loose: Mapping[str, Style] | None = None) -> Movie:
    """The movie with every keyframe painted in its style, or, when it has none, in the `loose` one of its scene.

    Raises:
        CellFailedError: a picture could not be painted, or the first ones miss what the recipe demands of them.
    """
    looks = {scene.scene_id: movie.style or (loose or {})[scene.scene_id] for scene in movie.scenes()}
    movie = await make_portraits(bench, movie, next(iter(looks.values())))
    events = {event.event_id: event for event in movie.events}
    frames = [
        _Frame(movie, scene, keyframe, events.get(keyframe.event_id or ""), looks[scene.scene_id])
        for scene in movie.scenes()
        for keyframe in scene.keyframes
    ]
    painted = iter(await _all_painted(bench, movie, frames))
    chapters = tuple(
        chapter.model_copy(
            update={
                "scenes": tuple(
                    scene.model_copy(update={"keyframes": tuple(next(painted) for _ in scene.keyframes)})
                    for scene in chapter.scenes
                )
            }
        )
        for chapter in movie.chapters
    )
    return movie.model_copy(update={"chapters": chapters})


async def _all_painted(bench: Workbench, movie: Movie, frames: Sequence["_Frame"]) -> list[Keyframe]:
    """Every frame; those that are tried first, before the others are paid for, with their scores."""
    painting = bench.recipe.painting
    first = first_frames([frame.keyframe for frame in frames], painting)
    judge = await open_judge(bench) if first or painting.candidates > 1 else None
    done: dict[int, Keyframe] = {}
    if judge is not None and first:
        tried = await gather(_paint(bench, frames[at], judge) for at in first)
        scores = await score_first(judge, movie, tried)
        refuse_misses(painting, scores)
        done = {at: _with_scores(one, found) for at, one, found in zip(first, tried, scores, strict=True)}
    others = [at for at in range(len(frames)) if at not in done]
    done |= zip(others, await gather(_paint(bench, frames[at], judge) for at in others), strict=True)
    return [done[at] for at in range(len(frames))]


@dataclass(frozen=True)
class _Frame:
    """A keyframe to paint, with what is around it."""

    movie: Movie
    scene: Scene
    keyframe: Keyframe
    event: Event | None
    style: Style


async def _paint(bench: Workbench, frame: _Frame, judge: Judge | None) -> Keyframe:
    """The keyframe as painted; the best of several candidates where the recipe asks for more than one."""
    count = bench.recipe.painting.candidates
    candidates = await gather(_candidate(bench, frame, number) for number in range(count))
    if count == 1 or judge is None:
        return candidates[0]
    scored = await gather(_scored(judge, frame, number, one) for number, one in enumerate(candidates))
    return max(scored, key=lambda one: one[0])[1]  # of equals the first


async def _scored(judge: Judge, frame: _Frame, number: int, painted: Keyframe) -> tuple[float, Keyframe]:
    assert painted.image_sha256 is not None
    cell_id = f"{_cell_id(frame, number)}-fits"
    value = await judge.fits(cell_id, painted.prompt, painted.image_sha256)
    return value, _with_scores(painted, [Score(name="candidate_text_image", value=value, measured_by=judge.name)])


def _with_scores(keyframe: Keyframe, scores: Sequence[Score]) -> Keyframe:
    return keyframe.model_copy(update={"scores": (*(keyframe.scores or ()), *scores)}) if scores else keyframe


def _cell_id(frame: _Frame, number: int) -> str:
    name = f"{frame.movie.movie_id}/5-keyframe-{frame.keyframe.index:06d}"
    return f"{name}-v{number}" if number else name


async def _candidate(bench: Workbench, frame: _Frame, number: int) -> Keyframe:
    keyframe = frame.keyframe
    brief = _brief(bench, frame)
    variant = (number,) if number else ()
    request = bench.painter.request(
        "keyframe", brief, derive_seed(frame.movie.seed, "keyframe", keyframe.index, *variant)
    )
    made: list[Painting] = []

    async def make() -> tuple[dict[str, JsonValue], bytes]:
        portraits = [figure.portrait_sha256 for figure in brief.figures]
        output, image = await bench.painter.paint(request, bench.blobs(frame.style.embedding_sha256, *portraits))
        made.append(read_draft(Painting, output))
        return output, image

    result = await bench.ask("keyframes", VERSION, _cell_id(frame, number), request, make)
    painting = made[0] if made else read_draft(Painting, result.output or {})
    return keyframe.model_copy(
        update={
            "visible": _with_ids(painting.visible, frame.movie.movie_id),
            "image": keyframe.keyframe_id + SUFFIXES[painting.media_type],
            "image_sha256": result.image_sha256,
            "width_px": painting.width_px,
            "height_px": painting.height_px,
            "not_drawn": painting.not_drawn,
        }
    )


def _brief(bench: Workbench, frame: _Frame) -> KeyframeBrief:
    movie, scene, keyframe, event = frame.movie, frame.scene, frame.keyframe, frame.event
    people = {person.character_id: person for person in movie.characters}
    place = next(place for place in movie.locations if place.name == scene.location)
    named = {thing.name: thing.appearance for thing in movie.objects}
    asked = [*keyframe.props, *(figure.holding for figure in keyframe.figures), event.object if event else None]
    return KeyframeBrief(
        keyframe_id=keyframe.keyframe_id,
        prompt=keyframe.prompt,
        shot=keyframe.shot,
        location=place.name,
        location_description=place.description,
        location_kind=place.kind,
        indoor=place.indoor,
        time_of_day=scene.time_of_day,
        weather=scene.weather,
        figures=tuple(
            FigureBrief(
                figure=figure.model_copy(update={"character_id": _without_movie(figure.character_id)}),
                name=people[figure.character_id].name,
                appearance=people[figure.character_id].appearance,
                portrait_sha256=portrait_sha256(people[figure.character_id]),
            )
            for figure in keyframe.figures
        ),
        props=keyframe.props,
        states=keyframe.states,
        objects=tuple(
            ObjectBrief(name=name, appearance=named[name])
            for name in dict.fromkeys(filter(None, asked))
            if name in named
        ),
        action=event.action if event else None,
        object=event.object if event else None,
        place_key=f"{movie.seed}-{movie.locations.index(place)}",
        scene_key=f"{movie.seed}-{_without_movie(scene.scene_id)}",
        style=frame.style,
        width_px=bench.recipe.image.width_px,
        height_px=bench.recipe.image.height_px,
    )


def _without_movie(item_id: str) -> str:
    """`p01` for `m00042-p01`: what is asked does not say which movie, so that twins are painted alike."""
    return item_id.partition("-")[2]


def _with_ids(visible: tuple[Visible, ...] | None, movie_id: str) -> tuple[Visible, ...] | None:
    if visible is None:
        return None
    return tuple(
        item.model_copy(update={"entity_id": f"{movie_id}-{item.entity_id}"}) if item.kind == "person" else item
        for item in visible
    )
