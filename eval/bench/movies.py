"""Movies of a dataset folder one after the other, each with its pictures and its film.

    for one in read_movies(folder, manifest, "test", pictures=True):
        one.movie, one.images, one.film             # images: [(keyframe, bytes)]; one movie's pictures at a time

An older schema is read as the present one. What is left out by a flag is left out here: a benchmark asks no question
that somebody found to be wrong, guessable or not shown. It checks no hashes of files: `moviellm dataset check` does.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from moviellm.generation.dataset.asked_gates import STRICT_SPLIT, Strict
from moviellm.generation.dataset.features import Row
from moviellm.generation.dataset.folder import DatasetManifest
from moviellm.generation.dataset.movie_rows import MovieStream, pictures_of, rows_of
from moviellm.generation.dataset.older import movie_of
from moviellm.generation.schema import Keyframe, Movie, Split


@dataclass(frozen=True)
class Material:
    """One movie of a dataset."""

    movie: Movie
    images: tuple[tuple[Keyframe, bytes], ...]
    """Its pictures, in story order; empty where they were not asked for."""
    film: Row | None
    """Its row of `films`."""


def read_movies(folder: Path, manifest: DatasetManifest, split: Split, *, pictures: bool) -> Iterator[Material]:
    """The movies of a split.

    Raises:
        ValueError: rows are no movie, or a picture is missing.
    """
    configs = [config for config in manifest.configs if pictures or config != "films"]
    streams = {config: MovieStream(rows_of(folder, manifest, config, split)) for config in configs}
    painted = pictures_of(folder, manifest, split) if pictures else iter(())
    for movie_id, rows in streams.pop("movies", MovieStream(())):
        parts = {config: stream.take(movie_id) for config, stream in streams.items()}
        try:
            movie = movie_of({"movies": rows, **parts}, manifest.schema_version)
        except ValueError as error:
            raise ValueError(f"{folder}: {movie_id} is no movie ({str(error).splitlines()[0]})") from error
        images = tuple(_of(movie, painted)) if pictures else ()
        yield Material(movie, images, next(iter(parts.get("films", [])), None))


def _of(movie: Movie, painted: Iterator[Row]) -> Iterator[tuple[Keyframe, bytes]]:
    for keyframe in movie.keyframes():
        if keyframe.image_sha256 is not None:
            row = next(painted, None)
            if row is None or row["keyframe_id"] != keyframe.keyframe_id:
                raise ValueError(f"the picture of {keyframe.keyframe_id} is missing; run: moviellm dataset check")
            yield keyframe, row["image"]["bytes"]


class Asked:
    """Which questions a benchmark asks: those without a flag, whole groups, follow-ups behind what they follow."""

    def __init__(self) -> None:
        self._strict = Strict()
        self.left_out: Counter[str] = Counter()
        """Questions left out, by flag, and `follows`."""

    def add(self, movie: Movie) -> None:
        """First reading: every movie."""
        self._strict.add(movie)

    def kept(self, movie: Movie) -> Movie:
        """Second: the movie with the questions that are asked."""
        as_test = movie.model_copy(update={"split": STRICT_SPLIT})
        return self._strict.kept(as_test, self.left_out)
