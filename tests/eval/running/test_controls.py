"""Controls of a run: which can be had, what a model is shown, what they leave, what seeing is worth beside them."""

import json
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.running import evaluating
from moviellm.eval.running.controls import CONTROLS, FROM_FILE, GUESSED, NO_TITLES, SHOWN, controls_for, visual_gain
from moviellm.eval.running.evaluating import Wish
from moviellm.eval.running.protocol import Said
from moviellm.eval.running.results import Row, score_all
from moviellm.eval.tasks.items import Question
from moviellm.eval.tasks.table import task_named
from moviellm.training import media
from tests.eval.running.models import Knowing
from tests.eval.running.movies import MOVIES
from tests.eval.tasks.kit import asked as question


def run(monkeypatch: pytest.MonkeyPatch, model: Knowing, films: Path, out: Path, **wish: Any) -> dict[str, Any]:
    monkeypatch.setattr(evaluating, "open_model", lambda *_: model)
    evaluating.run(Wish(**{"model": "knowing", "data": str(films), "out": out, **wish}), as_json=True)
    return told(out)


def told(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "results.json").read_bytes())
    return found


def test_those_that_ask_no_model_are_made_of_every_run() -> None:
    assert controls_for(None, asked=False, titles=False) == (("random", "majority", "oracle"), {})


def test_all_are_in_the_order_of_tables() -> None:
    assert controls_for("all", asked=True, titles=True) == (CONTROLS, {})


def test_none_are_none() -> None:
    assert controls_for("none", asked=True, titles=True) == ((), {})


def test_of_a_file_of_answers_all_are_those_that_ask_no_model_and_why_is_said() -> None:
    names, left_out = controls_for("all", asked=False, titles=True)
    assert names == ("random", "majority", "oracle")
    assert left_out == dict.fromkeys(SHOWN, FROM_FILE)


def test_without_titles_there_is_no_title_only() -> None:
    assert controls_for("all", asked=True, titles=False)[1] == {"title-only": NO_TITLES}


def test_one_that_was_named_and_cannot_be_had_is_an_error() -> None:
    with pytest.raises(ValueError, match="--controls title-only: nobody says"):
        controls_for("random,title-only", asked=True, titles=False)


@pytest.fixture(scope="module")
def whole(films: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Knowing]:
    """A run of a model that always knows, with every control."""
    out, model = tmp_path_factory.mktemp("controls") / "out", Knowing()
    with pytest.MonkeyPatch.context() as patch:
        run(patch, model, films, out, controls="all", tasks="all")
    return out, model


def test_every_control_is_a_run_of_its_own(whole: tuple[Path, Knowing]) -> None:
    out, _ = whole
    for name in CONTROLS:
        place = out / "controls" / name
        found = told(place)
        assert found["frames"]["control"] == name
        assert set(found["tasks"]) == set(told(out)["tasks"])
        assert (place / "answers.jsonl").is_file() and (place / "predictions" / "qa_mc.jsonl").is_file()


def test_results_hold_the_numbers_of_every_control(whole: tuple[Path, Knowing]) -> None:
    out, _ = whole
    controls = told(out)["controls"]
    assert tuple(sorted(controls)) == tuple(sorted(CONTROLS))
    for name in CONTROLS:
        theirs = told(out / "controls" / name)["tasks"]
        assert controls[name]["tasks"] == {task: {"metrics": one["metrics"]} for task, one in theirs.items()}


def test_the_oracle_has_the_best_value_of_every_number(whole: tuple[Path, Knowing]) -> None:
    for task in told(whole[0] / "controls" / "oracle")["tasks"].values():
        for name, number in task["metrics"].items():
            assert number["value"] in (None, 1.0) or name == "cider"


def test_a_model_that_knows_without_looking_gains_nothing_by_seeing(whole: tuple[Path, Knowing]) -> None:
    for name, task in told(whole[0])["tasks"].items():
        if task["metrics"][task["headline"]]["n"]:
            assert task["visual_gain"]["value"] == 0.0, name
            assert task["visual_gain"]["low"] < 0.0 < task["visual_gain"]["high"]


def test_the_controls_stand_in_the_page_with_their_gain(whole: tuple[Path, Knowing]) -> None:
    page = (whole[0] / "results.md").read_text(encoding="utf-8")
    assert f"| task | number | model | {' | '.join(CONTROLS)} | visual gain | detectable |" in page
    assert "no better than" in page


def test_a_movie_is_read_once_for_all_controls(films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = media.read_film
    monkeypatch.setattr(
        media, "read_film", lambda source, *rest, **more: (read.append(source), real(source, *rest, **more))[1]
    )
    run(monkeypatch, Knowing(), films, tmp_path, controls="all", tasks="qa_open")
    assert len(read) == len(set(read)) == MOVIES


def test_what_was_answered_is_not_asked_again(
    whole: tuple[Path, Knowing], films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, _ = whole
    before, again = told(out), Knowing()
    assert {**run(monkeypatch, again, films, out, controls="all", tasks="all"), "times": 0} == {**before, "times": 0}
    assert again.asked == []


def test_a_control_that_comes_later_asks_only_its_own(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(monkeypatch, Knowing(), films, tmp_path, tasks="qa_mc")
    again = Knowing()
    run(monkeypatch, again, films, tmp_path, tasks="qa_mc", controls="shuffled")
    assert len(again.asked) == 10
    assert set(told(tmp_path)["controls"]) == {"shuffled"}


def test_a_title_stands_before_the_question(films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Knowing()
    run(monkeypatch, model, films, tmp_path, tasks="qa_open", controls="title-only")
    prompts = [ask.prompt for call, film in zip(model.calls, model.films, strict=True) if film is None for ask in call]
    assert prompts[0].startswith('The movie is called "') and prompts[0].endswith("Who keeps the key? Keep it short.")


def test_reversed_frames_are_the_same_from_the_last_to_the_first(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Knowing()
    run(monkeypatch, model, films, tmp_path, tasks="qa_mc", controls="reversed")
    plain, turned = ([film.frames[at].tobytes() for at in range(4)] for film in model.films[:2])
    assert turned == plain[::-1] and model.films[0].times_s == model.films[1].times_s


def test_a_film_that_is_shown_in_two_calls_is_one_object_so_that_it_is_read_once(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Knowing()
    run(monkeypatch, model, films, tmp_path, tasks="all", controls="shuffled")
    assert len(model.films) == 4 * MOVIES
    assert model.films[0] is model.films[1] and model.films[2] is model.films[3]


def test_what_guesses_learn_from_is_named(films: Path, whole: tuple[Path, Knowing]) -> None:
    assert told(whole[0])["guessed_from"] == "test, other movies of it"
    assert told(whole[0] / "controls" / "majority")["parameters"]["reference"] == "test, other movies of it"


def rows(questions: list[Question], right: list[int]) -> dict[str, Row]:
    said = {one.item_id: Said(text="B" if mark else "A") for one, mark in zip(questions, right, strict=True)}
    return score_all(questions, said, "seconds")


def test_the_gain_is_over_the_best_blind_control_question_by_question() -> None:
    questions = [question("multiple_choice", f"m{number:05d}-q000") for number in range(8)]
    controls = {
        "random": rows(questions, [0, 0, 0, 0, 0, 0, 0, 1]),
        "dialogue-only": rows(questions, [0, 0, 0, 0, 1, 1, 1, 0]),
        "single-frame": rows(questions, [1] * 8),
    }
    gain = visual_gain(task_named("qa_mc"), questions, rows(questions, [1, 1, 1, 1, 1, 1, 0, 0]), controls, {})
    assert gain is not None
    assert (gain["metric"], gain["best_blind"], gain["value"], gain["n"]) == ("accuracy", "dialogue-only", 0.375, 8)
    assert gain["low"] < 0.375 < gain["high"] and gain["detectable"] > 0


def test_without_a_blind_control_there_is_no_gain() -> None:
    questions = [question("multiple_choice")]
    assert (
        visual_gain(task_named("qa_mc"), questions, rows(questions, [1]), {"oracle": rows(questions, [1])}, {}) is None
    )


def test_guesses_need_no_model() -> None:
    assert set(GUESSED) | set(SHOWN) == set(CONTROLS)
