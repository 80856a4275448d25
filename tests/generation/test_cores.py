"""Cores are those that a scheduler gave."""

import pytest

from moviellm.generation.cores import usable_cores


def test_cores_are_those_that_the_scheduler_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 128)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 7}, raising=False)
    assert usable_cores() == 2


def test_where_no_scheduler_says_it_is_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 128)
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    assert usable_cores() == 128
