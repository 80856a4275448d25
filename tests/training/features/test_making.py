"""Features of a dataset are made once, kept whole, and go on where a killed try stopped."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from moviellm.generation.dataset.folder import read_manifest, same_files
from moviellm.training.features import FeatureCache, making
from moviellm.training.media import FramePolicy
from tests.stories import build, make_story
from tests.training.features.kit import counted, make, open_tower, save_tower

FRAMES = 8
"""Keyframes of a tiny movie."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tower and a dataset."""
    folder = tmp_path_factory.mktemp("making")
    save_tower(folder / "tower")
    build(folder / "films", [make_story(number) for number in range(3)])
    return folder


def tower(place: Path, level: str = "pool", **options: object):  # type: ignore[no-untyped-def]
    return open_tower(str(place / "tower"), level, options.pop("policy", FramePolicy()), pool_side=2, **options)


def test_the_tower_sees_every_frame_once_and_then_never_again(place: Path, tmp_path: Path) -> None:
    with counted() as calls:
        first = make(tower(place), place / "films", tmp_path / "out")
        assert (sum(calls), first.seen, first.frames) == (3 * FRAMES, 3, 3 * FRAMES)
        again = make(tower(place), place / "films", tmp_path / "out")
        assert (sum(calls), again.seen, again.manifest) == (3 * FRAMES, 0, first.manifest)
        list(FeatureCache(tmp_path / "out").films())
        assert sum(calls) == 3 * FRAMES


def test_the_same_bytes_for_any_batch(place: Path, tmp_path: Path) -> None:
    one, other = (make(tower(place, "cls"), place / "films", tmp_path / str(batch), batch=batch) for batch in (1, 8))
    differing = {a.path for a, b in zip(one.manifest.files, other.manifest.files, strict=True) if a != b}
    assert differing <= {"shards/00000.safetensors"}, "towers round batches, no more"
    a, b = (FeatureCache(tmp_path / name).film("m00001").features for name in ("1", "8"))
    assert np.allclose(a.astype(np.float32), b.astype(np.float32), atol=2e-3)


def test_a_new_revision_costs_the_movies_that_changed(place: Path, tmp_path: Path) -> None:
    build(tmp_path / "films", [make_story(number) for number in range(3)])
    make(tower(place), tmp_path / "films", tmp_path / "out")
    shutil.rmtree(tmp_path / "films")
    build(tmp_path / "films", [make_story(number) for number in range(4)])
    with counted() as calls:
        made = make(tower(place), tmp_path / "films", tmp_path / "out")
    assert (made.seen, made.kept, sum(calls)) == (1, 3, FRAMES)
    assert len(list(FeatureCache(tmp_path / "out").films())) == 4


def test_shards_hold_films_as_they_fill(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "SHARD_BYTES", 4_000)
    made = make(tower(place), place / "films", tmp_path / "out")
    assert [file.path for file in made.manifest.files if file.path.startswith("shards")] == [
        "shards/00000.safetensors",
        "shards/00001.safetensors",
    ]
    assert same_files(tmp_path / "out", read_manifest(tmp_path / "out"))


CODE = """
import sys, time
from pathlib import Path
import numpy as np
from moviellm.training.features import FeatureSettings, making
from moviellm.training.media import FramePolicy
from moviellm.training.media.reading import open_movies

place, out, making.SHARD_BYTES = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])

class Tower:                # as a tower of torch is, without the ten seconds of its imports
    settings = FeatureSettings.model_validate_json(sys.argv[4])
    frames = None
    def prepare(self, frames, name):
        return np.stack([np.asarray(frame.resize((8, 8)), np.float16) for frame in frames])
    def features(self, pixels):
        print(len(pixels), flush=True)
        time.sleep(0.02)
        return pixels.reshape(len(pixels), -1)[:, : 4 * 32].reshape(len(pixels), 4, 32)

tower = Tower()
tower.frames = tower
movies = open_movies(place)
splits = movies.source.manifest.splits
films = [(split, movies.film(name, FramePolicy())) for split in splits for name in movies.ids(split)]
making.make_cache(tower, films, out, source=movies.source, batch=2)
"""


@pytest.mark.slow
@pytest.mark.parametrize("shard_bytes", [3_000, 10**9])
def test_a_killed_try_repeats_only_the_film_in_flight_and_leaves_nothing_half_written(
    place: Path, tmp_path: Path, shard_bytes: int
) -> None:
    out = tmp_path / "out"
    settings = tower(place).settings.model_dump_json()
    command = [sys.executable, "-c", CODE, str(place / "films"), str(out), str(shard_bytes), settings]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    batches = 3 * FRAMES // 2
    seen = kills = 0
    for stop_after in (3, 2, 4):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        for _ in range(stop_after):
            process.stdout.readline()
            seen += 1
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        assert not out.exists()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    seen += len(done.stdout.split())
    assert seen <= batches + kills * FRAMES // 2, "at most one film is seen twice for each kill"
    straight = tmp_path / "straight"
    command[4] = str(straight)
    subprocess.run(command, check=True, capture_output=True, env=environment)
    for name in FeatureCache(out).ids():
        assert np.array_equal(FeatureCache(out).film(name).features, FeatureCache(straight).film(name).features)
    assert same_files(out, read_manifest(out)) and not list(tmp_path.glob(".*making"))


def test_what_was_begun_with_other_settings_is_said(place: Path, tmp_path: Path) -> None:
    work = tmp_path / ".out.making"
    work.mkdir()
    (work / "begun.json").write_text(tower(place, "cls").settings.model_dump_json())
    with pytest.raises(ValueError, match=r"was begun with other settings: .*level is `cls`, and now it is `pool`"):
        make(tower(place), place / "films", tmp_path / "out")


def test_a_cache_of_other_settings_or_a_dataset_is_not_replaced(place: Path, tmp_path: Path) -> None:
    make(tower(place, "cls"), place / "films", tmp_path / "out")
    with pytest.raises(ValueError, match="is a cache of other settings: level is `cls`, wanted is `pool`"):
        make(tower(place), place / "films", tmp_path / "out")
    with pytest.raises(ValueError, match="holds .*, which is no cache of features"):
        make(tower(place), place / "films", place / "films")


def test_a_frame_that_cannot_be_decoded_stops_with_its_film_and_what_was_made_stays(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moviellm.training.media.movies import DatasetPictures

    data = DatasetPictures.data
    monkeypatch.setattr(
        DatasetPictures,
        "data",
        lambda self, number: b"no picture" if (self._name, number) == ("m00002", 5) else data(self, number),
    )
    with pytest.raises(ValueError, match="Frame 5 of m00002 cannot be decoded"):
        make(tower(place), place / "films", tmp_path / "out")
    monkeypatch.setattr(DatasetPictures, "data", data)
    assert make(tower(place), place / "films", tmp_path / "out").kept == 1


def test_the_verb_says_what_was_made(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from moviellm.generation.cli.app import call

    command = ["train", "features", str(place / "tower"), str(place / "films"), "--level", "cls", "--frames", "4"]
    assert call([*command, "--out", str(tmp_path / "out"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["movies"], told["frames"], told["bytes_per_frame"]) == (3, 12, 64)
    assert call([*command, "--out", str(tmp_path / "out")]) == 0
    assert "seen now    0 movies; 3 were there" in capsys.readouterr().out
    assert call([*command, "--out", str(tmp_path / "b"), "--level", "most"]) == 2
    assert "allowed are cls, pool, full" in capsys.readouterr().err


def test_two_processes_do_not_make_one_cache(place: Path, tmp_path: Path) -> None:
    made = tower(place)
    with making._work_folder(tmp_path / "out", made.settings), pytest.raises(ValueError, match="another process"):
        make(made, place / "films", tmp_path / "out")


def test_pictures_are_prepared_while_the_tower_works() -> None:
    events: list[str] = []

    def slow() -> object:
        for number in range(4):
            events.append(f"prepared {number}")
            yield number

    for item in making._ahead(slow()):
        time.sleep(0.02)
        events.append(f"seen {item}")
    assert events.index("prepared 2") < events.index("seen 0")
