"""Metrics as `evaluate` loads them from this checkout, without a network and with caches of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Load = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """`evaluate.load`, which copies modules and writes tables below a folder of this session."""
    import evaluate
    import evaluate.utils.file_utils as files

    home = tmp_path_factory.mktemp("evaluate")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate.config, "HF_EVALUATE_OFFLINE", True)
        patch.setattr(evaluate.config, "HF_METRICS_CACHE", str(home / "metrics"))
        patch.setattr(files, "HF_MODULES_CACHE", home / "modules", raising=False)
        patch.setattr(evaluate.config, "HF_MODULES_CACHE", str(home / "modules"))
        patch.chdir(ROOT)
        patch.syspath_prepend(str(home / "modules"))
        yield evaluate.load
