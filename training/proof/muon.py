"""Muon for stacks of matrices: those of one shape are made orthogonal together, in a few products.

    update = Muon(stacks, rate=0.02)            # tensors (n, rows, columns)
    update.step(share=0.5)                      # with half of the rate

The arithmetic is that of `torch.optim.Muon` with `adjust_lr_fn="original"`, which takes one matrix after the other.
"""

import math
from collections.abc import Sequence

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the Newton-Schulz iteration."""
ITERATIONS = 5
MOMENTUM = 0.95
TINY = 1e-7


class Muon:
    """Momentum of stacks, and how they are moved."""

    def __init__(self, stacks: Sequence[torch.Tensor], rate: float) -> None:
        self.stacks, self.rate = stacks, rate
        self.means = [torch.zeros_like(stack) for stack in stacks]

    @torch.no_grad()
    def step(self, share: float = 1.0) -> None:
        """Move every stack by its gradient."""
        for stack, mean in zip(self.stacks, self.means, strict=True):
            if stack.grad is None:
                continue
            mean.lerp_(stack.grad, 1 - MOMENTUM)
            towards = orthogonal(torch.lerp(stack.grad, mean, MOMENTUM))
            rows, columns = stack.shape[-2:]
            stack.add_(towards, alpha=-self.rate * share * math.sqrt(max(1.0, rows / columns)))


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """(n, rows, columns): each with singular values near 1, in bfloat16."""
    a, b, c = COEFFICIENTS
    tall = matrices.shape[-2] > matrices.shape[-1]
    found = matrices.mT.bfloat16().contiguous() if tall else matrices.bfloat16()
    found = found / matrices.flatten(1).norm(dim=1).clamp(min=TINY)[:, None, None].bfloat16()
    for _ in range(ITERATIONS):
        gram = found @ found.mT
        found = torch.baddbmm(found, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), found, beta=a)
    return found.mT if tall else found
