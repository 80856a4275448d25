"""`moviellm eval compare`: two runs, paired."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.running.comparing import SAME
from moviellm.generation.cli import call
from tests.eval.running.movies import choice, gold_texts, make_dataset
from tests.stories import make_story

Run = Callable[[str, dict[str, str]], Path]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve movies with four choices each."""
    movies = []
    for number in range(12):
        asked = tuple(choice(number, at, f"Which is {at}?", ("a key", "a map", "a lamp"), 1) for at in range(4))
        story = make_story(number, chapters=1, scenes=1, keyframes=2)
        movies.append(story.model_copy(update={"qa_pairs": asked}))
    return make_dataset(tmp_path_factory.mktemp("many") / "data", movies)


@pytest.fixture
def run(many: Path, tmp_path: Path) -> Run:
    def make(name: str, answers: dict[str, str]) -> Path:
        (tmp_path / f"{name}.json").write_text(json.dumps(answers), encoding="utf-8")
        model = f"replay:{tmp_path / f'{name}.json'}"
        arguments = ["--model", model, "--data", str(many), "--tasks", "qa_mc", "--out", str(tmp_path / name)]
        assert call(["eval", "run", *arguments]) == 0
        return tmp_path / name

    return make


def compared(capsys: pytest.CaptureFixture[str], a: Path, b: Path) -> dict[str, Any]:
    capsys.readouterr()
    assert call(["eval", "compare", str(a), str(b), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def half(many: Path, right: int) -> dict[str, str]:
    """Answers of which `right` of the four of every movie are right."""
    return {name: "B" if int(name[-1]) < right else "A" for name in gold_texts(many)}


def test_a_run_is_not_distinguishable_from_itself(run: Run, many: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = run("one", half(many, 2))
    (row,) = compared(capsys, one, one)["differences"]
    assert (row["difference"], row["p"], row["verdict"]) == (0.0, 1.0, SAME)


def test_a_plain_difference_is_found(run: Run, many: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = compared(capsys, run("one", half(many, 1)), run("other", half(many, 3)))["differences"]
    assert (row["a"], row["b"], row["difference"], row["n"], row["movies"]) == (0.25, 0.75, 0.5, 48, 12)
    assert row["verdict"] == "b is better" and row["p"] < 0.001


def test_the_other_way_round_it_is_the_same_with_the_other_sign(
    run: Run, many: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = run("one", half(many, 1)), run("other", half(many, 3))
    (there,), (back,) = compared(capsys, one, other)["differences"], compared(capsys, other, one)["differences"]
    assert there["difference"] == -back["difference"] and there["p"] == back["p"]
    assert back["verdict"] == "a is better"


def test_a_difference_in_one_question_is_not_distinguishable(
    run: Run, many: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = half(many, 2)
    changed = {**answers, "m00000-q003": "B"}
    (row,) = compared(capsys, run("one", answers), run("other", changed))["differences"]
    assert row["difference"] > 0 and row["verdict"] == SAME and row["detectable"] > row["difference"]


def test_a_movie_that_turns_whole_does_not_count_as_four_questions(
    run: Run, many: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = half(many, 0)
    changed = {name: "B" if name < "m00002" else said for name, said in answers.items()}
    (row,) = compared(capsys, run("one", answers), run("other", changed))["differences"]
    assert row["p"] < 0.01, "McNemar alone takes the eight questions for independent"
    assert row["verdict"] == SAME


def test_the_text_says_who_and_what(run: Run, many: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = run("one", half(many, 2))
    capsys.readouterr()
    assert call(["eval", "compare", str(one), str(one)]) == 0
    said = capsys.readouterr().out
    assert "one.json" in said and "not distinguishable: the interval holds 0" in said


def test_differences_go_into_a_file(run: Run, many: Path, tmp_path: Path) -> None:
    one = run("one", half(many, 2))
    assert call(["eval", "compare", str(one), str(one), "--out", str(tmp_path / "d.json")]) == 0
    assert json.loads((tmp_path / "d.json").read_bytes())["common"] == 48


def test_a_folder_without_a_run_is_one_line(
    run: Run, many: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = run("one", half(many, 2))
    assert call(["eval", "compare", str(one), str(tmp_path / "nowhere")]) == 2
    assert "holds no run" in capsys.readouterr().err


def test_runs_on_other_questions_are_one_line(run: Run, many: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = run("one", half(many, 2)), run("other", half(many, 2))
    lines = (other / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    (other / "answers.jsonl").write_text("\n".join(lines).replace('"id":"m', '"id":"x'), encoding="utf-8")
    assert call(["eval", "compare", str(one), str(other)]) == 2
    assert "have no question in common: 48 and 48 questions" in capsys.readouterr().err


def test_runs_with_other_right_answers_are_one_line(run: Run, many: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = run("one", half(many, 2)), run("other", half(many, 2))
    text = (other / "answers.jsonl").read_text(encoding="utf-8")
    (other / "answers.jsonl").write_text(
        text.replace('"gold":{"choice":"B"}', '"gold":{"choice":"C"}'), encoding="utf-8"
    )
    assert call(["eval", "compare", str(one), str(other)]) == 2
    assert "48 of 48 questions have other right answers" in capsys.readouterr().err
