"""Which decoders can share a movie, and how: `lead_in = share_movies(model)`.

    lead_in = share_movies(model)                   # 0 for attention alone; LFM2: (kernel - 1) x convolutions
    layout = lay_out(movie_ids, turns, lead_in)

Llama- and Qwen-type decoders share exactly, with sliding windows too; decoders with short convolutions (LFM2) with a
lead-in before each turn. Decoders that carry a state from token to token (Mamba, linear attention) are refused for
training, because a turn would read the state that the turn before it left; they can answer (`answering.py`), where
each question starts from a copy of the state. Frames that depend on the question (`context_content`) are refused:
there is no movie to share.

What a config does not tell, a trial does: some random tokens run shared and apart through the model itself.
"""

from typing import Any

import torch

from moviellm.training.shared.attention import decoder_of, lead_in_with_frames, share_attention
from moviellm.training.shared.batch import stack
from moviellm.training.shared.layout import Turn, apart, lay_out

SEES_ALL = ("full_attention", "sliding_attention")
"""Layer types that see by the mask alone."""
TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-4}
"""Largest difference in the trial, of the largest hidden value; half precision: 0.05."""


def share_movies(model: Any, spatial: bool = False) -> int:
    """Prepares a model for shared movies; returns the lead-in that its turns need, for `lay_out` and the collator.

    `spatial`: examples say their `movie_positions`, which models with positions in time, height and width need
    (Qwen3-VL: `model.model.get_rope_index` of the movie's part). Call it before the model is wrapped for several
    devices. Raises ValueError, with the reason, for a model that cannot share a movie exactly.
    """
    lead_in = lead_in_of(model.config)
    if not spatial and "mrope_section" in (getattr(model.config.get_text_config(), "rope_parameters", None) or {}):
        raise ValueError(
            f"{type(model).__name__} counts positions of frames in time, height and width: give each example its "
            "`movie_positions`, from the model's get_rope_index, and call share_movies with spatial=True"
        )
    if getattr(decoder_of(model), "_is_stateful", False):
        raise ValueError(_reason(type(model).__name__, "a state"))
    share_attention(model)
    if lead_in:
        lead_in_with_frames(model)
    _try(model, lead_in)
    return lead_in


def lead_in_of(config: Any) -> int:
    """Tokens to copy before each turn, by the config; ValueError for what is known not to be exact."""
    refuse_guided_frames(config)
    text = config.get_text_config()
    layers = list(getattr(text, "layer_types", None) or [])
    strange = sorted(set(layers) - {*SEES_ALL, "conv"})
    if strange:
        raise ValueError(_reason(text.model_type, f"layers of type {', '.join(strange)}"))
    if "conv" not in layers:
        return 0
    kernel = getattr(text, "conv_L_cache", None)
    if kernel is None:
        raise ValueError(_reason(text.model_type, "convolutions of a width that its config does not tell"))
    return (int(kernel) - 1) * layers.count("conv")


def refuse_guided_frames(config: Any) -> None:
    """ValueError when a frame's tokens depend on the question."""
    if getattr(config, "compressor", None) == "context_content":
        raise ValueError(
            "the compressor context_content makes a movie's frames anew for every question, so there is nothing to "
            "share: use pool or cls, or one question a row"
        )


def sees_by_mask(config: Any) -> bool:
    """Whether all layers are attention; otherwise a question's answer needs a copy of the decoder's state."""
    return set(getattr(config.get_text_config(), "layer_types", None) or SEES_ALL) <= set(SEES_ALL)


def _reason(who: str, what: str) -> str:
    return (
        f"{who} has {what}, which would carry one question's words into the next: use a decoder of attention, such as "
        "Llama or Qwen3, or of attention and short convolutions, such as LFM2, or train one question a row"
    )


@torch.no_grad()
def _try(model: Any, lead_in: int) -> None:
    """Random tokens through the decoder, shared and apart; ValueError when their hidden states differ."""
    decoder = decoder_of(model)
    table = model.get_input_embeddings().weight
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(0, table.shape[0], (lead_in + 40,), generator=draw).tolist()
    turns = [Turn(ids[:7]), Turn(ids[7:12]), Turn(ids[12:18], turn_of=0), Turn(ids[18:25])]
    layout = lay_out(ids[: lead_in + 12], turns, lead_in)
    batch = {name: torch.from_numpy(array).to(table.device) for name, array in stack([[layout]], pad_id=0).items()}
    del batch["labels"]
    training = decoder.training
    decoder.eval()
    try:
        shared = decoder(**batch, use_cache=False)[0]
        for number, (row, _) in enumerate(apart(layout)):
            alone = decoder(input_ids=torch.from_numpy(row)[None].to(table.device), use_cache=False)[0]
            own = torch.from_numpy(layout.turns == number).to(table.device)
            gap = (shared[0, own] - alone[0, -int(own.sum()) :]).abs().max() / alone.abs().max()
            if not gap < TOLERANCE.get(shared.dtype, 0.05):
                raise ValueError(
                    f"{type(decoder).__name__} does not read shared movies exactly: hidden states are off by "
                    f"{float(gap):.1e} of their size; train one question a row"
                )
    finally:
        decoder.train(training)
