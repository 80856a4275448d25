"""Movies put aside on the disk in one order and taken back in another: memory holds one movie's pictures at a time.

    with Spool() as spool:
        spool.put(movie, pictures, film)
        for one in spool.movies(): ...              # by movie id

It is a temporary file, gone at the end.
"""

import tempfile
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from moviellm.eval.bench.movies import Material
from moviellm.generation.schema import Movie

Place = tuple[int, int]


class Spool:
    """Movies by their ids."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="moviellm-bench-")  # noqa: SIM115 closed by __exit__
        self._movies: dict[str, tuple[Place, list[Place], dict[str, Any] | None]] = {}

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._file.close()

    def put(self, movie: Movie, pictures: Sequence[bytes], film: dict[str, Any] | None) -> None:
        """Put a movie aside."""
        kept = None
        if film is not None:
            kept = film | {"video": {**film["video"], "bytes": self._write(film["video"]["bytes"])}}
        text = self._write(movie.model_dump_json().encode())
        self._movies[movie.movie_id] = (text, [self._write(data) for data in pictures], kept)

    def movies(self) -> Iterator[Material]:
        """Every movie, by its id."""
        for movie_id in sorted(self._movies):
            text, places, kept = self._movies[movie_id]
            movie = Movie.model_validate_json(self._read(text))
            frames = [frame for frame in movie.keyframes() if frame.image_sha256 is not None]
            images = tuple((frame, self._read(place)) for frame, place in zip(frames, places, strict=True))
            film = None
            if kept is not None:
                film = kept | {"video": {**kept["video"], "bytes": self._read(kept["video"]["bytes"])}}
            yield Material(movie, images, film)

    def _write(self, data: bytes) -> Place:
        start = self._file.seek(0, 2)
        self._file.write(data)
        return start, len(data)

    def _read(self, place: Place) -> bytes:
        self._file.seek(place[0])
        return self._file.read(place[1])
