"""VTimeLLM as a MovieLLMConfig: a frame is one token, the CLS of CLIP's ViT-L/14 in its joint space, projected.

Its stages are files of their own: a projector, then LoRA adapters that are merged one after the other into Vicuna. The
tower is CLIP's as transformers has it (a folder with config.json), or absent, and then only features are fed. The
ChatGLM variant is refused: its language model is none that transformers ships.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moviellm.training.convert.folders import config_of
from moviellm.training.convert.key_map import Rule, rules
from moviellm.training.convert.reading import Weights
from moviellm.training.convert.sources import Sources
from moviellm.training.convert.text_model import text_config

NAME = "vtimellm"
PATCH_WIDTH = 1024
"""Width of a patch of CLIP's ViT-L/14: what projectors of Video-ChatGPT and the first LLaVA take."""


def understand(
    raw: Mapping[str, Any], sources: Sources, tower: Path | None
) -> tuple[Any, tuple[Rule, ...], list[str]]:
    """Config, key map, and what is worth knowing."""
    from moviellm.training.model.configuration import MovieLLMConfig

    width = sources.shapes["model.mm_projector.weight"][1]
    if width == PATCH_WIDTH:
        raise ValueError(
            f"The projector takes features of width {width}: it is Video-ChatGPT's or LLaVA's, not VTimeLLM's (768). "
            "Video-ChatGPT's tokens are averages over all frames, which no compressor here makes: not converted."
        )
    vision, notes = None, ["no vision tower: the model takes features, not pictures; give CLIP's folder with --tower"]
    if tower is not None:
        vision, notes = _clip(tower, width), []
        sources.add(Weights.of_folder(tower), "the tower")
    text = text_config(raw, sources)
    config = MovieLLMConfig(
        vision_config=vision,
        text_config=text,
        compressor="cls",
        cls_from="projected",
        projector="linear",
        feature_size=width,
        time="none",
        frame_token_id=text.vocab_size - 1,
        tie_word_embeddings=text.tie_word_embeddings,
    )
    lines = rules("llama", "projector") + (rules("clip") if vision is not None else ())
    return config, lines, notes


def _clip(folder: Path, width: int) -> Any:
    """The vision config of CLIP's folder."""
    from transformers import CLIPVisionConfig

    raw = config_of(folder)
    if raw.get("model_type") not in {"clip", "clip_vision_model"}:
        raise ValueError(f"The tower in {folder} is a {raw.get('model_type')!r}: VTimeLLM's is CLIP's ViT-L/14.")
    parts = dict(raw.get("vision_config") or raw)
    if raw.get("projection_dim"):
        parts["projection_dim"] = raw["projection_dim"]
    config = CLIPVisionConfig(**{key: parts[key] for key in _CLIP_KEYS if key in parts})
    if config.projection_dim != width:
        raise ValueError(
            f"The tower in {folder} gives features of width {config.projection_dim} and the projector takes {width}: "
            "it is another CLIP than the one it was trained with."
        )
    return config


_CLIP_KEYS = (
    "hidden_size",
    "intermediate_size",
    "projection_dim",
    "num_hidden_layers",
    "num_attention_heads",
    "image_size",
    "patch_size",
    "hidden_act",
    "layer_norm_eps",
)
