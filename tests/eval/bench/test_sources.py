"""What a benchmark may be made of and held against: a run, datasets on the Hub, and runs of baselines for its card."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from moviellm.cards.publish import publish_dataset
from moviellm.generation.cli.app import call
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_train_and_source_may_be_datasets_on_the_hub(
    hub_here: Hub,  # noqa: F811
    source: Path,
    train: Path,
    tmp_path: Path,
) -> None:
    publish_dataset(train, "moviellm/train", version="1.0.0")
    publish_dataset(source, "moviellm/source", version="1.0.0")
    told = ["--repo", "org/bench", "--version", "1.0.0"]
    assert call(["bench", "build", str(source), "--train", str(train), "--out", str(tmp_path / "here"), *told]) == 0
    there = ["bench", "build", "moviellm/source@v1.0.0", "--train", "moviellm/train@v1.0.0"]
    assert call([*there, "--out", str(tmp_path / "there"), *told]) == 0
    one, other = files(tmp_path / "here"), files(tmp_path / "there")
    assert one.keys() == other.keys()
    different = {name for name in one if one[name] != other[name]}
    assert different <= {"LEFT_OUT.json"}  # which names the dataset of a movie that both have


def test_a_revision_that_is_not_there_is_told(
    hub_here: Hub,  # noqa: F811
    source: Path,
    train: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish_dataset(train, "moviellm/train", version="1.0.0")
    asked = ["bench", "build", str(source), "--train", "moviellm/train@v9.9.9", "--out", str(tmp_path / "bench")]
    assert call(asked) == 2
    assert "v9.9.9" in capsys.readouterr().err and not (tmp_path / "bench").exists()


@pytest.mark.slow
def test_runs_of_baselines_stand_in_the_card_and_tell_how_wide_an_interval_is(
    built: Path, source: Path, train: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moviellm.eval.tasks.scoring.RESAMPLES", 300)
    monkeypatch.setattr("moviellm.eval.tasks.scoring.RESAMPLES_OF_PARTS", 50)
    blind = tmp_path / "blind.json"
    blind.write_text(json.dumps(dict.fromkeys(_items(built), "A")))
    asked = ["--model", f"replay:{blind}", "--data", str(built / "private"), "--tasks", "all"]
    assert call(["eval", "run", *asked, "--out", str(tmp_path / "run")]) == 0
    told = ["--repo", "org/bench", "--version", "1.0.0", "--baseline", str(tmp_path / "run")]
    assert call(["bench", "build", str(source), "--train", str(train), "--out", str(tmp_path / "new"), *told]) == 0
    card = (tmp_path / "new/public/README.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in card for name in ("blind.json", "random", "majority", "oracle"))
    assert "measured" in card or "blind.json" in card.split("interval", 1)[1]
    assert call(["bench", "verify", str(tmp_path / "new")]) == 0


def test_a_baseline_on_other_items_is_refused(
    built: Path, source: Path, train: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    counts = {"qa_mc": {"counts": {"items": 999}, "metrics": {}}}
    (run / "results.json").write_text(json.dumps({"tasks": counts, "model": {"id": "m"}, "frames": None}))
    asked = ["bench", "build", str(source), "--train", str(train), "--out", str(tmp_path / "new"), "--baseline"]
    assert call([*asked, str(run)]) == 2
    assert "has 999 items of qa_mc" in capsys.readouterr().err and not (tmp_path / "new").exists()


@pytest.mark.slow
def test_of_a_run_the_benchmark_is_that_of_its_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    small = [
        "--set=story.chapters=1",
        "--set=story.scenes=2",
        "--set=story.keyframes=2",
        "--set=questions.per_movie=6",
    ]
    for name, seed, movies in (("train", 7, 3), ("other", 1007, 10)):
        made = ["make", "--out", str(tmp_path / name), "--seed", str(seed), "--movies", str(movies), "--no-films"]
        assert call([*made, *small]) == 0
        assert call(["dataset", "build", str(tmp_path / name), "--out", str(tmp_path / f"{name}-data")]) == 0
    for source, out in (("other", "of-run"), ("other-data", "of-data")):
        asked = ["--train", str(tmp_path / "train-data"), "--out", str(tmp_path / out), "--shared-places", "1"]
        assert call(["bench", "build", str(tmp_path / source), *asked]) == 0
    assert files(tmp_path / "of-run") == files(tmp_path / "of-data")
    front = (tmp_path / "of-run/public/README.md").read_text(encoding="utf-8").split("---")[1]
    assert yaml.safe_load(front)["license"] == "cc-by-4.0"


def _items(built: Path) -> list[str]:
    (path,) = (built / "private" / "qa").glob("test-*.parquet")
    return [str(item) for item in pq.read_table(path)["question_id"].to_pylist()]
