"""What stands beside the weights in a checkpoint's folder: config, tokenizer with our placeholder, processor."""

import json
from pathlib import Path
from typing import Any, NamedTuple

VICUNA_TALK = (
    "{% for message in messages %}"
    "{% if message.role == 'system' %}{{ message.content + ' ' }}"
    "{% elif message.role == 'user' %}{{ 'USER: ' + message.content + ' ' }}"
    "{% else %}{{ 'ASSISTANT: ' }}{% generation %}{{ message.content + eos_token }}{% endgeneration %}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
"""How Vicuna 1.5 talks; what the originals say before the first turn is a system message that a user may send."""
DEFAULT_PX = 224
QUESTION_START = "[DEC]"
"""A token that LLaMA-VID adds to BERT's vocabulary."""


class Tokenizer(NamedTuple):
    """A tokenizer that knows the placeholder."""

    words: Any
    frame_id: int


def config_of(folder: Path) -> dict[str, Any]:
    """config.json of a folder, as plain values."""
    path = folder / "config.json"
    if not path.is_file():
        raise ValueError(f"{folder} has no config.json: it says how wide and deep the model is.")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}.") from error
    if not isinstance(raw, dict):
        raise ValueError(f"{path} is no mapping.")
    return raw


def check_out(out: Path, mark: str) -> None:
    """Refuse a place where something else stands than an earlier result, which has the file `mark`."""
    if out.exists() and not (out.is_dir() and ((out / mark).is_file() or not any(out.iterdir()))):
        raise ValueError(f"{out} is there already and is no earlier result of this command: choose another --out.")


def tokenizer_at(folder: Path) -> Tokenizer:
    """The tokenizer of a base, with the placeholder, a padding token and a way to talk."""
    from transformers import AutoTokenizer

    from moviellm.training.model.building import add_placeholder
    from moviellm.training.model.layout import FRAME

    try:
        words = AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError, ImportError, KeyError, TypeError) as error:
        raise ValueError(
            f"The tokenizer in {folder} cannot be loaded ({str(error).strip().splitlines()[0]}): it needs "
            "tokenizer.json, or tokenizer.model and `pip install sentencepiece protobuf`."
        ) from error
    if words.pad_token_id is None and words.unk_token is not None:
        words.pad_token = words.unk_token  # as the originals pad
    add_placeholder(words)
    words.chat_template = words.chat_template or VICUNA_TALK
    return Tokenizer(words, int(words.convert_tokens_to_ids(FRAME)))


def guide_words_at(place: str, config: Any) -> Any:
    """BERT's vocabulary, in which LLaMA-VID's Q-Former reads questions.

    Raises:
        ValueError: it cannot be had, or is of another size than the table of the checkpoint.
    """
    from transformers import AutoTokenizer

    try:
        words = AutoTokenizer.from_pretrained(place)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"The vocabulary of the Q-Former, {place}, cannot be had: name a folder with the tokenizer of "
            "bert-base-uncased with --question-words."
        ) from error
    if QUESTION_START not in words.get_vocab():
        words.add_special_tokens({"bos_token": QUESTION_START})
    rows = config.guide_config.vocab_size
    if len(words) != rows:
        raise ValueError(
            f"The vocabulary in {place} has {len(words):,} words and the Q-Former's table has {rows:,} rows: it is "
            "another one; LLaMA-VID's is that of bert-base-uncased."
        )
    return words


def save_settings(folder: Path, config: Any, dtype: str) -> None:
    """config.json and generation_config.json."""
    from transformers import GenerationConfig

    config.architectures = ["MovieLLMForConditionalGeneration"]
    config.dtype = dtype
    config.save_pretrained(folder)
    text = config.text_config
    ids = {name: getattr(text, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    GenerationConfig(**ids).save_pretrained(folder)


def processor_of(config: Any, words: Any, guide_words: Any) -> Any:
    """The processor of a converted checkpoint: frames cropped as CLIP's are, and no stamps."""
    from moviellm.training.model import MovieLLMProcessor, MovieLLMVideoProcessor

    size_px = DEFAULT_PX if config.vision_config is None else int(config.vision_config.image_size)
    return MovieLLMProcessor.for_model(config, words, MovieLLMVideoProcessor(size_px, fit="crop"), guide_words)
