"""checkpoint.py: a model of ours, from its folder."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.running import asking
from moviellm.eval.running.checkpoint import open_checkpoint, rounds_of
from moviellm.eval.running.controls import CONTROLS
from moviellm.eval.running.protocol import Ask
from moviellm.eval.tasks.table import form_of, task_table
from moviellm.generation.cli.app import call
from tests.eval.running.models import save_tiny
from tests.eval.running.movies import choice, make_dataset, movie
from tests.factories import MemoryRun


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("checkpoint") / "tiny")


def run(model: Path, films: Path, out: Path, *options: object) -> int:
    arguments = ["--model", model, "--data", films, "--max-tokens", 4, "--device", "cpu", "--out", out, *options]
    return call(["eval", "run", *map(str, arguments)])


def answers(out: Path) -> dict[str, Any]:
    rows = [json.loads(line) for line in (out / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    return {row["id"]: row["answer"] for row in rows}


@pytest.fixture(scope="module")
def done(checkpoint: Path, films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    assert run(checkpoint, films, out) == 0
    return out


def test_every_question_has_an_answer_of_the_model(done: Path) -> None:
    said = answers(done)
    assert len(said) == 40 and all(isinstance(text, str) for text in said.values())


def test_results_name_the_weights_the_frames_and_how_they_were_asked(done: Path, checkpoint: Path) -> None:
    found = json.loads((done / "results.json").read_bytes())
    assert found["model"] == {"id": "tiny", "kind": "checkpoint", "revision": found["model"]["revision"]}
    assert len(found["model"]["revision"]) == 64
    assert found["frames"]["control"] == "none" and found["frames"]["policy_key"]
    assert found["parameters"]["sampling"] == "greedy"
    assert {"torch", "transformers"} <= set(found["versions"])


def test_answers_are_those_of_asking(done: Path, checkpoint: Path, films: Path) -> None:
    from moviellm.training.ask.opening import open_model
    from moviellm.training.media import read_film

    film = read_film(f"{films}#m00000")
    turns = ["Who keeps the key? Keep it short.", "And how many keys? Keep it short."]
    said = open_model(str(checkpoint), device="cpu").answer(film, turns, max_new_tokens=4, turn_of=[None, 0])
    kept = answers(done)
    assert said == [kept["m00000-q002"], kept["m00000-q003"]]


def test_a_movie_is_read_once_for_all_its_questions_however_long_their_answers_may_be(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moviellm.training.shared import answering

    read: list[Any] = []
    real = answering.read_movie
    monkeypatch.setattr(answering, "read_movie", lambda *given: (read.append(given), real(*given))[1])
    data = make_dataset(tmp_path / "data", [movie(2), movie(3)])
    arguments = ["--model", checkpoint, "--data", data, "--device", "cpu", "--frames", 2, "--controls", "none"]
    longest = {"open_ended": 2, "multiple_choice": 3, "temporal_grounding": 2, "dense_captioning": 4}
    monkeypatch.setattr(asking, "form_of", lambda name: replace(form_of(name), max_tokens=longest[name]))
    assert call(["eval", "run", *map(str, arguments), "--out", str(tmp_path / "out")]) == 0
    assert len(answers(tmp_path / "out")) == 12
    assert len(read) == 2


@pytest.mark.slow
def test_a_stock_model_of_transformers_is_asked_like_ours(films: Path, tmp_path: Path) -> None:
    from tests.training.stock.tiny import written

    stock = written("qwen3_vl", tmp_path / "stock")
    assert run(stock, films, tmp_path / "out", "--limit", 3, "--controls", "all", "--frames", 2, "--pixels", 4096) == 0
    found = json.loads((tmp_path / "out" / "results.json").read_bytes())
    assert found["model"]["kind"] == "checkpoint" and found["frames"]["policy"]["pixels"] == 4096
    assert set(found["tasks"]) == {"qa_open", "qa_mc", "grounding", "dense_captioning"}
    for task in found["tasks"].values():
        assert task["counts"]["unanswered"] == 0 and task["counts"]["items"] == 3
    for name in CONTROLS:
        told = json.loads((tmp_path / "out" / "controls" / name / "results.json").read_bytes())
        assert told["tasks"]["qa_mc"]["counts"]["unanswered"] == 0, name


def test_a_run_whose_answers_are_kept_loads_no_weights(
    done: Path, checkpoint: Path, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moviellm.training.ask import opening

    before = json.loads((done / "results.json").read_bytes())
    monkeypatch.setattr(opening, "open_model", lambda *asked: pytest.fail("weights were loaded"))
    assert run(checkpoint, films, done) == 0
    assert {**json.loads((done / "results.json").read_bytes()), "times": 0} == {**before, "times": 0}


@pytest.mark.slow
def test_every_control_is_answered_and_named(checkpoint: Path, films: Path, tmp_path: Path) -> None:
    assert run(checkpoint, films, tmp_path, "--controls", "all", "--tasks", "qa_mc", "--limit", 3) == 0
    for control in CONTROLS:
        place = tmp_path / "controls" / control
        found = json.loads((place / "results.json").read_bytes())
        assert found["frames"]["control"] == control
        assert found["tasks"]["qa_mc"]["counts"]["unanswered"] == 0
        assert f"control: {control}" in (place / "results.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_one_command_asks_every_task_under_every_control_and_makes_a_report(
    checkpoint: Path, films: Path, tmp_path: Path
) -> None:
    assert run(checkpoint, films, tmp_path, "--tasks", "all", "--controls", "all", "--limit", 4, "--report") == 0
    assert tuple(json.loads((tmp_path / "results.json").read_bytes())["tasks"]) == tuple(sorted(task_table()))
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert all(name in page for name in (*CONTROLS, "visual gain")) and 'src="data:image/' in page


def test_questions_that_see_nothing_are_asked_in_rounds_and_what_is_known_is_not_asked() -> None:
    def ask(turn_of: int | None = None, said: str | None = None) -> Ask:
        return Ask(question=None, prompt="?", max_tokens=4, turn_of=turn_of, said=said)  # type: ignore[arg-type]

    assert rounds_of([ask(), ask(0), ask(), ask(1)]) == [[0, 2], [1], [3]]
    assert rounds_of([ask(said="yes"), ask(0), ask(1)]) == [[1], [2]]
    assert rounds_of([ask(said="yes")]) == []


@pytest.mark.slow
def test_a_movie_that_does_not_fit_leaves_its_questions_with_the_reason(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = save_tiny(tmp_path / "small")
    config = json.loads((small / "config.json").read_text(encoding="utf-8"))
    config["text_config"]["max_position_embeddings"] = 64
    (small / "config.json").write_text(json.dumps(config), encoding="utf-8")
    settings = json.loads((small / "processor_config.json").read_text(encoding="utf-8"))
    settings["longest_row"] = 64
    (small / "processor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    assert run(small, films, tmp_path / "out", "--tasks", "qa_mc") == 2
    assert "no question was answered; the first: m00000 is too long for this model" in capsys.readouterr().err


@pytest.mark.slow
def test_a_movie_without_pictures_leaves_its_questions_with_the_reason(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = MemoryRun.images
    monkeypatch.setattr(MemoryRun, "images", lambda run, made: (one for one in every(run, made) if one[0].image))
    bare = movie(0).model_copy(update={"qa_pairs": (choice(0, 0, "Which?", ("a", "b"), 0),)})
    seen = movie(2)
    data = make_dataset(tmp_path / "data", [_unpainted(bare), seen])
    assert run(checkpoint, data, tmp_path / "out", "--tasks", "qa_mc") == 0
    counts = json.loads((tmp_path / "out" / "results.json").read_bytes())["tasks"]["qa_mc"]["counts"]
    assert (counts["items"], counts["unanswered"]) == (2, 1)
    assert "movie m00000" in next(iter(counts["reasons"])) and "has no pictures" in next(iter(counts["reasons"]))


def _unpainted(made: Any) -> Any:
    from moviellm.generation.schema import Movie

    data = made.model_dump()
    for chapter in data["chapters"]:
        for scene in chapter["scenes"]:
            for keyframe in scene["keyframes"]:
                keyframe |= {"image": None, "image_sha256": None, "width_px": None, "height_px": None}
    return Movie.model_validate(data)


def test_times_are_said_as_the_config_has_them(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "moviellm", "time": "index"}', encoding="utf-8")
    assert open_checkpoint(str(folder), revision=None, device=None, dtype=None).times == "index"


def test_a_folder_that_is_no_checkpoint_is_one_line(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty", films, tmp_path / "out") == 2
    assert "is no checkpoint" in capsys.readouterr().err
