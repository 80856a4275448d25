"""A checkpoint becomes something that answers: `open_model`.

    answerer = open_model("runs/stage3", device="cuda")
    answerer = open_model("org/name", revision="v1.0")

What it is, its config says: a model of ours, a LoRA adapter on one, or one of the stock models of training/stock. Only
safetensors are loaded, and no code that comes with a checkpoint. It trains nothing.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from moviellm.generation.revisions import revision_of
from moviellm.training.ask.answerer import OURS, Answerer
from moviellm.training.ask.refusing import ADAPTER, check_dtype, check_folder
from moviellm.training.ask.revision import local_folder, revision_at


def open_model(
    path_or_id: str, revision: str | None = None, device: str | None = None, dtype: str | None = None
) -> Answerer:
    """Load a model.

    Args:
        path_or_id: Folder of a checkpoint, or its id on the Hub.
        revision: Commit, branch or tag on the Hub; None takes the newest.
        device: `cpu`, `cuda`, ...; None takes the accelerator where there is one.
        dtype: `float32`, `bfloat16` or `float16`; None: as it was saved.

    Raises:
        ValueError: there is no such model, it is of an architecture that is not known here, its weights are pickles
            or incomplete, or it has no chat template.
    """
    folder = local_folder(path_or_id, revision)
    commit = None if folder else revision_of(path_or_id, revision)
    with _bar_for_a_terminal():
        kind, model, processor = _load(str(folder or path_or_id), commit, dtype)
    _check_template(path_or_id, processor)
    model = model.to(device or _best_device()).eval()
    known = commit or (lambda: revision_at(path_or_id))
    return Answerer(model, processor, place=path_or_id, kind=kind, revision=known)


@contextmanager
def _bar_for_a_terminal() -> Iterator[None]:
    """The bar of loaded weights only where somebody sits: in a log it is noise."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled() and not sys.stderr.isatty()
    if shown:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _load(place: str, commit: str | None, dtype: str | None) -> tuple[str, Any, Any]:
    """Kind, model and processor."""
    wanted = _dtype(dtype)
    if _is_adapter(place, commit):
        from moviellm.training.checkpoints.adapters import merge_into
        from moviellm.training.checkpoints.folders import open_adapter

        attached, processor = open_adapter(place, commit, dtype=wanted)
        model = merge_into(attached)
        return str(model.config.model_type), model, processor
    found = _model_type(place, commit)
    if found == OURS:
        return (OURS, *_open_ours(place, commit, wanted))
    from moviellm.training.stock.opening import open_stock

    return (found, *open_stock(place, commit, dtype=wanted))


def _is_adapter(place: str, commit: str | None) -> bool:
    if Path(place).is_dir():
        return (Path(place) / ADAPTER).is_file()
    from transformers.utils import cached_file

    found = cached_file(
        place,
        ADAPTER,
        revision=commit,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_gated_repo=False,
        _raise_exceptions_for_connection_errors=False,
    )
    return found is not None


def _model_type(place: str, commit: str | None) -> str:
    from transformers import PreTrainedConfig

    check_folder(place)
    try:
        settings, _ = PreTrainedConfig.get_config_dict(place, revision=commit)
    except OSError as error:
        raise ValueError(f"{place} has no config that can be read: {_first_line(error)}") from error
    return str(settings.get("model_type") or "(unnamed)")


def _open_ours(place: str, commit: str | None, dtype: Any) -> tuple[Any, Any]:
    import moviellm.training.model as ours

    model = ours.MovieLLMForConditionalGeneration.from_pretrained(place, revision=commit, dtype=dtype)
    return model, ours.MovieLLMProcessor.from_pretrained(place, revision=commit)


def _check_template(place: str, processor: Any) -> None:
    if getattr(processor, "chat_template", None) is None:
        raise ValueError(
            f"{place} has no chat template, so a question cannot be put to it as it learned them: save its processor "
            "with `processor.chat_template` set, or train it with `moviellm train`, which saves one"
        )


def _dtype(name: str | None) -> Any:
    check_dtype(name)
    return "auto" if name is None else name


def _best_device() -> str:
    import torch

    found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return "cpu" if found is None else found.type


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
