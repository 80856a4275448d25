"""A push as a process of its own, killed with SIGKILL at a request that the local Hub holds, and run again."""

import signal
from pathlib import Path
from typing import Literal

import pytest

from tests.cards.hub_folders import assert_holds, content, make_folder
from tests.hub import run_python, start_python
from tests.servers.hub_double import Hub

REPO = "moviellm/films"
PUSH = """
import sys
from moviellm.cards.hub import answers, plan
plan.COMMIT_FILES, answers.PAUSE_S = 3, 0.01
from moviellm.generation.cli.app import call
sys.exit(call(["dataset", "push", sys.argv[1], sys.argv[2], "--version", "1.2.0"]))
"""
MOMENTS: list[tuple[str, int, Literal["start", "middle", "end"]]] = [
    ("POST /api/repos/create", 1, "end"),
    ("POST .*/preupload/", 1, "start"),
    ("POST .*/objects/batch", 1, "end"),
    ("PUT /_objects/", 2, "middle"),
    ("PUT /_objects/", 5, "end"),
    ("POST /_objects/.*/verify", 3, "start"),
    ("POST .*/commit/", 1, "start"),
    ("POST .*/commit/", 2, "end"),
    ("POST .*/commit/", 4, "end"),
    ("POST .*/tag/", 1, "start"),
    ("POST .*/tag/", 1, "end"),
]
"""From the first thing that a push does to the last."""


def _kill_at(hub: Hub, home: Path, folder: Path, moment: tuple[str, int, Literal["start", "middle", "end"]]) -> None:
    route, nth, at = moment
    held = hub.hold(route, nth, at)
    push = start_python(hub, home, PUSH, str(folder), REPO)
    try:
        assert held.reached.wait(60), push.communicate()[1]
    finally:
        push.send_signal(signal.SIGKILL)
        push.communicate()
        hub.heal()


def _assert_done(hub: Hub, folder: Path) -> None:
    assert_holds(hub, REPO, folder, "v1.2.0", "1.2.0")
    large = {sha256 for path, sha256 in content(folder).items() if path.endswith((".parquet", ".jpg"))}
    assert {sha256: hub.sent[sha256] for sha256 in large} == dict.fromkeys(large, 1)


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS, ids=[f"{route} {nth} {at}" for route, nth, at in MOMENTS])
def test_a_push_killed_at_any_moment_is_gone_on_with(
    hub: Hub, tmp_path: Path, moment: tuple[str, int, Literal["start", "middle", "end"]]
) -> None:
    folder = make_folder(tmp_path / "films", shards=9)
    _kill_at(hub, tmp_path / "home", folder, moment)
    run_python(hub, tmp_path / "home", PUSH, str(folder), REPO)
    _assert_done(hub, folder)


def test_a_push_killed_twice_sends_no_finished_shard_again(hub: Hub, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films", shards=9)
    _kill_at(hub, tmp_path / "home", folder, ("PUT /_objects/", 5, "end"))
    _kill_at(hub, tmp_path / "home", folder, ("POST .*/commit/", 2, "end"))
    hub.fail("POST .*/preupload/", with_=500)
    said = run_python(hub, tmp_path / "home", PUSH, str(folder), REPO).stderr
    assert said.startswith("the Hub did not take it: ") and "HTTP Error" not in said
    _assert_done(hub, folder)


@pytest.mark.slow
def test_ctrl_c_says_that_the_same_command_goes_on(hub: Hub, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films", shards=4)
    held = hub.hold("POST .*/commit/", nth=2)
    push = start_python(hub, tmp_path / "home", PUSH, str(folder), REPO)
    assert held.reached.wait(60)
    push.send_signal(signal.SIGINT)
    out, err = push.communicate(timeout=30)
    assert (push.returncode, out) == (130, "")
    assert "the same command goes on from there" in err and "Traceback" not in err
