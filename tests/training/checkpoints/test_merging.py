"""`moviellm train merge`: a whole checkpoint that answers as the adapter did."""

import json
from pathlib import Path

import pytest
import torch

from moviellm.training.checkpoints.folders import open_adapter
from moviellm.training.checkpoints.merging import merge
from moviellm.training.checkpoints.record import read_record, write_record
from tests.training.checkpoints.models import logits
from tests.training.checkpoints.records import record
from tests.training.checkpoints.results import write_results
from tests.training.checkpoints.test_folders import adapter_on, saved


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    adapter_on(saved(tmp_path / "base"), tmp_path / "adapter")
    return tmp_path / "adapter"


def test_auto_classes_load_what_was_merged(adapter: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    merge(str(adapter), tmp_path / "merged", as_json=True)
    again = AutoModelForImageTextToText.from_pretrained(tmp_path / "merged")
    words = AutoProcessor.from_pretrained(tmp_path / "merged")
    assert (logits(again, words) - logits(open_adapter(adapter)[0], words)).abs().max() < 1e-5
    assert not (tmp_path / "merged/adapter_config.json").exists()


def test_the_record_and_the_results_go_along(adapter: Path, tmp_path: Path) -> None:
    write_record(adapter, record())
    write_results(adapter / "evaluations/final/results.json")
    merge(str(adapter), tmp_path / "merged")
    assert read_record(tmp_path / "merged") == record()
    assert "0.600 [0.500, 0.700]" in (tmp_path / "merged/README.md").read_text(encoding="utf-8")


def test_it_says_what_it_made(adapter: Path, tmp_path: Path, capsys) -> None:
    merge(str(adapter), tmp_path / "merged", dtype="bfloat16", as_json=True)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["rank"], told["dtype"], told["adapter"]) == (4, "bfloat16", "adapter")
    from transformers import AutoConfig

    assert AutoConfig.from_pretrained(tmp_path / "merged").dtype == torch.bfloat16


def test_a_folder_of_something_else_is_not_overwritten(adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is there already and is no earlier result"):
        merge(str(adapter), tmp_path / "base")


def test_a_whole_model_is_no_adapter(adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is no adapter: it has no adapter_config\.json"):
        merge(str(tmp_path / "base"), tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_an_unknown_dtype_is_refused(adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--dtype int8: it can be float32, bfloat16, float16"):
        merge(str(adapter), tmp_path / "merged", dtype="int8")
