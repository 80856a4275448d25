"""Adapters in folders: saved with the base they are for, opened on that base and on no other.

    save_adapter(model, folder, base_of("org/base"), processor)
    model, processor = open_adapter("folder or org/adapter")            # a PeftModel on its base

The folder holds plain LoRA as safetensors, base.json with the base's commit and hash, and the processor, so that Auto
classes, PEFT and others load it after `import moviellm.training.model`. Only this module checks that the base is the
right one.
"""

import json
import os
from pathlib import Path
from typing import Any

from moviellm.generation.files import whole_file, write_whole
from moviellm.generation.revisions import revision_of
from moviellm.training.checkpoints.adapters import OURS, Qlora, is_ours, keep_float32
from moviellm.training.checkpoints.bases import BaseRef, fetched, find_base, read_base, write_base
from moviellm.training.checkpoints.fitting import CONFIG, check_fit, read_config
from moviellm.training.checkpoints.stacking import stack
from moviellm.training.checkpoints.weights import ADAPTER


def save_adapter(model: Any, folder: Path, base: BaseRef, processor: Any = None, below: Path | None = None) -> None:
    """Write the adapter of a PeftModel.

    Args:
        model: What `attach` gave.
        folder: Where to; an adapter that is there is replaced.
        base: The base that the adapter is for, before any adapter was merged into it.
        processor: Saved beside it.
        below: Folder of the adapter that was merged into the base before this one was attached.

    Raises:
        ValueError: the model has no adapter, or `below` is for another base.
    """
    from peft import PeftModel, get_peft_model_state_dict
    from safetensors.torch import save_file

    if not isinstance(model, PeftModel):
        raise ValueError("This model has no adapter: save it whole with `save_pretrained`.")
    weights = get_peft_model_state_dict(model, save_embedding_layers=False)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    config = _settings(model)
    if below is not None:
        under = read_base(below, read_config(below))
        if under is not None and under.weights_sha256 != base.weights_sha256:
            raise ValueError(f"{below} is for {under.name}, and this adapter for {base.name}: not one on the other")
        weights, config = stack(below, weights, config)
    config |= {"base_model_name_or_path": base.place, "revision": base.revision, "inference_mode": True}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).unlink(missing_ok=True)  # what says that the folder is an adapter comes last
    with whole_file(folder / ADAPTER) as temporary:
        save_file(weights, temporary, metadata={"format": "pt"})
        temporary.chmod(0o644)
    if processor is not None:
        processor.save_pretrained(folder)
    write_base(folder, base)
    write_whole(folder / CONFIG, (json.dumps(config, indent=2, sort_keys=True) + "\n").encode())


def _settings(model: Any) -> dict[str, Any]:
    """Settings of the active adapter as JSON takes them."""
    told = model.peft_config[model.active_adapter].to_dict()
    base = model.get_base_model()
    told["auto_mapping"] = {"base_model_class": type(base).__name__, "parent_library": type(base).__module__}
    return {
        key: sorted(value) if isinstance(value, set | frozenset) else getattr(value, "value", value)
        for key, value in told.items()
        if key != "runtime_config"
    }


def open_adapter(
    place: str | os.PathLike[str],
    revision: str | None = None,
    base: str | None = None,
    base_revision: str | None = None,
    dtype: Any = "auto",
    qlora: Qlora | None = None,
    trainable: bool = False,
) -> tuple[Any, Any]:
    """A PeftModel on its base, and the processor.

    Args:
        place: Folder or Hub id of the adapter.
        revision: Tag or commit of the adapter on the Hub.
        base: Folder or Hub id where the base is now; None takes the one that the adapter names.
        base_revision: Tag or commit of `base` on the Hub.
        dtype: Of the base; `auto` as it was saved.
        qlora: Bits of the base, to train on.
        trainable: Whether the adapter goes on learning.

    Raises:
        ValueError: it is no adapter, a pickle, for another base, or does not fit.
    """
    from peft import PeftModel, set_peft_model_state_dict
    from safetensors.torch import load_file

    folder = adapter_folder(place, revision)
    config = read_config(folder)
    where = find_base(folder, config, base, base_revision)
    model, processor = open_base(where, dtype, qlora)
    check_fit(folder, config, model)
    made = PeftModel.from_pretrained(model, str(folder), is_trainable=trainable)
    if trainable and is_ours(model):
        keep_float32(made)
        set_peft_model_state_dict(made, load_file(folder / ADAPTER))  # again: loading rounded it to the base's dtype
    return made.train(trainable), _processor(folder, processor, model.config)


def adapter_folder(place: str | os.PathLike[str], revision: str | None = None) -> Path:
    """The folder of an adapter, downloaded where it is a Hub id."""
    folder = Path(place)
    if folder.is_dir():
        if revision is not None:
            raise ValueError(f"{place} is a folder and has no revision {revision!r}; leave it out")
        return folder
    return fetched(str(place), revision_of(str(place), revision))


def open_base(folder: Path, dtype: Any = "auto", qlora: Qlora | None = None) -> tuple[Any, Any]:
    """A whole model and its processor from a folder: ours, or one of the stock families."""
    from transformers import AutoConfig

    import moviellm.training.model as ours

    config = AutoConfig.from_pretrained(folder)
    bits = None
    if qlora is not None:
        from moviellm.training.checkpoints.quantised import quantisation

        bits = quantisation(qlora, config)
    if config.model_type == OURS:
        model = ours.MovieLLMForConditionalGeneration.from_pretrained(folder, dtype=dtype, quantization_config=bits)
        return model, ours.MovieLLMProcessor.from_pretrained(folder)
    from moviellm.training.stock.opening import open_stock

    return open_stock(folder, dtype=dtype, quantisation=bits)


def _processor(folder: Path, of_base: Any, config: Any) -> Any:
    """The adapter's own processor, with the frame settings and the template that it learned by; else the base's."""
    import moviellm.training.model as ours
    from moviellm.training.stock.processing import StockProcessor

    if isinstance(of_base, StockProcessor) and (folder / "chat_template.jinja").is_file():
        from moviellm.training.stock.opening import open_processor

        return open_processor(folder, config=config)
    if isinstance(of_base, ours.MovieLLMProcessor) and (folder / "processor_config.json").is_file():
        return ours.MovieLLMProcessor.from_pretrained(folder)
    return of_base
