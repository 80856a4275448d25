"""A training that was stopped goes on as if it had not been: same losses, same weights, whole checkpoints."""

import json
import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from moviellm.training.stages.resuming import newest_whole
from tests.training.kit import dataset, losses, train

KEYS: dict[str, Any] = {
    "max_steps": 5,
    "save_strategy": "steps",
    "save_steps": 2,
    "save_total_limit": 9,
    "logging_steps": 3,
    "gradient_accumulation_steps": 2,
}
LORA = pytest.param("lora", marks=pytest.mark.slow)
KINDS: dict[str, dict[str, Any]] = {"whole": {}, "lora": {"lora": {"r": 2, "alpha": 4, "dropout": 0.3}}}
"""LoRA drops out what it reads at random: its losses tell whether random numbers went on."""


class StoppedError(Exception):
    """As a kill, in the process."""


def stop_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    from moviellm.training.stages.pace import Pace

    def on_step_begin(self: Any, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == step:
            raise StoppedError

    monkeypatch.setattr(Pace, "on_step_begin", on_step_begin)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset(tmp_path_factory.mktemp("resuming") / "films", movies=5)


class Runs(dict[str, Path]):
    """Trainings by kind, each made when a test asks for it."""

    def __init__(self, films: Path, place: Path, broken: bool) -> None:
        super().__init__()
        self.films, self.place, self.broken = films, place, broken

    def __missing__(self, kind: str) -> Path:
        out = self.place / kind
        if self.broken:
            with pytest.MonkeyPatch.context() as patch:
                stop_at(patch, 3)
                with pytest.raises(StoppedError):
                    train(self.films, out, **KEYS, **KINDS[kind])
            assert newest_whole(out).step == 2
        _, said = train(self.films, out, **KEYS, **KINDS[kind])
        assert (f"going on from {out}/checkpoint-2" in said) == self.broken
        self[kind] = out
        return out


@pytest.fixture(scope="module")
def unbroken(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(films, tmp_path_factory.mktemp("unbroken"), broken=False)


@pytest.fixture(scope="module")
def resumed(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(films, tmp_path_factory.mktemp("resumed"), broken=True)


@pytest.mark.parametrize("kind", ["whole", LORA])
def test_a_training_that_was_stopped_has_the_same_loss_curve(unbroken: Runs, resumed: Runs, kind: str) -> None:
    assert losses(resumed[kind]) == losses(unbroken[kind])


@pytest.mark.parametrize("kind", ["whole", LORA])
def test_a_training_that_was_stopped_has_the_same_weights(unbroken: Runs, resumed: Runs, kind: str) -> None:
    file = {"whole": "model.safetensors", "lora": "adapter_model.safetensors"}[kind]
    ours, theirs = load_file(resumed[kind] / file), load_file(unbroken[kind] / file)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_what_was_counted_is_counted_on(unbroken: Runs, resumed: Runs) -> None:
    stages = [json.loads((runs["whole"] / "training.json").read_text())["stages"][0] for runs in (resumed, unbroken)]
    for name in ("tokens", "labelled_tokens", "answers", "examples", "frames", "sources"):
        assert stages[0][name] == stages[1][name]
    assert [stage["resumed"] for stage in stages] == [1, 0]


def test_a_checkpoint_that_was_not_finished_is_named_and_ignored(unbroken: Runs, tmp_path: Path) -> None:
    run, whole = tmp_path / "run", unbroken["whole"]
    shutil.copytree(whole / "checkpoint-2", run / "checkpoint-2")
    shutil.copytree(whole / "checkpoint-4", run / ".building-checkpoint-4" / "checkpoint-4")
    found = newest_whole(run)
    assert found.step == 2 and ".building-checkpoint-4 is a checkpoint that was not finished" in found.left_out[0]


@pytest.mark.parametrize("name", ["optimizer.pt", "model.safetensors", "rng_state.pth", "trainer_state.json"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_taken(unbroken: Runs, tmp_path: Path, name: str) -> None:
    run = tmp_path / "run"
    for step in (2, 4):
        shutil.copytree(unbroken["whole"] / f"checkpoint-{step}", run / f"checkpoint-{step}")
    (run / "checkpoint-4" / name).unlink()
    found = newest_whole(run)
    assert found.step == 2 and "checkpoint-4 lacks" in found.left_out[0]


def test_a_checkpoint_appears_whole_or_not_at_all(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moviellm.training.stages import trainer

    def fails(made: Path, place: Path) -> None:
        raise StoppedError

    monkeypatch.setattr(trainer, "_put_in_place", fails)
    with pytest.raises(StoppedError):
        train(films, tmp_path / "run", **{**KEYS, "max_steps": 2})
    assert [path.name for path in (tmp_path / "run").glob("*checkpoint*")] == [".building-checkpoint-2"]


def begun(films: Path, run: Path) -> int:
    """A training in a process of its own, forked so that nothing is imported anew; its id."""
    process = os.fork()
    if process == 0:
        try:
            train(films, run, **{**KEYS, "max_steps": 9, "save_steps": 1})
            os._exit(0)
        except BaseException:
            os._exit(1)
    return process


def ended(process: int) -> int | None:
    """What a process ended with; None while it works."""
    done, status = os.waitpid(process, os.WNOHANG)
    return status if done else None


@pytest.mark.slow
def test_kill_9_at_any_moment_and_the_loss_curve_is_the_same(films: Path, tmp_path: Path) -> None:
    whole, run = tmp_path / "whole", tmp_path / "run"
    train(films, tmp_path / "warm", max_steps=1)  # so that the processes below import nothing
    began = time.monotonic()
    assert os.waitpid(begun(films, whole), 0)[1] == 0
    step_s = (time.monotonic() - began) / 9
    draw, kills, code = random.Random(5), 0, None
    for step in (1, 3, 4, 6, 7):  # a time alone would not do: what else runs here decides how far it is by then
        process = begun(films, run)
        while code is None and not (run / f"checkpoint-{step}").exists():
            code = ended(process)
            time.sleep(0.002)
        time.sleep(step_s * draw.uniform(0, 2))
        code = ended(process) if code is None else code
        if code is not None:
            assert code == 0
            break
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        kills += 1
    if code is None:
        assert os.waitpid(begun(films, run), 0)[1] == 0
    assert kills
    assert losses(run) == losses(whole)
    ours, theirs = (load_file(one / "model.safetensors") for one in (run, whole))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
