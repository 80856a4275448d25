"""Films of different lengths in one batch, for the one family whose model takes only films of one length.

    let_frame_counts_differ(model)      # LLaVA-OneVision; others are left as they are

LLaVA-OneVision puts one token behind every film. Its forward finds films by a common number of frames, so a batch of
films of 4 and of 6 frames has no shape. Here such a batch comes frame by frame, (frames, 1, 3, height, width), with
`frames_per_film`; features are made frame by frame, as the model makes them anyway, and the token is put behind each
film.
"""

from typing import Any

import torch


def let_frame_counts_differ(model: Any) -> None:
    """Teach a LLaVA-OneVision, once, to take `frames_per_film`."""
    if model.config.model_type != "llava_onevision" or getattr(model.base_model, "_moviellm_mixed", False):
        return
    model.base_model._moviellm_mixed = True
    model.base_model.register_forward_pre_hook(_by_film, with_kwargs=True)


def _by_film(module: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    counts = kwargs.pop("frames_per_film", None)
    if counts is None:
        return args, kwargs
    frames = kwargs.pop("pixel_values_videos")
    made = module.get_video_features(frames, return_dict=True)
    tokens, end = made.pooler_output[:, :-1], made.pooler_output[:1, -1]
    films = [part.flatten(0, 1) for part in tokens.split([int(count) for count in counts])]
    made.pooler_output = torch.cat([torch.cat([film, end]) for film in films])[None]
    return args, {**kwargs, "mm_encoder_outputs": {"video": made}}
