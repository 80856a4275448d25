"""What people look at: the storyboard page and the films of a run, written beside its tables.

    places = write_views(Path("runs/one"), None, films=True)      # {"storyboard": ..., "films": ...}

Rooms after the ground floor (cards) are named by string: the ground floor does not import them.
Command line: `moviellm view`, and the end of `moviellm make`.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from moviellm.generation.film import write_film
from moviellm.generation.progress import progress
from moviellm.generation.runs.manifest import refuse_folders
from moviellm.generation.runs.record import read_run
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.schema import Movie

STORYBOARD_NAME = "storyboard.html"
FILMS_NAME = "films"


def write_views(run: Path, movie_ids: list[str] | None, *, films: bool) -> dict[str, str]:
    """Write the page, and the films that are not up to date; of the movies named, or of all.

    Returns:
        Where they are.

    Raises:
        ValueError: no such movie, nothing to show yet, or the disk would not take it.
    """
    reader = RunReader(run)
    known = [movie.movie_id for movie in reader.movies()]
    unknown = [movie_id for movie_id in movie_ids or () if movie_id not in known]
    if unknown:
        raise ValueError(f"{run} has no movie {', '.join(unknown)}; it has {', '.join(known[:20])}")
    wanted = [movie_id for movie_id in known if movie_ids is None or movie_id in movie_ids]
    page = run / STORYBOARD_NAME
    refuse_folders([page, *_film_paths(run, wanted)] if films else [page])
    filmed = dict(_write_films(reader, wanted)) if films else {}
    storyboard = import_module("moviellm.cards.storyboard")
    title = read_run(run).recipe.dataset.name
    with progress("storyboard", len(wanted), "movies") as advance:
        storyboard.render_storyboard(reader, page, title=title, films=filmed, movie_ids=movie_ids, progress=advance)
    return {"storyboard": str(page)} | ({"films": str(run / FILMS_NAME)} if films else {})


def _film_paths(run: Path, movie_ids: list[str]) -> Iterator[Path]:
    for movie_id in movie_ids:
        yield from (run / FILMS_NAME / f"{movie_id}.{ending}" for ending in ("mp4", "srt", "vtt"))


def _write_films(reader: RunReader, wanted: list[str]) -> Iterator[tuple[str, str]]:
    """Movie id and path of its film, relative to the page."""
    with progress("filming", len(wanted), "movies") as advance:
        for movie in _chosen(reader, wanted):
            files = write_film(movie, reader.images(movie), reader.run / FILMS_NAME)
            yield movie.movie_id, files.mp4.relative_to(reader.run).as_posix()
            advance(1)


def _chosen(reader: RunReader, wanted: list[str]) -> Iterator[Movie]:
    chosen = set(wanted)
    return (movie for movie in reader.movies() if movie.movie_id in chosen)
