"""The attention of a shared movie, as an attention implementation of transformers: `share_attention(model)`.

    share_attention(model)                      # any decoder of transformers that takes attention implementations
    model(input_ids=..., position_ids=..., attention_mask=sees, labels=...)     # a batch of `batch.stack`

`sees` is 4-D, which the library hands to the layers as it is, and of whole numbers, by which it is known here. On
CUDA it becomes the block mask of flex attention, elsewhere blocks of SDPA (`plan.py`), and for short rows in
bfloat16 one mask of pairs; a long row never has one. A mask of 32-bit whole numbers says how far before a query each
key stands, below 0 where it does not see it: what `answering.py` gives. Every other mask goes to the library's own
SDPA, so plain rows, `generate` and evaluation work as before. Layers with a sliding window see by positions: the
window counts along the way to a turn, not across the sequence.

The blocks are worked out once a batch and kept on the mask. Attention dropout is refused: it would fall otherwise on
a shared movie than on the movie read many times.
"""

from typing import Any

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention

from moviellm.training.shared.plan import plan, tiles

NAME = "moviellm_shared"
"""Under this name transformers knows the implementation."""
TILE = 128
"""Side of a tile of flex attention."""
SHORT = 384
"""Tokens up to which, in bfloat16 and without CUDA, two products over all pairs cost less than many small blocks."""


def share_attention(model: Any) -> None:
    """Lets the model's decoder read shared movies; a vision tower keeps the attention it has.

    Raises ValueError for a model whose class takes no attention implementation.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(NAME, shared_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    part = decoder_of(model)
    if part.config._attn_implementation == NAME:
        return
    part.set_attn_implementation(NAME)
    if part.config._attn_implementation != NAME:
        raise ValueError(f"{type(part).__name__} takes no attention implementation: use a decoder that does")


def lead_in_with_frames(model: Any) -> None:
    """Copies before a turn get their originals' embeddings: those of frames are known only behind the ids."""
    decoder = decoder_of(model)
    if not getattr(decoder, "_moviellm_originals", False):
        decoder._moviellm_originals = True
        decoder.register_forward_pre_hook(_originals, with_kwargs=True)


def _originals(module: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    sees, embeds = kwargs.get("attention_mask"), kwargs.get("inputs_embeds")
    if embeds is None or not isinstance(sees, torch.Tensor) or sees.dtype != torch.int64 or sees.ndim != 4:
        return None
    originals = sees[:, 0, 0, :, None].expand(-1, -1, embeds.shape[-1])
    return args, {**kwargs, "inputs_embeds": embeds.gather(1, originals)}


def decoder_of(model: Any) -> Any:
    """The language model within a model that also looks, or the model itself."""
    get = getattr(model, "get_decoder", None)
    decoder = get() if get is not None else None
    return decoder if decoder is not None and hasattr(decoder, "set_attn_implementation") else model


def shared_attention(
    module: Any, query: Any, key: Any, value: Any, attention_mask: Any, dropout: float = 0.0, **kwargs: Any
) -> tuple[Any, None]:
    """Attention of one layer; query (rows, heads, tokens, width), key and value with the layer's own heads."""
    window, scale = kwargs.get("sliding_window"), kwargs.get("scaling")
    if attention_mask is not None and attention_mask.dtype == torch.int32:
        _refuse_extras(module, kwargs)
        mask = _kept(attention_mask, ("near", window), lambda: _near(attention_mask, window))
        return _over_own_heads(query, key, value, mask, scale).transpose(1, 2).contiguous(), None
    if attention_mask is None or attention_mask.dtype != torch.int64:
        from transformers.integrations.sdpa_attention import sdpa_attention_forward

        result: tuple[Any, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, **kwargs
        )
        return result
    _check(module, key, attention_mask, dropout, kwargs)
    if _at_once(query):
        pairs = _kept(attention_mask, ("pairs", window), lambda: _pairs(attention_mask, window))
        out = _over_pairs(query, key, value, pairs, scale)
    elif _by_tiles(query):
        tiled = _kept(attention_mask, ("tiles", window), lambda: block_mask(attention_mask, window))
        out = _tiled(query, key, value, tiled, scale, module.training)
    else:
        blocks = _kept(attention_mask, ("blocks", window), lambda: _blocks(attention_mask, window))
        out = _blockwise(query, key, value, blocks, scale)
    return out.transpose(1, 2).contiguous(), None


def _by_tiles(query: Any) -> bool:
    """Flex attention has no backward on the CPU."""
    return bool(query.device.type == "cuda")


def _at_once(query: Any) -> bool:
    """Whether all pairs of a short row are worth it: in bfloat16, by the tensors or by autocast."""
    if _by_tiles(query) or query.shape[2] > SHORT:
        return False
    return query.dtype == torch.bfloat16 or torch.is_autocast_enabled(query.device.type)


def _check(module: Any, key: Any, sees: Any, dropout: float, kwargs: dict[str, Any]) -> None:
    if dropout:
        raise ValueError("attention dropout falls otherwise on a shared movie: set attention_dropout to 0")
    _refuse_extras(module, kwargs)
    if key.shape[2] != sees.shape[-1]:
        raise ValueError(
            f"{key.shape[2]} keys and a mask of {sees.shape[-1]} tokens: no cache while a movie is shared"
        )


def _refuse_extras(module: Any, kwargs: dict[str, Any]) -> None:
    for name in ("softcap", "position_bias", "s_aux"):
        if kwargs.get(name) is not None:
            raise ValueError(
                f"{type(module).__name__} uses {name}, which the attention of shared movies does not know: "
                "train and ask one question a row"
            )


def _kept(sees: Any, name: Any, make: Any) -> Any:
    """What was worked out from this mask, kept on it: layers, and checkpointed layers again, ask for the same."""
    kept: dict[Any, Any] = sees.__dict__.setdefault("_moviellm_kept", {})
    if name not in kept:
        kept[name] = make()
    return kept[name]


def _pairs(sees: Any, window: int | None) -> Any:
    """(rows, 1, tokens, tokens): which query sees which key; for short rows."""
    sees_to, seen_until, positions = (sees[:, :, part] for part in range(3))
    at = torch.arange(sees.shape[-1], device=sees.device)
    seen = (at <= sees_to[..., None]) & (at[:, None] < seen_until[..., None, :])
    return seen if window is None else seen & (positions[..., None, :] > positions[..., None] - window)


def _over_pairs(query: Any, key: Any, value: Any, seen: Any, scale: float | None) -> Any:
    """Attention of all rows at once, as two products: SDPA with a mask has a slow backward on a CPU."""
    repeat = query.shape[1] // key.shape[1]
    if repeat > 1:
        key, value = key.repeat_interleave(repeat, dim=1), value.repeat_interleave(repeat, dim=1)
    weights = (query * (query.shape[-1] ** -0.5 if scale is None else scale)) @ key.transpose(-1, -2)
    weights = weights.masked_fill(~seen, torch.finfo(weights.dtype).min)
    return weights.softmax(-1).to(value.dtype) @ value


def _blocks(sees: Any, window: int | None) -> list[list[tuple[int, int, Any, Any]]]:
    def tensor(array: Any) -> Any:
        return None if array is None else torch.from_numpy(array).to(sees.device)

    return [
        [(block.start, block.end, tensor(block.keys), tensor(block.mask)) for block in plan(row[0], window)]
        for row in sees.cpu().numpy()
    ]


def _blockwise(
    query: Any, key: Any, value: Any, rows: list[list[tuple[int, int, Any, Any]]], scale: float | None
) -> Any:
    """SDPA of each block; (rows, heads, tokens, width)."""
    repeat = query.shape[1] // key.shape[1]
    outs = []
    for number, blocks in enumerate(rows):
        here = slice(number, number + 1)
        parts = []
        for start, end, keys, mask in blocks:
            if keys is None:
                k, v = key[here, :, start:end], value[here, :, start:end]
            else:
                k, v = key[here].index_select(2, keys), value[here].index_select(2, keys)
            if repeat > 1:
                k, v = k.repeat_interleave(repeat, dim=1), v.repeat_interleave(repeat, dim=1)
            q = query[here, :, start:end]
            parts.append(scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=keys is None, scale=scale))
        outs.append(torch.cat(parts, dim=2))
    return torch.cat(outs)


def _near(distances: Any, window: int | None) -> Any:
    """Pairs that see each other, from how far apart they stand; below 0: they do not."""
    seen = distances >= 0
    return seen if window is None else seen & (distances < window)


def _over_own_heads(query: Any, key: Any, value: Any, mask: Any, scale: float | None) -> Any:
    """SDPA of few queries over many keys: queries of heads that share keys stand in one row, keys are not repeated."""
    heads, tokens, width = query.shape[1:]
    repeat = heads // key.shape[1]
    rows = query.reshape(len(query), key.shape[1], repeat * tokens, width)
    out = scaled_dot_product_attention(rows, key, value, attn_mask=mask.repeat(1, 1, repeat, 1), scale=scale)
    return out.reshape(len(query), heads, tokens, width)


def block_mask(sees: Any, window: int | None = None) -> Any:
    """The mask as flex attention takes it, made from bounds of tiles: no array of all pairs on the way."""
    from torch.nn.attention.flex_attention import BlockMask

    pairs = [tiles(row[0], TILE, window) for row in sees.cpu().numpy()]
    mixed = _ordered(np.stack([mixed for mixed, _ in pairs]), sees.device)
    full = _ordered(np.stack([full for _, full in pairs]), sees.device)
    tokens = sees.shape[-1]
    sees_to, seen_until, positions = (sees[:, 0, part].contiguous() for part in range(3))

    def sees_pair(row: Any, head: Any, query: Any, key: Any) -> Any:
        seen = (key <= sees_to[row, query]) & (query < seen_until[row, key])
        return seen if window is None else seen & (positions[row, key] > positions[row, query] - window)

    return BlockMask.from_kv_blocks(*mixed, *full, BLOCK_SIZE=TILE, mask_mod=sees_pair, seq_lengths=(tokens, tokens))


def _ordered(wanted: Any, device: Any) -> tuple[Any, Any]:
    """How many key tiles each query tile has, and which, those first: (rows, 1, tiles) and (rows, 1, tiles, tiles)."""
    order = np.argsort(~wanted, axis=-1, kind="stable")
    counts = torch.from_numpy(wanted.sum(-1).astype(np.int32))[:, None]
    return counts.to(device), torch.from_numpy(order.astype(np.int32))[:, None].to(device)


def _tiled(query: Any, key: Any, value: Any, mask: Any, scale: float | None, training: bool) -> Any:
    """Flex attention, compiled; (rows, heads, tokens, width)."""
    from transformers.integrations.flex_attention import compile_friendly_flex_attention

    heads, repeat = query.shape[1], query.shape[1] // key.shape[1]
    if heads & (heads - 1):  # its grouped kernels want a power of two
        key, value, repeat = key.repeat_interleave(repeat, dim=1), value.repeat_interleave(repeat, dim=1), 1
    return compile_friendly_flex_attention(
        query, key, value, training=training, block_mask=mask, scale=scale, enable_gqa=repeat > 1
    )
