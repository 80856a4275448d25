"""`moviellm ask`: films of every kind, files of questions, answers kept and resumed."""

import io
import json
import sys
from pathlib import Path

import pytest

from moviellm.generation.cli.app import call
from tests.training.ask.kit import saved
from tests.training.model.tiny import picture
from tests.training.rows.movies import SAMPLE

MOVIE = f"{SAMPLE}#m00001"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(saved(tmp_path_factory.mktemp("model")))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "film").mkdir()
    for number, colour in enumerate(["red", "blue", "green"]):
        picture(colour).save(tmp_path / f"film/{number}.png")
    return tmp_path / "film"


def test_one_question_is_answered_with_the_answer_alone(
    model: str, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["ask", model, str(pictures), "who is it ?", "--max-new-tokens", "4"]) == 0
    (answer,) = capsys.readouterr().out.splitlines()
    assert answer


def test_an_answer_that_goes_round_in_circles_is_printed_short_and_kept_whole(
    model: str, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said, out = "A" + ".0-16" * 60, tmp_path / "answers.jsonl"
    monkeypatch.setattr("moviellm.training.ask.answerer.Answerer.words", lambda answerer, ids: said)
    command = ["ask", model, str(pictures), "who is it ?", "--max-new-tokens", "1"]
    assert call([*command, "--out", str(out)]) == 0
    assert capsys.readouterr().out == "A.0-16.0-16.0-16 ... (the model repeats itself)\n"
    assert json.loads(out.read_text())["answer"] == said


def test_no_bar_of_the_loading_is_shown_where_nobody_sits(
    model: str, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from transformers.utils import logging

    logging.enable_progress_bar()  # a training in this process turns it off
    assert call(["ask", model, str(pictures), "who is it ?", "--max-new-tokens", "1"]) == 0
    assert "Loading weights" not in capsys.readouterr().err
    assert logging.is_progress_bar_enabled()


def test_a_movie_of_a_dataset_is_asked_from_standard_input_as_json(
    model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"who is it ?\nwhen\n")))
    assert call(["ask", model, MOVIE, "-", "--frames", "5", "--max-new-tokens", "4", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["frames"], told["duration_s"], len(told["revision"])) == (5, 48.0, 64)
    assert [one["question"] for one in told["answers"]] == ["who is it ?", "when"]


def test_answers_in_a_file_are_not_asked_again(
    model: str, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, asked = tmp_path / "answers.jsonl", tmp_path / "qa.jsonl"
    rows = ['{"question": "who is it ?", "question_id": "q1"}', '{"question": "when", "turn_of": "q1"}']
    asked.write_text(rows[0])
    command = ["ask", model, str(pictures), "--questions", str(asked), "--out", str(out), "--max-new-tokens", "4"]
    assert call(command) == 0
    first = json.loads(out.read_text())
    assert first["question_id"] == "q1" and first["frames"] == 3 and first["model"] == model
    asked.write_text("\n".join(rows))
    assert call(command) == 0
    assert "1 of 2 answers are from an earlier run" in capsys.readouterr().err
    assert json.loads(out.read_text().splitlines()[0]) == first
    monkeypatch.setattr("moviellm.training.ask.opening.open_model", lambda *given: pytest.fail("the model was opened"))
    assert call(command) == 0
    (pictures / "0.png").unlink()  # another film: nothing of it is known
    with pytest.raises(pytest.fail.Exception, match="the model was opened"):
        call(command)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([MOVIE], "nothing is asked"),
        ([MOVIE, "who", "--questions", "x.txt"], "give one of them"),
        ([MOVIE, "who", "--frames", "3", "--fps", "1"], "frames are chosen by number (3) or by rate"),
        (["nowhere.mp4", "who"], "no film nowhere.mp4"),
        ([MOVIE, "who " * 5000], "m00001 is too long for this model"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_exit_code_2(
    model: str, given: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["ask", model, *given]) == 2
    assert reason in capsys.readouterr().err
