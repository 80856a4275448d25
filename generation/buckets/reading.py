"""A run in a bucket for those who only read it: laid into a working folder bit by bit, as it is needed.

    with reader_in(url, work, out) as reader:          # a RunReader; tables come and go, shard by shard
        ...
    findings = verify_in(url, work)                    # everything, one shard after the other
    status = status_in(url, work)                      # manifests, journals, logs and leases; no table, no picture

It takes no lease and writes nothing to the store, so it also reads what it could not make: a bucket of the Hub, one
without a conditional put, one that is read-only.
"""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from moviellm.generation.buckets.costs import spent_in_bucket
from moviellm.generation.buckets.folders import in_words_of
from moviellm.generation.buckets.laying import LaidTables, refuse_small_disk, two_shards
from moviellm.generation.buckets.leases import RUN, holders
from moviellm.generation.buckets.numbered import newest_of_all, read_newest
from moviellm.generation.buckets.places import opened
from moviellm.generation.buckets.segments import (
    CALLS,
    END,
    EXCHANGES,
    FOLDER,
    Joined,
    folder_of,
    lines_in,
    reading_order,
    shard_of,
)
from moviellm.generation.buckets.store import TOGETHER, Store
from moviellm.generation.findings import Finding
from moviellm.generation.llm.exchanges import log_of
from moviellm.generation.progress import progress
from moviellm.generation.runs.address import BucketUrl
from moviellm.generation.runs.check import verify
from moviellm.generation.runs.journal import calls_of
from moviellm.generation.runs.manifest import Manifest, manifest_path, manifest_paths, read_manifest
from moviellm.generation.runs.record import RunRecord, read_run
from moviellm.generation.runs.status import RunStatus, run_status
from moviellm.generation.runs.tables import RunReader

TRIES = 3
"""What is gone when it is read was committed anew meanwhile: then all of its shard is looked at again."""


@contextmanager
def reader_in(url: BucketUrl, work: Path | None, out: Path) -> Iterator[RunReader]:
    """A reader of a run in a bucket. Its tables are on this machine while they are read.

    Args:
        work: folder for the working folder.
        out: where what is read will be written, which must have the room.

    Raises:
        ValueError: there is no run, it cannot be read, or a disk has not the room.
    """
    with opened(url, work, to_make=False) as bucket, in_words_of(str(url), bucket.folder):
        mirror(bucket.store, bucket.folder)
        record = read_run(bucket.folder)
        manifests = RunReader(bucket.folder).manifests
        refuse_small_disk(bucket.folder, two_shards(manifests), f"reading {url} (name one by --work)")
        refuse_small_disk(out, _pictures(record, manifests), f"the dataset of {url}")
        with closing(LaidTables(bucket.store, bucket.folder, manifests)) as tables:
            yield RunReader(bucket.folder, tables.lay)


def _pictures(record: RunRecord, manifests: Sequence[Manifest]) -> int:
    """About the bytes of the pictures that a dataset has: one of the candidates, of movies that did not fail."""
    painted = sum(one.tables["keyframes"].bytes for one in manifests if "keyframes" in one.tables)
    share = sum(one.movies for one in manifests) / (len(manifests) * record.movies_per_shard)
    return int(0.9 * share * painted / record.recipe.painting.candidates)


def verify_in(url: BucketUrl, work: Path | None) -> Iterator[Finding]:
    """Everything that is wrong with a run in a bucket; see `verify`. Findings name the place, not the folder.

    Raises:
        ValueError: there is no run there, or it cannot be read.
    """
    with opened(url, work, to_make=False) as bucket, in_words_of(str(url), bucket.folder):
        mirror(bucket.store, bucket.folder)
        for name in bucket.store.names("exchanges"):  # of a run folder that was copied into the bucket
            bucket.store.fetch(name, bucket.folder / name)
        read_run(bucket.folder)
        sizes = {index: _bytes_of(manifest) for index, manifest in _manifests(bucket.folder).items()}
        refuse_small_disk(bucket.folder, sum(sorted(sizes.values())[-2:]), f"checking {url} (name one by --work)")
        with progress("checking", sum(sizes.values()) // 1_000_000, "MB") as advance:
            shards = _Shards(bucket.store, bucket.folder, lambda index: advance(sizes.get(index, 0) // 1_000_000))
            with closing(shards):
                for finding in verify(bucket.folder, shards.laid):
                    words = {
                        name: getattr(finding, name).replace(str(bucket.folder), str(url))
                        for name in ("where", "what", "do")
                    }
                    yield replace(finding, **words)


class _Shards:
    """The shards of a run, in a folder one after the other."""

    def __init__(self, store: Store, folder: Path, done: Callable[[int], None]) -> None:
        self._store, self._folder, self._done = store, folder, done
        self._tables = LaidTables(store, folder, _manifests(folder).values())

    @contextmanager
    def laid(self, index: int) -> Iterator[None]:
        """Have the tables and the log of exchanges of one shard in the folder."""
        log, came = log_of(self._folder, index), self._folder / "pulled" / f"{index:06d}"
        self._lay_tables(index)
        joined = Joined(came)
        for name in reading_order(self._store.names(folder_of(index))):
            for piece in lines_in(self._store, name):
                if piece.file == EXCHANGES:
                    joined.add(piece)
        lay_log(joined, EXCHANGES, log)
        shutil.rmtree(came, ignore_errors=True)
        try:
            yield
        finally:
            log.unlink(missing_ok=True)
            self._done(index)

    def _lay_tables(self, index: int) -> None:
        path = manifest_path(self._folder, index)
        plain = f"manifest/{path.name}"
        for _ in range(TRIES):
            before = path.read_bytes()
            tables = []
            with suppress(ValueError):
                tables = list(read_manifest(path).tables.values())
            came = [self._tables.lay(table) for table in tables]
            if all(came):
                return
            _, _, data = read_newest(self._store, plain)
            if data is None or data == before:
                return  # it is what is committed, and lacks a table
            path.write_bytes(data)

    def close(self) -> None:
        """Drop what is there."""
        self._tables.close()


def _manifests(folder: Path) -> dict[int, Manifest]:
    """Those that can be read; the others are found by who reads them."""
    found = {}
    for path in manifest_paths(folder):
        with suppress(ValueError):
            found[int(path.stem)] = read_manifest(path)
    return found


def _bytes_of(manifest: Manifest) -> int:
    return sum(table.bytes for table in manifest.tables.values())


def mirror(store: Store, folder: Path) -> None:
    """Lay into a folder what tells how far a run is: manifests, and the journals and calls of shards in the making.

    Its record is there already, where it has one.

    Raises:
        StoreError: the store does not give it.
    """
    names = store.names()
    pairs = [(name, folder / plain) for plain, name in newest_of_all(names, "manifest").items()]
    # Of a run folder that was copied into the bucket:
    pairs += [(name, folder / name) for name in names if re.fullmatch(r"(journal/|calls/|calls\.).*jsonl", name)]
    unfinished = {shard_of(name) for name in names if name.startswith(f"{FOLDER}/") and not name.endswith(END)}
    with ThreadPoolExecutor(TOGETHER) as pool, progress("looking", len(pairs), "objects") as advance:
        for _ in pool.map(lambda pair: _lay_small(store, *pair), pairs):
            advance(1)
        list(pool.map(lambda shard: _lay_lines(store, folder, shard), sorted(unfinished)))


def _lay_small(store: Store, name: str, path: Path) -> None:
    data = store.get(name)
    if data is None and name.startswith("manifest/"):  # committed anew since it was listed: the shard is still there
        _, _, data = read_newest(store, f"manifest/{path.name}")
    if data is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _lay_lines(store: Store, folder: Path, shard: int) -> None:
    """Journals and calls of a shard in the making, as a cluster leaves them in a run folder, without pictures."""
    for _ in range(TRIES):
        joined, gone = Joined(folder / "pulled" / f"{shard:06d}"), False
        for name in reading_order(store.names(folder_of(shard))):
            if not name.endswith(END):  # its calls are of another day
                pieces = lines_in(store, name)
                gone = gone or not pieces
                for piece in pieces:
                    joined.add(piece)
        if not gone:
            break
    joined.journals(folder / "journal", shard)
    lay_log(joined, CALLS, calls_of(folder, shard))
    shutil.rmtree(folder / "pulled" / f"{shard:06d}", ignore_errors=True)


def lay_log(joined: Joined, file: str, target: Path) -> None:
    """Put the logs of all makers of a shard behind each other."""
    for _, path in joined.logs(file):
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "ab") as out, open(path, "rb") as lines:
            shutil.copyfileobj(lines, out)


def status_in(url: BucketUrl, work: Path | None) -> RunStatus:
    """How far a run in a bucket is.

    Raises:
        ValueError: there is no run there, or the store cannot be read.
    """
    with opened(url, work, to_make=False) as bucket:
        mirror(bucket.store, bucket.folder)
        found = run_status(bucket.folder)
        held = holders(bucket.store)
        spent = spent_in_bucket(bucket.store)
    working = [replace(one, holder=held.get(f"{one.shard:06d}")) for one in found.working]
    nodes = Counter(one.holder.split(" ")[0] for one in working if one.holder is not None)
    return replace(found, working=working, holder=held.get(RUN), nodes=dict(nodes), spent=spent)
