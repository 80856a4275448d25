"""Frozen weights in few bits for QLoRA, by bitsandbytes: the language model's linear layers, and nothing else.

    settings = LoraSettings(qlora=Qlora())
    model = AutoModelForImageTextToText.from_pretrained(base, quantization_config=quantisation(settings.qlora, config))
    model = attach(model, settings)

Tower, projector, head and norms stay as they are loaded. bitsandbytes runs on GPUs, and slowly on a CPU. What is
trained goes into an adapter for the *base*, whose own weights stay whole: `moviellm train merge` merges into those.
"""

import re
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from moviellm.training.checkpoints.adapters import Qlora, language_model_of

INSTALL = "pip install 'moviellm[qlora]'"


def check_bitsandbytes() -> None:
    """Raise where bitsandbytes is not there, or does not load."""
    if find_spec("bitsandbytes") is None:
        raise ValueError(
            f"QLoRA keeps the base in few bits by bitsandbytes, which is not installed: {INSTALL}; or leave `qlora` "
            "out and train LoRA on the whole weights."
        )
    try:
        import_module("bitsandbytes")
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"bitsandbytes is installed and does not load here ({first}): see `python -m bitsandbytes`, or leave "
            "`qlora` out."
        ) from error


def quantisation(settings: Qlora, config: Any) -> Any:
    """What `from_pretrained` takes as `quantization_config` for a model of this config.

    Raises:
        ValueError: bitsandbytes is not there.
    """
    check_bitsandbytes()
    import torch
    from transformers import BitsAndBytesConfig

    skipped = [f"(?!{re.escape(_language_model_name(config))}\\.).*"]
    if settings.bits == 8:
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=skipped)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=settings.quant_type,
        bnb_4bit_use_double_quant=settings.double_quant,
        bnb_4bit_compute_dtype=getattr(torch, settings.compute_dtype),
        llm_int8_skip_modules=skipped,
    )


def _language_model_name(config: Any) -> str:
    """What the language model of a config is called, from a model without weights."""
    import torch
    from transformers import AutoModelForImageTextToText

    import moviellm.training.model  # noqa: F401 registers ours

    with torch.device("meta"):
        return language_model_of(AutoModelForImageTextToText.from_config(config))[0]
