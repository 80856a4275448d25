"""The walk over a million movies, over a few hundred: every step says what it must."""

import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from scale_page import page  # noqa: E402
from scale_steps import STEPS, Walk, duplicates  # noqa: E402

MOVIES = 700


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    walk = Walk(tmp_path_factory.mktemp("scale"), MOVIES, full=False)
    return {name: STEPS[name](walk) for name in STEPS if name not in ("lay", "duplicates")}


def test_the_plan_counts_the_cells_of_all_keyframes(walked: dict[str, dict[str, Any]]) -> None:
    assert walked["plan"]["cells"] >= MOVIES * 40


def test_a_killed_run_goes_on_where_nothing_is_committed(walked: dict[str, dict[str, Any]]) -> None:
    assert (walked["resume"]["found"], walked["resume"]["made"]) == (330, 0)
    assert walked["resume"]["stopped"] > 0


def test_a_finished_run_finds_all_movies_and_makes_none(walked: dict[str, dict[str, Any]]) -> None:
    assert walked["again"] == {"found": MOVIES, "made": 0, "stopped": 0}
    assert walked["status"] == {"finished": MOVIES}


def test_a_push_that_is_done_has_no_commit_left(walked: dict[str, dict[str, Any]]) -> None:
    said = walked["push_plan"]
    assert said["commits_when_all_is_there"] == 0
    assert said["commit_files"] <= said["commit_limit"]
    assert said["repo_files"] < said["repo_files_limit"]


def test_a_run_that_is_laid_down_reads_as_one_that_was_committed(tmp_path: Path) -> None:
    walk = Walk(tmp_path, MOVIES, full=False)
    for name in ("lay", "finish", "again", "status", "index"):
        said = STEPS[name](walk)
    assert said["dataset_files"] > 0


def test_copied_synopses_are_found(tmp_path: Path) -> None:
    assert duplicates(Walk(tmp_path, 400, full=False))["pairs"] > 0


def test_the_page_holds_every_step_and_the_aim() -> None:
    machine = {"cores": 2, "cpu": "any", "python": "3", "date": "2026-01-01"}
    steps = [
        {"movies": 10, "full": False, "shards": 1, "step": name, "s": 61.5, "cpu_s": 1.0, "peak_mib": 10, "files": 3}
        for name in ("resume", "again")
    ]
    text = page({"machine": machine, "steps": steps}, BENCHMARKS / "results", long=True)
    assert "resume, 10 movies: 61.5 s, 10 MiB: not within." in text
    assert "so far 10 were walked" in text
    assert "| again | `make_run` once more: nothing to do | 61.5 | 1.0 | 10 | 3 |" in text
