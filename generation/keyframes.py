"""Stage 3, keyframes: every keyframe of the story is painted in the locked style (arXiv 2403.01422, section 3.3).

    movie = await paint_keyframes(bench, movie)

One cell a picture, asked together. The bytes stay in the cells; the movie gets their hash, size and what can be seen.
It decides nothing about the story.
"""

from pydantic import JsonValue

from moviellm.generation.protocols import FigureBrief, KeyframeBrief, Painting, derive_seed
from moviellm.generation.schema import Event, Keyframe, Movie, Scene
from moviellm.generation.workbench import Workbench, gather, read_draft

VERSION = 1
"""Bump when what is asked or what an answer means changes: every cell of the stage is then asked again."""

SUFFIXES = {"image/jpeg": ".jpg", "image/webp": ".webp", "image/png": ".png"}


async def paint_keyframes(bench: Workbench, movie: Movie) -> Movie:
    """The movie with every keyframe painted.

    Raises:
        CellFailedError: a picture could not be painted.
    """
    events = {event.event_id: event for event in movie.events}
    jobs = [
        _paint(bench, movie, scene, keyframe, events.get(keyframe.event_id or ""))
        for scene in movie.scenes()
        for keyframe in scene.keyframes
    ]
    painted = iter(await gather(jobs))
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


async def _paint(bench: Workbench, movie: Movie, scene: Scene, keyframe: Keyframe, event: Event | None) -> Keyframe:
    brief = _brief(bench, movie, scene, keyframe, event)
    request = bench.painter.request("keyframe", brief, derive_seed(movie.seed, "keyframe", keyframe.index))

    async def make() -> tuple[dict[str, JsonValue], bytes]:
        output, image = await bench.painter.paint(request)
        read_draft(Painting, output)
        return output, image

    cell_id = f"{movie.movie_id}/5-keyframe-{keyframe.index:06d}"
    result = await bench.ask("keyframes", VERSION, cell_id, request, make)
    painting = read_draft(Painting, result.output or {})
    return keyframe.model_copy(
        update={
            "visible": painting.visible,
            "image": keyframe.keyframe_id + SUFFIXES[painting.media_type],
            "image_sha256": result.image_sha256,
            "width_px": painting.width_px,
            "height_px": painting.height_px,
        }
    )


def _brief(bench: Workbench, movie: Movie, scene: Scene, keyframe: Keyframe, event: Event | None) -> KeyframeBrief:
    people = {person.character_id: person for person in movie.characters}
    place = next(place for place in movie.locations if place.name == scene.location)
    assert movie.style is not None
    return KeyframeBrief(
        keyframe_id=keyframe.keyframe_id,
        prompt=keyframe.prompt,
        shot=keyframe.shot,
        location=place.name,
        location_description=place.description,
        indoor=place.indoor,
        time_of_day=scene.time_of_day,
        weather=scene.weather,
        figures=tuple(
            FigureBrief(
                figure=figure,
                name=people[figure.character_id].name,
                appearance=people[figure.character_id].appearance,
            )
            for figure in keyframe.figures
        ),
        props=keyframe.props,
        action=event.action if event else None,
        object=event.object if event else None,
        scene_key=scene.scene_id,
        style=movie.style,
        width_px=bench.recipe.image.width_px,
        height_px=bench.recipe.image.height_px,
    )
