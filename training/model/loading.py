"""What a checkpoint must be before it is used: of this architecture, whole, and safetensors.

transformers loads a checkpoint of another architecture with a warning and random weights; here it is a ValueError that
says what came and what to do.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from transformers import PreTrainedConfig

HUB_KEYS = ("revision", "token", "cache_dir", "subfolder", "local_files_only", "force_download")


def check_kind(place: Any, model_type: str, kwargs: Mapping[str, Any]) -> None:
    """Raise where the config at `place` is of another architecture."""
    if place is None or isinstance(kwargs.get("config"), PreTrainedConfig):
        return
    hub = {name: kwargs[name] for name in HUB_KEYS if kwargs.get(name) is not None}
    settings, _ = PreTrainedConfig.get_config_dict(place, **hub)
    found = settings.get("model_type")
    if found != model_type:
        raise ValueError(
            f"{place} holds a `{found}` model, and this is a `{model_type}` one: load it with its own class or "
            "`AutoModelForImageTextToText`, or build on it with `moviellm.training.model.building`."
        )


@contextmanager
def refusals(place: Any) -> Iterator[None]:
    """Say in our words why transformers does not load a checkpoint."""
    try:
        yield
    except OSError as error:
        if "safetensors" not in str(error):
            raise
        raise ValueError(
            f"{place} has no safetensors weights. Pickle checkpoints (.bin, .pt) can run code and are not loaded: "
            "convert them first (`moviellm train convert`)."
        ) from error
    except RuntimeError as error:
        if "ignore_mismatched_sizes" not in str(error):
            raise
        raise ValueError(
            f"{place} has weights of other sizes than its config says: one of the two is another's."
        ) from error


def check_whole(place: Any, info: Mapping[str, Any]) -> None:
    """Raise where weights of the model were not in the checkpoint: they would be random."""
    missing = sorted(info.get("missing_keys") or ())
    if missing:
        few = ", ".join(missing[:4]) + (f" and {len(missing) - 4} more" if len(missing) > 4 else "")
        raise ValueError(f"{place} lacks weights that its config asks for: {few}. They would be random.")
