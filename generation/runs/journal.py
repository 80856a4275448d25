"""The journal of a shard: what is made and not yet in a table.

    journal = Journal(run, shard=0)
    journal.append(entry, cell_id, image)          # the OS has it when this returns; it is on disk about 50 ms later
    journal.close()
    kept, findings = read_journals(run, shard=0)

A process writes `journal/000000.<n>.jsonl` and, beside it, image bytes in `journal/000000.<n>.pack`; each process
starts a new <n>, and a reader takes the union. A line carries its own checksum and the hash of its image, so what a
kill, a full disk or a power cut left half-written is seen and left out: those cells are made again.

It does not know what a cell is or when a shard is finished: see cells.py.
"""

import hashlib
import json
import os
import threading
import zlib
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from moviellm.generation.files import disk_errors, sync_folder
from moviellm.generation.schema import canonical_json

GROUP_FSYNC_S = 0.05
"""Results written within this time share one fsync: one each would allow about 65 results a second."""

CALLS_NAME = "calls.jsonl"
_PREFIX = '{"crc32":"%08x","row":'
_PREFIX_LENGTH = len(_PREFIX % 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one request."""

    key: str
    output: str | None
    """Canonical JSON of the answer; None when there is none."""
    image_sha256: str | None
    error: str | None
    """Why there is no answer."""


@dataclass(frozen=True, slots=True)
class PackSlice:
    """Where the bytes of an image lie in a pack."""

    path: Path
    offset: int
    length: int

    def read(self) -> bytes:
        """The bytes, fewer when the pack is shorter than it should be."""
        with open(self.path, "rb", buffering=0) as pack:
            return os.pread(pack.fileno(), self.length, self.offset)


def write_all(descriptor: int, data: bytes) -> None:
    """Hand all of `data` to the OS. Without a buffer of our own, what is written survives a `kill -9`."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def calls_of(run: Path, shard: int | None) -> Path:
    """The log of calls, times and errors: the run's, or that of a shard that is made on a cluster."""
    return run / CALLS_NAME if shard is None else run / "calls" / f"{shard:06d}.jsonl"


def journal_files(run: Path, shard: int | None = None) -> list[Path]:
    """Journals (`.jsonl`) and packs of one shard, or of all, in the order they were started."""
    pattern = "*" if shard is None else f"{shard:06d}"
    found = [path for path in (run / "journal").glob(f"{pattern}.*.*") if path.suffix in {".jsonl", ".pack"}]
    return sorted(found, key=lambda path: (path.name.split(".")[0], _number(path), path.suffix))


def _number(path: Path) -> int:
    middle = path.name.split(".")[1]
    return int(middle) if middle.isdecimal() else -1


class Journal:
    """One process's journal of one shard. Makes no file before the first result."""

    def __init__(self, run: Path, shard: int) -> None:
        self._run = run
        self._shard = shard
        self._lines: FileIO | None = None
        self._pack: FileIO | None = None
        self._lines_bytes = 0
        self._pack_bytes = 0
        self.files: tuple[Path, ...] = ()
        """The files of this journal, once it has any."""
        self._broken: str | None = None
        self._lock = threading.Lock()
        self._syncer: threading.Thread | None = None
        self._dirty, self._closing = threading.Event(), threading.Event()

    def begin(self) -> None:
        """Make the files, empty: from now on the shard counts as being made.

        Raises:
            ValueError: the disk is full or cannot be written.
        """
        with disk_errors(self._run / "journal"):
            self._files()

    def append(self, entry: Entry, cell_id: str, image: bytes | None) -> PackSlice | None:
        """Hand one result to the OS, image first; a thread makes it durable within about `GROUP_FSYNC_S`.

        Raises:
            ValueError: the disk is full or cannot be written; nothing half-written is left behind.
        """
        if self._broken is not None:
            raise ValueError(self._broken)
        try:
            with disk_errors(self._run / "journal"):
                lines, pack = self._files()
                return self._append(lines, pack, entry, cell_id, image)
        except (OSError, ValueError) as error:
            self._broken = str(error)
            raise

    def _append(
        self, lines: FileIO, pack: FileIO, entry: Entry, cell_id: str, image: bytes | None
    ) -> PackSlice | None:
        row: dict[str, object] = {
            "key": entry.key,
            "cell_id": cell_id,
            "output": entry.output,
            "image_sha256": entry.image_sha256,
            "error": entry.error,
        }
        place = None
        if image is not None:
            place = PackSlice(Path(os.fsdecode(pack.name)), self._pack_bytes, len(image))
            row |= {"offset": place.offset, "length": place.length}
        body = canonical_json(row).encode()
        line = (_PREFIX % zlib.crc32(body)).encode() + body + b"}\n"
        try:
            if image is not None:
                write_all(pack.fileno(), image)
            write_all(lines.fileno(), line)
        except BaseException:
            with suppress(OSError):
                os.ftruncate(lines.fileno(), self._lines_bytes)
                os.ftruncate(pack.fileno(), self._pack_bytes)
            raise
        self._pack_bytes += len(image or b"")
        self._lines_bytes += len(line)
        self._sync_soon()
        return place

    def _files(self) -> tuple[FileIO, FileIO]:
        if self._lines is None or self._pack is None:
            folder = self._run / "journal"
            folder.mkdir(parents=True, exist_ok=True)
            number = 1 + max((_number(path) for path in journal_files(self._run, self._shard)), default=-1)
            stem = f"{self._shard:06d}.{number}"
            self._pack = open(folder / f"{stem}.pack", "xb", buffering=0)  # noqa: SIM115
            self._lines = open(folder / f"{stem}.jsonl", "xb", buffering=0)  # noqa: SIM115
            self.files = (folder / f"{stem}.pack", folder / f"{stem}.jsonl")
            self._lines_bytes = self._pack_bytes = 0
        return self._lines, self._pack

    def _sync_soon(self) -> None:
        if self._syncer is None:
            self._syncer = threading.Thread(target=self._keep_syncing, daemon=True)
            self._syncer.start()
        self._dirty.set()

    def _keep_syncing(self) -> None:
        """The one thread of a journal: a thread for each fsync would cost the maker a millisecond every time."""
        while self._dirty.wait() and not self._closing.wait(GROUP_FSYNC_S):
            self._dirty.clear()  # before the fsync: what is written during it asks for another one
            if self._closing.is_set():  # closed since the wait ran out: the wake-up may be what was just cleared
                return
            self._sync()

    def _sync(self) -> None:
        with self._lock:
            if self._lines is None or self._pack is None:
                return
            try:
                with disk_errors(self._run / "journal"):
                    os.fsync(self._pack.fileno())
                    os.fsync(self._lines.fileno())
                    sync_folder(self._run / "journal")
            except (OSError, ValueError) as error:
                self._broken = str(error)

    def close(self) -> None:
        """Make everything durable and close the files. Blocks on fsync: call it off the event loop.

        Raises:
            ValueError: something written could not be made durable.
        """
        if self._syncer is not None:
            self._closing.set()
            self._dirty.set()
            self._syncer.join()
            self._syncer = None
            self._closing.clear()
        self._sync()
        with self._lock:
            for file in (self._lines, self._pack):
                if file is not None:
                    file.close()
            self._lines = self._pack = None
        if self._broken is not None:
            raise ValueError(self._broken)


def read_journals(
    run: Path, shard: int, *, packs: bool = True
) -> tuple[list[tuple[Entry, PackSlice | None]], list[str]]:
    """Every whole result in the journals of a shard, oldest first, and a sentence for each thing that is not whole.

    Args:
        packs: hold the pictures against their hashes; without, the packs need not be there.
    """
    kept: list[tuple[Entry, PackSlice | None]] = []
    findings: list[str] = []
    for path in journal_files(run, shard):
        if path.suffix == ".jsonl":
            kept += _read_journal(path, findings, packs)
    return kept, findings


def _read_journal(path: Path, findings: list[str], packs: bool) -> list[tuple[Entry, PackSlice | None]]:
    kept: list[tuple[Entry, PackSlice | None]] = []
    torn = damaged = imageless = 0
    with open(path, "rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                torn += 1
            elif (row := parse_line(line)) is None:
                damaged += 1
            else:
                place = None
                if row["image_sha256"] is not None:
                    place = PackSlice(path.with_suffix(".pack"), row["offset"], row["length"])
                    if packs and not _holds(place, row["image_sha256"]):
                        imageless += 1
                        continue
                kept.append((Entry(row["key"], row["output"], row["image_sha256"], row["error"]), place))
    if torn:
        findings.append(f"the last line of journal/{path.name} is cut off; its cell is made again")
    if damaged:
        findings.append(f"{damaged} damaged lines in journal/{path.name}; their cells are made again")
    if imageless:
        pack = path.with_suffix(".pack")
        state = "lacks or has damaged" if pack.exists() else "is gone, and with it"
        findings.append(f"journal/{pack.name} {state} {imageless} images; they are made again")
    return kept


# A line is a dict of the shape that Journal._append writes once its checksum fits.
def parse_line(line: bytes) -> dict | None:  # type: ignore[type-arg]
    """The result in a whole line; None where it is torn or damaged."""
    body = line[_PREFIX_LENGTH:-2]
    if line != (_PREFIX % zlib.crc32(body)).encode() + body + b"}\n":
        return None
    row = json.loads(body)
    return row if isinstance(row, dict) else None


def _holds(place: PackSlice, image_sha256: str) -> bool:
    try:
        return hashlib.sha256(place.read()).hexdigest() == image_sha256
    except FileNotFoundError:
        return False
