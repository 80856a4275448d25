"""Frames and rows equal those of the models' own processors, which need torchvision: bit by bit, token by token."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.training.stock.tiny import KINDS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What differs, by family; torchvision lies in a folder that only this process sees."""
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site), "torchvision==0.28.0"]
    subprocess.run(command, check=True)
    paths = [str(ROOT), str(ROOT / ".typing"), str(site)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.stock.native"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_frames_and_placeholders_equal_those_of_the_models_own_processor(report: Any, kind: str) -> None:
    assert report[kind] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_settings_that_a_checkpoint_does_not_have_are_those_of_the_family(report: Any, kind: str) -> None:
    assert report[f"{kind}, no settings"] == []


@pytest.mark.slow
def test_a_cap_on_pixels_is_kept(report: Any) -> None:
    assert report["qwen3_vl, capped"] == []


@pytest.mark.slow
def test_the_comparison_sees_a_difference(report: Any) -> None:
    assert report["qwen3_vl, other settings"] != []
