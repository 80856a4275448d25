"""The fuzzer of the validator finds nothing in its first cases, and would find a reader that fails."""

import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).resolve().parents[3] / "benchmarks" / "fuzz_submissions.py"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


@pytest.fixture
def fuzzer(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(PATH.parent)  # as for a script that is run
    spec = importlib.util.spec_from_file_location("fuzz_submissions", PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "BATCH", 25)
    return module


def test_the_first_cases_have_no_failure_and_several_codes(fuzzer: ModuleType) -> None:
    found = fuzzer.forked(0, 0, time.monotonic() + 60)
    assert found["failures"] == [] and found["cases"] == 25
    assert len(found["codes"]) > 5


@pytest.mark.parametrize(
    "failure", ["raise KeyError('a')", "import os; os.abort()", "open('/tmp/moviellm-evil', 'w')"]
)
def test_a_reader_that_fails_is_found(fuzzer: ModuleType, failure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzer, "check_bundle", lambda *_, **__: exec(failure))
    assert fuzzer.forked(0, 0, time.monotonic() + 60)["failures"]
