"""Which model a name means: `replay:FILE`, `openai:NAME`, or a checkpoint: a folder or an id on the Hub.

    model = open_model(wish, data)

It asks nothing.
"""

from pathlib import Path
from typing import Any

from moviellm.eval.running.protocol import Model
from moviellm.eval.tasks.items import Data


def open_model(wish: Any, data: Data) -> Model:
    """The adapter of a model.

    Raises:
        ValueError: there is no such model, or it cannot be opened.
    """
    kind, mark, rest = wish.model.partition(":")
    if mark and kind == "replay":
        from moviellm.eval.running.replay import open_replay

        return open_replay(Path(rest), data)
    raise ValueError(f"no model {wish.model}")
