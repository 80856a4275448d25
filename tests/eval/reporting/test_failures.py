"""Which answers are shown as failures."""

import shutil
from pathlib import Path

import pytest

from moviellm.eval.reporting.album import open_album
from moviellm.eval.reporting.failures import Failure, is_wrong, sample_failures
from moviellm.eval.reporting.runs import read_runs
from tests.eval.reporting.conftest import judge

Runs = tuple[Path, Path]


def sample(runs: Runs, dataset: Path | None = None, *, each: int = 2, seed: int = 0) -> list[Failure]:
    found = read_runs(list(runs))
    albums = (
        {} if dataset is None else dict.fromkeys(range(len(found)), open_album(str(dataset), found[0].results["data"]))
    )
    return sample_failures(found, albums, each=each, seed=seed)[0]


def test_the_same_seed_draws_the_same(runs: Runs) -> None:
    assert sample(runs, each=1, seed=3) == sample(runs, each=1, seed=3)


def test_another_seed_draws_others(runs: Runs) -> None:
    assert [one.item_id for one in sample(runs, each=1)] != [one.item_id for one in sample(runs, each=1, seed=1)]


def test_a_larger_sample_holds_the_smaller(runs: Runs) -> None:
    assert {one.item_id for one in sample(runs, each=1)} < {one.item_id for one in sample(runs, each=2)}


def test_every_failure_is_wrong_somewhere(runs: Runs) -> None:
    assert all(one.wrong_in for one in sample(runs, each=9))


def test_a_question_stands_once_with_what_all_runs_said(runs: Runs) -> None:
    found = sample(runs, each=99)
    assert len({one.item_id for one in found}) == len(found)
    assert all([said.run for said in one.tries] == [0, 1] for one in found)


def test_what_a_valid_judge_accepts_is_no_failure(runs: Runs) -> None:
    run = read_runs([runs[0]])[0]
    assert not is_wrong(run, run.answers["m00000-q002"])
    assert run.answers["m00000-q002"]["scores"]["right"] == 0.0


def test_a_judge_whose_run_is_invalid_is_not_believed(runs: Runs, tmp_path: Path) -> None:
    folder = shutil.copytree(runs[0], tmp_path / "run")
    judge(folder, {"m00000-q002": 1.0}, valid=False)
    run = read_runs([folder])[0]
    assert is_wrong(run, run.answers["m00000-q002"])


def test_a_moment_shows_the_frames_of_its_evidence_and_of_what_was_predicted(runs: Runs, dataset: Path) -> None:
    one = next(one for one in sample(runs, dataset, each=9) if one.item_id == "m00001-q001")
    assert [(frame.start_s, frame.role) for frame in one.frames] == [(4.0, "evidence"), (8.0, "predicted")]


def test_without_a_dataset_there_are_no_frames_but_question_and_answer(runs: Runs) -> None:
    one = next(one for one in sample(runs, each=9) if one.item_id == "m00001-q001")
    assert (one.frames, one.question) == ((), "When does Ada first hold the key?")
    assert (one.gold, one.evidence) == ("4.0 to 8.0 s", ((4.0, 8.0),))


def test_another_dataset_is_refused(runs: Runs, dataset: Path) -> None:
    facts = {**read_runs([runs[0]])[0].results["data"], "rows_sha256": "0" * 64}
    with pytest.raises(ValueError, match="not the dataset"):
        open_album(str(dataset), facts)
