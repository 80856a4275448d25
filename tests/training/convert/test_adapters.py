"""LoRA adapters are read as data, checked against their base, and merged by arithmetic."""

from pathlib import Path
from typing import Any

import pytest
import torch

from moviellm.training.convert.adapters import Adapter
from tests.training.convert.originals import TINY, llama_shapes, save_lora

QUERY = "model.layers.0.self_attn.q_proj.weight"


def test_a_change_is_scaled_by_alpha_over_rank(tmp_path: Path) -> None:
    weights = save_lora(tmp_path / "one", TINY, seed=2, rank=3, alpha=6)
    key = f"base_model.model.{QUERY.removesuffix('.weight')}"
    expected = 2.0 * weights[f"{key}.lora_B.weight"] @ weights[f"{key}.lora_A.weight"]
    assert torch.allclose(Adapter.of_folder(tmp_path / "one").delta(QUERY), expected)


def test_rank_stabilised_adapters_are_scaled_by_the_root(tmp_path: Path) -> None:
    save_lora(tmp_path / "one", TINY, seed=2, rank=4, alpha=6, use_rslora=True)
    assert Adapter.of_folder(tmp_path / "one").scale == 3.0


def test_an_adapter_changes_nothing_that_it_does_not_name(tmp_path: Path) -> None:
    save_lora(tmp_path / "one", TINY, seed=2)
    assert Adapter.of_folder(tmp_path / "one").delta("lm_head.weight") is None


def test_an_adapter_for_a_wider_base_is_refused(tmp_path: Path) -> None:
    save_lora(tmp_path / "stage2", TINY, seed=2)
    base = {name: tuple(2 * size for size in shape) for name, shape in llama_shapes(TINY).items()}
    with pytest.raises(ValueError, match="stage2 is for another base: shapes differ: .*trained on .*vicuna-7b-v1.5"):
        Adapter.of_folder(tmp_path / "stage2").check(base)


def test_an_adapter_for_a_deeper_base_is_refused(tmp_path: Path) -> None:
    save_lora(tmp_path / "stage2", TINY, seed=2)
    base = {name: shape for name, shape in llama_shapes(TINY).items() if "layers.1." not in name}
    with pytest.raises(ValueError, match="for another base: the base has no model.layers.1.*and 1 more"):
        Adapter.of_folder(tmp_path / "stage2").check(base)


@pytest.mark.parametrize(
    "settings",
    [
        {"use_dora": True},
        {"bias": "all"},
        {"modules_to_save": ["mm_projector"]},
        {"rank_pattern": {"q_proj": 8}},
        {"fan_in_fan_out": True},
    ],
)
def test_what_is_more_than_plain_lora_is_refused(tmp_path: Path, settings: dict[str, Any]) -> None:
    save_lora(tmp_path / "one", TINY, seed=2, **settings)
    with pytest.raises(ValueError, match=f"`{next(iter(settings))}`.*more than plain LoRA"):
        Adapter.of_folder(tmp_path / "one")


def test_an_adapter_of_another_kind_is_refused(tmp_path: Path) -> None:
    save_lora(tmp_path / "one", TINY, seed=2, peft_type="IA3")
    with pytest.raises(ValueError, match="of type 'IA3': only LORA"):
        Adapter.of_folder(tmp_path / "one")


def test_ranks_that_contradict_the_settings_are_refused(tmp_path: Path) -> None:
    save_lora(tmp_path / "one", TINY, seed=2, rank=3, r=4)
    with pytest.raises(ValueError, match="rank 3, the settings say 4"):
        Adapter.of_folder(tmp_path / "one").check(llama_shapes(TINY))


def test_a_folder_without_settings_is_no_adapter(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no adapter: it has no adapter_config.json"):
        Adapter.of_folder(tmp_path)
