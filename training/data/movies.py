"""A published dataset of movies becomes units: the views of training.rows, with the film apart from the questions.

    units = movie_units(open_source("demo/MovieLLM-tiny"), block, seed=0)

A row of a view has the film written out before its question. Here the film stays a film, so that the model's own
processor lays it out (stamps, tokens a frame, features), once for all questions, as it does when it answers. Questions
and answers are the rows' to the letter. It reads no picture: frames are read when they are looked at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from moviellm.generation.dataset.features import Row
from moviellm.generation.progress import progress
from moviellm.generation.schema import Movie
from moviellm.training.data.units import Ask, Message, Unit, text_of, video_first
from moviellm.training.media.film import Film
from moviellm.training.media.movies import Movies
from moviellm.training.media.pictures import Chosen
from moviellm.training.media.policy import FramePolicy
from moviellm.training.rows.film import Clip, Look, clips, show, whole
from moviellm.training.rows.source import Source, read_movies
from moviellm.training.rows.views import Origin, View, rows_of
from moviellm.training.rows.words import words_for


class Films(Protocol):
    """Where the films of movies come from."""

    def film(self, movie_id: str, policy: FramePolicy) -> Film: ...


def movie_units(
    source: Source, split: str, view: View, seed: int, *, frames: int | None, times: Any, movies: int | None
) -> list[Unit]:
    """The units of a split, in the order of the dataset.

    Raises:
        ValueError: the dataset has no such split, no pictures, or nothing that the view can be made of.
    """
    look, films = Look(frames=frames, times=times), Movies(source)
    units: list[Unit] = []
    read = unpainted = 0
    for movie in movies_of(source, split, movies):
        read += 1
        unpainted += all(one.image_sha256 is None for one in movie.keyframes())
        units += units_of(movie, view, look, seed, films)
    if not units:
        raise ValueError(_nothing(source, split, view, read, unpainted))
    return units


def movies_of(source: Source, split: str, most: int | None) -> Iterator[Movie]:
    """The movies of a split, at most so many.

    Raises:
        ValueError: the dataset has no such split.
    """
    if split not in source.manifest.splits:
        raise ValueError(
            f"{source.place} has no split {split!r}; it has {', '.join(source.manifest.splits) or 'none'}"
        )
    read = 0
    with progress(f"reading {source.dataset}", source.movies, "movies") as advance:
        for movie, _ in read_movies(source, pictures=False):
            advance(1)
            if movie.split != split:
                continue
            if read == most:
                return
            read += 1
            yield movie


def _nothing(source: Source, split: str, view: View, read: int, unpainted: int) -> str:
    if unpainted == read:
        return (
            f"{source.place} has no pictures: none of the {read} movies of its split {split} has one. Training needs "
            "them: paint the movies (moviellm make), or take another dataset"
        )
    return (
        f"{source.place} gives nothing for the view {view}: its split {split} has {read} movies, {unpainted} of them "
        "without pictures"
    )


def units_of(movie: Movie, view: View, look: Look, seed: int, films: Films) -> Iterator[Unit]:
    """The units of one movie: the movie, its clips, or its pictures, each with all rows of the view about it."""
    groups: dict[str, list[Row]] = {}
    for row in rows_of(view, movie, {}, Origin("", ""), look, seed):
        groups.setdefault(_about(view, row), []).append(row)
    if view == "align" and groups:
        yield from _pictures(movie, groups, films)
        return
    by_span = {_span(clip): clip for clip in ([] if view == "sft" else clips(movie))}
    for name, rows in groups.items():
        clip = by_span.get(name) or whole(movie)
        shown = show(clip, look, words_for(movie.language)).parts
        yield _film_unit(clip, tuple(_ask(row, shown) for row in rows), look, films)


def _film_unit(clip: Clip, asks: tuple[Ask, ...], look: Look, films: Films) -> Unit:
    """A movie or a clip with what is asked about it; times count from its start."""
    movie_id = clip.movie.movie_id
    if clip.is_whole:
        film = films.film(movie_id, FramePolicy(n=look.frames))
        return Unit(movie_id, asks, film, movie_id=movie_id, moments_s=tuple(film.times_s))
    policy = FramePolicy(n=look.frames, start_s=clip.span.start_s, end_s=clip.span.end_s)
    film = films.film(movie_id, policy)
    name = f"{movie_id}@{_span(clip)}"
    moments = tuple(clip.span.start_s + time_s for time_s in film.times_s)
    return Unit(name, asks, replace(film, movie_id=name), movie_id=movie_id, moments_s=moments)


def _pictures(movie: Movie, groups: Mapping[str, list[Row]], films: Films) -> Iterator[Unit]:
    """Each keyframe with its captions."""
    film = films.film(movie.movie_id, FramePolicy())
    painted = [one for one in movie.keyframes() if one.image_sha256 is not None]
    places = {one.keyframe_id: place for place, one in enumerate(painted)}
    for keyframe_id, rows in groups.items():
        asks = tuple(Ask(str(row["row_id"]), (*_plain(row["prompt"]), *_plain(row["completion"]))) for row in rows)
        place = places[keyframe_id]
        yield Unit(
            keyframe_id,
            asks,
            pictures=Chosen(film.frames, [place]),
            movie_id=movie.movie_id,
            moments_s=(painted[place].span.start_s,),
        )


def _about(view: View, row: Row) -> str:
    """What a row is about: a picture, a clip, or the whole movie."""
    if view == "align":
        return str(row["keyframe_id"])
    clip = row.get("clip")
    return "" if clip is None else f"{clip['start_s']:g}-{clip['end_s']:g}"


def _span(clip: Clip) -> str:
    return f"{clip.span.start_s:g}-{clip.span.end_s:g}"


def _ask(row: Row, shown: list[Row]) -> Ask:
    if "messages" in row:
        return Ask(str(row["row_id"]), tuple(_without_film(row["messages"], shown)), "all")
    messages = (*_without_film(row["prompt"], shown), *_plain(row["completion"]))
    return Ask(str(row.get("question_id") or row["row_id"]), messages)


def _without_film(messages: list[Row], shown: list[Row]) -> list[Message]:
    """Messages with one `video` part for the film that a view wrote out before the first question."""
    parts = messages[0]["content"]
    words = text_of(parts[-1:])
    if len(parts) == len(shown):  # the question was put to the last line of dialogue
        words = words[len(text_of(shown[-1:])) :]
    return [{"role": messages[0]["role"], "content": video_first(words.removeprefix("\n"))}, *_plain(messages[1:])]


def _plain(messages: list[Row]) -> list[Message]:
    """Messages whose parts have no empty keys."""
    return [{"role": one["role"], "content": [_part(part) for part in one["content"]]} for one in messages]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "image"} if part["type"] == "image" else {"type": "text", "text": part["text"]}
