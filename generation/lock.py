"""A run folder as a place on a disk: the lock that keeps it to one process, and what to say when the disk refuses.

    with lock_run(run):                # another process that tries gets a ValueError naming this one
        with disk_errors(path):        # a full, read-only or forbidden place becomes a ValueError that says what to do
            path.write_bytes(data)

The OS drops the lock when the process dies, however it dies, so nothing has to be cleaned up after a `kill -9`. It
does not guard against two machines on one network folder whose file system has no locks.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

_DISK_REASONS = {
    errno.ENOSPC: ("no space left", "free space"),
    errno.EDQUOT: ("the disk quota is used up", "free space"),
    errno.EROFS: ("the file system is read-only", "make it writable, or choose another --out,"),
    errno.EACCES: ("writing is not permitted", "change the permissions, or choose another --out,"),
    errno.EPERM: ("writing is not permitted", "change the permissions, or choose another --out,"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder,", "choose another --out"),
    errno.EEXIST: ("a file stands where a folder must be,", "choose another --out"),
    errno.EIO: ("the disk reports an error", "check the disk"),
}

_held_locks: set[TextIO] = set()


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what a user can mend (a full, read-only or forbidden place) into a ValueError that says how."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK_REASONS:
            raise
        reason, remedy = _DISK_REASONS[error.errno]
        raise ValueError(
            f"{reason} while writing {path}; {remedy} and run the same command again; "
            "everything finished so far is kept"
        ) from error


@contextmanager
def lock_run(run: Path) -> Iterator[None]:
    """Hold a run folder, made if missing, for this process. The OS lets go of it when the process dies.

    Raises:
        ValueError: another process makes this run, or the folder cannot be written.
    """
    if run.exists() and not run.is_dir():
        raise ValueError(f"{run} is a file, not a run folder; choose another --out")
    with disk_errors(run):
        run.mkdir(parents=True, exist_ok=True)
        file = open(run / "lock", "a+", encoding="utf-8")  # noqa: SIM115
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise ValueError(f"{run} is being made by {holder}; wait for it or stop it") from None
        _held_locks.add(file)
        try:
            with disk_errors(run / "lock"):
                file.truncate(0)
                file.write(f"process {os.getpid()} since {datetime.now(UTC).isoformat(timespec='seconds')}\n")
                file.flush()
            yield
        finally:
            _held_locks.discard(file)
            with suppress(OSError):
                file.truncate(0)
            fcntl.flock(file, fcntl.LOCK_UN)  # closing alone would leave it to a forked worker


def _let_go_in_child() -> None:
    # A forked worker shares the lock and may outlive a killed parent: it must not keep the run locked.
    for file in _held_locks:
        file.close()
    _held_locks.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
