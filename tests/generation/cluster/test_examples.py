"""The files of docs/cluster: what KubeRay, a shell and our own command line take; a job that is submitted.

rayjob_v1.json are the names and types of KubeRay's RayJob, as deep as kuberay.yaml goes.
"""

import copy
import json
import os
import re
import shlex
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml

from moviellm.generation.cli.app import app, expand_set
from tests.eval.other_environment import ROOT, environment
from tests.generation.cluster import kit
from tests.generation.cluster.test_connecting import free_port

FOLDER = ROOT / "docs" / "cluster"
DASHBOARD = [
    "aiohttp_cors", "colorful", "opencensus", "opencensus-context", "prometheus_client", "smart_open", "py-spy",
    "google-api-core", "googleapis-common-protos", "google-auth", "proto-plus", "rsa", "pyasn1", "pyasn1-modules",
    "cachetools", "wrapt", "opentelemetry-sdk", "opentelemetry-semantic-conventions", "opentelemetry-proto",
    "opentelemetry-exporter-prometheus",
]  # fmt: skip
"""What Ray's dashboard takes beside Ray (`ray[default]`)."""


@pytest.fixture(scope="module")
def rayjob() -> dict[str, Any]:
    found = yaml.safe_load((FOLDER / "kuberay.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    path = Path(__file__).parent / "rayjob_v1.json"
    return jsonschema.Draft202012Validator(json.loads(path.read_bytes()))


def test_the_rayjob_is_one_by_kuberays_schema(rayjob: dict[str, Any], schema: jsonschema.Draft202012Validator) -> None:
    assert [error.message for error in schema.iter_errors(rayjob)] == []


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [
        (("spec",), "entrypont", "moviellm"),
        (("spec", "rayClusterSpec"), "headGroup", {}),
        (("spec", "rayClusterSpec", "workerGroupSpecs", 0), "replicas", "four"),
        (("spec", "rayClusterSpec", "headGroupSpec", "template", "spec", "containers", 0), "volumeMount", []),
    ],
)
def test_a_slip_in_it_would_be_seen(
    rayjob: dict[str, Any], schema: jsonschema.Draft202012Validator, place: tuple[Any, ...], name: str, value: Any
) -> None:
    other = copy.deepcopy(rayjob)
    at: Any = other
    for step in place:
        at = at[step]
    at[name] = value
    assert list(schema.iter_errors(other))


def test_it_names_the_ray_that_is_pinned(rayjob: dict[str, Any]) -> None:
    pinned = re.search(r"^ray==(.+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert pinned is not None
    assert rayjob["spec"]["rayClusterSpec"]["rayVersion"] == pinned[1]


def test_every_mount_has_its_volume(rayjob: dict[str, Any]) -> None:
    cluster = rayjob["spec"]["rayClusterSpec"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        pod = group["template"]["spec"]
        mounted = {mount["name"] for one in pod["containers"] for mount in one["volumeMounts"]}
        assert mounted <= {volume["name"] for volume in pod["volumes"]}


def commands() -> Iterator[str]:
    """Every `moviellm` command of the files and of the page about clusters."""
    for path in (*sorted(FOLDER.iterdir()), ROOT / "docs" / "cluster.md"):
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        for found in re.findall(r"\bmoviellm ((?:make|run|eval run|dataset reproduce|status) [^\n`#]*)", text):
            yield found.strip()


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_our_command_line_takes_what_they_write(command: str) -> None:
    words = expand_set(shlex.split(re.sub(r"\$\{?\w+\}?", "4", command.replace("$(", "("))))
    verb = typer.main.get_command(app)
    while words and words[0] in getattr(verb, "commands", {}):
        verb = verb.commands[words.pop(0)]  # type: ignore[attr-defined]
    context = verb.make_context("moviellm", words, resilient_parsing=False)
    assert context.params


@pytest.mark.parametrize("script", sorted(path.name for path in FOLDER.glob("*.sh")))
def test_a_script_is_one_by_its_shell(script: str) -> None:
    subprocess.run(["bash", "-n", str(FOLDER / script)], check=True)


@contextmanager
def head(python: Path, folder: Path) -> Iterator[str | None]:
    """A Ray head with a dashboard; its address, None where it did not start. What it started is ended.

    Ray's own folder is one of its own: its sockets take 107 bytes of path, which those of pytest may use up.
    """
    kit.adopt()
    folder.mkdir()
    dashboard = free_port()
    settings = {**os.environ, **kit.LIGHT, "PATH": f"{python.parent}:{os.environ['PATH']}", "HOME": str(folder)}
    command = [str(python), "-m", "ray.scripts.scripts", "start", "--head", "--num-cpus", "2", "--block"]
    command += ["--port", str(free_port()), "--dashboard-host", "127.0.0.1", "--dashboard-port", str(dashboard)]
    command += ["--ray-client-server-port", str(free_port()), "--object-store-memory", "80000000"]
    before = kit.processes()
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as ray:
        process = subprocess.Popen([*command, "--temp-dir", ray], env=settings, cwd=folder)
        try:
            address = f"http://127.0.0.1:{dashboard}"
            yield address if answers(address, process) else None
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=60)
            process.kill()
            process.wait()
            kit.end(kit.processes() - before)


@pytest.mark.slow
def test_a_job_that_is_submitted_makes_the_run_of_one_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    pytest.importorskip("ray")
    folder = tmp_path_factory.mktemp("job")
    python = environment(folder / "env", DASHBOARD)
    kit.begin_run(folder / "one", "movies=3", *kit.SMALL)
    kit.same_run(folder / "one", folder / "run")
    _, err = (alone := kit.start_make(folder / "one", None)).communicate(timeout=600)
    assert alone.returncode == 0, err
    settings = {**os.environ, **kit.LIGHT, "PATH": f"{python.parent}:{os.environ['PATH']}", "HOME": str(folder)}
    job = [f"{python.parent}/moviellm", "make", "--out", str(folder / "run"), "--no-films", "--on", "ray"]
    for attempt in range(3):  # Ray gives its dashboard a minute to start, which a loaded machine may not make
        with head(python, folder / f"h{attempt}") as address:
            if address is None:
                continue
            submit = [str(python), "-m", "ray.scripts.scripts", "job", "submit", "--address", address, "--", *job]
            done = subprocess.run(submit, env=settings, cwd=folder, capture_output=True, text=True, timeout=600)
        break
    else:
        pytest.fail("Ray's dashboard did not start")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "succeeded" in done.stdout + done.stderr
    assert kit.kept(folder / "run") == kit.kept(folder / "one")


def answers(address: str, process: subprocess.Popen[bytes]) -> bool:
    """Whether the dashboard is there within two minutes, while its process lives."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{address}/api/version", timeout=10):
            return True
        time.sleep(1)
    return False
