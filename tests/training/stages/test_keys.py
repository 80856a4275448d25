"""Keys of recipes: known without the trainer, the same as it has, said at once; no word of kernels nobody needs."""

import dataclasses
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from moviellm.training.stages import keys
from moviellm.training.stages.keys import read_keys, trainer_keys
from moviellm.training.stages.recipe import hush_kernels

KERNELS = "bitsandbytes.backends.cpu.ops"
ASKS = """
import sys
from moviellm.training.stages.recipe import read_recipe
try:
    read_recipe(sys.argv[1:])
except ValueError as error:
    print(error)
print({"torch", "trl", "peft", "transformers", "bitsandbytes"} & set(sys.modules))
"""


def names() -> set[str]:
    from trl import SFTConfig

    return {one.name for one in dataclasses.fields(SFTConfig) if one.init}


def test_the_sources_say_what_the_class_has() -> None:
    assert read_keys() == names()


def test_sources_that_are_laid_out_otherwise_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "SOURCES", keys.SOURCES[:2])
    assert read_keys() is None
    assert trainer_keys() == names()


@pytest.mark.parametrize(
    ("words", "said"),
    [(["tinny"], "did you mean tiny?"), (["tiny", "--learnin_rate", "3"], "did you mean learning_rate?")],
)
def test_a_mistyped_word_is_answered_before_anything_heavy_is_imported(words: list[str], said: str) -> None:
    done = subprocess.run([sys.executable, "-c", ASKS, *words], capture_output=True, text=True, check=True)
    answer, imported = done.stdout.splitlines()
    assert said in answer and imported == "set()"


@pytest.mark.parametrize("words", [["--dataset", "demo/tny"], ["--dataset=demo/tny"]])
def test_a_mistyped_dataset_is_answered_before_anything_heavy_is_imported(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "demo" / "tiny").mkdir(parents=True)
    command = [sys.executable, "-c", ASKS, "tiny", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    answer, imported = done.stdout.splitlines()
    assert "demo/ has no tny; near it: tiny" in answer and imported == "set()"


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger(KERNELS)
    before = logger.level
    logger.setLevel(logging.NOTSET)
    yield logger
    logger.setLevel(before)


@pytest.mark.parametrize(
    ("data", "heard"),
    [({}, False), ({"lora": None}, False), ({"lora": {"r": 8}}, False), ({"lora": {"qlora": {"bits": 4}}}, True)],
)
def test_kernels_are_missed_only_where_weights_are_quantised(
    logger: logging.Logger, data: dict[str, object], heard: bool
) -> None:
    hush_kernels(data)
    assert logger.isEnabledFor(logging.WARNING) is heard
