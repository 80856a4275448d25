"""A cluster of several nodes on this machine, a run to make on it, and a hand that kills nodes.

    with nodes(4) as cluster:                          # ray.cluster_utils.Cluster, no dashboard
        driver = start_make(run, cluster.address)      # `moviellm make --on ray`, a process of its own
        wait_for(run, cells=12, driver=driver)
        cluster.remove_node(cluster.head_node, allow_graceful=False)

Every process that is started here is ended here. Nodes share one folder, as nodes on shared storage do.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from moviellm.generation.runs.manifest import TABLES
from moviellm.generation.runs.status import run_status
from tests.servers.openai_double import Double

LIGHT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_AUTH_MODE": "disabled",
    # A node that is killed is seen within seconds, one that is slow is not taken for dead.
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_failure_threshold": "8",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "10",
}
NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}
SMALL = ["story.chapters=1", "story.scenes=2", "story.keyframes=2", "engine.shard_bytes=1024", "questions.per_movie=6"]
"""A movie a shard, in a second or two."""


WRITTEN = [
    "movies=16", "writer=llm", "llm.model=story", "story.chapters=2", "story.scenes=3", "story.keyframes=1",
    "image.width_px=64", "image.height_px=64", "engine.shard_bytes=1024", "questions.per_movie=5",
    "engine.concurrency=4",
]  # fmt: skip
"""Movies that a model writes, a shard each, with hardly anything to draw."""


@dataclass(kw_only=True)
class Timed(Double):
    """A double that notes when each question came, and the tokens it counted."""

    arrivals: list[float] = field(default_factory=list)
    tokens: list[tuple[float, int]] = field(default_factory=list)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self.arrivals.append(time.time())
        return await super()._chat(request)

    def completion(self, body: dict[str, Any], fault: str | None) -> dict[str, Any]:
        """An answer."""
        answer = super().completion(body, fault)
        self.tokens.append((time.time(), answer["usage"]["total_tokens"]))
        return answer


def most_in_a_minute(taken: Sequence[tuple[float, float]]) -> float:
    """The most units of any 60 seconds, of (time, units)."""
    return max(sum(units for at, units in taken if begin <= at < begin + 60.0) for begin, _ in taken)


@contextmanager
def nodes(count: int, head: Mapping[str, Any] | None = None, **options: Any) -> Iterator[Any]:
    """A cluster; its processes are gone afterwards. `head`: options of the head node beside those of all."""
    os.environ.update(LIGHT)
    from ray.cluster_utils import Cluster

    adopt()
    before = processes()
    cluster = Cluster(initialize_head=True, head_node_args={**NODE, **options, **(head or {})})
    try:
        for _ in range(count - 1):
            cluster.add_node(**{**NODE, **options}, wait=False)
        cluster.wait_for_nodes(timeout=120)
        yield cluster
    finally:
        with suppress(Exception):
            cluster.shutdown()
        end(processes() - before)


def processes() -> set[int]:
    """Processes of Ray that descend from this one, also those whose parent was killed (`adopt`), and no others."""
    parents: dict[int, int] = {}
    named = set()
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            pid = int(folder.name)
            parents[pid] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            parts = (b"ray::", b"/ray/core/src/ray/", b"/ray/dashboard/", b"/ray/autoscaler/", b"/ray/_private/")
            if any(part in command for part in parts):
                named.add(pid)
    return {pid for pid in named if os.getpid() in _ancestors(pid, parents)}


def _ancestors(pid: int, parents: Mapping[int, int]) -> Iterator[int]:
    while (pid := parents.get(pid, 0)) > 0:
        yield pid


def adopt() -> None:
    """Become the parent of grandchildren whose parent dies, in place of init: nothing that is started here is lost."""
    pr_set_child_subreaper = 36
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def children(pid: int) -> set[int]:
    """Processes that a process has started."""
    found = set()
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found.add(int(folder.name))
    return found


def end(pids: set[int]) -> None:
    """Kill what is left of a cluster."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def named(part: str) -> set[int]:
    """Processes of Ray with this in their name, such as `ray::Desk`."""
    return {pid for pid in processes() if part.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()}


def begin_run(run: Path, *arguments: str) -> None:
    """Write the record of a run, and make nothing of it."""
    from moviellm.generation.config.recipe import load_recipe
    from moviellm.generation.make import shard_size
    from moviellm.generation.runs.record import next_record, write_record

    recipe = load_recipe("tiny", list(arguments))
    run.mkdir(parents=True)
    write_record(run, next_record(run, recipe, movies_per_shard=shard_size(recipe)))


def same_run(source: Path, run: Path) -> None:
    """Another folder with the same record: what is made there has the same bytes."""
    run.mkdir(parents=True)
    shutil.copy(source / "run.yaml", run / "run.yaml")


def start_make(
    run: Path, address: str | None, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """`moviellm make` in a process of its own; on the cluster at an address, or on this machine alone."""
    command = [sys.executable, "-P", "-m", "moviellm.generation.cli", "make", "--out", str(run), "--no-films"]
    client = address is not None and address.startswith("ray://")
    command += [*arguments, "--json", *(["--on", address if client else "ray"] if address else [])]
    settings = {**os.environ, **LIGHT, **(environment or {})}
    settings |= {"RAY_ADDRESS": address} if address and not client else {}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=settings, process_group=0
    )


def wait_for(run: Path, cells: int, driver: subprocess.Popen[str], timeout_s: float = 300.0) -> bool:
    """Wait until a run has so many cells, in tables or journals. False: the driver ended first."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        status = run_status(run)
        if sum(status.cells.values()) + sum(one.cells for one in status.working) >= cells:
            return True
        if driver.poll() is not None:
            return False
        time.sleep(0.05)
    raise TimeoutError(f"{run} has no {cells} cells after {timeout_s} s")


def kept(run: Path) -> dict[str, bytes]:
    """Every committed byte of a run."""
    paths = [path for name in (*TABLES, "manifest") for path in (run / name).glob("*") if path.is_file()]
    return {str(path.relative_to(run)): path.read_bytes() for path in sorted(paths)}
