"""What a finished proof leaves for `moviellm ask` and `moviellm eval run`: its questions and its models, whole.

    python -m moviellm.training.proof.leaving proof out 0 1 2

    out/questions/                              held-out movies with the proof's questions
    out/seed0/checkpoints/{baseline,movies,control}/

What is there stays. It is the last stage of `moviellm prove`, and trains nothing.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from moviellm.training.proof.checkpoint import whole
from moviellm.training.proof.dataset import frames_of, leave_questions
from moviellm.training.proof.settings import load_settings
from moviellm.training.proof.telling import RUNS

QUESTIONS = "questions"
CHECKPOINTS = "checkpoints"


def main(arguments: Sequence[str] | None = None) -> None:
    """Leave what is not there."""
    parser = argparse.ArgumentParser(description="What a finished proof leaves for others.")
    parser.add_argument("recipe")
    parser.add_argument("out", type=Path)
    parser.add_argument("seeds", type=int, nargs="+")
    options = parser.parse_args(arguments)
    out, settings = options.out, load_settings(options.recipe)
    if not (out / QUESTIONS).is_dir():
        leave_questions(out / "dataset", out / QUESTIONS, settings)
    wanted = [(out / f"seed{seed}", run) for seed in options.seeds for run in RUNS]
    missing = [(seed, run) for seed, run in wanted if not (seed / CHECKPOINTS / run).is_dir()]
    if missing:
        frames = frames_of(out / "dataset")
        for seed, run in missing:
            whole(seed, run, seed / CHECKPOINTS / run, frames)


if __name__ == "__main__":
    main()
