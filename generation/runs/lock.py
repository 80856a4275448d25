"""The lock that keeps a run folder to one process.

    with lock_run(run):                # another process that tries gets a ValueError naming this one
        ...

The OS drops the lock when the process dies, however it dies, so nothing has to be cleaned up after a `kill -9`. It
does not guard against two machines on one network folder whose file system has no locks.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from moviellm.generation.files import disk_errors
from moviellm.generation.runs.manifest import refuse_folders

_held_locks: set[FileIO] = set()


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
        refuse_folders([run / "lock"])
        file = open(run / "lock", "ab+", buffering=0)  # noqa: SIM115
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().decode(errors="replace").strip() or "another process"
            raise ValueError(f"{run} is being made by {holder}; wait for it or stop it") from None
        _held_locks.add(file)
        try:
            # Who holds it is only for a message: a full disk must not stop the verb that frees space.
            with suppress(OSError):
                file.truncate(0)
                file.write(f"process {os.getpid()} since {datetime.now(UTC).isoformat(timespec='seconds')}\n".encode())
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
