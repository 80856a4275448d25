"""Which model a name means: `replay:FILE`, `openai:NAME`, or a checkpoint: a folder or an id on the Hub.

    model = open_model(wish, data, folder)
    model = open_model(wish, data, folder, desk)        # on a node of a cluster

It asks nothing.
"""

from pathlib import Path
from typing import Any

from moviellm.eval.running.protocol import Model
from moviellm.eval.tasks.items import Data


def open_model(wish: Any, data: Data, folder: Path, desk: Any = None) -> Model:
    """The adapter of a model; `folder`: where what was paid for is kept, `desk`: who keeps limits for all nodes.

    Raises:
        ValueError: there is no such model, or it cannot be opened.
    """
    kind, mark, rest = wish.model.partition(":")
    if mark and kind == "replay":
        from moviellm.eval.running.replay import open_replay

        if not rest:
            raise ValueError("replay: names no file; write --model replay:FILE")
        return open_replay(Path(rest), data)
    if mark and kind == "openai":
        from moviellm.eval.running.endpoint import open_endpoint

        return open_endpoint(rest, folder, temperature=wish.temperature, engine=wish.engine, desk=desk)
    from moviellm.eval.running.checkpoint import open_checkpoint

    return open_checkpoint(wish.model, revision=wish.model_revision, device=wish.device, dtype=wish.dtype)
