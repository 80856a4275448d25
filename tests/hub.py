"""The local Hub for tests: the fixture `hub`, and programs that run against it in a process of their own.

    from tests.hub import hub, run_cli, run_python   # noqa: F401 a fixture

    def test_a_push_makes_a_tag(hub, tmp_path):
        done = run_cli(hub, tmp_path, "dataset", "push", str(folder), "moviellm/films")
        assert hub.tree("moviellm/films", revision="v1.0.0")

huggingface_hub reads HF_ENDPOINT, HF_TOKEN and HF_HOME when it is imported: hence processes. In this process
`HfApi(endpoint=hub.url, token="hf_writer")` works too; functions that only take a name do not.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.hub_double import Hub, hub_double

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A Hub with nothing in it."""
    with hub_double() as double:
        yield double


def environment(hub: Hub, home: Path, token: str | None = "hf_writer") -> dict[str, str]:
    """What a process needs so that its Hub is this one; `home` is its cache, and no other."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    ours = {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / ".typing")]),
    }
    return kept | ours | ({"HF_TOKEN": token} if token else {})


def start_python(
    hub: Hub, home: Path, code: str, *arguments: str, token: str | None = "hf_writer"
) -> subprocess.Popen:
    """Start Python code that sees this Hub; to be killed, or waited for."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(
        command, env=environment(hub, home, token), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run_python(
    hub: Hub, home: Path, code: str, *arguments: str, token: str | None = "hf_writer", check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run Python code that sees this Hub to its end."""
    started = start_python(hub, home, code, *arguments, token=token)
    try:
        out, err = started.communicate(timeout=300)
    except BaseException:
        started.kill()
        started.communicate()
        raise
    if check:
        assert started.returncode == 0, err[-4000:]
    return subprocess.CompletedProcess(started.args, started.returncode, out, err)


CLI = "from moviellm.generation.cli import main; main()"


def run_cli(
    hub: Hub, home: Path, *arguments: str, token: str | None = "hf_writer", check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run `moviellm ARGUMENTS` against this Hub."""
    return run_python(hub, home, CLI, *arguments, token=token, check=check)
