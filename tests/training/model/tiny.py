"""Tiny models of MovieLLM's own class: real towers and language models, random weights, a vocabulary of words.

model, processor = tiny(compressor="pool", text="qwen3", vision="siglip")
model.generate(**processor(text=["<video>\\nwho is it ?"], videos=[film(3)], return_tensors="pt"))
"""

import functools
from typing import Any

import numpy as np
from PIL import Image

SIDE_PX = 16
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 60), "blue": (40, 60, 230), "white": (240, 240, 240)}
CORPUS = """
red green blue white who is it ? what when the hero waits . : a b c Ada Bo film yes no seconds s [ ] < > / from to at
user assistant frame image video
"""
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] }}<|im_end|>{% endgeneration %}"
    "{% else %}{{ message['content'] }}<|im_end|>{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@functools.cache
def _core() -> str:
    """Words, and bytes for all that is no word; nothing is unknown."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<frame>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: number for number, piece in enumerate([*special, *alphabet])}
    merges = []
    for word in sorted({lead + word for word in CORPUS.split() for lead in ("", " ")}):
        pieces = ["\u0120" if letter == " " else letter for letter in word]
        whole = pieces[0]
        for piece in pieces[1:]:
            if whole + piece not in vocabulary:
                vocabulary[whole + piece] = len(vocabulary)
                merges.append((whole, piece))
            whole += piece
    core = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    return core.to_str()


def tokenizer(template: str | None = TEMPLATE) -> Any:
    """A tokenizer of some words, with the placeholder `<frame>` as its token 3."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    made = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(_core()),
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=["<|im_start|>", "<frame>"],
    )
    made.chat_template = template
    return made


def vision_config(kind: str = "clip", **settings: Any) -> Any:
    """A tower of 2 layers that sees 4 x 4 patches of 4 pixels."""
    from transformers import CLIPVisionConfig, SiglipVisionConfig

    made = {"clip": CLIPVisionConfig, "siglip": SiglipVisionConfig}[kind]
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    projected = {"projection_dim": 24} if kind == "clip" else {}
    return made(**sizes, **projected, image_size=SIDE_PX, patch_size=4, **settings)


def text_config(kind: str = "llama", vocabulary: int = 427, **settings: Any) -> Any:
    """A language model of 2 layers."""
    from transformers import Lfm2Config, LlamaConfig, Qwen3Config

    made = {"llama": LlamaConfig, "qwen3": Qwen3Config, "lfm2": Lfm2Config}[kind]
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    special = {"bos_token_id": None, "eos_token_id": 2, "pad_token_id": 0}
    own: dict[str, Any] = {"head_dim": 8} if kind == "qwen3" else {}
    if kind == "lfm2":
        own = {"layer_types": ["conv", "full_attention"], "conv_L_cache": 3, "block_auto_adjust_ff_dim": False}
    return made(
        vocab_size=vocabulary,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        **{"tie_word_embeddings": False, **sizes, **special, **own, **settings},
    )


def config(text: str = "llama", vision: str | None = "clip", **settings: Any) -> Any:
    """A MovieLLMConfig of tiny parts."""
    from moviellm.training.model import MovieLLMConfig

    parts = {"text_config": text_config(text), "vision_config": vision_config(vision) if vision else None}
    if settings.get("compressor") != "cls":
        settings.setdefault("pool_side", 1 if settings.get("compressor") == "context_content" else 2)
    settings = {"frame_token_id": 3, "guide_heads": 4, "feature_size": None if vision else 32, **settings}
    return MovieLLMConfig(**{**parts, **settings})


def tiny(seed: int = 0, processor_settings: Any = None, **settings: Any) -> tuple[Any, Any]:
    """A model and its processor; the same seed gives the same weights."""
    import torch

    from moviellm.training.model import MovieLLMForConditionalGeneration

    made = config(**settings)
    torch.manual_seed(seed)
    return MovieLLMForConditionalGeneration(made).eval(), processor(made, **(processor_settings or {}))


def processor(made: Any, **settings: Any) -> Any:
    """The processor of a config."""
    from moviellm.training.model import MovieLLMProcessor, MovieLLMVideoProcessor

    return MovieLLMProcessor.for_model(made, tokenizer(), MovieLLMVideoProcessor(size_px=SIDE_PX), **settings)


def picture(colour: str = "red", width: int = SIDE_PX, height: int = SIDE_PX) -> Image.Image:
    """A picture of one colour."""
    return Image.new("RGB", (width, height), COLOURS[colour])


def film(frames: int = 3, colour: str = "red", step_s: float = 2.0, **fields: Any) -> dict[str, Any]:
    """A film of one colour, as a mapping."""
    made = {
        "frames": [picture(colour) for _ in range(frames)],
        "times_s": [step_s * number for number in range(frames)],
        "duration_s": step_s * frames,
        "movie_id": "m00007",
    }
    return {**made, **fields}


def features(frames: int, count: int = 17, width: int = 32, seed: int = 0) -> np.ndarray:
    """Features as a tower gives them: a CLS and 4 x 4 patches."""
    return np.random.default_rng(seed).normal(size=(frames, count, width)).astype(np.float32)
