"""Saving, loading, the Hub: by registration on import, with no code from a checkpoint."""

import json
import subprocess
import sys

import pytest
import torch

from moviellm.training.model import (
    MovieLLMConfig,
    MovieLLMForConditionalGeneration,
    MovieLLMModel,
    MovieLLMProcessor,
    MovieLLMVideoProcessor,
)
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.training.model.test_guides import qformer
from tests.training.model.tiny import film, processor, tiny, tokenizer

torch.set_num_threads(1)


def answer(model, words) -> torch.Tensor:
    guide = {"questions": ["who is it ?"]} if model.config.compressor == "context_content" else {}
    made = words(text="<video>\nwho is it ?", videos=[film(2)], **guide, return_tensors="pt")
    with torch.no_grad():
        return model(**made).logits


@pytest.mark.parametrize("compressor", ["cls", "pool", "context_content"])
def test_the_hub_gives_back_what_was_pushed(hub_here, compressor: str) -> None:  # noqa: F811
    from transformers import AutoConfig, AutoModel, AutoModelForImageTextToText, AutoProcessor

    model, words = tiny(compressor=compressor, time="additive")
    model.push_to_hub("moviellm/tiny")
    words.push_to_hub("moviellm/tiny")
    again = AutoModelForImageTextToText.from_pretrained("moviellm/tiny")
    assert type(again) is MovieLLMForConditionalGeneration
    assert type(AutoConfig.from_pretrained("moviellm/tiny")) is MovieLLMConfig
    assert type(AutoModel.from_pretrained("moviellm/tiny")) is MovieLLMModel
    loaded = AutoProcessor.from_pretrained("moviellm/tiny")
    assert (type(loaded), type(loaded.image_processor)) == (MovieLLMProcessor, MovieLLMVideoProcessor)
    assert torch.equal(answer(again, loaded), answer(model, words))
    files = hub_here.tree("moviellm/tiny", kind="model")
    assert not [name for name in files if str(name).endswith((".py", ".bin", ".pkl"))]


def test_no_file_of_a_checkpoint_names_code(tmp_path) -> None:
    model, words = tiny(compressor="cls")
    model.save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    for path in tmp_path.glob("*.json"):
        assert "auto_map" not in path.read_text(encoding="utf-8"), path.name


def test_settings_of_a_processor_come_back(tmp_path) -> None:
    _, words = tiny(compressor="pool", time="index", processor_settings={"frames_per_stamp": 3, "stamp": "({index}) "})
    words.save_pretrained(tmp_path)
    again = MovieLLMProcessor.from_pretrained(tmp_path)
    names = ("tokens_per_frame", "time", "time_steps", "frames_per_stamp", "stamp", "longest_row", "frame_token_id")
    assert [getattr(again, name) for name in names] == [getattr(words, name) for name in names]
    assert again.chat_template == words.chat_template


def test_a_q_former_comes_back_with_its_own_vocabulary(tmp_path) -> None:
    model, _ = tiny(compressor="context_content", guide="qformer", guide_config=qformer(), guide_queries=4)
    words = processor(model.config)
    words.guide_words = tokenizer(template=None)
    model.model.compressor.guide.encoder.resize_token_embeddings(len(words.guide_words))
    model.config.guide_config.vocab_size = len(words.guide_words)
    model.save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    again = MovieLLMForConditionalGeneration.from_pretrained(tmp_path)
    assert torch.equal(answer(again, MovieLLMProcessor.from_pretrained(tmp_path)), answer(model, words))


@pytest.mark.slow  # a process of its own imports transformers
def test_loading_needs_one_import_and_no_trust(tmp_path) -> None:
    model, words = tiny(compressor="cls")
    model.save_pretrained(tmp_path)
    code = (
        "import sys; from transformers import AutoConfig\n"
        "try: AutoConfig.from_pretrained(sys.argv[1]); print('known')\n"
        "except ValueError: print('unknown')\n"
        "import moviellm.training.model; print(type(AutoConfig.from_pretrained(sys.argv[1])).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == ["unknown", "MovieLLMConfig"], done.stderr[-2000:]


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path) -> None:
    from transformers import LlamaForCausalLM

    from tests.training.model.tiny import text_config

    LlamaForCausalLM(text_config()).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="holds a `llama` model, and this is a `moviellm` one"):
        MovieLLMForConditionalGeneration.from_pretrained(tmp_path)


def test_weights_that_are_missing_are_refused(tmp_path) -> None:
    from safetensors.torch import load_file, save_file

    model, _ = tiny(compressor="cls")
    model.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights.pop("model.compressor.projector.weight")
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match="lacks weights .*model.compressor.projector.weight"):
        MovieLLMForConditionalGeneration.from_pretrained(tmp_path)


def test_a_pickle_checkpoint_is_refused(tmp_path) -> None:
    model, _ = tiny(compressor="cls")
    model.config.save_pretrained(tmp_path)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(ValueError, match="pickle"):
        MovieLLMForConditionalGeneration.from_pretrained(tmp_path)


def test_a_config_says_what_it_is(tmp_path) -> None:
    model, _ = tiny(compressor="cls")
    model.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert config["model_type"] == "moviellm"
    assert config["architectures"] == ["MovieLLMForConditionalGeneration"]
