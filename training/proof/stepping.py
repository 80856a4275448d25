"""One stage of the decoder's training: so many steps on movies that a function draws, the same for the same seed.

    train(model, draw, collate, Plan(steps=1500), told=print)

Matrices are trained by Muon, the rest by AdamW; in bfloat16 where the machine has it, which every run has alike. An
average of the weights over the last steps is what the stage leaves, if asked for. Budgets are steps, never seconds:
a loaded machine trains the same model, only later.
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
    shape: str = "linear"
    """How rates fall: `linear`, `cosine`, or `late`, which holds them and falls over the last third."""
    decay: float = 0.0
    """Weight decay of matrices."""
    average: float = 0.0
    """Decay of an average of the weights that the stage leaves in place of the last ones; 0: none."""
    clip: float = 1.0
    """Largest norm of a gradient."""


def rate(plan: Plan, step: int) -> float:
    """Share of the learning rate at a step."""
    warm = min(1.0, (step + 1) / max(plan.warm, 1))
    done = step / max(plan.steps, 1)
    if plan.shape == "cosine":
        left = 0.5 + 0.5 * math.cos(math.pi * done)
    elif plan.shape == "late":
        left = min(1.0, 3.0 * (1.0 - done))
    else:
        left = 1.0 - done
    return warm * (plan.floor + (1 - plan.floor) * left)


def optimisers(model: Any, plan: Plan) -> list[torch.optim.Optimizer]:
    """Muon for the decoder's matrices, AdamW for embeddings, the projector, norms and convolutions."""
    matrices: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, weight in model.named_parameters():
        inner = weight.ndim == 2 and "embed" not in name and "lm_head" not in name and "compressor" not in name
        (matrices if inner else rest).append(weight)
    made: list[torch.optim.Optimizer] = [
        torch.optim.Muon(matrices, lr=plan.muon, momentum=0.95, weight_decay=plan.decay, adjust_lr_fn="original"),
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
    mean = [weight.detach().clone() for weight in weights] if plan.average else None
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
        if mean is not None:
            _follow(mean, weights, min(plan.average, (step + 1) / (step + 10)))
        if told is not None:
            told(step + 1, plan.steps, loss, (time.monotonic() - started) / (step + 1))
    if mean is not None:
        with torch.no_grad():
            for weight, kept in zip(weights, mean, strict=True):
                weight.copy_(kept)
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


@torch.no_grad()
def _follow(mean: list[torch.Tensor], weights: list[Any], decay: float) -> None:
    torch._foreach_lerp_(mean, [weight.detach() for weight in weights], 1 - decay)
