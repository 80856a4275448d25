"""The lock of a run folder, and what is said when a disk refuses."""

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from moviellm.generation import cells
from moviellm.generation.runs.lock import disk_errors, lock_run

HOLD = """
import os, sys, time
from pathlib import Path
from moviellm.generation.runs.lock import lock_run
with lock_run(Path(sys.argv[1])):
    child = os.fork()
    if child:
        time.sleep(0.2)
        print(child, flush=True)
    time.sleep(60)
"""


class Holder:
    """Another process that holds a run, with a forked worker of its own."""

    def __init__(self, run: Path) -> None:
        env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", HOLD, str(run)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
        self.worker = int(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def holder(tmp_path):
    holder = Holder(tmp_path / "run")
    yield holder
    os.kill(holder.worker, signal.SIGKILL)
    holder.kill()
    holder.process.stdout.close()


def test_a_second_process_is_told_who_makes_the_run(tmp_path, holder):
    says = rf"run is being made by process {holder.process.pid} since 20.*; wait for it or stop"
    with pytest.raises(ValueError, match=says), lock_run(tmp_path / "run"):
        pass


def test_a_killed_process_lets_go_although_a_forked_worker_of_it_lives_on(tmp_path, holder):
    holder.kill()
    os.kill(holder.worker, 0)
    with lock_run(tmp_path / "run"):
        assert (tmp_path / "run/lock").read_text().startswith(f"process {os.getpid()} since ")


def test_the_lock_is_free_and_empty_afterwards_also_after_an_error(tmp_path):
    with pytest.raises(KeyError), lock_run(tmp_path):
        raise KeyError
    with lock_run(tmp_path):
        pass
    assert (tmp_path / "lock").read_bytes() == b""


def test_a_file_is_no_run_folder(tmp_path):
    (tmp_path / "run").write_text("mine")
    with (
        pytest.raises(ValueError, match="is a file, not a run folder; choose another --out"),
        lock_run(tmp_path / "run"),
    ):
        pass
    with pytest.raises(ValueError, match="a part of the path is a file"), lock_run(tmp_path / "run/below"):
        pass
    assert (tmp_path / "run").read_text() == "mine"


def test_a_read_only_folder_is_said(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    with pytest.raises(ValueError, match="read-only while writing .*; make it writable"), lock_run(tmp_path / "run"):
        pass


def test_a_full_disk_does_not_keep_the_verb_that_frees_space_from_its_lock(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))  # every write to a file fails from now on
    try:
        with lock_run(tmp_path):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_folder_in_the_place_of_the_lock_is_named(tmp_path):
    (tmp_path / "lock").mkdir()
    with (
        pytest.raises(ValueError, match="lock is a folder where a file belongs; delete it by hand"),
        lock_run(tmp_path),
    ):
        pass


def test_an_error_that_a_user_cannot_mend_is_not_dressed_up(tmp_path):
    with pytest.raises(OSError), disk_errors(tmp_path):
        raise OSError(errno.EBADF, "Bad file descriptor")


def test_cells_offers_the_lock_too():
    assert cells.lock_run is lock_run
