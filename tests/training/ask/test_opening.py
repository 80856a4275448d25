"""Checkpoints open, or are refused with what is wrong and what to do."""

import json
from pathlib import Path

import pytest

from moviellm.training.ask.opening import open_model
from moviellm.training.ask.revision import folder_revision
from tests.training.ask.kit import film, saved


def test_the_revision_of_a_folder_is_the_hash_of_what_decides_its_answers(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", louder=False)
    before = folder_revision(folder)
    (folder / "trainer_state.json").write_text("{}")
    (folder / "optimizer.pt").write_bytes(b"state")
    assert folder_revision(folder) == before == open_model(str(folder)).revision
    (folder / "chat_template.jinja").write_text("other")
    assert folder_revision(folder) != before


def test_an_adapter_answers_as_its_base_with_it_merged(tmp_path: Path) -> None:
    import torch

    from moviellm.training.checkpoints.adapters import LoraSettings, attach, merge_into
    from moviellm.training.checkpoints.bases import base_of
    from moviellm.training.checkpoints.folders import save_adapter

    base = saved(tmp_path / "base")
    whole = open_model(str(base), device="cpu")
    torch.manual_seed(0)
    attached = attach(whole.model, LoraSettings(r=4, alpha=64, dropout=0.0))
    with torch.no_grad():
        for name, parameter in attached.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.2)
    save_adapter(attached, tmp_path / "adapter", base_of(base), whole.processor)
    plain = open_model(str(base), device="cpu").answer(film(), ["who is it ?"], 8)
    whole.model = merge_into(attached).eval()
    merged = whole.answer(film(), ["who is it ?"], 8)
    assert open_model(str(tmp_path / "adapter"), device="cpu").answer(film(), ["who is it ?"], 8) == merged != plain


def test_a_folder_without_a_config_and_a_revision_of_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is no checkpoint: it has no config\.json"):
        open_model(str(tmp_path))
    with pytest.raises(ValueError, match="lies on this machine and has no revision 'v1'"):
        open_model(str(tmp_path), revision="v1")


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path, louder=False)
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    for name in ("tokenizer_config.json", "processor_config.json"):
        told = json.loads((folder / name).read_text())
        told.pop("chat_template", None)
        (folder / name).write_text(json.dumps(told))
    with pytest.raises(ValueError, match="has no chat template"):
        open_model(str(folder))


def test_a_pickle_checkpoint_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path, louder=False)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ValueError, match="no safetensors weights"):
        open_model(str(folder))


def test_a_model_that_sees_nothing_is_refused(tmp_path: Path) -> None:
    from transformers import GPT2Config

    GPT2Config().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="a `gpt2` model, which sees no pictures"):
        open_model(str(tmp_path))
