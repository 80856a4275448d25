"""`moviellm make --out s3://bucket/run`: the line of make.py over the shards of a bucket, one after the other.

    report = await make_in_bucket(place, record, studio, advance, retry_failed=False)

The same shards with the same bytes as in a folder: each is taken by a lease, laid into the working folder with what
others left of it, made there by `make_shard`, kept in the bucket as it comes (keeping.py), and removed from the folder
when it is committed, so that the folder never holds more than one. On a cluster: cluster/shards.py.
"""

import asyncio
import time
from collections.abc import Callable

from moviellm.generation.buckets.costs import paid_in_bucket
from moviellm.generation.buckets.keeping import KeptShard
from moviellm.generation.buckets.places import Place
from moviellm.generation.llm.admission import MINUTE_S
from moviellm.generation.llm.exchanges import Spent
from moviellm.generation.llm.service import Service
from moviellm.generation.make import MakeReport, make_shard, shard_count
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.studios import Studio


async def make_in_bucket(
    place: Place, record: RunRecord, studio: Studio, advance: Callable[[int], None], *, retry_failed: bool
) -> MakeReport:
    """Make what is missing of a run in a bucket.

    Args:
        advance: called with the number of cells that were just made or found.

    Raises:
        StoreError: the store would not take it; what was finished is kept.
    """
    start, report, service = time.monotonic(), MakeReport(), studio.service
    settled = await asyncio.to_thread(place.settled, record)
    counted = await asyncio.to_thread(_know, place, service) if service is not None else {}
    for index in range(shard_count(record)):
        kept = settled.get(index)
        if kept is not None and not (retry_failed and kept.failed):
            report.take(kept)
            advance(kept.reused.total())
            continue
        with place.keeping(index, alone=False, wait_s=None) as keeper:
            if service is not None:
                keeper.paid(service.log)
                service.spent.add(keeper.spent().less(counted.get(index, Spent())))  # by one who was still at work
            shard = KeptShard.opened(keeper, retry_failed=retry_failed, alone=False)
            one = MakeReport()
            await make_shard(shard, record, index, studio.writer, studio.painter, one, advance, service)
            report.add(one)
            if not one.stopped:
                await asyncio.to_thread(place.settle, record, keeper, one.settled())
        if report.stopped:
            break
        if service is not None:
            service.settled()
    if not report.stopped:
        await asyncio.to_thread(place.drop_surplus, shard_count(record))
    report.seconds = time.monotonic() - start
    return report


def _know(place: Place, service: Service) -> dict[int, Spent]:
    """Let the service know what the run has cost and what was asked in the last minute; returns the cost by shard.

    A maker that died had asked what it could not send any more: then the minute is waited out.
    """
    paid = paid_in_bucket(place.store, time.time() - MINUTE_S)
    for one in paid.values():
        service.spent.add(one.spent)
    lost = place.lease is not None and place.lease.after_dead
    service.remember([asked for one in paid.values() for asked in one.lately], unknown=lost)
    return {shard: one.spent for shard, one in paid.items()}
