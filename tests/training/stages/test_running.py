"""Stages as a user runs them: three in a row, replay beside movies, cached features, what is left in the folder."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from moviellm.training.stages.evaluations import lines_of
from tests.training.kit import dataset, losses, train


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset(tmp_path_factory.mktemp("running") / "films", movies=5)


@pytest.fixture(scope="module")
def three(films: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The stages of VTimeLLM's recipe."""
    place, lora = tmp_path_factory.mktemp("three"), {"r": 2, "alpha": 4}
    one, _ = train(films, place / "one", train=["compressor"], data=[{"view": "align"}], max_steps=2)
    replay = [{"view": "align", "share": 0.3}]
    kept: dict[str, Any] = {"eval_strategy": "steps", "eval_steps": 2, "replay": replay}
    two, _ = train(films, place / "two", model=str(one), lora=lora, data=[{"view": "boundary"}], max_steps=2, **kept)
    data = [{"view": "instruct"}, {"view": "sft"}]
    last, _ = train(films, place / "last", model=str(two), merge_previous=True, lora=lora, data=data, max_steps=2)
    return [one, two, last]


def record(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / "training.json").read_text())["stages"]


def test_the_record_tells_the_whole_way(three: list[Path]) -> None:
    stages = record(three[-1])
    assert [(stage["trains"], stage["parent"]) for stage in stages] == [
        (["compressor"], None),
        (["lora"], "one"),
        (["lora"], "two"),
    ]


def test_only_the_projector_learns_in_the_first_stage(three: list[Path]) -> None:
    stage = record(three[0])[0]
    assert stage["trained_parameters"] == 16 * 32 + 32 + 32 * 32 + 32


def test_two_adapters_open_as_one_on_the_model_of_the_first_stage(three: list[Path]) -> None:
    from moviellm.training.checkpoints.folders import open_adapter

    model, _ = open_adapter(three[-1])
    assert model.peft_config["default"].r == 4


def test_replay_is_measured_beside_the_movies_and_against_the_start(three: list[Path]) -> None:
    lines = lines_of(three[1])
    assert [set(line["losses"]) for line in lines] == [{"MovieLLM-boundary", "MovieLLM-align"}] * 2
    assert set(lines[1]["forgotten"]) == {"MovieLLM-align"}


def test_counts_of_sources_are_those_of_the_training(three: list[Path]) -> None:
    stage = record(three[1])[1]
    assert sum(source["examples"] for source in stage["sources"]) == stage["examples"] == 2
    assert sum(source["answers"] for source in stage["sources"]) == stage["answers"]


def test_every_sample_is_in_the_preflight_table(three: list[Path]) -> None:
    table = json.loads((three[0] / "preflight.json").read_text())
    assert table["samples"] == len(table["table"]) and {"frames", "tokens", "pixels", "labelled"} <= set(
        table["table"][0]
    )
    assert all(one["pixels"] == one["frames"] * 256 for one in table["table"])


def test_everybody_may_read_the_weights(three: list[Path]) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for folder in three for path in folder.glob("*.safetensors")}
    assert modes == dict.fromkeys(("model.safetensors", "adapter_model.safetensors"), 0o644)


def test_no_pickle_is_left_beside_the_model(three: list[Path]) -> None:
    assert not [path for folder in three for path in folder.glob("*.bin")]


def test_together_and_apart_learn_the_same(films: Path, tmp_path: Path) -> None:
    together, _ = train(films, tmp_path / "together", max_steps=1, train_sampling_strategy="sequential")
    said = json.loads((together / "preflight.json").read_text())["table"][0]
    apart, told = train(
        films,
        tmp_path / "apart",
        max_steps=1,
        questions="apart",
        per_device_train_batch_size=said["answers"],
        train_sampling_strategy="sequential",
    )
    assert "a question a row, as the recipe says" in told
    assert losses(apart)[0][1] == pytest.approx(losses(together)[0][1], abs=1e-5)


@pytest.mark.slow
def test_cached_features_learn_what_pictures_do(films: Path, three: list[Path], tmp_path: Path) -> None:
    from moviellm.training.features.extracting import extract

    extract(str(three[0]), str(films), tmp_path / "features")
    keys: dict[str, Any] = {"model": str(three[0]), "train": ["compressor"], "max_steps": 2}
    mixed = {"view": "boundary", "remix": {"scenes": [2, 3], "count": 3}}
    keys["data"] = [{"view": "sft"}, {"view": "boundary"}, {"view": "align"}, mixed]
    seen, _ = train(films, tmp_path / "seen", **keys)
    cached, _ = train(films, tmp_path / "cached", features=str(tmp_path / "features"), **keys)
    assert [loss for _, loss in losses(cached)] == pytest.approx([loss for _, loss in losses(seen)], abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["qwen3_vl", "smolvlm"])
def test_a_stock_model_goes_through_the_same_entry(films: Path, tmp_path: Path, kind: str) -> None:
    from transformers import AutoModelForImageTextToText

    from moviellm.training.stock.opening import open_processor
    from tests.training.stock.tiny import written

    model = written(kind, tmp_path / "model")
    smaller = {"frame_settings": {"size": {"shortest_edge": 16, "longest_edge": 4_096}}} if kind == "qwen3_vl" else {}
    out, said = train(films, tmp_path / "run", model=str(model), max_steps=2, **smaller)
    assert "all questions of a movie in one row" in said
    assert all(one["pixels"] > 0 for one in json.loads((out / "preflight.json").read_text())["table"])
    assert not smaller or open_processor(out).rules.size == smaller["frame_settings"]["size"]
    again = AutoModelForImageTextToText.from_pretrained(out)
    assert all(bool(torch.isfinite(weight).all()) for weight in again.parameters())
