"""results.json in a dataset folder: read back, kept by a new build of the same rows, refused for others."""

from pathlib import Path

import pytest

from moviellm.cards.dataset_card import render
from moviellm.generation.dataset.check import check_dataset
from moviellm.generation.dataset.folder import read_manifest
from moviellm.generation.dataset.results import (
    RESULTS_FILE,
    Metric,
    Results,
    keep_results,
    read_results,
    rows_sha256,
)
from tests.stories import build, make_story


def results_of(folder: Path, **update: object) -> Results:
    metric = Metric(
        name="style_gap@a/model@0123456",
        measure="style_gap",
        model="a/model",
        revision="0123456789",
        value=0.25,
        low=0.125,
        high=0.375,
        n=6,
        counted="movies",
        movies=6,
        unit="cosine",
        definition="style_within less style_between",
    )
    results = Results(
        dataset="MovieLLM",
        version=read_manifest(folder).version,
        rows_sha256=rows_sha256(read_manifest(folder).files),
        level=0.95,
        movies_min=5,
        resamples=10_000,
        seed=0,
        code_version="0.1.0",
        metrics=(metric,),
    )
    return results.model_copy(update=update)


def readme(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def test_results_come_back_as_they_were_kept(tmp_path: Path) -> None:
    build(tmp_path / "data", [make_story(0)])
    results = results_of(tmp_path / "data")
    assert read_results(tmp_path / "data") is None
    keep_results(tmp_path / "data", results, readme(tmp_path / "data"))
    assert read_results(tmp_path / "data") == results
    assert list(check_dataset(tmp_path / "data")) == []


def test_nothing_is_lost_by_keeping_them(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    build(folder, [make_story(0)])
    (folder / ".cache").mkdir()
    (folder / ".cache/upload").write_text("x")
    before = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    keep_results(folder, results_of(folder), readme(folder))
    after = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    changed = {str(path) for path in after if before.get(path) != after[path]}
    assert changed == {"manifest.json", RESULTS_FILE}
    assert set(before) <= set(after)


def test_a_new_build_of_the_same_rows_keeps_them(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    build(folder, [make_story(0)], render=render)
    results = results_of(folder)
    keep_results(folder, results, readme(folder))
    build(folder, [make_story(0)], render=render)
    assert read_results(folder) == results
    assert "0.1250 to 0.3750" in readme(folder)
    assert build(folder, [make_story(0)], render=render).kept


def test_a_build_of_other_rows_drops_them(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    build(folder, [make_story(0)], render=render)
    keep_results(folder, results_of(folder), readme(folder))
    build(folder, [make_story(1)], render=render)
    assert read_results(folder) is None
    assert "Nobody has measured them yet" in readme(folder)


def test_results_of_other_rows_are_refused(tmp_path: Path) -> None:
    build(tmp_path / "data", [make_story(0)])
    with pytest.raises(ValueError, match="was built again while it was measured"):
        keep_results(tmp_path / "data", results_of(tmp_path / "data", rows_sha256="0" * 64), "")
    assert read_results(tmp_path / "data") is None


def test_a_check_finds_results_of_other_rows_and_damaged_ones(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    build(folder, [make_story(0)])
    keep_results(folder, results_of(folder), readme(folder))
    (folder / RESULTS_FILE).write_text(results_of(folder, rows_sha256="0" * 64).text())
    assert "it was measured on other rows" in [finding.what for finding in check_dataset(folder)]
    (folder / RESULTS_FILE).write_text("{}")
    assert any("is damaged" in finding.what for finding in check_dataset(folder))
