"""Whether what a recipe has its checkpoints asked can be asked at all, found out before the first step is paid for.

    check_evaluation(recipe.evaluate, recipe.dataset, Path("runs/tiny"))     # ValueError: what is wrong, in one line

`moviellm eval run --dry-run` in a process of its own knows tasks, options, data and split, and says what it would
refuse. There is no checkpoint yet, so a folder stands in for it that holds an empty config: nothing is loaded from it,
and no weights of a base are hashed. It asks nothing and writes nothing into the run.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from moviellm.generation.output import note
from moviellm.training.stages.blocks import EvaluateBlock
from moviellm.training.stages.evaluations import command_of

QUIET_S: Final = 2.0
"""A check that takes longer is told about."""
ERROR: Final = "error: "


def check_evaluation(tasks: EvaluateBlock, data: str | None, run: Path) -> None:
    """Ask about what no checkpoint is there for yet.

    Raises:
        ValueError: `moviellm eval run` would refuse it, in its words.
    """
    with tempfile.TemporaryDirectory(prefix="moviellm-stand-in-") as folder:
        stand_in = Path(folder)
        (stand_in / "config.json").write_text("{}", encoding="utf-8")
        code, said = _asked([*command_of(tasks, data, stand_in, run / "evaluations" / "first"), "--dry-run"])
    if code:
        raise ValueError(
            f"`evaluate` of the recipe cannot be asked: {said}; mend the block (moviellm eval run --help lists "
            "options), or leave it out: --evaluate null"
        )


def _asked(command: list[str]) -> tuple[int, str]:
    """Exit code and last words of a command."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _, said = process.communicate(timeout=QUIET_S)
        except subprocess.TimeoutExpired:
            note("seeing whether checkpoints can be asked what the recipe says: moviellm eval run --dry-run")
            _, said = process.communicate()
    lines = said.strip().splitlines() or [f"moviellm eval run ended with code {process.returncode}"]
    return process.returncode, lines[-1].removeprefix(ERROR)
