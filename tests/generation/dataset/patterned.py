"""Datasets with pictures that are more than one colour, for tests of what compares pictures."""

import hashlib
import io
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.export import build_dataset
from moviellm.generation.schema import Keyframe, Movie
from tests.factories import MemoryRun
from tests.stories import plain_readme


def patterned(seed: int) -> bytes:
    """A picture of 8 x 6 patches of random grey: no two seeds look alike."""
    dice = random.Random(seed)
    patches = Image.new("L", (8, 6))
    patches.putdata([dice.randrange(256) for _ in range(48)])
    return encoded(patches.resize((64, 36), Image.Resampling.BICUBIC))


def encoded(picture: Image.Image, kind: str = "JPEG", quality: int = 88) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, kind, quality=quality)
    return out.getvalue()


def again(data: bytes, quality: int = 40) -> bytes:
    """The same picture in other bytes."""
    return encoded(Image.open(io.BytesIO(data)), quality=quality)


class PaintedRun(MemoryRun):
    """Movies with given pictures, in story order."""

    def __init__(self, movies: Sequence[Movie], pictures: Mapping[str, Sequence[bytes]]) -> None:
        super().__init__([painted(movie, pictures[movie.movie_id]) for movie in movies])
        self._pictures = pictures

    def images(self, movie: Movie):
        yield from zip(movie.keyframes(), self._pictures[movie.movie_id], strict=True)


def painted(movie: Movie, pictures: Sequence[bytes]) -> Movie:
    stream = iter(pictures)

    def named(keyframe: Keyframe) -> Keyframe:
        return keyframe.model_copy(update={"image_sha256": hashlib.sha256(next(stream)).hexdigest()})

    chapters = tuple(
        chapter.model_copy(
            update={
                "scenes": tuple(
                    scene.model_copy(update={"keyframes": tuple(named(one) for one in scene.keyframes)})
                    for scene in chapter.scenes
                )
            }
        )
        for chapter in movie.chapters
    )
    return movie.model_copy(update={"chapters": chapters})


def build_painted(out: Path, movies: Sequence[Movie], pictures: Mapping[str, Sequence[bytes]]) -> None:
    run = PaintedRun(movies, pictures)
    build_dataset(run, out, Recipe(), run_seed=7, render_readme=plain_readme)
