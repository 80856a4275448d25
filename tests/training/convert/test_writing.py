"""Weights are written shard by shard, as transformers reads them."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from moviellm.training.convert.key_map import Step
from moviellm.training.convert.writing import divide, write_weights

STEPS = [Step(f"w{number}", (f"w{number}",), (4, 2)) for number in range(5)]


def _make(step: Step) -> torch.Tensor:
    return torch.full(step.shape, float(step.target[1:]))


def test_few_weights_are_one_file_without_an_index(tmp_path: Path) -> None:
    assert write_weights(tmp_path, STEPS, _make, itemsize=4) == ["model.safetensors"]
    assert len(load_file(tmp_path / "model.safetensors")) == 5
    assert not (tmp_path / "model.safetensors.index.json").exists()


def test_many_weights_are_shards_that_their_index_finds(tmp_path: Path) -> None:
    names = write_weights(tmp_path, STEPS, _make, itemsize=4, shard_bytes=64)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert names == [f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]
    assert index["metadata"]["total_size"] == 5 * 32
    for name, file in index["weight_map"].items():
        assert load_file(tmp_path / file)[name][0, 0] == float(name[1:])


def test_a_weight_larger_than_a_shard_has_one_of_its_own() -> None:
    large = Step("large", ("large",), (100, 2))
    assert [[step.target for step in shard] for shard in divide([STEPS[0], large, STEPS[1]], 4, 64)] == [
        ["w0"],
        ["large"],
        ["w1"],
    ]


def test_no_more_than_one_shard_is_in_memory(tmp_path: Path) -> None:
    alive: list[int] = []
    most = 0

    class Counted(torch.Tensor):
        def __del__(self) -> None:
            alive.pop()

    def make(step: Step) -> torch.Tensor:
        nonlocal most
        alive.append(1)
        most = max(most, len(alive))
        return _make(step).as_subclass(Counted)

    write_weights(tmp_path, STEPS, make, itemsize=4, shard_bytes=64)
    assert most == 2
