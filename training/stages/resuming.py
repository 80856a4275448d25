"""Where a stage goes on: the newest checkpoint that is whole, and what a killed one left behind.

    found = newest_whole(Path("runs/tiny"))         # found.folder, or None; found.left_out says why others are not it

A checkpoint appears by a rename, so a half one has another name; one that somebody damaged afterwards is found by what
it lacks. It deletes nothing.
"""

import re
from dataclasses import dataclass
from pathlib import Path

BUILDING = ".building-"
"""What the name of a checkpoint begins with while it is written."""
COUNTS_FILE = "counts.json"
OWN = "own_adapter.safetensors"
"""The adapter of this stage alone, as it learns."""
NEEDED = ("trainer_state.json", "optimizer.pt", "scheduler.pt", COUNTS_FILE)
"""Files that a checkpoint of one process has; weights and random numbers have names of several kinds."""
NAME = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True)
class Found:
    """Where to go on."""

    folder: Path | None
    left_out: tuple[str, ...]
    """A sentence for each checkpoint that is not whole."""

    @property
    def step(self) -> int:
        """Steps that were done until then."""
        return 0 if self.folder is None else int(NAME.fullmatch(self.folder.name)[1])  # type: ignore[index]


def newest_whole(run: Path) -> Found:
    """The newest whole checkpoint of an output folder."""
    left_out = [
        f"{path} is a checkpoint that was not finished (the training was killed while it wrote it): ignored"
        for path in sorted(run.glob(f"{BUILDING}*"))
    ]
    steps = {int(match[1]): path for path in run.glob("checkpoint-*") if (match := NAME.fullmatch(path.name))}
    for step in sorted(steps, reverse=True):
        lacks = _lacks(steps[step])
        if lacks:
            left_out.append(f"{steps[step]} lacks {', '.join(lacks)}: ignored")
        else:
            return Found(steps[step], tuple(left_out))
    return Found(None, tuple(left_out))


def _lacks(folder: Path) -> list[str]:
    files = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    sharded = any(name.startswith(("global_step", "pytorch_model_fsdp", "optimizer_0")) for name in files)
    lacks = [] if sharded else [name for name in NEEDED if name not in files]
    if not sharded and not any(name.endswith(".safetensors") for name in files):
        lacks.append("its weights")
    if not any(name.startswith("rng_state") for name in files):
        lacks.append("its random numbers")
    return lacks
