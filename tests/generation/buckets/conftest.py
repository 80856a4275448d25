"""One S3 server, and a clean bucket for each test."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.s3_faults import S3, s3_behind_faults

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[S3]:
    """Moto's server behind the proxy, started once."""
    pytest.importorskip("moto")
    with s3_behind_faults() as s3:
        yield s3


@pytest.fixture
def s3(server: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> S3:
    """The server without faults, reached by this process, its working folders in the test's."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    server.faults.heal()
    server.faults.log.clear()
    return server


@pytest.fixture
def bucket(s3: S3) -> str:
    """An empty bucket."""
    name = f"films-{next(_numbers)}"
    s3.bucket(name)
    return name
