"""exchanges.jsonl: every paid exchange of a run, kept as it comes, so that none is paid twice.

    log = ExchangeLog(run)                 # reads what is there; writes nothing
    log.reply(key) / log.image(key)        # what was paid for already
    log.append({"kind": "reply", "key": key, ...})
    log.close()

One line an exchange: with the OS when `append` returns (a `kill -9` does not lose it), on disk about 50 ms later. A
line carries its checksum; a torn last line is ignored. Bytes of pictures lie beside it in exchanges.pack until the
cells they belong to are committed. Lines stay: they say what a run has cost. `void` lines take replies out of use.

It knows no prices and asks nobody: see service.py.
"""

import json
import os
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from moviellm.generation.files import disk_errors, sync_folder
from moviellm.generation.runs.journal import GROUP_FSYNC_S, write_all
from moviellm.generation.schema import canonical_json

LOG_NAME = "exchanges.jsonl"
PACK_NAME = "exchanges.pack"
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


class ExchangeLog:
    """The exchanges of one run. One process uses it, under the run's lock."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.path = run / LOG_NAME
        """The file of lines."""
        self.spent = Spent()
        self.servers: dict[tuple[str, str], bool] = {}
        """(server id, model) -> whether that server holds answers to a schema."""
        self.batches: dict[str, Row] = {}
        """Batches sent and not yet answered, by id; an intent whose id never came stands under its wave."""
        self._replies: dict[str, tuple[int, int]] = {}
        self._images: dict[str, Row] = {}
        self._lines: FileIO | None = None
        self._pack: FileIO | None = None
        self._bytes = 0
        self._torn = False
        self._broken: str | None = None
        self._dirty, self._closing = threading.Event(), threading.Event()
        self._syncer: threading.Thread | None = None
        self._read()

    def _read(self) -> None:
        if not self.path.is_file():
            return
        for offset, line, row in read_rows(self.path):
            self._bytes = offset + len(line)
            self._torn = not line.endswith(b"\n")
            if row is not None:
                self._keep(row, offset, len(line))

    def _keep(self, row: Row, offset: int, length: int) -> None:
        kind = row["kind"]
        if kind in {"reply", "image"}:
            self.spent.count(row)
        if kind == "reply":
            self._replies[row["key"]] = (offset, length)
        elif kind == "image":
            self._images[row["key"]] = row
        elif kind == "void":
            for key in row["keys"]:
                self._replies.pop(key, None)
                self._images.pop(key, None)
        elif kind == "server":
            self.servers[row["server"], row["model"]] = row["native"]
        elif kind == "batch":
            self.batches.pop(row["wave"], None)
            self.batches[row.get("id") or row["wave"]] = row
        elif kind == "batch_done":
            self.batches.pop(row["id"], None)

    def reply(self, key: str) -> Row | None:
        """A kept reply."""
        if key not in self._replies:
            return None
        offset, length = self._replies[key]
        with open(self.path, "rb", buffering=0) as file:
            return _parse(os.pread(file.fileno(), length, offset))

    def image(self, key: str) -> tuple[Row, bytes] | None:
        """A kept picture; None also where its bytes are gone, as they are when its cell was committed."""
        row = self._images.get(key)
        if row is None:
            return None
        try:
            with open(self.run / PACK_NAME, "rb", buffering=0) as file:
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
        self._keep(row, self._bytes, len(line))
        self._bytes += len(line)
        self._sync_soon()

    def _open_lines(self) -> FileIO:
        if self._lines is None:
            self.run.mkdir(parents=True, exist_ok=True)
            self._lines = open(self.path, "ab", buffering=0)  # noqa: SIM115
            if self._torn:  # what a kill left of a line becomes a line of its own, which has no checksum
                write_all(self._lines.fileno(), b"\n")
                self._bytes += 1
                self._torn = False
            sync_folder(self.run)
        return self._lines

    def _open_pack(self) -> FileIO:
        if self._pack is None:
            self._pack = open(self.run / PACK_NAME, "ab", buffering=0)  # noqa: SIM115
        return self._pack

    def forget_images(self) -> None:
        """Drop the bytes of pictures: their cells are committed. What they cost stays known."""
        self._images.clear()
        with disk_errors(self.path):
            pack, self._pack = self._pack, None
            if pack is not None:
                pack.close()
            (self.run / PACK_NAME).unlink(missing_ok=True)

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


def read_rows(path: Path) -> Iterator[tuple[int, bytes, Row | None]]:
    """Every line with its place; None for one that is torn or damaged."""
    offset = 0
    with open(path, "rb") as lines:
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
