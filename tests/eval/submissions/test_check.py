"""`moviellm submit check` as a submitter types it: lines, JSON, exit codes; and what a cell keeps from a bundle."""

import json
import os
from pathlib import Path

import pytest

from moviellm.eval.submissions.index import INDEX_FILE
from moviellm.generation.cli.app import call
from tests.eval.submissions.hostile_packed import CASES
from tests.eval.submissions.kit import INDEX, files, write_folder


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("index") / INDEX_FILE
    path.write_text(INDEX.text(), "utf-8")
    return path


def check(*arguments: object) -> int:
    return call(["submit", "check", *map(str, arguments)])


@pytest.mark.usefixtures("no_cells")
def test_an_accepted_bundle_exits_with_0(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(write_folder(tmp_path, files()), "--index", index) == 0
    assert capsys.readouterr().out == "accepted: 0 errors, 0 warnings\n"


@pytest.mark.usefixtures("no_cells")
def test_problems_are_told_a_line_each_and_exit_with_1(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoilt = files(grounding=b'{"id": "g1", "span": [5, 4]}\n', qa_open=b'{"id": "q1", "answer": ""}\n')
    assert check(write_folder(tmp_path, spoilt), "--index", index) == 1
    assert capsys.readouterr().out.splitlines() == [
        "E010 predictions/grounding.jsonl:1: the span ends before it starts: [5, 4]",
        "E007 predictions/grounding.jsonl: 1 of 2 ids are missing: 'g2'",
        "W102 predictions/qa_open.jsonl:1: no answer",
        "rejected: 2 errors, 1 warning",
    ]


def test_json_is_one_object_of_the_form(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoilt = files(qa_mc=b'{"id": "m1", "choice": "\xe2\x80\xaex"}\n{"id": "m2", "choice": "A"}\n')
    assert check(write_folder(tmp_path, spoilt), "--index", index, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"accepted", "problems"} and found["accepted"] is False
    assert [set(problem) for problem in found["problems"]] == [{"code", "where", "message"}]


WRONG = [["nowhere"], ["{file}"], ["{file}", "--task", "qa_fun"], ["{folder}", "--task", "qa_mc"]]


@pytest.mark.usefixtures("no_cells")
@pytest.mark.parametrize("arguments", WRONG)
def test_what_is_no_bundle_is_a_wrong_use(
    index: Path, tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_folder(tmp_path, files())
    places = {"file": folder / "predictions" / "qa_mc.jsonl", "folder": folder}
    assert check(*(argument.format(**places) for argument in arguments), "--index", index) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("error: ") and told.err.count("\n") == 1


@pytest.mark.parametrize("text", ["", "[]", '{"benchmark": "a/b"}'])
def test_what_is_no_index_is_a_wrong_use(tmp_path: Path, text: str) -> None:
    (tmp_path / "INDEX.json").write_text(text)
    assert check(write_folder(tmp_path / "b", files()), "--index", tmp_path / "INDEX.json") == 2


@pytest.mark.parametrize("name", ["folder-endless-device", "zip-bomb"])
def test_a_hostile_bundle_is_rejected_in_a_cell_too(
    name: str, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: os.stat(path).st_mtime_ns for path in (Path.cwd(), index.parent)}
    assert check(CASES[name].make(tmp_path), "--index", index, "--json") == 1
    found = {problem["code"] for problem in json.loads(capsys.readouterr().out)["problems"]}
    assert found == CASES[name].codes
    assert before == {path: os.stat(path).st_mtime_ns for path in before}


@pytest.mark.usefixtures("no_cells")
def test_of_many_problems_the_first_are_told_and_the_others_counted(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = b'{"id": "nobody", "choice": "A"}\n' * 500
    (tmp_path / "file.jsonl").write_bytes(rows)
    assert check(tmp_path / "file.jsonl", "--index", index, "--task", "qa_mc") == 1
    told = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("E005") for line in told) == 21
    assert "E005 file.jsonl: 480 more: unknown id" in told
