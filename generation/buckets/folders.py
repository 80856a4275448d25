"""Working folders of runs in buckets: on this machine, one a process, gone with it.

    with working_folder(work) as folder:           # empty, locked, removed at the end; dead ones are swept
        ...
    folder_here("s3://bucket/run")                 # where a node keeps what it needs between two tasks

Nothing in one is needed again: what counts is in the bucket.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moviellm.generation.files import DiskError, disk_errors
from moviellm.generation.runs.address import bucket_of
from moviellm.generation.runs.lock import lock_run, run_holder

PREFIX = "moviellm-run-"
YOUNG_S = 60.0
"""A folder of so few seconds may be one whose process has not locked it yet."""


def default_work() -> Path:
    """Where working folders are unless `--work` says."""
    cache = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(cache) if cache else Path.home() / ".cache") / "moviellm" / "buckets"


@contextmanager
def working_folder(work: Path | None) -> Iterator[Path]:
    """An empty folder that is locked by this process and removed at the end; dead ones beside it are swept.

    Raises:
        DiskError: there is no room for one.
    """
    base = (work or default_work()).absolute()
    with disk_errors(base):
        base.mkdir(parents=True, exist_ok=True)
        for path in base.glob(f"{PREFIX}*"):  # somebody else may sweep too
            young = time.time() - _changed(path) < YOUNG_S
            if not young and (path / "lock").is_file() and run_holder(path) is None:
                shutil.rmtree(path, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    try:
        with lock_run(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def in_words_of(place: str, folder: Path) -> Iterator[None]:
    """Let errors name the run's place in the bucket, not the folder that it was laid into.

    Raises:
        ValueError: in these words.
    """
    try:
        yield
    except DiskError:  # of the folder itself, or the store's own words
        raise
    except ValueError as error:
        if str(folder) not in str(error):
            raise
        raise ValueError(str(error).replace(str(folder), place)) from None


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()


def folder_here(run: str) -> Path:
    """A run's folder; of a run in a bucket one of this machine, which all its processes share."""
    url = bucket_of(run)
    if url is None:
        return Path(run)
    return default_work() / hashlib.sha256(str(url).encode()).hexdigest()[:16]
