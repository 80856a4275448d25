"""Environments of their own for tests: a Python that holds what is named and nothing of ours.

    python = fresh_python(tmp_path / "venv", "evaluate", "numpy")

Made without pip inside and without compiled modules, which takes half the time. An environment that shares ours is in
eval/other_environment.py.
"""

import subprocess
import sys
from pathlib import Path


def fresh_python(folder: Path, *wanted: str | Path, cwd: Path | None = None) -> Path:
    """The Python of a new environment; `wanted` are arguments of `pip install`."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, *wanted], check=True, cwd=cwd)
    return python
