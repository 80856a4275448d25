"""A scored bundle has the numbers of `moviellm eval run` on the same predictions, to the last digit."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.submissions import scoring
from moviellm.eval.submissions.checking import check_bundle
from moviellm.eval.submissions.index import INDEX_FILE, Index, Item, index_of
from moviellm.eval.submissions.scoring import score_bundle
from moviellm.eval.tasks import scoring as tasks_scoring
from moviellm.eval.tasks.items import open_data
from moviellm.generation.cli.app import call
from moviellm.generation.own_process import run_verb
from tests.eval.submissions.conftest import called_here
from tests.eval.submissions.kit import REVISION, declared, lines, write_folder

TASKS = ("grounding", "dense_captioning", "qa_mc", "qa_open", "movie_answers")


def prediction(question: Any, lot: random.Random) -> dict[str, Any]:
    """Right, wrong or nothing."""
    kind = lot.choice(["right", "wrong", "nothing"])
    if question.answer_format == "multiple_choice":
        letters = "ABC"[: len(question.options)]
        return {"choice": {"right": question.gold["choice"], "wrong": lot.choice(letters), "nothing": None}[kind]}
    if question.answer_format == "temporal_grounding":
        start = lot.uniform(0, 7)
        end = question.duration_s * 1.004
        return {"span": {"right": [4, 8.5], "wrong": [start, lot.choice([start + 1, end])], "nothing": None}[kind]}
    if question.answer_format == "dense_captioning":
        told = question.gold["events"]
        wrong = [{"span": [start := lot.uniform(0, 9), start + 2], "caption": "a man ||| waits"} for _ in range(3)]
        return {"events": {"right": told, "wrong": wrong, "nothing": []}[kind]}
    return {"answer": {"right": question.answer, "wrong": "Ada, or the ||| key", "nothing": ""}[kind]}


@pytest.fixture(scope="module")
def index(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("index") / INDEX_FILE
    path.write_text(index_of(films, benchmark="example-org/moviellm-bench", revision=REVISION).text(), "utf-8")
    return path


@pytest.fixture(scope="module")
def rows(films: Path) -> dict[str, dict[str, Any]]:
    lot = random.Random(7)
    data = open_data(str(films), split="test")
    return {name: {"id": name, **prediction(question, lot)} for name, question in data.questions.items()}


@pytest.fixture(scope="module")
def bundle(index: Path, rows: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    known = Index.model_validate_json(index.read_bytes())
    content = {
        f"predictions/{task}.jsonl": lines([rows[item] for item in reversed(items)])
        for task, items in known.tasks.items()
    }
    place = tmp_path_factory.mktemp("bundle")
    return write_folder(place, {"submission.yaml": declared("20]", '"20"]'), **content})


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the whole run lies."""
    return tmp_path_factory.mktemp("private") / "run"


@pytest.fixture(scope="module", autouse=True)
def _few_draws() -> Iterator[None]:
    """Intervals of few draws, where this process makes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks_scoring, "RESAMPLES", 300)
        patch.setattr(tasks_scoring, "RESAMPLES_OF_PARTS", 50)
        yield


@pytest.fixture(scope="module")
def scored(bundle: Path, films: Path, index: Path, private: Path, _few_draws: None) -> dict[str, Any]:
    """What scoring gives, without a cell."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("check_verb", "scoring"):
            patch.setattr(f"moviellm.eval.submissions.{module}.in_a_cell", called_here)
        found = score_bundle(bundle, films, index, out=private)
    assert found["accepted"], found["problems"]
    return found


def run_of(rows: dict[str, Any], films: Path, folder: Path, verb: Callable[[list[str]], int]) -> dict[str, Any]:
    """The results of the same predictions by `moviellm eval run`."""
    (folder / "predictions.jsonl").write_bytes(lines(rows.values()))
    arguments = ["--model", f"replay:{folder / 'predictions.jsonl'}", "--data", str(films)]
    asked = ["--tasks", ",".join(TASKS), "--controls", "none", "--out", str(folder / "run")]
    assert verb(["eval", "run", *arguments, *asked]) == 0
    return dict(json.loads((folder / "run" / "results.json").read_bytes()))


def test_numbers_are_those_of_eval_run_to_the_last_digit(
    scored: dict[str, Any], rows: dict[str, Any], films: Path, tmp_path: Path
) -> None:
    run = run_of(rows, films, tmp_path, call)
    assert json.dumps(scored["results"]["tasks"], sort_keys=True) == json.dumps(run["tasks"], sort_keys=True)


@pytest.mark.slow
def test_in_a_cell_they_are_those_of_a_users_process(
    bundle: Path, rows: dict[str, Any], films: Path, index: Path, tmp_path: Path
) -> None:
    found = score_bundle(bundle, films, index)
    run = run_of(rows, films, tmp_path, lambda arguments: run_verb(arguments, quiet=True))
    assert json.dumps(found["results"]["tasks"], sort_keys=True) == json.dumps(run["tasks"], sort_keys=True)


def test_results_name_the_benchmark_and_the_model_and_no_item(scored: dict[str, Any], rows: dict[str, Any]) -> None:
    found = scored["results"]
    assert (found["model"]["id"], found["model"]["kind"]) == ("org/model", "submission")
    assert (found["data"]["dataset"], found["data"]["commit"]) == ("example-org/moviellm-bench", REVISION)
    assert not any(name in json.dumps(found) for name in rows)


def test_a_whole_run_is_written_where_it_is_wanted(
    scored: dict[str, Any], private: Path, rows: dict[str, Any]
) -> None:
    assert scored["results"] == json.loads((private / "results.json").read_bytes())
    told = (private / "answers.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["id"] for line in told} == set(rows)


def test_labels_of_other_movies_are_refused(bundle: Path, films: Path, index: Path) -> None:
    known = Index.model_validate_json(index.read_bytes())
    more = known.model_copy(update={"tasks": {**known.tasks, "qa_open": {"m99999-q000": Item()}}})
    submission = check_bundle(bundle, known, keep=True).submission
    with pytest.raises(ValueError, match="the labels lack 1 of the 1 items of qa_open, the first m99999-q000"):
        scoring.scored(submission, films, "test", more, None)


@pytest.mark.usefixtures("no_cells")
def test_a_rejected_bundle_is_not_scored(bundle: Path, films: Path, index: Path, tmp_path: Path) -> None:
    write_folder(tmp_path, {"submission.yaml": b""})
    found = score_bundle(tmp_path, films, index)
    assert not found["accepted"] and "results" not in found
