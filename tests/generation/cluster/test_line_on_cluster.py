"""`moviellm run --on ray` and `dataset reproduce --on ray` on two nodes on loopback: the dataset of one machine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.generation.cluster import kit

pytest.importorskip("ray")
pytestmark = pytest.mark.slow
SMALL = ["--set", "movies=3", *kit.SMALL, "image.width_px=64", "image.height_px=64"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with one CPU."""
    with kit.nodes(2) as made:
        yield made


def verb(*arguments: object, address: str | None = None) -> str:
    """A verb in a process of its own; what it prints."""
    command = [sys.executable, "-P", "-m", "moviellm.generation.cli", *map(str, arguments)]
    command += ["--on", "ray"] if address else []
    settings = {**os.environ, **kit.LIGHT, **({"RAY_ADDRESS": address} if address else {})}
    done = subprocess.run(command, capture_output=True, text=True, env=settings, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_line_on_a_cluster_ends_with_the_dataset_of_one_machine(cluster: Any, tmp_path: Path) -> None:
    line = ("run", "sample", *SMALL, "--until", "dataset", "--out")
    verb(*line, tmp_path / "one")
    (tmp_path / "run/run").mkdir(parents=True)
    (tmp_path / "run/run/run.yaml").write_bytes((tmp_path / "one/run/run.yaml").read_bytes())  # the same moment
    verb(*line, tmp_path / "run", address=cluster.address)
    assert list((tmp_path / "run/run/calls").iterdir())  # shards made by tasks
    name = next(path.parent.name for path in (tmp_path / "one").glob("*/manifest.json"))
    assert files(tmp_path / "run" / name) == files(tmp_path / "one" / name)


def test_a_release_made_again_on_a_cluster_is_the_locked_one_to_the_byte(cluster: Any, tmp_path: Path) -> None:
    verb("dataset", "lock", "sample", *SMALL, "--out", tmp_path / "lock")
    lock = next((tmp_path / "lock").glob("*.lock.json"))
    said = verb("dataset", "reproduce", lock, "--out", tmp_path / "again", "--json", address=cluster.address)
    facts = json.loads(said)
    assert facts["differences"] == []
    assert facts["same_pixel_parts"] == facts["parts"]
    name = json.loads(lock.read_bytes())["dataset"]["manifest"]["name"]
    assert files(tmp_path / "again" / name) == files(tmp_path / "lock" / name)
    assert list((tmp_path / "again/run/calls").iterdir())
