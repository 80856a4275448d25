"""Questions come from text, JSON lines and CSV; what cannot be read is an error with its place."""

import io
import sys
from pathlib import Path

import pytest

from moviellm.training.ask.questions import Question, read_questions


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_text_has_a_line_a_question(tmp_path: Path) -> None:
    path = write(tmp_path, "questions.txt", "\ufeffWho waits?\r\n\n  # Is it 5?  \n")
    assert read_questions(path) == [Question("Who waits?"), Question("# Is it 5?")]


def test_json_lines_bring_ids_and_follow_ups(tmp_path: Path) -> None:
    rows = '{"question": "Who?", "question_id": "q1"}\n{"question": "And then?", "turn_of": "q1", "level": "scene"}\n'
    assert read_questions(write(tmp_path, "qa.jsonl", rows)) == [Question("Who?", "q1"), Question("And then?", "", 0)]


def test_csv_has_a_column_of_questions(tmp_path: Path) -> None:
    path = write(tmp_path, "qa.csv", 'question_id,question\nq1,"Who,\nand when?"\nq2,Where?\n')
    assert read_questions(path) == [Question("Who,\nand when?", "q1"), Question("Where?", "q2")]


@pytest.mark.parametrize("given", ["Who?\nWhen?\n", '{"question": "Who?"}\n{"question": "When?"}'])
def test_standard_input_is_text_or_json_lines(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    assert [one.text for one in read_questions("-")] == ["Who?", "When?"]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("none.txt", "\n \n", "none.txt holds no question"),
        ("bad.jsonl", '{"question": "Who?"}\n{"quest', "bad.jsonl, line 2 is no JSON"),
        ("bad.jsonl", "[1]", "bad.jsonl, line 1 is no object"),
        ("bad.jsonl", '{"question": 5}', "bad.jsonl, line 1 has no text in `question`"),
        ("bad.jsonl", '{"question": "Who?", "turn_of": "q9"}', "line 1 follows up 'q9', which is no `question_id`"),
        ("bad.jsonl", '{"question": "a", "question_id": "q"}\n' * 2, "line 2 has the `question_id` 'q' again"),
        ("bad.csv", "text\nWho?\n", "bad.csv has no column `question`: its first line has text"),
        ("bad.csv", 'question\n"Who?', "is no CSV"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path: Path, name: str, text: str, reason: str) -> None:
    with pytest.raises(ValueError) as refused:
        read_questions(write(tmp_path, name, text))
    assert reason in str(refused.value)


def test_a_file_that_is_not_there_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no file of questions"):
        read_questions(str(tmp_path / "nowhere.txt"))
    (tmp_path / "picture.txt").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(ValueError, match=r"picture\.txt is no UTF-8 text"):
        read_questions(str(tmp_path / "picture.txt"))
