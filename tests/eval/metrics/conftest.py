"""Metrics as `evaluate` loads them from this checkout, without a network and with caches of their own."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Load = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """`evaluate.load`, which copies modules and writes tables below a folder of this session."""
    with pytest.MonkeyPatch.context() as patch:
        # For pipelines that no metric here uses, `evaluate` imports transformers and torch: ten seconds.
        patch.setitem(sys.modules, "transformers", None)
        import evaluate

    home = tmp_path_factory.mktemp("evaluate")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate.config, "HF_EVALUATE_OFFLINE", True)
        patch.setattr(evaluate.config, "HF_METRICS_CACHE", str(home / "metrics"))
        patch.setattr(evaluate.config, "HF_MODULES_CACHE", str(home / "modules"))
        patch.syspath_prepend(str(home / "modules"))
        yield evaluate.load


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples name metrics by their folders in this checkout."""
    monkeypatch.chdir(ROOT)
