"""Adapters on all seven: the language model's linear layers, neither the tower's nor the projector's."""

import re

import pytest
import torch

from moviellm.training.checkpoints.adapters import ALL_LINEAR, target_pattern
from tests.training.stock.tiny import KINDS, bundle


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_finds_the_language_models_linear_layers_and_no_others(kind: str) -> None:
    model, _ = bundle(kind)
    pattern = re.compile(target_pattern(model, ALL_LINEAR))
    matched = {name for name, _ in model.named_modules() if pattern.fullmatch(name)}
    wanted = {
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and re.search(r"(language|text)_model\.layers\.\d", name)
    }
    assert matched == wanted
    assert len(matched) == 2 * 7
