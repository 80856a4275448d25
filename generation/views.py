"""What people look at: the storyboard page and the films of a run, written beside its tables.

    places = write_views(Path("runs/one"), None, films=True)      # {"storyboard": ..., "films": ...}

A film is made in one way at a time: asked for with motion or voices, it takes the place of the one without.
Rooms after the ground floor (cards) are named by string: the ground floor does not import them.
Command line: `moviellm view`, and the end of `moviellm make`.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

from moviellm.generation.film.mp4 import write_film
from moviellm.generation.film.soundtrack import LineCounts
from moviellm.generation.film.voice import Speech
from moviellm.generation.progress import progress
from moviellm.generation.runs.manifest import refuse_folders
from moviellm.generation.runs.record import read_run
from moviellm.generation.runs.tables import RunReader

STORYBOARD_NAME = "storyboard.html"
FILMS_NAME = "films"


def write_views(
    run: Path, movie_ids: list[str] | None, *, films: bool, fps: int | None = None, voice: bool = False
) -> dict[str, str]:
    """Write the page, and the films that are not up to date; of the movies named, or of all.

    Args:
        fps: frames a second of films in which the camera moves; None: keyframes stand still.
        voice: whether the dialogue is spoken.

    Returns:
        Where they are, and how the lines fitted that were spoken now.

    Raises:
        ValueError: no such movie, nothing to show yet, no program that speaks, or the disk would not take it.
    """
    reader = RunReader(run)
    known = {movie.movie_id: sum(1 for _ in movie.keyframes()) for movie in reader.movies()}
    unknown = [movie_id for movie_id in movie_ids or () if movie_id not in known]
    if unknown:
        raise ValueError(f"{run} has no movie {', '.join(unknown)}; it has {', '.join(list(known)[:20])}")
    wanted = {movie_id: count for movie_id, count in known.items() if movie_ids is None or movie_id in movie_ids}
    page = run / STORYBOARD_NAME
    refuse_folders([page, *_film_paths(run, list(wanted))] if films else [page])
    counts = LineCounts()
    filmed: dict[str, str] = {}
    if films:
        with Speech.open() if voice else nullcontext() as speech:
            filmed = dict(_write_films(reader, wanted, fps, speech, counts))
    storyboard = import_module("moviellm.cards.storyboard")
    title = read_run(run).recipe.dataset.name
    with progress("storyboard", len(wanted), "movies") as advance:
        storyboard.render_storyboard(reader, page, title=title, films=filmed, movie_ids=movie_ids, progress=advance)
    places = {"storyboard": str(page)} | ({"films": str(run / FILMS_NAME)} if films else {})
    return places | ({"voices": str(counts)} if counts.spoken else {})


def _film_paths(run: Path, movie_ids: list[str]) -> Iterator[Path]:
    for movie_id in movie_ids:
        yield from (run / FILMS_NAME / f"{movie_id}.{ending}" for ending in ("mp4", "srt", "vtt"))


def _write_films(
    reader: RunReader, wanted: dict[str, int], fps: int | None, speech: Speech | None, counts: LineCounts
) -> Iterator[tuple[str, str]]:
    """Movie id and path of its film, relative to the page; `wanted` are the movies and how many keyframes each has."""
    folder = reader.run / FILMS_NAME
    with progress("filming", sum(wanted.values()), "keyframes") as advance:
        for movie in reader.movies():
            if movie.movie_id in wanted:
                images = reader.images(movie)
                files = write_film(movie, images, folder, fps=fps, speech=speech, advance=advance)
                counts.add(files.voiced or LineCounts())
                yield movie.movie_id, files.mp4.relative_to(reader.run).as_posix()
