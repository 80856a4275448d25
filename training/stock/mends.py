"""What two of the seven models lack, added when they are opened: `mend(model)`.

LLaVA-OneVision puts one token behind every film. Its forward finds films by a common number of frames, so a batch of
films of 4 and of 6 frames has no shape. Here such a batch comes frame by frame, (frames, 1, 3, height, width), with
`frames_per_film`: features are made frame by frame, as the model does anyway, and the token goes behind each film.

VideoLLaMA3 has no `logits_to_keep`: it makes scores over the vocabulary for every token of a film that is only read.

Nothing of this is saved with a model, and models without it work as transformers has them.
"""

import functools
import types
from typing import Any

import torch
from transformers.modeling_utils import slice_logits_to_keep


def mend(model: Any) -> None:
    """Add what the model's class lacks, once."""
    if getattr(model, "_moviellm_mended", False):
        return
    model._moviellm_mended = True
    if model.config.model_type == "llava_onevision":
        model.base_model.register_forward_pre_hook(_by_film, with_kwargs=True)
    if model.config.model_type == "video_llama_3":
        _keep_logits(model)


def _by_film(module: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    counts = kwargs.pop("frames_per_film", None)
    if counts is None:
        return args, kwargs
    made = module.get_video_features(kwargs.pop("pixel_values_videos"), return_dict=True)
    tokens, end = made.pooler_output[:, :-1], made.pooler_output[:1, -1]
    films = [part.flatten(0, 1) for part in tokens.split([int(count) for count in counts])]
    made.pooler_output = torch.cat([torch.cat([film, end]) for film in films])[None]
    return args, {**kwargs, "mm_encoder_outputs": {"video": made}}


def _keep_logits(model: Any) -> None:
    """`logits_to_keep` in the model's forward: its output layer gets those positions alone."""
    forward, kept = model.forward, [0]
    model.lm_head.register_forward_pre_hook(lambda head, args: (slice_logits_to_keep(args[0], kept[0]), *args[1:]))

    @functools.wraps(type(model).forward)
    def keeping(self: Any, *args: Any, logits_to_keep: Any = 0, **kwargs: Any) -> Any:
        kept[0] = logits_to_keep
        try:
            return forward(*args, **kwargs)
        finally:
            kept[0] = 0

    model.forward = types.MethodType(keeping, model)
