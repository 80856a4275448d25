"""The attention of shared movies: what it refuses, and that flex attention is given the same mask."""

import warnings
from typing import Any

import pytest

from moviellm.training.shared.layout import Turn, lay_out
from tests.training.shared.decoders import decoder, tokens


def _sees(lead_in: int = 0) -> Any:
    import torch

    from moviellm.training.shared.batch import stack

    turns = [Turn(tokens(20, seed), None, None if seed % 3 else seed - 1 if seed else None) for seed in range(9)]
    first, second = lay_out(tokens(150, 1), turns, lead_in), lay_out(tokens(40, 2), turns[:2], lead_in)
    return torch.from_numpy(stack([[first, second], [second]], 0)["attention_mask"])


@pytest.mark.parametrize(("window", "lead_in"), [(None, 3), (30, 0)])
def test_flex_attention_sees_the_same_as_blocks_do(
    window: int | None, lead_in: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flex attention uncompiled on the CPU; its kernels need CUDA."""
    import torch
    from torch.nn.attention import flex_attention as flexible

    from moviellm.training.shared.attention import _blocks, _blockwise, block_mask

    torch.manual_seed(0)
    sees = _sees(lead_in)
    query = torch.randn(2, 4, sees.shape[-1], 16)
    key, value = torch.randn(2, 2, sees.shape[-1], 16), torch.randn(2, 2, sees.shape[-1], 16)
    mask = block_mask(sees, window)
    monkeypatch.setattr(flexible, "_FLEX_ATTENTION_DISABLE_COMPILE_DEBUG", True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flex = flexible.flex_attention(query, key, value, block_mask=mask, enable_gqa=True)
    assert (flex - _blockwise(query, key, value, _blocks(sees, window), None)).abs().max() < 1e-5
    assert mask.sparsity() > 0


def test_a_model_on_flex_attention_gives_the_same_logits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a CUDA device runs, with flex attention uncompiled instead of its kernels."""
    import torch
    from torch.nn.attention import flex_attention as flexible
    from transformers.integrations import flex_attention as theirs

    from moviellm.training.shared import attention
    from moviellm.training.shared.batch import stack
    from moviellm.training.shared.decoders import share_movies

    def uncompiled(*args: Any, training: bool, **kwargs: Any) -> Any:
        called.append(training)
        return flexible.flex_attention(*args, **kwargs)

    called: list[bool] = []
    model = decoder("qwen3_windows")
    share_movies(model)
    layout = lay_out(tokens(150, 1), [Turn(tokens(20, seed)) for seed in range(4)])
    batch = {name: torch.from_numpy(array) for name, array in stack([[layout]], 0).items() if name != "labels"}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        blocks = model(**batch).logits
        monkeypatch.setattr(flexible, "_FLEX_ATTENTION_DISABLE_COMPILE_DEBUG", True)
        monkeypatch.setattr(attention, "_by_tiles", lambda query: True)
        monkeypatch.setattr(theirs, "compile_friendly_flex_attention", uncompiled)
        tiles = model(**batch).logits
    assert called == [False] * 3
    assert (tiles - blocks).abs().max() < 1e-5


def test_a_mask_of_64_thousand_tokens_is_small() -> None:
    """No array of all pairs, which would be 4 GiB, and done in a moment."""
    import torch

    from moviellm.training.shared.attention import block_mask
    from moviellm.training.shared.batch import stack

    layout = lay_out([5] * 60_000, [Turn([5] * 38) for _ in range(144)])
    mask = block_mask(torch.from_numpy(stack([[layout]], 0)["attention_mask"]))
    parts = (mask.kv_num_blocks, mask.kv_indices, mask.full_kv_num_blocks, mask.full_kv_indices)
    assert sum(part.numel() * part.element_size() for part in parts) < 3_000_000
    assert mask.sparsity() > 48  # all pairs but the triangle of the movie and the rectangle of the questions


def test_dropout_of_attention_is_refused() -> None:
    import torch

    from moviellm.training.shared.batch import stack
    from moviellm.training.shared.decoders import share_movies

    model = decoder("llama", attention_dropout=0.5)
    share_movies(model)
    batch = {name: torch.from_numpy(array) for name, array in stack([[lay_out([5, 6], [Turn([7])])]], 0).items()}
    with pytest.raises(ValueError, match="attention_dropout"):
        model.train()(**batch)


def test_a_shared_movie_does_not_start_from_a_cache() -> None:
    import torch

    from moviellm.training.shared.batch import stack
    from moviellm.training.shared.decoders import share_movies

    model = decoder("llama")
    share_movies(model)
    cache = model(input_ids=torch.tensor([[5, 6, 7]]), use_cache=True).past_key_values
    batch = {name: torch.from_numpy(array) for name, array in stack([[lay_out([5, 6], [Turn([7])])]], 0).items()}
    with pytest.raises(ValueError, match="no cache while a movie is shared"):
        model(**batch, past_key_values=cache)


def test_a_model_without_shared_attention_refuses_the_mask() -> None:
    import torch

    from moviellm.training.shared.batch import stack

    batch = {name: torch.from_numpy(array) for name, array in stack([[lay_out([5, 6], [Turn([7])])]], 0).items()}
    with pytest.raises(RuntimeError):
        decoder("llama")(**batch)
