"""`moviellm make --part 3/16`: one of several processes that make one run together, without Ray.

    with share_run(run, record):                    # beside the others; a whole `make` waits until all are gone
        report = asyncio.run(make_part(run, record, Part(3, 16), advance, retry_failed=False))

For an array of a scheduler such as Slurm: each process makes every sixteenth shard under the shard's own lock, and
commits it to the one run folder. Limits a minute and in dollars are shared out evenly: nobody keeps them for all. What
a process that was killed left is made by the next one with its number, or by a whole `make`.
"""

import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from moviellm.generation.cells import Shard
from moviellm.generation.cluster.nodes import node_name
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm.admission import MINUTE_S, Gate
from moviellm.generation.llm.exchanges import asked_in, log_of, spent_in
from moviellm.generation.llm.money import Budget
from moviellm.generation.llm.service import Service, open_service
from moviellm.generation.make import MakeReport, make_shard, shard_count
from moviellm.generation.protocols import Painter
from moviellm.generation.runs.lock import lock_named, lock_shard, share_lock
from moviellm.generation.runs.record import RunRecord, write_record
from moviellm.generation.studios import asks_server, open_painter, open_studio

RECORD_WAIT_S = 600.0
"""The first process writes the record; the others wait for it."""


@dataclass(frozen=True)
class Part:
    """Which of several processes this is."""

    number: int
    """From 1."""
    of: int

    def shards(self, record: RunRecord) -> range:
        """The shards that it makes."""
        return range(self.number - 1, shard_count(record), self.of)


def part_of(text: str) -> Part:
    """Read `3/16`.

    Raises:
        ValueError: it is no part of anything.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    part = Part(int(match[1]), int(match[2])) if match else None
    if part is None or not 1 <= part.number <= part.of:
        raise ValueError(f"--part {text}: it takes a number of how many, counted from 1, such as 3/16")
    return part


@contextmanager
def share_run(run: Path, current: Callable[[], RunRecord]) -> Iterator[RunRecord]:
    """Hold a run beside other parts of it; the record is written by the first, and is the same for all.

    Args:
        current: the record that this process would go by, read anew.

    Raises:
        ValueError: a whole `make` or a cluster makes this run.
    """
    run.mkdir(parents=True, exist_ok=True)
    with share_lock(run):
        with lock_named(run, "record", f"{node_name()} process {os.getpid()}", RECORD_WAIT_S):
            record = current()
            write_record(run, record)
        yield record


async def make_part(
    run: Path, record: RunRecord, part: Part, advance: Callable[[int], None], *, retry_failed: bool
) -> MakeReport:
    """Make what is missing of the shards of one part.

    Raises:
        ValueError: the disk is full or cannot be written, or somebody else makes one of the shards.
    """
    start, report = time.monotonic(), MakeReport()
    record = record.model_copy(update={"recipe": _share(record.recipe, part)})
    mine = part.shards(record)
    gate, paid = _gate(run, record.recipe, mine), _paid(run, record.recipe, part, mine)
    async with _painter(record.recipe, run) as painter:
        for index in mine:
            with lock_shard(run, index, f"{node_name()} process {os.getpid()}"):
                service = _service(run, record.recipe, paid, index, gate)
                studio = open_studio(record.recipe, run, service=service, painter=painter, lent=painter is not None)
                try:
                    shard = Shard.open(run, index, retry_failed=retry_failed, alone=True)
                    await make_shard(shard, record, index, studio.writer, studio.painter, report, advance, service)
                    if service is not None and not report.stopped:
                        service.settled()
                finally:
                    await studio.close()
                if service is not None:
                    paid[index] = service.spent.usd
            if report.stopped:
                break
    report.seconds = time.monotonic() - start
    return report


@asynccontextmanager
async def _painter(recipe: Recipe, run: Path) -> AsyncIterator[Painter | None]:
    """Who paints all shards: its processes start once, its pipeline is loaded once.

    None: one that asks the model server, and goes with the service of each shard.
    """
    painter = None if recipe.painter == "endpoint" else open_painter(recipe, run)
    try:
        yield painter
    finally:
        if painter is not None:
            await painter.close()


def _share(recipe: Recipe, part: Part) -> Recipe:
    """The recipe with this part's share of its limits.

    Raises:
        ValueError: there are more parts than a limit can be shared among.
    """
    engine = recipe.engine

    def shared(name: str) -> int | None:
        limit: int | None = getattr(engine, name)
        if limit is not None and limit < part.of:
            raise ValueError(
                f"engine.{name} is {limit}, which cannot be shared among {part.of} parts: each takes at least 1; "
                "raise it, or take fewer parts"
            )
        return None if limit is None else limit // part.of

    limits = {name: shared(name) for name in ("requests_per_minute", "tokens_per_minute")} | {
        "max_usd": None if engine.max_usd is None else engine.max_usd / part.of
    }
    return recipe.model_copy(update={"engine": engine.model_copy(update=limits)})


def _gate(run: Path, recipe: Recipe, mine: range) -> Gate:
    """The limits of all shards of this part; what was asked for them in the last minute counts."""
    engine, since = recipe.engine, time.time() - MINUTE_S
    gate = Gate(engine.concurrency, engine.requests_per_minute, engine.tokens_per_minute)
    paths = [path for path in (log_of(run, index) for index in mine) if path.is_file()]
    gate.remember(one for path in paths if path.stat().st_mtime > since for one in asked_in(path, since))
    return gate


def _paid(run: Path, recipe: Recipe, part: Part, mine: range) -> dict[int | None, float]:
    """What the shards of this part have cost; under None its share of what was paid before there were parts."""
    if recipe.engine.max_usd is None:
        return {}
    return {None: spent_in(log_of(run, None)).usd / part.of} | {
        shard: spent_in(log_of(run, shard)).usd for shard in mine
    }


def _service(run: Path, recipe: Recipe, paid: dict[int | None, float], index: int, gate: Gate) -> Service | None:
    """The model server for one shard, within what the shards of this part have left."""
    if not asks_server(recipe):
        return None
    others = sum(usd for shard, usd in paid.items() if shard != index)
    budget = Budget(recipe.engine.max_usd, lambda: others + service.spent.usd)
    service = open_service(recipe, run, budget=budget, gate=gate, shard=index)
    return service
