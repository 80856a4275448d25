"""reproducing.py: a small release is locked, made again elsewhere, and what differs is named."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from moviellm.generation.cli.app import call
from moviellm.generation.release import lock as release
from moviellm.generation.release import reproducing
from moviellm.generation.release.lock import lock_text, read_lock
from moviellm.generation.release.reproducing import lock_release, reproduce

RECIPE = {
    "name": "small",
    "seed": 5,
    "movies": 12,
    "themes": ["a lighthouse keeper finds a map", "a violin goes missing", "two sisters hide a letter"],
    "story": {"chapters": 1, "scenes": 1, "keyframes": 1},
    "twins": {"share": 0.5},
    "image": {"width_px": 64, "height_px": 64},
    "questions": {"per_movie": 2},
    "splits": {"validation": 2, "test": 0},
    "engine": {"shard_bytes": 3300, "workers": 1},
    "dataset": {"name": "MovieLLM-small", "version": "1.0.0"},
}


def in_process(arguments: list[str], *, quiet: bool) -> int:
    """A verb without a process of its own: half of a test's time is importing."""
    assert quiet
    return call([*arguments, *(["--json"] if arguments[0] != "make" else [])])


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    monkeypatch.setattr(reproducing, "run_verb", in_process)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a lock, its run and its dataset."""
    folder = tmp_path_factory.mktemp("lock")
    (folder / "small.yaml").write_text(yaml.safe_dump(RECIPE), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproducing, "run_verb", in_process)
        lock_release(str(folder / "small.yaml"), out=folder / "made", overrides=[], as_json=True)
    return folder / "made"


@pytest.fixture(scope="module")
def again(made, tmp_path_factory) -> Path:
    """Its first part, made elsewhere."""
    folder = tmp_path_factory.mktemp("again") / "small"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproducing, "run_verb", in_process)
        patch.setattr("os.sched_getaffinity", lambda _: {0})
        reproduce(lock_path(made), shards=1, out=folder, as_json=True)
    return folder


def lock_path(made: Path) -> str:
    return str(made / "small.lock.json")


def report(capsys) -> dict:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_lock_says_who_made_it_when_and_with_what(made):
    lock = read_lock(lock_path(made))
    assert (lock.name, lock.movie_count, len(lock.parts), lock.movies_per_part) == ("small", 12, 3, 4)
    assert set(lock.versions) == {"thorvg-python", "pillow", "numpy", "pyarrow"}
    assert lock.seconds and lock.created_at and "engine" not in lock.recipe


def test_the_first_part_is_made_again_without_the_others(made, again, capsys):
    reproduce(lock_path(made), shards=1, out=again, as_json=True)  # all of it is there
    said = report(capsys)
    assert (said["movies"], said["same_text_parts"], said["same_pixel_parts"]) == (4, 1, 1)
    assert said["dataset"] is None and not (again / "MovieLLM-small").exists()


def test_going_on_to_the_whole_gives_the_same_dataset(made, again, capsys):
    reproduce(lock_path(made), shards=None, out=again, as_json=True)
    said = report(capsys)
    assert (said["same_text_parts"], said["same_pixel_parts"], said["differences"]) == (3, 3, [])
    assert said["dataset"]["pages"] == [] and len(said["dataset"]["same"]) == 10
    one, other = (folder / "MovieLLM-small/manifest.json" for folder in (made, again))
    assert one.read_bytes() == other.read_bytes()


def altered(made: Path, tmp_path: Path, **update: object) -> str:
    """A copy of the lock whose second movie is another."""
    lock = read_lock(lock_path(made))
    first, *rest = lock.parts
    prints = list(first.movies)
    prints[1] = "".join(update.pop("prints", [prints[1]]))  # type: ignore[arg-type]
    first = first.model_copy(update={"movies": tuple(prints), **update})
    path = tmp_path / "small.lock.json"
    path.write_text(lock_text(lock.model_copy(update={"parts": (first, *rest)})), encoding="utf-8")
    return str(path)


def test_other_text_ends_with_1_and_names_movie_and_field(made, again, tmp_path, capsys):
    theirs = read_lock(lock_path(made)).parts[0].movies[1]
    path = altered(made, tmp_path, prints=[theirs[:36], "ffffff", theirs[42:]], text_sha256="0" * 64)
    with pytest.raises(SystemExit) as stop:
        reproduce(path, shards=1, out=again, as_json=False)
    assert stop.value.code == 1
    said = capsys.readouterr().out
    assert "differs   the text of 1 parts differs, first in m00001: events" in said
    assert "made by   moviellm" in said


def other_pixels(made: Path, tmp_path: Path) -> str:
    theirs = read_lock(lock_path(made)).parts[0].movies[1]
    return altered(made, tmp_path, prints=[theirs[:-6], "ffffff"], pixels_sha256="0" * 64)


def test_other_pixels_by_the_same_versions_end_with_1(made, again, tmp_path, capsys):
    with pytest.raises(SystemExit):
        reproduce(other_pixels(made, tmp_path), shards=1, out=again, as_json=True)
    assert report(capsys)["differences"] == ["the pictures of 1 parts differ, first in m00001: pixels"]


def test_other_pixels_by_another_rasteriser_are_only_counted(made, again, tmp_path, capsys, monkeypatch):
    real = release.version
    monkeypatch.setattr(release, "version", lambda name: "9.9" if name == "thorvg-python" else real(name))
    reproduce(other_pixels(made, tmp_path), shards=1, out=again, as_json=False)
    printed = capsys.readouterr()
    assert "0 of 1 parts the same to the byte; other in 1 of 4 movies, which other versions" in printed.out
    assert "here is thorvg-python 9.9 instead of" in printed.err


def test_a_folder_with_another_run_is_refused(made, tmp_path):
    lock = read_lock(lock_path(made))
    path = tmp_path / "other.lock.json"
    path.write_text(lock_text(lock.model_copy(update={"recipe": {**lock.recipe, "seed": 6}})), encoding="utf-8")
    with pytest.raises(ValueError, match="holds another run than that of small; choose another --out"):
        reproduce(str(path), shards=1, out=made, as_json=True)


def test_a_folder_with_other_files_is_refused(made, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="holds other files and is not a run folder"):
        reproduce(lock_path(made), shards=1, out=tmp_path, as_json=True)


@pytest.mark.parametrize("shards", [0, 4])
def test_a_number_of_parts_that_there_are_not_is_refused(made, tmp_path, shards):
    with pytest.raises(ValueError, match=f"--shards {shards}: small has 3 parts; take 1 to 3"):
        reproduce(lock_path(made), shards=shards, out=tmp_path, as_json=True)


def test_only_the_offline_studio_is_locked():
    with pytest.raises(ValueError, match="writer offline and painter diffusers; only what the offline studio makes"):
        lock_release("sdxl", out=None, overrides=[], as_json=True)


@pytest.mark.slow
def test_a_release_that_was_killed_goes_on_in_another_process(made, tmp_path):
    command = [sys.executable, "-P", "-m", "moviellm.generation.cli", "dataset", "reproduce", lock_path(made)]
    command += ["--out", str(tmp_path / "small")]
    process = subprocess.Popen(command)
    lock = tmp_path / "small/run/lock"
    while not list((tmp_path / "small").glob("run/journal/*")):
        time.sleep(0.01)
        assert process.poll() is None
    os.kill(int(lock.read_text(encoding="utf-8").split()[1]), signal.SIGKILL)  # `make`, in the middle of its work
    assert process.wait() == 1
    done = subprocess.run([*command, "--json"], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["differences"] == []


@pytest.mark.slow
def test_the_packaged_release_is_made_again_by_this_code(tmp_path):
    reproduce("release-1.0", shards=1, out=tmp_path, as_json=True)
