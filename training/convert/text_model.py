"""The language model of an original: a Llama's config from its config.json, with a place for our placeholder."""

from collections.abc import Mapping
from typing import Any

from moviellm.training.convert.sources import Sources

KEPT = (
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "hidden_act",
    "rms_norm_eps",
    "initializer_range",
    "attention_bias",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
)
NEEDED = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")


def text_config(raw: Mapping[str, Any], sources: Sources) -> Any:
    """LlamaConfig of a base or of a whole checkpoint, its vocabulary one longer than the base's table.

    Rows that were interpolated (`rope_scaling`) keep their factor, and positions tell what fits with it.
    """
    from transformers import LlamaConfig

    kind = raw.get("model_type")
    lacking = [name for name in NEEDED if name not in raw]
    if kind not in {"llama", "llava", "VTimeLLM"} or lacking:
        raise ValueError(
            f"The language model is of the architecture {(raw.get('architectures') or [kind])[0]!r}"
            + (f" and its config has no {', '.join(lacking)}" if lacking else "")
            + ": the published checkpoints of LLaMA-VID and VTimeLLM that are converted are built on Llama (Vicuna)."
        )
    config = LlamaConfig(**{name: raw[name] for name in KEPT if raw.get(name) is not None})
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": float(raw.get("rope_theta") or 10_000.0)}
    positions = int(raw.get("max_position_embeddings") or 2048)
    scaling = raw.get("rope_scaling")
    if scaling:
        kind = scaling.get("rope_type") or scaling.get("type")
        if kind != "linear":
            raise ValueError(f"`rope_scaling` of type {kind!r}: the originals interpolate, `linear`.")
        factor = float(scaling["factor"])
        rope |= {"rope_type": "linear", "factor": factor}
        positions = int(positions * factor)
    config.rope_parameters = rope
    config.max_position_embeddings = positions
    config.vocab_size = sources.shapes["model.embed_tokens.weight"][0] + 1
    config.tie_word_embeddings = "lm_head.weight" not in sources.shapes
    return config
