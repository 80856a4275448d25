"""Pictures come to rows as they are read."""

from pathlib import Path
from typing import Any

import pytest

from moviellm.training.rows.film import Look
from moviellm.training.rows.joining import with_images
from moviellm.training.rows.source import open_source
from moviellm.training.rows.writing import write_rows
from moviellm_dataset import load
from tests.factories import make_image
from tests.stories import build, make_story
from tests.training.rows.movies import placeholders


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("joining")
    build(place / "films", [make_story(number) for number in range(2)])
    write_rows(open_source(str(place / "films")), place / "rows", ["sft", "boundary"], Look(frames=4), seed=0)
    return place


def rows(place: Path, view: str = "sft", split: str = "train") -> Any:
    import datasets

    return datasets.load_dataset(str(place / "rows"), view, split=split, cache_dir=str(place / "cache"))


def keyframes(place: Path, split: str = "train") -> Any:
    return load(place / "films", "keyframes", split=split, cache_dir=place / "cache")


def test_references_become_pictures_one_for_each_placeholder(place: Path) -> None:
    for view, column in (("sft", "prompt"), ("boundary", "messages")):
        row = with_images(rows(place, view), keyframes(place))[0]
        assert [picture.size for picture in row["images"]] == [(64, 36)] * 4
        assert placeholders(row[column]) == 4


def test_bytes_are_those_of_the_dataset(place: Path) -> None:
    names = [one["keyframe_id"] for one in rows(place)[0]["images"]]
    found = with_images(rows(place), keyframes(place), decode=False)[0]["images"]
    assert found == [make_image(name) for name in names]


def test_parts_of_messages_have_no_empty_keys(place: Path) -> None:
    row = with_images(rows(place), keyframes(place))[0]
    parts = [part for one in row["prompt"] + row["completion"] for part in one["content"]]
    assert {tuple(part) for part in parts} == {("type", "text"), ("type",)}


def test_only_columns_that_are_there_are_joined(place: Path) -> None:
    found = with_images(
        rows(place).select_columns(["prompt", "movie_id"]).add_column("images", [[]] * 3), keyframes(place)
    )
    assert found[0]["images"] == [] and found[0]["movie_id"] == "m00000"


def test_keyframes_of_another_split_are_an_error_that_says_so(place: Path) -> None:
    with pytest.raises(
        ValueError, match="no keyframe m00000-c00-s00-k00 among these 8; load the split that the rows are of"
    ):
        with_images(rows(place), keyframes(place, "test"))[0]


def test_other_pictures_under_the_same_id_are_an_error(place: Path) -> None:
    turned = keyframes(place)
    ids = turned["keyframe_id"][:]
    renamed = turned.remove_columns("keyframe_id").add_column("keyframe_id", ids[1:] + ids[:1])
    with pytest.raises(ValueError, match="is not the one that the rows were made with"):
        with_images(rows(place), renamed)[0]


def test_what_is_no_split_is_refused(place: Path) -> None:
    with pytest.raises(ValueError, match="rows is a dict and no split"):
        with_images({}, keyframes(place))
    with pytest.raises(ValueError, match="keyframes is a Dataset and no split with a column 'image_sha256'"):
        with_images(rows(place), rows(place))
