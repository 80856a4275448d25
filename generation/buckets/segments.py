"""Segments: what a maker's journal and logs got since the last time, as one object that never changes.

    for lot in tails.pieces("0003-1a2b3c4d", files):        # what is new
        store.create(name, segment_of(lot))
    for piece in pieces_of(data):
        joined.add(piece)

A segment is a line of JSON that names its pieces, and their bytes, those of packs last. A piece says whose it is, of
which file, and from which place in it on, so that reading one twice, or in two segments, is reading it once. Lines are
whole lines, and what a line names (a picture in a pack) is in its segment or an earlier one. The one segment that
stays after a commit keeps the lines of the logs, and says in front what they have cost.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from moviellm.generation.buckets.store import Store
from moviellm.generation.llm.exchanges import Spent

SEGMENT_BYTES = 16 * 1024 * 1024
"""What one object holds, about."""
FIRST_BYTES = 256 * 1024
"""What is read of a segment to know its head and, mostly, its lines."""
HEAD_BYTES = 8 * 1024
"""What is read of one whose lines are not needed."""
FOLDER = "segments"
LINES, PACK = ".jsonl", ".pack"
END = ".end"
"""How the name of the segment ends that stays after a commit."""


@dataclass(frozen=True)
class Piece:
    """A part of one file of one maker."""

    of: str
    """The maker: the label of its lease."""
    file: str
    """`journal/0.jsonl`, `calls.jsonl`, `exchanges.pack`, ..."""
    at: int
    """Its place in that file."""
    data: bytes


def segment_of(pieces: Iterable[Piece], spent: Mapping[str, Spent] | None = None, last_at: float = 0.0) -> bytes:
    """The bytes of a segment; `spent`: what each maker's exchanges in it have cost, `last_at`: when the last came."""
    pieces = sorted(pieces, key=lambda one: one.file.endswith(PACK))
    head: dict[str, Any] = {
        "pieces": [{"of": one.of, "file": one.file, "at": one.at, "bytes": len(one.data)} for one in pieces]
    }
    if spent is not None:
        head["spent"] = {label: asdict(one) for label, one in spent.items()}
        head["last_at"] = last_at
    return json.dumps(head).encode() + b"\n" + b"".join(one.data for one in pieces)


def pieces_of(data: bytes) -> Iterator[Piece]:
    """The pieces of a segment, as far as its bytes are given."""
    line, _, rest = data.partition(b"\n")
    place = 0
    for one in json.loads(line)["pieces"]:
        part = rest[place : place + int(one["bytes"])]
        place += int(one["bytes"])
        if len(part) == int(one["bytes"]):
            yield Piece(str(one["of"]), str(one["file"]), int(one["at"]), part)


def head_of(store: Store, name: str, first: int = FIRST_BYTES) -> tuple[dict[str, Any], bytes] | None:
    """The head of a segment, and what was read of it; None where it is gone."""
    data = store.get(name, first)
    if data is not None and b"\n" not in data:
        data = store.get(name)
    return None if data is None else (json.loads(data.partition(b"\n")[0]), data)


def lines_in(store: Store, name: str) -> list[Piece]:
    """The pieces of a segment that are lines; pictures stay where they are. Empty where it is gone."""
    found = head_of(store, name)
    if found is None:
        return []
    head, data = found
    lines = sum(int(one["bytes"]) for one in head["pieces"] if one["file"].endswith(LINES))
    needed = data.index(b"\n") + 1 + lines
    if len(data) < needed:
        data = store.get(name, needed) or data
    return [piece for piece in pieces_of(data) if piece.file.endswith(LINES)]


def told_at_end(store: Store, name: str) -> tuple[dict[str, Spent], float]:
    """What the logs in a shard's last segment have cost, by maker, and when the last exchange in them came."""
    found = head_of(store, name, HEAD_BYTES)
    told = {} if found is None else found[0]
    return {label: Spent(**one) for label, one in told.get("spent", {}).items()}, float(told.get("last_at") or 0.0)


def folder_of(shard: int) -> str:
    """Where the segments of a shard are."""
    return f"{FOLDER}/{shard:06d}"


def shard_of(name: str) -> int:
    """The shard of a segment, by its name."""
    return int(name.split("/")[1])


def reading_order(names: Iterable[str]) -> list[str]:
    """Segments as they were written; those that keep the logs of many others first."""
    return sorted(names, key=lambda name: (not name.endswith(END), name))


def lease_number(name: str) -> int:
    """The number of the lease in a segment's name, `segments/000012/0003-1a2b3c4d.000007`."""
    number = name.rsplit("/", 1)[-1].partition("-")[0]
    return int(number) if number.isdecimal() else 0


class Tails:
    """How far the files of one process are sent. They only grow; one that is gone and begins anew is sent anew."""

    def __init__(self) -> None:
        self._sent: dict[Path, int] = {}

    def pieces(self, of: str, files: Mapping[str, Path]) -> Iterator[list[Piece]]:
        """What came since the last time, in lots of about a segment; one counts as sent when the next is asked for."""
        starts = {name: self.start(path) for name, path in files.items()}
        ends = {name: whole_lines(path) for name, path in files.items() if name.endswith(LINES)}
        ends |= {name: _size(path) for name, path in files.items() if name.endswith(PACK)}  # later: it holds no less
        lot: list[Piece] = []
        room = SEGMENT_BYTES
        for name in sorted(files, key=lambda name: not name.endswith(PACK)):
            place = starts[name]
            while place < ends[name]:
                data = read(files[name], place, min(ends[name] - place, room))
                if not data:  # gone meanwhile: it is committed
                    break
                lot.append(Piece(of, name, place, data))
                place += len(data)
                room -= len(data)
                if room <= 0:
                    yield lot
                    self._count(lot, files)
                    lot, room = [], SEGMENT_BYTES
        if lot:
            yield lot
            self._count(lot, files)

    def start(self, path: Path) -> int:
        """Up to where a file is sent."""
        sent = self._sent.get(path, 0)
        return sent if sent <= _size(path) else 0

    def _count(self, lot: list[Piece], files: Mapping[str, Path]) -> None:
        for piece in lot:
            self._sent[files[piece.file]] = piece.at + len(piece.data)


class Joined:
    """The files of several makers, put together in a folder from pieces in reading order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: dict[tuple[str, str], Path] = {}
        """(maker, file) -> what is known of it."""
        self._starts: dict[tuple[str, str], int] = {}
        self._ends: dict[tuple[str, str], int] = {}

    def add(self, piece: Piece) -> None:
        """Put a piece where it belongs; what of it is there already is left alone."""
        key = (piece.of, piece.file)
        if key not in self.files:
            self.files[key] = self._folder / piece.of / piece.file
            self.files[key].parent.mkdir(parents=True, exist_ok=True)
            self.files[key].write_bytes(b"")
            self._starts[key] = self._ends[key] = piece.at
        at, data = piece.at, piece.data
        if piece.file.endswith(LINES):  # one after the other; a pack's pictures lie where its lines say
            data = data[max(0, self._ends[key] - at) :]
            at = max(at, self._ends[key]) - self._starts[key]
        self._ends[key] = max(self._ends[key], piece.at + len(piece.data))
        with open(self.files[key], "r+b") as file:
            file.seek(at)
            file.write(data)

    def logs(self, file: str) -> list[tuple[str, Path]]:
        """Maker and path of every log of a name, in the order of the makers."""
        return sorted((of, path) for (of, name), path in self.files.items() if name == file)

    def lines(self) -> list[Piece]:
        """The lines of all logs as pieces again, without journals and packs: what stays after a commit."""
        kept = [(key, path) for key, path in sorted(self.files.items()) if key[1] in LOGS]
        return [Piece(key[0], key[1], self._starts[key], path.read_bytes()) for key, path in kept]

    def journals(self, folder: Path, shard: int) -> list[Path]:
        """Lay the journals into a run's folder, in the order of the makers, and return their files."""
        laid = []
        names = sorted((of, name) for of, name in self.files if name.startswith("journal/") and name.endswith(LINES))
        for number, (of, name) in enumerate(names):
            folder.mkdir(parents=True, exist_ok=True)
            for suffix in (PACK, LINES):
                laid.append(folder / f"{shard:06d}.{number}{suffix}")
                source = self.files.pop((of, f"{name.removesuffix(LINES)}{suffix}"), None)
                if source is None:
                    laid[-1].write_bytes(b"")
                else:
                    source.replace(laid[-1])
        return laid


CALLS, EXCHANGES, EXCHANGE_PACK = "calls.jsonl", "exchanges.jsonl", "exchanges.pack"
LOGS = (CALLS, EXCHANGES)


def whole_lines(path: Path) -> int:
    """Where the last whole line of a file ends."""
    place = _size(path)
    while place > 0:
        start = max(0, place - 65536)
        if (found := read(path, start, place - start).rfind(b"\n")) >= 0:
            return start + found + 1
        place = start
    return 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def read(path: Path, start: int, length: int) -> bytes:
    """A part of a file; nothing where it is gone."""
    try:
        with open(path, "rb") as file:
            file.seek(start)
            return file.read(length)
    except OSError:
        return b""
