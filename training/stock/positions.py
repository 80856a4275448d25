"""Positions in time, height and width of a film and the words before it, for Qwen3-VL and Qwen2.5-VL.

    positions = movie_positions(processor, ids, seen)       # (3, tokens)

The same as the models' own `get_rope_index` (tests): words count on by one; a unit of frames stands at one time, its
patches at their row and column behind it; what follows goes on behind the unit's longer side.
"""

from collections.abc import Sequence

import torch

from moviellm.training.stock.processing import Seen, StockProcessor


def movie_positions(processor: StockProcessor, ids: Sequence[int], seen: Seen) -> torch.Tensor:
    """Positions of tokens that begin with a film's; each run of placeholders is a unit."""
    grid = seen.look.tensors["video_grid_thw"][0]
    high, wide = (int(side) // processor.rules.merge for side in grid[1:])
    rows = torch.arange(high).repeat_interleave(wide)
    unit = torch.stack([torch.zeros(high * wide, dtype=torch.long), rows, torch.arange(wide).repeat(high)])
    parts: list[torch.Tensor] = []
    at = place = 0
    while place < len(ids):
        if ids[place] == processor.placeholder_id:
            parts.append(unit + at)
            at += max(high, wide)
            place += high * wide
        else:
            parts.append(torch.full((3, 1), at))
            at += 1
            place += 1
    return torch.cat(parts, dim=1)
