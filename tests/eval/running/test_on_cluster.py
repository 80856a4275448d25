"""`eval run --on ray` on two nodes on loopback: the bytes of one machine, nodes and drivers killed, limits."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.llm.exchanges import logs_of, read_rows
from tests.eval.running.models import save_tiny
from tests.generation.cluster import kit
from tests.servers.openai_double import Double, openai_double

pytest.importorskip("ray")
pytestmark = pytest.mark.slow
QUESTIONS = 40


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with one CPU."""
    with kit.nodes(2) as made:
        yield made


@pytest.fixture
def double() -> Iterator[Double]:
    """A server that takes its time."""
    with openai_double(latency_s=0.1) as made:
        yield made


def start(
    films: Path,
    out: Path,
    model: str,
    address: str | None,
    *options: str,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.Popen[str]":
    """`moviellm eval run` in a process of its own; on the cluster at an address, or on this machine alone."""
    command = [sys.executable, "-P", "-m", "moviellm.generation.cli", "eval", "run", "--model", model, "--data"]
    command += [str(films), "--out", str(out), "--tasks", "all", "--json", *options]
    command += ["--on", "ray"] if address else []
    settings = {**os.environ, **kit.LIGHT, **(environment or {}), **({"RAY_ADDRESS": address} if address else {})}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=settings)


def finish(driver: "subprocess.Popen[str]") -> None:
    _, err = driver.communicate(timeout=600)
    assert driver.returncode == 0, err


def left(out: Path) -> dict[str, Any]:
    """Every file that a run leaves, without the times."""
    found: dict[str, Any] = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out)
        if path.is_file() and name.parts[0] not in ("kept", "lock"):
            found[str(name)] = path.read_bytes()
            if path.name == "results.json":
                found[str(name)] = {**json.loads(path.read_bytes()), "times": None}
    return found


def served(double: Double) -> dict[str, str]:
    return {"OPENAI_BASE_URL": double.base_url, "OPENAI_API_KEY": "none"}


def paid(out: Path) -> Counter[str]:
    """How often each question was paid for."""
    rows = [row for path in logs_of(out / "kept") for _, _, row in read_rows(path) if row is not None]
    return Counter(row["key"] for row in rows if row["kind"] == "reply")


def wait_for(double: Double, calls: int, driver: "subprocess.Popen[str]") -> None:
    until = time.monotonic() + 300
    while len(double.billed) < calls:
        assert driver.poll() is None, driver.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def test_an_endpoint_asked_on_two_nodes_leaves_the_bytes_of_one_machine(
    cluster: Any, films: Path, tmp_path: Path, double: Double
) -> None:
    environment = served(double)
    finish(start(films, tmp_path / "one", "openai:eyes", None, environment=environment))
    calls = len(double.requests)
    finish(start(films, tmp_path / "run", "openai:eyes", cluster.address, environment=environment))
    assert len(double.requests) == 2 * calls
    assert left(tmp_path / "run") == left(tmp_path / "one")
    finish(start(films, tmp_path / "run", "openai:eyes", None, environment=environment))  # and back: nothing is asked
    assert len(double.requests) == 2 * calls
    assert left(tmp_path / "run") == left(tmp_path / "one")


def test_a_checkpoint_asked_on_two_nodes_leaves_the_bytes_of_one_machine(
    cluster: Any, films: Path, tmp_path: Path
) -> None:
    model = str(save_tiny(tmp_path / "model"))
    options = ("--max-tokens", "4", "--controls", "question-only,random", "--device", "cpu")
    one_thread = {"OMP_NUM_THREADS": "1"}  # an asker takes one CPU
    finish(start(films, tmp_path / "one", model, None, *options, environment=one_thread))
    finish(start(films, tmp_path / "run", model, cluster.address, *options))
    assert left(tmp_path / "run") == left(tmp_path / "one")


def test_a_node_and_a_driver_that_die_give_nothing_twice(
    cluster: Any, films: Path, tmp_path: Path, double: Double
) -> None:
    double.latency_s = 0.3
    options, environment, run = ("--concurrency", "1"), served(double), tmp_path / "run"
    driver = start(films, run, "openai:eyes", cluster.address, *options, environment=environment)
    wait_for(double, 6, driver)
    node = next(node for node in cluster.list_all_nodes() if node is not cluster.head_node)
    cluster.remove_node(node, allow_graceful=False)
    cluster.add_node(**kit.NODE, wait=False)
    wait_for(double, 14, driver)
    driver.send_signal(signal.SIGKILL)
    driver.communicate()
    finish(start(films, run, "openai:eyes", cluster.address, *options, environment=environment))
    assert set(paid(run).values()) == {1}
    assert len(double.billed) - sum(paid(run).values()) <= 4  # under way at the two kills
    double.latency_s = 0.0
    finish(start(films, tmp_path / "one", "openai:eyes", None, environment=environment))
    ours, theirs = left(run), left(tmp_path / "one")
    assert ours == theirs


def test_the_limit_of_an_endpoint_holds_for_all_nodes(cluster: Any, films: Path, tmp_path: Path) -> None:
    with openai_double(kit.Timed) as double:
        options = ("--requests-per-minute", "30", "--limit", "3")
        driver = start(films, tmp_path / "run", "openai:eyes", cluster.address, *options, environment=served(double))
        until = time.monotonic() + 240  # a node loads for a while before it asks
        while len(double.arrivals) < 8 and driver.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        driver.kill()
        driver.communicate()
        assert len(double.arrivals) >= 8
        spans = [late - early for early, late in zip(double.arrivals, double.arrivals[1:], strict=False)]
        assert sum(spans) >= 0.9 * (len(double.arrivals) - 2) * 2.0  # two at once, then one each two seconds
