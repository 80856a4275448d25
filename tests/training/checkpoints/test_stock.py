"""Adapters on the seven stock families: merged exactly, and back from a folder to the bit."""

from pathlib import Path
from typing import Any

import pytest
import torch

from moviellm.training.checkpoints.adapters import LoraSettings, attach, merge_into
from moviellm.training.checkpoints.bases import base_of
from moviellm.training.checkpoints.folders import open_adapter, open_base, save_adapter
from moviellm.training.stock.opening import open_stock
from tests.training.checkpoints.models import filled
from tests.training.stock.tiny import KINDS, config, written

torch.set_num_threads(1)
SMALL = LoraSettings(r=2, alpha=4, dropout=0.0)
IDS = torch.tensor([[5, 6, 7, 8]])


def said(model: Any) -> torch.Tensor:
    """Logits of some words; what an adapter changes is the language model."""
    with torch.no_grad():
        return model.eval()(input_ids=IDS, attention_mask=torch.ones_like(IDS)).logits


def own(kind: str) -> Any:
    """A model that may be changed, with weights large enough to answer differently."""
    from transformers import AutoModelForImageTextToText

    torch.manual_seed(0)
    model = AutoModelForImageTextToText.from_config(config(kind)).eval()
    for parameter in model.parameters():
        parameter.data.mul_(3)
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_a_merged_adapter_answers_as_before(kind: str) -> None:
    model = own(kind)
    plain = said(model)
    made = filled(attach(model, SMALL))
    apart = said(made)
    assert (apart - plain).abs().max() > 1e-3
    assert (said(merge_into(made)) - apart).abs().max() < 1e-5


@pytest.mark.parametrize("kind", ["qwen3_vl"])
def test_an_adapter_comes_back_to_the_bit(kind: str, tmp_path: Path) -> None:
    base = written(kind, tmp_path / "base")
    model, processor = open_base(base)
    made = filled(attach(model, SMALL))
    save_adapter(made, tmp_path / "adapter", base_of(base), processor)
    again, _ = open_adapter(tmp_path / "adapter")
    assert torch.equal(said(again), said(made))


def test_an_adapter_keeps_the_frame_settings_that_it_learned_by(tmp_path: Path) -> None:
    base = written("qwen3_vl", tmp_path / "base")
    size = {"shortest_edge": 16, "longest_edge": 4_096}
    model, processor = open_stock(base, frame_settings={"size": size})
    save_adapter(attach(model, SMALL), tmp_path / "adapter", base_of(base), processor)
    _, again = open_adapter(tmp_path / "adapter")
    assert again.rules.size == size


def test_a_projector_may_train_whole() -> None:
    model = own("llava_next_video")
    made = attach(model, LoraSettings(r=2, alpha=4, modules_to_save=("multi_modal_projector",)))
    learned = [name for name, one in made.named_parameters() if one.requires_grad and "lora_" not in name]
    assert learned
    assert all("multi_modal_projector" in name for name in learned)
