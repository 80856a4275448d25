"""A run in a bucket as a process that makes it has it: the store, a working folder, the record, what is settled.

    with opened(url, work) as place:                 # tried out, and the run's lease taken
        run = place.folder                           # a run folder: its record, and what is made just now
        place.write_record()
        kept = place.settled(record).get(index); place.settle(record, keeper, report)

The working folder is empty at the start and removed at the end; what a killed process left of one is swept by the
next. Nothing in it is needed again.
"""

import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from moviellm.generation.buckets.folders import working_folder
from moviellm.generation.buckets.keeping import Keeper, keeping
from moviellm.generation.buckets.leases import RUN, Lease, LostError, Maker, take
from moviellm.generation.buckets.numbered import newest_of_all, numbered, read_newest
from moviellm.generation.buckets.segments import END, FOLDER, Tails
from moviellm.generation.buckets.store import Store
from moviellm.generation.runs.address import BucketUrl
from moviellm.generation.runs.record import RECORD_NAME, RunRecord
from moviellm.generation.runs.settled import ShardReport, makers_of, report_of, says_all
from moviellm.generation.schema import canonical_json

SETTLED = "settled"


@dataclass
class Place:
    """A run in a bucket, for one process that makes it or a part of it."""

    store: Store
    folder: Path
    me: Maker
    lease: Lease | None
    """That of the run; None for who makes a part."""
    tails: Tails = field(default_factory=Tails)
    _record: tuple[int, bytes] = (0, b"")

    @property
    def url(self) -> BucketUrl:
        """Its address."""
        return self.store.url

    def read_record(self) -> None:
        """Lay the run's record into the folder, where it has one.

        Raises:
            StoreError: the store does not give it.
        """
        number, _, data = read_newest(self.store, RECORD_NAME)
        if data is not None:
            self._record = number, data
            (self.folder / RECORD_NAME).write_bytes(data)

    def write_record(self) -> None:
        """Bring the record of the folder to the bucket, where it says something else.

        Raises:
            StoreError: the store would not take it, or somebody else began this run.
        """
        number, before = self._record
        data = (self.folder / RECORD_NAME).read_bytes()
        if data == before:
            return
        if not self.store.create(numbered(RECORD_NAME, number + 1), data):
            raise LostError(f"{self.url} was begun or extended by somebody else just now; run the same command again")
        if number:
            self.store.delete([numbered(RECORD_NAME, number)])
        self._record = number + 1, data

    def holds_work(self) -> bool:
        """Whether there is something to lose: a commit, or what is on its way to one.

        Raises:
            StoreError: the store does not list it.
        """
        return bool(self.store.names("manifest")) or bool(self.store.names(FOLDER))

    # ------------------------------------------------------------ settled shards

    def settled(self, record: RunRecord) -> dict[int, ShardReport]:
        """What was reported of shards that these very makers finished and nobody touched since; see runs/settled.py.

        Raises:
            StoreError: the store does not give it.
        """
        if not says_all(record.recipe):
            return {}
        names = self.store.names()
        manifests = newest_of_all(names, "manifest")
        busy = {name.split("/")[1] for name in names if name.startswith("segments/") and not name.endswith(END)}
        busy |= {name.split("/")[1] for name in names if name.startswith("lease/")}
        told = [name for name in names if name.startswith(f"{SETTLED}/") and Path(name).stem not in busy]
        makers, found = makers_of(record), {}
        for name, data in self.store.get_all(told).items():
            with suppress(ValueError, KeyError, TypeError):  # somebody else's
                line, stem = json.loads(data), Path(name).stem
                whole = all(names.get(table) == size for table, size in line["tables"].items())
                if whole and line["makers"] == makers and line["manifest"] == manifests[f"manifest/{stem}.json"]:
                    found[int(stem)] = report_of(line["report"])
        return found

    def settle(self, record: RunRecord, keeper: Keeper, report: ShardReport) -> None:
        """Keep what is reported of a shard that has just been committed whole.

        Raises:
            StoreError: the store would not take it.
        """
        if says_all(record.recipe):
            line = {"makers": makers_of(record), "report": vars(report), **keeper.committed()}
            self.store.put(f"{SETTLED}/{keeper.index:06d}.json", canonical_json(line).encode())

    @contextmanager
    def keeping(self, index: int, *, alone: bool, wait_s: float | None) -> Iterator[Keeper]:
        """Hold one shard, with what the bucket has of it in the folder.

        Raises:
            HeldError: somebody else makes it.
            StoreError: the store would not take it.
        """
        if self.lease is not None:
            self.lease.check()
        with keeping(self.store, self.folder, index, self.me, self.tails, alone=alone, wait_s=wait_s) as keeper:
            yield keeper

    def drop_surplus(self, count: int) -> None:
        """Remove shards that the recipe no longer reaches (`--replace` with fewer movies); manifests first.

        Raises:
            StoreError: the store keeps one.
        """
        names = self.store.names()
        surplus = [name for name in names if (shard := shard_in(name)) is not None and shard >= count]
        self.store.delete(name for name in surplus if name.startswith("manifest/"))
        self.store.delete(name for name in surplus if not name.startswith(("manifest/", "lease/")))


def shard_in(name: str) -> int | None:
    """The shard that an object belongs to; None for one of the whole run."""
    match = re.match(r"[a-z]+/(\d{6,})(?=[-./])", name)
    return int(match[1]) if match else None


@contextmanager
def opened(
    url: BucketUrl,
    work: Path | None,
    *,
    to_make: bool = True,
    who: str | None = None,
    patience_s: float | None = None,
) -> Iterator[Place]:
    """A run in a bucket, to make it: tried out, and held against others who would make all of it.

    Args:
        who: what others read of who makes it [default: machine and process].
        to_make: False takes no lease and needs no right to write: for who makes one shard, or only looks.
        patience_s: so long a store that does not answer is waited for at the beginning; see `Store.open`.

    Raises:
        ValueError: the store cannot be used, or somebody else makes this run.
    """
    with working_folder(work) as folder:
        me = Maker(who or f"{socket.gethostname()} process {os.getpid()}", folder)
        store = Store.open(url, to_make=to_make, patience_s=patience_s)
        lease = take(store, RUN, me, None, if_alive=False) if to_make else None
        try:
            place = Place(store, folder, me, lease)
            place.read_record()
            yield place
        finally:
            if lease is not None:
                lease.release()
