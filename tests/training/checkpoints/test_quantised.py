"""QLoRA: what it says where bitsandbytes is not there, and a real step in few bits where it is."""

import sys
from pathlib import Path

import pytest
import torch

from moviellm.training.checkpoints.adapters import LoraSettings, Qlora, attach, merge_into
from moviellm.training.checkpoints.bases import base_of
from moviellm.training.checkpoints.folders import open_adapter, open_base, save_adapter
from moviellm.training.checkpoints.quantised import check_bitsandbytes, quantisation
from moviellm.training.stock.opening import open_stock
from tests.training.checkpoints.models import batch, logits
from tests.training.checkpoints.test_folders import saved
from tests.training.model.tiny import config
from tests.training.stock.tiny import written


def test_without_bitsandbytes_the_error_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr("moviellm.training.checkpoints.quantised.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'moviellm\[qlora\]'; or leave `qlora` out"):
        quantisation(Qlora(), config())


def test_a_bitsandbytes_that_does_not_load_is_said(monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "bitsandbytes.py").write_text("raise RuntimeError('no CUDA runtime\\nlong story')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "bitsandbytes", raising=False)
    with pytest.raises(ValueError, match=r"does not load here \(no CUDA runtime\): see `python -m bitsandbytes`"):
        check_bitsandbytes()


def test_bits_by_name_are_those_of_the_language_model_alone(monkeypatch, tmp_path: Path) -> None:
    asked = []
    monkeypatch.setattr(
        "moviellm.training.checkpoints.quantised.quantisation", lambda settings, config: asked.append(settings)
    )
    open_stock(written("qwen3_vl", tmp_path / "model"), quantisation="nf4")
    assert asked == [Qlora(bits=4, quant_type="nf4")]
    with pytest.raises(ValueError, match="quantisation is 'nf5': it can be nf4, fp4, int8"):
        open_stock(tmp_path / "model", quantisation="nf5")


@pytest.mark.slow  # bitsandbytes takes seconds to load, and is not in the core of the tests
@pytest.mark.parametrize("bits", [4, 8])
def test_an_adapter_learns_on_few_bits_and_merges_into_the_whole_base(bits: int, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="pip install 'moviellm[qlora]'")
    base = saved(tmp_path / "base")
    settings = LoraSettings(r=4, alpha=8, dropout=0.0, qlora=Qlora(bits=bits, compute_dtype="float32"))
    model, words = open_base(base, qlora=settings.qlora)
    kinds = {
        type(one).__name__ for name, one in model.named_modules() if "language_model.layers" in name and "proj" in name
    }
    assert kinds == {"Linear4bit" if bits == 4 else "Linear8bitLt"}
    assert type(model.lm_head) is torch.nn.Linear
    assert {type(one) for one in model.model.vision_tower.modules() if isinstance(one, torch.nn.Linear)} == {
        torch.nn.Linear
    }
    made = attach(model, settings).train()
    optimiser = torch.optim.AdamW([one for one in made.parameters() if one.requires_grad], lr=1e-2)
    inputs = batch(words)
    labels = torch.full_like(inputs["input_ids"], -100)
    labels[:, -2:] = inputs["input_ids"][:, -2:]
    losses = []
    for _ in range(8):
        loss = made(**inputs, labels=labels).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.3
    with pytest.raises(ValueError, match="Weights of few bits cannot take a change exactly"):
        merge_into(made)
    save_adapter(made, tmp_path / "adapter", base_of(base), words)
    whole, _ = open_adapter(tmp_path / "adapter")
    apart = logits(whole, words)
    assert (logits(merge_into(whole), words) - apart).abs().max() < 1e-5
