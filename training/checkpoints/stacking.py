"""Two adapters, one trained on the other merged into the base, as one adapter for the base itself.

    weights, config = stack(below, weights, config)

(W + s1 B1 A1) + s2 B2 A2 = W + [s1 B1, s2 B2] [A1; A2]: the ranks add up, and nothing is approximated. Without this,
the adapter of VTimeLLM's third stage would need a base that lies nowhere, and Auto classes would put it on the wrong
one.
"""

import math
from pathlib import Path
from typing import Any

from moviellm.training.checkpoints.fitting import read_config
from moviellm.training.checkpoints.weights import ADAPTER

_PLAIN: dict[str, tuple[Any, ...]] = {
    "bias": (None, "none"),
    "use_dora": (None, False),
    "rank_pattern": (None, {}),
    "alpha_pattern": (None, {}),
    "lora_bias": (None, False),
}


def stack(below: Path, weights: dict[str, Any], config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Weights and settings of both adapters together.

    Args:
        below: Folder of the adapter that was merged before the other was trained.
        weights: Of the adapter on top, by their names in its file; modules that train whole are taken from it.
        config: Its settings.

    Raises:
        ValueError: one is more than plain LoRA.
    """
    from safetensors.torch import load_file

    first = read_config(below)
    for one in (first, config):
        for key, plain in _PLAIN.items():
            if one.get(key) not in plain:
                raise ValueError(
                    f"adapters with `{key}`: {one[key]!r} cannot be put on top of one another; merge first"
                )
    parts = [(load_file(below / ADAPTER), first), (weights, config)]
    ranks = [int(one["r"]) for _, one in parts]
    made = {name: tensor for some, _ in parts for name, tensor in some.items() if ".lora_" not in name}
    layers = sorted({name.partition(".lora_")[0] for some, _ in parts for name in some if ".lora_" in name})
    for layer in layers:
        made |= _joined(layer, parts)
    patterns = [one["target_modules"] for _, one in parts]
    if not all(isinstance(pattern, str) for pattern in patterns):
        raise ValueError(f"{below} names its layers by a list: it was not made by `moviellm train`; merge it first")
    saved = sorted({name for _, one in parts for name in one.get("modules_to_save") or []})
    rank = sum(ranks)
    settings = {"r": rank, "lora_alpha": rank, "use_rslora": False, "modules_to_save": saved or None}
    return made, {**config, **settings, "target_modules": "|".join(dict.fromkeys("|".join(patterns).split("|")))}


def _joined(layer: str, parts: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    """Both halves of a layer, scales inside; zeros where one adapter leaves it as it is."""
    import torch

    names = [f"{layer}.lora_A.weight", f"{layer}.lora_B.weight"]
    into = next(some[names[0]].shape[1] for some, _ in parts if names[0] in some)
    out = next(some[names[1]].shape[0] for some, _ in parts if names[1] in some)
    firsts, seconds = [], []
    for some, config in parts:
        rank = int(config["r"])
        scale = float(config["lora_alpha"]) / (math.sqrt(rank) if config.get("use_rslora") else rank)
        there = names[0] in some
        firsts.append(some[names[0]].float().cpu() if there else torch.zeros(rank, into))
        seconds.append(scale * some[names[1]].float().cpu() if there else torch.zeros(out, rank))
    return {names[0]: torch.cat(firsts), names[1]: torch.cat(seconds, dim=1)}
