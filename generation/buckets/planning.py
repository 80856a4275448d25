"""`moviellm make --out s3://... --dry-run`: what is to make of a run in a bucket, read without its tables.

    plan = await plan_in_bucket(place, record, studio, retry_failed=False)

A shard that these very makers finished is told by its settled line, one that is not committed by the lines of its
journals, as in a folder. One that was finished by others (other code, another recipe) is counted as its manifest says:
which of its cells an edit has changed stands in the tables, and those are read when it is made. It makes nothing.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from moviellm.generation.buckets.costs import spent_in_bucket
from moviellm.generation.buckets.places import Place
from moviellm.generation.buckets.reading import mirror
from moviellm.generation.cells import Shard
from moviellm.generation.make import Plan, There, look, plan_of, shard_count
from moviellm.generation.runs.manifest import Manifest, manifest_path, manifest_paths, read_manifest
from moviellm.generation.runs.record import RECORD_NAME, RunRecord, read_run, replaced_keys
from moviellm.generation.runs.settled import ShardReport
from moviellm.generation.schema import STAGES
from moviellm.generation.studios import Studio


async def plan_in_bucket(place: Place, record: RunRecord, studio: Studio, *, retry_failed: bool) -> Plan:
    """What `make_in_bucket` would make. Writes nothing to the store.

    Raises:
        StoreError: the store does not give it.
    """
    await asyncio.to_thread(mirror, place.store, place.folder)
    settled = await asyncio.to_thread(place.settled, record)
    if studio.service is not None:
        studio.service.spent.add(await asyncio.to_thread(spent_in_bucket, place.store))
    there, unopened, tried_again = There(), 0, 0
    for index, manifest in enumerate(_manifests(place, record)):
        kept = settled.get(index)
        if kept is not None and not (retry_failed and kept.failed):
            _count(there, kept)
        elif manifest is not None:
            _count(there, manifest)
            unopened += 1
            tried_again += manifest.failed if retry_failed else 0
        else:
            shard = Shard.open(place.folder, index, retry_failed=retry_failed, packs=False)
            await look(shard, record, index, studio.writer, studio.painter, studio.service, there)
    return replace(plan_of(record, there), unopened=unopened, tried_again=tried_again)


def _count(there: There, shard: ShardReport | Manifest) -> None:
    counts: Mapping[Any, int] = shard.reused if isinstance(shard, ShardReport) else shard.cells
    cells = {stage: counts[stage] for stage in STAGES if stage in counts}
    there.cached.update(cells)
    there.whole.update(cells)
    there.finished += shard.movies


def _manifests(place: Place, record: RunRecord) -> list[Manifest | None]:
    """The manifest of each shard; None where there is none that counts: damaged, or of a story that is replaced."""
    found: list[Manifest | None] = [None] * shard_count(record)
    if not (place.folder / RECORD_NAME).exists() or replaced_keys(read_run(place.folder).recipe, record.recipe):
        for path in manifest_paths(place.folder):
            path.unlink()
        return found
    for index in range(len(found)):
        with suppress(ValueError, FileNotFoundError):
            found[index] = read_manifest(manifest_path(place.folder, index))
    return found
