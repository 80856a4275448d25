"""The movies of the look-alike test, made in process, and what is read of them.

    make_movies(Path("runs/ink"), "ink", 60)
    seen = read_style(Path("runs/ink"), "ink")        # seen.frames[i] goes with seen.place[i] and seen.light[i]

Half of the movies are for learning; every kind of place has a theme in both halves. See lookalike.py for the test.
"""

import asyncio
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from lookalike_features import colour_book, light_features, person_features, place_features, pose_features
from PIL import Image

from moviellm.generation.config.recipe import load_recipe, recipe_from
from moviellm.generation.make import make_run, shard_size
from moviellm.generation.runs.record import next_record, write_record
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.schema import Event, Keyframe, Movie, Scene
from moviellm.generation.studio.drawing.styles import style_rules
from moviellm.generation.studios import open_studio

SIZE = {"chapters": 2, "scenes": 4, "keyframes": 5}
OUTDOORS = ("street", "harbour", "forest", "mountain", "market", "beach", "garden", "bridge", "cemetery", "field")
WILD = ("river", "desert", "rooftop", "ship", "ruin")
INDOORS = ("lighthouse", "study", "kitchen", "train", "library", "attic", "workshop", "inn", "cellar", "station")
PUBLIC = ("church", "hospital", "theatre", "prison", "barn")
PLACES = (*OUTDOORS, *WILD, *INDOORS, *PUBLIC)
"""Kinds of places, one a theme."""
FRAME, FIGURE, BUST = (128, 72), (48, 96), (48, 56)
FEATURES = ("place", "light", "pose", "mirrored", "person", "person_mirrored")
"""What is measured of every frame, or of every person."""
OCCLUDED_MAX = 0.6
"""People of whom more is hidden are not asked for."""
BOX_MIN_PX = 24
"""Nor people who are less high."""

Bytes = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def make_movies(run: Path, style: str, movies: int, seed: int = 0) -> None:
    """Movies of one style, in process; `run` is there when all of them are."""
    data = load_recipe("tiny").model_dump(mode="json")
    data |= {"movies": movies, "seed": 1000 * list(style_rules()).index(style) + seed}
    data |= {"themes": [f"a key is lost at the {place}" for place in PLACES]}
    data["story"] |= SIZE
    data["style"] |= {"name": style}
    data["questions"] |= {"per_movie": 1}
    recipe = recipe_from(data, source="lookalike")
    unfinished = run.with_name(f"unfinished-{run.name}")
    record = next_record(unfinished, recipe, movies_per_shard=shard_size(recipe))
    unfinished.mkdir(parents=True, exist_ok=True)
    write_record(unfinished, record)
    studio = open_studio(recipe, unfinished)

    async def job() -> None:
        try:
            report = await make_run(unfinished, record, studio.writer, studio.painter)
        finally:
            await studio.close()
        for movie_id, reason in report.failed.items():
            print(f"{style} {movie_id} failed: {reason}", flush=True)

    asyncio.run(job())
    unfinished.rename(run)


@dataclass
class Seen:
    """What is read of one style's movies: a row a frame, and a row a person in a frame."""

    style: str
    shows: tuple[str, ...] | None = None
    frames: list[dict[str, Any]] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)
    place: Any = None
    light: Any = None
    pose: Any = None
    mirrored: Any = None
    """The same people looking the other way, to learn from."""
    person: Any = None
    person_mirrored: Any = None


def read_style(run: Path, style: str) -> Seen:
    """Features of every frame and person of a run; the pictures themselves are not kept."""
    seen = Seen(style)
    reader = RunReader(run)
    turn = list(style_rules()).index(style)
    made: dict[str, list[Any]] = {name: [] for name in FEATURES}
    book: Any = None
    for movie in reader.movies():
        number = int(movie.movie_id[1:])
        learn = (number + number // len(PLACES) + turn) % 2 == 0  # every place has a movie in both halves
        frames, figures, busts, sizes = read_movie(seen, movie, reader, learn)
        seen.shows = movie.style.shows if movie.style else None
        if not len(figures):
            continue
        book = colour_book(figures) if book is None else book
        made["place"].append(place_features(frames))
        made["light"].append(light_features(frames))
        made["pose"].append(pose_features(figures, sizes))
        made["mirrored"].append(pose_features(figures[:, :, ::-1], sizes))
        made["person"].append(person_features(figures, busts, book))
        made["person_mirrored"].append(person_features(figures[:, :, ::-1], busts[:, :, ::-1], book))
    for name in FEATURES:
        setattr(seen, name, np.concatenate(made[name]))
    return seen


def read_movie(seen: Seen, movie: Movie, reader: RunReader, learn: bool) -> tuple[Bytes, Bytes, Bytes, Any]:
    """Rows of one movie, and its frames, figures, busts and the sizes of their boxes as arrays."""
    places = {place.name: place for place in movie.locations}
    looks = {person.character_id: person.appearance for person in movie.characters}
    events = {event.event_id: event for event in movie.events}
    order = {scene.scene_id: i for i, scene in enumerate(movie.scenes())}
    scenes = {keyframe.keyframe_id: scene for scene in movie.scenes() for keyframe in scene.keyframes}
    frames, figures, busts, sizes, rows, people = [], [], [], [], [], []
    for keyframe, data in reader.images(movie):
        scene, image = scenes[keyframe.keyframe_id], Image.open(io.BytesIO(data)).convert("RGB")
        place = places[scene.location]
        event = events.get(keyframe.event_id or "")
        rows.append(frame_row(seen, movie, scene, keyframe, event, learn))
        rows[-1] |= {"place": place.kind or place.name, "indoor": place.indoor}
        frames.append(np.asarray(image.resize(FRAME, Image.Resampling.BOX)))
        found = people_in(keyframe, image)
        for box_px, row in found:
            others = [other for other, _ in found if other is not box_px]
            people.append(row | rows[-1] | {"part": order[scene.scene_id] % 2, "looks": looks[row["person"]]})
            sizes.append((box_px[2] - box_px[0], box_px[3] - box_px[1]))
            figures.append(np.asarray(image.resize(FIGURE, Image.Resampling.BICUBIC, box=box_px)))
            busts.append(np.asarray(image.resize(BUST, Image.Resampling.BICUBIC, box=bust_of(box_px, others, image))))
    if people:
        seen.frames += rows
        seen.people += people
    return np.array(frames), np.array(figures), np.array(busts), np.array(sizes, np.float32).reshape(-1, 2)


def frame_row(
    seen: Seen, movie: Movie, scene: Scene, keyframe: Keyframe, event: Event | None, learn: bool
) -> dict[str, Any]:
    """What a frame shows, as the movie says."""
    staging = (
        keyframe.shot,
        tuple((figure.pose, figure.holding is not None) for figure in keyframe.figures),
        len(keyframe.props),
        tuple(sorted(item.state for item in keyframe.states)),
    )
    return {
        "style": seen.style,
        "movie": movie.movie_id,
        "shot": keyframe.shot,
        "time_of_day": scene.time_of_day,
        "weather": scene.weather,
        "event": event.action if event else None,
        "staging": staging,
        "learn": learn,
    }


def people_in(keyframe: Keyframe, image: Image.Image) -> list[tuple[Box, dict[str, Any]]]:
    """Boxes in pixels of the people who can be seen, and what they do."""
    figures = {figure.character_id: figure for figure in keyframe.figures}
    found = []
    near = keyframe.figures[1].character_id if keyframe.shot == "over_shoulder" and len(figures) > 1 else None
    for item in keyframe.visible or ():
        if item.kind != "person" or item.occluded > OCCLUDED_MAX or item.height * image.height < BOX_MIN_PX:
            continue
        figure = figures[item.entity_id]
        box = (item.x, item.y, min(1.0, item.x + item.width), min(1.0, item.y + item.height))
        left, top, right, bottom = (side * size for side, size in zip(box, image.size * 2, strict=True))
        if right - left >= 4:
            seen = {"person": item.entity_id, "action": figure.pose, "behind": item.entity_id == near}
            found.append(((left, top, right, bottom), seen))
    return found


def bust_of(box_px: Box, others: list[Box], image: Image.Image) -> Box:
    """Head and shoulders: the top of the box, about as high as wide in any shot; away from whoever is embraced."""
    left, top, right, bottom = box_px
    width, middle = min(right - left, (bottom - top) / 1.2), (left + right) / 2
    for other in others:
        shared = min(right, other[2]) - max(left, other[0])
        if shared > 0:
            middle += shared * (0.5 if (other[0] + other[2]) / 2 < (left + right) / 2 else -0.5)
    middle = min(max(middle, left + width * 0.3), right - width * 0.3)
    bottom = min(image.height, top + 1.17 * width)
    return max(0.0, middle - width / 2), top, min(image.width, middle + width / 2), bottom
