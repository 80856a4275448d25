"""`moviellm eval run` as a user types it, with answers from files."""

import json
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.running.results import RESULTS_VERSION
from moviellm.generation.cli.app import call
from tests.eval.running.movies import PER_MOVIE, choice, gold_texts, make_dataset, movie
from tests.training.rows.movies import SAMPLE

FORMS = {"qa_open": "answer", "qa_mc": "choice", "grounding": "span", "dense_captioning": "events"}


def run(*arguments: object) -> int:
    return call(["eval", "run", *map(str, arguments)])


def results(out: Path) -> dict[str, Any]:
    found = json.loads((out / "results.json").read_bytes())
    assert isinstance(found, dict)
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def gold(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every right answer."""
    path = tmp_path_factory.mktemp("gold") / "gold.json"
    path.write_text(json.dumps(gold_texts(films)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def done(films: Path, gold: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which every answer is right."""
    out = tmp_path_factory.mktemp("run") / "out"
    assert run("--model", f"replay:{gold}", "--data", films, "--tasks", "all", "--out", out) == 0
    return out


def test_right_answers_have_the_best_value_of_every_number(done: Path) -> None:
    for task in results(done)["tasks"].values():
        for name, number in task["metrics"].items():
            assert number["value"] in (None, 1.0) or name == "cider"
            assert number["n"] == 0 or number["value"] is not None


def test_results_name_model_data_frames_and_versions(done: Path, gold: Path) -> None:
    found = results(done)
    assert found["results_version"] == RESULTS_VERSION
    assert (found["model"]["id"], found["model"]["kind"]) == (gold.name, "replay")
    assert found["data"]["split"] == "test" and len(found["data"]["rows_sha256"]) == 64
    assert found["frames"] is None
    assert {"python", "moviellm", "numpy"} <= set(found["versions"])


def test_a_number_has_value_ends_and_count(done: Path) -> None:
    number = results(done)["tasks"]["qa_mc"]["metrics"]["accuracy"]
    assert (number["value"], number["high"], number["n"]) == (1.0, 1.0, 10)
    assert 0.0 < number["low"] < 1.0


def test_predictions_have_the_form_of_a_submission(done: Path) -> None:
    for name, field in FORMS.items():
        rows = lines(done / "predictions" / f"{name}.jsonl")
        assert rows and all(set(row) == {"id", field} for row in rows)


def test_predictions_of_all_tasks_are_those_of_each(done: Path) -> None:
    together = {row["id"]: row for name in FORMS for row in lines(done / "predictions" / f"{name}.jsonl")}
    assert {row["id"]: row for row in lines(done / "predictions.jsonl")} == together


@pytest.mark.parametrize("name", ["predictions.jsonl", "answers.jsonl"])
def test_what_a_run_wrote_replays_to_the_same_numbers(done: Path, films: Path, tmp_path: Path, name: str) -> None:
    assert run("--model", f"replay:{done / name}", "--data", films, "--tasks", "all", "--out", tmp_path) == 0
    assert results(tmp_path)["tasks"] == results(done)["tasks"]


def test_a_second_run_writes_the_same_bytes_but_for_times(done: Path, films: Path, gold: Path, tmp_path: Path) -> None:
    assert run("--model", f"replay:{gold}", "--data", films, "--tasks", "all", "--out", tmp_path) == 0
    for path in ("answers.jsonl", "predictions.jsonl", "results.md"):
        assert (tmp_path / path).read_bytes() == (done / path).read_bytes()
    one, other = results(done), results(tmp_path)
    assert one.pop("times") and other.pop("times") and one == other


def test_results_are_shown_as_a_table(
    films: Path, gold: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--model", f"replay:{gold}", "--data", films, "--tasks", "qa_mc", "--out", tmp_path)
    assert "qa_mc  accuracy" in capsys.readouterr().out


def test_json_prints_what_results_holds(
    films: Path, gold: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--model", f"replay:{gold}", "--data", films, "--tasks", "qa_mc", "--out", tmp_path, "--json")
    assert json.loads(capsys.readouterr().out) == results(tmp_path)


def test_the_page_has_numbers_by_type_and_level(done: Path) -> None:
    page = (done / "results.md").read_text(encoding="utf-8")
    assert "| qa_mc | accuracy | 1.000 |" in page
    assert "| qa_mc | visual | accuracy |" in page
    assert "| qa_mc | scene | accuracy |" in page


def test_a_question_without_an_answer_counts_as_wrong_and_is_counted(films: Path, gold: Path, tmp_path: Path) -> None:
    known = json.loads(gold.read_text(encoding="utf-8"))
    del known["m00000-q000"]
    known["m00001-q000"] = "It could be anything."
    known["m00002-q000"] = None
    (tmp_path / "some.json").write_text(json.dumps(known), encoding="utf-8")
    assert (
        run("--model", f"replay:{tmp_path / 'some.json'}", "--data", films, "--tasks", "qa_mc", "--out", tmp_path) == 0
    )
    task = results(tmp_path)["tasks"]["qa_mc"]
    assert task["metrics"]["accuracy"]["value"] == 0.7
    assert (task["counts"]["unanswered"], task["counts"]["unparsed"]) == (2, 1)
    assert task["counts"]["reasons"] == {"no option, or several": 1, "not in the replay file": 1, "null": 1}
    by_id = {row["id"]: row for row in lines(tmp_path / "answers.jsonl")}
    assert by_id["m00000-q000"]["unanswered"] == "not in the replay file"
    assert by_id["m00001-q000"]["unparsed"] == "no option, or several"


def test_a_larger_subset_holds_the_smaller(films: Path, gold: Path, tmp_path: Path) -> None:
    found = []
    for limit in (3, 7):
        out = tmp_path / str(limit)
        arguments = (
            "--model",
            f"replay:{gold}",
            "--data",
            films,
            "--tasks",
            "qa_open",
            "--limit",
            limit,
            "--out",
            out,
        )
        assert run(*arguments) == 0
        found.append({row["id"] for row in lines(out / "predictions.jsonl")})
    assert (len(found[0]), len(found[1])) == (3, 7)
    assert found[0] < found[1]


def test_another_seed_draws_other_questions(films: Path, gold: Path, tmp_path: Path) -> None:
    found = []
    for seed in (0, 1):
        arguments = ("--model", f"replay:{gold}", "--data", films, "--limit", 3, "--seed", seed, "--tasks", "qa_open")
        run(*arguments, "--out", tmp_path / str(seed))
        found.append((tmp_path / str(seed) / "predictions.jsonl").read_bytes())
    assert found[0] != found[1]


def test_the_committed_sample_is_evaluated(tmp_path: Path) -> None:
    (tmp_path / "gold.json").write_text(json.dumps(gold_texts(SAMPLE)), encoding="utf-8")
    assert run("--model", f"replay:{tmp_path / 'gold.json'}", "--data", SAMPLE, "--out", tmp_path / "out") == 0
    headlines = [task["metrics"][task["headline"]]["value"] for task in results(tmp_path / "out")["tasks"].values()]
    assert headlines == [1.0] * 4


def test_flagged_questions_are_left_out_and_counted(tmp_path: Path) -> None:
    asked = choice(0, 0, "Which?", ("a", "b"), 0, flags=("not_shown",)), choice(0, 1, "What?", ("a", "b"), 0)
    data = make_dataset(tmp_path / "data", [movie(0).model_copy(update={"qa_pairs": asked})], split="train")
    (tmp_path / "gold.json").write_text('{"m00000-q001": "a", "m00000-q000": "a"}', encoding="utf-8")
    arguments = ("--split", "train", "--tasks", "qa_mc", "--out", tmp_path / "out")
    assert run("--model", f"replay:{tmp_path / 'gold.json'}", "--data", data, *arguments) == 0
    found = results(tmp_path / "out")
    assert found["data"]["left_out"] == {"flag not_shown": 1}
    assert found["tasks"]["qa_mc"]["counts"]["items"] == 1


# ------------------------------------------------------------------------ errors


def error_of(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that an input error prints."""
    assert run(*arguments) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    return said[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tasks", "qa_mcq"], "no task 'qa_mcq'; did you mean qa_mc?"),
        (["--tasks", ","], "--tasks names no task"),
        (["--split", "tset"], "has no split 'tset' of qa; it has test"),
        (["--split", "train"], "has no split 'train' of qa; it has test"),
        (["--limit", "0"], "--limit is 0; it is 1 at least"),
        (["--frames", "4", "--fps", "1"], "give one of them"),
        (["--frames", "0"], "at least 1 frame"),
        (["--controls", "shufled"], "no control 'shufled'; did you mean shuffled?"),
        (["--controls", "question-only"], "answers of a file are given already"),
        (["--controls", ","], "--controls names none"),
        (["--times", "minutes"], "--times is seconds, or index"),
        (["--revision", "v1"], "is a folder and has no revision"),
        (["--data", "nowhere/at/all"], "no dataset folder nowhere/at/all"),
    ],
)
def test_a_wrong_wish_is_one_line(
    films: Path, gold: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert said in error_of(capsys, "--model", f"replay:{gold}", "--data", films, "--out", tmp_path / "out", *options)
    assert not (tmp_path / "out" / "results.json").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"m00000-q000": "A", "x1": "A", "x2": "B"}', "2 of 3 ids are not questions of"),
        ('{"m00000-q000": 7}', "the answer of m00000-q000 is int"),
        ('{"id": "m00000-q000", "choice": "Z"}', "choice is one of A, B, C or null, got 'Z'"),
        ('{"id": "m00000-q000", "span": [0, 1]}', "a prediction of multiple_choice has 'choice', or `answer`"),
        ('{"id": "m00000-q001", "span": [NaN, 1]}', "line 1 is not JSON (NaN is no number)"),
        ('{"id": "m00000-q001", "span": [1e999, 1]}', "a span is [start_s, end_s] in seconds"),
        ('{"id": "m00000-q000", "id": "m00000-q001"}', "a key comes twice"),
        ('{"id": "m00000-q000", "choice": "A"}\n{"id": "m00000-q000", "choice": "B"}', "m00000-q000 comes twice"),
        ('{"id": 7}', "line 1 is no prediction"),
        ("hello", "line 1 is not JSON"),
        ("", "holds no answers"),
        ("[" * 100_000, "nested too deep"),
        (b"\xff\xfe", "is no text in UTF-8"),
    ],
)
def test_a_file_that_holds_other_things_is_one_line(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | bytes, said: str
) -> None:
    path = tmp_path / "answers.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert said in error_of(capsys, "--model", f"replay:{path}", "--data", films, "--out", tmp_path / "out")


def test_a_file_of_answers_that_is_not_there_is_one_line(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no file nowhere.json" in error_of(
        capsys, "--model", "replay:nowhere.json", "--data", films, "--out", tmp_path / "out"
    )


def test_replay_without_a_file_is_one_line(films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "replay: names no file" in error_of(capsys, "--model", "replay:", "--data", films, "--out", tmp_path / "o")


def test_a_model_that_is_none_is_one_line(films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = error_of(capsys, "--model", "no-such/model/here", "--data", films, "--out", tmp_path / "out")
    assert "no model no-such/model/here" in said


def test_a_task_that_the_data_has_no_question_of_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = (choice(0, 0, "Which?", ("a", "b"), 0),)
    data = make_dataset(tmp_path / "data", [movie(0).model_copy(update={"qa_pairs": asked})])
    (tmp_path / "gold.json").write_text('{"m00000-q000": "a"}', encoding="utf-8")
    arguments = ("--model", f"replay:{tmp_path / 'gold.json'}", "--data", data, "--out", tmp_path / "out")
    assert "has no question of grounding; it has multiple_choice" in error_of(
        capsys, *arguments, "--tasks", "grounding"
    )


def test_a_run_of_which_nothing_was_answered_fails_and_says_why(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.json").write_text('{"m00000-q002": null}', encoding="utf-8")
    arguments = ("--data", films, "--tasks", "qa_mc", "--out", tmp_path / "out")
    assert run("--model", f"replay:{tmp_path / 'none.json'}", *arguments) == 2
    assert "no question was answered; the first: not in the replay file" in capsys.readouterr().err
    assert results(tmp_path / "out")["tasks"]["qa_mc"]["counts"]["unanswered"] == 10


def test_each_movie_has_its_questions(films: Path) -> None:
    assert sum(name.startswith("m00003") for name in gold_texts(films)) == PER_MOVIE
