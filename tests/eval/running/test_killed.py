"""A run that is killed goes on: nothing is asked twice but what was in flight."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.hub import ROOT

DEADLINE_S = 60.0


def start(films: Path, tmp_path: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.eval.running.slow_run", films, tmp_path / "kept", tmp_path / "log"]
    paths = os.pathsep.join([str(ROOT), str(ROOT / ".typing")])
    return subprocess.Popen([*map(str, command)], cwd=ROOT, env={**os.environ, "PYTHONPATH": paths})


def asked(tmp_path: Path) -> list[str]:
    log = tmp_path / "log"
    return log.read_text(encoding="utf-8").split() if log.exists() else []


@pytest.mark.slow
def test_after_kill_9_only_what_was_in_flight_is_asked_again(films: Path, tmp_path: Path) -> None:
    kills = (7, 21)
    for count in kills:
        process = start(films, tmp_path)
        until = time.monotonic() + DEADLINE_S
        while len(asked(tmp_path)) < count and time.monotonic() < until:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(asked(tmp_path)) >= count
    assert start(films, tmp_path).wait(DEADLINE_S) == 0
    times = Counter(asked(tmp_path))
    assert len(times) == 40
    assert sum(times.values()) - 40 <= len(kills)
