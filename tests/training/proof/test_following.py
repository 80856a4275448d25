"""Worker processes: they end with who started them, and what they say is passed on."""

import os
import sys
import time

import pytest

from moviellm.training.proof.following import started

WAITING = """
import sys, time
from moviellm.training.proof.following import end_with_parent
end_with_parent()
print("here", file=sys.stderr, flush=True)
time.sleep(60)
"""


def test_a_worker_ends_when_its_starter_is_gone() -> None:
    worker = started([sys.executable, "-c", WAITING], os.environ, aloud=False)
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(timeout=30) == 1


def test_what_a_worker_says_is_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    worker = started([sys.executable, "-c", WAITING], os.environ, aloud=False)
    said, until = "", time.monotonic() + 30
    while "here" not in said and time.monotonic() < until:
        time.sleep(0.05)
        said += capsys.readouterr().err
    worker.kill()
    worker.wait()
    assert said == "here\n"
