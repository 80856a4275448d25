"""The task of a cluster: make one shard, on whichever node, and commit it to the run folder.

    outcome = make_one(Order(run="runs/one", record=record, index=3), desk, painters=[], learner=None)

The same line as on one machine (make.py) under the shard's own lock, with logs of its own, so that nothing here is
written by two. What is made stands in the journal as it comes: when the node dies, another goes on from there, and
what it commits has the same bytes. A plain function: driving.py makes it a task of Ray.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moviellm.generation.buckets.keeping import Keeper, KeptShard
from moviellm.generation.buckets.leases import LostError
from moviellm.generation.buckets.places import Place, opened
from moviellm.generation.buckets.store import PATIENCE_S
from moviellm.generation.cells import Shard
from moviellm.generation.cluster.asking import DeskDoor, shared_service
from moviellm.generation.cluster.desk import Told
from moviellm.generation.cluster.nodes import innermost, node_name
from moviellm.generation.files import DiskError
from moviellm.generation.llm.exchanges import Spent
from moviellm.generation.make import MakeReport, make_shard
from moviellm.generation.protocols import Painter
from moviellm.generation.runs.address import bucket_of
from moviellm.generation.runs.lock import HeldError, lock_shard
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.studio.painter import OfflinePainter
from moviellm.generation.studios import Studio, asks_server, open_studio

TELL_S = 1.0
"""Between two words to the desk."""
HELD_WAIT_S = 15.0
"""A shard whose last maker may be still alive is waited for so long; then it goes back to the driver."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """One shard to make."""

    run: str
    record: RunRecord
    index: int
    retry_failed: bool = False
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of it."""

    index: int
    report: MakeReport = field(default_factory=MakeReport)
    spent: Spent | None = None
    """What the shard has cost, earlier makers included."""
    held: str | None = None
    """It is being made by somebody else."""
    error: str | None = None
    """Why the run cannot go on: a disk that is full, an input that is wrong."""
    disk: bool = False
    """Whether that is the disk's fault."""


def make_one(order: Order, desk: Any, painters: list[Any], learner: Any | None) -> Outcome:
    """Make one shard.

    Args:
        desk: the actor with the limits.
        painters: actors with a pipeline; empty where the recipe paints otherwise.
        learner: a remote function that learns a style.
    """
    os.environ.update(order.environment)
    who = f"{node_name()} process {os.getpid()}"
    try:
        with _held(order, who) as kept:
            return asyncio.run(_make(order, kept, DeskDoor(desk, order.index), painters, learner))
    except HeldError as error:
        return Outcome(index=order.index, held=str(error))
    except (ValueError, BaseExceptionGroup) as error:
        first = innermost(error)
        if isinstance(first, LostError):  # the lease of a shard in a bucket: somebody else goes on
            return Outcome(index=order.index, held=str(first))
        if not isinstance(first, ValueError):
            raise
        return Outcome(index=order.index, error=str(first), disk=isinstance(first, DiskError))


@contextmanager
def _held(order: Order, who: str) -> Iterator[tuple[Place, Keeper] | None]:
    """Hold the shard: by a lock in the run folder, or by a lease in the bucket, with a working folder here."""
    url = bucket_of(order.run)
    if url is None:
        with lock_shard(Path(order.run), order.index, who, HELD_WAIT_S):
            yield None
        return
    with (
        opened(url, None, to_make=False, who=who, patience_s=PATIENCE_S) as place,  # as in the middle of a run
        place.keeping(order.index, alone=True, wait_s=HELD_WAIT_S) as keeper,
    ):
        yield place, keeper


async def _make(
    order: Order, kept: tuple[Place, Keeper] | None, desk: DeskDoor, painters: list[Any], learner: Any | None
) -> Outcome:
    run = Path(order.run) if kept is None else kept[0].folder
    report = MakeReport()
    cells = 0

    def advance(count: int) -> None:
        nonlocal cells
        cells += count

    studio = _studio(order, run, desk, painters, learner)

    def told() -> Told:
        spent = Spent() if studio.service is None else studio.service.spent
        return Told(node=node_name(), cells=cells, failed=len(report.failed), spent=spent)

    telling = asyncio.create_task(_keep_telling(desk, told))
    try:
        await desk.ask("forget", order.index)  # what an earlier maker left under way is over
        if kept is None:
            shard = Shard.open(run, order.index, retry_failed=order.retry_failed, alone=True)
        else:
            shard = KeptShard.opened(kept[1], retry_failed=order.retry_failed, alone=True)
            if studio.service is not None:
                kept[1].paid(studio.service.log)
                studio.service.spent.add(kept[1].spent())
        await make_shard(
            shard, order.record, order.index, studio.writer, studio.painter, report, advance, studio.service
        )
        if kept is not None and not report.stopped:
            await asyncio.to_thread(kept[0].settle, order.record, kept[1], report.settled())
        if studio.service is not None and not report.stopped:
            studio.service.settled()
    finally:
        telling.cancel()
        await studio.close()
        desk.send("tell", order.index, told())
        desk.send("forget", order.index)
        await desk.close()
    spent = None if studio.service is None else studio.service.spent
    return Outcome(index=order.index, report=report, spent=spent)


def _studio(order: Order, run: Path, desk: DeskDoor, painters: list[Any], learner: Any | None) -> Studio:
    """The makers of one shard: limits at the desk, one CPU for drawing, pipelines elsewhere."""
    recipe = order.record.recipe
    service = shared_service(recipe, run, desk) if asks_server(recipe) else None
    painter: Painter | None = None
    if recipe.painter == "offline":
        painter = OfflinePainter(recipe.image, in_process=True)
    elif painters:
        from moviellm.generation.cluster.painting import RemotePainter

        painter = RemotePainter(recipe, order.run, painters, learner, desk.shard)
    return open_studio(recipe, run, service=service, painter=painter)


async def _keep_telling(desk: DeskDoor, told: Any) -> None:
    while True:
        desk.send("tell", desk.shard, told())
        await asyncio.sleep(TELL_S)
