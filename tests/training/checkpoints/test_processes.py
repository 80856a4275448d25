"""Two processes (gloo, no GPU) learn what one does: the same losses, the same weights."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from moviellm.training.checkpoints.record import read_record
from tests.hub import ROOT

pytestmark = pytest.mark.slow  # processes of their own import torch

RECIPE = """
build:
  vision: {model_type: siglip_vision_model, hidden_size: 32, intermediate_size: 48, num_hidden_layers: 1,
    num_attention_heads: 4, image_size: 32, patch_size: 16}
  text: {model_type: qwen3, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 4,
    num_key_value_heads: 2, head_dim: 8, max_position_embeddings: 4096, tie_word_embeddings: true}
  tokenizer: {vocabulary: 512}
  settings: {compressor: pool, pool_side: 2, vision_layer: -1, feature_norm: true}
data:
  - {view: align}
max_steps: 3
learning_rate: 1.0e-2
logging_steps: 1
save_strategy: "no"
eval_strategy: "no"
use_cpu: true
bf16: false
seed: 7
"""


def trained(folder: Path, processes: int, machines: int = 1) -> Path:
    """A training of three steps over two samples each, in so many processes, shared among so many launches."""
    recipe, out = folder / "recipe.yaml", folder / f"out{processes}-{machines}"
    recipe.write_text(RECIPE, encoding="utf-8")
    launch = ["-m", "torch.distributed.run", "--nproc_per_node", str(processes // machines)]
    meeting = ["--nnodes", str(machines), "--rdzv_backend", "c10d", "--rdzv_endpoint", f"127.0.0.1:{free_port()}"]
    command = [sys.executable, *launch, *(["--standalone"] if machines == 1 else meeting)]
    command += ["-m", "moviellm.training.sft", str(recipe)]
    command += ["--dataset", str(ROOT / "sample/MovieLLM-sample"), "--output_dir", str(out)]
    command += ["--per_device_train_batch_size", str(2 // processes)]
    paths = os.pathsep.join([str(ROOT), str(ROOT / ".typing")])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    piped = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True, "env": environment}
    launched = [subprocess.Popen(command, **piped) for _ in range(machines)]
    errors = [one.communicate(timeout=900)[1] for one in launched]
    assert [one.returncode for one in launched] == [0] * machines, "".join(errors)[-3000:]
    return out


def free_port() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("alone"), 1)


@pytest.mark.parametrize("machines", [1, 2])
def test_two_processes_learn_what_one_does(alone: Path, tmp_path: Path, machines: int) -> None:
    two = trained(tmp_path, 2, machines)
    first, second = read_record(alone).last, read_record(two).last
    assert (first.processes, second.processes) == (1, 2)
    assert [loss.loss for loss in second.losses] == pytest.approx([loss.loss for loss in first.losses], rel=1e-5)
    assert (second.examples, second.tokens, second.answers) == (first.examples, first.tokens, first.answers)
    weights, others = load_file(alone / "model.safetensors"), load_file(two / "model.safetensors")
    assert max(abs(weights[name] - others[name]).max() for name in weights) < 1e-4
