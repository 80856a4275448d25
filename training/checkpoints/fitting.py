"""Whether an adapter's file fits a model, before anything is loaded into it.

    config = read_config(folder)                 # adapter_config.json, refused where it is no LoRA, or a pickle
    check_fit(folder, config, model)             # ValueError: layers that are not there, other shapes, missing halves

PEFT would load what fits, warn about the rest and go on with random halves.
"""

import json
import re
from pathlib import Path
from typing import Any

from moviellm.training.checkpoints.weights import ADAPTER, tensors

CONFIG = "adapter_config.json"
PICKLE = "adapter_model.bin"
PREFIX = "base_model.model."
"""What PEFT puts before the names of the base."""
_HALF = re.compile(r"(?P<layer>.+)\.lora_(?P<half>[AB])\.weight")


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter."""
    return (folder / CONFIG).is_file()


def read_config(folder: Path) -> dict[str, Any]:
    """The settings of an adapter.

    Raises:
        ValueError: there is no adapter, its settings cannot be read, it is no LoRA, or its weights are a pickle.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise ValueError(f"{folder} is no adapter: it has no {CONFIG}")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    kind = config.get("peft_type") if isinstance(config, dict) else None
    if kind != "LORA":
        raise ValueError(f"{folder} is an adapter of type {kind!r}: only LORA is known here")
    if not (folder / ADAPTER).is_file():
        if (folder / PICKLE).is_file():
            raise ValueError(
                f"{folder} has its weights as a pickle only ({PICKLE}), which can run code and is not loaded: ask its "
                f"author for {ADAPTER}"
            )
        raise ValueError(f"{folder} lacks {ADAPTER}, the adapter's weights")
    return dict(config)


def check_fit(folder: Path, config: dict[str, Any], model: Any) -> None:
    """Raise where an adapter's weights are not for this model.

    Args:
        config: The adapter's settings.
        model: The base, without an adapter.
    """
    parameters = {name: tuple(one.shape) for name, one in model.named_parameters(remove_duplicate=False)}
    linear = {name: _size(module) for name, module in model.named_modules()}
    faults, halves = [], set()
    for one in tensors(folder / ADAPTER):
        name = one.name.removeprefix(PREFIX)
        found = _HALF.fullmatch(name)
        if found:
            layer = found["layer"]
            halves.add((layer, found["half"]))
            faults += _of_half(layer, found["half"], one.shape, linear, config)
        elif ".lora_" not in name and name not in parameters:
            faults.append(f"the model has no {name}")
        elif ".lora_" not in name and parameters[name] != one.shape:
            faults.append(f"{name} is {_sides(one.shape)}, and the model's is {_sides(parameters[name])}")
    layers = {layer for layer, _ in halves}
    faults += [f"{layer} has one half only" for layer in sorted(layers) if {(layer, "A"), (layer, "B")} - halves]
    faults += [f"the file has nothing for {name}" for name in _lacking(config, linear, layers)]
    if faults:
        more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
        raise ValueError(f"the adapter in {folder} does not fit this base: {'; '.join(faults[:3])}{more}")


def _of_half(
    layer: str, half: str, shape: tuple[int, ...], linear: dict[str, tuple[int, int] | None], config: dict[str, Any]
) -> list[str]:
    size = linear.get(layer)
    if size is None:
        return [f"the model has no linear layer {layer}"]
    out, into = size
    side, wanted = (1, into) if half == "A" else (0, out)
    if len(shape) != 2 or shape[side] != wanted:
        return [f"{layer} is {out} x {into}, and its half {half} is {_sides(shape)}"]
    if not config.get("rank_pattern") and shape[1 - side] != config.get("r"):
        return [f"{layer}: rank {shape[1 - side]}, and the settings say {config.get('r')}"]
    return []


def _lacking(config: dict[str, Any], linear: dict[str, Any], layers: set[str]) -> list[str]:
    """Layers that the settings name and the file has no halves for."""
    pattern = config.get("target_modules")
    if not isinstance(pattern, str):
        return []
    try:
        return sorted(name for name in linear if name and re.fullmatch(pattern, name) and name not in layers)
    except re.error as error:
        raise ValueError(f"{CONFIG}: target_modules is no pattern ({error})") from None


def _size(module: Any) -> tuple[int, int] | None:
    """Outputs and inputs of a linear layer, also of one whose weights are packed in few bits."""
    out, into = getattr(module, "out_features", None), getattr(module, "in_features", None)
    return (out, into) if isinstance(out, int) and isinstance(into, int) else None


def _sides(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
