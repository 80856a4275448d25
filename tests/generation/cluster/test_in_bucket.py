"""A run in a bucket on a cluster: shards made alone, the desk's memory of what was paid, nodes that are killed."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moviellm.generation.buckets import keeping, leases
from moviellm.generation.buckets import store as stores
from moviellm.generation.buckets.folders import folder_here
from moviellm.generation.buckets.places import Place
from moviellm.generation.buckets.store import Store
from moviellm.generation.cluster import in_bucket, shards
from moviellm.generation.cluster.desk import Desk
from moviellm.generation.cluster.in_bucket import BucketDesk, BucketDriver
from moviellm.generation.cluster.limits import Limits
from moviellm.generation.cluster.shards import Order, make_one
from moviellm.generation.llm.exchanges import Spent
from moviellm.generation.make import make_run
from moviellm.generation.runs.address import bucket_of
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.studios import Studio
from tests.fakes import FakePainter, FakeWriter
from tests.generation.buckets.kit import URL, Memory, committed, put_exchanges
from tests.generation.cluster import kit
from tests.generation.cluster.test_shards import SMALL, Actor
from tests.generation.test_make import record_for
from tests.servers.s3_faults import S3, s3_behind_faults

pytest.importorskip("ray")


@pytest.fixture
def fs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Memory:
    """A store in memory, makers of tests, and a hurry."""
    memory = Memory()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(in_bucket.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(Store, "open", classmethod(lambda cls, url, **_: cls(url, memory)))
    monkeypatch.setattr(shards, "open_studio", lambda *_, **__: Studio(writer=FakeWriter(), painter=FakePainter()))
    monkeypatch.setattr(shards, "HELD_WAIT_S", 0.0)
    return memory


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    return record_for(tmp_path / "record", SMALL.model_copy(update={"movies": 2}))


def desk_of(limits: Limits | None = None, driver: str = "one", pause: bool = False) -> BucketDesk:
    return BucketDesk(URL, driver, limits or Limits(), {}, pause=pause)


def test_shards_made_alone_in_a_bucket_have_the_bytes_of_one_machine(
    fs: Memory, record: RunRecord, tmp_path: Path
) -> None:
    for index in (1, 0, 1):
        outcome = make_one(Order(run=str(URL), record=record, index=index), Actor(desk_of()), [], None)
        assert (outcome.error, outcome.held, outcome.report.movies) == (None, None, 1)
    asyncio.run(make_run(tmp_path / "one", record, FakeWriter(), FakePainter()))
    assert committed(fs.files()) == kit.kept(tmp_path / "one")
    assert list((tmp_path / "cache/moviellm/buckets").iterdir()) == []


def test_a_shard_that_somebody_holds_goes_back_to_the_driver(fs: Memory, record: RunRecord) -> None:
    held = leases.take(Store(URL, fs), "000001", leases.Maker("node-b process 7", Path("/elsewhere")), 0.0)
    order = Order(run=str(URL), record=record, index=1)
    assert "node-b" in (make_one(order, Actor(desk_of()), [], None).held or "")
    held.release()
    assert make_one(order, Actor(desk_of()), [], None).held is None


def test_a_shard_whose_lease_was_lost_goes_back_to_the_driver(
    fs: Memory, record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(self: keeping.Keeper) -> None:
        raise leases.LostError("another maker has taken over")

    monkeypatch.setattr(keeping.Keeper, "check", lost)
    outcome = make_one(Order(run=str(URL), record=record, index=1), Actor(desk_of()), [], None)
    assert (outcome.error, outcome.held) == (None, "another maker has taken over")


def test_what_a_lost_maker_had_paid_and_not_sent_stays_counted(
    fs: Memory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(in_bucket.tempfile, "gettempdir", lambda: str(tmp_path))
    there = {3: 0.25}
    monkeypatch.setattr(in_bucket, "spent_of_shard", lambda store, shard: Spent(usd=there.get(shard, 0.0)))

    async def job() -> None:
        desk = desk_of(Limits(max_usd=1.0))
        assert await desk.hold(3, "a", 0.4) is None
        await desk.free(3, "a", 0.4)  # its maker paid 0.40 in all, of which 0.25 are in the bucket
        await desk.forget(3)
        await desk.free(3, "b", 0.30)  # the next one, from 0.25 on
        assert await desk.hold(3, "c", 0.60) is not None  # 0.15 lost + 0.30 + 0.60 > 1.00
        assert await desk.hold(3, "d", 0.50) is None

    asyncio.run(job())


def test_a_desk_that_is_started_again_knows_what_was_paid_and_not_sent(
    fs: Memory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(in_bucket.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(in_bucket, "spent_of_shard", lambda *_: Spent())

    async def job() -> None:
        desk = desk_of(Limits(max_usd=1.0))
        await desk.free(3, "a", 0.3)
        await desk.forget(3)  # lost with its maker
        await desk.free(4, "b", 0.4)  # on its way to the bucket
        again = desk_of(Limits(max_usd=1.0))
        assert await again.hold(4, "c", 0.31) is not None
        assert await again.hold(4, "d", 0.29) is None
        await again.forget(4)
        assert await again.hold(5, "e", 0.31) is not None

    asyncio.run(job())


def test_a_desk_whose_run_is_made_leaves_no_folder(
    fs: Memory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(in_bucket.tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    desk = desk_of(Limits(max_usd=1.0))
    asyncio.run(desk.hold(3, "a", 0.4))
    assert len([*(tmp_path / "tmp").iterdir()]) == 1
    asyncio.run(desk.end())
    assert [*(tmp_path / "tmp").iterdir()] == []


def test_a_shard_that_is_forgotten_slowly_keeps_what_its_next_maker_holds(
    fs: Memory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(in_bucket.tempfile, "gettempdir", lambda: str(tmp_path))
    slow = threading.Event()
    monkeypatch.setattr(in_bucket, "spent_of_shard", lambda *_: Spent(calls=slow.wait(5.0)))

    async def job() -> None:
        desk = desk_of(Limits(max_usd=1.0))
        await desk.hold(3, "lost", 0.2)
        forgetting = asyncio.create_task(desk.forget(3))
        await asyncio.sleep(0.01)
        await desk.hold(3, "next", 0.3)
        slow.set()
        await forgetting
        assert [*desk._money.held] == ["next"]

    asyncio.run(job())


def test_a_desk_that_is_started_again_knows_its_minute_and_one_after_a_lost_driver_waits_it_out(
    fs: Memory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(in_bucket.tempfile, "gettempdir", lambda: str(tmp_path))
    limits = Limits(requests_per_minute=2)

    async def job() -> None:
        desk = desk_of(limits)
        await desk.begin("a", 1.0)
        assert desk._ledger is not None
        again = desk_of(limits, pause=True)  # the same driver: the ledger says what began
        assert again._paused_until == 0.0
        assert "a" in again._requests
        after = desk_of(limits, driver="two", pause=True)
        assert after._paused_until > time.time() + 50.0

    asyncio.run(job())


def test_the_desk_of_a_new_driver_counts_what_the_last_one_asked_within_the_minute(
    fs: Memory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(in_bucket.tempfile, "gettempdir", lambda: str(tmp_path))
    put_exchanges(Store(URL, fs), tmp_path, ago_s=1.0, count=3)
    limits = Limits(requests_per_minute=3)
    assert desk_of(limits)._requests.wait_s(1.0) > 50.0
    assert desk_of(limits)._requests.wait_s(1.0) > 50.0  # started again: from its ledger
    assert desk_of(Limits(requests_per_minute=4), driver="two")._requests.wait_s(1.0) == 0.0


def driver_of(fs: Memory) -> BucketDriver:
    driver = BucketDriver.__new__(BucketDriver)
    driver._place = Place(Store(URL, fs), Path("/w"), leases.Maker("me", Path("/w")), None)
    driver._watch = leases.Watch(driver._place.store)
    return driver


def test_a_driver_with_a_limit_waits_for_no_maker_that_died_with_its_machine(
    fs: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "STALE_S", 0.2)
    monkeypatch.setattr(in_bucket, "LOOK_S", 0.02)
    driver = driver_of(fs)
    driver._place.store.create("lease/000012/0004", b'{"who": "node-9 process 1", "host": "node-9", "beat": 7}')
    waiting = threading.Thread(target=driver._wait_for_others, daemon=True)
    waiting.start()
    waiting.join(5.0)
    assert not waiting.is_alive()


def test_a_shard_begun_while_the_store_rests_waits_for_it_and_the_run_goes_on(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, until = Memory(), time.monotonic() + 0.5

    class Resting:
        def __getattr__(self, name: str) -> Any:
            if time.monotonic() < until:
                raise ConnectionError("nobody answers")
            return getattr(memory, name)

    monkeypatch.setattr(stores, "OPENING_S", 0.1)
    monkeypatch.setattr(stores, "_file_system", lambda url: Resting())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(shards, "open_studio", lambda *_, **__: Studio(writer=FakeWriter(), painter=FakePainter()))
    order = Order(run=str(URL), record=record, index=1)
    outcome = make_one(order, Actor(Desk(str(tmp_path), Limits())), [], None)
    assert (outcome.error, outcome.report.movies) == (None, 1)


class FakeRay:
    """Actors are what they were made of."""

    @staticmethod
    def remote(of: Any) -> Any:
        def made(*values: Any) -> tuple[Any, ...]:
            return (of, *values)

        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=made))


def test_painters_of_a_run_in_a_bucket_keep_their_styles_by_its_address(
    fs: Memory, record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BucketDriver, "_check_nodes", lambda self: [])
    monkeypatch.setattr(BucketDriver, "_start_desk", lambda self, options: None)
    recipe = record.recipe.model_copy(
        update={"painter": "diffusers", "engine": record.recipe.engine.model_copy(update={"gpus": 0.0})}
    )
    driver = BucketDriver(FakeRay, driver_of(fs)._place, record.model_copy(update={"recipe": recipe}))
    (_, _, run, _), *_ = driver._painters
    assert bucket_of(run) == URL
    assert folder_here(run) == folder_here(str(URL))


def test_a_driver_that_lost_the_run_stops(fs: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = driver_of(fs)
    driver._place.lease = leases.take(driver._place.store, leases.RUN, driver._place.me, 0.0)
    driver._place.lease.lost = "another maker has taken over"
    with pytest.raises(leases.LostError, match="the run is not made here any more"):
        driver._look(lambda count: None, 0.0)


# ---------------------------------------------------------------- a real cluster


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    pytest.importorskip("moto")
    with s3_behind_faults() as server:
        server.bucket("films")
        yield server


@pytest.mark.slow
def test_nodes_and_the_head_are_killed_and_the_run_is_that_of_one_machine(s3: S3, tmp_path: Path) -> None:
    kit.begin_run(tmp_path / "one", *kit.SMALL, "movies=6")
    alone = kit.start_make(tmp_path / "one", None)
    assert alone.wait(timeout=600) == 0
    s3.write("films", "run/run.yaml", (tmp_path / "one" / "run.yaml").read_bytes())
    environment = {**s3.environment, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    place = Path("s3://films/run")

    def committed_shards() -> int:
        return sum("/manifest/" in key for key in s3.keys("films"))

    def until(count: int, driver: Any) -> None:
        end = time.monotonic() + 300
        while committed_shards() < count and driver.poll() is None and time.monotonic() < end:
            time.sleep(0.1)

    with kit.nodes(3) as cluster:
        driver = kit.start_make(place, cluster.address, environment=environment)
        until(1, driver)
        node = next(node for node in cluster.list_all_nodes() if node is not cluster.head_node)
        cluster.remove_node(node, allow_graceful=False)
        until(2, driver)
        cluster.remove_node(cluster.head_node, allow_graceful=False)
        out, err = driver.communicate(timeout=300)
        assert driver.returncode != 0, out
        assert "Traceback" not in err, err
    with kit.nodes(2) as cluster:
        driver = kit.start_make(place, cluster.address, environment=environment)
        out, err = driver.communicate(timeout=600)
        assert driver.returncode == 0, err
        assert json.loads(out)["movies"] == 6
    files = {key.removeprefix("run/"): s3.read("films", key) for key in s3.keys("films")}
    assert committed(files) == kit.kept(tmp_path / "one")
    assert [name for name in files if name.startswith("lease/")] == []
