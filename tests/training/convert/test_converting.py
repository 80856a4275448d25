"""`moviellm train convert` and `moviellm train export` on the command line: what they say, and what they refuse."""

import json
from pathlib import Path

import pytest
import torch

from moviellm.generation.cli.app import call
from tests.training.convert.originals import (
    TINY,
    llama_vid_config,
    save_bert_words,
    save_config,
    save_llama_vid,
    save_lora,
    save_vicuna,
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("originals")
    save_llama_vid(folder / "llama_vid", TINY, tower=False)
    save_vicuna(folder / "vicuna", TINY)
    save_bert_words(folder / "bert", TINY)
    return folder


def test_a_dry_run_prints_the_key_map_and_writes_nothing(original: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(original.rglob("*"))
    assert call(["train", "convert", str(original / "llama_vid"), "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "model.mm_projector.0.weight -> model.compressor.projector.0.weight" in out
    assert "model.layers.0.self_attn.rotary_emb.inv_freq is left out: computed from the config" in out
    assert "everything fits" in out
    assert sorted(original.rglob("*")) == before


def test_a_conversion_says_what_it_did_and_keeps_a_report(
    original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, words = str(original / "llama_vid"), str(original / "bert")
    command = ["train", "convert", source, "--out", str(tmp_path / "ours"), "--question-words", words]
    assert call(command) == 0
    assert "note: no vision tower" in capsys.readouterr().out
    report = json.loads((tmp_path / "ours" / "conversion.json").read_text())
    assert (report["layout"], report["weights"]) == ("llama_vid", ["model.safetensors"])
    assert call(command) == 0  # an earlier result is replaced
    assert not list(tmp_path.rglob("*.bin"))


def test_other_files_are_never_replaced(original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert call(["train", "convert", str(original / "llama_vid"), "--out", str(tmp_path)]) == 2
    assert "is no earlier result of this command" in capsys.readouterr().err


def test_a_checkpoint_of_another_architecture_is_named(original: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["train", "convert", str(original / "vicuna"), "--dry-run"]) == 2
    assert "architecture 'LlamaForCausalLM' that is not converted here" in capsys.readouterr().err


def test_unknown_and_missing_weights_stop_the_conversion(
    original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = save_llama_vid(tmp_path / "odd", TINY, tower=False)
    del weights["model.norm.weight"]
    weights["model.stray"] = torch.zeros(2)
    torch.save(weights, tmp_path / "odd" / "pytorch_model.bin")
    (tmp_path / "odd" / "pytorch_model.bin.index.json").unlink()
    command = ["train", "convert", str(tmp_path / "odd"), "--question-words", str(original / "bert")]
    assert call([*command, "--out", str(tmp_path / "ours")]) == 2
    error = capsys.readouterr().err
    assert "1 unknown weights, which nothing would take: model.stray" in error
    assert "1 missing weights, which the model needs: model.language_model.norm.weight" in error
    assert not (tmp_path / "ours").exists()


def test_a_projector_without_its_base_asks_for_it(
    original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"model.mm_projector.weight": torch.zeros(32, 24)}, tmp_path / "mm_projector.bin")
    assert call(["train", "convert", str(tmp_path / "mm_projector.bin"), "--dry-run"]) == 2
    assert "name the one it belongs to with --base FOLDER" in capsys.readouterr().err


def test_a_foreign_vocabulary_of_questions_is_refused(
    original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "convert", str(original / "llama_vid"), "--out", str(tmp_path / "ours")]
    assert call([*command, "--question-words", str(original / "vicuna")]) == 2
    assert "the Q-Former's table has 31 rows: it is another one" in capsys.readouterr().err


def test_a_config_that_contradicts_the_weights_is_refused(
    original: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_llama_vid(tmp_path / "odd", TINY, tower=False)
    save_config(tmp_path / "odd", llama_vid_config(TINY, intermediate_size=50))
    assert call(["train", "convert", str(tmp_path / "odd"), "--out", str(tmp_path / "ours")]) == 2
    assert "gate_proj.weight (48 x 32 there, 50 x 32 here)" in capsys.readouterr().err


def test_an_export_of_another_architecture_is_refused(original: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["train", "export", str(original / "vicuna"), "--as", "llava", "--out", str(original / "x")]) == 2
    assert "is a llama, which transformers loads as it is" in capsys.readouterr().err


def test_an_adapter_is_no_model_to_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_lora(tmp_path / "adapter", TINY, seed=1)
    assert call(["train", "export", str(tmp_path / "adapter"), "--as", "llava", "--out", str(tmp_path / "x")]) == 2
    assert "is a LoRA adapter, not a model" in capsys.readouterr().err
