"""One stage of the decoder's training: so many steps on rows that a function draws, the same for the same seed.

    train(model, rows_of_step, Plan(steps=1500), told=print)

Matrices are trained by Muon, the rest by AdamW; products are in bfloat16 (compact.py). Budgets are steps, never
seconds: a loaded machine trains the same model, only later.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from moviellm.training.proof.compact import Compact
from moviellm.training.proof.muon import Muon
from moviellm.training.proof.packing import Rows

Told = Callable[[int, int, float, float], None]
"""Is told step, steps, loss and seconds a step."""


@dataclass(frozen=True)
class Plan:
    """How a stage goes."""

    steps: int
    muon: float = 0.02
    """Learning rate of matrices."""
    adam: float = 2e-3
    """Learning rate of everything else."""
    warm: int = 30
    """Steps until the rates are reached."""
    stable: float = 0.5
    """Share of the steps after which they fall."""
    floor: float = 0.02
    """Share of the rate that is left at the end."""
    clip: float = 1.0
    """Largest norm of a gradient."""


def rate(plan: Plan, step: int) -> float:
    """Share of the learning rate at a step."""
    warm = min(1.0, (step + 1) / max(plan.warm, 1))
    left = (1.0 - step / max(plan.steps, 1)) / (1 - plan.stable)
    return warm * (plan.floor + (1 - plan.floor) * min(1.0, left))


def train(model: Any, rows: Callable[[int], Rows], plan: Plan, told: Told | None = None) -> list[float]:
    """Train in place; `rows` makes those of a step. Returns the loss of each step."""
    compact, losses = Compact(model), list[float]()
    stacks = list(compact.stacks.values())
    matrices = Muon(stacks, plan.muon)
    others = torch.optim.AdamW(compact.rest, lr=plan.adam, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    started = time.monotonic()
    for step in range(plan.steps):
        share = rate(plan, step)
        for group in others.param_groups:
            group["lr"] = plan.adam * share
        loss = compact.loss(rows(step))
        for weight in (*stacks, *compact.rest):
            weight.grad = None
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*stacks, *compact.rest], plan.clip)
        matrices.step(share)
        others.step()
        losses.append(float(loss.detach()))
        if not math.isfinite(losses[-1]):
            raise ValueError(f"the loss of step {step} is {losses[-1]}: lower the learning rates")
        if told is not None:
            told(step + 1, plan.steps, losses[-1], (time.monotonic() - started) / (step + 1))
    compact.store()
    return losses
