"""Hashes of weights: the same for the same tensors, however they lie in files."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from moviellm.training.checkpoints.weights import content_hash, shapes, tensors


def weights() -> dict[str, torch.Tensor]:
    return {"a.weight": torch.arange(6.0).reshape(2, 3), "b.bias": torch.ones(3, dtype=torch.bfloat16)}


def whole(folder: Path, made: dict[str, torch.Tensor], **notes: str) -> Path:
    folder.mkdir()
    save_file(made, folder / "model.safetensors", metadata=notes or None)
    return folder


def sharded(folder: Path, made: dict[str, torch.Tensor]) -> Path:
    folder.mkdir()
    names = {name: f"model-{number:05}-of-{len(made):05}.safetensors" for number, name in enumerate(made, 1)}
    for name, file in names.items():
        save_file({name: made[name]}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}), encoding="utf-8")
    return folder


def test_shards_and_notes_do_not_matter(tmp_path: Path) -> None:
    first = content_hash(whole(tmp_path / "a", weights()))
    assert content_hash(whole(tmp_path / "b", weights(), format="pt")) == first
    assert content_hash(sharded(tmp_path / "c", weights())) == first


@pytest.mark.parametrize("change", ["name", "value", "dtype", "shape"])
def test_what_matters_changes_the_hash(tmp_path: Path, change: str) -> None:
    made = weights()
    first = made.pop("a.weight")
    other = {
        "name": {"c.weight": first},
        "value": {"a.weight": first + 1},
        "dtype": {"a.weight": first.view(torch.int32)},
        "shape": {"a.weight": first.reshape(3, 2)},
    }[change]
    assert content_hash(whole(tmp_path / "b", made | other)) != content_hash(whole(tmp_path / "a", weights()))


def test_shapes_are_read_from_headers(tmp_path: Path) -> None:
    assert shapes(sharded(tmp_path / "a", weights())) == {"a.weight": (2, 3), "b.bias": (3,)}


def test_a_pickle_is_no_weights(tmp_path: Path) -> None:
    torch.save(weights(), tmp_path / "pytorch_model.bin")
    with pytest.raises(ValueError, match="as a pickle only"):
        content_hash(tmp_path)


def test_a_lost_shard_is_named(tmp_path: Path) -> None:
    folder = sharded(tmp_path / "a", weights())
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(ValueError, match=r"lacks model-00002-of-00002\.safetensors, one of 2"):
        content_hash(folder)


@pytest.mark.parametrize("keep", [4, 40, -1])
def test_a_cut_file_is_refused(tmp_path: Path, keep: int) -> None:
    file = whole(tmp_path / "a", weights()) / "model.safetensors"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ValueError, match="no safetensors file|ends too early"):
        tensors(file)


def test_an_index_does_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../model.safetensors"}}), encoding="utf-8")
    with pytest.raises(ValueError, match="leads out of its folder"):
        content_hash(tmp_path)
