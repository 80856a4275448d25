"""Adapters on stock models: the language model's layers, and no others."""

import re

import pytest
import torch

from moviellm.training.stock.targets import language_targets
from tests.training.stock.tiny import KINDS, bundle


@pytest.mark.parametrize("kind", KINDS)
def test_the_pattern_matches_the_language_models_linear_layers_and_no_others(kind: str) -> None:
    model, _ = bundle(kind)
    pattern = re.compile(language_targets(model))
    matched = {name for name, _ in model.named_modules() if pattern.fullmatch(name)}
    wanted = {
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and re.search(r"(language|text)_model\.layers\.\d", name)
    }
    assert matched == wanted
    assert len(matched) == 2 * 7


def test_a_language_model_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="name the layers"):
        language_targets(bundle("internvl")[0].model.language_model)
