"""Files for accelerate and DeepSpeed: read by the loaders they are for, every `auto` filled by the trainer."""

import json
from pathlib import Path

import pytest
import yaml

from moviellm.training.checkpoints.clusters import FILES, text_of, write
from tests.training.model.tiny import config

ACCELERATE = [name for name, file in FILES.items() if file.endswith(".yaml")]
DEEPSPEED = [name for name, file in FILES.items() if file.endswith(".json")]


@pytest.mark.parametrize("name", ACCELERATE)
def test_accelerate_reads_it(name: str, tmp_path: Path) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    write(name, tmp_path / "file.yaml")
    told = yaml.safe_load(text_of(name))
    read = load_config_from_file(str(tmp_path / "file.yaml"))
    assert (read.num_processes, read.mixed_precision) == (told["num_processes"], "bf16")
    assert read.distributed_type.value == told["distributed_type"]


def test_fsdp_is_the_second_version_with_whole_weights(tmp_path: Path, monkeypatch) -> None:
    from accelerate import FullyShardedDataParallelPlugin
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_multi_gpu_env

    write("fsdp2", tmp_path / "fsdp2.yaml")
    asked = launch_command_parser().parse_args(["--config_file", str(tmp_path / "fsdp2.yaml"), "train.py"])
    known = set(vars(asked))
    assert set(yaml.safe_load(text_of("fsdp2"))["fsdp_config"]) <= known
    checked, *_ = _validate_launch_command(asked)
    for key, value in prepare_multi_gpu_env(checked).items():
        if key.startswith(("FSDP_", "ACCELERATE_USE_FSDP")):
            monkeypatch.setenv(key, value)
    made = FullyShardedDataParallelPlugin()
    assert (made.fsdp_version, made.state_dict_type.name) == (2, "FULL_STATE_DICT")
    assert made.reshard_after_forward is True
    assert made.activation_checkpointing is False


def test_our_model_says_which_layers_must_not_be_split() -> None:
    import torch

    from moviellm.training.model import MovieLLMForConditionalGeneration

    with torch.device("meta"):
        model = MovieLLMForConditionalGeneration(config(text="qwen3"))
    assert "Qwen3DecoderLayer" in set(model._no_split_modules)


@pytest.mark.parametrize("name", DEEPSPEED)
def test_the_trainer_fills_every_auto(name: str, monkeypatch) -> None:
    from types import SimpleNamespace

    from accelerate.utils.deepspeed import HfDeepSpeedConfig
    from transformers import TrainingArguments
    from transformers.integrations import deepspeed

    monkeypatch.setattr(deepspeed, "dep_version_check", lambda package: None)
    # Where DeepSpeed is not installed, transformers leaves accelerate's half of the class out.
    kind = type("Told", (deepspeed.HfTrainerDeepSpeedConfig, HfDeepSpeedConfig), {})
    told = kind(json.loads(text_of(name)))
    args = TrainingArguments(
        per_device_train_batch_size=2, gradient_accumulation_steps=4, bf16=True, use_cpu=True, report_to="none"
    )
    told.trainer_config_process(args)
    told.trainer_config_finalize(args, SimpleNamespace(config=config()), 10)
    assert "auto" not in json.dumps(told.config)
    assert told.config["zero_optimization"]["stage"] == int(name[-1])
    assert told.config["train_micro_batch_size_per_gpu"] == 2


ZERO_KEYS = {
    "stage", "overlap_comm", "contiguous_gradients", "reduce_bucket_size", "stage3_prefetch_bucket_size",
    "stage3_param_persistence_threshold", "stage3_gather_16bit_weights_on_model_save",
}  # fmt: skip
KEYS = {
    "bf16", "fp16", "zero_optimization", "gradient_accumulation_steps", "gradient_clipping", "train_batch_size",
    "train_micro_batch_size_per_gpu",
}  # fmt: skip


@pytest.mark.parametrize("name", DEEPSPEED)
def test_deepspeed_documents_every_key(name: str) -> None:
    told = json.loads(text_of(name))
    assert set(told) <= KEYS
    assert set(told["zero_optimization"]) <= ZERO_KEYS


def test_an_unknown_file_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="no cluster file 'zero9'; there are one_gpu, fsdp2, zero2, zero3"):
        text_of("zero9")


def test_a_file_of_somebody_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "zero2.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="is there and says something else"):
        write("zero2", tmp_path / "zero2.json")


def test_it_says_how_it_is_launched(tmp_path: Path, capsys) -> None:
    write("zero3", tmp_path / "z.json", as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["launch"] == (
        f"accelerate launch --num_processes 8 -m moviellm.training.sft RECIPE --deepspeed {tmp_path}/z.json"
    )
