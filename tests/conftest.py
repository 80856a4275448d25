"""What every test runs under: no network but loopback, no shared caches, repeatable examples."""

import os
import signal
import socket
import tempfile
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("moviellm", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("moviellm")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell that starts the suite in the background has it ignore Ctrl-C, and so would the programs under test.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Set before any test imports `datasets`, which reads them once.
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="moviellm-tests-")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anywhere but this machine is an error that names the address."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address}; tests use loopback servers only")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Where CI has installed the tools, a skip for a missing tool is a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("MOVIELLM_REQUIRE_TOOLS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
