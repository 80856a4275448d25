"""An environment of its own for a package that does not fit beside ours: what it lacks is installed, the rest is
shared.

    python = environment(folder, ["lmms-eval==0.7.3", "loguru"])
    done = run(python, "-c", "import lmms_eval", env={...})

The packages named are really installed, without what they depend on. What is not named (torch, transformers, datasets)
is read from the environment that runs the tests. moviellm is installed from a copy of the checkout, with its entry
points and data files.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("cards", "eval", "generation", "training", "moviellm_dataset.py", "pyproject.toml", "README.md", "LICENSE")


def environment(folder: Path, packages: list[str]) -> Path:
    """The Python of a new environment in a folder."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    own = Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
    (own / "shared.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")  # not the .pth files in it
    copy = folder / "checkout"
    copy.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / part, copy / part)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-compile", "--no-deps"]
    subprocess.run([*pip, *packages], check=True)
    subprocess.run([*pip, "--no-build-isolation", str(copy)], check=True)
    return python


def run(python: Path, *arguments: str, cwd: Path, env: dict[str, str]) -> str:
    """What a program prints there; nothing of it reaches a network."""
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(cwd / "hf"), "HOME": str(cwd)}
    path = f"{python.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [str(python), *arguments], cwd=cwd, env={"PATH": path, **offline, **env}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    return done.stdout
