"""One maker a shard: who holds it is seen, waited for, and gone with its process."""

import fcntl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from moviellm.generation.runs import lock
from moviellm.generation.runs.lock import HeldError, held_elsewhere, holder_of, lease_path, lock_run, lock_shard

HOLD = """
import sys, time
from pathlib import Path
from moviellm.generation.runs.lock import lock_shard
with lock_shard(Path(sys.argv[1]), 3, "node-b process 7"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_shard_has_one_maker_until_it_dies(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    assert (holder_of(tmp_path, 3) or "").startswith("node-b process 7 since ")
    with pytest.raises(HeldError, match="000003 is being made by node-b process 7"), lock_shard(tmp_path, 3, "me"):
        pass
    with lock_shard(tmp_path, 4, "me"):  # others are free
        pass
    other.kill()
    other.wait()
    assert holder_of(tmp_path, 3) is None
    with lock_shard(tmp_path, 3, "me"):
        assert (holder_of(tmp_path, 3) or "").startswith("me since ")


def test_who_waits_gets_it_and_the_file_goes(tmp_path: Path) -> None:
    got: list[float] = []

    def wait() -> None:
        with lock_shard(tmp_path, 1, "second", wait_s=30.0):
            got.append(time.monotonic())

    with lock_shard(tmp_path, 1, "first"):
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.2)
        assert got == []
    waiting.join()
    assert len(got) == 1
    assert not lease_path(tmp_path, 1).exists()


def test_who_only_looks_keeps_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "GLANCES", 1000)
    for path, held in [
        (lease_path(tmp_path, 1), lock_shard(tmp_path, 1, "me")),
        (tmp_path / "lock", lock_run(tmp_path)),
    ]:
        path.parent.mkdir(exist_ok=True)
        looking = open(path, "ab+")  # noqa: SIM115
        fcntl.flock(looking, fcntl.LOCK_SH)  # as `holder_of` does, for an instant
        threading.Timer(0.05, looking.close).start()
        with held:
            pass


def test_without_a_cluster_nothing_is_written(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path, 0):
        assert [*tmp_path.iterdir()] == []


def test_a_whole_run_waits_for_a_maker_that_outlived_its_cluster(
    tmp_path: Path, other: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    threading.Timer(0.3, other.kill).start()
    with held_elsewhere(tmp_path, 3):
        assert other.wait() != 0
    assert "still being made by node-b process 7" in capsys.readouterr().err
