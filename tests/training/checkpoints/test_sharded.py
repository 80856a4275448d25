"""FSDP2 over two processes (gloo, no GPU) learns what one process does with the whole model."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.hub import ROOT

pytestmark = pytest.mark.slow  # processes of their own import torch


def learned(folder: Path, way: str, processes: int) -> tuple[list[float], dict[str, Any]]:
    """Losses and weights after three steps."""
    out = folder / way
    out.mkdir()
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    command = [sys.executable, *launch, "-m", "tests.training.checkpoints.fsdp_ranks", str(out), way]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / ".typing")]),
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((out / "losses.json").read_text()), torch.load(out / "weights.pt", weights_only=True)


def test_a_sharded_model_learns_what_a_whole_one_does(tmp_path: Path) -> None:
    losses, weights = learned(tmp_path, "whole", 1)
    others, found = learned(tmp_path, "sharded", 2)
    assert losses[2] < losses[0]
    assert others == pytest.approx(losses, rel=1e-5)
    assert {name: value.shape for name, value in found.items()} == {
        name: value.shape for name, value in weights.items()
    }
    assert max(float((weights[name] - found[name]).abs().max()) for name in weights) < 1e-4
