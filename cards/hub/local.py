"""The files of a folder that go to the Hub, read once and hashed, and what is refused before anything is sent.

    files = dataset_files(folder, read_manifest(folder))     # what the manifest lists, held against its hashes
    files = read_files(folder, folder_paths(folder))         # of a model or a Space: all but caches
    check_files(files)                                       # limits, pickled weights, what looks like a secret

Nothing outside the folder is followed: no link, no `..`. It knows nothing of what is on the Hub.
"""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from moviellm.generation.dataset.folder import MANIFEST, DatasetManifest
from moviellm.generation.dataset.limits import FILE_BYTES_ADVISED, FILE_BYTES_MAX, FOLDER_ENTRIES, REPO_FILES
from moviellm.generation.files import file_sha256

READERS = 4
"""Files that are hashed at a time."""
SKIPPED_FOLDERS = frozenset({".git", ".cache", "__pycache__", ".ipynb_checkpoints", ".venv", "node_modules"})
SECRET_NAMES = re.compile(r"\.env(\..+)?|\.netrc|id_(rsa|dsa|ecdsa|ed25519)|.*\.pem|\.git-credentials|\.pypirc")
SECRETS = re.compile(
    rb"\bhf_[A-Za-z0-9]{20,}|\bsk-[A-Za-z0-9_-]{20,}|\bAKIA[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}"
    rb"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
SCANNED_BYTES = 10_000_000
"""Text files up to this size are read for secrets."""
PICKLES = frozenset({".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".dill"})
PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")
"""How pickles begin, and the archives that torch keeps them in."""


@dataclass(frozen=True)
class LocalFile:
    """A file as it will be on the Hub."""

    path: str
    """In the repository, with slashes."""
    source: Path | bytes
    """Where its bytes are; bytes where they were made for the Hub."""
    sha256: str
    bytes: int
    changed_ns: int = 0
    """Time of its last change when it was hashed; 0 for bytes."""

    def blob(self) -> str:
        """Git's name of the content, by which the Hub knows a small file. Reads it."""
        data = self.source if isinstance(self.source, bytes) else self.source.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()

    def check_unchanged(self) -> None:
        """Refuse a file that was written to since it was hashed: other bytes would go out under its hash.

        Raises:
            ValueError: it was.
        """
        if isinstance(self.source, Path):
            now = self.source.stat() if self.source.is_file() else None
            if now is None or (now.st_size, now.st_mtime_ns) != (self.bytes, self.changed_ns):
                raise ValueError(f"{self.source} changed while it was pushed; run the same command again")


def from_bytes(path: str, data: bytes) -> LocalFile:
    """A file whose bytes were made for the Hub."""
    return LocalFile(path, data, hashlib.sha256(data).hexdigest(), len(data))


def dataset_files(
    folder: Path, manifest: DatasetManifest, progress: Callable[[int], None] = lambda count: None
) -> list[LocalFile]:
    """What a manifest lists, and the manifest itself, each held against its hash.

    Args:
        progress: Called with the number of bytes just hashed.

    Raises:
        ValueError: a file is missing, not the one that was listed, or outside the folder.
    """
    listed = {file.path: file for file in manifest.files}
    files = read_files(folder, [*listed], progress)
    wrong = [file.path for file in files if file.sha256 != listed[file.path].sha256]
    if wrong:
        raise ValueError(
            f"{folder} is not as its manifest says: other bytes in {_some(wrong)}; see what is damaged with: "
            f"moviellm dataset check {folder}"
        )
    return sorted([*files, *read_files(folder, [MANIFEST])], key=lambda file: file.path)


def folder_paths(folder: Path, leave: Sequence[str] = ()) -> list[str]:
    """Every file of a folder but those in the folders of tools and caches.

    Args:
        leave: Patterns of files and folders that are left out.

    Raises:
        ValueError: there is no such folder, or it is empty.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    found = (path.relative_to(folder).as_posix() for path in _walk(folder))
    paths = sorted(path for path in found if not any(_under(path, pattern) for pattern in leave))
    if not paths:
        raise ValueError(f"{folder} has no file that could be pushed")
    return paths


def total_bytes(folder: Path, paths: Iterable[str]) -> int:
    """Bytes of those of the files that are there: what hashing them has to read."""
    return sum((folder / path).stat().st_size for path in paths if (folder / path).is_file())


def _under(path: str, pattern: str) -> bool:
    """Whether a pattern names the file or a folder it is in."""
    places = [path, *(str(parent) for parent in PurePosixPath(path).parents)]
    return any(fnmatchcase(place, pattern.rstrip("/")) for place in places)


def _walk(folder: Path) -> Iterator[Path]:
    for place, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name not in SKIPPED_FOLDERS)
        for name in [*files, *(name for name in names if (Path(place) / name).is_symlink())]:
            yield Path(place) / name


def read_files(
    folder: Path, paths: Sequence[str], progress: Callable[[int], None] = lambda count: None
) -> list[LocalFile]:
    """The files, hashed.

    Args:
        progress: Called with the number of bytes just hashed.

    Raises:
        ValueError: one is missing, is a link, or lies outside the folder.
    """

    def read(path: str) -> LocalFile:
        source = _inside(folder, path)
        stat = source.stat()
        return LocalFile(path, source, file_sha256(source), stat.st_size, stat.st_mtime_ns)

    files = []
    with ThreadPoolExecutor(READERS) as pool:
        for file in pool.map(read, paths):
            progress(file.bytes)
            files.append(file)
    return files


def _inside(folder: Path, path: str) -> Path:
    """The file, refused where the path leads out of the folder or over a link."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or {"..", "."} & set(path.split("/")):
        raise ValueError(f"{path!r} leads out of {folder}; build the dataset again")
    place = folder
    for part in parts:
        place = place / part
        if place.is_symlink():
            raise ValueError(f"{place} is a link; a push sends files of the folder only. Put the file itself there")
    if not place.is_file():
        raise ValueError(
            f"{folder} lacks {path}, which belongs to it; see what else does with: moviellm dataset check {folder}"
        )
    return place


def check_files(files: Sequence[LocalFile]) -> list[str]:
    """Refuse what the Hub would not take, and what must not leave; return what is worth a note.

    Raises:
        ValueError: too many files or entries, a file too large, pickled weights, or what looks like a secret.
    """
    twice = [path for path, count in Counter(file.path for file in files).items() if count > 1]
    if twice:
        raise ValueError(f"{_some(twice)}: listed more than once; build the dataset again")
    if len(files) >= REPO_FILES:
        raise ValueError(f"{len(files):,} files; a repository must stay below {REPO_FILES:,}: write larger shards")
    for folder, count in _entries(files).items():
        if count >= FOLDER_ENTRIES:
            raise ValueError(
                f"{count:,} entries in {folder or 'the folder'}; the Hub takes fewer than {FOLDER_ENTRIES:,}: "
                f"write larger shards, or use subfolders"
            )
    huge = [file.path for file in files if file.bytes >= FILE_BYTES_MAX]
    if huge:
        raise ValueError(f"{_some(huge)}: {FILE_BYTES_MAX / 1e9:.0f} GB or more; write smaller shards")
    _check_contents(files)
    large = [file.path for file in files if file.bytes > FILE_BYTES_ADVISED]
    return [f"{_some(large)}: more than the advised {FILE_BYTES_ADVISED / 1e9:.0f} GB a file"] if large else []


def _entries(files: Sequence[LocalFile]) -> Counter[str]:
    """Entries by folder."""
    below: set[tuple[str, str]] = set()
    for file in files:
        path = file.path
        while path:
            parent = path.rpartition("/")[0]
            below.add((parent, path))
            path = parent
    return Counter(parent for parent, _ in below)


def _check_contents(files: Sequence[LocalFile]) -> None:
    for file in files:
        name = PurePosixPath(file.path).name
        if SECRET_NAMES.fullmatch(name):
            raise ValueError(f"{file.path} looks like a file of secrets; move it out of the folder")
        head = _head(file, 4)
        suffix = PurePosixPath(name).suffix
        if suffix in PICKLES or (suffix == ".bin" and head.startswith(PICKLE_STARTS)):
            raise ValueError(
                f"{file.path} is a pickle, which runs code when it is read; save weights as safetensors and move it "
                f"out of the folder"
            )
        found = None if file.bytes > SCANNED_BYTES else SECRETS.search(_text(file))
        if found:
            line = _text(file)[: found.start()].count(b"\n") + 1
            raise ValueError(
                f"{file.path}, line {line}, holds what looks like a secret ({found[0][:4].decode()}...); take it out, "
                f"and if it is one, replace it where it was made"
            )


def _head(file: LocalFile, count: int) -> bytes:
    if isinstance(file.source, bytes):
        return file.source[:count]
    with open(file.source, "rb") as opened:
        return opened.read(count)


def _text(file: LocalFile) -> bytes:
    """The bytes of a text file; none of a binary one."""
    if b"\0" in _head(file, 8192):
        return b""
    return file.source if isinstance(file.source, bytes) else file.source.read_bytes()


def _some(paths: Sequence[str]) -> str:
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
