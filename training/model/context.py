"""Longer rows: the rotary positions of a language model's config, scaled from what it was made for to what is asked.

    lengthen(llama_config, 65_536, "linear")     # positions of 4,096 are interpolated by 16, as LLaMA-VID does

What is already long enough is left alone, so a saved config is not scaled twice.
"""

from typing import Any

ROPE_TYPES = ("linear", "dynamic", "yarn")


def lengthen(text_config: Any, tokens: int | None, rope_type: str) -> None:
    """Scale the rotary positions of `text_config` in place so that rows of `tokens` fit."""
    if rope_type not in ROPE_TYPES:
        raise ValueError(f"`rope_type` is {rope_type!r}: it can be {', '.join(f'`{one}`' for one in ROPE_TYPES)}.")
    made_for = getattr(text_config, "max_position_embeddings", None)
    if tokens is None or (made_for is not None and tokens <= made_for):
        return
    rope = getattr(text_config, "rope_parameters", None)
    scalable = isinstance(rope, dict) and made_for and rope.get("rope_type") in {"default", rope_type}
    if not isinstance(rope, dict) or not made_for or not scalable:
        raise ValueError(
            f"`context_tokens` is {tokens:,}, but positions of a {text_config.model_type} config with "
            f"rope_parameters {rope} cannot be scaled here: set its `rope_parameters` and "
            "`max_position_embeddings` yourself and leave `context_tokens` out."
        )
    first = float(rope.get("original_max_position_embeddings") or made_for / rope.get("factor", 1.0))
    scaled = {**rope, "rope_type": rope_type, "factor": tokens / first}
    if rope_type == "yarn":
        scaled["original_max_position_embeddings"] = int(first)
    text_config.rope_parameters = scaled
    text_config.max_position_embeddings = tokens
