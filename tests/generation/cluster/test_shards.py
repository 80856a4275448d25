"""A shard made as a cluster makes it: the same bytes, limits at the desk, one maker; and runs shared in parts."""

import asyncio
import os
import threading
import time
from collections.abc import Awaitable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moviellm.generation.cluster import parts, shards
from moviellm.generation.cluster.asking import DeskDoor, SharedBudget, SharedGate
from moviellm.generation.cluster.desk import Desk
from moviellm.generation.cluster.driving import Driver
from moviellm.generation.cluster.limits import Limits
from moviellm.generation.cluster.parts import Part, make_part, part_of, share_run
from moviellm.generation.cluster.shards import Order, make_one
from moviellm.generation.llm.endpoint import endpoint_from
from moviellm.generation.llm.exchanges import ExchangeLog, Spent
from moviellm.generation.llm.money import Budget
from moviellm.generation.llm.service import Service
from moviellm.generation.make import make_run, shard_count
from moviellm.generation.protocols import StoppedError
from moviellm.generation.runs.check import verify
from moviellm.generation.runs.lock import lock_run, lock_shard
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.studios import Studio
from tests.fakes import FakePainter, FakeWriter
from tests.generation.llm import kit as llm_kit
from tests.generation.test_make import RECIPE, record_for
from tests.servers.openai_double import openai_double

ray = pytest.importorskip("ray")
SMALL = RECIPE.model_copy(update={"movies": 5, "engine": RECIPE.engine.model_copy(update={"shard_bytes": 1024})})


class Actor:
    """An actor without Ray: its methods are awaited in this process."""

    def __init__(self, behind: Any) -> None:
        self._behind = behind

    def __getattr__(self, name: str) -> Any:
        class Method:
            @staticmethod
            def remote(*values: Any) -> Awaitable[Any]:
                answer: Awaitable[Any] = getattr(self._behind, name)(*values)
                return answer

        return Method


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    studio = Studio(writer=FakeWriter(), painter=FakePainter())
    monkeypatch.setattr(shards, "open_studio", lambda *_, **__: studio)
    monkeypatch.setattr(parts, "open_studio", lambda *_, **__: studio)


def kept(run: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in run.rglob("*")
        if path.suffix == ".parquet" or path.parent.name == "manifest"
    }


def one_machine(run: Path, record: RunRecord) -> dict[str, bytes]:
    asyncio.run(make_run(run, record, FakeWriter(), FakePainter()))
    return kept(run)


def test_shards_made_alone_have_the_bytes_of_one_machine(tmp_path: Path, fakes: None) -> None:
    record = record_for(tmp_path / "r", SMALL)
    desk = Actor(Desk(str(tmp_path / "r"), Limits()))
    for index in (3, 0, 4, 1, 2):
        outcome = make_one(Order(run=str(tmp_path / "r"), record=record, index=index), desk, [], None)
        assert outcome.error is None
        assert outcome.report.movies == 1
    assert kept(tmp_path / "r") == one_machine(tmp_path / "one", record)
    assert [item for item in verify(tmp_path / "r") if item.severity == "error"] == []


def test_a_run_goes_from_a_cluster_to_one_machine(tmp_path: Path, fakes: None) -> None:
    run = tmp_path / "r"
    record = record_for(run, SMALL)
    desk = Actor(Desk(str(run), Limits()))
    make_one(Order(run=str(run), record=record, index=2), desk, [], None)
    writer = FakeWriter()
    report = asyncio.run(make_run(run, record, writer, FakePainter()))
    assert (report.movies, writer.calls["outline"]) == (5, 4)


class Done:
    """What a task came to."""

    def __init__(self, value: Any) -> None:
        self.value = value


class RayHere:
    """A cluster of one CPU that is this process: a task is done when it is handed out."""

    exceptions = ray.exceptions

    def __init__(self) -> None:
        self.handed_out: list[int] = []

    def remote(self, of: Any) -> Any:
        def made(*values: Any) -> Any:
            if of is not make_one:
                return Actor(of(*values))
            self.handed_out.append(values[0].index)
            return Done(make_one(*values))

        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=made))

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 1.0}

    def wait(self, refs: list[Any], **_: Any) -> tuple[list[Any], list[Any]]:
        return refs[:1], refs[1:]

    def get(self, ref: Any) -> Any:
        return asyncio.run(ref) if asyncio.iscoroutine(ref) else ref.value


def test_shards_that_were_finished_are_handed_out_no_more(
    tmp_path: Path, fakes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Driver, "_check_nodes", lambda self: [])
    record = record_for(tmp_path / "r", SMALL)
    first, again, touched = RayHere(), RayHere(), RayHere()
    made = Driver(first, tmp_path / "r", record).make(retry_failed=False)
    left = Driver(again, tmp_path / "r", record).make(retry_failed=False)
    assert (first.handed_out, again.handed_out) == ([0, 1, 2, 3, 4], [])
    assert (left.movies, left.reused, left.made) == (made.movies, made.made, {})
    os.utime(tmp_path / "r" / "manifest" / "000003.json", (1, 1))
    Driver(touched, tmp_path / "r", record).make(retry_failed=False)
    assert touched.handed_out == [3]


def test_a_shard_that_somebody_makes_is_left_to_them(tmp_path: Path, fakes: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(shards, "HELD_WAIT_S", 0.0)
    run = tmp_path / "r"
    order = Order(run=str(run), record=record_for(run, SMALL), index=2)
    desk = Actor(Desk(str(run), Limits()))
    with lock_shard(run, 2, "node-b"):
        assert "node-b" in (make_one(order, desk, [], None).held or "")
    assert make_one(order, desk, [], None).held is None


def test_a_disk_that_is_full_ends_the_run_in_words(tmp_path: Path, fakes: None) -> None:
    run = tmp_path / "r"
    order = Order(run=str(run), record=record_for(run, SMALL), index=0)
    (run / "journal").write_text("a file where a folder belongs", encoding="utf-8")
    outcome = make_one(order, Actor(Desk(str(run), Limits())), [], None)
    assert "choose another --out" in (outcome.error or "")


def test_secrets_do_not_show_in_an_order(tmp_path: Path) -> None:
    order = Order(run="r", record=record_for(tmp_path / "r"), index=0, environment={"OPENAI_API_KEY": "sk-secret"})
    assert "sk-secret" not in repr(order)


def test_parts_make_the_run_of_one_machine_side_by_side(tmp_path: Path, fakes: None) -> None:
    run = tmp_path / "r"

    def work(number: int) -> None:
        with share_run(run, lambda: record_for(run, SMALL)) as record:
            asyncio.run(make_part(run, record, Part(number, 3), lambda _: None, retry_failed=False))

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept(run) == one_machine(tmp_path / "one", record_for(run, SMALL))


def test_a_part_opens_its_painter_once_for_all_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fakes: None
) -> None:
    opened = []
    open_painter = parts.open_painter
    monkeypatch.setattr(parts, "open_painter", lambda *of: opened.append(of) or open_painter(*of))
    run = tmp_path / "r"
    with share_run(run, lambda: record_for(run, SMALL)) as record:
        asyncio.run(make_part(run, record, Part(1, 1), lambda _: None, retry_failed=False))
    assert (len(opened), shard_count(record) > 1) == (1, True)


def test_shards_of_a_part_share_their_limits_a_minute_with_those_of_the_process_before(tmp_path: Path) -> None:
    record = record_for(tmp_path / "r", SMALL)
    engine = record.recipe.engine.model_copy(update={"requests_per_minute": 2})
    recipe = record.recipe.model_copy(update={"engine": engine})
    for shard in (0, 3):
        log = ExchangeLog(tmp_path / "r", shard)
        log.append({"kind": "reply", "key": f"k{shard}", "usd": 0.0, "at": time.time(), "attempts": []})
        log.close()
    assert parts._gate(tmp_path / "r", recipe, range(0, 5, 3)).requests.wait_s(1.0) > 50.0
    assert parts._gate(tmp_path / "r", recipe, range(1, 5, 3)).requests.wait_s(1.0) == 0.0


@pytest.mark.parametrize("name", ["requests_per_minute", "tokens_per_minute"])
def test_a_limit_that_cannot_be_shared_among_so_many_parts_is_refused(tmp_path: Path, name: str) -> None:
    record = record_for(tmp_path / "r", SMALL)
    engine = record.recipe.engine.model_copy(update={name: 15})
    record = record.model_copy(update={"recipe": record.recipe.model_copy(update={"engine": engine})})
    with pytest.raises(ValueError, match=f"engine.{name} is 15, which cannot be shared among 16 parts"):
        asyncio.run(make_part(tmp_path / "r", record, Part(1, 16), lambda _: None, retry_failed=False))


def test_what_a_whole_run_has_paid_before_counts_for_its_parts(
    tmp_path: Path, fakes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets: list[Budget] = []

    def opened(recipe: Any, run: Path, *, budget: Budget, **_: Any) -> Any:
        budgets.append(budget)
        return SimpleNamespace(spent=Spent(usd=0.05), settled=lambda: None)

    monkeypatch.setattr(parts, "asks_server", lambda recipe: True)
    monkeypatch.setattr(parts, "open_service", opened)
    record = record_for(tmp_path / "r", SMALL)
    for shard, usd in [(None, 0.8), (1, 0.3), (4, 0.1)]:
        log = ExchangeLog(tmp_path / "r", shard)
        log.append({"kind": "reply", "key": f"k{shard}", "usd": usd, "at": 1.0, "attempts": []})
        log.close()
    engine = record.recipe.engine.model_copy(update={"max_usd": 1.0})
    record = record.model_copy(update={"recipe": record.recipe.model_copy(update={"engine": engine})})
    asyncio.run(make_part(tmp_path / "r", record, Part(1, 2), lambda _: None, retry_failed=False))
    first, *_, last = [budget._recorded_usd() for budget in budgets]
    assert first == pytest.approx(0.8 / 2 + 0.1 + 0.05)
    assert last == pytest.approx(0.8 / 2 + 3 * 0.05)


def test_parts_cover_every_shard_once(tmp_path: Path) -> None:
    record = record_for(tmp_path / "r", SMALL)
    made = [index for number in (1, 2, 3) for index in Part(number, 3).shards(record)]
    assert sorted(made) == list(range(shard_count(record)))


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0"])
def test_a_part_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="3/16"):
        part_of(text)


def test_a_whole_make_keeps_parts_out_and_they_it(tmp_path: Path) -> None:
    record = record_for(tmp_path)
    with lock_run(tmp_path), pytest.raises(ValueError, match="is being made"), share_run(tmp_path, lambda: record):
        pass
    with share_run(tmp_path, lambda: record), pytest.raises(ValueError, match="is being made"), lock_run(tmp_path):
        pass


def service(url: str, run: Path, desk: Any, shard: int, limit_usd: float | None, paced: bool) -> Service:
    door = DeskDoor(desk, shard)
    environment = endpoint_from({"OPENAI_BASE_URL": url, "OPENAI_API_KEY": llm_kit.KEY})
    made: list[Service] = []
    budget = SharedBudget(door, limit_usd, lambda: made[0].spent.usd)
    gate = SharedGate(door, 4, paced=paced)
    made.append(Service(llm_kit.recipe(), run, environment, llm_kit.PRICES, budget, gate, shard))
    return made[0]


def test_the_cost_of_all_shards_stays_under_the_limit(tmp_path: Path) -> None:
    limit_usd = 0.005

    async def job(url: str) -> list[Any]:
        desk = Actor(Desk(str(tmp_path), Limits(max_usd=limit_usd)))
        services = [service(url, tmp_path, desk, shard, limit_usd, paced=False) for shard in range(3)]
        asks = [one.exchange(llm_kit.ask(100 * n + i)) for i in range(20) for n, one in enumerate(services)]
        answers = await asyncio.gather(*asks, return_exceptions=True)
        assert sum(one.spent.usd for one in services) <= limit_usd
        for one in services:
            await one.close()
        return answers

    with openai_double() as double:
        answers = asyncio.run(job(double.base_url))
    stopped = [answer for answer in answers if isinstance(answer, StoppedError)]
    assert 0 < len(stopped) < len(answers)
    assert "the budget is spent" in str(stopped[0])


def test_calls_of_all_shards_share_one_pace(tmp_path: Path) -> None:
    async def job(url: str) -> float:
        desk = Actor(Desk(str(tmp_path), Limits(requests_per_minute=120)))
        services = [service(url, tmp_path, desk, shard, None, paced=True) for shard in range(2)]
        start = time.monotonic()
        await asyncio.gather(
            *[one.exchange(llm_kit.ask(10 * n + i)) for i in range(3) for n, one in enumerate(services)]
        )
        seconds = time.monotonic() - start
        for one in services:
            await one.close()
        return seconds

    with openai_double() as double:
        seconds = asyncio.run(job(double.base_url))
    assert seconds >= 0.95  # four at once, then two a second
