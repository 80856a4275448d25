"""Files that appear whole or not at all, and what to say when the disk refuses.

    write_whole(path, data)                 # temp file beside it, fsync, rename, fsync of the folder
    with whole_file(path) as temporary:     # the same for what is written piece by piece
        ...
    with disk_errors(path):                 # a full or read-only place becomes a DiskError that says what to do
        ...

Nothing else: journals append (journal.py), tables hash while they stream (tables.py).
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DISK_REASONS = {
    errno.ENOSPC: ("no space left", "free space"),
    errno.EDQUOT: ("the disk quota is used up", "free space"),
    errno.EROFS: ("the file system is read-only", "make it writable, or choose another --out,"),
    errno.EACCES: ("writing is not permitted", "change the permissions, or choose another --out,"),
    errno.EPERM: ("writing is not permitted", "change the permissions, or choose another --out,"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder,", "choose another --out"),
    errno.EEXIST: ("a file stands where a folder must be,", "choose another --out"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter --out"),
    errno.EIO: ("the disk reports an error", "check the disk"),
}


class DiskError(ValueError):
    """The disk would not take it: full, read-only or forbidden. The message says what to do; nothing finished is lost.

    Of its own class, so that it ends the run and is never kept as the reason why one cell failed.
    """


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what a user can mend (a full, read-only or forbidden place) into a `DiskError` that says how."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK_REASONS:
            raise
        reason, remedy = _DISK_REASONS[error.errno]
        raise DiskError(
            f"{reason} while writing {path}; {remedy} and run the same command again; "
            "everything finished so far is kept"
        ) from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` to write to; at the end it is fsynced and renamed to `path`, on an error removed.

    Raises:
        DiskError: the disk is full or cannot be written; what was at `path` still is.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def write_whole(path: Path, data: bytes | Path) -> None:
    """Write a file so that a reader sees all of it or the one before it, also after a power cut.

    Args:
        data: its bytes, or a file to copy, which is never held in memory.
    """
    with whole_file(path) as temporary:
        if isinstance(data, Path):
            shutil.copyfile(data, temporary)
        else:
            temporary.write_bytes(data)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_sha256(path: Path) -> str:
    """Hash of a file, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
