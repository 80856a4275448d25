"""The model of the proof: our own class with a small decoder, a short convolution and attention, from scratch.

    model = build(words, feature_size=128, sizes=Sizes(), seed=0)

Times are additive: those of the frames are the embeddings of the words 00 to 99, which start in order and are shared
with questions and answers. Embeddings start large and apart from the head, so that what a token says is not drowned by
what the first layers add. The tower is not part of it: features are fed.
"""

from dataclasses import dataclass
from typing import Any

import torch
from transformers import GenerationConfig, Lfm2Config

from moviellm.training.model.configuration import MovieLLMConfig
from moviellm.training.model.layout import FRAME
from moviellm.training.model.modeling import MovieLLMForConditionalGeneration
from moviellm.training.model.timing import start_in_order
from moviellm.training.proof.words import END, PAD, Words

LARGE = 1.0
"""Standard deviation of embeddings at the start."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of the decoder."""

    hidden: int = 128
    layers: int = 4
    heads: int = 4
    inner: int = 384
    kernel: int = 3


def build(words: Words, feature_size: int, sizes: Sizes, seed: int) -> Any:
    """A model with new weights; the same for the same seed."""
    torch.manual_seed(seed)
    end, pad = words.numbers[END], words.numbers[PAD]
    text = Lfm2Config(
        vocab_size=len(words.all),
        hidden_size=sizes.hidden,
        intermediate_size=sizes.inner,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        num_key_value_heads=sizes.heads,
        layer_types=["conv"] + ["full_attention"] * (sizes.layers - 1),
        conv_L_cache=sizes.kernel,
        block_auto_adjust_ff_dim=False,
        max_position_embeddings=1024,
        tie_word_embeddings=False,
        pad_token_id=pad,
        eos_token_id=end,
        bos_token_id=end,
    )
    config = MovieLLMConfig(
        text_config=text,
        compressor="cls",
        feature_size=feature_size,
        feature_norm=True,
        time="additive",
        time_token_ids=words.time_ids,
        frame_token_id=words.numbers[FRAME],
        tie_word_embeddings=False,
    )
    model = MovieLLMForConditionalGeneration(config)
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=pad, bos_token_id=end)
    table = model.get_input_embeddings().weight
    with torch.no_grad():
        table.normal_(std=LARGE)
    start_in_order(table, words.time_ids, std=LARGE)
    return model
