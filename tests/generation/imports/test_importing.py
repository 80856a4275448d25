"""imports/importing.py: every kind becomes a dataset folder that checks, loads, and says what it does not know."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from safetensors.numpy import load_file

from moviellm.generation.cli.app import call
from moviellm.generation.dataset.check import check_dataset
from moviellm.generation.imports.importing import KINDS, import_dataset
from moviellm.generation.imports.options import ImportOptions
from tests.generation.imports.legacy import dump, video_chatgpt, vtimellm, write_long_videoqa, write_story

SRT = "1\n00:00:01,000 --> 00:00:02,500\nWho is there?\n"


def write(kind: str, folder: Path) -> Path:
    """Files of a kind."""
    if kind == "dreamframe":
        return write_story(folder)
    if kind == "long-videoqa":
        return write_long_videoqa(folder)
    if kind == "subtitles":
        folder.mkdir()
        (folder / "a.srt").write_text(SRT)
        return folder / "a.srt"
    return dump(folder, "data.json", vtimellm() if kind == "vtimellm" else video_chatgpt())


MADE = [kind for kind in KINDS if kind != "video"]
QUICK = ("dreamframe", "long-videoqa")
"""Kinds whose folders are loaded in every run of the tests: they have pictures, and features."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    """A dataset folder of every kind."""
    made = {}
    for kind in MADE:
        base = tmp_path_factory.mktemp(kind)
        path = write(kind, base / "in")
        assert call(["dataset", "import", kind, str(path), "--out", str(base / "out"), "--split-all-to", "train"]) == 0
        made[kind] = base / "out"
    return made


def rows(folder: Path, config: str) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob(f"{config}/*")) for row in pq.read_table(path).to_pylist()]


def card(folder: Path) -> tuple[dict[str, Any], str]:
    _, front, body = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind in QUICK else pytest.mark.slow) for kind in MADE]
)
def test_the_folder_checks_and_load_dataset_reads_it(folders: dict[str, Path], kind: str) -> None:
    assert [finding for finding in check_dataset(folders[kind]) if finding.severity == "error"] == []


@pytest.mark.parametrize("kind", MADE)
def test_nothing_is_invented(folders: dict[str, Path], kind: str) -> None:
    for movie in rows(folders[kind], "movies"):
        assert (movie["theme"], movie["genre"], movie["logline"], movie["language"]) == (None, None, None, "und")
        assert {(s["location"], s["weather"]) for c in movie["chapters"] for s in c["scenes"]} == {(None, None)}
    assert {row["shot"] for row in rows(folders[kind], "keyframes")} == {None}
    assert {row["emotion"] for row in rows(folders[kind], "dialogue")} <= {None}
    assert {row["question_type"] for row in rows(folders[kind], "qa")} <= {None}


@pytest.mark.parametrize("kind", MADE)
def test_the_licence_is_unknown_unless_it_is_stated(folders: dict[str, Path], kind: str) -> None:
    front, body = card(folders[kind])
    assert front["license"] == "unknown" and "**Unknown.**" in body


@pytest.mark.parametrize("kind", MADE)
def test_the_card_says_what_was_read_and_what_is_unknown(folders: dict[str, Path], kind: str) -> None:
    _, body = card(folders[kind])
    assert f"Imported as `{kind}` from 1 file" in body
    unknown = body.split("## What is unknown")[1].split("##")[0]
    assert unknown.count("\n- ") >= 4


def test_the_card_counts_what_was_left_out(folders: dict[str, Path]) -> None:
    _, body = card(folders["long-videoqa"])
    assert "| records without image or video: texts that only make the context longer | 1 |" in body


def test_the_card_has_no_path_of_this_machine(folders: dict[str, Path]) -> None:
    for folder in folders.values():
        assert str(folder.parent) not in (folder / "README.md").read_text() + (folder / "manifest.json").read_text()


def test_features_belong_to_the_dataset(folders: dict[str, Path]) -> None:
    listed = [file["path"] for file in json.loads((folders["long-videoqa"] / "manifest.json").read_text())["files"]]
    assert "features/00000/m00000.safetensors" in listed
    feats = load_file(folders["long-videoqa"] / "features/00000/m00000.safetensors")["feats"]
    assert np.array_equal(feats.ravel(), np.arange(24, dtype=np.float16))


def test_pictures_are_in_the_dataset_as_they_were(folders: dict[str, Path]) -> None:
    images = [row["image"]["bytes"] for row in rows(folders["dreamframe"], "keyframes")]
    given = folders["dreamframe"].parent / "in/story_info_0"
    assert images == [(given / f"{number}.png").read_bytes() for number in (1, 2, 3, 4)]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_files_give_the_same_bytes(folders: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(folders["long-videoqa"].parent / "in", tmp_path / "elsewhere")
    place = [str(tmp_path / "elsewhere/long_videoqa.json"), "--out", str(tmp_path / "out")]
    assert call(["dataset", "import", "long-videoqa", *place, "--split-all-to", "train"]) == 0
    assert contents(tmp_path / "out") == contents(folders["long-videoqa"])
    assert sorted(one.name for one in tmp_path.iterdir()) == ["elsewhere", "out"], "nothing is left behind"


def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], *options: str, records: int = 12) -> tuple[int, str, str]:
    path = dump(
        tmp_path / "in", "qa.json", [{"q": f"Q {n}?", "a": f"A {n}.", "video_id": f"v{n}"} for n in range(records)]
    )
    code = call(["dataset", "import", "video-chatgpt", str(path), "--out", str(tmp_path / "out"), *options])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_verb_names_licenses_and_numbers_the_dataset(tmp_path: Path, capsys) -> None:
    code, out, _ = run(
        tmp_path, capsys, "--name", "old-qa", "--license", "cc-by-sa-4.0", "--version", "1.2.0", "--limit", "3",
        "--language", "en", "--json",
    )  # fmt: skip
    facts = json.loads(out)
    front, body = card(tmp_path / "out")
    assert (code, facts["name"], facts["version"], facts["rows"]["movies"]) == (0, "old-qa", "1.2.0", 3)
    assert (front["license"], front["language"], front["pretty_name"]) == ("cc-by-sa-4.0", ["en"], "old-qa")
    assert "Creative Commons Attribution-ShareAlike 4.0" in body


@pytest.mark.parametrize(
    ("options", "splits"),
    [
        ((), ["test", "train", "validation"]),
        (("--split-all-to", "test"), ["test"]),
        (("--set", "splits.test=0", "splits.validation=10"), ["validation"]),
    ],
)
def test_movies_are_shared_out_as_asked(tmp_path: Path, capsys, options: tuple[str, ...], splits: list[str]) -> None:
    code, _, err = run(tmp_path, capsys, *options)
    assert code == 0, err
    assert sorted({row["split"] for row in rows(tmp_path / "out", "movies")}) == splits
    assert "0 pairs found" in card(tmp_path / "out")[1], "films about which nothing is told are not alike"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--split-all-to", "dev"), "no split 'dev'"),
        (("--limit", "0"), "--limit 0"),
        (("--seconds-per-keyframe", "0"), "--seconds-per-keyframe 0.0"),
        (("--frames-per-scene", "0"), "--frames-per-scene 0"),
        (("--language", "english language"), "is no language tag"),
        (("--media", "nowhere"), "there is no file or folder nowhere"),
        (("--set", "story.chapters=3"), "only dataset.* and splits.*"),
        (("--split-all-to", "test", "--set", "splits.test=1"), "contradict"),
        (("--version", "one"), "dataset.version"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, capsys, options: tuple[str, ...], said: str) -> None:
    code, _, err = run(tmp_path, capsys, *options)
    assert (code, err.count("\n")) == (2, 1) and said in err
    assert not (tmp_path / "out").exists()


def test_an_unknown_kind_is_refused(tmp_path: Path, capsys) -> None:
    assert call(["dataset", "import", "zip", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "no kind 'zip' of files; there are dreamframe" in capsys.readouterr().err


def test_nothing_usable_is_an_error_with_reasons(tmp_path: Path, capsys) -> None:
    path = dump(tmp_path / "in", "a.json", [{"conversations": [], "video": ""}])
    assert call(["dataset", "import", "long-videoqa", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "there is no movie in" in capsys.readouterr().err


def test_a_movie_that_tells_nothing_leaves_no_dataset(tmp_path: Path, capsys) -> None:
    (tmp_path / "a.srt").write_text("00:00:02,000 --> 00:00:01,000\nx\n")
    assert call(["dataset", "import", "subtitles", str(tmp_path / "a.srt"), "--out", str(tmp_path / "out")]) == 2
    assert "not one movie can be made" in (err := capsys.readouterr().err) and "without a cue that can be used" in err
    assert not (tmp_path / "out").exists()


def test_what_a_killed_import_left_is_removed(tmp_path: Path, capsys) -> None:
    left = tmp_path / ".out.import.building"
    left.mkdir()
    (left / "m00000.safetensors").write_bytes(b"x")
    assert run(tmp_path, capsys)[0] == 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in", "out"]


def test_a_file_whose_name_is_no_text_is_imported(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.srt"))
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello.\n")
    import_dataset("subtitles", [path], tmp_path / "out", ImportOptions(), as_json=True)
    assert "?.srt" in (tmp_path / "out/README.md").read_text()
