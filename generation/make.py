"""The line: themes become movies, shard by shard, stage by stage.

    record = next_record(run, recipe, movies_per_shard=shard_size(recipe))
    report = asyncio.run(make_run(run, record, studio.writer, studio.painter))
    plan = asyncio.run(plan_run(run, record, studio.writer, studio.painter))     # what that would make; makes nothing

Movies of a shard are made side by side, one shard after the other, so that memory does not grow with the number of
movies. A movie one of whose cells failed is left out and reported with the reason; its other cells are kept. When
nothing can be asked any more (StoppedError), what is complete is committed, and the next run goes on with the rest.
Command line: `moviellm make`. It does not export or show anything: see export.py and verbs.py.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from moviellm.generation.cells import Cell, Shard
from moviellm.generation.config.recipe import ImageConfig, Recipe
from moviellm.generation.files import disk_errors
from moviellm.generation.gatekeeping import gate_cells
from moviellm.generation.llm.service import Service
from moviellm.generation.movie import Left, make_unit
from moviellm.generation.orders import MovieOrder, order_of, units_of
from moviellm.generation.protocols import Painter, Writer
from moviellm.generation.runs.lock import held_elsewhere
from moviellm.generation.runs.manifest import manifest_paths, shard_files
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.runs.settled import Settled, ShardReport
from moviellm.generation.schema import STAGES, Stage, canonical_json
from moviellm.generation.workbench import Workbench
from moviellm.generation.writers.asking import part_count

MOVIES_AT_A_TIME_MAX = 32
"""Movies in work together: enough to keep every worker busy, few enough to stay small."""
BATCH_CELLS_MAX = 1_000_000
"""Cells in work together when they are asked in batches."""
SHARD_MOVIES_MAX = 500
"""Movies in a shard: about 0.2 MB of text each stays in memory until the shard is committed."""


@dataclass(kw_only=True)
class MakeReport:
    """What a run did."""

    movies: int = 0
    keyframes: int = 0
    made: Counter[str] = field(default_factory=Counter)
    """Cells made now, by stage."""
    reused: Counter[str] = field(default_factory=Counter)
    """Cells that were there already, by stage."""
    failed: dict[str, str] = field(default_factory=dict)
    """Movie id -> why it is not there, and is not until somebody says `--retry-failed`."""
    stopped: dict[str, str] = field(default_factory=dict)
    """Movie id -> why it could not be finished now. The next run goes on with it."""
    findings: list[str] = field(default_factory=list)
    """What was found damaged and made again."""
    not_drawn: Counter[str] = field(default_factory=Counter)
    """Pictures by what they were asked for and do not show, as far as the painter says."""
    seconds: float = 0.0

    def add(self, one: "MakeReport") -> None:
        """Count what was done of one shard."""
        self.movies += one.movies
        self.keyframes += one.keyframes
        self.made += one.made
        self.reused += one.reused
        self.failed |= one.failed
        self.stopped |= one.stopped
        self.findings += one.findings
        self.not_drawn += one.not_drawn

    def take(self, kept: ShardReport) -> None:
        """Count a shard that was left alone."""
        self.movies += kept.movies
        self.keyframes += kept.keyframes
        self.reused += kept.reused
        self.failed |= kept.failed
        self.not_drawn += kept.not_drawn

    def settled(self) -> ShardReport:
        """What a later run that leaves this shard alone says of it."""
        return ShardReport(
            movies=self.movies,
            keyframes=self.keyframes,
            reused=self.made + self.reused,
            failed=self.failed,
            not_drawn=self.not_drawn,
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run would do."""

    movies: int
    cells: dict[Stage, int]
    """Cells of the whole run, by stage."""
    cached: dict[Stage, int]
    """Cells that are there. What follows from a missing one counts as missing: `to make` is an upper bound."""
    image_bytes: int
    """Estimate of the picture bytes still to write."""
    unopened: int = 0
    """Shards that were counted as they are committed: what an edit has changed in them is not known."""
    tried_again: int = 0
    """Failed cells of such shards that are asked again; they count as cached."""

    @property
    def missing(self) -> dict[Stage, int]:
        """Cells to make, by stage, at most."""
        return {stage: max(0, count - self.cached[stage]) for stage, count in self.cells.items()}

    @property
    def to_make(self) -> int:
        """Cells to make, at most."""
        return sum(self.missing.values())


def cells_of_run(recipe: Recipe) -> dict[Stage, int]:
    """How many cells all movies of a run take, by stage."""
    movies = recipe.movie_count
    if not recipe.story.clips:
        one = _cells_of(recipe, order_of(recipe, 0)) if movies else {}
        return {stage: count * movies for stage, count in one.items()}
    cells: Counter[Stage] = Counter()
    for number in range(movies):
        cells.update(_cells_of(recipe, order_of(recipe, number)))
    return {stage: cells[stage] for stage in STAGES if stage in cells}


def _cells_of(recipe: Recipe, order: MovieOrder) -> dict[Stage, int]:
    scenes, gates = order.chapters * order.scenes, gate_cells(recipe)
    cells: dict[Stage, int] = {
        "plot": 1 + order.chapters + scenes,
        "style": 1 if recipe.style.locked else scenes,
        "keyframes": order.keyframes_per_movie * recipe.painting.candidates,  # and scores, which cost nothing
        "dialogue": scenes,
        "qa": question_cells(recipe, order),
    }
    if gates:
        cells["gates"] = gates
    return cells


def question_cells(recipe: Recipe, order: MovieOrder) -> int:
    """Cells of a movie's questions: writer llm asks for them in parts."""
    if recipe.writer != "llm":
        return 1
    return part_count(order.chapters, order.scenes, order.keyframes, recipe.questions.per_movie)


def image_bytes(image: ImageConfig) -> int:
    """Estimated bytes of one picture: 0.2 a pixel at quality 88, as measured on the offline styles."""
    return max(1, image.width_px * image.height_px // 5)


def shard_size(recipe: Recipe) -> int:
    """Movies in a shard, from the size of its pictures. Fixed in run.yaml at the run's start: movies never move.

    What a run holds in memory is the text of one shard; the most of movies keeps that small when pictures are few.
    """
    movies = recipe.engine.shard_bytes // (recipe.story.keyframes_per_movie * image_bytes(recipe.image))
    movies = min(max(1, movies), SHARD_MOVIES_MAX)
    return movies + movies % 2 if recipe.twins.share else movies  # twins are made together, in one shard


def cells_at_a_time(recipe: Recipe) -> int:
    """Cells in work together. Batches gather all that can be asked before any is answered."""
    return BATCH_CELLS_MAX if recipe.engine.batch else recipe.engine.concurrency


def movies_at_a_time(recipe: Recipe, movies: int) -> int:
    """Movies of a shard in work together."""
    return movies if recipe.engine.batch else min(movies, recipe.engine.concurrency, MOVIES_AT_A_TIME_MAX)


async def make_run(
    run: Path,
    record: RunRecord,
    writer: Writer,
    painter: Painter,
    advance: Callable[[int], None] = lambda count: None,
    *,
    retry_failed: bool = False,
    service: Service | None = None,
    settled: Settled | None = None,
) -> MakeReport:
    """Make what is missing of a run and commit it, shard by shard.

    Args:
        advance: called with the number of cells that were just made or found.
        service: the model server, for the gates of the questions.
        settled: shards that need not be opened; None opens and verifies all of them.

    Raises:
        ValueError: the disk is full or cannot be written; what was finished is kept.
    """
    start = time.monotonic()
    report = MakeReport()
    for index in range(shard_count(record)):
        kept = None if settled is None else settled.shard(index)
        if kept is not None and not (retry_failed and kept.failed):
            report.take(kept)
            advance(kept.reused.total())
            continue
        with held_elsewhere(run, index):
            shard = Shard.open(run, index, retry_failed=retry_failed)
            one = MakeReport()
            await make_shard(shard, record, index, writer, painter, one, advance, service)
            report.add(one)
            if settled is not None and not one.stopped:
                settled.add(index, one.settled())
        if report.stopped:
            break
        if service is not None:
            service.settled()
    drop_surplus(run, record)
    report.seconds = time.monotonic() - start
    return report


async def make_shard(
    shard: Shard,
    record: RunRecord,
    index: int,
    writer: Writer,
    painter: Painter,
    report: MakeReport,
    advance: Callable[[int], None],
    service: Service | None,
) -> None:
    """Make what is missing of one shard, commit and close it; what was done is added to the report.

    Raises:
        ValueError: the disk is full or cannot be written; what was finished is kept.
    """
    try:
        bench = _workbench(record, shard, writer, painter, service)
        bench.advance = advance
        bench_cells, rows = await _make_movies(bench, shard_movies(record, index), report)
        made = [cell for cell in bench_cells if shard.cached(cell)]  # when it has stopped, some are not
        await shard.commit(rows, sorted(made, key=_table_order), unfinished=bool(report.stopped))
    finally:
        await shard.close()
        report.made += shard.made
        report.reused += shard.reused
        report.findings += shard.findings


def drop_surplus(run: Path, record: RunRecord) -> None:
    """Remove shards that the recipe no longer reaches (`--replace` with fewer movies)."""
    index = shard_count(record)
    for path in manifest_paths(run):
        shard = int(path.stem)
        if shard >= index:
            with disk_errors(run):
                path.unlink()  # first: without it no reader follows the tables
                for table in shard_files(run, shard):
                    table.unlink(missing_ok=True)


async def plan_run(
    run: Path,
    record: RunRecord,
    writer: Writer,
    painter: Painter,
    *,
    retry_failed: bool = False,
    service: Service | None = None,
) -> Plan:
    """What `make_run` would make: everything that is not in the run's cells. Writes nothing."""
    there = There()
    for index in range(shard_count(record)):
        shard = Shard.open(run, index, retry_failed=retry_failed)
        await look(shard, record, index, writer, painter, service, there)
    return plan_of(record, there)


@dataclass(kw_only=True)
class There:
    """What of a run is there."""

    cached: Counter[Stage] = field(default_factory=Counter)
    whole: Counter[Stage] = field(default_factory=Counter)
    """Of them, those of finished movies."""
    finished: int = 0
    """Finished movies."""


async def look(
    shard: Shard,
    record: RunRecord,
    index: int,
    writer: Writer,
    painter: Painter,
    service: Service | None,
    there: There,
) -> None:
    """Count what of a shard is there, and close it."""
    for unit in units_of(record.recipe, shard_movies(record, index)):
        bench = _workbench(record, shard, writer, painter, service, make_missing=False)
        benches = [bench.fresh() for _ in unit]
        for bench, result in zip(benches, await make_unit(benches, unit), strict=True):
            cached = [cell.stage for cell in bench.cells if shard.cached(cell)]
            there.cached.update(cached)
            there.whole.update([] if isinstance(result, Left) else cached)
            there.finished += not isinstance(result, Left)
    await shard.close()


def plan_of(record: RunRecord, there: There) -> Plan:
    """What is to make, given what is there."""
    movies, cached = record.recipe.movie_count, there.cached
    # Portraits are known when they are there.
    cells = {stage: max(count, cached[stage]) for stage, count in cells_of_run(record.recipe).items()}
    if "gates" in cells:  # how many a movie takes depends on its questions, and is known of finished ones
        to_come = (movies - there.finished) * gate_cells(record.recipe)
        cells["gates"] = max(cached["gates"], there.whole["gates"] + to_come)
    missing = cells["keyframes"] - cached["keyframes"]
    return Plan(
        movies=movies,
        cells=cells,
        cached={stage: cached[stage] for stage in cells},
        image_bytes=missing * image_bytes(record.recipe.image),
    )


def shard_count(record: RunRecord) -> int:
    """Shards of a run."""
    return -(-record.recipe.movie_count // record.movies_per_shard)


def shard_movies(record: RunRecord, index: int) -> range:
    """Numbers of the movies of a shard."""
    count, size = record.recipe.movie_count, record.movies_per_shard
    return range(index * size, min((index + 1) * size, count))


def _workbench(
    record: RunRecord,
    shard: Shard,
    writer: Writer,
    painter: Painter,
    service: Service | None,
    *,
    make_missing: bool = True,
) -> Workbench:
    return Workbench(
        recipe=record.recipe,
        writer=writer,
        painter=painter,
        service=service,
        shard=shard,
        limit=asyncio.Semaphore(cells_at_a_time(record.recipe)),
        record=record,
        make_missing=make_missing,
    )


async def _make_movies(
    bench: Workbench, numbers: range, report: MakeReport
) -> tuple[list[Cell], list[tuple[str, str]]]:
    cells: list[Cell] = []
    rows: dict[int, tuple[str, str]] = {}
    waiting = iter(units_of(bench.recipe, numbers))

    async def work() -> None:
        for unit in waiting:
            benches = [bench.fresh() for _ in unit]
            for number, result in zip(unit, await make_unit(benches, unit), strict=True):
                if isinstance(result, Left):
                    left = report.stopped if result.stopped else report.failed
                    left[f"m{number:05d}"] = result.reason
                else:
                    rows[number] = (result.movie_id, canonical_json(result.model_dump(mode="json")))
                    report.movies += 1
                    for keyframe in result.keyframes():
                        report.keyframes += 1
                        report.not_drawn.update(keyframe.not_drawn)
            cells.extend(cell for each in benches for cell in each.cells)

    async with asyncio.TaskGroup() as group:
        for _ in range(movies_at_a_time(bench.recipe, len(numbers))):
            group.create_task(work())
    return cells, [rows[number] for number in sorted(rows)]


def _table_order(cell: Cell) -> tuple[int, str]:
    """Story order: ids grow a digit at the 100,000th movie, so the shorter ones come first."""
    movie_id = cell.cell_id.partition("/")[0]
    return len(movie_id), cell.cell_id
