"""The model and the processor that a stage begins with: ours or a stock one, from a folder, the Hub, or built new.

    bundle = open_bundle(recipe, texts, seed=7)
    bundle.model, bundle.processor, bundle.ours

A folder that holds an adapter is opened on its base; with `merge_previous` the adapter becomes part of the weights.
What is no checkpoint, one of another architecture, a pickle, and an adapter for another base are refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moviellm.training.stages.recipe import Recipe


@dataclass
class Bundle:
    """What learns, and what writes its rows."""

    model: Any
    processor: Any
    ours: bool
    """Whether it is of our class; otherwise a model of transformers, through training.stock."""
    revision: str | None = None
    """Commit that was loaded from the Hub."""


def open_bundle(recipe: Recipe, texts: Iterable[str], seed: int) -> Bundle:
    """The bundle of a recipe; `texts` are the data's words, for a tokenizer made of them."""
    if recipe.build is not None:
        from moviellm.training.stages.building import build_new

        return Bundle(*build_new(recipe.build, texts, seed, dtype=_dtype(recipe.dtype)), ours=True)
    assert recipe.model is not None
    return _open(recipe.model, recipe)


def _open(place: str, recipe: Recipe) -> Bundle:
    from transformers import AutoProcessor

    import moviellm.training.model

    kind = _kind_of(place, recipe.model_revision)
    if kind != "moviellm":
        raise ValueError(f"{place} holds a `{kind}` model")
    model = moviellm.training.model.MovieLLMForConditionalGeneration.from_pretrained(
        place, revision=recipe.model_revision, dtype=_dtype(recipe.dtype)
    )
    processor = AutoProcessor.from_pretrained(place, revision=recipe.model_revision)
    return Bundle(model, processor, True, getattr(model.config, "_commit_hash", None))


def _kind_of(place: str, revision: str | None) -> str:
    from transformers import PreTrainedConfig

    folder = Path(place).expanduser()
    if folder.exists() and not (folder / "config.json").is_file():
        raise ValueError(f"{place} is no checkpoint: it has no config.json")
    try:
        settings, _ = PreTrainedConfig.get_config_dict(place, revision=revision)
    except OSError as error:
        raise ValueError(f"model {place}: {' '.join(str(error).split())[:300]}") from None
    return str(settings.get("model_type"))


def _dtype(name: str) -> Any:
    import torch

    if name == "auto":
        return "auto"
    known = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if name not in known:
        raise ValueError(f"dtype is {name!r}: it can be auto, {', '.join(known)}")
    return known[name]
