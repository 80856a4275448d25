"""A few seconds of benchmarks/fuzz_parsers.py, and that it would notice a crash, a hang and nonsense."""

import importlib.util
import random
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/fuzz_parsers.py"


@pytest.fixture(scope="module")
def script() -> Any:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("fuzz_parsers", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz_parsers"] = module
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules["fuzz_parsers"]


def test_no_reader_fails(script: Any) -> None:
    found = script.fuzz(minutes=5, seed=1, rounds=40)
    assert [reader.failures for reader in found] == [[]] * 8
    assert {reader.calls for reader in found} == {40}


def test_the_same_seed_makes_the_same_texts(script: Any) -> None:
    texts = ["From 3 to 9.", "B"]
    one, other = ([script.mutated(texts, lot) for _ in range(30)] for lot in (random.Random(3), random.Random(3)))
    assert one == other
    assert len(set(one)) > 15


def crash(text: str, lot: random.Random) -> None:
    raise KeyError("end")


def hang(text: str, lot: random.Random) -> None:
    while True:
        pass


def nonsense(text: str, lot: random.Random) -> None:
    raise AssertionError("(nan, 3.0)")


@pytest.mark.parametrize(
    ("read", "what"), [(crash, "KeyError: 'end'"), (hang, "TooSlowError"), (nonsense, "AssertionError: (nan, 3.0)")]
)
def test_what_is_looked_for_would_be_noticed(
    read: Any, what: str, script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "LIMIT_S", 0.05)
    reader = script.Reader("bad", read, (ValueError,))
    reader.call("a text", random.Random(0))
    assert [failure.startswith(what) for failure in reader.failures] == [True]
    assert "'a text'" in reader.failures[0]


def test_a_refusal_that_is_announced_is_none(script: Any) -> None:
    reader = script.Reader("careful", lambda text, lot: int(text), (ValueError,))
    reader.call("three", random.Random(0))
    assert (reader.refused, reader.failures) == (1, [])
