"""The whole line on the offline studio, as a user runs it: twice, killed, wide and narrow, edited."""

import filecmp
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from moviellm.generation.runs.manifest import manifests

SMALL = ["story.chapters=1", "story.scenes=2", "story.keyframes=2", "questions.per_movie=6"]
FIXED = {"SOURCE_DATE_EPOCH": "1767225600"}


def moviellm(*arguments: str, cwd: Path, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "moviellm.generation.cli", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=os.environ | FIXED | environment)
    assert not check or done.returncode == 0, done.stderr
    return done


def make_and_build(cwd: Path, name: str, *overrides: str, movies: int = 11, **environment: str) -> Path:
    """Run `make` and `dataset build`; the dataset folder."""
    settings = ["--movies", str(movies), "--no-films", "--set", *SMALL, *overrides]
    moviellm("make", "--out", name, *settings, cwd=cwd, **environment)
    return build(cwd, name)


def build(cwd: Path, name: str) -> Path:
    moviellm("dataset", "build", name, "--out", f"{name}-data", cwd=cwd)
    return cwd / f"{name}-data"


def all_files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def assert_same_bytes(one: Path, other: Path) -> None:
    assert all_files(one) == all_files(other)
    different = [name for name in all_files(one) if not filecmp.cmp(one / name, other / name, shallow=False)]
    assert different == []


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an undisturbed run `calm` and its dataset `calm-data`."""
    folder = tmp_path_factory.mktemp("flow")
    make_and_build(folder, "calm")
    return folder


@pytest.mark.parametrize(
    ("overrides", "environment"),
    [
        (["engine.concurrency=1", "engine.workers=1"], {"PYTHONHASHSEED": "1"}),
        (["engine.concurrency=64"], {"PYTHONHASHSEED": "99"}),
        (["engine.shard_bytes=200000"], {}),
    ],
    ids=["one-at-a-time", "64-at-a-time", "many-shards"],
)
def test_how_the_work_is_done_changes_no_byte(
    undisturbed: Path, tmp_path: Path, overrides: list[str], environment: dict[str, str]
) -> None:
    other = make_and_build(tmp_path, "calm", *overrides, **environment)
    assert_same_bytes(undisturbed / "calm-data", other)


@pytest.mark.parametrize(("moments", "movies"), [(4, 14), pytest.param(20, 30, marks=pytest.mark.slow)])
def test_kill_9_at_any_moment_changes_no_byte(tmp_path: Path, moments: int, movies: int) -> None:
    calm = make_and_build(tmp_path, "calm", movies=movies)
    rng = random.Random(9)
    command = [sys.executable, "-m", "moviellm.generation.cli", "make", "--out", "run", "--no-films"]
    command += ["--movies", str(movies), "--set", *SMALL, "engine.concurrency=4"]
    calls = tmp_path / "run" / "calls.jsonl"
    quiet = {"cwd": tmp_path, "env": os.environ | FIXED, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    kills = 0
    while kills < moments:
        before = _size(calls)
        process = subprocess.Popen(command, **quiet)
        # Kill while it works: once it has made something new, at a random moment after that.
        wait_until(lambda: _size(calls) > before or process.poll() is not None)  # noqa: B023
        time.sleep(rng.uniform(0, 0.04))
        assert process.poll() is None, f"the run was over after {kills} kills; make it longer"
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    subprocess.run(command, check=True, **quiet)
    (tmp_path / "killed").mkdir()
    (tmp_path / "run").rename(tmp_path / "killed" / "calm")
    assert_same_bytes(calm, build(tmp_path / "killed", "calm"))
    found = json.loads(moviellm("check", "calm", "--json", cwd=tmp_path / "killed").stdout)
    assert found["findings"] == []
    cells = [manifest.cells for manifest in manifests(tmp_path / "killed" / "calm")]
    assert cells == [manifest.cells for manifest in manifests(tmp_path / "calm")]
    keys = [json.loads(line)["key"] for line in _whole_lines(tmp_path / "killed" / "calm" / "calls.jsonl")]
    repeated = len(keys) - len(set(keys))
    assert repeated <= kills * 4, "a kill costs at most what was in flight"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _whole_lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]


def test_no_process_is_left_behind_by_a_kill(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "moviellm.generation.cli", "make", "--out", "r", "--movies", "300"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: _processes_in(tmp_path) > 1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: _processes_in(tmp_path) == 0)


def wait_until(condition, seconds: float = 60.0) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def _processes_in(folder: Path) -> int:
    """Processes whose working directory is `folder`."""
    count = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                count += os.readlink(entry / "cwd") == str(folder)
            except OSError:
                continue
    return count


def test_two_processes_on_one_run_are_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "moviellm.generation.cli", "make", "--out", "r", "--movies", "300"]
    first = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: bool(list(tmp_path.glob("r/journal/*.pack"))))
        second = moviellm("make", "--out", "r", cwd=tmp_path, check=False)
        assert second.returncode == 2
        assert str(first.pid) in second.stderr
    finally:
        first.kill()
        first.wait()


@pytest.mark.parametrize(
    ("edited", "remade"),
    [
        # A comment changes the grammar but no answer: what reads the answers is not made again.
        ("captions.yaml", {"plot": 22}),
        ("dialogue.yaml", {"dialogue": 22}),
        ("questions.yaml", {"qa": 11}),
    ],
)
def test_editing_a_grammar_remakes_only_what_depends_on_it(
    undisturbed: Path, tmp_path: Path, edited: str, remade: dict[str, int]
) -> None:
    shutil.copytree(undisturbed / "calm", tmp_path / "calm")
    with as_file(files("moviellm.generation.studio.grammar")) as packaged:
        shutil.copytree(packaged, tmp_path / "grammar")
    with open(tmp_path / "grammar" / edited, "a", encoding="utf-8") as file:
        file.write("\n# edited\n")
    settings = ["--no-films", "--json", f"--set=studio.grammar={tmp_path / 'grammar'}"]
    facts = json.loads(moviellm("make", "--out", "calm", *settings, cwd=tmp_path).stdout)
    assert facts["made"] == remade


def test_run_ends_at_the_loaded_dataset(tmp_path: Path) -> None:
    done = moviellm("run", "tiny", "--out", "demo", "--until", "dataset", "--set", "movies=3", *SMALL, cwd=tmp_path)
    assert "load_dataset(" in done.stdout
    assert (tmp_path / "demo" / "run" / "storyboard.html").is_file()
    assert len(list((tmp_path / "demo" / "run" / "films").glob("*.mp4"))) == 3
    again = moviellm("run", "tiny", "--out", "demo", "--until", "dataset", "--set", "movies=3", *SMALL, cwd=tmp_path)
    assert "nothing to make" in again.stdout


@pytest.mark.slow
def test_the_whole_line_ends_at_a_row_with_the_numbers_of_eval_run(tmp_path: Path) -> None:
    moviellm("run", "tiny", "--out", "demo", "--set", *SMALL, cwd=tmp_path)
    (row,) = (tmp_path / "demo/leaderboard/results/results").glob("*/entry.json")
    told = ["--model", "replay:demo/scores/test/predictions.jsonl", "--data", "demo/benchmark/bench/private"]
    moviellm("eval", "run", *told, "--tasks", "all", "--controls", "none", "--out", "again", cwd=tmp_path)
    again = json.loads((tmp_path / "again/results.json").read_text())["tasks"]
    tasks = json.loads(row.read_text())["tasks"]
    assert tasks and {name: task["metrics"] for name, task in tasks.items()} == {
        name: again[name]["metrics"] for name in tasks
    }
    assert (tmp_path / "demo/scores/dev/report/report.html").is_file()
    rows = {path.stem for path in (tmp_path / "demo/leaderboard/results/baselines").iterdir()}
    assert {"random", "majority", "question-only", "dialogue-only", "oracle"} <= rows


@pytest.mark.slow
def test_a_movie_of_the_papers_size_is_made_whole(tmp_path: Path) -> None:
    size = ["story.chapters=11", "story.scenes=11", "story.keyframes=11", "image.width_px=128", "image.height_px=72"]
    done = moviellm("make", "the last train carries a secret", "--out", "r", "--json", "--set", *size, cwd=tmp_path)
    facts = json.loads(done.stdout)
    assert (facts["movies"], facts["keyframes"], facts["failed"]) == (1, 1331, {})
    assert moviellm("check", "r", cwd=tmp_path).stdout == "r: 0 errors, 0 warnings\n"
