"""The seven families, tiny: real configs of transformers, random weights, a tokenizer of bytes; nothing is downloaded.

model, processor = bundle("qwen3_vl")                   # in memory
folder = written("qwen3_vl", tmp_path / "model")        # a checkpoint as it lies on the Hub
"""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

KINDS = (
    "smolvlm",
    "llava_next_video",
    "llava_onevision",
    "video_llama_3",
    "internvl",
    "qwen2_5_vl",
    "qwen3_vl",
)
SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<image>",
    "<video>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<fake_token_around_image>",
    "<global-img>",
    "<end_of_utterance>",
    "<img>",
    "</img>",
    "<IMG_CONTEXT>",
)
ID = {token: number for number, token in enumerate(SPECIAL)}
MARKERS = {
    "qwen3_vl": "<|vision_start|><|video_pad|><|vision_end|>",
    "qwen2_5_vl": "<|vision_start|><|video_pad|><|vision_end|>",
    "video_llama_3": "<|video_pad|>",
}
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% for part in message['content'] %}"
    "{% if part['type'] == 'video' %}MARKER\n{% else %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": False,
    "bos_token_id": None,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
SEEN = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
HALF = [0.5, 0.5, 0.5]


def tokenizer(kind: str) -> Any:
    """Bytes, and the special tokens of all families."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocab = {symbol: at for at, symbol in enumerate([*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    raw = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    own: dict[str, Any] = {}
    if kind == "internvl":
        own = {"start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>"}
        own["video_token"] = "<video>"
    made = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=own or list(SPECIAL[3:]),
    )
    if own:
        made.add_special_tokens({"additional_special_tokens": list(SPECIAL[1:])})
    return made


def config(kind: str) -> Any:
    """A config of two layers on each side."""
    import transformers as t

    vocabulary = {"vocab_size": len(SPECIAL) + 256}
    text = {**TEXT, **vocabulary}
    plain = {"image_token_id": ID["<image>"], "video_token_id": ID["<video>"]}
    padded = {"image_token_id": ID["<|image_pad|>"], "video_token_id": ID["<|video_pad|>"]}
    ends = {"vision_start_token_id": ID["<|vision_start|>"], "vision_end_token_id": ID["<|vision_end|>"]}
    patches = {"image_size": 16, "patch_size": 4}
    if kind == "smolvlm":
        return t.SmolVLMConfig(
            text_config={**text, "model_type": "llama"},
            vision_config={**SEEN, **patches},
            scale_factor=2,
            image_token_id=ID["<image>"],
            pad_token_id=0,
            tie_word_embeddings=False,
        )
    if kind == "llava_next_video":
        return t.LlavaNextVideoConfig(
            text_config={**text, "model_type": "llama"},
            vision_config={**SEEN, **patches, "model_type": "clip_vision_model"},
            image_token_index=ID["<image>"],
            video_token_index=ID["<video>"],
            image_grid_pinpoints=[[16, 16]],
            tie_word_embeddings=False,
        )
    if kind == "llava_onevision":
        return t.LlavaOnevisionConfig(
            text_config={**text, "model_type": "qwen2"},
            vision_config={**SEEN, **patches, "model_type": "siglip_vision_model", "vision_use_head": False},
            image_token_index=ID["<image>"],
            video_token_index=ID["<video>"],
            image_grid_pinpoints=[[16, 16]],
            tie_word_embeddings=False,
        )
    if kind == "video_llama_3":
        return t.VideoLlama3Config(
            text_config={**text, "model_type": "qwen2"},
            vision_config={**SEEN, "patch_size": 4},
            tie_word_embeddings=False,
            **padded,
        )
    if kind == "internvl":
        return t.InternVLConfig(
            text_config={**text, "model_type": "qwen2"},
            vision_config={**SEEN, "image_size": [16, 16], "patch_size": [4, 4]},
            image_token_id=ID["<IMG_CONTEXT>"],
            image_seq_length=4,
            downsample_ratio=0.5,
            tie_word_embeddings=False,
        )
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}
    if kind == "qwen2_5_vl":
        tower = {"depth": 2, "num_heads": 2, "patch_size": 4, "out_hidden_size": 32, "fullatt_block_indexes": [1]}
        return t.Qwen2_5_VLConfig(
            text_config={**text, "rope_parameters": rope},
            vision_config={"hidden_size": 32, "intermediate_size": 48, "window_size": 16, **tower},
            tie_word_embeddings=False,
            **padded,
            **ends,
        )
    tower = {"depth": 2, "num_heads": 2, "patch_size": 4, "out_hidden_size": 32, "num_position_embeddings": 64}
    return t.Qwen3VLConfig(
        text_config={**text, "head_dim": 8, "rope_parameters": {**rope, "mrope_interleaved": True}},
        vision_config={"hidden_size": 32, "intermediate_size": 48, "deepstack_visual_indexes": [0, 1], **tower},
        tie_word_embeddings=False,
        **padded,
        **ends,
    )
    del plain


def settings(kind: str) -> dict[str, Any]:
    """The settings of a video processor, as in a checkpoint."""
    if kind in {"qwen2_5_vl", "qwen3_vl", "video_llama_3"}:
        step = 1 if kind == "video_llama_3" else 2
        most = 256 * 40 if kind == "video_llama_3" else 64 * 64 if kind == "qwen2_5_vl" else 256 * 40
        return {
            "size": {"shortest_edge": 64, "longest_edge": most},
            "patch_size": 4,
            "merge_size": 2,
            "temporal_patch_size": step,
            "image_mean": HALF,
            "image_std": HALF,
        }
    sizes: dict[str, dict[str, Any]] = {
        "smolvlm": {"size": {"longest_edge": 32}, "max_image_size": {"longest_edge": 16}, "resample": 1},
        "llava_next_video": {
            "size": {"shortest_edge": 16},
            "crop_size": {"height": 16, "width": 16},
            "do_center_crop": True,
        },
        "llava_onevision": {"size": {"height": 16, "width": 16}},
        "internvl": {"size": {"height": 16, "width": 16}},
    }
    return {"image_mean": HALF, "image_std": HALF, **sizes[kind]}


def written(kind: str, folder: Path, seed: int = 0, **changed: Any) -> Path:
    """A checkpoint of a family: weights, tokenizer, chat template and the processor's settings, some changed."""
    import torch
    from transformers import AutoModelForImageTextToText

    torch.manual_seed(seed)
    AutoModelForImageTextToText.from_config(config(kind)).save_pretrained(folder)
    tokenizer(kind).save_pretrained(folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE.replace("MARKER", MARKERS.get(kind, "<video>")))
    (folder / "video_preprocessor_config.json").write_text(json.dumps({**settings(kind), **changed}))
    return folder


@functools.cache
def processor(kind: str) -> Any:
    """The processor of a family, without a file."""
    from moviellm.training.stock.processing import StockProcessor

    template = TEMPLATE.replace("MARKER", MARKERS.get(kind, "<video>"))
    files = {"video_preprocessor_config.json": json.dumps(settings(kind))}
    return StockProcessor(tokenizer(kind), config(kind), files, template)


@functools.cache
def bundle(kind: str) -> tuple[Any, Any]:
    """A model that nothing trains, with weights large enough to answer differently, and its processor."""
    import torch
    from transformers import AutoModelForImageTextToText

    from moviellm.training.stock.mends import mend

    torch.manual_seed(0)
    model = AutoModelForImageTextToText.from_config(config(kind)).eval()
    for parameter in model.parameters():
        parameter.data.mul_(3)
    mend(model)
    return model, processor(kind)


def pictures(count: int, width: int = 24, height: int = 16, seed: int = 0) -> list[Image.Image]:
    """Pictures of noise; each differs from the one before."""
    draw = np.random.default_rng(seed)
    return [Image.fromarray(draw.integers(0, 256, (height, width, 3), dtype=np.uint8)) for _ in range(count)]


def film(frames: int = 3, seed: int = 0, step_s: float = 2.0, **fields: Any) -> dict[str, Any]:
    """A film of noise."""
    made = {
        "frames": pictures(frames, seed=seed),
        "times_s": [step_s * number for number in range(frames)],
        "duration_s": step_s * frames,
        "movie_id": f"m{seed:05d}",
    }
    return {**made, **fields}
