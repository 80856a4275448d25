"""Two processes (gloo, no GPU) learn what one does: the same losses, the same weights."""

import os
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


def trained(folder: Path, processes: int) -> Path:
    """A training of three steps over two samples each, in so many processes."""
    recipe, out = folder / "recipe.yaml", folder / f"out{processes}"
    recipe.write_text(RECIPE, encoding="utf-8")
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    command = [sys.executable, *launch, "-m", "moviellm.training.sft", str(recipe)]
    command += ["--dataset", str(ROOT / "sample/MovieLLM-sample"), "--output_dir", str(out)]
    command += ["--per_device_train_batch_size", str(2 // processes)]
    paths = os.pathsep.join([str(ROOT), str(ROOT / ".typing")])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    return out


def test_two_processes_learn_what_one_does(tmp_path: Path) -> None:
    one, two = trained(tmp_path, 1), trained(tmp_path, 2)
    first, second = read_record(one).last, read_record(two).last
    assert (first.processes, second.processes) == (1, 2)
    assert [loss.loss for loss in second.losses] == pytest.approx([loss.loss for loss in first.losses], rel=1e-5)
    assert (second.examples, second.tokens, second.answers) == (first.examples, first.tokens, first.answers)
    weights, others = load_file(one / "model.safetensors"), load_file(two / "model.safetensors")
    assert max(abs(weights[name] - others[name]).max() for name in weights) < 1e-4
