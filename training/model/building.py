"""A new model of a pretrained tower and a pretrained language model, before its first stage of training.

    model, processor = build("openai/clip-vit-large-patch14", "Qwen/Qwen3-0.6B", compressor="pool", pool_side=4)
    model, processor = build(None, "org/llm", feature_size=1408, compressor="context_content")     # features only

Tower and language model keep their weights; compressor, projector and time table are new. The placeholder is added to
the tokenizer, and rows to the embeddings only where its table has no spare one. It trains nothing.
"""

from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    CLIPVisionModelWithProjection,
)
from transformers.utils import logging

from moviellm.training.model.compressors import build_compressor
from moviellm.training.model.configuration import MovieLLMConfig
from moviellm.training.model.frames import MovieLLMVideoProcessor
from moviellm.training.model.layout import FRAME
from moviellm.training.model.modeling import MovieLLMForConditionalGeneration
from moviellm.training.model.processing import MovieLLMProcessor
from moviellm.training.model.timing import TimeTable

SIGLIP_MEAN = SIGLIP_STD = (0.5, 0.5, 0.5)


def build(
    vision: str | None,
    text: str,
    vision_revision: str | None = None,
    text_revision: str | None = None,
    dtype: Any = "auto",
    processor_settings: dict[str, Any] | None = None,
    fit: str = "pad",
    guide_words: Any = None,
    **settings: Any,
) -> tuple[MovieLLMForConditionalGeneration, MovieLLMProcessor]:
    """The model and its processor; `vision` and `text` are folders or Hub ids, `settings` those of MovieLLMConfig."""
    tokenizer = AutoTokenizer.from_pretrained(text, revision=text_revision)
    add_placeholder(tokenizer)
    text_config = AutoConfig.from_pretrained(text, revision=text_revision)
    config = MovieLLMConfig(
        vision_config=None if vision is None else AutoConfig.from_pretrained(vision, revision=vision_revision),
        text_config=text_config.get_text_config(),
        frame_token_id=tokenizer.convert_tokens_to_ids(FRAME),
        **settings,
    )
    reader = AutoModelForCausalLM.from_pretrained(text, revision=text_revision, config=config.text_config, dtype=dtype)
    if len(tokenizer) > reader.get_input_embeddings().num_embeddings:
        reader.resize_token_embeddings(len(tokenizer))
    config.text_config = reader.config
    config.head_bias = getattr(reader.get_output_embeddings(), "bias", None) is not None
    model = _assemble(config, reader)
    if vision is not None:
        load_tower(model.model.vision_tower, config, vision, vision_revision, reader.dtype)
    frames = MovieLLMVideoProcessor(fit=fit, **seen_by(vision, vision_revision, config))
    processor = MovieLLMProcessor.for_model(config, tokenizer, frames, guide_words, **(processor_settings or {}))
    return model, processor


def add_placeholder(tokenizer: Any) -> None:
    """Make `<frame>` one special token of a tokenizer, and give it a padding token where it has none."""
    if FRAME not in tokenizer.get_vocab():
        tokenizer.add_tokens([FRAME], special_tokens=True)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token


def _assemble(config: MovieLLMConfig, reader: Any) -> MovieLLMForConditionalGeneration:
    """A model around a language model that is already in memory; its new parts are initialised, nothing is copied."""
    with torch.device("meta"):
        model = MovieLLMForConditionalGeneration(config)
    model.model.language_model = reader.base_model
    model.lm_head = reader.get_output_embeddings()
    model.model.compressor = build_compressor(config)
    if model.model.time_table is not None:
        model.model.time_table = TimeTable(config.time_steps, config.text_config.hidden_size)
    for part in filter(None, (model.model.compressor, model.model.time_table)):
        for module in part.modules():
            model._init_weights(module)
        part.to(reader.dtype)
    if config.tie_word_embeddings:
        model.tie_weights()
    model.generation_config = reader.generation_config
    return model.eval()


def load_tower(tower: Any, config: MovieLLMConfig, vision: str, revision: str | None, dtype: Any) -> None:
    """Put the weights of a vision model into a tower, and CLIP's projection where the tower has it."""
    kind = AutoModel if tower.projection is None else CLIPVisionModelWithProjection
    said = logging.get_verbosity()
    logging.set_verbosity_error()  # a checkpoint of CLIP has a text half too, which is not asked for here
    try:
        seer = kind.from_pretrained(vision, revision=revision, config=config.vision_config, dtype=dtype)
    finally:
        logging.set_verbosity(said)
    if tower.projection is None:
        tower.encoder = seer
    else:
        tower.encoder, tower.projection = seer.vision_model, seer.visual_projection


def seen_by(vision: str | None, revision: str | None, config: MovieLLMConfig) -> dict[str, Any]:
    """Size, mean and deviation of the pictures that a tower was trained on."""
    if vision is None:
        return {}
    size = int(config.vision_config.image_size)
    try:
        known = AutoImageProcessor.from_pretrained(vision, revision=revision)
    except (OSError, ValueError):
        if "siglip" in config.vision_config.model_type:
            return {"size_px": size, "image_mean": SIGLIP_MEAN, "image_std": SIGLIP_STD}
        return {"size_px": size}
    return {"size_px": size, "image_mean": known.image_mean, "image_std": known.image_std}
