"""One shard of a run in a bucket while it is made here: its lease, its segments, its commit.

    with keeping(store, run, 12, me, tails) as keeper:         # the lease; what others left of it lies in the folder
        shard = KeptShard.opened(keeper, retry_failed=False)   # a Shard that keeps itself in the bucket
        await make_shard(shard, record, 12, ...)

Every few seconds what the journal and the logs got goes up as a segment, so that a machine that is lost costs those
seconds. The commit is that of a folder, with the conditional put in the place of the rename: tables under their
hashes, then the next manifest, and only then the old tables and the segments go; one segment stays, with the logs. Who
comes second finds the manifest taken, and stops. It makes nothing: see making.py and cluster/.
"""

import asyncio
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from moviellm.generation.buckets.leases import Lease, LostError, Maker, take
from moviellm.generation.buckets.numbered import numbered, read_newest
from moviellm.generation.buckets.segments import (
    CALLS,
    END,
    EXCHANGE_PACK,
    EXCHANGES,
    LOGS,
    Joined,
    Piece,
    Tails,
    folder_of,
    lease_number,
    pieces_of,
    read,
    reading_order,
    segment_of,
    whole_lines,
)
from moviellm.generation.buckets.store import Store, StoreError
from moviellm.generation.cells import Cell, Make, Result, Shard
from moviellm.generation.llm.exchanges import ExchangeLog, Spent, asked_in, log_of, spent_in
from moviellm.generation.runs.journal import calls_of, journal_files
from moviellm.generation.runs.manifest import Manifest, manifest_path, read_manifest, shard_files

FLUSH_S = 5.0
"""Between two segments: so much of what was paid for can be lost with a machine."""


class Keeper:
    """Keeps one shard in the bucket while it is made in a folder here."""

    def __init__(self, store: Store, run: Path, index: int, lease: Lease, tails: Tails, *, alone: bool) -> None:
        """
        Args:
            run: the working folder.
            alone: its logs are the shard's own, as on a cluster; otherwise those of the process.
        """
        self.store, self.run, self.index, self.lease = store, run, index, lease
        self._tails = tails
        shard = index if alone else None
        exchanges = log_of(run, shard)
        self._logs = {
            CALLS: calls_of(run, shard),
            EXCHANGES: exchanges,
            EXCHANGE_PACK: exchanges.with_suffix(".pack"),
        }
        self._starts = {name: tails.start(self._logs[name]) for name in LOGS}
        self._joined = Joined(run / "pulled" / f"{index:06d}")
        self._pulled: set[Path] = set()
        self._tables: dict[str, int] = {}
        self._segments: list[str] = []
        self._sent = 0
        self._number = 0
        self._base: bytes | None = None
        self._committed = False
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._error: StoreError | OSError | None = None
        self._sender = threading.Thread(target=self._keep_sending, daemon=True)

    # ------------------------------------------------------------ what others left

    def pull(self) -> None:
        """Lay into the folder what the bucket has of this shard, and begin to send.

        Raises:
            StoreError: the store does not give it.
        """
        self._number, _, data = read_newest(self.store, self._manifest)
        if data is not None:
            self._base = data
            path = manifest_path(self.run, self.index)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            for table in self._listed():  # one that is gone or damaged is made again
                if self.store.fetch(table, self.run / table):
                    self._tables[table] = (self.run / table).stat().st_ino
        self._segments = reading_order(self.store.names(folder_of(self.index)))
        for name in self._segments:
            for piece in pieces_of(self.store.get(name) or b'{"pieces": []}\n'):
                self._joined.add(piece)
        self._pulled = set(self._joined.journals(self.run / "journal", self.index))
        self._sender.start()

    @property
    def _manifest(self) -> str:
        return f"manifest/{self.index:06d}.json"

    def _listed(self) -> list[str]:
        """Tables of the manifest in the folder; none where there is none, or it is damaged."""
        manifest: Manifest | None = None
        with suppress(ValueError, OSError):
            manifest = read_manifest(manifest_path(self.run, self.index))
        return [] if manifest is None else [table.file for table in manifest.tables.values()]

    def paid(self, log: ExchangeLog) -> None:
        """Let a log know what earlier makers of this shard have paid for."""
        for _, path in self._joined.logs(EXCHANGES):
            log.take(path)

    def spent(self) -> Spent:
        """What earlier makers of this shard have paid."""
        total = Spent()
        for _, path in self._joined.logs(EXCHANGES):
            total.add(spent_in(path))
        return total

    # ------------------------------------------------------------ segments

    def _files(self) -> dict[str, Path]:
        """Name in a segment -> file, of everything that this maker writes."""
        files = dict(self._logs)
        for path in journal_files(self.run, self.index) if not self._committed else ():
            if path not in self._pulled:
                files[f"journal/{path.name.partition('.')[2]}"] = path
        return files

    def flush(self) -> None:
        """Send what is new.

        Raises:
            StoreError: the store would not take it, or the shard is not made here any more.
        """
        with self._lock:
            for lot in self._tails.pieces(self.lease.label, self._files()):
                self.lease.check()
                self._sent += 1
                self._create(f"{folder_of(self.index)}/{self.lease.label}.{self._sent:06d}", segment_of(lot))

    def _create(self, name: str, data: bytes) -> None:
        if not self.store.create(name, data):
            raise LostError(f"{self.store.url}: {name} was written by somebody else, with other contents")
        self._segments.append(name)

    def _keep_sending(self) -> None:
        while not self._over.wait(FLUSH_S):
            try:
                self.flush()
            except (StoreError, OSError) as error:
                self._error = error
                return

    def check(self) -> None:
        """Raises StoreError or OSError where to go on would be in vain: nothing more is paid for then."""
        if self._error is not None:
            raise self._error
        self.lease.check()

    # ------------------------------------------------------------ the commit

    def commit(self, *, unfinished: bool) -> None:
        """Bring what was just committed in the folder to the bucket.

        Raises:
            StoreError: the store would not take it, or somebody else has committed this shard.
        """
        self._committed = True
        data = manifest_path(self.run, self.index).read_bytes()
        listed, before = self._listed(), list(self._tables)
        for table in listed:
            path = self.run / table
            if self._tables.get(table) != path.stat().st_ino:  # else it is the one that was pulled
                self.lease.check()
                self.store.put(table, path)
        replaced: list[str] = []
        if data != self._base:
            self.lease.check()
            if not self.store.create(numbered(self._manifest, self._number + 1), data):
                raise LostError(
                    f"{self.store.url}: shard {self.index} was committed by somebody else meanwhile, with other "
                    "contents; two makers with other recipes or versions are at work. Stop one of them"
                )
            if self._number:
                replaced.append(numbered(self._manifest, self._number))
            replaced += [table for table in before if table not in listed]
            self._number += 1
        if not unfinished:
            self._keep_logs()
            replaced += self._segments[:-1]
        self.lease.check()  # what is replaced here may be in use again where somebody has taken over
        self.store.delete(replaced)

    def committed(self) -> dict[str, object]:
        """Name of the manifest that counts, and the sizes of its tables."""
        return {
            "manifest": numbered(self._manifest, self._number),
            "tables": {table: (self.run / table).stat().st_size for table in self._listed()},
        }

    def _keep_logs(self) -> None:
        """One segment with the lines of all logs, in the place of all others."""
        own = [
            Piece(self.lease.label, name, start, read(self._logs[name], start, whole_lines(self._logs[name]) - start))
            for name, start in self._starts.items()
        ]
        came = [piece for piece in own if piece.data]
        if not came and len(self._segments) == 1 and self._segments[0].endswith(END):
            return
        logs = [(of, path, 0) for of, path in self._joined.logs(EXCHANGES)]
        logs.append((self.lease.label, self._logs[EXCHANGES], self._starts[EXCHANGES]))
        spent = {of: spent_in(path, start) for of, path, start in logs}
        last_at = max((one.at for _, path, start in logs for one in asked_in(path, 0.0, start)), default=0.0)
        name = f"{folder_of(self.index)}/{self.lease.label}{END}"
        self._create(name, segment_of([*self._joined.lines(), *came], spent, last_at))

    def close(self) -> None:
        """Send the rest, and stop sending.

        Raises:
            StoreError: the store would not take it.
        """
        self.stop()
        if self._error is None and self.lease.lost is None:
            self.flush()

    def stop(self) -> None:
        """Stop sending."""
        self._over.set()
        if self._sender.is_alive():
            self._sender.join()

    def clear(self) -> None:
        """Remove the shard from the folder: it is in the bucket."""
        shutil.rmtree(self.run / "pulled" / f"{self.index:06d}", ignore_errors=True)
        own = [manifest_path(self.run, self.index), *shard_files(self.run, self.index)]
        for path in [*own, *journal_files(self.run, self.index)]:
            path.unlink(missing_ok=True)


@contextmanager
def keeping(
    store: Store, run: Path, index: int, me: Maker, tails: Tails, *, alone: bool, wait_s: float | None
) -> Iterator[Keeper]:
    """Hold one shard, with what the bucket has of it in the folder.

    Raises:
        HeldError: somebody else makes it.
        StoreError: the store would not take it.
    """
    after = max((lease_number(name) for name in store.names(folder_of(index))), default=0)
    lease = take(store, f"{index:06d}", me, wait_s, after=after)
    keeper = Keeper(store, run, index, lease, tails, alone=alone)
    try:
        keeper.clear()
        keeper.pull()
        yield keeper
    finally:
        keeper.stop()
        lease.release()
        keeper.clear()


class KeptShard(Shard):
    """A shard whose results go to a bucket too."""

    keeper: Keeper

    @classmethod
    def opened(cls, keeper: Keeper, *, retry_failed: bool, alone: bool) -> "KeptShard":
        """What is there of the shard that a keeper holds; see `Shard.open`."""
        shard = cls.open(keeper.run, keeper.index, retry_failed=retry_failed, alone=alone)
        assert isinstance(shard, cls)
        shard.keeper = keeper
        return shard

    async def cell(self, cell: Cell, make: Make, limit: asyncio.Semaphore) -> Result:
        """As `Shard.cell`; nothing is made where it could not be kept."""
        if not self.keeper.lease.sure():
            await asyncio.to_thread(self.keeper.lease.check)
        self.keeper.check()
        return await super().cell(cell, make, limit)

    async def commit(
        self, movies: Sequence[tuple[str, str]], cells: Sequence[Cell], *, unfinished: bool = False
    ) -> bool:
        """As `Shard.commit`, in the folder and then in the bucket."""
        await asyncio.to_thread(self.keeper.flush)
        changed = await super().commit(movies, cells, unfinished=unfinished)
        await asyncio.to_thread(lambda: self.keeper.commit(unfinished=unfinished))
        return changed

    async def close(self) -> None:
        """As `Shard.close`; what was made is in the bucket."""
        try:
            await super().close()
        finally:
            await asyncio.to_thread(self.keeper.close)
