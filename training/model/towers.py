"""The vision tower: any CLIP- or SigLIP-type vision model of transformers, and what of it a compressor takes.

    tower = Tower(config)              # random; its weights come with the checkpoint, or from building.py
    tower(pixel_values)                # (F, 3, h, w) -> (F, P, D)

For `cls` it gives one feature a frame: the pooled output, the CLS of a hidden state, or the pooled output in CLIP's
joint space. For the others it gives a hidden state whole, CLS and patches.
"""

import torch
from torch import nn
from transformers import AutoModel

from moviellm.training.model.compressors import split_features
from moviellm.training.model.configuration import MovieLLMConfig


class Tower(nn.Module):
    """A vision model, and CLIP's projection where it is asked for."""

    def __init__(self, config: MovieLLMConfig) -> None:
        super().__init__()
        self.compressor = config.compressor
        self.cls_from = config.cls_from
        self.layer = config.vision_layer
        self.encoder = AutoModel.from_config(config.vision_config)
        vision = config.vision_config
        projected = config.compressor == "cls" and config.cls_from == "projected"
        self.projection = nn.Linear(vision.hidden_size, vision.projection_dim, bias=False) if projected else None

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """(F, 3, h, w) -> (F, P, D)."""
        pixel_values = pixel_values.to(next(self.encoder.parameters()).dtype)
        if self.compressor == "cls" and self.cls_from != "hidden":
            pooled = self.encoder(pixel_values=pixel_values).pooler_output
            if pooled is None:
                raise ValueError("This tower has no pooled output: set `cls_from` to `hidden`.")
            return (pooled if self.projection is None else self.projection(pooled))[:, None]
        states = self.encoder(pixel_values=pixel_values, output_hidden_states=True).hidden_states[self.layer]
        if self.compressor != "cls":
            return states
        cls, patches = split_features(states)
        return (patches.mean(1) if cls is None else cls)[:, None]
