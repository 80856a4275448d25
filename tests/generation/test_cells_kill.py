"""kill -9 at random moments: the bytes are those of an undisturbed run, and nothing that was kept is made again."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from moviellm.generation.cells import Shard
from moviellm.generation.runs.check import verify
from tests.generation.runs import kill_worker
from tests.generation.runs.cellkit import snapshot

KILLS = 10
ALL = [cell for cells in kill_worker.SHARDS for cell in cells]


def start(run: Path, calls: Path) -> subprocess.Popen[str]:
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(Path(kill_worker.__file__)), str(run), str(calls)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def finish(run: Path, calls: Path) -> None:
    with start(run, calls) as process:
        assert process.wait(timeout=60) == 0


def kept(run: Path) -> set[str]:
    """Ids of the cells that are in a journal or a table."""
    found = set()
    for index, cells in enumerate(kill_worker.SHARDS):
        shard = Shard.open(run, index)
        found |= {cell.cell_id for cell in cells if shard.cached(cell)}
    return found


def test_ten_kills_change_no_byte_and_repeat_only_what_was_in_flight(tmp_path):
    rng = random.Random(20240301)
    run, calls = tmp_path / "killed", tmp_path / "calls"
    finish(tmp_path / "undisturbed", calls)
    calls.unlink()
    kills = 0
    before: set[str] = set()
    repeated = []
    for _ in range(KILLS):
        with start(run, calls) as process:
            time.sleep(rng.uniform(0.0, 0.15))
            process.kill()
            kills += process.wait() != 0
        repeated += [name for name in calls.read_text().split() if name in before] if calls.exists() else []
        calls.rename(tmp_path / f"calls-{kills}-{rng.random()}")
        before = kept(run)
    finish(run, calls)
    repeated += [name for name in calls.read_text().split() if name in before]
    started = [name for path in tmp_path.glob("calls*") for name in path.read_text().split()]
    assert snapshot(run) == snapshot(tmp_path / "undisturbed")
    assert repeated == []
    assert set(started) == {cell.cell_id for cell in ALL}
    assert len(started) <= len(ALL) + kills * kill_worker.CONCURRENCY
    assert kills >= 3
    assert {item.what.partition(":")[0] for item in verify(run)} == {"is no movie"}  # the rows are stand-ins


def test_ctrl_c_keeps_everything_but_what_was_in_flight(tmp_path):
    run, calls = tmp_path / "run", tmp_path / "calls"
    with start(run, calls) as process:
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) != 0
    started = calls.read_text().split()
    assert len(started) - kill_worker.CONCURRENCY <= len(kept(run)) < len(ALL)
    finish(run, calls)
    assert len(calls.read_text().split()) <= len(ALL) + kill_worker.CONCURRENCY
