"""`moviellm eval compare`: two runs, paired."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.running.comparing import SAME, pairs_of
from moviellm.generation.cli.app import call
from tests.eval.running.movies import choice, gold_texts, make_dataset
from tests.stories import make_story

Run = Callable[[dict[str, str]], Path]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve movies with four choices each."""
    movies = []
    for number in range(12):
        asked = tuple(choice(number, at, f"Which is {at}?", ("a key", "a map", "a lamp"), 1) for at in range(4))
        story = make_story(number, chapters=1, scenes=1, keyframes=2)
        movies.append(story.model_copy(update={"qa_pairs": asked}))
    return make_dataset(tmp_path_factory.mktemp("many") / "data", movies)


@pytest.fixture(scope="module")
def run(many: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Makes a run of answers; the same answers give the same run."""
    folder, made = tmp_path_factory.mktemp("runs"), dict[str, Path]()

    def make(answers: dict[str, str]) -> Path:
        text = json.dumps(answers)
        if text not in made:
            place = folder / f"{len(made)}"
            place.with_suffix(".json").write_text(text, encoding="utf-8")
            model = f"replay:{place.with_suffix('.json')}"
            assert (
                call(["eval", "run", "--model", model, "--data", str(many), "--tasks", "qa_mc", "--out", str(place)])
                == 0
            )
            made[text] = place
        return made[text]

    return make


@pytest.fixture(scope="module")
def done(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the films of all tests, right everywhere."""
    out = tmp_path_factory.mktemp("done")
    (out / "gold.json").write_text(json.dumps(gold_texts(films)), encoding="utf-8")
    arguments = ["--model", f"replay:{out / 'gold.json'}", "--data", str(films), "--out", str(out / "run")]
    assert call(["eval", "run", *arguments]) == 0
    return out / "run"


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
    one = run(half(many, 2))
    (row,) = compared(capsys, one, one)["differences"]
    assert (row["difference"], row["p"], row["verdict"]) == (0.0, 1.0, SAME)


def test_a_plain_difference_is_found(run: Run, many: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = compared(capsys, run(half(many, 1)), run(half(many, 3)))["differences"]
    assert (row["a"], row["b"], row["difference"], row["n"], row["movies"]) == (0.25, 0.75, 0.5, 48, 12)
    assert row["verdict"] == "b is better" and row["p"] < 0.001


def test_only_numbers_of_right_and_wrong_are_tested(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {
        row["metric"]: row["p"] for row in compared(capsys, done, done)["differences"] if row["task"] == "grounding"
    }
    assert rows.pop("miou") is None and set(rows.values()) == {1.0}


def test_the_other_way_round_it_is_the_same_with_the_other_sign(
    run: Run, many: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = run(half(many, 1)), run(half(many, 3))
    (there,), (back,) = compared(capsys, one, other)["differences"], compared(capsys, other, one)["differences"]
    assert there["difference"] == -back["difference"] and there["p"] == back["p"]
    assert back["verdict"] == "a is better"


def test_a_difference_in_one_question_is_not_distinguishable(
    run: Run, many: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = half(many, 2)
    changed = {**answers, "m00000-q003": "B"}
    (row,) = compared(capsys, run(answers), run(changed))["differences"]
    assert row["difference"] > 0 and row["verdict"] == SAME and row["detectable"] > row["difference"]


def test_a_movie_that_turns_whole_does_not_count_as_four_questions(
    run: Run, many: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = half(many, 0)
    changed = {name: "B" if name < "m00002" else said for name, said in answers.items()}
    (row,) = compared(capsys, run(answers), run(changed))["differences"]
    assert row["p"] < 0.01, "McNemar alone takes the eight questions for independent"
    assert row["verdict"] == SAME


def test_several_runs_are_compared_each_with_each_and_adjusted_together(
    run: Run, many: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [run(half(many, right)) for right in (1, 2, 3)]
    capsys.readouterr()
    assert call(["eval", "compare", *map(str, runs), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["a"]["folder"], one["b"]["folder"]) for one in found["pairs"]] == [
        (str(runs[a]), str(runs[b])) for a, b in ((0, 1), (0, 2), (1, 2))
    ]
    rows = [row for one in found["pairs"] for row in one["differences"]]
    least = min(rows, key=lambda row: float(row["p"]))
    assert least["p_holm"] == pytest.approx(min(1.0, 3 * least["p"]), abs=1e-6)


def test_many_runs_are_each_compared_with_the_first() -> None:
    assert pairs_of(4) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert pairs_of(5) == [(0, 1), (0, 2), (0, 3), (0, 4)]


def test_one_run_is_compared_with_nothing(run: Run, many: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["eval", "compare", str(run(half(many, 2)))]) == 2
    assert "name two or more" in capsys.readouterr().err


def test_what_is_worth_a_part_of_a_point_is_not_tested_as_right_or_wrong(
    run: Run, many: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = run(half(many, 3))
    (row,) = compared(capsys, one / "controls" / "random", one)["differences"]
    assert (row["a"], row["p"], row["verdict"]) == (0.333333, None, "b is better")


def test_the_text_says_who_and_what(run: Run, many: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = run(half(many, 2))
    capsys.readouterr()
    assert call(["eval", "compare", str(one), str(one)]) == 0
    said = capsys.readouterr().out
    assert ".json (" in said and "not distinguishable: the interval holds 0" in said


def test_differences_go_into_a_file(run: Run, many: Path, tmp_path: Path) -> None:
    one = run(half(many, 2))
    assert call(["eval", "compare", str(one), str(one), "--out", str(tmp_path / "d.json")]) == 0
    assert json.loads((tmp_path / "d.json").read_bytes())["common"] == 48


def test_a_folder_without_a_run_is_one_line(
    run: Run, many: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = run(half(many, 2))
    assert call(["eval", "compare", str(one), str(tmp_path / "nowhere")]) == 2
    assert "holds no run" in capsys.readouterr().err


def changed_copy(folder: Path, tmp_path: Path, old: str, new: str) -> Path:
    """A run with other words in its answers."""
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    text = (other / "answers.jsonl").read_text(encoding="utf-8")
    (other / "answers.jsonl").write_text(text.replace(old, new), encoding="utf-8")
    return other


def test_runs_on_other_questions_are_one_line(
    run: Run, many: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = run(half(many, 2))
    other = changed_copy(one, tmp_path, '"id":"m', '"id":"x')
    assert call(["eval", "compare", str(one), str(other)]) == 2
    assert "have no question in common: 48 and 48 questions" in capsys.readouterr().err


def test_runs_with_other_right_answers_are_one_line(
    run: Run, many: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = run(half(many, 2))
    other = changed_copy(one, tmp_path, '"gold":{"choice":"B"}', '"gold":{"choice":"C"}')
    assert call(["eval", "compare", str(one), str(other)]) == 2
    assert "48 of 48 questions have other right answers" in capsys.readouterr().err
