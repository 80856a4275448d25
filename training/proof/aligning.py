"""The alignment before the first stage: a frame's token is made of the words for what the frame shows.

    align(model, seen, shown, words, steps=400, seed=0)          # projector and word embeddings, no decoder

Each frame's token is trained to be near, among the words of a group, to the one that names what is seen: its place,
its light, who acts, what is worn, and what is done where it is seen. A question that names an action then finds its
frames as one that names a time does: by likeness. It is VTimeLLM's stage 1, projector alone, for a decoder that has no
words of its own yet.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from moviellm.training.proof.encoding import Seen
from moviellm.training.proof.words import Words
from moviellm.training.remix.timeline import Timeline

SHARP = 12.0
"""What likenesses, from -1 to 1, are multiplied by."""
LOUD = 6.0
"""Length of a frame's token, in lengths of a word."""


@dataclass(frozen=True)
class Named:
    """Frames with the words for what they show, a group of words a column."""

    frames: list[str]
    groups: list[list[str]]
    """Words of each group."""
    rows: list[list[int]]
    """Place of the word in its group; -1 where the frame shows none."""


def named(lines: Sequence[Timeline]) -> Named:
    """What each frame of timelines shows."""
    seen: list[tuple[str, ...]] = []
    frames: list[str] = []
    for line in lines:
        for scene in line.scenes:
            for frame in range(scene.first, scene.last + 1):
                deed = next((one for one in line.deeds if one.first <= frame <= one.last), None)
                actor = deed.actor if deed else ""
                done = deed.action if deed and deed.shown == frame else ""
                worn = "" if done else line.wears.get(actor, "")
                seen.append((scene.place, scene.light, actor, done, worn))
                frames.append(line.frames[frame])
    groups = [sorted({row[column] for row in seen} - {""}) for column in range(len(seen[0]))]
    rows = [[groups[at].index(word) if word else -1 for at, word in enumerate(row)] for row in seen]
    return Named(frames, groups, rows)


def align(model: Any, seen: Seen, shows: Named, words: Words, *, steps: int, seed: int, batch: int = 256) -> float:
    """Train projector and word embeddings in place; returns the last loss."""
    table, compressor = model.get_input_embeddings().weight, model.model.compressor
    features = seen.features[[seen.places[frame] for frame in shows.frames]].float()
    truth = torch.tensor(shows.rows)
    ids = [torch.tensor([words.numbers[word] for word in group]) for group in shows.groups]
    draw = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW([*compressor.parameters(), table], lr=3e-3, weight_decay=0.0)
    length = float(table.detach()[words.time_ids].norm(dim=1).mean())
    loss = torch.zeros(())
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * max(0.02, 1 - step / steps)
        rows = torch.randint(len(truth), (batch,), generator=draw)
        tokens = functional.normalize(compressor(features[rows])[:, 0], dim=1)
        losses = []
        for column, own in enumerate(ids):
            likeness = tokens @ functional.normalize(table[own], dim=1).T
            losses.append(functional.cross_entropy(SHARP * likeness, truth[rows, column], ignore_index=-1))
        loss = torch.stack(losses).sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    _scale(model, features, torch.cat(ids), length)
    return float(loss.detach())


@torch.no_grad()
def _scale(model: Any, features: torch.Tensor, ids: torch.Tensor, length: float) -> None:
    """Words of the groups as long as those of times, and frames' tokens longer: they say several things at once."""
    table, compressor = model.get_input_embeddings().weight, model.model.compressor
    table[ids] = functional.normalize(table[ids], dim=1) * length
    now = float(compressor(features[: math.isqrt(len(features)) * 16])[:, 0].norm(dim=1).mean())
    for weight in compressor.projector.parameters():
        weight *= LOUD * length / now
