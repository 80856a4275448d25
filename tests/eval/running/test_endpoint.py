"""endpoint.py: a served model that takes pictures, against a server of our own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.cli.app import call
from tests.eval.running.movies import gold_texts
from tests.servers.openai_double import Double, openai_double

PRICES = 'id: mine\ndate: "2026-11-01"\nmodels: {eyes: {in: 10.0, out: 30.0}}\n'


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Double]:
    """A server that says yes to everything."""
    with openai_double() as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
        yield double


def run(films: Path, out: Path, *options: object) -> int:
    arguments = [
        "eval",
        "run",
        "--model",
        "openai:eyes",
        "--data",
        films,
        "--tasks",
        "qa_open",
        "--out",
        out,
        *options,
    ]
    return call([*map(str, arguments)])


def results(out: Path) -> dict[str, Any]:
    found = json.loads((out / "results.json").read_bytes())
    assert isinstance(found, dict)
    return found


def bodies(double: Double) -> list[dict[str, Any]]:
    return [request["body"] for request in double.requests]


def parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    content = body["messages"][0]["content"]
    assert isinstance(content, list)
    return content


def test_frames_go_with_their_times_and_what_is_said_between_them(server: Double, films: Path, tmp_path: Path) -> None:
    assert run(films, tmp_path) == 0
    first = parts(bodies(server)[0])
    kinds = [part["type"] for part in first]
    assert kinds.count("image_url") == 4
    assert first[0] == {"type": "text", "text": "[0.0 s]"}
    assert first[1]["image_url"]["url"].startswith("data:image/jpeg;base64,")
    assert first[2]["text"] == "[0.5 s] Ada: The key opens the tower, part 0.\n[4.0 s]"
    assert first[-1]["text"] == "Who keeps the key? Keep it short."


def test_a_follow_up_comes_with_the_turns_before_it(server: Double, films: Path, tmp_path: Path) -> None:
    run(films, tmp_path)
    talks = [body["messages"] for body in bodies(server) if len(body["messages"]) == 3]
    assert len(talks) == 6
    assert [message["role"] for message in talks[0]] == ["user", "assistant", "user"]
    assert talks[0][1]["content"] == "Yes, it is so."
    assert talks[0][2]["content"] == "And how many keys? Keep it short."


def test_a_second_run_costs_no_call(server: Double, films: Path, tmp_path: Path) -> None:
    run(films, tmp_path)
    before, first = len(server.requests), results(tmp_path)
    assert run(films, tmp_path) == 0
    assert len(server.requests) == before
    assert {**results(tmp_path), "times": None} == {**first, "times": None}


@pytest.mark.slow
def test_answers_that_were_lost_are_not_paid_for_again(server: Double, films: Path, tmp_path: Path) -> None:
    run(films, tmp_path)
    before = len(server.requests)
    for path in (tmp_path / "kept").glob("0*.jsonl"):
        path.unlink()
    run(films, tmp_path)
    assert len(server.requests) == before


@pytest.mark.slow
def test_a_server_with_faults_loses_nothing_and_invents_nothing(films: Path, tmp_path: Path, monkeypatch: Any) -> None:
    with openai_double(faults={"429": 0.1, "500": 0.1, "reset": 0.05, "empty": 0.05}) as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        assert run(films, tmp_path) == 0
        assert sum(double.injected.values()) > 0
    counts = results(tmp_path)["tasks"]["qa_open"]["counts"]
    assert (counts["items"], counts["unanswered"]) == (18, 0)


def test_what_a_model_refuses_is_unanswered_with_the_reason(server: Double, films: Path, tmp_path: Path) -> None:
    server.plan("refusal")
    assert run(films, tmp_path) == 0
    counts = results(tmp_path)["tasks"]["qa_open"]["counts"]
    assert counts["reasons"] == {"refused: I cannot help with that.": 1}


def test_question_only_sends_the_question_alone(server: Double, films: Path, tmp_path: Path) -> None:
    assert run(films, tmp_path, "--controls", "question-only") == 0
    alone = [body for body in bodies(server) if isinstance(body["messages"][0]["content"], str)]
    assert len(alone) == 3  # those of one movie: the others have the same questions
    assert results(tmp_path / "controls" / "question-only")["frames"]["control"] == "question-only"


def test_dialogue_only_sends_no_picture(server: Double, films: Path, tmp_path: Path) -> None:
    run(films, tmp_path, "--controls", "dialogue-only")
    kinds = [{part["type"] for part in parts(body)} for body in bodies(server)]
    assert (kinds.count({"text"}), kinds.count({"text", "image_url"})) == (3, 18)  # the same is said in all movies


@pytest.mark.slow
def test_frames_are_chosen_by_their_number(server: Double, films: Path, tmp_path: Path) -> None:
    run(films, tmp_path, "--frames", 2)
    assert [part["type"] for part in parts(bodies(server)[0])].count("image_url") == 2
    assert results(tmp_path)["frames"]["policy"]["n"] == 2


def test_a_limit_in_dollars_is_not_passed_and_the_run_goes_on_with_more(
    server: Double, films: Path, tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "prices.yaml").write_text(PRICES, encoding="utf-8")
    monkeypatch.setenv("MOVIELLM_PRICES", str(tmp_path / "prices.yaml"))
    assert run(films, tmp_path, "--max-usd", "0.2") == 1
    said = capsys.readouterr().err
    assert "the budget is spent" in said and "the same command goes on from there" in said
    paid = len(server.requests)
    assert 0 < paid < 18
    assert run(films, tmp_path, "--max-usd", "9") == 0
    assert len(server.requests) == 18
    assert results(tmp_path)["cost"]["usd"] > 0


def test_a_limit_without_a_price_is_one_line(
    server: Double, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(films, tmp_path, "--max-usd", "1") == 2
    assert "has no price for eyes" in capsys.readouterr().err


def test_no_server_stops_the_run_and_says_so(
    films: Path, tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert run(films, tmp_path) == 1
    assert "nobody listens at http://127.0.0.1:9/v1" in capsys.readouterr().err
    assert not (tmp_path / "results.json").exists()


def test_the_key_is_in_no_file(server: Double, films: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-verysecretkey0123456789")
    run(films, tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files and not any(b"verysecret" in path.read_bytes() for path in files)


@pytest.mark.slow
def test_a_right_model_is_right(films: Path, tmp_path: Path, monkeypatch: Any) -> None:
    with openai_double(answers=lambda *asked: "Ada") as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        assert run(films, tmp_path) == 0
    right = sum(answer == "Ada" for name, answer in gold_texts(films).items())
    assert results(tmp_path)["tasks"]["qa_open"]["metrics"]["exact_match"]["value"] == round(right / 18, 6)


def test_openai_without_a_name_is_one_line(
    server: Double, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["eval", "run", "--model", "openai:", "--data", str(films), "--out", str(tmp_path)]
    assert call(arguments) == 2
    assert "openai: names no model" in capsys.readouterr().err
