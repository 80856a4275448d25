"""Weights are read from files as data, a file at a time."""

import json
import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from moviellm.training.convert.reading import Weights
from tests.training.convert.originals import save_shards


def _some() -> dict[str, torch.Tensor]:
    return {name: torch.full((2, 3), float(number)) for number, name in enumerate("abcd")}


def test_shards_are_found_by_their_index(tmp_path: Path) -> None:
    save_shards(tmp_path, _some(), shards=2)
    weights = Weights.of_folder(tmp_path)
    assert weights.shapes == dict.fromkeys("abcd", (2, 3))
    assert weights.get("c")[0, 0] == 2


def test_only_one_file_is_open_at_a_time(tmp_path: Path) -> None:
    save_shards(tmp_path, _some(), shards=2)
    weights = Weights.of_folder(tmp_path)
    weights.get("a")
    first = weights._open
    weights.get("b")
    assert first is not None and weights._open is not None
    assert first[0] != weights._open[0]


def test_safetensors_come_before_pickles(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "model.safetensors")
    torch.save({"b": torch.ones(2)}, tmp_path / "pytorch_model.bin")
    assert list(Weights.of_folder(tmp_path).shapes) == ["a"]


def test_shapes_and_types_are_the_same_in_both_formats(tmp_path: Path) -> None:
    tensor = torch.ones(2, 3, dtype=torch.bfloat16)
    save_file({"a": tensor}, tmp_path / "one.safetensors")
    torch.save({"a": tensor}, tmp_path / "two.bin")
    one, two = Weights([tmp_path / "one.safetensors"]), Weights([tmp_path / "two.bin"])
    assert (one.shapes, one.dtypes) == (two.shapes, two.dtypes) == ({"a": (2, 3)}, {"a": "bfloat16"})


def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'ran'}",)

    torch.save({"a": Evil()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ValueError, match="holds more than tensors and is refused.*posix.system"):
        Weights.of_folder(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_bare_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ValueError, match="is a bare pickle"):
        Weights.of_folder(tmp_path)


def test_a_file_with_other_things_than_tensors_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1), "epoch": 3}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ValueError, match="values that are no tensors: epoch"):
        Weights.of_folder(tmp_path)


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    save_shards(tmp_path, _some(), shards=2)
    (tmp_path / "pytorch_model-00002-of-00002.bin").unlink()
    with pytest.raises(ValueError, match="lacks 1 of 2 shards: pytorch_model-00002-of-00002.bin"):
        Weights.of_folder(tmp_path)


def test_an_index_that_promises_more_than_the_shards_hold_is_refused(tmp_path: Path) -> None:
    save_shards(tmp_path, _some(), shards=1)
    path = tmp_path / "pytorch_model.bin.index.json"
    index = json.loads(path.read_text())
    index["weight_map"]["e"] = index["weight_map"]["a"]
    path.write_text(json.dumps(index))
    with pytest.raises(ValueError, match="lists 1 weights that no shard holds: e"):
        Weights.of_folder(tmp_path)


def test_an_index_that_leads_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "../elsewhere.bin"}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    with pytest.raises(ValueError, match="outside its folder"):
        Weights.of_folder(tmp_path)


def test_a_cut_safetensors_file_is_refused(tmp_path: Path) -> None:
    save_file(_some(), tmp_path / "model.safetensors")
    data = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(data[:-5])
    with pytest.raises(ValueError, match="no whole safetensors file"):
        Weights.of_folder(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no weights: expected model.safetensors"):
        Weights.of_folder(tmp_path)
