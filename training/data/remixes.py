"""Remixes of a dataset's movies become units: scenes of several movies, one after the other, asked about anew.

    units = remix_units(open_source("demo/MovieLLM-tiny"), "boundary", seed=0, scenes=(4, 8), count=200, ...)

Pictures are those of the movies that scenes come from, read when they are looked at; cached features of them serve
again (`Unit.taken_from`). Only movies of train are remixed. The same dataset and seed give the same remixes. Views
that need a writer's questions cannot be made of them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from moviellm.generation.progress import progress
from moviellm.generation.schema import Keyframe, Movie, canonical_json
from moviellm.training.data.movies import movies_of, units_of
from moviellm.training.data.units import Origin, Unit
from moviellm.training.media.files import within
from moviellm.training.media.film import Film, Line
from moviellm.training.media.movies import Movies
from moviellm.training.media.pictures import Lazy
from moviellm.training.media.policy import FramePolicy, choose, relative
from moviellm.training.remix.movies import remixed_movies
from moviellm.training.rows.film import Look
from moviellm.training.rows.source import Source
from moviellm.training.rows.views import View
from moviellm.training.rows.words import words_for

VIEWS: tuple[View, ...] = ("boundary", "instruct")
"""Views that are made of a movie's events."""


def remix_units(
    source: Source,
    split: str,
    view: View,
    seed: int,
    *,
    scenes: tuple[int, int],
    count: int | None,
    frames: int | None,
    times: Any,
    movies: int | None,
) -> list[Unit]:
    """Units of `count` remixes; None: of as many as the split has movies.

    Raises:
        ValueError: the view cannot be made, movies are not of train, have no pictures, or give no such remixes.
    """
    if view not in VIEWS:
        raise ValueError(
            f"remix with view: {view}: a remix has no questions but those about its events; say view: "
            f"{' or '.join(VIEWS)}"
        )
    taken = [movie for movie in movies_of(source, split, movies) if _painted(movie)]
    if not taken:
        raise ValueError(f"{source.place} has no movies with pictures in its split {split}: nothing to remix")
    films, look = _Remixes(Movies(source), taken), Look(frames=frames, times=times)
    wanted = len(taken) if count is None else count
    units: list[Unit] = []
    with progress(f"remixing {source.dataset}", wanted, "movies") as advance:
        for movie in islice(remixed_movies(taken, seed, scenes), wanted):
            films.now = movie
            units += (films.with_origins(unit) for unit in units_of(movie, view, look, seed, films))
            advance(1)
    if not units:
        raise ValueError(
            f"remixes of {scenes[0]} to {scenes[1]} scenes give nothing for the view {view}: ask for more"
        )
    return units


def _painted(movie: Movie) -> bool:
    return any(keyframe.image_sha256 is not None for keyframe in movie.keyframes())


class _Remixes:
    """Remixes as films; what it needs of the movies they are made of is looked up once."""

    def __init__(self, films: Movies, movies: Sequence[Movie]) -> None:
        self._films, self._opened = films, dict[str, Film]()
        self._places: dict[str, tuple[str, int, float]] = {}
        for movie in movies:
            painted = [one for one in movie.keyframes() if one.image_sha256 is not None]
            for place, one in enumerate(painted):
                self._places[one.keyframe_id] = (movie.movie_id, place, one.span.start_s)
        self.now = movies[0]
        """The remix that is asked for."""

    def film(self, movie_id: str, policy: FramePolicy) -> Film:
        """The remix as a film; nothing of its pictures is read yet."""
        movie, shown = self.now, self._shown()
        times_s = [keyframe.span.start_s for keyframe in shown]
        numbers = choose(policy, times_s, movie.duration_s, f"remix {movie_id}")
        made_of = canonical_json([[one.image_sha256, one.span.start_s] for one in shown])
        return Film(
            movie_id=movie_id,
            frames=Gathered([self._picture(shown[number]) for number in numbers]),
            times_s=relative(policy, [times_s[number] for number in numbers]),
            duration_s=policy.end_of(movie.duration_s) - policy.start_s,
            dialogue=within(sorted(self._said(), key=lambda line: line.start_s), policy, movie.duration_s),
            content=hashlib.sha256(made_of.encode()).hexdigest(),
        )

    def with_origins(self, unit: Unit) -> Unit:
        """The unit, with where each of its pictures was taken from."""
        ids = {round(keyframe.span.start_s, 6): keyframe.keyframe_id for keyframe in self._shown()}
        found = []
        for moment_s in unit.moments_s:
            movie_id, _, start_s = self._places[ids[round(moment_s, 6)]]
            found.append(Origin(movie_id, start_s, self._of(movie_id).content_key))
        return replace(unit, taken_from=tuple(found))

    def _shown(self) -> list[Keyframe]:
        return [one for one in self.now.keyframes() if one.image_sha256 is not None]

    def _of(self, movie_id: str) -> Film:
        if movie_id not in self._opened:
            self._opened[movie_id] = self._films.film(movie_id, FramePolicy())
        return self._opened[movie_id]

    def _picture(self, keyframe: Keyframe) -> tuple[Sequence[Any], int]:
        movie_id, place, _ = self._places[keyframe.keyframe_id]
        frames = self._of(movie_id).frames
        assert frames is not None
        return frames, place

    def _said(self) -> Iterator[Line]:
        names = {person.character_id: person.name for person in self.now.characters}
        narrator = words_for(self.now.language).word("narrator")
        for scene in self.now.scenes():
            for line in scene.dialogue or ():
                yield Line(line.span.start_s, line.text, names.get(line.character_id or "", narrator))


class Gathered(Lazy[Any]):
    """Pictures of several films as one sequence, each decoded when it is touched."""

    def __init__(self, places: Sequence[tuple[Sequence[Any], int]]) -> None:
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def one(self, number: int) -> Any:
        """A picture."""
        frames, place = self._places[number]
        return frames[place]
