"""A small vision tower, trained from scratch on what the studio knows of its pictures.

    tower = Tower()
    learn(tower, pictures, truths, rows, steps=1500, seed=0)
    features_of(tower, pictures)                # (K, 1, width)

It learns to tell who is seen in which coat, what is done, where, in which light, from how near: each a linear reading
of its feature, so that a small decoder reads them too. It stands for a pretrained CLIP, and as that one it is frozen
afterwards: the decoder is trained on cached features.
"""

import math
import time
from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn import functional

from moviellm.training.model.convolutions import Layer, Tower
from moviellm.training.proof.truths import UNTOLD, Truths

SHIFT_PX, ZOOM_PX, PATCH_PX = 4, (57, 71), 16
"""Pictures of a batch are moved by up to so many pixels and scaled to a side between these; every other one has a grey
patch of this side."""
GREY = 128
SMOOTH = 0.05
"""Label smoothing."""
WEIGHTS = {"action": 2.0}
"""Heads that count more than once."""
Told = Callable[[int, int, float, float], None]
"""Is told step, steps, loss and seconds a step."""


def learn(
    tower: Tower,
    pictures: torch.Tensor,
    truths: Truths,
    rows: Sequence[int],
    *,
    steps: int,
    seed: int,
    batch: int = 96,
    muon: float = 0.02,
    adam: float = 3e-3,
    told: Told | None = None,
) -> nn.Linear:
    """Train in place on those rows of the pictures; returns the heads, which the proof's page reads accuracies off."""
    draw = torch.Generator().manual_seed(seed)
    classes, sizes = truths.tensor(), [len(names) for names in truths.heads.values()]
    weigh = [WEIGHTS.get(head, 1.0) for head in truths.heads]
    heads, own = nn.Linear(tower.width, sum(sizes)), torch.tensor(rows)
    optimisers = _optimisers(tower, heads, muon, adam)
    tower.train()
    started = time.monotonic()
    for step in range(steps):
        share = min(1.0, (step + 1) / 50) * max(0.01, 1 - step / steps)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["full"] * share
        drawn = own[torch.randint(len(own), (batch,), generator=draw)]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            read = heads(tower(varied(pictures[drawn], draw)).flatten(1))
        loss = _loss(read.float().split(sizes, 1), classes[drawn], weigh)
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for optimiser in optimisers:
            optimiser.step()
        if told is not None:
            told(step + 1, steps, float(loss.detach()), (time.monotonic() - started) / (step + 1))
    tower.eval()
    return heads


def varied(pictures: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Pictures (F, 3, h, w) moved, mirrored, scaled and patched, so that a few thousand of them last longer."""
    side = pictures.shape[-1]

    def chance(low: int, high: int, count: int = 1) -> list[int]:
        numbers: list[int] = torch.randint(low, high, (count,), generator=draw).tolist()
        return numbers

    seen = torch.roll(pictures, chance(-SHIFT_PX, SHIFT_PX + 1, 2), (2, 3))
    mirrored = torch.rand(len(seen), generator=draw) < 0.5
    seen = torch.where(mirrored[:, None, None, None], seen.flip(3), seen).float()
    scaled = chance(ZOOM_PX[0], ZOOM_PX[1] + 1)[0]
    seen = functional.interpolate(seen, size=(scaled, scaled), mode="bilinear")
    if scaled >= side:
        top, left = chance(0, scaled - side + 1, 2)
        seen = seen[:, :, top : top + side, left : left + side].clone()
    else:
        top, left = chance(0, side - scaled + 1, 2)
        seen = functional.pad(seen, (left, side - scaled - left, top, side - scaled - top), mode="replicate")
    for number in range(1, len(seen), 2):
        top, left = chance(0, side - PATCH_PX + 1, 2)
        seen[number, :, top : top + PATCH_PX, left : left + PATCH_PX] = GREY
    return seen


def _optimisers(tower: Tower, heads: nn.Module, muon: float, adam: float) -> list[torch.optim.Optimizer]:
    """Muon for the convolutions behind the first, AdamW for everything else."""
    matrices = [layer.weight for layer in list(tower.layers)[1:] if isinstance(layer, Layer)]
    known = {id(weight) for weight in matrices}
    rest = [weight for weight in (*tower.parameters(), *heads.parameters()) if id(weight) not in known]
    made: list[torch.optim.Optimizer] = [
        torch.optim.Muon(matrices, lr=muon, momentum=0.95, weight_decay=0.02, adjust_lr_fn="original"),
        torch.optim.AdamW(rest, lr=adam, weight_decay=0.02),
    ]
    for optimiser in made:
        for group in optimiser.param_groups:
            group["full"] = group["lr"]
    return made


def _loss(read: Sequence[torch.Tensor], classes: torch.Tensor, weigh: Sequence[float]) -> torch.Tensor:
    """The sum over heads of their mean cross entropy, over the pictures that tell."""
    total = torch.zeros(())
    for number, logits in enumerate(read):
        truth = classes[:, number]
        if bool((truth != UNTOLD).any()):
            total = total + weigh[number] * functional.cross_entropy(
                logits, truth, label_smoothing=SMOOTH, ignore_index=UNTOLD
            )
    return total


@torch.no_grad()
def features_of(tower: Tower, pictures: torch.Tensor, at_once: int = 256) -> torch.Tensor:
    """(K, 3, 64, 64) -> (K, 1, width) in half precision."""
    return torch.cat([tower(pictures[at : at + at_once]).half() for at in range(0, len(pictures), at_once)])


@torch.no_grad()
def accuracies(
    tower: Tower, heads: nn.Linear, pictures: torch.Tensor, truths: Truths, rows: Sequence[int]
) -> dict[str, float]:
    """How often each head is right on those rows, where the picture tells; `action` only where one is seen."""
    own = torch.tensor(rows)
    features = features_of(tower, pictures[own]).float().flatten(1)
    classes, found = truths.tensor()[own], {}
    read = heads(features).split([len(names) for names in truths.heads.values()], 1)
    for number, (head, names) in enumerate(truths.heads.items()):
        truth = classes[:, number]
        asked = truth != UNTOLD
        if head == "action" and "none" in names:
            asked &= truth != names.index("none")
        right = (read[number].argmax(1) == truth)[asked]
        found[head] = round(float(right.float().mean()), 4) if len(right) else math.nan
    return found
