"""training.json: written whole, read back equal, and refused when it says what no training can."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from moviellm.training.checkpoints.record import (
    Evaluation,
    Loss,
    finite,
    read_record,
    stages_of,
    versions,
    write_record,
)
from tests.training.checkpoints.records import record, stage


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    write_record(tmp_path, record())
    assert read_record(tmp_path) == record()


def test_a_folder_without_a_record_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no training\.json: it was not made by `moviellm train`"):
        read_record(tmp_path)


def test_a_folder_without_a_record_has_no_stages(tmp_path: Path) -> None:
    assert stages_of(tmp_path) == ()


def test_a_later_stage_takes_the_earlier_ones(tmp_path: Path) -> None:
    write_record(tmp_path, record())
    assert [one.name for one in (*stages_of(tmp_path), stage(name="stage2_boundary"))] == [
        "stage1_align",
        "stage2_boundary",
    ]


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    data = json.loads(record().model_dump_json()) | {"mood": "good"}
    (tmp_path / "training.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ValueError, match="mood: Extra inputs are not permitted"):
        read_record(tmp_path)


@pytest.mark.parametrize("path", ["/etc/passwd", "../results.json", "a//b", "a\\b", ""])
def test_results_lie_in_the_folder(path: str) -> None:
    with pytest.raises(ValidationError, match="inside the checkpoint's folder"):
        Evaluation(step=1, results=path)


def test_a_loss_is_a_number() -> None:
    with pytest.raises(ValidationError, match="finite number"):
        Loss(step=1, loss=float("nan"))


@pytest.mark.parametrize(("value", "kept"), [(1.5, 1.5), (float("nan"), None), (float("inf"), None), (None, None)])
def test_what_is_no_number_is_left_out(value: float | None, kept: float | None) -> None:
    assert finite(value) == kept


def test_versions_are_those_of_what_is_installed() -> None:
    found = versions()
    assert found["torch"].startswith("2.")
    assert "deepspeed" not in found
