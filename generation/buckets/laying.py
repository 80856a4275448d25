"""Tables of a run in a bucket, in a folder while they are needed: of each stage the one at hand and the next.

    tables = LaidTables(store, folder, manifests)
    reader = RunReader(folder, tables.lay)               # reads shard by shard; the next one comes meanwhile
    tables.close()

What is on the disk at a time is bounded by two shards, however large the run is. It reads no table.
"""

import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from moviellm.generation.buckets.store import Store
from moviellm.generation.runs.manifest import Manifest, TableFile

AT_A_TIME = 4
"""Tables that come together."""


class LaidTables:
    """The tables of one run. Used by one thread."""

    def __init__(self, store: Store, folder: Path, manifests: Iterable[Manifest]) -> None:
        self._store, self._folder = store, folder
        self._pool = ThreadPoolExecutor(AT_A_TIME)
        self._there: dict[str, dict[str, Future[bool]]] = {}
        """Stage -> file -> whether it came."""
        self._next: dict[str, str] = {}
        last: dict[str, str] = {}
        for manifest in manifests:
            for stage, table in manifest.tables.items():
                if stage in last:
                    self._next[last[stage]] = table.file
                last[stage] = table.file

    def lay(self, table: TableFile) -> bool:
        """Have a table in the folder, begin to fetch the next of its stage, and drop all others of it.

        Returns False where the bucket has none.

        Raises:
            StoreError: the store does not give it.
        """
        there = self._there.setdefault(table.file.partition("/")[0], {})
        wanted = [file for file in (table.file, self._next.get(table.file)) if file is not None]
        for file in [file for file in there if file not in wanted]:
            self._drop(file, there.pop(file))
        for file in wanted:
            if file not in there:
                there[file] = self._pool.submit(self._store.fetch, file, self._folder / file)
        return there[table.file].result()

    def _drop(self, file: str, came: "Future[bool]") -> None:
        if not came.cancel():
            with suppress(Exception):  # nobody needs it
                came.result()
        (self._folder / file).unlink(missing_ok=True)

    def close(self) -> None:
        """Wait for what is under way, and drop all."""
        for there in self._there.values():
            for file, came in there.items():
                self._drop(file, came)
        self._there.clear()
        self._pool.shutdown()


def refuse_small_disk(folder: Path, needed: int, what: str) -> None:
    """Say that a disk has not the room, before hours of work find out.

    Raises:
        ValueError: it has not.
    """
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise ValueError(
            f"{place} has {_size(free)} free, and {what} takes about {_size(needed)}; make room, or name another disk"
        )


def two_shards(manifests: Sequence[Manifest]) -> int:
    """Bytes of the two largest shards: what lies in the folder together."""
    return sum(sorted(sum(table.bytes for table in one.tables.values()) for one in manifests)[-2:])


def _size(count: int) -> str:
    return f"{count / 1e12:.1f} TB" if count >= 1e12 else f"{count / 1e9:.1f} GB"
