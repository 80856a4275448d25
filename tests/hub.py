"""The local Hub for tests, in this process and in processes of their own.

    from tests.hub import hub, hub_here, run_cli   # noqa: F401 fixtures

    def test_a_push_makes_a_tag(hub_here):           # HfApi(), load_dataset("moviellm/films") speak to this Hub
        publish_dataset(folder, "moviellm/films")
        assert hub_here.tree("moviellm/films", revision="v1.0.0")

    def test_a_killed_push_goes_on(hub, tmp_path):
        run_cli(hub, tmp_path, "dataset", "push", str(folder), "moviellm/films")

huggingface_hub reads HF_ENDPOINT and its like once, when it is imported. A process of its own has them in its
environment and is the honest test; `hub_here` changes what was read, and saves the seconds of an import.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.servers.hub_double import Hub, hub_double

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A Hub with nothing in it."""
    with hub_double() as double:
        yield double


@contextmanager
def here(hub: Hub, cache: Path) -> Iterator[Hub]:
    """Make a Hub that of this process, with the token hf_writer and an empty cache."""
    import datasets.config
    import huggingface_hub
    from huggingface_hub import constants, hf_file_system

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_TOKEN", "hf_writer")
        for name, value in {
            "ENDPOINT": hub.url,
            "HUGGINGFACE_CO_URL_TEMPLATE": hub.url + "/{repo_id}/resolve/{revision}/{filename}",
            "HF_HUB_OFFLINE": False,
            "HF_HUB_DISABLE_XET": True,
            "HF_HUB_CACHE": str(cache / "hub"),
            "HF_TOKEN_PATH": str(cache / "token"),
        }.items():
            patch.setattr(constants, name, value)
        patch.setattr(huggingface_hub.hf_api.api, "endpoint", hub.url)
        patch.setattr(datasets.config, "HF_ENDPOINT", hub.url)
        patch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", cache / "datasets")
        hf_file_system.HfFileSystem.clear_instance_cache()
        transformers_hub = sys.modules.get("transformers.utils.hub")
        if transformers_hub is not None:  # it keeps one client for the address it first saw
            patch.setattr(transformers_hub, "_hf_api", None)
        yield hub


@pytest.fixture
def hub_here(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A Hub with nothing in it that is the Hub of this process: see `here`."""
    with here(hub, tmp_path_factory.mktemp("hf")):
        yield hub


def environment(
    hub: Hub, home: Path, token: str | None = "hf_writer", more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What a process needs so that its Hub is this one; `home` is its cache, and no other; `more` goes over it."""
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
    return kept | ours | ({"HF_TOKEN": token} if token else {}) | dict(more or {})


def start_python(
    hub: Hub,
    home: Path,
    code: str,
    *arguments: str,
    token: str | None = "hf_writer",
    more: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    """Start Python code that sees this Hub; to be killed, or waited for."""
    command = [sys.executable, "-c", code, *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment(hub, home, token, more), text=True, **pipes)


def run_python(
    hub: Hub,
    home: Path,
    code: str,
    *arguments: str,
    token: str | None = "hf_writer",
    more: Mapping[str, str] | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run Python code that sees this Hub to its end."""
    started = start_python(hub, home, code, *arguments, token=token, more=more)
    try:
        out, err = started.communicate(timeout=300)
    except BaseException:
        started.kill()
        started.communicate()
        raise
    if check:
        assert started.returncode == 0, err[-4000:]
    return subprocess.CompletedProcess(started.args, started.returncode, out, err)


CLI = "from moviellm.generation.cli.app import main; main()"


def run_cli(hub: Hub, home: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run `moviellm ARGUMENTS` against this Hub; options as for `run_python`."""
    return run_python(hub, home, CLI, *arguments, **options)
