"""LoRA on our model and on stock ones: attached to the language model, merged back exactly.

    model = attach(model, LoraSettings(r=64, alpha=128))      # a PeftModel; the compressor trains whole beside it
    model = merge_into(model)                                 # the model again, its weights changed
    model = attach(merge_into(model), settings)               # VTimeLLM's third stage: merge, then a new one

`all-linear` means the linear layers of the language model: not the vision tower, not the projector, not the head.
What is attached is plain LoRA, which transformers' Auto classes and PEFT load. Saving and opening are in folders.py,
the bits of frozen weights in quantised.py.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from moviellm.training.checkpoints.record import Lora, Part

ALL_LINEAR: Literal["all-linear"] = "all-linear"
OURS = "moviellm"
PROJECTORS = ("multi_modal_projector", "connector", "merger", "projector", "compressor", "time_table")
"""What stands between tower and language model is called so; it never counts as a part of the language model."""


class Qlora(Part):
    """How the frozen weights of the language model are kept in few bits (QLoRA), by bitsandbytes."""

    bits: Literal[4, 8] = 4
    quant_type: Literal["nf4", "fp4"] = "nf4"
    """Of 4 bits: normal floats, or floats."""
    double_quant: bool = True
    """Whether the scales are quantised too: 0.4 bits less a weight."""
    compute_dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"
    """What is calculated in."""


class LoraSettings(Part):
    """An adapter as a recipe asks for it."""

    r: Annotated[int, Field(gt=0)] = 64
    """Rank."""
    alpha: Annotated[int, Field(gt=0)] = 128
    """The change is scaled by alpha / r."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Of what goes into the adapter, while it trains."""
    targets: Literal["all-linear"] | tuple[str, ...] = ALL_LINEAR
    """Linear layers of the language model: all, or those whose names end so, e.g. `q_proj`, `v_proj`."""
    modules_to_save: tuple[str, ...] | None = None
    """Modules that train whole; None for the compressor of our model, and none of others."""
    qlora: Qlora | None = None
    """Bits of the frozen weights; None keeps them as they are loaded."""

    def told(self) -> Lora:
        """The same for the record of a training."""
        return Lora(
            r=self.r,
            alpha=self.alpha,
            dropout=self.dropout,
            targets=self.targets if isinstance(self.targets, str) else ", ".join(self.targets),
            modules_to_save=self.modules_to_save or (),
            bits=self.qlora.bits if self.qlora else 16,
        )


def attach(model: Any, settings: LoraSettings) -> Any:
    """A PeftModel of the model with a new adapter; all else is frozen.

    Args:
        model: Ours, or a vision-language model of transformers; changed in place.
        settings: The adapter. For `qlora` the model was loaded by `quantised.quantisation(settings.qlora)`.

    Raises:
        ValueError: it has an adapter already, a layer or module is not there, or its bits are not those asked for.
    """
    from peft import LoraConfig, get_peft_model

    if has_adapter(model):
        raise ValueError("This model has an adapter already: merge it first (`merge_into`), then attach the new one.")
    _check_bits(model, settings)
    saved = saved_modules(model, settings.modules_to_save)
    config = LoraConfig(
        r=settings.r,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=target_pattern(model, settings.targets),
        modules_to_save=list(saved) or None,
    )
    made = get_peft_model(model, config)
    if is_ours(model):
        keep_float32(made)
    return made


def merge_into(model: Any) -> Any:
    """The model without its adapter and with what the adapter changed; the same object that was attached to.

    Raises:
        ValueError: it has no adapter, its weights are in few bits, or the adapter holds what is no number.
    """
    if not has_adapter(model):
        raise ValueError("This model has no adapter that could be merged.")
    if bits_of(model) != 16:
        raise ValueError(
            "Weights of few bits cannot take a change exactly: open the adapter on the base itself (without `qlora`), "
            "then merge, or run `moviellm train merge`."
        )
    dtype = model.get_base_model().dtype
    merged = model.merge_and_unload(safe_merge=True)
    merged = merged.to(dtype) if is_ours(merged) else merged
    for leftover in ("peft_config", "_hf_peft_config_loaded"):
        if leftover in merged.__dict__:
            delattr(merged, leftover)
    return merged


def has_adapter(model: Any) -> bool:
    """Whether an adapter hangs on the model."""
    from peft import PeftModel
    from peft.tuners.tuners_utils import BaseTunerLayer

    return isinstance(model, PeftModel) or any(isinstance(module, BaseTunerLayer) for module in model.modules())


def is_ours(model: Any) -> bool:
    """Whether a model is one of our class."""
    return bool(model.config.model_type == OURS)


def bits_of(model: Any) -> int:
    """Bits of the frozen weights: 4, 8, or 16 for whatever is not quantised."""
    if getattr(model, "is_loaded_in_4bit", False):
        return 4
    return 8 if getattr(model, "is_loaded_in_8bit", False) else 16


def language_model_of(model: Any) -> tuple[str, Any]:
    """Name and module of the language model without its head."""
    part = model.model.language_model if is_ours(model) else model.get_decoder()
    for name, module in model.named_modules():
        if module is part and name:
            return name, module
    raise ValueError(f"A {type(model).__name__} has no part that is its language model; LoRA finds no layers in it.")


def target_pattern(model: Any, targets: str | tuple[str, ...]) -> str:
    """A pattern that matches the wanted linear layers by their whole names, and nothing else.

    Raises:
        ValueError: a wanted layer is not there.
    """
    prefix, part = language_model_of(model)
    head = model.get_output_embeddings()
    found = [
        name
        for name, module in part.named_modules()
        if _is_linear(module) and module is not head and not set(name.split(".")) & set(PROJECTORS)
    ]
    if targets != ALL_LINEAR:
        known = {name.rpartition(".")[2] for name in found}
        unknown = [target for target in targets if target not in known]
        if unknown or not targets:
            raise ValueError(
                f"The language model has no linear layer {', '.join(unknown) or 'named by an empty list'}; "
                f"there are {', '.join(sorted(known))}, or {ALL_LINEAR!r}."
            )
        found = [name for name in found if name.rpartition(".")[2] in targets]
    if not found:
        raise ValueError(f"The language model at {prefix!r} has no linear layer for an adapter.")
    whole = [f"{prefix}.{name}" for name in found]
    short = _pattern([re.sub(r"(?<=\.)\d+(?=\.)", lambda _: r"\d+", re.escape(name)) for name in whole])
    matched = {name for name, _ in model.named_modules() if re.fullmatch(short, name)}
    return short if matched == set(whole) else _pattern([re.escape(name) for name in whole])


def _pattern(names: list[str]) -> str:
    return "|".join(sorted(set(names)))


def _is_linear(module: Any) -> bool:
    import torch

    # bitsandbytes' linear layers are torch's.
    return isinstance(module, torch.nn.Linear)


def saved_modules(model: Any, wanted: tuple[str, ...] | None) -> tuple[str, ...]:
    """The modules that train whole, by the ends of their names.

    Raises:
        ValueError: one is not there, or lies in the language model.
    """
    if wanted is None:
        return ("compressor",) if is_ours(model) else ()
    names = [name for name, _ in model.named_modules() if name]
    prefix, _ = language_model_of(model)
    for one in wanted:
        hits = [name for name in names if name == one or name.endswith(f".{one}")]
        if not hits:
            there = sorted(name for name in names if name.count(".") < 2 and not name.startswith(f"{prefix}."))
            raise ValueError(f"modules_to_save: this model has no module {one!r}; there are {', '.join(there[:12])}.")
        if any(hit == prefix or prefix.startswith(f"{hit}.") for hit in hits):
            raise ValueError(
                f"modules_to_save: {one!r} holds the language model, which the adapter is on: train it whole without "
                "LoRA instead."
            )
    return wanted


def _check_bits(model: Any, settings: LoraSettings) -> None:
    wanted, there = settings.qlora.bits if settings.qlora else 16, bits_of(model)
    if wanted != there and not (wanted == 16 and there != 16):
        raise ValueError(
            f"The adapter is for weights of {wanted} bits, and this model was loaded with {there}: load it with "
            "`quantisation_config=quantisation(settings.qlora, ...)`."
        )


def keep_float32(made: Any) -> None:
    """What trains whole is kept in float32, as the halves of LoRA are: small steps vanish in bfloat16."""
    from peft.utils.other import ModulesToSaveWrapper

    for module in made.modules():
        if isinstance(module, ModulesToSaveWrapper):
            module.float()
