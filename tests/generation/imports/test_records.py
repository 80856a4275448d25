"""imports/records.py and recognising.py: records are read, and a wrong kind is answered with the right one."""

from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.imports.recognising import kinds_of
from moviellm.generation.imports.records import read_records, turns_of
from tests.generation.imports.legacy import Read, dump, long_videoqa, stage_1, story, talk, video_chatgpt, vtimellm

FOUND: dict[str, Any] = {
    "dreamframe": story(),
    "long-videoqa": long_videoqa(),
    "vtimellm": vtimellm(),
    "video-chatgpt": video_chatgpt(),
}


@pytest.mark.parametrize("kind", FOUND)
def test_each_kind_is_told_apart(kind: str) -> None:
    assert kinds_of(FOUND[kind]) == [kind]


def test_pictures_with_captions_may_be_two_kinds() -> None:
    assert kinds_of(stage_1()) == ["vtimellm", "long-videoqa"]


@pytest.mark.parametrize("kind", FOUND)
@pytest.mark.parametrize("given", FOUND)
def test_a_wrong_kind_is_answered_with_the_right_one(tmp_path: Path, kind: str, given: str) -> None:
    path = dump(tmp_path, "a.json", FOUND[given])
    if kind == given:
        assert Read(kind, [path], tmp_path / "s").movies
        return
    with pytest.raises(
        ValueError, match=rf"looks like {given}, not {kind}: moviellm dataset import {given} .*a\.json"
    ):
        Read(kind, [path], tmp_path / "s")


@pytest.mark.parametrize("kind", FOUND)
@pytest.mark.parametrize("text", ["[]", "{}", '"x"', "[1, 2]", '[{"a": 1}]', "not JSON", "[" * 100_000, "9" * 5_000])
def test_other_files_are_refused(tmp_path: Path, kind: str, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=r"a\.json"):
        Read(kind, [tmp_path / "a.json"], tmp_path / "s")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not UTF-8 text"):
        read_records([tmp_path / "a.json"], "vtimellm", ImportReport(kind="vtimellm", title=""))


def test_a_folder_gives_its_json_files(tmp_path: Path) -> None:
    dump(tmp_path, "b.json", vtimellm()[:1])
    dump(tmp_path, "a.json", vtimellm()[1:2])
    assert [movie.title for movie in Read("vtimellm", [tmp_path], tmp_path / "s").movies] == ["v_1", "3n3o"]


def test_other_json_files_of_a_folder_are_counted(tmp_path: Path) -> None:
    dump(tmp_path, "a.json", vtimellm())
    dump(tmp_path, "frames.json", {"frames": []})
    found = Read("vtimellm", [tmp_path], tmp_path / "s")
    assert found.left_out == {"JSON files of a folder that are no vtimellm files": 1} and len(found.movies) == 3


def test_a_folder_without_json_says_where_pictures_go(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--media"):
        Read("vtimellm", [tmp_path], tmp_path / "s")


def test_turns_that_do_not_pair_are_counted() -> None:
    report = ImportReport(kind="", title="")
    conversations = [*talk("a", "b"), *talk("c"), *talk("d", "e"), *talk("", "f")[1:], *talk(" ", "x"), *talk("g")]
    assert turns_of({"conversations": conversations}, report) == [("a", "b"), ("d", "e")]
    assert dict(report.left_out) == {
        "questions that nobody answers": 2,
        "answers that nobody asked for": 1,
        "questions or answers without text": 1,
    }
