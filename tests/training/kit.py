"""Small trainings for tests: a dataset folder of a few movies, a recipe that a core is through with in a second.

folder = dataset(tmp_path / "films")
out, told = train(folder, tmp_path / "run", max_steps=4)        # what stood on standard error
losses(out)                                                     # [(1, 6.2), (2, 6.1), ...]
"""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import torch

from tests.stories import build, make_story

torch.set_num_threads(1)
BUILD = {
    "vision": {
        "model_type": "siglip_vision_model",
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 16,
        "patch_size": 8,
    },
    "text": {
        "model_type": "qwen3",
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": True,
    },
    "tokenizer": {"vocabulary": 400},
    "settings": {"compressor": "pool", "pool_side": 1, "vision_layer": -1},
}
BASE: dict[str, Any] = {
    "build": BUILD,
    "max_steps": 4,
    "per_device_train_batch_size": 1,
    "learning_rate": 3e-3,
    "logging_steps": 1,
    "save_strategy": "no",
    "eval_strategy": "no",
    "bf16": False,
    "use_cpu": True,
    "seed": 3,
}


def dataset(folder: Path, movies: int = 4) -> Path:
    """A dataset folder of a few small movies."""
    build(folder, [make_story(number) for number in range(movies)])
    return folder


def written(folder: Path, films: Path | str | None, /, **keys: Any) -> Path:
    """A recipe file; keys of None are left out."""
    import yaml

    wanted = {**BASE, **({"dataset": str(films)} if films is not None else {}), **keys}
    if keys.get("model") is not None:
        wanted["build"] = None
    path = folder / "small.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({key: value for key, value in wanted.items() if value is not None}))
    return path


def train(data: Path | str | None, out: Path, /, *arguments: str, **keys: Any) -> tuple[Path, str]:
    """Train by a recipe of these keys; what stood on standard error comes with the folder."""
    from moviellm.training.sft import train as run

    recipe = written(out.parent / f"{out.name}-recipe", data, **keys)
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        run(["--config", str(recipe), "--output_dir", str(out), *arguments])
    return out, said.getvalue()


def losses(out: Path, steps: int | None = None) -> list[tuple[int, float]]:
    """The loss curve of a training, as its record has it."""
    stage = json.loads((out / "training.json").read_text())["stages"][-1]
    return [(point["step"], point["loss"]) for point in stage["losses"]][:steps]
