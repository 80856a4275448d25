"""Reading a published dataset, movie by movie."""

import hashlib
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from moviellm.generation.dataset.features import FEATURES, arrow_schema
from moviellm.training.rows.source import open_source, read_movies
from tests.factories import make_image
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub
from tests.stories import build, make_story


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("source") / "films"
    build(out, [make_story(number) for number in range(3)])
    return out


def test_movies_come_back_as_they_went_in_split_by_split(folder: Path) -> None:
    found = [movie for movie, _ in read_movies(open_source(str(folder)), pictures=False)]
    assert [movie.split for movie in found] == ["train", "validation", "test"]
    for movie in found:
        assert movie.events == make_story(int(movie.movie_id[1:])).events and len(movie.qa_pairs or ()) == 3


def test_pictures_come_only_when_they_are_asked_for(folder: Path) -> None:
    source = open_source(str(folder))
    (movie, none), (_, pictures) = (next(read_movies(source, pictures=asked)) for asked in (False, True))
    assert none == {} and pictures == {k.keyframe_id: make_image(k.keyframe_id) for k in movie.keyframes()}


def test_the_source_is_pinned_by_the_hash_of_its_manifest(folder: Path) -> None:
    source = open_source(str(folder))
    assert source.manifest_sha256 == hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert (source.dataset, source.revision, source.commit) == (source.manifest.name, source.manifest.version, "")


def test_a_folder_has_no_revision(folder: Path) -> None:
    with pytest.raises(ValueError, match="is a folder and has no revision 'v1'"):
        open_source(str(folder), "v1")


def test_a_folder_without_a_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no dataset folder"):
        open_source(str(tmp_path))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("schema_version", "2.0.0", "this program reads 1.x"),
        ("configs", {"sft": {"train": 1}}, "has sft and no movies"),
    ],
)
def test_what_cannot_be_read_is_refused(folder: Path, tmp_path: Path, key: str, value: object, message: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (tmp_path / "README.md").write_text("---\n---\n")
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {key: value}))
    with pytest.raises(ValueError, match=message):
        open_source(str(tmp_path))


def test_rows_of_no_movie_are_an_error_that_names_the_movie(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "films"
    shutil.copytree(folder, broken)
    path = next(broken.glob("qa/test-*.parquet"))
    rows = [row | {"movie_id": "m00007"} for row in pq.read_table(path).to_pylist()]
    schema = arrow_schema(FEATURES["qa"])
    pq.write_table(pq.read_table(path).from_pylist(rows, schema), path)
    with pytest.raises(ValueError, match="rows of qa/test are of m00007"):
        list(read_movies(open_source(str(broken)), pictures=False))


def test_a_dataset_that_is_not_on_the_hub_is_an_error_that_says_so(hub_here: Hub) -> None:  # noqa: F811
    with pytest.raises(ValueError, match="moviellm/none"):
        open_source("moviellm/none", "v1.0.0")
