"""Results of evaluations: what becomes an entry of the Hub, and what is refused."""

import json
from pathlib import Path

import pytest
import yaml
from huggingface_hub import EvalResultEntry

from moviellm.training.checkpoints.evaluated import (
    add_results,
    entries_of,
    evaluations_of,
    last_of_each,
    read_results,
    yaml_of,
)
from moviellm.training.checkpoints.record import Evaluation
from tests.training.checkpoints.records import record, stage
from tests.training.checkpoints.results import COMMIT, write_results

FILE = ".eval_results/moviellm-films-test.yaml"


def test_each_task_has_one_entry_with_its_headline(tmp_path: Path) -> None:
    write_results(tmp_path / "evaluations/a/results.json")
    entries = entries_of(evaluations_of(tmp_path, None))[FILE]
    assert [(one.task_id, one.value) for one in entries] == [("qa_mc_accuracy", 0.6), ("grounding_miou", 0.375)]
    assert {(one.dataset_id, one.dataset_revision, one.date) for one in entries} == {
        ("moviellm/films", COMMIT, "2026-11-20")
    }


def test_an_entry_says_its_scale_interval_and_frames(tmp_path: Path) -> None:
    write_results(tmp_path / "evaluations/a/results.json")
    note = entries_of(evaluations_of(tmp_path, None))[FILE][0].notes
    assert note == "a fraction from 0 to 1; 95 % interval by movie 0.5000 to 0.7000; n 240; 32 frames"


def test_the_file_is_what_the_hub_reads(tmp_path: Path) -> None:
    from huggingface_hub import parse_eval_result_entries

    write_results(tmp_path / "evaluations/a/results.json")
    entries = entries_of(evaluations_of(tmp_path, None))[FILE]
    text = yaml_of(entries, "films").decode()
    assert "date: '2026-11-20'" in text
    assert parse_eval_result_entries(yaml.safe_load(text)) == entries


@pytest.mark.parametrize("fields", [{"control": "question-only"}, {"commit": None}])
def test_controls_and_data_that_is_nowhere_are_no_entries(tmp_path: Path, fields) -> None:
    write_results(tmp_path / "evaluations/a/results.json", **fields)
    assert entries_of(evaluations_of(tmp_path, None)) == {}


def test_controls_of_a_run_stand_beside_it_and_their_folders_are_not_read(tmp_path: Path) -> None:
    path = write_results(tmp_path / "evaluations/a/results.json")
    write_results(tmp_path / "evaluations/a/controls/question-only/results.json", control="question-only")
    told = json.loads(path.read_text(encoding="utf-8"))
    told["controls"] = {"question-only": {"tasks": {"qa_mc": {"metrics": {"accuracy": {"value": 0.25, "n": 240}}}}}}
    path.write_text(json.dumps(told), encoding="utf-8")
    found = evaluations_of(tmp_path, None)
    assert [one.control for one in found] == ["none", "question-only"]
    assert found[1].results.tasks["qa_mc"].metrics["accuracy"].value == 0.25


def test_a_number_without_a_value_is_left_out(tmp_path: Path) -> None:
    write_results(tmp_path / "evaluations/a/results.json", accuracy=None)
    entries = entries_of(evaluations_of(tmp_path, None))[FILE]
    assert [one.task_id for one in entries] == ["grounding_miou"]


def test_what_is_not_finite_is_refused(tmp_path: Path) -> None:
    path = write_results(tmp_path / "results.json")
    path.write_text(path.read_text(encoding="utf-8").replace("0.6", "NaN"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"results\.json is no results\.json .* nan is no finite number"):
        read_results(path)


def test_two_values_of_one_task_are_refused() -> None:
    entries = [EvalResultEntry("moviellm/films", "qa_mc_accuracy", value) for value in (0.1, 0.2)]
    with pytest.raises(ValueError, match="two results of qa_mc_accuracy"):
        yaml_of(entries, "films")


def test_a_file_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="make it with `moviellm eval run"):
        read_results(tmp_path / "results.json")


def test_the_newest_evaluation_counts(tmp_path: Path) -> None:
    told = []
    for step, accuracy in ((1, 0.3), (2, 0.5)):
        inside = f"evaluations/{step}/results.json"
        write_results(tmp_path / inside, accuracy)
        told.append(Evaluation(step=step, results=inside))
    found = evaluations_of(tmp_path, record(stage(evaluations=tuple(told))))
    assert [one.step for one in found] == [1, 2]
    assert entries_of(found)[FILE][0].value == 0.5
    write_results(tmp_path / "evaluations/final/results.json", 0.7)
    found = evaluations_of(tmp_path, record(stage(evaluations=tuple(told))))
    assert [one.results.tasks["qa_mc"].metrics["accuracy"].value for one in last_of_each(found)] == [0.7]


def test_results_are_copied_in_under_what_they_are(tmp_path: Path) -> None:
    path = write_results(tmp_path / "out/results.json", control="single-frame")
    assert add_results(tmp_path / "ckpt", path) == "evaluations/films-test-single-frame/results.json"
    assert (tmp_path / "ckpt/evaluations/films-test-single-frame/results.json").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ["../up", "/root", "a/b"])
def test_a_name_stays_in_the_folder(tmp_path: Path, name: str) -> None:
    path = write_results(tmp_path / "out/results.json")
    assert (tmp_path / "ckpt" / add_results(tmp_path / "ckpt", path, name)).is_relative_to(tmp_path / "ckpt")
    assert ".." not in add_results(tmp_path / "ckpt", path, name).split("/")
