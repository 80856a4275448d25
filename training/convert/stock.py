"""The same weights as a class that transformers ships, where there is one that computes the same.

    express(model, "llava_next_video", image_id).save_pretrained(folder)
    LlavaNextVideoForConditionalGeneration.from_pretrained(folder)

`llava_next_video` pools patches over squares and projects them, as `pool` does: with a stride of the grid's side a
frame is one token. `llava` takes every patch. What neither can express is refused by the name of the setting. It
writes no files of a processor: see stock_files.py.
"""

from dataclasses import dataclass
from typing import Any

from moviellm.training.convert.key_map import GROWING

CLASSES = ("llava_next_video", "llava")
NO_CLS_CLASS = (
    "no class that transformers ships takes the CLS of a frame alone; train with `compressor` `pool` and `pool_side` "
    "1, which is one token a frame too"
)

OTHERS = {
    "llava_onevision": "it projects patches before it pools them, and adds a token after every film",
    "smolvlm": "it puts patches side by side instead of averaging them",
    "internvl": "it puts patches side by side instead of averaging them",
    "video_llama_3": "it has a tower of its own",
    "qwen2_5_vl": "it has a tower of its own",
    "qwen3_vl": "it has a tower of its own",
}
"""Why other classes compute something else."""


@dataclass(frozen=True)
class Seen:
    """What a tower gives."""

    grid: int
    """Patches of a side."""
    has_cls: bool


def express(model: Any, as_: str, image_id: int) -> Any:
    """A stock model that shares the tensors of ours, to be saved: what it computes from its config is not there.

    Args:
        image_id: the token of a picture; llava_next_video has one beside that of a film, and the tables of words get a
            row for it where they have none.

    Raises:
        ValueError: a setting that the class cannot express.
    """
    import torch

    seen = refuse(model, as_)
    made, config = _classes(as_)
    settings = _common(model.config, seen)
    if as_ == "llava_next_video":
        settings |= {"spatial_pool_stride": seen.grid // model.config.pool_side, "spatial_pool_mode": "average"}
        settings |= {"video_token_index": model.config.frame_token_id, "image_token_index": image_id}
    else:
        settings |= {"image_token_index": model.config.frame_token_id, "image_seq_length": seen.grid**2}
    settings["text_config"]["vocab_size"] = max(settings["text_config"]["vocab_size"], image_id + 1)
    with torch.device("meta"):
        stock = made(config(**settings))
    stock.load_state_dict(_weights(model, stock), strict=True, assign=True)
    stock.tie_weights()
    stock.generation_config = model.generation_config
    return stock.eval()


def refuse(model: Any, as_: str) -> Seen:
    """What the tower gives; a ValueError with every setting that cannot be expressed."""
    if as_ not in CLASSES:
        why = f" ({as_}: {OTHERS[as_]})" if as_ in OTHERS else ""
        raise ValueError(f"`--as` is {as_!r}: it can be {' or '.join(CLASSES)}{why}.")
    config, text = model.config, model.config.text_config
    faults = []
    if config.compressor == "cls":
        faults.append(f"`compressor` is `cls`: {NO_CLS_CLASS}")
    if config.compressor == "context_content":
        faults.append("`compressor` is `context_content`: its tokens depend on the question, in no stock class")
    if config.feature_norm:
        faults.append("`feature_norm` is set: no stock class norms features before it pools them")
    if config.time == "additive":
        faults.append("`time` is `additive`: no stock class adds times to frames; train with `text` or `none`")
    if config.vision_config is None:
        faults.append("there is no vision tower, and stock classes take no features")
    if config.head_bias:
        faults.append("the language model's head has a bias")
    scaled = [
        name for name in ("logit_scale", "logits_scaling", "final_logit_softcapping") if getattr(text, name, None)
    ]
    if scaled:
        faults.append(f"the language model changes its logits (`{scaled[0]}`)")
    if faults:
        raise ValueError(f"This checkpoint cannot be a {as_}: {'; '.join(faults)}.")
    seen = look(model)
    side = int(config.pool_side)
    if as_ == "llava" and side != seen.grid:
        raise ValueError(
            f"This checkpoint cannot be a llava: `pool_side` is {side} and llava takes every one of {seen.grid} x "
            f"{seen.grid} patches; export it as llava_next_video."
        )
    if seen.grid % side:
        fitting = [str(one) for one in range(1, seen.grid + 1) if not seen.grid % one]
        raise ValueError(
            f"This checkpoint cannot be a {as_}: `pool_side` is {side} and the tower sees {seen.grid} x {seen.grid} "
            f"patches, which {as_} pools in whole squares only; `pool_side` can be {', '.join(fitting)}."
        )
    return seen


def look(model: Any) -> Seen:
    """What the tower gives for one frame, found out on the meta device."""
    import torch

    from moviellm.training.model.compressors import split_features
    from moviellm.training.model.towers import Tower

    vision = model.config.vision_config
    with torch.device("meta"):
        states = Tower(model.config)(torch.empty(1, 3, vision.image_size, vision.image_size))
    cls, patches = split_features(states)
    return Seen(round(patches.shape[1] ** 0.5), cls is not None)


def _classes(as_: str) -> tuple[Any, Any]:
    import transformers

    if as_ == "llava":
        return transformers.LlavaForConditionalGeneration, transformers.LlavaConfig
    return transformers.LlavaNextVideoForConditionalGeneration, transformers.LlavaNextVideoConfig


def _common(config: Any, seen: Seen) -> dict[str, Any]:
    return {
        "vision_config": config.vision_config.to_dict(),
        "text_config": config.text_config.to_dict(),
        "vision_feature_layer": config.vision_layer,
        "vision_feature_select_strategy": "default" if seen.has_cls else "full",
        "projector_hidden_act": "gelu" if config.projector == "mlp2x_gelu" else "linear",
        "multimodal_projector_bias": True,
        "tie_word_embeddings": config.tie_word_embeddings,
        "dtype": str(config.dtype).removeprefix("torch.") if config.dtype is not None else None,
    }


def _weights(model: Any, stock: Any) -> dict[str, Any]:
    """Our weights under the class's names; a linear projector's second layer is the identity."""
    import torch

    ours = model.state_dict()
    weights = {}
    for name, tensor in ours.items():
        name = name.replace("model.vision_tower.encoder.", "model.vision_tower.", 1)
        name = name.replace("model.compressor.projector.0.", "model.multi_modal_projector.linear_1.", 1)
        name = name.replace("model.compressor.projector.2.", "model.multi_modal_projector.linear_2.", 1)
        name = name.replace("model.compressor.projector.", "model.multi_modal_projector.linear_1.", 1)
        weights[name] = tensor
    wanted = stock.state_dict()
    for name in [one for one in weights if one.endswith(GROWING) and weights[one].shape != wanted[one].shape]:
        table = weights[name]
        rows = wanted[name].shape[0] - table.shape[0]
        mean = table.mean(0, keepdim=True, dtype=torch.float32).to(table.dtype)
        weights[name] = torch.cat([table, mean.expand(rows, -1)])
    kind = {"dtype": model.dtype, "device": model.device}
    if (
        "model.image_newline" in wanted
    ):  # used between rows of patches of pictures, which this checkpoint knows none of
        weights["model.image_newline"] = torch.zeros(wanted["model.image_newline"].shape, **kind)
    if model.config.projector == "linear":
        width = int(model.config.text_config.hidden_size)
        weights["model.multi_modal_projector.linear_2.weight"] = torch.eye(width, **kind)
        weights["model.multi_modal_projector.linear_2.bias"] = torch.zeros(width, **kind)
    return weights
