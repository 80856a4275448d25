"""A tiny random CLIP, saved as a folder like any model: real layers, a real tokenizer, no meaning."""

from pathlib import Path
from typing import Any

WIDTH = 32
IMAGE_PX = 32
TOKENS = 16
"""Tokens that it reads."""


def save_tiny_clip(folder: Path, seed: int = 0) -> Path:
    """Write the model, its image processor and its tokenizer."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    torch.set_num_threads(1)
    tokenizer = _tokenizer()
    layers = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = CLIPConfig(
        text_config=layers
        | {
            "vocab_size": len(tokenizer),
            "max_position_embeddings": TOKENS,
            "eos_token_id": tokenizer.eos_token_id,
            "bos_token_id": tokenizer.bos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
            "projection_dim": WIDTH,
        },
        vision_config=layers | {"image_size": IMAGE_PX, "patch_size": 8, "projection_dim": WIDTH},
        projection_dim=WIDTH,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = CLIPModel(config)
        for parameter in model.parameters():  # as it starts it hardly tells two pictures apart
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    size = {"height": IMAGE_PX, "width": IMAGE_PX}
    CLIPImageProcessorPil(size={"shortest_edge": IMAGE_PX}, crop_size=size).save_pretrained(folder)
    return folder


def _tokenizer() -> Any:
    """One token a letter."""
    from transformers import CLIPTokenizer

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,'-"
    names = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {name: number for number, name in enumerate(names)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=TOKENS)
