"""A model of random weights and a tokenizer of the data's words, from a block of a recipe: for small runs.

    model, processor = build_new(block, texts, seed=7)

With pretrained parts (`text: Qwen/Qwen3-0.6B`) it is training.model.building that builds. The same block, texts and
seed give the same weights. The chat template is ours.
"""

from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import torch
from transformers import AutoConfig, PreTrainedTokenizerFast

from moviellm.training.model import (
    MovieLLMConfig,
    MovieLLMForConditionalGeneration,
    MovieLLMProcessor,
    MovieLLMVideoProcessor,
)
from moviellm.training.model.building import build
from moviellm.training.model.layout import FRAME
from moviellm.training.stages.blocks import BuildBlock

PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"


def default_template() -> str:
    """Our chat template: ChatML."""
    return files("moviellm.training.stages").joinpath("chatml.jinja").read_text(encoding="utf-8")


def build_new(block: BuildBlock, texts: Iterable[str], seed: int, dtype: Any = "auto") -> tuple[Any, Any]:
    """The model and its processor.

    Raises:
        ValueError: settings that make no model.
    """
    torch.manual_seed(seed)
    stamps = {"frames_per_stamp": block.frames_per_stamp}
    if isinstance(block.text, str):
        if isinstance(block.vision, dict):
            raise ValueError("build: a pretrained `text` goes with a pretrained `vision` (folder or Hub id), or none")
        model, processor = build(
            block.vision,
            block.text,
            vision_revision=block.vision_revision,
            text_revision=block.text_revision,
            dtype=dtype,
            processor_settings=stamps,
            fit=block.fit,
            **block.settings,
        )
        if not processor.chat_template:
            processor.chat_template = processor.tokenizer.chat_template = default_template()
        return model, processor
    if isinstance(block.vision, str):
        raise ValueError("build: a `text` of random weights goes with a `vision` of random weights, or none")
    words = make_tokenizer(texts, block.tokenizer.vocabulary)
    config = MovieLLMConfig(
        vision_config=None if block.vision is None else _config(block.vision, "build.vision"),
        text_config=_config(
            {
                **block.text,
                "vocab_size": len(words),
                "bos_token_id": None,
                "eos_token_id": words.eos_token_id,
                "pad_token_id": words.pad_token_id,
            },
            "build.text",
        ),
        frame_token_id=words.convert_tokens_to_ids(FRAME),
        **block.settings,
    )
    model = MovieLLMForConditionalGeneration(config).eval()
    size: dict[str, Any] = {} if block.vision is None else {"size_px": int(config.vision_config.image_size)}
    frames = MovieLLMVideoProcessor(fit=block.fit, **size)
    return model, MovieLLMProcessor.for_model(config, words, frames, **stamps)


def _config(settings: dict[str, Any], where: str) -> Any:
    kind = dict(settings).pop("model_type", None)
    if kind is None:
        raise ValueError(f"{where} has no model_type, such as qwen3, llama or siglip_vision_model")
    rest = {key: value for key, value in settings.items() if key != "model_type"}
    try:
        return AutoConfig.for_model(kind, **rest)
    except ValueError as error:
        raise ValueError(f"{where}: {' '.join(str(error).split())[:200]}") from None


def make_tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    """Pairs of bytes of the texts, most frequent first; every text can be written in it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    special = [PAD, START, END, FRAME]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    made = PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token=END, pad_token=PAD, extra_special_tokens=[START, FRAME]
    )
    made.chat_template = default_template()
    return made
