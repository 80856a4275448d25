"""The model and the processor that a stage begins with: ours or a stock one, from a folder, the Hub, or built new.

    bundle = open_bundle(recipe, texts, seed=7)
    bundle.model, bundle.processor, bundle.ours

A folder that holds an adapter is opened on its base: it goes on learning, or with `merge_previous` becomes part of the
weights. What is no checkpoint, one of another architecture, a pickle, and an adapter for another base are refused.
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
    base: Any = None
    """Where the weights lie that an adapter is for: a `BaseRef`; None where the model is saved whole."""
    below: Path | None = None
    """The adapter that was merged before this stage's."""
    parent: Path | None = None
    """Folder of the checkpoint that the stage goes on from."""


def open_bundle(recipe: Recipe, texts: Iterable[str], seed: int) -> Bundle:
    """The bundle of a recipe; `texts` are the data's words, for a tokenizer made of them.

    Raises:
        ValueError: it cannot be opened, or the recipe asks for what does not go together.
    """
    if recipe.frame_settings is not None and (recipe.build is not None or _is_adapter(recipe)):
        raise ValueError("frame_settings are for whole models of transformers: an adapter keeps those it learned with")
    if recipe.build is not None:
        from moviellm.training.stages.building import build_new

        if recipe.merge_previous:
            raise ValueError("merge_previous: a model that is built new has no adapter; leave it out")
        bundle = Bundle(*build_new(recipe.build, texts, seed, dtype=_dtype(recipe.dtype)), ours=True)
        return with_template(bundle, recipe.chat_template)
    assert recipe.model is not None
    place = Path(recipe.model).expanduser()
    local = place if place.is_dir() else None
    bundle = _open_adapter(recipe) if _is_adapter(recipe) else _open_whole(recipe)
    bundle.parent = local
    return with_template(bundle, recipe.chat_template)


def _is_adapter(recipe: Recipe) -> bool:
    place = Path(str(recipe.model)).expanduser()
    if place.exists():
        there = [name for name in ("config.json", "adapter_config.json") if (place / name).is_file()]
        if not there:
            raise ValueError(f"{place} is no checkpoint: it has no config.json, and no adapter_config.json")
        return "adapter_config.json" in there
    if recipe.model is None or str(recipe.model).count("/") != 1:
        raise ValueError(f"model {recipe.model!r} is no folder that is there, and no Hub id (org/name)")
    from huggingface_hub import file_exists

    from moviellm.generation.revisions import revision_of

    commit = revision_of(str(recipe.model), recipe.model_revision)
    return bool(file_exists(str(recipe.model), "adapter_config.json", revision=commit))


def _open_adapter(recipe: Recipe) -> Bundle:
    """A model with an adapter, which goes on learning or is merged."""
    from moviellm.training.checkpoints.adapters import merge_into
    from moviellm.training.checkpoints.bases import base_of, read_base
    from moviellm.training.checkpoints.fitting import read_config
    from moviellm.training.checkpoints.folders import adapter_folder, open_adapter

    if recipe.lora is not None and not recipe.merge_previous:
        raise ValueError(
            f"{recipe.model} is an adapter, and the recipe has `lora`: say `merge_previous: true` for a new adapter "
            "on the merged weights, or leave `lora` out to go on with the old one"
        )
    if recipe.train and not recipe.merge_previous:
        raise ValueError(f"{recipe.model} is an adapter: `train` needs `merge_previous: true`, or leave it out")
    going_on = not recipe.merge_previous
    qlora = recipe.lora.qlora if recipe.lora is not None else None
    if qlora is not None:
        raise ValueError("merge_previous with `qlora`: weights of few bits cannot take a change exactly; merge first")
    folder = adapter_folder(str(recipe.model), recipe.model_revision)
    model, processor = open_adapter(folder, dtype=_dtype(recipe.dtype), trainable=going_on)
    base = read_base(folder, read_config(folder)) or base_of(str(read_config(folder)["base_model_name_or_path"]))
    if going_on:
        return Bundle(model, processor, _is_ours(model), base)
    return Bundle(merge_into(model), processor, _is_ours(model), base if recipe.lora else None, folder)


def _open_whole(recipe: Recipe) -> Bundle:
    from moviellm.training.checkpoints.bases import base_of

    place, revision = str(recipe.model), recipe.model_revision
    if recipe.merge_previous:
        raise ValueError(f"merge_previous: {place} is a whole model and no adapter; leave it out")
    qlora = recipe.lora.qlora if recipe.lora is not None else None
    config = _config_of(place, revision)
    bits = None
    if qlora is not None:
        from moviellm.training.checkpoints.quantised import quantisation

        bits = quantisation(qlora, config)
    base = base_of(place, revision) if recipe.lora is not None else None
    if config.model_type == "moviellm":
        if recipe.frame_settings is not None:
            raise ValueError("frame_settings are for models of transformers; ours sees the squares of its tower")
        import moviellm.training.model as ours

        model = ours.MovieLLMForConditionalGeneration.from_pretrained(
            place, revision=revision, dtype=_dtype(recipe.dtype), quantization_config=bits
        )
        return Bundle(model, ours.MovieLLMProcessor.from_pretrained(place, revision=revision), True, base)
    from moviellm.training.stock.opening import open_stock

    model, processor = open_stock(
        place, revision, dtype=_dtype(recipe.dtype), quantisation=bits, frame_settings=recipe.frame_settings
    )
    return Bundle(model, processor, False, base)


def _config_of(place: str, revision: str | None) -> Any:
    from transformers import AutoConfig

    import moviellm.training.model  # noqa: F401 registers our class
    from moviellm.generation.revisions import revision_of

    folder = Path(place).expanduser()
    if not folder.is_dir():
        revision_of(place, revision)  # says what is wrong with the id or its revision
    elif revision is not None:
        raise ValueError(f"{place} is a folder and has no revision {revision!r}; leave model_revision out")
    return AutoConfig.from_pretrained(place, revision=revision, trust_remote_code=False)


def _is_ours(model: Any) -> bool:
    return bool(model.config.model_type == "moviellm")


def with_template(bundle: Bundle, wanted: str | None) -> Bundle:
    """The bundle with another chat template: a file, or `default`, which is ours.

    Raises:
        ValueError: there is none, or no such file.
    """
    processor = bundle.processor
    if wanted is not None:
        processor.chat_template = processor.tokenizer.chat_template = _template(wanted)
    if not processor.chat_template:
        raise ValueError(
            "the model has no chat template, so nothing says how a question and its answer stand in a row: take a "
            "model that was tuned to chat, or say `chat_template: FILE.jinja`, or `chat_template: default` for ours"
        )
    return bundle


def _template(wanted: str) -> str:
    from moviellm.training.stages.building import default_template

    if wanted == "default":
        return default_template()
    path = Path(wanted).expanduser()
    if not path.is_file():
        raise ValueError(f"chat_template: no file {wanted}; `default` is ours")
    return path.read_text(encoding="utf-8")


def _dtype(name: str) -> Any:
    import torch

    known = {"auto": "auto", "float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if name not in known:
        raise ValueError(f"dtype is {name!r}: it can be {', '.join(known)}")
    return known[name]
