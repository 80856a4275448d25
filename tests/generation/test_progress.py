"""Progress lines where there is no terminal."""

import pytest

from moviellm.generation import progress as module
from moviellm.generation.progress import progress


def test_short_work_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("making", 3, "cells") as advance:
        advance(1)
    assert capsys.readouterr().err == ""


def test_long_work_prints_rate_and_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 4.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with progress("making", 10, "cells") as advance:
        advance(2)
    assert capsys.readouterr().err == "making: 2/10 cells, 0.5/s, 16 s left\n"


def test_what_it_has_cost_is_said_beside_the_rate(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 4.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with progress("making", 10, "cells", lambda: "0.02 USD") as advance:
        advance(2)
    assert capsys.readouterr().err.endswith("16 s left, 0.02 USD\n")
