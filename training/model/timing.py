"""Embeddings of when a frame is: steps of a movie that start in order.

    TimeTable(100, 4096)                               # an embedding of hundredths, which the model starts in order
    start_in_order(embedding.weight, ids)              # the rows of tokens "00" to "99" start as a clock does

The start is what matters: with random rows a small model stays blind to time; rows that turn like the hands of clocks
of many speeds, rotated at random, are told apart and in order from the first step. Stamps in text are processing.py's.
"""

import math
from collections.abc import Sequence

import torch
from torch import nn

FASTEST_STEPS = 4.0
"""Steps of the shortest wave; the longest is twice the number of steps."""


def ordinal_rows(steps: int, width: int, std: float) -> torch.Tensor:
    """(steps, width): sines and cosines of waves of many lengths, rotated at random, with standard deviation `std`."""
    waves = max(min(width // 4, width // 2), 1)
    lengths = torch.logspace(math.log10(FASTEST_STEPS), math.log10(2.0 * max(steps, 2)), waves)
    angle = 2 * math.pi * torch.arange(steps)[:, None] / lengths
    rows = torch.cat([angle.sin(), angle.cos()], dim=1)
    rotation = torch.linalg.qr(torch.randn(width, width))[0][: rows.shape[1]]
    return rows @ rotation * (std * math.sqrt(width / waves))


def start_in_order(weight: torch.Tensor, ids: Sequence[int], std: float = 0.02) -> None:
    """Give the rows `ids` of an embedding table the ordinal start, in place."""
    with torch.no_grad():
        rows = ordinal_rows(len(ids), weight.shape[1], std)
        weight[torch.as_tensor(list(ids), device=weight.device)] = rows.to(weight.device, weight.dtype)


class TimeTable(nn.Embedding):
    """A table of steps that starts in order; a class of its own, so that the model's initialisation knows it."""
