"""What each rank of test_sharded.py runs: `torchrun ... -m tests.training.checkpoints.fsdp_ranks OUT whole|sharded`.

Three steps of AdamW on a tiny model of ours, whole in one process or sharded over two by FSDP2 (torch's
`fully_shard`, one unit a layer that the model says must not be split, as accelerate wraps it). Rank 0 writes losses
and weights. Each rank reads its own half of the batch.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from tests.training.model.tiny import film, tiny

QUESTIONS = ["red green who is it ?", "blue white what is it ?"]


def sharded(model: Any) -> Any:
    """The model, its layers units of their own, on all processes."""
    mesh = init_device_mesh("cpu", (distributed.get_world_size(),))
    for module in model.modules():
        if type(module).__name__ in model._no_split_modules:
            fully_shard(module, mesh=mesh)
    return fully_shard(model, mesh=mesh)


def main(out: Path, way: str) -> None:
    """Three steps."""
    distributed.init_process_group("gloo")
    rank, ranks = distributed.get_rank(), distributed.get_world_size()
    torch.manual_seed(0)
    model, processor = tiny(compressor="pool", text="qwen3")
    rows = range(len(QUESTIONS))[rank::ranks]
    batches = [processor(text=[f"<video>\n{QUESTIONS[row]}"], videos=[film(3)], return_tensors="pt") for row in rows]
    model.train()
    if way == "sharded":
        model = sharded(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(3):
        parts = [model(**batch, labels=batch["input_ids"]).loss / len(batches) for batch in batches]
        loss = torch.stack(parts).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        told = loss.detach() / ranks
        distributed.all_reduce(told)
        losses.append(float(told))
    weights = get_model_state_dict(model, options=StateDictOptions(full_state_dict=True, cpu_offload=True))
    if rank == 0:
        torch.save(weights, out / "weights.pt")
        (out / "losses.json").write_text(json.dumps(losses))
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
