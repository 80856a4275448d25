"""Weights written as safetensors, shard by shard, so that a checkpoint of any size needs the memory of one shard.

    write_weights(folder, steps, make=lambda step: tensor, itemsize=2)

One file, `model.safetensors`, or shards and their index, as transformers reads them. It is told what to write.
"""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from moviellm.generation.files import whole_file, write_whole
from moviellm.generation.progress import progress
from moviellm.training.convert.key_map import Step

SHARD_BYTES = 1_000_000_000
"""A shard is closed before it grows beyond this; a single larger weight has one of its own."""


def write_weights(
    folder: Path, steps: Sequence[Step], make: Callable[[Step], Any], itemsize: int, shard_bytes: int = SHARD_BYTES
) -> list[str]:
    """Write all weights in the order of `steps`, and say the names of the files.

    Args:
        make: gives the tensor of a step; called once for each, in order.
        itemsize: bytes of a number in what is written.
    """
    from safetensors.torch import save_file

    shards = divide(steps, itemsize, shard_bytes)
    names = [f"model-{at:05d}-of-{len(shards):05d}.safetensors" for at in range(1, len(shards) + 1)]
    names = ["model.safetensors"] if len(shards) == 1 else names
    with progress("converting", total=len(steps), unit="weights") as advance:
        for name, shard in zip(names, shards, strict=True):
            tensors = {}
            for step in shard:
                tensors[step.target] = make(step)
                advance(1)
            with whole_file(folder / name) as temporary:
                save_file(tensors, temporary, metadata={"format": "pt"})
            (folder / name).chmod(0o644)  # safetensors makes files that only their owner reads
    if len(shards) > 1:
        places = {step.target: name for name, shard in zip(names, shards, strict=True) for step in shard}
        size = sum(size_of(step, itemsize) for step in steps)
        index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(places.items()))}
        write_whole(folder / "model.safetensors.index.json", json.dumps(index, indent=2).encode())
    return names


def divide(steps: Sequence[Step], itemsize: int, shard_bytes: int) -> list[list[Step]]:
    """Steps in their order as shards."""
    shards: list[list[Step]] = [[]]
    filled = 0
    for step in steps:
        size = size_of(step, itemsize)
        if shards[-1] and filled + size > shard_bytes:
            shards.append([])
            filled = 0
        shards[-1].append(step)
        filled += size
    return shards


def size_of(step: Step, itemsize: int) -> int:
    """Bytes of a weight."""
    return math.prod(step.shape) * itemsize
