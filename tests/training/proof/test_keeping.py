"""Stages as folders: whole or not there."""

from pathlib import Path

import pytest

from moviellm.training.proof.keeping import kept


def _write(folder: Path) -> None:
    (folder / "made").write_text("x", encoding="utf-8")


def test_a_stage_is_made_once(tmp_path: Path) -> None:
    made: list[Path] = []
    for _ in range(2):
        kept(tmp_path / "tower", {"seed": 0}, lambda folder: (made.append(folder), _write(folder))[1])
    assert len(made) == 1
    assert (tmp_path / "tower" / "made").is_file()


def test_a_stage_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    def fails(folder: Path) -> None:
        _write(folder)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        kept(tmp_path / "tower", {"seed": 0}, fails)
    assert not (tmp_path / "tower").exists()
    kept(tmp_path / "tower", {"seed": 0}, _write)
    assert (tmp_path / "tower" / "made").is_file()


def test_a_folder_of_another_plan_is_refused(tmp_path: Path) -> None:
    kept(tmp_path / "tower", {"seed": 0}, _write)
    with pytest.raises(ValueError, match="another recipe or seed"):
        kept(tmp_path / "tower", {"seed": 1}, _write)
