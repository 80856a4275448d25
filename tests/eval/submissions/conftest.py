"""Cells cost a second each; most tests call what runs in them in this process."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pytest

from moviellm.eval.submissions.cell import Bounds, Done


def called_here(function: str, arguments: Mapping[str, Any], bounds: Bounds | None = None, **_: Any) -> Done:
    """What `in_a_cell` gives, without a process."""
    module, name = function.split(":")
    return Done(getattr(import_module(module), name)(**arguments), "none", 0.0)


@pytest.fixture
def no_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verbs check in this process."""
    for module in ("check_verb", "sending"):
        monkeypatch.setattr(f"moviellm.eval.submissions.{module}.in_a_cell", called_here)
