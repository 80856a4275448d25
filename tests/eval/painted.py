"""Datasets whose pictures have colours that a test chooses, and a model that sees nothing but colour."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from moviellm.cards.dataset_card import render
from moviellm.eval.pictures import Box, MoviePictures, Picture
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.export import build_dataset
from moviellm.generation.schema import Keyframe, Movie
from tests.factories import MemoryRun
from tests.stories import make_story

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
Colour = tuple[int, int, int]


class ColourSeer:
    """Features are the mean colour: pictures of one colour are wholly alike, red and green have nothing in common."""

    model_id = "tests/colour"
    revision = "0123456789abcdef"

    def __init__(self) -> None:
        self.seen = 0

    def see(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        self.seen += len(pictures)
        rows = np.array([np.asarray(one.convert("RGB"), np.float32).mean((0, 1)) for one in pictures])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def image(colour: Colour, right: Colour | None = None) -> bytes:
    """A PNG of one colour, or of two side by side."""
    made = Image.new("RGB", (64, 36), colour)
    if right is not None:
        made.paste(right, (32, 0, 64, 36))
    out = io.BytesIO()
    made.save(out, "PNG")
    return out.getvalue()


def movie(number: int, *pictures: Picture) -> MoviePictures:
    return MoviePictures(f"m{number:05d}", pictures)


def picture(
    name: str, data: bytes, *, scene: str = "s0", people: tuple[Box, ...] | None = None, asked: tuple[str, ...] = ()
) -> Picture:
    return Picture(
        keyframe_id=name,
        scene_id=scene,
        caption=f"a caption of {name}",
        prompt=f"a prompt of {name}",
        asked=asked,
        people=people,
        measured_by=frozenset(),
        size_px=(64, 36),
        image=data,
    )


class PaintedRun(MemoryRun):
    """Factory movies whose pictures are `paint(movie, keyframe)`."""

    def __init__(self, movies: list[Movie], paint: Callable[[Movie, Keyframe], bytes]) -> None:
        super().__init__([_repainted(movie, paint) for movie in movies])
        self._paint = paint

    def images(self, movie: Movie) -> Iterator[tuple[Keyframe, bytes]]:
        for keyframe in movie.keyframes():
            yield keyframe, self._paint(movie, keyframe)


def _repainted(movie: Movie, paint: Callable[[Movie, Keyframe], bytes]) -> Movie:
    def scene(one: Any) -> Any:
        keyframes = tuple(
            keyframe.model_copy(update={"image_sha256": hashlib.sha256(paint(movie, keyframe)).hexdigest()})
            for keyframe in one.keyframes
        )
        return one.model_copy(update={"keyframes": keyframes})

    chapters = tuple(
        chapter.model_copy(update={"scenes": tuple(scene(one) for one in chapter.scenes)})
        for chapter in movie.chapters
    )
    return movie.model_copy(update={"chapters": chapters})


def build_painted(out: Path, paint: Callable[[Movie, Keyframe], bytes], movies: int = 3, **sizes: int) -> Path:
    """A dataset folder with its real card."""
    run = PaintedRun([make_story(number, **sizes) for number in range(movies)], paint)
    build_dataset(run, out, Recipe(), run_seed=0, render_readme=render)
    return out
