"""lmms-eval with our models and our benchmark: a model plugin, and task files for `--include_path`.

    pip install lmms-eval && pip install "moviellm[train]"
    python -m moviellm.eval.lmms_eval                           # where the task files lie
    lmms-eval --model moviellm --model_args pretrained=runs/stage3,n=64 --tasks videomme,mvbench

docs/lmms_eval.md has the commands. Nothing here is imported unless lmms-eval, or a test, asks for it.
"""

from pathlib import Path
from typing import Final

TASKS: Final = Path(__file__).parent / "tasks"
"""The task files: what `--include_path` takes."""
