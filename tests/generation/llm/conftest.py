"""Pauses between tries do not last in these tests."""

import pytest

from tests.generation.llm import kit


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    kit.hurry(monkeypatch)
