"""What a report reads of runs."""

import json
import shutil
from pathlib import Path

import pytest

from moviellm.eval.reporting.runs import read_runs
from tests.eval.reporting.conftest import JUDGE, judge

Runs = tuple[Path, Path]


def test_runs_are_called_by_their_models(runs: Runs) -> None:
    assert [run.label for run in read_runs(list(runs))] == ["sees", "guesses"]


def test_runs_of_one_model_are_told_apart_by_their_folders(runs: Runs, tmp_path: Path) -> None:
    again = shutil.copytree(runs[1], tmp_path / "again")
    assert [run.label for run in read_runs([runs[1], again])] == ["guesses (guesses)", "guesses (again)"]


def test_a_run_that_is_a_control_says_so(runs: Runs, tmp_path: Path) -> None:
    blind = shutil.copytree(runs[1], tmp_path / "blind")
    results = json.loads((blind / "results.json").read_bytes())
    results["frames"] = {"policy": {"n": 8}, "control": "question-only"}
    (blind / "results.json").write_text(json.dumps(results))
    assert read_runs([blind])[0].label == "guesses, question-only"


def test_a_run_named_twice_is_refused(runs: Runs) -> None:
    with pytest.raises(ValueError, match="named twice"):
        read_runs([runs[0], runs[0] / "." / ""])


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no run"):
        read_runs([tmp_path])


@pytest.mark.parametrize("text", ["{", "[]", '{"tasks": {}}', "[" * 100_000])
def test_results_of_something_else_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(ValueError, match=r"results\.json"):
        read_runs([tmp_path])


def test_controls_come_in_the_order_of_tables(runs: Runs) -> None:
    assert list(read_runs([runs[0]])[0].controls) == ["question-only", "oracle"]


def test_a_verdict_comes_with_its_reason(runs: Runs) -> None:
    run = read_runs([runs[0]])[0]
    (verdict,) = run.verdicts("m00000-q002")
    assert (verdict.metric, verdict.score, verdict.reason) == (JUDGE, 1.0, "It fits.")


def test_of_a_judge_that_gives_up_to_five_three_is_right(runs: Runs, tmp_path: Path) -> None:
    folder = shutil.copytree(runs[0], tmp_path / "run")
    judge(folder, {"m00000-q002": 5.0, "m00000-q003": 3.0, "m00000-q005": 2.0, "m00001-q002": 1.0})
    found = read_runs([folder])[0].judgements[0].verdicts
    assert [verdict.right for verdict in found.values()] == [True, True, False, False]


def test_what_is_unscored_has_no_score(runs: Runs) -> None:
    (verdict,) = read_runs([runs[0]])[0].verdicts("m00000-q003")
    assert verdict.score is None
