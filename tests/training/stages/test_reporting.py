"""A recipe and the Hub: data by id and tag, the checkpoint under its tag; losses in TensorBoard and trackio; tasks."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub
from tests.training.kit import dataset, losses, train


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset(tmp_path_factory.mktemp("reporting") / "films")


@pytest.fixture
def shared(hub_here: Hub, films: Path) -> Hub:  # noqa: F811
    """A Hub that has the films at a tag."""
    hub_here.write("moviellm/films", {str(path.relative_to(films)): path.read_bytes() for path in _files(films)})
    hub_here.store.repos["dataset", "moviellm/films"].tag("v1.0.0", "main")
    return hub_here


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_data_by_id_and_tag_are_trained_on_and_recorded_by_their_commit(
    shared: Hub, films: Path, tmp_path: Path
) -> None:
    keys: dict[str, Any] = {
        "max_steps": 1,
        "train_sampling_strategy": "sequential",
    }  # decks are shuffled by the source's name
    out, _ = train(None, tmp_path / "hub", dataset="moviellm/films", dataset_revision="v1.0.0", **keys)
    source = json.loads((out / "training.json").read_text())["stages"][0]["sources"][0]
    assert source["dataset"] == "moviellm/films" and len(source["revision"]) == 40
    assert losses(out) == losses(train(films, tmp_path / "folder", **keys)[0])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"dataset": "moviellm/films", "dataset_revision": "v9"}, "v9"),
        ({"dataset": "moviellm/none"}, "moviellm/none"),
        ({"dataset": "moviellm/films", "model": "moviellm/none"}, "moviellm/none"),
        ({"dataset": "moviellm/films", "features": "moviellm/none"}, "moviellm/none"),
    ],
)
def test_what_is_not_on_the_hub_is_said_before_the_first_step(
    shared: Hub, tmp_path: Path, keys: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        train(None, tmp_path / "out", **keys)


@pytest.mark.slow  # the evaluation is a process of its own
def test_tasks_are_asked_of_a_checkpoint_while_it_trains(films: Path, tmp_path: Path) -> None:
    asked = {"tasks": ["qa_open"], "split": "test", "options": {"max_tokens": 4, "limit": 2}}
    out, said = train(films, tmp_path / "out", max_steps=2, save_strategy="steps", save_steps=1, evaluate=asked)
    lines = list(map(json.loads, (out / "evaluations.jsonl").read_text().splitlines()))
    assert [(line["step"], line["kind"], line.get("failed")) for line in lines] == [
        (1, "tasks", None),
        (2, "tasks", None),
    ]
    assert all(line["metrics"]["qa_open"] and (out / line["results"]).is_file() for line in lines)
    evaluations = json.loads((out / "training.json").read_text())["stages"][0]["evaluations"]
    assert [one["step"] for one in evaluations] == [1, 2]
    assert "checkpoint-2  qa_open:" in said and "qa_open" in (out / "README.md").read_text()


def test_tensorboard_gets_every_loss_that_was_told(films: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    out, _ = train(films, tmp_path / "out", report_to="tensorboard", max_steps=2)
    (written,) = (out / "runs").rglob("events.out.*")
    drawn = EventAccumulator(str(written)).Reload().Scalars("train/loss")
    assert [(one.step, pytest.approx(one.value, abs=1e-3)) for one in drawn] == losses(out)


@pytest.mark.slow  # trackio imports gradio
def test_trackio_gets_every_step(films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trackio import sqlite_storage

    place = tmp_path / "trackio"
    monkeypatch.setenv("TRACKIO_DIR", str(place))
    monkeypatch.setattr(sqlite_storage, "TRACKIO_DIR", place)
    out, _ = train(films, tmp_path / "out", report_to="trackio", max_steps=2, run_name="two", project="films")
    logged = sqlite_storage.SQLiteStorage.get_logs("films", "two")
    assert [one["train/loss"] for one in logged if "train/loss" in one] == [loss for _, loss in losses(out)]


def test_a_recipe_pushes_what_it_trained_under_its_tag(hub_here: Hub, films: Path, tmp_path: Path) -> None:  # noqa: F811
    train(films, tmp_path / "out", push_to="moviellm/films", push_tag="1.0.0", max_steps=1)
    there = set(map(str, hub_here.tree("moviellm/films", kind="model", revision="v1.0.0")))
    assert {"README.md", "config.json", "training.json", "model.safetensors"} <= there
