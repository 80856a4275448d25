"""Frames of published films for a report: of the films that failures are of, and of no others.

    album = open_films("msvd-qa:test_qa.json", Path("YouTubeClips"), results["data"])
    album.movies["vid1451"].frames              # a few moments, evenly spread
    album.pictures(["vid1451@3"])               # encoded bytes; the film is decoded now

A film that is missing or cannot be decoded has no pictures. It shrinks and shows nothing.
"""

import io
from collections.abc import Iterator, Mapping, Set
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from moviellm.eval.published.opening import open_published
from moviellm.eval.reporting.album import Album, Film, Frame, Line, check_rows
from moviellm.eval.tasks.items import Data
from moviellm.generation.output import note

FRAMES: Final = 16
"""Moments of a film, of which a failure shows some."""
PIXELS: Final = 512 * 512
QUALITY: Final = 90
LINE_S: Final = 3.0
"""How long a line of subtitles is taken to last: film readers tell its start."""


def open_films(place: str, videos: Path, data: Mapping[str, Any]) -> Album:
    """Open the films of published annotations.

    Raises:
        ValueError: they are none, or others than those the run was of.
    """
    told = open_published(place, videos)
    check_rows(place, str(told.facts["rows_sha256"]), data)
    films = _Films(told)
    return Album(movies=films, shown={}, read=films.pictures)


class _Films(Mapping[str, Film]):
    """Films by movie, each looked at when it is asked for."""

    def __init__(self, data: Data) -> None:
        self._paths = dict(data.videos or {})
        self._data = data
        self._known: dict[str, Film | None] = {}

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __getitem__(self, movie: str) -> Film:
        if movie not in self._known:
            self._known[movie] = self._film(movie) if movie in self._paths else None
        film = self._known[movie]
        if film is None:
            raise KeyError(movie)
        return film

    @cached_property
    def _lengths(self) -> dict[str, float]:
        """What annotations tell, in seconds."""
        return {one.movie_id: one.duration_s for one in self._data.questions.values() if one.duration_s}

    def _film(self, movie: str) -> Film | None:
        from moviellm.training.media.lengths import lengths_of
        from moviellm.training.media.said import lines_beside

        path = self._paths[movie]
        length_s = self._lengths.get(movie) or lengths_of([path])[0]
        if not length_s:
            return None
        step_s = length_s / FRAMES
        frames = [
            Frame(keyframe_id=f"{movie}@{at}", span=(at * step_s, (at + 1) * step_s), caption="")
            for at in range(FRAMES)
        ]
        try:
            said = lines_beside(path, None) or []
        except ValueError:  # no subtitles after all
            said = []
        lines = [
            Line(line_id=f"{movie}-{at}", span=(one.start_s, one.start_s + LINE_S), speaker=one.speaker, text=one.text)
            for at, one in enumerate(said)
        ]
        return Film(title=self._data.titles.get(movie, ""), duration_s=length_s, lines=lines, frames=frames)

    def pictures(self, names: Set[str]) -> dict[str, bytes]:
        """Encoded pictures by name."""
        by_movie: dict[str, list[int]] = {}
        for name in sorted(names):
            movie, _, place = name.rpartition("@")
            if movie in self._paths and place.isdecimal():
                by_movie.setdefault(movie, []).append(int(place))
        found: dict[str, bytes] = {}
        for movie, places in by_movie.items():
            try:
                found |= {f"{movie}@{at}": data for at, data in self._decoded(movie, places).items()}
            except ValueError as error:
                note(f"no pictures of {movie}: {error}")
        return found

    def _decoded(self, movie: str, places: list[int]) -> dict[int, bytes]:
        from moviellm.training.media import FramePolicy, read_film

        film = read_film(self._paths[movie], FramePolicy(n=FRAMES, pixels=PIXELS))
        frames = film.frames or ()
        return {at: _jpeg(frames[round(at * (len(frames) - 1) / (FRAMES - 1))]) for at in places}


def _jpeg(frame: Any) -> bytes:
    from PIL import Image

    picture = frame if isinstance(frame, Image.Image) else Image.fromarray(frame)
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
