"""What lies in a dataset folder, seen without opening it: names, links, kinds of files, sizes, numbers.

    files, findings = look(folder)                  # {"qa/train-00000-of-00001.parquet": 52_113, ...}, what is wrong
    name_problem("../../etc/passwd")                # "it has a part '..'"
    data = read_bounded(folder / README, 5_000_000)

Nothing is followed: a symbolic link is a finding, unless the Hugging Face cache made it, whose snapshots link to their
own blobs. Only regular files are ever opened, so that a device or a pipe cannot hang a reader. Sizes are held against
what the Hub takes (https://huggingface.co/docs/hub/storage-limits). It reads no rows: see parquet.py.
"""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from moviellm.generation.dataset.folder import UPLOAD_CACHE
from moviellm.generation.dataset.limits import FILE_BYTES_ADVISED, FILE_BYTES_MAX, FOLDER_ENTRIES, REPO_FILES
from moviellm.generation.findings import Finding

GB = 1_000_000_000
ENTRIES_SEEN_MAX = 300_000
"""A folder with more entries is not looked at any further."""
NAME_BYTES_MAX = 255
"""Bytes of one part of a path that file systems take."""
HUB_FILES = frozenset({".gitattributes"})
"""What the Hub itself puts into a repository."""


def name_problem(path: str) -> str | None:
    """Why a path must not be opened on every system, or None: it is relative, plain and stays in its folder."""
    if any(ord(char) < 32 or ord(char) == 127 or "\ud800" <= char <= "\udfff" for char in path):
        return "it has characters that no name should have"
    if "\\" in path or ":" in path:
        return "it has a backslash or a colon, which Windows takes for a folder or a drive"
    parts = path.split("/")
    if path.startswith("/"):
        return "it is absolute"
    odd = next((part for part in parts if part in {"", ".", ".."}), None)
    if odd is not None:
        return f"it has a part {odd!r}"
    if any(len(part.encode()) > NAME_BYTES_MAX for part in parts):
        return f"it has a part of more than {NAME_BYTES_MAX} bytes"
    return None


def read_bounded(path: Path, limit_bytes: int) -> bytes:
    """The bytes of a file that may be hostile.

    Raises:
        ValueError: it is no regular file, or larger than that.
        OSError: it cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError(f"{path.name} is no regular file")
    with open(path, "rb") as file:
        data = file.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise ValueError(f"{path.name} has {path.stat().st_size} bytes; at most {limit_bytes} are read")
    return data


def look(folder: Path) -> tuple[dict[str, int], list[Finding]]:
    """Bytes of every regular file by its path, and what is wrong with names, kinds and numbers."""
    files: dict[str, int] = {}
    findings: list[Finding] = []
    entries: Counter[str] = Counter()
    for path, entry in _entries(folder):
        parent = path.rpartition("/")[0]
        entries[parent] += 1
        if sum(entries.values()) > ENTRIES_SEEN_MAX:
            findings.append(_too_many(str(folder), f"more than {ENTRIES_SEEN_MAX:,} files; the rest is not looked at"))
            break
        problem = name_problem(path)
        if problem is not None:
            findings.append(_odd(path, problem, "rename it"))
        elif entry.is_symlink() and not _of_the_cache(folder, entry):
            findings.append(_odd(path, "it is a symbolic link", "put the file itself there, or delete the link"))
        elif not (entry.is_file() or entry.is_dir(follow_symlinks=False)):
            findings.append(_odd(path, "it is neither a file nor a folder", "delete it"))
        elif entry.is_file():
            files[path] = entry.stat().st_size
    findings += [
        _too_many(name or str(folder), f"{count:,} entries in one folder; the Hub takes fewer than {FOLDER_ENTRIES:,}")
        for name, count in entries.items()
        if count >= FOLDER_ENTRIES
    ]
    findings += _budget(folder, files)
    findings += _same_but_for_case(files)
    return files, findings


def _entries(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below a folder, sorted within each; links are not followed, the upload cache is left out."""
    waiting = [""]
    while waiting:
        below = waiting.pop()
        with os.scandir(folder / below) as found:
            entries = sorted(zip(found, range(ENTRIES_SEEN_MAX + 2), strict=False), key=lambda pair: pair[0].name)
        for entry, _ in entries:
            path = f"{below}/{entry.name}" if below else entry.name
            if path == UPLOAD_CACHE:
                continue
            yield path, entry
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)


def _of_the_cache(folder: Path, entry: os.DirEntry[str]) -> bool:
    """Whether huggingface_hub made a link: from a snapshot of its cache to a blob of the same repository."""
    if folder.parent.name != "snapshots":
        return False
    target = Path(entry.path).resolve()
    return target.parent == (folder.parent.parent / "blobs").resolve() and target.is_file()


def _odd(where: str, what: str, do: str) -> Finding:
    return Finding(severity="error", where=repr(where)[1:-1], what=what, do=do, kind="folder")


def _too_many(where: str, what: str) -> Finding:
    return Finding(severity="error", where=where, what=what, do="write fewer, larger files", kind="size")


def _budget(folder: Path, files: dict[str, int]) -> Iterator[Finding]:
    if len(files) > REPO_FILES:
        yield _too_many(str(folder), f"{len(files):,} files; the Hub wants at most {REPO_FILES:,}")
    for path, size in files.items():
        if size > FILE_BYTES_ADVISED:
            what = f"{size / GB:.0f} GB in one file; the Hub wants less than {FILE_BYTES_MAX // GB} GB"
            severity = "error" if size > FILE_BYTES_MAX else "warning"
            yield Finding(severity=severity, where=path, what=what, do="split it into more shards", kind="size")  # type: ignore[arg-type]


def _same_but_for_case(files: dict[str, int]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for path in files:
        other = first.setdefault(path.casefold(), path)
        if other != path:
            yield _odd(path, f"it differs from {other!r} in case only, and Windows and macOS keep one", "rename one")
