"""The pictures of a published dataset, movie by movie: a folder, or a repository on the Hub; never a run folder.

    for movie in read_movies("demo/MovieLLM-tiny"):
        movie.movie_id, movie.pictures[0].caption, movie.pictures[0].image

Rows are streamed with plain `datasets`, so that memory holds one movie, and no cache shows an older version. Twins are
left out: a counterfactual repeats most pictures of its original and would count them twice. It decodes no picture.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import moviellm_dataset
from moviellm.generation.dataset.folder import MANIFEST, DatasetManifest, read_manifest

COLUMNS = [
    "movie_id", "keyframe_id", "scene_id", "caption", "prompt", "character_ids", "visible", "scores", "width_px",
    "height_px", "image",
]  # fmt: skip


@dataclass(frozen=True)
class Box:
    """A person in a picture; fractions of the frame."""

    who: str
    x: float
    y: float
    width: float
    height: float
    occluded: float


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One keyframe that was painted."""

    keyframe_id: str
    scene_id: str
    caption: str
    prompt: str
    asked: tuple[str, ...]
    """Ids of the people it should show."""
    people: tuple[Box, ...] | None
    """People it shows; None where nobody measured it."""
    measured_by: frozenset[str]
    """Models that scored it when it was made."""
    size_px: tuple[int, int]
    """Width and height."""
    image: bytes

    @cached_property
    def sha256(self) -> str:
        """Hash of the picture."""
        return hashlib.sha256(self.image).hexdigest()


@dataclass(frozen=True)
class MoviePictures:
    """A movie's pictures, in story order."""

    movie_id: str
    pictures: tuple[Picture, ...]


def manifest_of(source: str, revision: str | None = None) -> DatasetManifest:
    """The manifest of a dataset folder or of a repository on the Hub.

    Raises:
        ValueError: there is none.
    """
    if Path(source).is_dir():
        return read_manifest(Path(source))
    moviellm_dataset.load(source, "movies", revision=revision, streaming=True)  # says what is wrong with the place
    from huggingface_hub import hf_hub_download

    path = hf_hub_download(source, MANIFEST, repo_type="dataset", revision=revision)
    return DatasetManifest.model_validate_json(Path(path).read_bytes())


def read_movies(source: str, revision: str | None = None) -> Iterator[MoviePictures]:
    """Every movie that is no twin, split by split, one at a time.

    Raises:
        ValueError: there is no MovieLLM dataset there.
    """
    import datasets

    movies = moviellm_dataset.load(source, "movies", revision=revision, streaming=True)
    keyframes = moviellm_dataset.load(source, "keyframes", revision=revision, streaming=True)
    for split, rows in keyframes.items():
        originals = {
            row["movie_id"] for row in movies[split].select_columns(["movie_id", "twin_of"]) if row["twin_of"] is None
        }
        raw = rows.select_columns(COLUMNS).cast_column("image", datasets.Image(decode=False))
        for movie_id, group in groupby(raw, lambda row: str(row["movie_id"])):
            if movie_id in originals:
                yield MoviePictures(movie_id, tuple(_picture(row) for row in group if row["image"] is not None))


def _picture(row: Any) -> Picture:
    people = row["visible"]
    if people is not None:
        people = tuple(
            Box(one["entity_id"], one["x"], one["y"], one["width"], one["height"], one["occluded"])
            for one in people
            if one["kind"] == "person"
        )
    return Picture(
        keyframe_id=row["keyframe_id"],
        scene_id=row["scene_id"],
        caption=row["caption"],
        prompt=row["prompt"],
        asked=tuple(row["character_ids"]),
        people=people,
        measured_by=frozenset(score["measured_by"] for score in row["scores"] or ()),
        size_px=(row["width_px"], row["height_px"]),
        image=row["image"]["bytes"],
    )
