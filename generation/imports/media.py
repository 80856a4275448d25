"""Folders and zips in which an import looks things up: pictures, features, story files. Hostile ones do no harm.

    media = Media([Path("story_images"), Path("part1.zip")], beside=[Path("story.json").parent])
    media.keys                                      # every file of every root, sorted: "0:/story_0/1.png", ...
    place = media.find("story_0/1.png")             # by key, by name in any root, or None
    data = media.read(place, bytes_max=50_000_000)

Nothing is unpacked: a file of a zip is read out of it, to its declared size and no further, so that no name in it can
lead anywhere. A zip with absolute names, names that climb (`..`), links or encrypted files is refused whole; a link in
a folder that leads out of it is left out and counted. It decodes no picture: see pictures.py.
"""

import os
import shutil
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

ENTRIES_MAX = 2_000_000
"""Files in one zip or folder."""
RATIO_MAX = 100
"""Declared size over packed size of a file in a zip, from `RATIO_FROM` bytes on; text packs 10 to 1, zeros 1,030."""
RATIO_FROM = 10_000_000
DEPTH_MAX = 50
BESIDE_DEPTH = 2
LEADS_OUT = "links that lead out of their folder"


@dataclass(frozen=True)
class Place:
    """A file in one of the roots."""

    root: int
    """Index of the root."""
    name: str
    """Relative to it, with slashes."""
    bytes: int
    """Its size, as the folder or the zip says."""

    @property
    def key(self) -> str:
        """Root and name, which no other file has."""
        return f"{self.root}:/{self.name}"


@dataclass
class Media:
    """Files of several roots. By a name alone, the first root that has it gives the file."""

    roots: list[Path]
    """Folders, with all that is in them, and zips."""
    beside: Sequence[Path] = ()
    """Folders that files were named in: looked at `BESIDE_DEPTH` deep only."""
    left_out: Counter[str] = field(default_factory=Counter)
    """What was not taken in, by reason."""
    _keys: dict[str, Place] = field(default_factory=dict)
    _places: dict[str, Place] = field(default_factory=dict)
    _last: dict[str, Place | None] = field(default_factory=dict)
    """By the last part of the name; None where several are called so."""

    _archives: dict[int, zipfile.ZipFile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        depths = dict.fromkeys(self.roots, DEPTH_MAX) | {
            folder: BESIDE_DEPTH for folder in self.beside if folder not in self.roots
        }
        self.roots = list(depths)
        for number, (root, depth) in enumerate(depths.items()):
            for name, size in self._zipped(root) if root.is_file() else self._lying(root, depth):
                self._take(Place(number, name, size))

    def _take(self, place: Place) -> None:
        self._keys[place.key] = place
        if place.name in self._places:
            return
        self._places[place.name] = place
        last = place.name.rsplit("/", 1)[-1]
        self._last[last] = None if last in self._last else place
        if len(self._keys) > ENTRIES_MAX:
            raise ValueError(f"{self.roots[place.root]} holds more than {ENTRIES_MAX} files; give fewer at a time")

    @property
    def keys(self) -> list[str]:
        """Every file, by its key."""
        return sorted(self._keys)

    def find(self, name: str) -> Place | None:
        """A file by its key or relative name, else by the last part of it where only one is called so."""
        if name in self._keys:
            return self._keys[name]
        name = name.replace("\\", "/").removeprefix("./")
        return self._places.get(name) or self._last.get(name.rsplit("/", 1)[-1])

    def read(self, place: Place, bytes_max: int) -> bytes:
        """The bytes of a file.

        Raises:
            ValueError: it is larger than allowed, or damaged.
        """
        with self._opened(place, bytes_max) as file:
            data = file.read(place.bytes + 1)
        if len(data) != place.bytes:
            raise ValueError(f"{place.name} has not the {place.bytes} bytes that its folder or zip announces")
        return data

    @contextmanager
    def as_file(self, place: Place, scratch: Path, bytes_max: int) -> Iterator[Path]:
        """The file on disk: itself, or a copy of it for as long as the context lasts when it lies in a zip."""
        root = self.roots[place.root]
        if not root.is_file():
            yield root / place.name
            return
        copy = scratch / f"copy{PurePosixPath(place.name).suffix}"
        try:
            with self._opened(place, bytes_max) as file, open(copy, "wb") as out:
                shutil.copyfileobj(file, out, 1024 * 1024)
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    @contextmanager
    def _opened(self, place: Place, bytes_max: int) -> Iterator[IO[bytes]]:
        root = self.roots[place.root]
        if place.bytes > bytes_max:
            raise ValueError(f"{place.name} in {root.name} has {place.bytes} bytes; allowed are {bytes_max}")
        try:
            if root.is_file():
                archive = self._archives.get(place.root) or zipfile.ZipFile(root)
                self._archives[place.root] = archive
                with archive.open(place.name) as packed:
                    yield packed
            else:
                with open(root / place.name, "rb") as file:
                    yield file
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise ValueError(f"{place.name} in {root.name} is damaged ({error})") from None

    def _lying(self, root: Path, depth: int) -> Iterator[tuple[str, int]]:
        home = root.resolve()
        for folder, folders, files in os.walk(home):
            folders[:] = sorted(folders) if len(Path(folder).relative_to(home).parts) < depth else []
            for name in sorted(files):
                path = Path(folder) / name
                if path.is_symlink() and not path.resolve().is_relative_to(home):
                    self.left_out[LEADS_OUT] += 1
                elif path.is_file():
                    yield path.relative_to(home).as_posix(), path.stat().st_size

    def _zipped(self, root: Path) -> Iterator[tuple[str, int]]:
        try:
            with zipfile.ZipFile(root) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise ValueError(f"{root} is no folder and no zip that can be read ({error})") from None
        for entry in entries:
            if entry.is_dir() or entry.filename.startswith("__MACOSX/"):
                continue
            reason = _harm(entry)
            if reason is not None:
                shown = entry.filename[:100].encode("ascii", "backslashreplace").decode()
                raise ValueError(f"{root} is refused: {shown!r} in it {reason}; make the zip again without it")
            yield entry.filename, entry.file_size


def _harm(entry: zipfile.ZipInfo) -> str | None:
    """Why an entry of a zip is refused."""
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
    if not parts or parts[0] == "/" or parts[0].endswith(":"):
        return "has an absolute name"
    if ".." in parts:
        return "climbs out of its folder"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link"
    if entry.flag_bits & 1:
        return "is encrypted"
    if entry.file_size > RATIO_FROM and entry.file_size > RATIO_MAX * max(1, entry.compress_size):
        return f"would grow from {entry.compress_size} to {entry.file_size} bytes"
    return None
