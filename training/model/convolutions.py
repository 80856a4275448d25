"""A small vision tower of convolutions, for models that are trained from scratch; known to transformers' Auto classes.

    config = MovieLLMConfig(vision_config=ConvolutionTowerConfig(), compressor="cls", ...)

It sees squares of 64 pixels and gives one feature a picture, as its pooled output, rounded to float16: bit for bit
what the proof trains its decoder on (training/proof/tower.py trains it). It has no hidden states.
"""

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

SHAPE = ((64, 4, 4), (64, 3, 1), (128, 3, 2), (128, 3, 2), (128, 3, 1))
"""Layers: channels, kernel, stride."""


class Layer(nn.Module):
    """A convolution whose weights are a matrix, which Muon trains; batch norm and a GELU behind it."""

    def __init__(self, channels_in: int, channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        inputs = channels_in * kernel * kernel
        self.weight = nn.Parameter(torch.randn(channels, inputs) * math.sqrt(2 / inputs))
        self.norm = nn.BatchNorm2d(channels)
        self.channels_in, self.kernel, self.stride = channels_in, kernel, stride

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        """(F, C, h, w) -> (F, channels, h / stride, w / stride), with itself added where the shape is the same."""
        kernel = self.weight.view(-1, self.kernel, self.kernel, self.channels_in).permute(0, 3, 1, 2)
        padding = 0 if self.kernel == self.stride else (self.kernel - 1) // 2
        made = functional.gelu(self.norm(functional.conv2d(seen, kernel, None, self.stride, padding)))
        return seen + made if made.shape == seen.shape else made


class Tower(nn.Module):
    """Convolutions over a picture of 64 x 64, and a query that gathers what they made into one feature."""

    def __init__(self) -> None:
        super().__init__()
        channels = (3, *(shape[0] for shape in SHAPE))
        self.layers = nn.ModuleList(Layer(into, *shape) for into, shape in zip(channels, SHAPE, strict=False))
        self.width = channels[-1]
        self.places = nn.Parameter(torch.zeros(self.width, 4, 4))
        self.query = nn.Linear(self.width, 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Pictures (F, 3, 64, 64) as bytes -> features (F, 1, width)."""
        seen = (pictures.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        for layer in self.layers:
            seen = layer(seen)
        grid = (seen + self.places).flatten(2)
        weights = self.query(grid.transpose(1, 2)).softmax(1)
        return torch.einsum("fdp,fpq->fqd", grid, weights)


class ConvolutionTowerConfig(PreTrainedConfig):
    """Its size, which is fixed."""

    model_type = "moviellm_convolutions"
    hidden_size: int = SHAPE[-1][0]
    """Width of a feature."""
    image_size: int = 64
    """Side of a picture."""


class ConvolutionTower(PreTrainedModel):
    """The tower as transformers takes it."""

    config_class = ConvolutionTowerConfig
    main_input_name = "pixel_values"
    input_modalities = ("image",)

    def __init__(self, config: ConvolutionTowerConfig) -> None:
        super().__init__(config)
        self.seen = Tower()
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Layers begin as they are made."""

    def forward(self, pixel_values: torch.Tensor, **_: Any) -> BaseModelOutputWithPooling:
        """Pictures (F, 3, 64, 64) from -1 to 1 -> a feature each, as the pooled output (F, hidden_size)."""
        pictures = ((pixel_values.float() + 1) * 127.5).round()
        return BaseModelOutputWithPooling(pooler_output=self.seen(pictures)[:, 0].half().to(pixel_values.dtype))
