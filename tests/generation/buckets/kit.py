"""A store in memory that can die at any request, and a run that is made in it by makers of tests.

fs = Memory(); made = make(fs, folder, record)             # the keys and bytes that are committed
fs.dies_at = 12; make(...) raises Killed                   # and every request after it fails too

with bucket_make(s3, url, "--recipe", "tiny") as process:  # `moviellm make`, a process, with little patience
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fsspec

from moviellm.generation.buckets import places
from moviellm.generation.buckets.making import make_in_bucket
from moviellm.generation.buckets.segments import EXCHANGES, Piece, segment_of
from moviellm.generation.buckets.store import Store
from moviellm.generation.llm.exchanges import ExchangeLog
from moviellm.generation.make import MakeReport
from moviellm.generation.runs.address import BucketUrl
from moviellm.generation.runs.manifest import TABLES
from moviellm.generation.runs.record import RunRecord, write_record
from moviellm.generation.studios import Studio
from tests.fakes import FakePainter, FakeWriter

URL = BucketUrl("s3", "films/run")
ASKED = {"pipe_file", "put_file", "rm_file", "cat_file", "get_file", "find"}
HURRY = (
    "import moviellm.generation.buckets.leases as leases, moviellm.generation.buckets.keeping as keeping; "
    "leases.BEAT_S, leases.STALE_S, leases.POLL_S, keeping.FLUSH_S = 0.3, 3.0, 0.1, {flush_s}; "
    "from moviellm.generation.cli.app import main; main()"
)


class Killed(BaseException):
    """The process is gone: not an error that anything handles."""


class Memory:
    """A file system of fsspec in memory, that counts what it is asked."""

    def __init__(self) -> None:
        self._fs: Any = fsspec.filesystem("memory", skip_instance_cache=True)
        self._fs.store, self._fs.pseudo_dirs = {}, [""]
        self.asked: list[tuple[str, str]] = []
        self.dies_at: int | None = None
        """The request at which its asker dies."""
        self.does_it = False
        """The request is done all the same."""

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._fs, name)
        if name not in ASKED:
            return call

        def asked(*values: Any, **options: Any) -> Any:
            self.asked.append((name, str(values[1] if name == "put_file" else values[0])))
            if self.dies_at is not None and len(self.asked) >= self.dies_at:
                if self.does_it and len(self.asked) == self.dies_at:
                    call(*values, **options)
                raise Killed
            found = call(*values, **options)
            return {key.lstrip("/"): info for key, info in found.items()} if name == "find" else found

        return asked

    def files(self) -> dict[str, bytes]:
        """Every object, by its name in the run."""
        prefix = f"/{URL.root}/"
        return {key.removeprefix(prefix): bytes(file.getvalue()) for key, file in sorted(self._fs.store.items())}


def put_exchanges(store: Store, folder: Path, *, ago_s: float, count: int, shard: int = 7) -> None:
    """The last segment of a shard whose maker paid for exchanges so many seconds ago."""
    log, at = ExchangeLog(folder / f"paid-{shard}"), time.time() - ago_s
    log.run.mkdir()
    for number in range(count):
        log.append({"kind": "reply", "key": f"k{number}", "usd": 0.5, "tokens_in": 1, "tokens_out": 1, "at": at})
    log.close()
    piece = Piece("0001-a", EXCHANGES, 0, log.path.read_bytes())
    store.put(f"segments/{shard:06d}/0001-a.end", segment_of([piece], {"0001-a": log.spent}, at))


def committed(files: dict[str, bytes]) -> dict[str, bytes]:
    """Tables and manifests."""
    return {name: data for name, data in files.items() if name.split("/")[0] in {*TABLES, "manifest"}}


def make(
    fs: Memory,
    work: Path,
    record: RunRecord,
    monkeypatch: Any,
    writer: FakeWriter | None = None,
    retry_failed: bool = False,
) -> MakeReport:
    """Make a run in the store in memory; the record is the one that is given."""
    opened_store = classmethod(lambda cls, url, **_: cls(url, fs))
    monkeypatch.setattr(Store, "open", opened_store)
    studio = Studio(writer=writer or FakeWriter(), painter=FakePainter())
    with places.opened(URL, work) as place:
        write_record(place.folder, record)
        place.write_record()
        return asyncio.run(make_in_bucket(place, record, studio, lambda count: None, retry_failed=retry_failed))


def bucket_make(
    environment: dict[str, str], *arguments: str, flush_s: float = 0.2, verb: Sequence[str] = ("make",)
) -> subprocess.Popen[str]:
    """A verb in a process of its own, with little patience."""
    command = [sys.executable, "-P", "-c", HURRY.format(flush_s=flush_s), *verb, *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        process_group=0,
    )
