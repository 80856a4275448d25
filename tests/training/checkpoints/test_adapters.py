"""Adapters in memory: what they change, what trains, and that a merge is exact."""

import re

import pytest
import torch
from pydantic import ValidationError

from moviellm.training.checkpoints.adapters import (
    LoraSettings,
    Qlora,
    attach,
    language_model_of,
    merge_into,
    target_pattern,
)
from tests.training.checkpoints.models import filled, logits, tiny

SMALL = LoraSettings(r=4, alpha=8, dropout=0.0)


def test_only_the_language_model_and_the_compressor_learn() -> None:
    model, _ = tiny()
    made = attach(model, SMALL)
    learned = [name for name, parameter in made.named_parameters() if parameter.requires_grad]
    assert all(".language_model.layers." in name or ".compressor." in name for name in learned)
    assert any(".compressor." in name for name in learned)
    assert not any(".lm_head." in name or ".vision_tower." in name for name in learned)


def test_a_new_adapter_changes_nothing() -> None:
    model, words = tiny()
    before = logits(model, words)
    assert torch.equal(logits(attach(model, SMALL), words), before)


@pytest.mark.parametrize("text", ["llama", "qwen3", "lfm2"])
@pytest.mark.parametrize("compressor", ["cls", "context_content"])
def test_a_merged_adapter_answers_as_before(text: str, compressor: str) -> None:
    model, words = tiny(text=text, compressor=compressor)
    plain = logits(model, words)
    made = filled(attach(model, SMALL))
    apart = logits(made, words)
    merged = logits(merge_into(made), words)
    assert (apart - plain).abs().max() > 1e-2
    assert (merged - apart).abs().max() < 1e-5


def test_a_merged_model_is_the_model_again(tmp_path) -> None:
    model, _ = tiny()
    names = list(model.state_dict())
    merged = merge_into(filled(attach(model, SMALL)))
    assert merged is model
    assert list(merged.state_dict()) == names
    merged.save_pretrained(tmp_path)
    assert not (tmp_path / "adapter_config.json").exists()


def test_a_second_adapter_goes_on_the_merged_first() -> None:
    model, words = tiny()
    first = merge_into(filled(attach(model, SMALL)))
    between = logits(first, words)
    second = attach(first, LoraSettings(r=2, alpha=2, dropout=0.0, targets=("q_proj",), modules_to_save=()))
    assert torch.equal(logits(second, words), between)
    learned = {name for name, parameter in second.named_parameters() if parameter.requires_grad}
    assert all("q_proj.lora_" in name for name in learned)
    apart = logits(filled(second, seed=1), words)
    assert (logits(merge_into(second), words) - apart).abs().max() < 1e-5


def test_an_adapter_on_an_adapter_is_refused() -> None:
    model, _ = tiny()
    with pytest.raises(ValueError, match="has an adapter already: merge it first"):
        attach(attach(model, SMALL), SMALL)


def test_a_model_without_an_adapter_cannot_be_merged() -> None:
    with pytest.raises(ValueError, match="no adapter that could be merged"):
        merge_into(tiny()[0])


def test_what_trains_whole_is_kept_in_float32() -> None:
    model, words = tiny()
    made = attach(model.to(torch.bfloat16), SMALL)
    assert {one.dtype for one in made.parameters() if one.requires_grad} == {torch.float32}
    assert logits(made, words).dtype == torch.bfloat16
    assert {one.dtype for one in merge_into(made).parameters()} == {torch.bfloat16}


def test_unknown_layers_are_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="no linear layer query; there are down_proj, gate_proj, k_proj"):
        attach(tiny()[0], LoraSettings(targets=("query",)))


@pytest.mark.parametrize("name", ["projector9", "model"])
def test_modules_that_cannot_train_whole_are_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"modules_to_save: .*'{name}'"):
        attach(tiny()[0], LoraSettings(modules_to_save=(name,)))


@pytest.mark.parametrize("fields", [{"r": 0}, {"dropout": 1.0}, {"alpha": 0.5}, {"rank": 4}, {"targets": "q"}])
def test_settings_that_make_no_sense_are_refused(fields) -> None:
    with pytest.raises(ValidationError):
        LoraSettings(**fields)


def test_an_adapter_for_few_bits_needs_a_model_of_few_bits() -> None:
    with pytest.raises(ValueError, match="weights of 4 bits, and this model was loaded with 16"):
        attach(tiny()[0], LoraSettings(qlora=Qlora()))


def test_a_pattern_names_the_layers_and_nothing_else() -> None:
    model, _ = tiny(text="lfm2")
    pattern = target_pattern(model, "all-linear")
    matched = {name for name, _ in model.named_modules() if re.fullmatch(pattern, name)}
    prefix, part = language_model_of(model)
    linear = {f"{prefix}.{name}" for name, one in part.named_modules() if isinstance(one, torch.nn.Linear)}
    assert matched == linear
