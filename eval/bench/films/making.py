"""The line of a benchmark of films: captions where they are wanted, questions, gates; in cells that are kept.

    made = make_films(wish, recipe, films, service)     # asks what is not there; a second time nothing

Cells and paid answers lie in `BENCH.making/run`, as those of a run folder: a killed run goes on where it was,
and a limit in dollars counts what was paid before. A film whose questions no try brought is
left out with the reason; when nothing can be asked any more, what was paid is kept and the next run goes on.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from moviellm.eval.bench.films.asking import asked
from moviellm.eval.bench.films.captions import AT_ONCE, captioned, with_captions
from moviellm.eval.bench.films.probing import probed
from moviellm.eval.bench.films.watching import Films, name_of, title_of
from moviellm.eval.bench.films.wishes import FilmWish
from moviellm.generation.briefs import QuestionsBrief
from moviellm.generation.cells import Cell, Shard
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.files import DiskError
from moviellm.generation.gatekeeping import gate_cells, keep_gates
from moviellm.generation.llm.exchanges import Spent
from moviellm.generation.llm.service import Service
from moviellm.generation.progress import progress
from moviellm.generation.protocols import Painter, StoppedError, Writer
from moviellm.generation.runs.lock import lock_run
from moviellm.generation.runs.record import RECORD_NAME, RunRecord, next_record, read_run, write_record
from moviellm.generation.schema import STAGES, Movie, canonical_json, check_movie
from moviellm.generation.workbench import Workbench
from moviellm.generation.writers.asking import question_parts
from moviellm.generation.writers.checks import LANGUAGES

FILMS_AT_A_TIME: Final = 4
"""Films in work together: the pictures of each are in memory."""
FILMS_MAX: Final = 100_000
"""Films of a run: all lie in one shard."""
UNDETERMINED: Final = "und"


@dataclass(kw_only=True)
class Made:
    """What became of films."""

    movies: list[Movie] = field(default_factory=list)
    """With questions and what their gates say, in order."""
    failed: dict[str, str] = field(default_factory=dict)
    """Name of a film -> why it is left out."""
    stopped: dict[str, str] = field(default_factory=dict)
    """Name of a film -> why it could not be finished now."""
    asked: int = 0
    """Cells made now."""
    kept: int = 0
    """Cells that were there."""
    spent: Spent = field(default_factory=Spent)


class _FilmShard(Shard):
    """Cells that read the pictures of films where the import keeps them."""

    pictures: dict[str, dict[str, bytes]]
    """By film in work: its pictures by hash."""

    def image(self, sha256: str) -> bytes:
        held = next((held for held in self.pictures.values() if sha256 in held), None)
        return super().image(sha256) if held is None else held[sha256]


def run_folder(wish: FilmWish) -> Path:
    """Where cells and paid answers lie."""
    return wish.making / "run"


def record_of(run: Path, recipe: Recipe, films: int) -> RunRecord:
    """The record of the run, whose time of start stays that of the first try."""
    numbered = recipe.model_copy(update={"themes": tuple(f"film {number}" for number in range(films))})
    if (run / RECORD_NAME).exists():
        return read_run(run).model_copy(update={"recipe": numbered})
    return next_record(run, numbered, movies_per_shard=FILMS_MAX)


def make_films(wish: FilmWish, recipe: Recipe, films: Films, service: Service) -> Made:
    """Ask what is not there, and give the films with their questions.

    Args:
        service: The model server, for `run_folder`; it is closed here.

    Raises:
        ValueError: another process is at it, or the disk is full.
    """
    run = run_folder(wish)
    with lock_run(run):
        record = record_of(run, recipe, len(films.movies))
        write_record(run, record)
        return asyncio.run(_make(wish, record, films, service))


async def _make(wish: FilmWish, record: RunRecord, films: Films, service: Service) -> Made:
    made = Made()
    run = run_folder(wish)
    shard = cast(_FilmShard, _FilmShard.open(run, 0, retry_failed=wish.retry_failed))
    shard.pictures = {}
    total = sum(cells_of(wish, record.recipe, movie) for movie in films.movies)
    try:
        with progress("asking", total, "cells") as advance:
            bench = bench_of(record, shard, service, advance)
            cells = await _all(wish, bench, service, films, made)
        rows = [(movie.movie_id, canonical_json(movie.model_dump(mode="json"))) for movie in made.movies]
        there = sorted((cell for cell in cells if shard.cached(cell)), key=lambda cell: cell.cell_id)
        await shard.commit(rows, there, unfinished=bool(made.stopped))
    finally:
        await shard.close()
        await service.close()
    made.asked, made.kept = sum(shard.made.values()), sum(shard.reused.values())
    made.spent = service.spent
    return made


def bench_of(
    record: RunRecord, shard: Shard, service: Service | None, advance: Callable[[int], None], *, make: bool = True
) -> Workbench:
    """What the films of a run are worked with.

    Args:
        make: False only looks: a cell that is not there raises `NotMadeError`.
    """
    return Workbench(
        recipe=record.recipe,
        writer=cast(Writer, None),  # films are written by nobody of ours, and painted by nobody
        painter=cast(Painter, None),
        shard=shard,
        limit=asyncio.Semaphore(record.recipe.engine.concurrency),
        record=record,
        service=service,
        advance=advance,
        make_missing=make,
    )


async def _all(wish: FilmWish, bench: Workbench, service: Service, films: Films, made: Made) -> list[Cell]:
    """Every film through the line; the cells that were asked for."""
    room = asyncio.Semaphore(FILMS_AT_A_TIME)
    done: dict[str, Movie] = {}
    cells: list[Cell] = []

    async def one(movie: Movie) -> None:
        async with room:
            own, shard = bench.fresh(), cast(_FilmShard, bench.shard)
            try:
                shard.pictures[movie.movie_id] = await asyncio.to_thread(films.pictures, movie)
                done[movie.movie_id] = await through(wish, own, service, movie)
            except DiskError:
                raise
            except StoppedError as error:
                made.stopped[name_of(movie)] = str(error)
            except ValueError as error:
                made.failed[name_of(movie)] = str(error)
            finally:
                cells.extend(own.cells)
                shard.pictures.pop(movie.movie_id, None)

    async with asyncio.TaskGroup() as group:
        for movie in films.movies:
            group.create_task(one(movie))
    made.movies = [done[movie.movie_id] for movie in films.movies if movie.movie_id in done]
    return cells


async def through(wish: FilmWish, bench: Workbench, service: Service, movie: Movie) -> Movie:
    """One film: captions, questions, gates."""
    tag = language_of(wish, movie)
    imported, vision = movie, bench.recipe.gates.vision
    if wish.see == "captions" and vision is not None:
        movie = await captioned(bench, service, movie, vision, LANGUAGES.get(tag, tag))
    movie = await asked(bench, service, movie, wish.see, tag)
    movie = await keep_gates(bench, movie, service)
    movie = await probed(bench, service, movie, title_of(movie))
    made = bench.provenance
    stages = [made[stage] for stage in STAGES if stage in made and stage != "keyframes"]
    movie = with_captions(movie, {}).model_copy(update={"provenance": (*imported.provenance, *stages)})
    check_movie(movie)
    return movie


def language_of(wish: FilmWish, movie: Movie) -> str:
    """Tag of the language that questions about a film are written in."""
    tags = [tag for tag in (wish.language, movie.language) if tag != UNDETERMINED]
    return tags[0].partition("-")[0] if tags else "en"


def cells_of(wish: FilmWish, recipe: Recipe, movie: Movie) -> int:
    """Cells of a film, at most: how many the gates take depends on its questions."""
    questions = recipe.questions.per_movie
    gates = gate_cells(recipe) // max(1, questions) + len(recipe.gates.models) + 1
    return captions_of(wish, movie) + parts_of(recipe, movie) + questions * gates


def captions_of(wish: FilmWish, movie: Movie) -> int:
    """Calls that describe a film's shots."""
    shots = sum(keyframe.image_sha256 is not None for keyframe in movie.keyframes())
    return -(-shots // AT_ONCE) if wish.see == "captions" else 0


def parts_of(recipe: Recipe, movie: Movie) -> int:
    """Calls that ask for a film's questions."""
    return len(question_parts(QuestionsBrief(movie=movie, questions=recipe.questions)))
