"""Frames become tokens: parity with what the papers describe, written plainly here."""

import math

import numpy as np
import pytest
import torch

from moviellm.training.model.compressors import attend, build_compressor, pool_patches, split_features
from tests.training.model.tiny import config, features, text_config

torch.set_num_threads(1)
CLOSE = 1e-4


def built(**settings):
    torch.manual_seed(0)
    return build_compressor(config(vision=None, **settings)).eval()


def numbers(module) -> dict[str, np.ndarray]:
    return {
        name: value.detach().double().numpy() for name, value in module.state_dict().items() if "guide" not in name
    }


def linear(x: np.ndarray, weights: dict, name: str) -> np.ndarray:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def plain_llama_vid(frames: np.ndarray, queries: np.ndarray, weights: dict, side: int) -> np.ndarray:
    """Section 4.1: CLS dropped; softmax(Q K^T / sqrt d) V averaged over the queries; patches pooled by a grid."""
    rows = []
    for frame, asked in zip(frames, queries, strict=True):
        patches = frame[1:]
        query, key = linear(asked, weights, "query"), linear(patches, weights, "key")
        picked = (softmax(query @ key.T / math.sqrt(patches.shape[1])) @ patches).mean(0)
        grid = math.isqrt(len(patches))
        image = patches.reshape(grid, grid, -1)
        cell = grid // side
        pooled = [
            image[y * cell : (y + 1) * cell, x * cell : (x + 1) * cell].mean((0, 1))
            for y in range(side)
            for x in range(side)
        ]
        content = linear(gelu(linear(np.stack(pooled), weights, "projector.0")), weights, "projector.2")
        rows.append(np.concatenate([linear(picked, weights, "context")[None], content]))
    return np.stack(rows)


def test_two_tokens_a_frame_are_llama_vids_arithmetic() -> None:
    compressor = built(
        compressor="context_content", feature_size=1408, pool_side=1, text_config=text_config(hidden_size=64)
    )
    frames = features(3, count=257, width=1408)
    question = torch.randn(2, 5, 64)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    rows = torch.tensor([0, 1, 1])
    with torch.no_grad():
        seen, _ = compressor.guide(torch.from_numpy(frames), question[rows], mask[rows])
    asked = [one[: int(mask[row].sum())].double().numpy() for one, row in zip(seen, rows, strict=True)]
    weights = numbers(compressor)
    compressor.guide.forward = lambda *_: (seen, mask[rows])  # what it said, without saying it again for each side
    for side in (1, 2, 4):
        compressor.side = side
        with torch.no_grad():
            got = compressor(torch.from_numpy(frames), question, mask, rows)
        assert got.shape == (3, 1 + side * side, 64)
        expected = plain_llama_vid(frames.astype(float), asked, weights, side)
        assert np.abs(got.numpy() - expected).max() <= CLOSE


def test_one_token_a_frame_is_vtimellms_arithmetic() -> None:
    compressor = built(compressor="cls", feature_size=768, text_config=text_config(hidden_size=64))
    frames = features(100, count=1, width=768)
    got = compressor(torch.from_numpy(frames)).detach().numpy()
    expected = linear(frames.astype(float), numbers(compressor), "projector")
    assert got.shape == (100, 1, 64)
    assert np.abs(got - expected).max() <= CLOSE


def test_pooled_tokens_are_means_over_a_grid() -> None:
    compressor = built(compressor="pool", pool_side=2, projector="linear")
    frames = features(2)
    image = frames[:, 1:].reshape(2, 4, 4, 32).astype(float)
    pooled = image.reshape(2, 2, 2, 2, 2, 32).mean((2, 4)).reshape(2, 4, 32)
    got = compressor(torch.from_numpy(frames)).detach().numpy()
    assert np.abs(got - linear(pooled, numbers(compressor), "projector")).max() <= CLOSE


def test_cached_pooled_features_give_what_whole_ones_give() -> None:
    compressor = built(compressor="pool", pool_side=2, feature_norm=True)
    whole = torch.from_numpy(features(3))
    pooled = pool_patches(split_features(whole)[1], 2)
    assert torch.equal(compressor(whole), compressor(pooled))


def test_frames_are_compressed_each_by_itself() -> None:
    compressor = built(compressor="context_content")
    frames, question, mask = torch.from_numpy(features(5)), torch.randn(1, 3, 32), torch.ones(1, 3)
    rows = torch.zeros(5, dtype=torch.long)
    together = compressor(frames, question, mask, rows)
    alone = torch.cat([compressor(frames[n : n + 1], question, mask, rows[:1]) for n in range(5)])
    assert torch.allclose(together, alone, atol=1e-5)


def test_padding_of_a_question_asks_nothing() -> None:
    query, key, value = torch.randn(1, 4, 8), torch.randn(1, 9, 8), torch.randn(1, 9, 8)
    mask = torch.tensor([[1, 1, 0, 0]])
    expected = attend(query[:, :2], key, value, mask[:, :2])
    assert torch.allclose(attend(query, key, value, mask), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("count", "has_cls", "patches"), [(257, True, 256), (256, False, 256), (1, True, 1), (2, True, 1)]
)
def test_a_cls_is_read_off_the_number_of_features(count: int, has_cls: bool, patches: int) -> None:
    cls, rest = split_features(torch.zeros(2, count, 8))
    assert (cls is not None) == has_cls
    assert rest.shape[1] == patches


def test_features_that_are_no_grid_are_said() -> None:
    with pytest.raises(ValueError, match="Frames have 7 features"):
        split_features(torch.zeros(2, 7, 8))


def test_too_few_features_for_the_grid_are_said() -> None:
    with pytest.raises(ValueError, match="1 x 1 features and `pool_side` is 2"):
        built(compressor="pool", pool_side=2)(torch.zeros(2, 1, 32))


def test_a_model_without_a_width_is_said() -> None:
    with pytest.raises(ValueError, match="Neither `feature_size` nor a `vision_config`"):
        built(compressor="pool", feature_size=None)
