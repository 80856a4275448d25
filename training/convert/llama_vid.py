"""LLaMA-VID: what its config and the shapes of its weights say, as a MovieLLMConfig.

A frame is 1 context token, which the Q-Former and the question pick, and n x n content tokens. The tower is EVA's
ViT-g without its last block; it is in a checkpoint, in a file of its own (eva_vit_g.pth), or absent, and then only
features are fed. Variants that this model cannot express are refused by the name of their setting.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moviellm.training.convert.key_map import Rule, rules, under
from moviellm.training.convert.reading import Weights
from moviellm.training.convert.sources import Sources
from moviellm.training.convert.text_model import text_config

NAME = "llama_vid"
IN_CHECKPOINT = "model.vision_tower.vision_tower."
EVA_HEAD, EVA_BLOCKS = 88, 39
"""Width of a head of EVA's ViT-g, and how many of its 40 blocks LLaMA-VID takes."""
EVA_GRID = 16
"""Patches of a side at 224 pixels."""
BERT_HEAD = 64
PROJECTORS = {"linear": "linear", "mlp2x_gelu": "mlp2x_gelu"}


def understand(
    raw: Mapping[str, Any], sources: Sources, tower: Path | None
) -> tuple[Any, tuple[Rule, ...], list[str]]:
    """Config, key map, and what is worth knowing."""
    from transformers import InstructBlipVideoQFormerConfig

    from moviellm.training.model.configuration import MovieLLMConfig

    _refuse(raw, sources)
    vision, tower_rules, notes = _tower(sources, tower)
    width = sources.shapes["model.vlm_att_key_projector.weight"][0]
    qformer = _qformer(sources)
    text = text_config(raw, sources)
    projector = "linear" if "model.mm_projector.weight" in sources.shapes else "mlp2x_gelu"
    config = MovieLLMConfig(
        vision_config=vision,
        text_config=text,
        guide_config=InstructBlipVideoQFormerConfig(**qformer, encoder_hidden_size=width),
        compressor="context_content",
        guide="qformer",
        guide_queries=sources.shapes["model.vlm_att_query"][1],
        pool_side=_side(raw.get("compress_type"), vision),
        projector=projector,
        feature_size=width,
        vision_layer=-1,
        time="none",
        frame_token_id=text.vocab_size - 1,
        tie_word_embeddings=text.tie_word_embeddings,
    )
    return config, (*rules("llama", "projector", "llama_vid"), *tower_rules), notes


def _refuse(raw: Mapping[str, Any], sources: Sources) -> None:
    """What LLaMA-VID can be set to and this model cannot express."""
    kind = str(raw.get("bert_type") or "qformer_pretrain")
    if "qformer_pretrain" not in kind:
        raise ValueError(
            f"`bert_type` is {kind!r}: only the Q-Former (`qformer_pretrain`, frozen or not) is converted."
        )
    if "model.vlm_att_bert_proj.weight" in sources.shapes:
        raise ValueError(
            "This LLaMA-VID has `vlm_att_bert_proj`, a layer between its tower and the Q-Former that this model does "
            "not have: variants with a CLIP tower are not converted."
        )
    type_ = str(raw.get("mm_projector_type") or "mlp2x_gelu")
    if type_ not in PROJECTORS:
        raise ValueError(f"`mm_projector_type` is {type_!r}: it can be {', '.join(PROJECTORS)}.")
    select = raw.get("mm_vision_select_feature") or "patch"
    if select != "patch":
        raise ValueError(f"`mm_vision_select_feature` is {select!r}: it can be `patch`.")
    lacking = [name for name in _ESSENTIAL if name not in sources.shapes]
    if lacking:
        raise ValueError(f"The checkpoint has no {', '.join(lacking)}: it is no whole LLaMA-VID.")


_BERT = "model.vlm_att_encoder.bert."
_WORDS = f"{_BERT}embeddings.word_embeddings.weight"
_PLACES = f"{_BERT}embeddings.position_embeddings.weight"
_MIDDLE = f"{_BERT}encoder.layer.0.intermediate_query.dense.weight"
_ESSENTIAL = ("model.vlm_att_query", "model.vlm_att_key_projector.weight", _WORDS, _PLACES, _MIDDLE)


def _qformer(sources: Sources) -> dict[str, Any]:
    """The Q-Former's sizes, read off its weights; BERT's head is 64 wide."""
    shapes = sources.shapes
    words, width = shapes[_WORDS]
    layers = {name.split(".")[5] for name in shapes if name.startswith(f"{_BERT}encoder.layer.")}
    return {
        "vocab_size": words,
        "hidden_size": width,
        "num_hidden_layers": len(layers),
        "num_attention_heads": max(width // BERT_HEAD, 1),
        "intermediate_size": shapes[_MIDDLE][0],
        "max_position_embeddings": shapes[_PLACES][0],
        "cross_attention_frequency": 2,
    }


def _tower(sources: Sources, tower: Path | None) -> tuple[Any, tuple[Rule, ...], list[str]]:
    """Config and rules of the tower: of the file, of the one in the checkpoint, or of none."""
    inside = any(name.startswith(IN_CHECKPOINT) for name in sources.shapes)
    if inside and tower is not None:
        raise ValueError("The checkpoint has its own vision tower: leave --tower out.")
    if not inside and tower is None:
        return None, (), ["no vision tower: the model takes features, not pictures; give eva_vit_g.pth with --tower"]
    if tower is not None:
        sources.add(Weights.of_folder(tower) if tower.is_dir() else Weights([tower]), "the tower")
    prefix = IN_CHECKPOINT if inside else ""
    there = {name.removeprefix(prefix): shape for name, shape in sources.shapes.items() if name.startswith(prefix)}
    vision, lines = eva(there, prefix)
    return vision, lines, []


def eva(there: Mapping[str, tuple[int, ...]], prefix: str) -> tuple[Any, tuple[Rule, ...]]:
    """Config and rules of EVA's ViT-g, without what LLaMA-VID leaves out of it."""
    blocks = sorted({int(name.split(".")[1]) for name in there if name.startswith("blocks.")})
    if "cls_token" not in there or "pos_embed" not in there or not blocks:
        raise ValueError("The vision tower is no EVA ViT: it has no `cls_token`, `pos_embed` and `blocks.*`.")
    extra = [block for block in blocks if block >= EVA_BLOCKS]
    why = "LLaMA-VID takes 39 of the 40 blocks of EVA's ViT-g"
    cut = tuple(Rule((f"blocks.{block}.{{rest}}",), None, why) for block in extra)
    return _eva_config(there, len(blocks) - len(extra)), under(prefix, (*cut, *rules("eva")))


def _eva_config(there: Mapping[str, tuple[int, ...]], blocks: int) -> Any:
    from transformers import InstructBlipVideoVisionConfig

    width = there["cls_token"][-1]
    patch = there["patch_embed.proj.weight"][-1]
    grid = math.isqrt(there["pos_embed"][1] - 1)
    return InstructBlipVideoVisionConfig(
        hidden_size=width,
        intermediate_size=there["blocks.0.mlp.fc1.weight"][0],
        num_hidden_layers=blocks,
        num_attention_heads=max(width // EVA_HEAD, 1),
        patch_size=patch,
        image_size=grid * patch,
        hidden_act="gelu",
        layer_norm_eps=1e-6,
        qkv_bias=True,
    )


def _side(kind: str | None, vision: Any) -> int:
    """n of the n x n content tokens: 1 for `mean`, n for `grid:n`, all patches where it is not set."""
    grid = vision.image_size // vision.patch_size if vision is not None else EVA_GRID
    if kind is None or kind == "mean":
        return 1 if kind else grid
    side = int(kind.removeprefix("grid:")) if kind.startswith("grid:") and kind[5:].isdigit() else 0
    if side < 2:
        raise ValueError(f"`compress_type` is {kind!r}: it can be `mean` or `grid:N`, N at least 2.")
    if grid % side:
        raise ValueError(
            f"`compress_type` is {kind!r} on {grid} x {grid} patches: the original then leaves patches out, which "
            f"this model does not; N must divide {grid}."
        )
    return side
