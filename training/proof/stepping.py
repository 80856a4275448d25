"""One stage of the decoder's training: so many steps on movies that a function draws, the same for the same seed.

    train(model, draw, collate, Plan(steps=1500), told=print)

Matrices are trained by Muon, the rest by AdamW, under bfloat16 autocast. Budgets are steps, never seconds: a loaded
machine trains the same model, only later.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

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
    floor: float = 0.02
    """Share of the rate that is left at the end."""
    clip: float = 1.0
    """Largest norm of a gradient."""


def rate(plan: Plan, step: int) -> float:
    """Share of the learning rate at a step."""
    warm = min(1.0, (step + 1) / max(plan.warm, 1))
    return warm * (plan.floor + (1 - plan.floor) * (1.0 - step / max(plan.steps, 1)))


def optimisers(model: Any, plan: Plan) -> list[torch.optim.Optimizer]:
    """Muon for the decoder's matrices, AdamW for embeddings, the projector, norms and convolutions."""
    matrices: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, weight in model.named_parameters():
        inner = weight.ndim == 2 and "embed" not in name and "lm_head" not in name and "compressor" not in name
        (matrices if inner else rest).append(weight)
    made: list[torch.optim.Optimizer] = [
        torch.optim.Muon(matrices, lr=plan.muon, momentum=0.95, weight_decay=0.0, adjust_lr_fn="original"),
        torch.optim.AdamW(rest, lr=plan.adam, betas=(0.9, 0.98), weight_decay=0.01),
    ]
    for optimiser in made:
        for group in optimiser.param_groups:
            group["full"] = group["lr"]
    return made


def train(
    model: Any, batches: Callable[[int], dict[str, torch.Tensor]], plan: Plan, told: Told | None = None
) -> list[float]:
    """Train in place; `batches` makes the batch of a step. Returns the loss of each step."""
    made, losses = optimisers(model, plan), []
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    model.train()
    started = time.monotonic()
    for step in range(plan.steps):
        for optimiser in made:
            for group in optimiser.param_groups:
                group["lr"] = group["full"] * rate(plan, step)
        loss = _step(model, batches(step), made, weights, plan.clip)
        losses.append(loss)
        if not math.isfinite(loss):
            raise ValueError(f"the loss of step {step} is {loss}: lower the learning rates")
        if told is not None:
            told(step + 1, plan.steps, loss, (time.monotonic() - started) / (step + 1))
    model.eval()
    return losses


def _step(
    model: Any, batch: dict[str, torch.Tensor], made: Sequence[torch.optim.Optimizer], weights: list[Any], clip: float
) -> float:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(**batch).loss
    for optimiser in made:
        optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(weights, clip)
    for optimiser in made:
        optimiser.step()
    return float(loss.detach())
