"""Training in two processes against one: the same samples, the same losses, how many tokens a second.

    python benchmarks/processes.py             # minutes; writes results/processes.json and .md
    python benchmarks/processes.py --steps 4 --no-write

The recipe `tiny` on pictures and captions of the sample in the repository, through `torchrun` and the command that
users run, one thread a process: four samples a step in one process, two in each of two (gloo, DDP). Each process
reads the pictures of its own samples. Losses are held against each other to 1e-4. Two processes on one machine share
its memory and cores: what is seen here is what the code around DDP costs, not what a network does. FSDP is not
measured: accelerate runs it on GPUs only (tests/training/checkpoints/test_sharded.py holds FSDP2's arithmetic to that
of one process).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from painting import RESULTS, machine

from moviellm.generation.files import write_whole
from moviellm.training.checkpoints.record import Stage, read_record

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = 4
"""In a step, over all processes; a pass over the sample has a multiple of them, so that no process fills up."""


def trained(out: Path, processes: int, steps: int) -> Stage:
    """One training, as it recorded itself."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    command = [sys.executable, *launch, "-m", "moviellm.training.sft", "tiny"]
    command += ["--dataset", str(ROOT / "sample/MovieLLM-sample"), "--output_dir", str(out)]
    command += ["--per_device_train_batch_size", str(SAMPLES // processes), "--max_steps", str(steps)]
    command += ["--eval_strategy", "no", "--save_strategy", "no", "--use_cpu", "true", "--bf16", "false"]
    command += ["--logging_steps", "1", "--data", "[{view: align}]"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    print("$", " ".join(command), flush=True)
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return read_record(out).last


def measured(steps: int) -> dict[str, Any]:
    """One and two processes."""
    with tempfile.TemporaryDirectory(prefix="processes-") as folder:
        stages = {count: trained(Path(folder) / str(count), count, steps) for count in (1, 2)}
    one, two = stages[1], stages[2]
    apart = max(abs(a.loss - b.loss) / a.loss for a, b in zip(one.losses, two.losses, strict=True))
    if apart > 1e-4 or (one.tokens, one.answers) != (two.tokens, two.answers):
        raise SystemExit(f"two processes learned something else: losses differ by {apart:.1e}")
    rates = {str(count): round(stage.tokens / stage.wall_s, 1) for count, stage in stages.items()}
    return {
        "steps": steps,
        "samples_a_step": SAMPLES,
        "tokens": one.tokens,
        "tokens_a_second": rates,
        "efficiency": round(two.tokens / two.wall_s / (one.tokens / one.wall_s) / 2, 3),
        "largest_difference_of_losses": float(f"{apart:.1e}"),
    }


def page(found: dict[str, Any]) -> str:
    """The table."""
    rows = [f"| {count} | {rate:,} |" for count, rate in found["tokens_a_second"].items()]
    return "\n".join(
        [
            "# Training in two processes",
            "",
            f"`python benchmarks/processes.py`, {found['machine']['cpu']}, {found['machine']['date']}: "
            f"{found['steps']} steps of {found['samples_a_step']} samples, {found['tokens']:,} tokens, one "
            "thread a process.",
            "",
            "| processes | tokens a second |",
            "|--:|--:|",
            *rows,
            "",
            f"Efficiency of two against one: {found['efficiency']}. Losses differ by at most "
            f"{found['largest_difference_of_losses']:.1e} of their size.",
            "",
        ]
    )


def main() -> None:
    """Measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--no-write", action="store_true")
    asked = parser.parse_args()
    found = {"machine": machine(), **measured(asked.steps)}
    print(json.dumps(found, indent=1))
    if not asked.no_write:
        write_whole(RESULTS / "processes.json", (json.dumps(found, indent=1) + "\n").encode())
        write_whole(RESULTS / "processes.md", page(found).encode())


if __name__ == "__main__":
    main()
