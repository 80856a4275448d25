"""From the features of a frame to the tokens of a frame: `cls`, `pool`, `context_content`, each with its projector.

    compressor = build_compressor(config)                      # of a MovieLLMConfig
    compressor(features)                                       # (F, P, D) -> (F, config.tokens_per_frame, H)
    compressor(features, question, question_mask, frame_rows)  # `context_content`: one question a row, a row a frame

Features are a tower's patches in raster order, with or without a CLS in front: which of the two is read off their
number. No compressor looks at a frame's neighbours, so frames can be cached, dropped and put together anew.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from moviellm.training.model.configuration import MovieLLMConfig
from moviellm.training.model.guides import build_guide


def split_features(features: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor]:
    """(F, P, D) -> the CLS (F, D) or None, and the patches (F, n * n, D).

    A square number of features is all patches; one more has a CLS in front; a single one is a CLS and patches at once.
    """
    count = features.shape[1]
    if count == 1:
        return features[:, 0], features
    if math.isqrt(count) ** 2 == count:
        return None, features
    if math.isqrt(count - 1) ** 2 == count - 1:
        return features[:, 0], features[:, 1:]
    raise ValueError(
        f"Frames have {count} features: there can be a square number of patches, with or without a CLS in front."
    )


def pool_patches(patches: torch.Tensor, side: int) -> torch.Tensor:
    """(F, n * n, D) -> (F, side * side, D): means over the cells of a grid, in raster order."""
    frames, count, width = patches.shape
    grid = math.isqrt(count)
    if grid == side:
        return patches
    if grid < side:
        raise ValueError(
            f"Frames have {grid} x {grid} features and `pool_side` is {side}: feed features of at least that side "
            "(`full`, not `cls`), or lower `pool_side`."
        )
    image = patches.transpose(1, 2).reshape(frames, width, grid, grid)
    return functional.adaptive_avg_pool2d(image, side).flatten(2).transpose(1, 2)


def build_projector(kind: str, width_in: int, width_out: int) -> nn.Module:
    """`linear`: one layer. `mlp2x_gelu`: two with a GELU between, as LLaVA's."""
    if kind == "linear":
        return nn.Linear(width_in, width_out)
    return nn.Sequential(nn.Linear(width_in, width_out), nn.GELU(), nn.Linear(width_out, width_out))


class ClsCompressor(nn.Module):
    """One token a frame: the CLS, projected; the mean of the patches where features have no CLS.

    VTimeLLM's: a frame's CLS in CLIP's joint space through one linear layer.
    """

    def __init__(self, config: MovieLLMConfig) -> None:
        super().__init__()
        self.norm = _norm(config)
        self.projector = build_projector(config.projector or "linear", *_widths(config))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(F, P, D) -> (F, 1, H)."""
        cls, patches = split_features(features)
        seen = patches.mean(1) if cls is None else cls
        return self.projector(self.norm(seen[:, None]))


class PoolCompressor(nn.Module):
    """n x n tokens a frame: patches averaged over a grid, projected. All questions share a movie."""

    def __init__(self, config: MovieLLMConfig) -> None:
        super().__init__()
        self.side = int(config.pool_side or 1)
        self.norm = _norm(config)
        self.projector = build_projector(config.projector or "linear", *_widths(config))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(F, P, D) -> (F, side * side, H)."""
        _, patches = split_features(features)
        return self.projector(self.norm(pool_patches(patches, self.side)))


class ContextContentCompressor(nn.Module):
    """LLaMA-VID's: 1 context token that the question picks from the patches, then n x n content tokens as `pool`.

    The context token is softmax(Q K^T / sqrt(d)) V, averaged over the queries: K are the patches through `key`, V the
    patches as they are, Q what the guide made of question and frame through `query`, d the width of a feature;
    `context` brings it to the language model's width.

    What it costs: a frame's tokens depend on the question. Nothing can be shared between the questions of a movie, no
    prefix, no KV cache and no compressed feature, so a movie with 144 questions is compressed and read 144 times.
    Measured on a small model: 4.5 times fewer answers trained per second than with `pool`, and no better ones.
    """

    def __init__(self, config: MovieLLMConfig) -> None:
        super().__init__()
        width, out = _widths(config)
        self.side = int(config.pool_side or 1)
        self.norm = _norm(config)
        self.guide = build_guide(config)
        self.query = nn.Linear(self.guide.width, width)
        self.key = nn.Linear(width, width)
        self.context = nn.Linear(width, out)
        self.projector = build_projector(config.projector or "linear", width, out)

    def forward(
        self,
        features: torch.Tensor,
        question: torch.Tensor,
        question_mask: torch.Tensor,
        frame_rows: torch.Tensor,
    ) -> torch.Tensor:
        """Features (F, P, D), questions (B, L, ...), mask (B, L), rows of the frames (F,) -> (F, 1 + n * n, H)."""
        _, patches = split_features(features)
        seen = self.norm(features)
        queries, mask = self.guide(seen, question[frame_rows], question_mask[frame_rows])
        _, looked_at = split_features(seen)
        picked = attend(self.query(queries), self.key(looked_at), looked_at, mask)
        content = self.projector(self.norm(pool_patches(patches, self.side)))
        return torch.cat([self.context(picked)[:, None], content], dim=1)


def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, query_mask: torch.Tensor) -> torch.Tensor:
    """Query (F, L, D), key and value (F, P, D), mask of queries (F, L) -> (F, D): attention, averaged over queries."""
    weights = (query @ key.transpose(1, 2) / math.sqrt(value.shape[-1])).softmax(-1)
    weight = query_mask.to(value.dtype)
    weight = weight / weight.sum(1, keepdim=True).clamp(min=1)
    return torch.einsum("fl,flp,fpd->fd", weight, weights, value)


def build_compressor(config: MovieLLMConfig) -> nn.Module:
    """The compressor that a config names."""
    if config.feature_size is None:
        raise ValueError("Neither `feature_size` nor a `vision_config` to read it from is set: give one of them.")
    if config.compressor == "cls":
        return ClsCompressor(config)
    if config.compressor == "pool":
        return PoolCompressor(config)
    return ContextContentCompressor(config)


def _widths(config: MovieLLMConfig) -> tuple[int, int]:
    return int(config.feature_size or 0), int(config.text_config.hidden_size)


def _norm(config: MovieLLMConfig) -> nn.Module:
    return nn.LayerNorm(int(config.feature_size or 0)) if config.feature_norm else nn.Identity()
