"""What of a model learns in a stage: parts by name, LoRA, or everything.

    told = choose(bundle, train=["compressor"], lora=None)      # VTimeLLM's first stage
    told = choose(bundle, train=None, lora=LoraSettings(r=64))  # its second and third

Parts are `compressor` (with the time table), `vision_tower`, `language_model` (with the head), `all`. Without `train`
and LoRA everything but the vision tower learns. It trains nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from moviellm.generation.dataset.folder import building_folder, install
from moviellm.training.checkpoints.adapters import attach, has_adapter
from moviellm.training.stages.bundles import Bundle
from moviellm.training.stages.nearest import did_you_mean

PARTS = ("compressor", "vision_tower", "language_model", "all")
OURS: dict[str, tuple[str, ...]] = {
    "compressor": ("compressor", "time_table"),
    "vision_tower": ("vision_tower",),
    "language_model": ("language_model", "lm_head"),
}
STOCK: dict[str, tuple[str, ...]] = {
    "compressor": (
        "multi_modal_projector",
        "connector",
        "merger",
        "projector",
        "image_newline",
        "deepstack_merger_list",
    ),
    "vision_tower": ("vision_tower", "vision_model", "visual", "vision_encoder"),
    "language_model": ("language_model", "text_model", "lm_head"),
}
"""Names that parts have in models of transformers; a compressor inside a tower is the compressor."""


def choose(bundle: Bundle, train: Sequence[str] | None, lora: Any) -> tuple[str, ...]:
    """Freeze what does not learn; returns the parts that do, in words. `bundle.model` may become a PeftModel.

    Raises:
        ValueError: no such part, or nothing would learn.
    """
    parts = tuple(train or ())
    for part in parts:
        if part not in PARTS:
            raise ValueError(f"train: no part {part!r}{did_you_mean(part, PARTS)}; there are {', '.join(PARTS)}")
    if lora is not None:
        return _with_lora(bundle, parts, lora)
    if has_adapter(bundle.model):
        return ("lora",)
    parts = parts or ("compressor", "language_model")
    names = OURS if bundle.ours else STOCK
    everything = "all" in parts
    for name, weight in bundle.model.named_parameters():
        weight.requires_grad_(everything or part_of(name, names) in parts)
    if not any(weight.requires_grad for weight in bundle.model.parameters()):
        raise ValueError(f"train: {', '.join(parts)}: the model has no such weights, so nothing would learn")
    return ("compressor", "vision_tower", "language_model") if everything else parts


def keep_base(bundle: Bundle, lora: Any, out: Path) -> None:
    """Write the weights that an adapter will be for, where they lie nowhere yet: those of a model built new."""
    if lora is None or bundle.base is not None:
        return
    from accelerate import PartialState

    from moviellm.training.checkpoints.bases import base_of
    from moviellm.training.checkpoints.weights import SHARD, readable

    folder, processes = out / "base", PartialState()
    if processes.is_main_process:
        with building_folder(folder) as building:
            bundle.model.save_pretrained(building, max_shard_size=SHARD)
            bundle.processor.save_pretrained(building)
            readable(building)
            install(building, folder)
    processes.wait_for_everyone()
    bundle.base = base_of(folder)


def _with_lora(bundle: Bundle, parts: tuple[str, ...], lora: Any) -> tuple[str, ...]:
    wrong = [part for part in parts if part != "compressor"]
    if wrong:
        raise ValueError(f"train: {wrong[0]} beside LoRA: only `compressor` learns whole beside an adapter")
    if lora.modules_to_save is None:
        whole = OURS["compressor"] if bundle.ours else STOCK["compressor"]
        there = {name.rpartition(".")[2] for name, _ in bundle.model.named_modules()}
        saved = tuple(name for name in whole if parts and name in there)
        lora = lora.model_copy(update={"modules_to_save": saved})
    bundle.model = attach(bundle.model, lora)
    return ("lora", *parts)


def part_of(name: str, names: dict[str, tuple[str, ...]]) -> str:
    """Which part a weight belongs to, by its name."""
    words = set(name.split("."))
    for part in ("compressor", "vision_tower", "language_model"):
        if words & set(names[part]):
            return part
    return "language_model"


def counted(model: Any) -> tuple[int, int]:
    """Numbers of all weights and of those that learn."""
    weights = list(model.parameters())
    return sum(one.numel() for one in weights), sum(one.numel() for one in weights if one.requires_grad)
