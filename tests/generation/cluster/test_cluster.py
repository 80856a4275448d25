"""Runs on a real cluster of several nodes on loopback: nodes and the head killed, painters, limits, Ray's client."""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.make import shard_size
from moviellm.generation.runs.check import verify
from moviellm.generation.runs.record import next_record, write_record
from moviellm.generation.runs.status import run_status
from tests.generation.cluster import kit
from tests.generation.cluster.test_connecting import free_port
from tests.generation.painters.painting import recipe as painted
from tests.generation.painters.test_diffusion import TOKEN
from tests.servers.openai_double import openai_double
from tests.servers.story_answers import answers

pytest.importorskip("ray")
pytestmark = pytest.mark.slow
MOVIES = 8


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of one machine."""
    run = tmp_path_factory.mktemp("one") / "run"
    kit.begin_run(run, f"movies={MOVIES}", *kit.SMALL)
    finish(kit.start_make(run, None))
    return run


@pytest.fixture(scope="module")
def port() -> int:
    """Where Ray's client server listens."""
    return free_port()


@pytest.fixture(scope="module")
def cluster(port: int) -> Iterator[Any]:
    """Three nodes with one CPU, and one GPU that nobody looks for."""
    with kit.nodes(3, head={"ray_client_server_port": port}, num_gpus=1) as made:
        yield made


def finish(driver: Any, code: int = 0) -> dict[str, Any]:
    """What a driver prints at its end."""
    out, err = driver.communicate(timeout=600)
    assert driver.returncode == code, err
    return json.loads(out) if out else {}


def the_same(run: Path, one: Path) -> None:
    """A run has the bytes of one machine, and nothing else."""
    assert kit.kept(run) == kit.kept(one)
    assert [finding for finding in verify(run) if finding.severity == "error"] == []


def test_nodes_that_die_lose_nothing(cluster: Any, one: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    kit.same_run(one, run)
    driver = kit.start_make(run, cluster.address)
    for cells in (5, 30):
        assert kit.wait_for(run, cells, driver)
        node = next(node for node in cluster.list_all_nodes() if node is not cluster.head_node)
        cluster.remove_node(node, allow_graceful=False)
        cluster.add_node(**{**kit.NODE, "num_gpus": 1}, wait=False)
    assert finish(driver)["movies"] == MOVIES
    the_same(run, one)
    keys = Counter(json.loads(line)["key"] for path in run.glob("calls/*") for line in path.read_bytes().splitlines())
    assert set(keys.values()) == {1}  # what was finished is not made again


def through_the_client(run: Path, port: int) -> dict[str, Any]:
    """A run by Ray's client."""
    return finish(kit.start_make(run, f"ray://127.0.0.1:{port}"))


def test_rays_client_makes_the_same_run(cluster: Any, port: int, one: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    kit.same_run(one, run)
    assert through_the_client(run, port)["movies"] == MOVIES
    the_same(run, one)
    again = through_the_client(run, port)
    assert (again["made"], again["movies"]) == ({}, MOVIES)


def begin(run: Path, recipe: Recipe) -> None:
    """Write the record of a run."""
    run.mkdir(parents=True)
    write_record(run, next_record(run, recipe, movies_per_shard=shard_size(recipe)))


def test_painters_are_warm_and_a_style_is_a_task(cluster: Any, tmp_path: Path) -> None:
    engine = {"shard_bytes": 1024, "gpus": 1.0}
    recipe = painted(tmp_path / "models", style=TOKEN, engine=engine, movies=3)
    begin(tmp_path / "one", recipe)
    kit.same_run(tmp_path / "one", tmp_path / "run")
    finish(kit.start_make(tmp_path / "one", None))
    assert finish(kit.start_make(tmp_path / "run", cluster.address))["movies"] == 3
    assert set(kit.kept(tmp_path / "run")) and run_status(tmp_path / "run").cells == run_status(tmp_path / "one").cells
    assert [finding for finding in verify(tmp_path / "run") if finding.severity == "error"] == []


def test_gpus_that_are_not_there_cost_nothing(cluster: Any, tmp_path: Path) -> None:
    begin(tmp_path / "run", painted(tmp_path / "models", engine={"gpus": 2.0}))
    driver = kit.start_make(tmp_path / "run", cluster.address)
    _, err = driver.communicate(timeout=300)
    assert driver.returncode == 2
    assert "the recipe wants 1 painter with 2 GPU each, and the cluster has 3 GPUs" in err
    assert not (tmp_path / "run/journal").exists()


def test_a_desk_that_dies_is_a_pause_and_the_limit_holds(cluster: Any, tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text('id: t\ndate: "2026-01-31"\nmodels: {story: {in: 1.0, out: 1.0}}\n', encoding="utf-8")
    run, per_minute = tmp_path / "run", 240
    kit.begin_run(run, *kit.WRITTEN, f"engine.requests_per_minute={per_minute}", "engine.max_usd=100")
    with openai_double(kit.Timed, latency_s=0.05, answers=answers) as double:
        environment = {
            "OPENAI_BASE_URL": double.base_url,
            "OPENAI_API_KEY": "none",
            "MOVIELLM_PRICES": str(prices),
        }
        assert isinstance(double, kit.Timed)
        driver = kit.start_make(run, cluster.address, environment=environment)
        while len(double.arrivals) < 40 and driver.poll() is None:
            time.sleep(0.05)
        desks = kit.named("ray::Desk")
        assert len(desks) == 1
        kit.end(desks)
        report = finish(driver)
        assert report["stopped"] == {}
        assert kit.most_in_a_minute([(at, 1.0) for at in double.arrivals]) <= per_minute * 1.02
    assert report["spent"]["calls"] >= len(double.arrivals) - 1


def test_the_head_may_die_and_one_machine_goes_on(cluster: Any, one: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    kit.same_run(one, run)
    driver = kit.start_make(run, cluster.address)
    assert kit.wait_for(run, 20, driver)
    cluster.remove_node(cluster.head_node, allow_graceful=False)
    os.kill(driver.pid, 9)  # it was on the head's machine
    driver.wait()
    finish(kit.start_make(run, None))
    the_same(run, one)
