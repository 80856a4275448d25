"""What is said of a benchmark that changed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from moviellm.eval.bench.frozen import answer_hash, changed
from moviellm.eval.bench.verifying import problems, verify

Row = dict[str, Any]


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "copy"))


def edit(folder: Path, config: str, split: str, change: Callable[[Row], Any], number: int = 0) -> Row:
    """Change a row of a file, and return it."""
    (path,) = (folder / config).glob(f"{split}-*.parquet")
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows[number])
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    return rows[number]


def test_nothing_is_said_of_one_that_is_as_it_was_built(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verify(built, as_json=False)
    assert "all as they were built" in capsys.readouterr().out


def test_a_copy_of_the_public_folder_is_verified_without_answers(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verify(built / "public", as_json=True)
    assert json.loads(capsys.readouterr().out)["answers_checked"] is False


def test_a_changed_question_is_named_and_no_other(copy: Path) -> None:
    row = edit(copy / "public", "qa", "test", lambda row: row.update(question="Another?"), 3)
    assert changed(copy / "public") == [f"{row['question_id']}: its question or options are others"]


def test_options_in_another_order_are_a_change(copy: Path) -> None:
    (place,) = [n for n, row in enumerate(rows(copy, "test")) if row["options"]][:1]
    row = edit(copy / "public", "qa", "test", lambda row: row["options"].reverse(), place)
    assert changed(copy / "public") == [f"{row['question_id']}: its question or options are others"]


def rows(folder: Path, split: str) -> list[Row]:
    (path,) = (folder / "public" / "qa").glob(f"{split}-*.parquet")
    return pq.read_table(path).to_pylist()


def test_a_changed_answer_of_dev_is_a_change(copy: Path) -> None:
    row = edit(copy / "public", "qa", "dev", lambda row: row.update(answer="Something else."))
    assert changed(copy / "public") == [f"{row['question_id']}: its question or options are others, or its answer"]


def test_another_picture_changes_the_items_of_its_movie(copy: Path) -> None:
    def repaint(row: Row) -> None:
        row["image"] = {**row["image"], "bytes": row["image"]["bytes"] + b"\0"}

    row = edit(copy / "public", "keyframes", "test", repaint)
    assert changed(copy / "public") == [f"{row['movie_id']}: its pictures changed, and so did all of its items"]


def test_a_line_that_says_something_else_is_a_change(copy: Path) -> None:
    row = edit(copy / "public", "dialogue", "test", lambda row: row.update(text="Nobody is here."))
    assert changed(copy / "public") == [f"{row['movie_id']}: its said changed, and so did all of its items"]


def test_a_changed_answer_of_test_is_named(copy: Path) -> None:
    row = edit(copy / "private", "qa", "test", lambda row: row.update(answer="Something else."))
    assert changed(copy / "public", copy / "private") == [f"{row['question_id']}: its answer is another"]


def test_an_item_that_is_gone_is_named(copy: Path) -> None:
    (path,) = (copy / "public" / "qa").glob("test-*.parquet")
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    assert changed(copy / "public") == [f"{table['question_id'][0].as_py()}: it is gone"]


def test_without_the_key_no_option_fits_the_hash_of_an_answer(built: Path) -> None:
    told = json.loads((built / "public" / "FROZEN.json").read_text())
    key = bytes.fromhex(json.loads((built / "private" / "FROZEN.json").read_text())["key"])
    assert "key" not in told
    (path,) = (built / "private" / "qa").glob("test-*.parquet")
    for row in pq.read_table(path).to_pylist():
        assert answer_hash(row, key) == told["answers"][row["question_id"]]
        assert answer_hash(row, told["canary"].encode()) != told["answers"][row["question_id"]]


def test_an_answer_in_a_public_file_is_a_problem(copy: Path) -> None:
    (path,) = (copy / "private" / "qa").glob("test-*.parquet")
    answer = next(row["answer"] for row in pq.read_table(path).to_pylist() if len(row["answer"]) > 25)
    (copy / "public" / "notes.txt").write_text(f"By the way: {answer.upper()}")
    assert any("notes.txt: it says what" in problem for problem in problems(copy / "public", copy / "private"))


def test_a_problem_is_exit_code_1(copy: Path) -> None:
    (copy / "public" / "INDEX.json").unlink()
    with pytest.raises(SystemExit, match="1"):
        verify(copy, as_json=False)
