"""`moviellm submit make`: a run becomes a bundle that its benchmark accepts, or is told what is missing."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.submissions.checking import check_bundle
from moviellm.eval.submissions.index import INDEX_FILE, Index
from moviellm.eval.submissions.making import Wish, declaration_of
from moviellm.generation.cli.app import call
from tests.eval.submissions.kit import INDEX, ROWS, codes, lines, write_folder

RESULTS: dict[str, Any] = {
    "model": {"id": "org/model", "kind": "checkpoint", "revision": "2" * 40},
    "parameters": {"dtype": "bfloat16", "max_tokens": None, "times": "seconds"},
    "frames": {"control": "none", "policy": {"n": 64, "fps": None, "pixels": 100_352}},
}
pytestmark = pytest.mark.usefixtures("no_cells")
SAID = ["--training-data", "MovieLLM-tiny", "--no-seen-test-inputs"]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    path = tmp_path / INDEX_FILE
    path.write_text(INDEX.text(), "utf-8")
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "results.json").write_text(json.dumps(RESULTS))
    (folder / "predictions.jsonl").write_bytes(lines(row for rows in ROWS.values() for row in rows))
    return folder


def make(run: Path, index: Path, out: Path, *more: str) -> int:
    return call(["submit", "make", str(run), "--index", str(index), "--out", str(out), *more])


@pytest.mark.parametrize("name", ["mine", "mine.zip"])
def test_a_run_becomes_a_bundle_that_is_accepted(run: Path, index: Path, tmp_path: Path, name: str) -> None:
    assert make(run, index, tmp_path / name, *SAID) == 0
    assert codes(tmp_path / name) == set()


def test_what_the_run_says_stands_in_the_declaration(run: Path, index: Path, tmp_path: Path) -> None:
    assert make(run, index, tmp_path / "mine", *SAID, "--parameters-b", "7", "--base-model", "org/base") == 0
    found = check_bundle(tmp_path / "mine", INDEX, keep=True).submission.declared
    assert found is not None
    assert found["model"] == {"id": "org/model", "revision": "2" * 40, "parameters_b": 7.0, "base_model": "org/base"}
    wanted = {"frames": 64, "fps": None, "max_pixels": 100_352, "subtitles": "provided", "audio": False}
    assert found["inputs"] == wanted
    assert (found["track"], found["display_name"]) == ("open-weights", "model")
    assert (found["training_data"], found["seen_test_inputs"]) == (["MovieLLM-tiny"], False)


def test_the_same_run_gives_the_same_bytes(run: Path, index: Path, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        assert make(run, index, tmp_path / name, *SAID) == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_all_that_is_missing_is_asked_for_at_once_by_option(
    run: Path, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"model": {"id": "predictions.jsonl", "kind": "replay", "revision": "f" * 64}, "frames": None}
    (run / "results.json").write_text(json.dumps(told))
    assert make(run, index, tmp_path / "mine") == 2
    said = capsys.readouterr().err
    wanted = ["--model-id", "--model-revision", "--track", "--subtitles", "--training-data", "--seen-test-inputs"]
    assert said.count("\n") == 1 and all(option in said for option in wanted)


def test_predictions_that_the_benchmark_would_reject_are_not_written(
    run: Path, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "predictions.jsonl").write_bytes(lines(ROWS["grounding"]))
    assert make(run, index, tmp_path / "mine.zip", *SAID) == 1
    assert "E007 predictions/qa_mc.jsonl" in capsys.readouterr().out
    assert not (tmp_path / "mine.zip").exists()


def test_a_bundle_takes_the_place_of_an_older_one_and_of_nothing_else(run: Path, index: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    assert make(run, index, out, *SAID) == 0
    assert make(run, index, out, *SAID, "--display-name", "Another") == 0
    assert "display_name: Another" in (out / "submission.yaml").read_text()
    assert make(run, index, run, *SAID) == 2
    assert (run / "results.json").exists()


def test_a_folder_that_holds_more_than_a_bundle_is_left_alone(run: Path, index: Path, tmp_path: Path) -> None:
    out = write_folder(tmp_path / "mine", {"submission.yaml": b"", "notes.md": b"mine"})
    assert make(run, index, out, *SAID) == 2
    assert (out / "notes.md").read_bytes() == b"mine"


def test_a_folder_that_is_called_as_a_zip_is_told(
    run: Path, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.zip").mkdir()
    assert make(run, index, tmp_path / "mine.zip", *SAID) == 2
    assert "choose another --out" in capsys.readouterr().err


def test_items_of_one_task_are_asked_of_another_file_too(run: Path, tmp_path: Path) -> None:
    told = INDEX.model_dump(mode="json", exclude_none=True)
    told["tasks"]["movie_answers"] = {"q1": {}}
    known = Index.model_validate(told)
    (tmp_path / INDEX_FILE).write_text(known.text())
    assert make(run, tmp_path / INDEX_FILE, tmp_path / "mine.zip", *SAID) == 0
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        answers = [archive.read(f"predictions/{task}.jsonl") for task in ("qa_open", "movie_answers")]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("control", "frames", "subtitles"),
    [
        ("question-only", 0, "none"),
        ("single-frame", 1, "none"),
        ("dialogue-only", 0, "provided"),
        ("shuffled", 64, "provided"),
    ],
)
def test_a_control_says_what_its_model_saw_and_heard(
    run: Path, index: Path, control: str, frames: int, subtitles: str
) -> None:
    results = {**RESULTS, "frames": {**RESULTS["frames"], "control": control}}
    wish = Wish(run=run, index=index, out=run, no_training_data=True, seen_test_inputs=False)
    found = declaration_of(wish, results, INDEX)["inputs"]
    assert (found["frames"], found["subtitles"]) == (frames, subtitles)
