"""show.py: what is in a dataset folder, read anew; a damaged folder is one line that says what to do."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from moviellm.cards.show import show
from moviellm.generation.dataset.folder import MANIFEST, README, read_manifest
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub
from tests.stories import build, make_story


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("show") / "dataset"
    build(out, [make_story(number, chapters=1) for number in range(2)])
    return out


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A dataset of its own, to be damaged."""
    return Path(shutil.copytree(built, tmp_path / "dataset"))


def test_the_rows_are_those_of_the_manifest(built: Path) -> None:
    shown = show(str(built))
    assert (shown["rows"], shown["version"]) == (read_manifest(built).configs, read_manifest(built).version)


def test_the_text_has_a_movie_a_question_and_how_to_load_it(built: Path) -> None:
    text = show(str(built))["text"]
    assert "The Key of Part" in text and "What does Ada hold?" in text and f'load_dataset("{built}", "qa"' in text


def test_a_dataset_without_questions_is_shown(tmp_path: Path) -> None:
    build(tmp_path / "out", [make_story(0, chapters=1).model_copy(update={"qa_pairs": ()})])
    assert 'out", "movies", split="train")' in show(str(tmp_path / "out"))["text"]


@pytest.mark.parametrize("name", ["~", "~no-such-user"])
def test_a_relative_path_that_begins_with_a_tilde_is_no_home_directory(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.rename(folder.with_name(name))
    monkeypatch.chdir(folder.parent)
    assert show(name)["rows"]["movies"]


def test_a_folder_without_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no dataset folder"):
        show(str(tmp_path))


@pytest.mark.parametrize("text", ["", "[]", '{"name": "d'])
def test_a_damaged_manifest_is_an_error_that_names_it(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text)
    with pytest.raises(ValueError, match=rf"{folder / MANIFEST} is damaged"):
        show(str(folder))


def test_a_missing_readme_is_an_error_that_points_to_the_check(folder: Path) -> None:
    (folder / README).unlink()
    with pytest.raises(ValueError, match=rf"cannot be loaded .*moviellm dataset check {folder}"):
        show(str(folder))


def test_an_empty_readme_is_an_error_that_points_to_the_check(folder: Path) -> None:
    (folder / README).write_text("")
    with pytest.raises(ValueError, match=rf"cannot be loaded .*moviellm dataset check {folder}"):
        show(str(folder))


def test_a_shard_that_is_cut_after_it_was_shown_is_an_error(folder: Path) -> None:
    show(str(folder))
    shard = next((folder / "qa").iterdir())
    shard.write_bytes(shard.read_bytes()[:50])
    with pytest.raises(ValueError, match=r"cannot be loaded \(ArrowInvalid"):
        show(str(folder))


def test_nothing_is_left_in_the_shared_cache_nor_in_the_temporary_folder(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "shared")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    show(str(built))
    assert [path.name for path in tmp_path.rglob("*")] == ["temporary"]


def test_a_shared_cache_that_cannot_be_written_is_not_needed(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "file" / "datasets")
    assert show(str(built))["rows"]["movies"]


def test_a_full_disk_is_not_blamed_on_the_dataset(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("generation failed") from OSError(28, "No space left on device")

    monkeypatch.setattr("datasets.load_dataset", full)
    with pytest.raises(OSError, match="No space left on device: '.*moviellm-"):
        show(str(built))


def test_what_an_imported_movie_does_not_know_is_not_shown(tmp_path: Path) -> None:
    movie = make_story(0, chapters=1).model_copy(update={"genre": None, "logline": None})
    build(tmp_path / "out", [movie])
    assert "None" not in show(str(tmp_path / "out"))["text"]


@pytest.fixture
def on_the_hub(hub_here: Hub, built: Path) -> Hub:  # noqa: F811
    files = {path.relative_to(built).as_posix(): path.read_bytes() for path in built.rglob("*") if path.is_file()}
    hub_here.write("moviellm/films", files)
    hub_here.store.repos["dataset", "moviellm/films"].tag("v1.0.0", "main")
    return hub_here


def test_a_dataset_on_the_hub_is_shown_as_the_folder_it_came_from(on_the_hub: Hub, built: Path) -> None:
    here, there = show(str(built)), show("moviellm/films", "v1.0.0")
    assert list(there["rows"].items()) == list(here["rows"].items())
    assert "The Key of Part" in there["text"] and "  A: " in there["text"]
    assert 'load_dataset("moviellm/films", "qa", split="test", revision="v1.0.0")' in there["text"]


def test_a_dataset_on_the_hub_that_breaks_off_is_an_error_that_says_try_again(on_the_hub: Hub) -> None:
    on_the_hub.fail(r"/api/datasets/.*/tree/", times=99, with_=404)
    with pytest.raises(ValueError, match=r"moviellm/films cannot be read from the Hub \(.*try again"):
        show("moviellm/films")


def test_an_unknown_revision_of_a_dataset_on_the_hub_is_an_error(on_the_hub: Hub) -> None:
    with pytest.raises(ValueError, match=r"no revision 'v9' on the Hub; it has v1\.0\.0"):
        show("moviellm/films", "v9")
