"""The movies of a proof, made and published by the line's own verbs.

    folder = make_footage(settings, out)                 # `moviellm make` and `dataset build`, as programs

It reads nothing back: see footage.py.
"""

import subprocess
import sys
from pathlib import Path

from moviellm.training.proof.settings import ProofSettings


def make_footage(settings: ProofSettings, out: Path) -> Path:
    """The dataset folder under `out`, made unless it is there."""
    run, folder = out / "movies", out / "dataset"
    if not (folder / "manifest.json").is_file():
        overrides = [word for override in settings.overrides for word in ("--set", override)]
        _verb("make", "--recipe", settings.movies, "--out", str(run), "--no-films", *overrides)
        _verb("dataset", "build", str(run), "--out", str(folder))
    return folder


def _verb(*words: str) -> None:
    """Another verb of the command line, in a process of its own; what it says on the way is shown."""
    done = subprocess.run([sys.executable, "-m", "moviellm.generation.cli", *words], stdout=subprocess.DEVNULL)
    if done.returncode:
        raise ValueError(f"`moviellm {' '.join(words)}` ended with code {done.returncode}: see above, and start again")
