"""exchanges.jsonl: every paid exchange of a run, kept as it comes, so that none is paid twice.

    log = ExchangeLog(run)                 # reads what is there; writes nothing
    log.reply(key) / log.image(key)        # what was paid for already
    log.append({"kind": "reply", "key": key, ...})
    log.close()

One line an exchange: with the OS when `append` returns (a `kill -9` does not lose it), on disk about 50 ms later. A
line carries its checksum; a torn last line is ignored. Bytes of pictures lie beside it in exchanges.pack until the
cells they belong to are committed. Lines stay: they say what a run has cost. `void` lines take replies out of use.

On a cluster every shard has a log and a pack of its own, `exchanges/000012.jsonl` beside `exchanges.jsonl`: each file
has one writer. A process that makes the whole run reads them all, one that makes a shard reads its own and the run's.

It knows no prices and asks nobody: see service.py.
"""

import json
import os
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from moviellm.generation.files import disk_errors, sync_folder
from moviellm.generation.llm.admission import MINUTE_S, Asked
from moviellm.generation.runs.journal import GROUP_FSYNC_S, write_all
from moviellm.generation.schema import canonical_json

LOG_NAME = "exchanges.jsonl"
PACK_NAME = "exchanges.pack"
SHARD_LOGS = "exchanges"
"""Folder of the logs and packs of shards that were made on a cluster."""
PAID = frozenset({"reply", "image"})
"""Kinds of lines that cost something."""
_PREFIX = '{"crc32":"%08x","row":'
_PREFIX_LENGTH = len(_PREFIX % 0)
Row = Mapping[str, Any]


@dataclass
class Spent:
    """What the exchanges of a run have cost."""

    usd: float = 0.0
    calls: int = 0
    """Exchanges that were paid for, also those whose answer could not be used."""
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    images: int = 0
    unpriced: int = 0
    """Exchanges of models that the price table does not know."""

    def count(self, row: Row) -> None:
        """Add one exchange."""
        self.calls += 1
        self.usd += row.get("usd") or 0.0
        self.unpriced += row.get("usd") is None
        self.tokens_in += row.get("tokens_in") or 0
        self.tokens_out += row.get("tokens_out") or 0
        self.tokens_cached += row.get("tokens_cached") or 0
        self.images += row["kind"] == "image"

    def add(self, other: "Spent") -> None:
        """Add what others have cost."""
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def less(self, other: "Spent") -> "Spent":
        """What this is more than another."""
        return Spent(**{name: value - getattr(other, name) for name, value in vars(self).items()})


def log_of(run: Path, shard: int | None) -> Path:
    """The log that a process writes: the run's, or that of the one shard it makes on a cluster."""
    return run / LOG_NAME if shard is None else run / SHARD_LOGS / f"{shard:06d}.jsonl"


def logs_of(run: Path) -> list[Path]:
    """Every log of a run that is there, the run's own first."""
    found = [path for path in (run / SHARD_LOGS).glob("*.jsonl") if path.stem.isdecimal()]
    return [path for path in (run / LOG_NAME, *sorted(found)) if path.is_file()]


def spent_in(path: Path, start: int = 0) -> Spent:
    """What the exchanges of one log have cost, from a place in it on; nothing where there is none."""
    spent = Spent()
    for _, _, row in read_rows(path, start) if path.is_file() else ():
        if row is not None and row["kind"] in PAID:
            spent.count(row)
    return spent


def asked_in(path: Path, since: float, start: int = 0) -> list[Asked]:
    """What one log says was asked since a time, from a place in it on; nothing where there is none."""
    rows = (row for _, _, row in read_rows(path, start)) if path.is_file() else ()
    return [asked for row in rows if row is not None and (asked := _asked_since(row, since)) is not None]


def _asked_since(row: Row, since: float) -> Asked | None:
    """What one exchange counts for a limit a minute; None for a line that asked nothing then, or in a batch."""
    at = row.get("at") or 0.0
    if row["kind"] not in PAID or row.get("batch") is not None or at <= since:
        return None
    tokens = (row.get("tokens_in") or 0) + (row.get("tokens_out") or 0)
    return Asked(name=f"{row['key']} {at}", at=at, requests=1 + len(row.get("attempts") or ()), tokens=tokens)


class ExchangeLog:
    """The exchanges of one run. One process uses it, under the run's lock, or that of its shard."""

    def __init__(self, run: Path, shard: int | None = None) -> None:
        """`shard`: the one shard that is made here, on a cluster; None makes the whole run."""
        self.run = run
        self.path = log_of(run, shard)
        """The file of lines that this process writes."""
        self.pack_path = self.path.with_suffix(".pack")
        self.spent = Spent()
        """What the run has cost; of a shard's log what the shard has."""
        self.lately: list[Asked] = []
        """What was asked in the minute before it was opened."""
        self.servers: dict[tuple[str, str], bool] = {}
        """(server id, model) -> whether that server holds answers to a schema."""
        self.batches: dict[str, Row] = {}
        """Batches sent and not yet answered, by id; an intent whose id never came stands under its wave."""
        self._replies: dict[str, tuple[Path, int, int, float]] = {}
        self._images: dict[str, tuple[Path, Row]] = {}
        self._voided: dict[str, float] = {}
        self._lines: FileIO | None = None
        self._pack: FileIO | None = None
        self._bytes = 0
        self._torn = False
        self._broken: str | None = None
        self._dirty, self._closing = threading.Event(), threading.Event()
        self._syncer: threading.Thread | None = None
        self._minute_ago = time.time() - MINUTE_S
        others = logs_of(run) if shard is None else [log_of(run, None)]
        for path in (*(other for other in others if other != self.path), self.path):  # its own last
            if path.is_file():
                self._read(path, counts=shard is None or path == self.path)

    def _read(self, path: Path, counts: bool) -> None:
        own = path == self.path
        for offset, line, row in read_rows(path):
            if own:
                self._bytes = offset + len(line)
                self._torn = not line.endswith(b"\n")
            if row is not None:
                if counts and row["kind"] in PAID:
                    self.spent.count(row)
                if (asked := _asked_since(row, self._minute_ago)) is not None:
                    self.lately.append(asked)
                self._keep(row, path, offset, len(line))

    def _keep(self, row: Row, path: Path, offset: int, length: int) -> None:
        kind, at = row["kind"], row.get("at") or 0.0
        if kind == "void":
            for key in row["keys"]:
                self._void(key, at, path)
        elif kind in PAID and 0.0 < at < self._voided.get(row["key"], 0.0):
            return  # taken out of use by another log
        elif kind == "reply":
            self._replies[row["key"]] = (path, offset, length, at)
        elif kind == "image":
            self._images[row["key"]] = (path.with_suffix(".pack"), row)
        elif kind == "server":
            self.servers[row["server"], row["model"]] = row["native"]
        elif kind == "batch":
            self.batches.pop(row["wave"], None)
            self.batches[row.get("id") or row["wave"]] = row
        elif kind == "batch_done":
            self.batches.pop(row["id"], None)

    def _void(self, key: str, at: float, path: Path) -> None:
        """Take a reply out of use: what stood before in the same log, and what another log had by then."""
        if at:
            self._voided[key] = max(at, self._voided.get(key, 0.0))
        reply, image = self._replies.get(key), self._images.get(key)
        if reply is not None and (reply[0] == path or reply[3] <= at):
            del self._replies[key]
        if image is not None and (image[0] == path.with_suffix(".pack") or (image[1].get("at") or 0.0) <= at):
            del self._images[key]

    def take(self, path: Path) -> None:
        """Know what stands in a log of somebody else: it is not paid for again. What it cost is not counted here."""
        for offset, line, row in read_rows(path):
            if row is not None:
                self._keep(row, path, offset, len(line))

    def reply(self, key: str) -> Row | None:
        """A kept reply."""
        if key not in self._replies:
            return None
        path, offset, length, _ = self._replies[key]
        with open(path, "rb", buffering=0) as file:
            return _parse(os.pread(file.fileno(), length, offset))

    def image(self, key: str) -> tuple[Row, bytes] | None:
        """A kept picture; None also where its bytes are gone, as they are when its cell was committed."""
        if key not in self._images:
            return None
        pack, row = self._images[key]
        try:
            with open(pack, "rb", buffering=0) as file:
                data = os.pread(file.fileno(), row["length"], row["offset"])
        except OSError:
            return None
        return (row, data) if len(data) == row["length"] and zlib.crc32(data) == row["image_crc32"] else None

    def append(self, row: Row, image: bytes | None = None) -> None:
        """Hand one line to the OS, a picture's bytes first; a thread makes both durable soon.

        Raises:
            DiskError: the disk is full or cannot be written.
        """
        with disk_errors(self.path):
            lines = self._open_lines()
            if image is not None:
                pack = self._open_pack()
                offset = os.fstat(pack.fileno()).st_size
                row = {**row, "offset": offset, "length": len(image), "image_crc32": zlib.crc32(image)}
                write_all(pack.fileno(), image)
            body = canonical_json(row).encode(errors="backslashreplace")
            line = (_PREFIX % zlib.crc32(body)).encode() + body + b"}\n"
            try:
                write_all(lines.fileno(), line)
            except BaseException:
                with suppress(OSError):
                    os.ftruncate(lines.fileno(), self._bytes)
                raise
        if row["kind"] in PAID:
            self.spent.count(row)
        self._keep(row, self.path, self._bytes, len(line))
        self._bytes += len(line)
        self._sync_soon()

    def _open_lines(self) -> FileIO:
        if self._lines is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lines = open(self.path, "ab", buffering=0)  # noqa: SIM115
            if self._torn:  # what a kill left of a line becomes a line of its own, which has no checksum
                write_all(self._lines.fileno(), b"\n")
                self._bytes += 1
                self._torn = False
            sync_folder(self.path.parent)
        return self._lines

    def _open_pack(self) -> FileIO:
        if self._pack is None:
            self._pack = open(self.pack_path, "ab", buffering=0)  # noqa: SIM115
        return self._pack

    def forget_images(self) -> None:
        """Drop the bytes of the pictures in this pack: their cells are committed. What they cost stays known."""
        self._images = {key: kept for key, kept in self._images.items() if kept[0] != self.pack_path}
        with disk_errors(self.path):
            pack, self._pack = self._pack, None
            if pack is not None:
                pack.close()
            self.pack_path.unlink(missing_ok=True)

    def sync(self) -> None:
        """Make durable what was appended. Blocks."""
        with disk_errors(self.path):
            for file in (self._pack, self._lines):
                if file is not None and not file.closed:
                    os.fsync(file.fileno())

    def _sync_soon(self) -> None:
        if self._syncer is None:
            self._syncer = threading.Thread(target=self._keep_syncing, daemon=True)
            self._syncer.start()
        self._dirty.set()

    def _keep_syncing(self) -> None:
        while self._dirty.wait() and not self._closing.wait(GROUP_FSYNC_S):
            self._dirty.clear()
            if self._closing.is_set():
                return
            with suppress(ValueError, OSError):  # said by the next append, or by close
                self.sync()

    def close(self) -> None:
        """Make everything durable and close the files."""
        if self._syncer is not None:
            self._closing.set()
            self._dirty.set()
            self._syncer.join()
            self._syncer = None
            self._closing.clear()
        self.sync()
        for file in (self._lines, self._pack):
            if file is not None:
                file.close()
        self._lines = self._pack = None


def read_rows(path: Path, start: int = 0) -> Iterator[tuple[int, bytes, Row | None]]:
    """Every line from a place on, with its own; None for one that is torn or damaged."""
    offset = start
    with open(path, "rb") as lines:
        lines.seek(start)
        for line in lines:
            yield offset, line, _parse(line)
            offset += len(line)


def _parse(line: bytes) -> Row | None:
    line = line.rstrip(b"\n") + b"\n"  # one that lacks only its end is whole
    body = line[_PREFIX_LENGTH:-2]
    if line != (_PREFIX % zlib.crc32(body)).encode() + body + b"}\n":
        return None
    row = json.loads(body)
    return row if isinstance(row, dict) and "kind" in row else None
