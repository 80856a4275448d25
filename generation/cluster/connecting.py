"""The way to a Ray cluster, and whether it can make a run: everything that can be refused before any work is paid for.

    with connected("ray") as ray:                       # RAY_ADDRESS, or a cluster on this machine
        check_nodes(ray, run)                           # every node has this version and sees the run folder
        check_gpus(ray, recipe)
        with told_when_gone(ray): ...                   # an error in words where the cluster is lost meanwhile

`ray` is the cluster that RAY_ADDRESS names, as it does inside `ray job submit`, or a local one that ends with the
verb; `ray://HOST:PORT` is any other. It starts no task of the run: see driving.py.
"""

import os
import platform
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from moviellm.generation.cluster.nodes import node_name
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.output import note

INSTALL = "--on ray needs the package ray: pip install 'moviellm[ray]'"
LISTENS_S = 5.0
"""So long somebody may take to answer at an address."""
ATTEMPTS = 3
SLOW = ("Starting Ray client server failed", "Proxy failed to Connect to backend")
"""What a head says that did not start the server of a client in time; asked again it mostly has."""
NODE_S = 180.0
"""So long every node may take to start its first process."""
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_DEDUP_LOGS": "0"}
"""Settings of Ray where the user has none: nothing is sent home."""
NONE = "none"
"""The version of what is not installed."""
LOST = "the cluster is gone; everything finished is kept, and the same command goes on, on any cluster or on none"


class ClusterGoneError(OSError):
    """The cluster does not answer any more."""


@contextmanager
def connected(on: str) -> Iterator[Any]:
    """The module `ray`, connected; a cluster that was started for this ends with it.

    Raises:
        ValueError: no such address, nobody listens there, another version of Ray is, or it is not installed.
    """
    address = address_of(on)
    if find_spec("ray") is None:
        raise ValueError(INSTALL)
    if address is not None:
        _refuse_silence(address)
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():  # somebody's own program
        yield ray
        return
    with redirect_stdout(sys.stderr):  # what Ray says of nodes that die is no part of a report
        try:
            _connect(ray, address)
            yield ray
        finally:
            with suppress(Exception):  # a cluster that is gone cannot be left in order
                ray.shutdown()


def address_of(on: str) -> str | None:
    """The address behind `--on`; None starts a cluster here.

    Raises:
        ValueError: it is none.
    """
    if on == "ray":
        return os.environ.get("RAY_ADDRESS", "").strip() or None
    parts = urlsplit(on)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "ray" or not parts.hostname or not port:
        raise ValueError(f"--on {on}: it takes ray, or the address of a cluster such as ray://10.0.0.1:10001")
    return on


def _refuse_silence(address: str) -> None:
    """Refuse an address where nobody listens: Ray itself would wait half a minute to say so."""
    if address in {"auto", "local"}:
        return
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        place = (parts.hostname or "", parts.port or 0)
        socket.create_connection(place, timeout=LISTENS_S).close()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ValueError(
            f"nobody listens at {address} ({why}); start a cluster there (ray start --head), or see whether the port "
            "is that of Ray's client server, 10001 unless somebody says otherwise"
        ) from None


def _connect(ray: Any, address: str | None) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is None or address == "local":
        address, options["include_dashboard"] = "local", False
    for left in reversed(range(ATTEMPTS)):
        try:
            ray.init(address=address, **options)
            return
        except Exception as error:  # Ray raises plain ones too
            said = _last_of_traceback(str(error))
        if not left or not any(slow in said for slow in SLOW):
            break
        note("the cluster's head did not start a server for us within the 30 seconds that Ray gives it; once more")
    if "ersion" in said and ("mismatch" in said.lower() or "does not match" in said or "same" in said):
        raise ValueError(
            f"the cluster has another version of Ray or Python than this machine (ray {version('ray')}, "
            f"Python {platform.python_version()}): {said[:300]}; install the same on both"
        )
    where = "this machine" if address == "local" else address
    raise ValueError(f"no Ray cluster can be reached at {where}: {said[:300]}")


def _last_of_traceback(text: str) -> str:
    """What Ray says, on one line: of a traceback that came over the wire, which it puts in whole, the exception."""
    head, begins, trace = text.partition("Traceback (most recent call last):")
    raised = [line for line in trace.splitlines() if line and not line[0].isspace()]
    return " ".join(f"{head if begins else text} {raised[-1] if raised else trace}".split())


@contextmanager
def told_when_gone(ray: Any) -> Iterator[None]:
    """Work on a cluster that may be lost meanwhile.

    Raises:
        ClusterGoneError: it does not answer any more.
    """
    try:
        yield
    except ray.exceptions.RayTaskError:  # a fault of ours, not the cluster's
        raise
    except ray.exceptions.RayError as error:
        raise ClusterGoneError(f"{LOST} ({type(error).__name__})") from error
    except (ConnectionError, RuntimeError) as error:
        raise ClusterGoneError(f"{LOST} ({' '.join(str(error).split())[:200]})") from error


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a node must have beside moviellm and Ray."""

    packages: Sequence[str] = ()
    """Packages in the driver's versions."""
    modules: Sequence[str] = ()
    """What its tasks will import: imported as soon as it is asked, so that the first task need not."""


NOTHING = Needs()


def _versions(packages: Sequence[str]) -> dict[str, str]:
    """Versions that have to be the same everywhere."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in ("moviellm", "ray", *packages):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = NONE
    return found


def _facts_here(token: str, inputs: Sequence[str], needs: Needs) -> dict[str, Any]:
    """What a node says of itself; runs there. What it imports, the first task there need not."""
    lacks = [] if not token or Path(token).is_file() else [str(Path(token).parent)]
    lacks += [path for path in inputs if not Path(path).exists()]
    broken = {name: why for name in (*needs.modules, *needs.packages) if (why := _import_error(name)) is not None}
    return {"node": node_name(), "versions": _versions(needs.packages), "lacks": lacks, "broken": broken}


def _import_error(name: str) -> str | None:
    """Why a module cannot be imported here."""
    try:
        import_module(name)
    except Exception as error:  # a package that is half installed raises anything
        return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return None


def check_nodes(
    ray: Any, run: Path | None, *, inputs: Sequence[Path] = (), needs: Needs = NOTHING
) -> list[dict[str, Any]]:
    """What every node says of itself, when all can make this run.

    Args:
        run: A folder that every node must see; a file is written there for a moment. None where there is none.
        inputs: Other files and folders that it must have.
        needs: What must be installed there.

    Raises:
        ValueError: the cluster has no node with a CPU, one has other versions, cannot import something, or does not
            see a folder.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) > 0]
    if not nodes:
        raise ValueError("the cluster has no node with a CPU: a shard takes one; start a node with --num-cpus")
    token = None if run is None else run.absolute() / f".seen-{os.getpid()}.tmp"
    if token is not None:
        token.write_bytes(b"")
    try:
        ask = ray.remote(num_cpus=0, max_retries=0)(_facts_here)
        asked = {
            node: ask.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(
                str(token or ""), [str(path.absolute()) for path in inputs], needs
            )
            for node in nodes
        }
        done, _ = ray.wait(list(asked.values()), num_returns=len(asked), timeout=NODE_S)
        facts = [_facts_of(ray, asked[node], node, asked[node] in done) for node in nodes]
        kept = [one for one in facts if one is not None]
        if not kept:
            raise ValueError("every node of the cluster with a CPU went away while it was asked; start the run again")
    finally:
        if token is not None:
            token.unlink(missing_ok=True)
    _refuse_others(kept, _versions(needs.packages))
    return kept


def _facts_of(ray: Any, ref: Any, node: str, done: bool) -> dict[str, Any] | None:
    """What a node said; None of one that died meanwhile: nothing will be made there."""
    if not done:
        raise ValueError(f"node {node[:6]} of the cluster started no process within {NODE_S:g} s; look at its log")
    try:
        facts: dict[str, Any] = ray.get(ref)
    except Exception as error:
        if not any(one["NodeID"] == node and one["Alive"] for one in ray.nodes()):
            return None
        said = " ".join(str(error).split())[-300:]
        raise ValueError(
            f"node {node[:6]} of the cluster cannot make movies: {said}; install moviellm on every node"
        ) from None
    return facts


def _refuse_others(facts: list[dict[str, Any]], here: dict[str, str]) -> None:
    for one in facts:
        for name, value in here.items():
            there = one["versions"][name]
            if there == NONE:
                raise ValueError(f"node {one['node']} has no {name}, this machine {value}; install the same")
            if there != value:
                raise ValueError(f"node {one['node']} has {name} {there}, this machine {value}; install the same")
        for name, why in one["broken"].items():
            raise ValueError(f"node {one['node']} cannot import {name} ({why}); install it on every node")
        for path in one["lacks"]:
            raise ValueError(
                f"node {one['node']} does not see {path}; a run on a cluster, and what it reads, lie on storage that "
                "every node has at the same path"
            )


def check_gpus(ray: Any, recipe: Recipe) -> tuple[int, bool]:
    """How many painters the cluster holds, and whether it has room to learn styles beside them.

    Raises:
        ValueError: the recipe wants GPUs that the cluster has not.
    """
    gpus, asked = recipe.engine.gpus, recipe.engine.painters
    if recipe.painter != "diffusers":
        return 0, False
    if gpus == 0.0:
        return asked or 1, False
    each = [node["Resources"].get("GPU", 0.0) for node in ray.nodes() if node["Alive"]]
    room = sum(int(have / gpus + 1e-9) for have in each)
    if room < (asked or 1):
        wants = f"{asked or 1} painter{'s' if (asked or 1) > 1 else ''} with {gpus:g} GPU each"
        raise ValueError(
            f"the recipe wants {wants}, and the cluster has {sum(each):g} GPUs (the most on one node: "
            f"{max(each, default=0.0):g}); add nodes with GPUs, or set engine.gpus (0 paints on CPUs) and "
            "engine.painters"
        )
    if recipe.style.method != "textual_inversion":
        return asked or room, False
    painters = asked or max(1, room - max(1, room // 4))
    return painters, painters < room
