"""Stage 3, keyframes: every keyframe of the story is painted in the locked style (arXiv 2403.01422, section 3.3).

    movie = await paint_keyframes(bench, movie)

One cell a picture, asked together. The bytes stay in the cells; the movie gets their hash, size and what can be seen.
It decides nothing about the story.
"""

from collections.abc import Mapping

from pydantic import JsonValue

from moviellm.generation.paintings import FigureBrief, KeyframeBrief, ObjectBrief, Painting
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Event, Keyframe, Movie, Scene, Style, Visible
from moviellm.generation.workbench import Workbench, gather, read_draft

VERSION = 2
"""Bump when what is asked or what an answer means changes: every cell of the stage is then asked again."""

SUFFIXES = {"image/jpeg": ".jpg", "image/webp": ".webp", "image/png": ".png"}


async def paint_keyframes(bench: Workbench, movie: Movie, loose: Mapping[str, Style] | None = None) -> Movie:
    """The movie with every keyframe painted in its style, or, when it has none, in the `loose` one of its scene.

    Raises:
        CellFailedError: a picture could not be painted.
    """
    events = {event.event_id: event for event in movie.events}
    jobs = [
        _paint(bench, movie, scene, keyframe, events.get(keyframe.event_id or ""), (loose or {}).get(scene.scene_id))
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


async def _paint(
    bench: Workbench, movie: Movie, scene: Scene, keyframe: Keyframe, event: Event | None, loose: Style | None
) -> Keyframe:
    brief = _brief(bench, movie, scene, keyframe, event, loose)
    request = bench.painter.request("keyframe", brief, derive_seed(movie.seed, "keyframe", keyframe.index))
    made: list[Painting] = []

    async def make() -> tuple[dict[str, JsonValue], bytes]:
        output, image = await bench.painter.paint(request)
        made.append(read_draft(Painting, output))
        return output, image

    cell_id = f"{movie.movie_id}/5-keyframe-{keyframe.index:06d}"
    result = await bench.ask("keyframes", VERSION, cell_id, request, make)
    painting = made[0] if made else read_draft(Painting, result.output or {})
    return keyframe.model_copy(
        update={
            "visible": _with_ids(painting.visible, movie.movie_id),
            "image": keyframe.keyframe_id + SUFFIXES[painting.media_type],
            "image_sha256": result.image_sha256,
            "width_px": painting.width_px,
            "height_px": painting.height_px,
        }
    )


def _brief(
    bench: Workbench, movie: Movie, scene: Scene, keyframe: Keyframe, event: Event | None, loose: Style | None
) -> KeyframeBrief:
    people = {person.character_id: person for person in movie.characters}
    place = next(place for place in movie.locations if place.name == scene.location)
    style = movie.style or loose
    assert style is not None
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
        style=style,
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
