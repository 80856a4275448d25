"""Which layers an adapter trains: the language model's, and neither the tower's nor the projector's.

    LoraConfig(target_modules=language_targets(model))          # a pattern of module names, as PEFT takes it

It names linear layers of the decoder, quantised ones too, and not the output layer.
"""

import re
from typing import Any

import torch

from moviellm.training.shared.attention import decoder_of


def language_targets(model: Any) -> str:
    """A pattern that the names of the decoder's linear layers match whole, and no others."""
    decoder = decoder_of(model)
    path = next(name for name, module in model.named_modules() if module is decoder)
    leaves = sorted(
        {name.rpartition(".")[2] for name, module in decoder.named_modules() if isinstance(module, torch.nn.Linear)}
    )
    if decoder is model or not leaves:
        raise ValueError(f"{type(model).__name__} has no language model of its own: name the layers to adapt.")
    return rf"(?:.*\.)?{re.escape(path)}\.(?:.+\.)?(?:{'|'.join(map(re.escape, leaves))})"
