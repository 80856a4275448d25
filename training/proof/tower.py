"""A small vision tower, trained from scratch on what the studio knows of its pictures.

    tower = Tower(width=128, queries=2)
    losses = learn(tower, pictures, truths, steps=600, batch=96, seed=0)
    tower(pictures)                             # (F, 3, 64, 64) bytes -> (F, queries, width)

It learns to tell who is seen in which coat, what is done, where, in which light, from how near: each a linear reading
of its features, so that a small decoder reads them too. It stands for a pretrained CLIP, and as that one it is frozen
afterwards: the decoder is trained on cached features.
"""

import torch
from torch import nn

UNTOLD = -100
"""A truth that a picture does not tell."""


class Tower(nn.Module):
    """Convolutions over a picture of 64 x 64, and queries that gather what they made."""

    def __init__(self, width: int = 128, queries: int = 1, side_px: int = 64) -> None:
        super().__init__()
        wide = (32, 64, width, width)
        layers: list[nn.Module] = []
        for into, out, kernel in zip((3, *wide), wide, (4, 3, 3, 3), strict=False):
            layers += [nn.Conv2d(into, out, kernel, 2, 1), nn.GroupNorm(8, out), nn.GELU()]
        self.body = nn.Sequential(*layers, nn.Conv2d(width, width, 3, 1, 1))
        self.places = nn.Parameter(torch.randn(width, side_px // 16, side_px // 16) * 0.02)
        self.queries = nn.Linear(width, queries)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Pictures (F, 3, h, w) as bytes -> features (F, queries, width)."""
        seen = (pictures.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        grid = (self.body(seen) + self.places).flatten(2)
        weights = self.queries(grid.transpose(1, 2)).softmax(1)
        return torch.einsum("fdp,fpq->fqd", grid, weights)
