"""Adapters in folders: back to the bit, on the right base only."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from moviellm.training.checkpoints.adapters import LoraSettings, attach, merge_into
from moviellm.training.checkpoints.bases import base_of
from moviellm.training.checkpoints.folders import open_adapter, open_base, save_adapter
from tests.training.checkpoints.models import filled, logits, tiny
from tests.training.model.tiny import text_config

SMALL = LoraSettings(r=4, alpha=8, dropout=0.0)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return saved(tmp_path / "base")


def saved(folder: Path, seed: int = 0, **settings) -> Path:
    model, words = tiny(seed=seed, **settings)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def adapter_on(base: Path, out: Path, settings: LoraSettings = SMALL):
    """An adapter that learned something, its folder written; the model in memory."""
    model, words = open_base(base)
    made = filled(attach(model, settings))
    save_adapter(made, out, base_of(base), words)
    return made.eval(), words


def test_an_adapter_comes_back_to_the_bit(base: Path, tmp_path: Path) -> None:
    made, words = adapter_on(base, tmp_path / "adapter")
    again, _ = open_adapter(tmp_path / "adapter")
    assert torch.equal(logits(again, words), logits(made, words))


def test_auto_classes_load_the_folder(base: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    made, words = adapter_on(base, tmp_path / "adapter")
    again = AutoModelForImageTextToText.from_pretrained(tmp_path / "adapter")
    assert torch.equal(logits(again, AutoProcessor.from_pretrained(tmp_path / "adapter")), logits(made, words))


def test_a_folder_says_which_base_it_is_for(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "adapter")
    told = json.loads((tmp_path / "adapter" / "base.json").read_text(encoding="utf-8"))
    assert told == {"place": str(base), "revision": None, "weights_sha256": base_of(base).weights_sha256}


def test_an_adapter_is_refused_on_another_base(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "adapter")
    other = saved(tmp_path / "other", seed=1)
    with pytest.raises(
        ValueError, match=r"is for another base: it wants base with weights \w{12}, and .*other has \w{12}"
    ):
        open_adapter(tmp_path / "adapter", base=str(other))


def test_a_base_that_changed_is_refused(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "adapter")
    saved(base, seed=1)
    with pytest.raises(ValueError, match="is for another base"):
        open_adapter(tmp_path / "adapter")


def test_the_same_base_elsewhere_is_the_same(base: Path, tmp_path: Path) -> None:
    made, words = adapter_on(base, tmp_path / "adapter")
    moved = base.rename(tmp_path / "moved")
    again, _ = open_adapter(tmp_path / "adapter", base=str(moved))
    assert torch.equal(logits(again, words), logits(made, words))


def test_a_base_that_is_not_there_is_named(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "adapter")
    base.rename(tmp_path / "moved")
    with pytest.raises(ValueError, match=r"for the base in .*/base, which is not there: .* --base FOLDER"):
        open_adapter(tmp_path / "adapter")


def test_an_adapter_of_others_that_does_not_fit_is_refused(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "adapter", LoraSettings(r=4, alpha=8, modules_to_save=()))
    (tmp_path / "adapter" / "base.json").unlink()
    wide = saved(tmp_path / "wide", text_config=text_config(hidden_size=64))
    with pytest.raises(ValueError, match=r"does not fit this base: .* is 64 x 64, and its half A is 4 x 32"):
        open_adapter(tmp_path / "adapter", base=str(wide))


def test_an_adapter_for_other_layers_is_refused(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "adapter")
    (tmp_path / "adapter" / "base.json").unlink()
    other = saved(tmp_path / "other", text="lfm2")
    with pytest.raises(ValueError, match="does not fit this base: .*the model has no linear layer"):
        open_adapter(tmp_path / "adapter", base=str(other))


def test_half_an_adapter_is_refused(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_model.safetensors"
    save_file({name: one for name, one in load_file(file).items() if "layers.1" not in name}, file)
    with pytest.raises(ValueError, match=r"the file has nothing for model\.language_model\.layers\.1\."):
        open_adapter(tmp_path / "adapter")


def test_a_pickle_is_refused(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_model.safetensors"
    torch.save(load_file(file), tmp_path / "adapter" / "adapter_model.bin")
    file.unlink()
    with pytest.raises(ValueError, match=r"as a pickle only \(adapter_model\.bin\), which can run code"):
        open_adapter(tmp_path / "adapter")


def test_other_kinds_of_adapters_are_refused(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "adapter")
    path = tmp_path / "adapter" / "adapter_config.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"LORA"', '"IA3"'), encoding="utf-8")
    with pytest.raises(ValueError, match="adapter of type 'IA3': only LORA is known"):
        open_adapter(tmp_path / "adapter")


def test_files_that_disagree_about_the_base_are_refused(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "adapter")
    path = tmp_path / "adapter" / "adapter_config.json"
    told = json.loads(path.read_text(encoding="utf-8")) | {"base_model_name_or_path": "org/other"}
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(ValueError, match="adapter_config.json says org/other: one is wrong"):
        open_adapter(tmp_path / "adapter")


def test_two_stages_make_one_adapter_for_the_first_base(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "stage2")
    model = merge_into(open_adapter(tmp_path / "stage2")[0])
    third = LoraSettings(r=2, alpha=6, dropout=0.0, targets=("q_proj", "down_proj"), modules_to_save=())
    made = filled(attach(model, third), seed=2)
    _, words = open_base(base)
    save_adapter(made, tmp_path / "stage3", base_of(base), words, below=tmp_path / "stage2")
    again, _ = open_adapter(tmp_path / "stage3")
    assert (logits(again, words) - logits(made, words)).abs().max() < 1e-5
    assert again.peft_config["default"].r == 6
    assert (logits(merge_into(again), words) - logits(made, words)).abs().max() < 1e-5


def test_an_adapter_opened_to_learn_keeps_its_whole_modules_in_float32(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "adapter")
    again, _ = open_adapter(tmp_path / "adapter", dtype=torch.bfloat16, trainable=True)
    kept = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    learned = {name: one for name, one in again.named_parameters() if one.requires_grad}
    assert len(learned) == len(kept)
    whole = {name: one for name, one in learned.items() if "modules_to_save" in name}
    assert all(torch.equal(one, kept[name.replace("modules_to_save.default.", "")]) for name, one in whole.items())


def test_an_adapter_file_may_be_read_by_others(base: Path, tmp_path: Path) -> None:
    adapter_on(base, tmp_path / "adapter")
    assert (tmp_path / "adapter" / "adapter_model.safetensors").stat().st_mode & 0o044
