"""A model of the proof as a checkpoint like any other: with its tower, a processor, and how it is asked.

    whole(out / "seed0", "movies", out / "seed0" / "checkpoints" / "movies", frames=32)
    moviellm ask out/seed0/checkpoints/movies out/questions#m00012 "who hugs ?"

The proof trains its decoder on cached features, and its words and questions are its own: the tokenizer reads what is
said as the proof writes it (`red says here`), the template puts `<ask>` before a question and nothing else around it.
Answers are those of the proof, to the token. It trains nothing.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from moviellm.generation.dataset.folder import building_folder, install
from moviellm.training.checkpoints.weights import readable
from moviellm.training.model import (
    MovieLLMConfig,
    MovieLLMForConditionalGeneration,
    MovieLLMProcessor,
    MovieLLMVideoProcessor,
)
from moviellm.training.model.convolutions import ConvolutionTowerConfig
from moviellm.training.model.layout import FRAME
from moviellm.training.proof.answering import LONGEST
from moviellm.training.proof.words import ASK, END, PAD

TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'assistant' %} {{ message['content'] }}"
    + END
    + "{% else %}{% set words = message['content'].removeprefix('<video>') %}"
    "{% if words != message['content'] %}<video>{% endif %}" + ASK + " {{ words }}{% endif %}{% endfor %}"
)
"""The question as it stands, behind `<ask>`."""
HALF = (0.5, 0.5, 0.5)


def whole(seed: Path, run: str, folder: Path, frames: int) -> None:
    """Write the checkpoint of a run of a seed; `frames`: of a movie, which the times in answers name."""
    config = MovieLLMConfig.from_pretrained(seed / run)
    config.vision_config = ConvolutionTowerConfig()
    config.asked = {"bare": True, "times": "index", "frames": frames, "max_tokens": LONGEST}
    model = MovieLLMForConditionalGeneration(config)
    weights = load_file(seed / run / "model.safetensors")
    tower = load_file(seed / "tower" / "tower.safetensors")
    weights |= {f"model.vision_tower.encoder.seen.{name}": weight for name, weight in tower.items()}
    model.load_state_dict(weights)
    model.generation_config = type(model.generation_config).from_pretrained(seed / run)
    seeing = MovieLLMVideoProcessor(size_px=config.vision_config.image_size, image_mean=HALF, image_std=HALF)
    processor = MovieLLMProcessor.for_model(
        config, as_told(seed / run), seeing, frames_per_stamp=0, chat_template=TEMPLATE
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with building_folder(folder) as building, torch.no_grad():
        model.save_pretrained(building)
        processor.save_pretrained(building)
        readable(building)
        install(building, folder)


def as_told(folder: Path) -> Any:
    """The run's tokenizer, reading what is said as the proof writes it."""
    from tokenizers import normalizers
    from transformers import PreTrainedTokenizerFast

    inner = PreTrainedTokenizerFast.from_pretrained(folder).backend_tokenizer
    inner.normalizer = normalizers.Sequence([normalizers.Replace(": ", " says "), normalizers.Lowercase()])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token=PAD, eos_token=END, unk_token=PAD, extra_special_tokens=[ASK, FRAME]
    )
