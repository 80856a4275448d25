"""Exports have the shapes that the trainers they are for read."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.dataset.folder import read_manifest, same_files
from moviellm.generation.schema import Movie
from moviellm.training.rows.export_folder import ExportOptions
from moviellm.training.rows.exporting import KINDS, export
from moviellm.training.rows.llama_vid import inputs_of
from moviellm.training.rows.source import open_source, read_movies
from tests.factories import make_movie
from tests.stories import build, make_story
from tests.training.rows.movies import SAMPLE, sample, with_lines


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("exports")
    for kind in KINDS:
        export(kind, str(SAMPLE), place / kind)
    return place


def records(path: Path) -> list[Any]:
    found = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(found, list) and found
    return found


def lists(folder: Path) -> list[Path]:
    return [folder / file.path for file in read_manifest(folder).files if file.rows is not None]


@pytest.mark.parametrize("kind", KINDS)
def test_the_manifest_lists_every_file_and_counts_the_records(exports: Path, kind: str) -> None:
    folder = exports / kind
    manifest = read_manifest(folder)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {file.path for file in manifest.files} | {"manifest.json"} == there and same_files(folder, manifest)
    assert all(len(records(folder / file.path)) == file.rows for file in manifest.files if file.rows is not None)


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_files_called_by_their_keyframes(exports: Path, kind: str) -> None:
    for movie, pictures in sample():
        for name, data in pictures.items():
            assert (exports / kind / "images" / movie.movie_id / f"{name}.jpg").read_bytes() == data


@pytest.mark.parametrize("kind", ["llama-vid", "vtimellm", "llava"])
def test_conversations_take_turns_and_show_the_film_first(exports: Path, kind: str) -> None:
    for path in lists(exports / kind):
        for record in (one for one in records(path) if path.name != "frames.json"):
            turns = record["conversations"]
            assert [turn["from"] for turn in turns] == ["human", "gpt"] * (len(turns) // 2)
            assert re.search("<image>|<video>", turns[0]["value"])
            assert not any(re.search("<image>|<video>", turn["value"]) for turn in turns[1:])


def test_llama_vid_asks_the_questions_of_the_dataset(exports: Path) -> None:
    for movie in (movie for movie, _ in sample()):
        path = exports / "llama-vid" / ("long_videoqa.json" if movie.split == "train" else "long_videoqa_test.json")
        turns = [turn["value"].removeprefix("<image>\n") for one in records(path) for turn in one["conversations"]]
        asked = list(zip(turns[::2], turns[1::2], strict=True))
        assert all((one.question, one.answer) in asked for one in movie.qa_pairs or ())


def test_llama_vid_has_frames_and_text_for_every_feature_file(exports: Path) -> None:
    folder = exports / "llama-vid"
    for record in records(folder / "long_videoqa.json"):
        told = json.loads((folder / record["video"]).with_suffix(".json").read_text())
        assert told["inputs"].count("<image>") == len(told["frames"]) == len(told["times_s"]) == 12
        assert all((folder / path).is_file() for path in told["frames"])


def test_llama_vid_puts_a_line_behind_the_frame_in_whose_time_it_ends() -> None:
    movie = with_lines(make_movie(chapters=1, scenes=1, keyframes=3), [(0.5, "One."), (3.4, "Two."), (11.4, "Three.")])
    painted = list(movie.keyframes())
    assert inputs_of(movie, painted) == "<image>One. Two.<image><image>Three."
    assert inputs_of(movie, painted[1:]) == "<image>One. Two.<image>Three."


def check_vtimellm(record: dict, movie: Movie) -> None:
    assert set(record) == {"source", "id", "conversations", "meta"}
    meta = record["meta"]
    assert set(meta) <= {"split", "duration", "token"} and all(
        0 <= at <= meta["duration"] for at in meta["token"].values()
    )
    start_s, end_s = meta.get("split", [0.0, movie.duration_s])
    assert meta["duration"] == end_s - start_s and record["id"].startswith(movie.movie_id)
    said = {token for turn in record["conversations"] for token in re.findall(r"<[sec]\d+>", turn["value"])}
    assert said == set(meta["token"])


def test_vtimellm_stages_two_and_three_say_times_with_tokens(exports: Path) -> None:
    movies = {movie.split: movie for movie, _ in sample()}
    for split, ending in (("train", ""), ("test", "_test")):
        for stage in ("stage2", "stage3"):
            for record in records(exports / "vtimellm" / f"{stage}{ending}.json"):
                check_vtimellm(record, movies[split])


def test_vtimellm_has_a_hundred_pictures_for_every_clip(exports: Path) -> None:
    folder = exports / "vtimellm"
    frames = {record["id"]: record["frames"] for record in records(folder / "frames.json")}
    assert all(len(found) == 100 and (folder / found[99]).is_file() for found in frames.values())
    assert {record["id"] for record in records(folder / "stage2.json")} <= set(frames)


def test_vtimellm_says_which_part_of_a_longer_movie_a_clip_is(tmp_path: Path) -> None:
    build(tmp_path / "films", [make_story(0, chapters=4, scenes=2, keyframes=6)])
    export("vtimellm", str(tmp_path / "films"), tmp_path / "out")
    found = {record["id"]: record["meta"] for record in records(tmp_path / "out" / "stage2.json")}
    assert {name: meta["split"] for name, meta in found.items()} == {
        "m00000-00000000-00120000": [0.0, 120.0],
        "m00000-00120000-00192000": [120.0, 192.0],
    }
    frames = {one["id"]: one["frames"] for one in records(tmp_path / "out" / "frames.json")}
    assert frames["m00000-00120000-00192000"][0].endswith("m00000-c02-s01-k00.jpg")


def test_vtimellm_stage_one_has_a_picture_and_a_caption(exports: Path) -> None:
    for record in records(exports / "vtimellm" / "stage1.json"):
        assert (exports / "vtimellm" / record["image"]).is_file() and len(record["conversations"]) == 2


def test_llava_has_one_picture_a_record_and_movies_have_lists(exports: Path) -> None:
    assert all(isinstance(one["image"], str) for one in records(exports / "llava" / "llava.json"))
    for record in records(exports / "llava" / "llava_movies.json"):
        assert record["conversations"][0]["value"].count("<image>") == len(record["image"]) == 12


def test_llama_factory_finds_every_list_with_as_many_pictures_as_tokens(exports: Path) -> None:
    folder = exports / "sharegpt"
    info = json.loads((folder / "dataset_info.json").read_text())
    assert {one["file_name"] for one in info.values()} == {path.name for path in lists(folder)}
    assert all(one["formatting"] == "sharegpt" for one in info.values())
    for path in lists(folder):
        for record in records(path):
            assert [one["role"] for one in record["messages"]][:2] == ["user", "assistant"]
            tokens = sum(one["content"].count("<image>") for one in record["messages"])
            assert tokens == len(record["images"]) > 0 and all(
                (folder / image).is_file() for image in record["images"]
            )


def test_films_are_written_where_they_are_asked_for(tmp_path: Path) -> None:
    build(tmp_path / "films", [make_story(0, chapters=1, scenes=1, keyframes=4)])
    export("llama-vid", str(tmp_path / "films"), tmp_path / "out", options=ExportOptions(films=True))
    assert (tmp_path / "out" / "films" / "m00000.mp4").read_bytes()[4:8] == b"ftyp"
    assert {record["video"] for record in records(tmp_path / "out" / "videoqa.json")} == {"films/m00000.mp4"}


def test_fewer_pictures_can_be_asked_for(tmp_path: Path) -> None:
    export("sharegpt", str(SAMPLE), tmp_path / "out", options=ExportOptions(frames=2))
    assert {len(record["images"]) for record in records(tmp_path / "out" / "moviellm_sft.json")} == {2}


def test_the_same_dataset_and_seed_give_the_same_bytes(exports: Path, tmp_path: Path) -> None:
    export("vtimellm", str(SAMPLE), tmp_path / "out")
    assert read_manifest(tmp_path / "out") == read_manifest(exports / "vtimellm")


def test_exporting_the_same_again_changes_nothing(tmp_path: Path) -> None:
    made = [export("llava", str(SAMPLE), tmp_path / "out", options=ExportOptions(frames=1)) for _ in range(2)]
    assert [one.kept for one in made] == [False, True]


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("webdataset", ExportOptions(), "no format 'webdataset'; there are llama-vid, vtimellm, llava, sharegpt"),
        ("llava", ExportOptions(films=True), "--films is for llama-vid and vtimellm"),
        ("vtimellm", ExportOptions(frames=3), "--frames is for llava and sharegpt"),
        ("llava", ExportOptions(frames=0), "at least 1; got 0"),
    ],
)
def test_wrong_options_are_refused(tmp_path: Path, kind: str, options: ExportOptions, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        export(kind, str(SAMPLE), tmp_path / "out", options=options)
    assert not (tmp_path / "out").exists()


def test_a_dataset_is_not_overwritten_by_an_export(tmp_path: Path) -> None:
    build(tmp_path / "films", [make_story(0)])
    with pytest.raises(ValueError, match="holds the dataset .*, not an export"):
        export("llava", str(SAMPLE), tmp_path / "films")
    assert sum(1 for _ in read_movies(open_source(str(tmp_path / "films")), pictures=False)) == 1
