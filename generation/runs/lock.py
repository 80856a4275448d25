"""The locks that keep a run folder to one process, and a shard to one maker.

    with lock_run(run):                # another process that tries gets a ValueError naming this one
        ...
    with lock_shard(run, 12, "node-a"):  # the same for one shard of a run that a cluster makes
        ...

The OS drops a lock when its process dies, however it dies, so nothing has to be cleaned up after a `kill -9`; on a
network folder the server drops it when the machine is gone. A cluster's driver holds the run, each maker its shard: so
a maker whose cluster is lost ends its work in peace, and the next run waits for it. A file system without locks is
refused: nothing there would keep two machines from one shard.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from moviellm.generation.files import DiskError, disk_errors
from moviellm.generation.output import note
from moviellm.generation.runs.manifest import refuse_folders

LEASES = "lease"
"""Folder of the locks of shards: a file is there while a cluster makes that shard."""
POLL_S = 0.5
"""Between two tries for a lock that somebody else holds."""
GLANCES, GLANCE_S = 6, 0.01
"""Who only looks (`_who_holds`) shares a lock for an instant: who wants it tries again before it is called held."""
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}

_held_locks: set[FileIO] = set()


def refuse_file(run: Path) -> None:
    """Refuse a run folder that is a file.

    Raises:
        ValueError: it is one.
    """
    if run.exists() and not run.is_dir():
        raise ValueError(f"{run} is a file, not a run folder; choose another --out")


@contextmanager
def lock_run(run: Path) -> Iterator[None]:
    """Hold a run folder, made if missing, for this process. The OS lets go of it when the process dies.

    Raises:
        ValueError: another process makes this run, or the folder cannot be written.
    """
    refuse_file(run)
    with disk_errors(run):
        run.mkdir(parents=True, exist_ok=True)
        refuse_folders([run / "lock"])
        file = open(run / "lock", "ab+", buffering=0)  # noqa: SIM115
    with file:
        if not _locked(file):
            raise ValueError(f"{run} is being made by {_holder(file)}; wait for it or stop it")
        _held_locks.add(file)
        try:
            _sign(file, f"process {os.getpid()}")
            yield
        finally:
            _held_locks.discard(file)
            with suppress(OSError):
                file.truncate(0)
            fcntl.flock(file, fcntl.LOCK_UN)  # closing alone would leave it to a forked worker


@contextmanager
def share_lock(run: Path) -> Iterator[None]:
    """Hold a run folder beside others that hold it so too: parts of it are made by several processes.

    Raises:
        ValueError: somebody makes the whole run, or the folder cannot be written.
    """
    with disk_errors(run):
        refuse_folders([run / "lock"])
        file = open(run / "lock", "ab+", buffering=0)  # noqa: SIM115
    with file:
        if not _locked(file, fcntl.LOCK_SH):
            raise ValueError(f"{run} is being made by {_holder(file)}; wait for it or stop it")
        _held_locks.add(file)
        try:
            yield
        finally:
            _held_locks.discard(file)
            fcntl.flock(file, fcntl.LOCK_UN)


def lease_path(run: Path, shard: int) -> Path:
    """The lock of a shard."""
    return run / LEASES / f"{shard:06d}"


@contextmanager
def lock_shard(run: Path, shard: int, who: str, wait_s: float = 0.0) -> Iterator[None]:
    """Hold one shard for this process, as one of many that make a run together; waits for another holder.

    Args:
        who: the holder's name, for others to read.
        wait_s: how long.

    Raises:
        HeldError: somebody else still holds it.
        DiskError: the folder cannot be written, or its file system has no locks.
    """
    with lock_named(run, f"{shard:06d}", who, wait_s):
        yield


@contextmanager
def lock_named(run: Path, name: str, who: str, wait_s: float = 0.0) -> Iterator[None]:
    """Hold anything of a run that one process at a time may make; see `lock_shard`."""
    path = run / LEASES / name
    file = _lease(path, time.monotonic() + wait_s)
    with file:
        _held_locks.add(file)
        try:
            _sign(file, who)
            yield
        finally:
            _held_locks.discard(file)
            with suppress(OSError):
                path.unlink()  # while it is held: whoever waits for this file sees that it is gone, and makes another
            fcntl.flock(file, fcntl.LOCK_UN)


class HeldError(ValueError):
    """Somebody else holds a shard."""


def _lease(path: Path, until: float) -> FileIO:
    """The file of a shard, locked, and still the one with its name."""
    while True:
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            refuse_folders([path])
            file = open(path, "ab+", buffering=0)  # noqa: SIM115
        try:
            if _locked(file):
                with suppress(FileNotFoundError):
                    if os.stat(path).st_ino == os.fstat(file.fileno()).st_ino:
                        return file
                file.close()
                continue
            if time.monotonic() >= until:
                raise HeldError(f"{path.name} is being made by {_holder(file)}; wait for it or stop it")
        except BaseException:
            file.close()
            raise
        file.close()
        time.sleep(POLL_S)


@contextmanager
def held_elsewhere(run: Path, shard: int) -> Iterator[None]:
    """For who makes a whole run: wait for a maker of this shard that outlived its cluster. No cluster, no file.

    Raises:
        DiskError: the folder cannot be written, or its file system has no locks.
    """
    if not lease_path(run, shard).exists():
        yield
        return
    holder = holder_of(run, shard)
    if holder is not None:
        note(f"shard {shard} is still being made by {holder}, of a cluster that is gone; waiting for it")
    with lock_shard(run, shard, f"process {os.getpid()}", wait_s=float("inf")):
        yield


def holder_of(run: Path, shard: int) -> str | None:
    """Who makes a shard now, in their own words; None where nobody does. Changes nothing."""
    return _who_holds(lease_path(run, shard))


def run_holder(run: Path) -> str | None:
    """Who makes a run now; None where nobody does. Changes nothing."""
    return _who_holds(run / "lock")


def _who_holds(path: Path) -> str | None:
    try:
        with open(path, "rb", buffering=0) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _holder(file)
            fcntl.flock(file, fcntl.LOCK_UN)
    except OSError:
        pass
    return None


def _locked(file: FileIO, kind: int = fcntl.LOCK_EX) -> bool:
    """Try for the lock.

    Raises:
        DiskError: this file system has none.
    """
    try:
        for left in range(GLANCES, 0, -1):
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if left == 1 or kind != fcntl.LOCK_EX:
                    return False
                time.sleep(GLANCE_S)
    except OSError as error:
        if error.errno in NO_LOCKS:
            what = f"the file system of {file.name!s} has no locks ({error.strerror})"
            raise DiskError(
                f"{what}; mount it with them (NFS 4, Lustre with -o flock), or choose another --out"
            ) from None
        raise
    return True


def _holder(file: FileIO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").strip() or "another process"


def _sign(file: FileIO, who: str) -> None:
    # Who holds it is only for a message: a full disk must not stop the verb that frees space.
    with suppress(OSError):
        file.truncate(0)
        file.write(f"{who} since {datetime.now(UTC).isoformat(timespec='seconds')}\n".encode())


def _let_go_in_child() -> None:
    # A forked worker shares the lock and may outlive a killed parent: it must not keep the run locked.
    for file in _held_locks:
        file.close()
    _held_locks.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
