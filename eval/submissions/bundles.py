"""The files of a bundle as streams: a folder, a zip, or one file. Nothing is unpacked by name, no link followed.

    with open_bundle(Path("mine.zip"), ["grounding"], limits, problems) as members:
        for piece in members["submission.yaml"](): ...

A bundle holds `submission.yaml` and `predictions/TASK.jsonl` or `.parquet`, and nothing else. What else is there is
told and never opened. A stream ends with `Refused` where it grows over its limit. What the files say is read in
checking.py.
"""

import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from moviellm.eval.submissions.archives import looks_like_tar, looks_like_zip, members_of_zip, tell_of_tar
from moviellm.eval.submissions.index import Limits
from moviellm.eval.submissions.problems import Problems, Refused, placed, shown

DECLARATION: Final = "submission.yaml"
FOLDER: Final = "predictions"
PIECE_BYTES: Final = 65_536
ENTRIES_MAX: Final = 10_000
"""Entries of a folder that are looked at."""
Pieces = Callable[[], Iterator[bytes]]
"""The bytes of a file, in pieces; ends with Refused where they must not be read on."""
Members = dict[str, Pieces]


def names_of(tasks: Collection[str]) -> dict[str, str]:
    """Every file that a bundle may hold, with the task that it is of; the declaration is of none."""
    found = {f"{FOLDER}/{task}.{ending}": task for task in tasks for ending in ("jsonl", "parquet")}
    return {DECLARATION: "", **found}


@contextmanager
def open_bundle(path: Path, tasks: Collection[str], limits: Limits, problems: Problems) -> Iterator[Members | None]:
    """The files of a folder or a zip, by name; what must not be there is told. None for an archive that is not read.

    Raises:
        ValueError: the path is neither.
    """
    if path.is_dir():
        yield _members_of_folder(path, names_of(tasks), limits, problems)
        return
    with open_plain(path) as file:
        if looks_like_tar(file):
            tell_of_tar(file, limits, problems)
            yield None
        elif looks_like_zip(file) or path.suffix.lower() == ".zip":
            with members_of_zip(file, names_of(tasks), limits, problems) as members:
                yield members
        else:
            raise ValueError(
                f"{path.name} is no folder and no zip; for one file of predictions say of which task, "
                "e.g. --task grounding"
            )


def file_pieces(path: Path, most: int, *, links: bool) -> Iterator[bytes]:
    """The bytes of a plain file.

    Raises:
        Refused: it is longer than `most`, or no plain file.
    """
    try:
        with open_plain(path, links=links) as file:
            if os.fstat(file.fileno()).st_size > most:
                raise Refused("E015", f"more than {most} bytes")
            size = 0
            while piece := file.read(PIECE_BYTES):
                size += len(piece)
                if size > most:  # somebody is writing to it
                    raise Refused("E015", f"more than {most} bytes")
                yield piece
    except ValueError as error:
        raise Refused("E016", str(error)) from None


@contextmanager
def open_plain(path: Path, *, links: bool = True) -> Iterator[BinaryIO]:
    """A file, opened without waiting for anybody, and only if it is a plain one.

    Args:
        path: The file.
        links: Whether a link may be followed.

    Raises:
        ValueError: it is a device, a pipe, a link where none may be, or cannot be opened.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise ValueError(f"{shown(path.name)} cannot be opened ({error.strerror})") from None
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError(f"{shown(path.name)} is no plain file")
        yield file


def _members_of_folder(folder: Path, allowed: Mapping[str, str], limits: Limits, problems: Problems) -> Members:
    members: Members = {}
    lower: set[str] = set()
    for name, entry in _entries(folder, problems):
        if name.lower() in lower:
            problems.add("E006", placed(name), "a second file of this name, but for capitals", file="files")
        lower.add(name.lower())
        if entry.is_symlink():
            problems.add("E017", placed(name), "a link; a bundle holds the file itself", file="files")
        elif name not in allowed or not entry.is_file(follow_symlinks=False):
            problems.add("E016", placed(name), "no file of a bundle", file="files")
        else:
            members[name] = _opener(folder / name, limits.max_file_bytes)
    return members


def _opener(path: Path, most: int) -> Pieces:
    return lambda: file_pieces(path, most, links=False)


def _entries(folder: Path, problems: Problems) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Files of a folder and of its predictions, by name."""
    for place in ("", FOLDER):
        if place and (folder / place).is_symlink():
            return
        try:
            with os.scandir(folder / place) as found:
                entries = sorted(islice(found, ENTRIES_MAX + 1), key=lambda entry: entry.name)
        except OSError as error:
            if not place:
                raise ValueError(f"{folder} cannot be read ({error.strerror})") from None
            return
        if len(entries) > ENTRIES_MAX:
            problems.add("E018", placed(place or folder.name), f"more than {ENTRIES_MAX} entries")
            return
        for entry in entries:
            if place or entry.name != FOLDER or not entry.is_dir(follow_symlinks=False):
                yield f"{place}/{entry.name}" if place else entry.name, entry
