"""Tiny models with adapters that say something: halves that a training would have filled.

model = filled(attach(model, LoraSettings(r=4)))
"""

from typing import Any

import torch

from tests.training.model.tiny import film, tiny

torch.set_num_threads(1)


def batch(words: Any) -> Any:
    """A film and a question."""
    return words(text=["<video>\nwho is it ?"], videos=[film(2)], questions=["who is it ?"], return_tensors="pt")


def logits(model: Any, words: Any) -> torch.Tensor:
    """What the model says to it."""
    with torch.no_grad():
        return model.eval()(**batch(words)).logits


def filled(model: Any, seed: int = 0, size: float = 0.05) -> Any:
    """The adapter's weights as if it had learned; new halves begin with zeros."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data += size * torch.randn(parameter.shape, generator=generator).to(parameter.dtype)
    return model


__all__ = ["batch", "filled", "logits", "tiny"]
