"""The limits of a cluster: no minute holds more than it may, nothing is spent twice, a desk that dies knows again."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.cluster import ledger as ledgers
from moviellm.generation.cluster.desk import GIVEN_UP, Desk, Told, nodes_of
from moviellm.generation.cluster.ledger import NAME, Ledger
from moviellm.generation.cluster.limits import Limits, Money
from moviellm.generation.llm.admission import Minute
from moviellm.generation.llm.exchanges import ExchangeLog

PAID = {"kind": "reply", "key": "k", "usd": 0.5, "tokens_in": 1, "tokens_out": 1}


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def most_in_a_minute(taken: list[tuple[float, float]]) -> float:
    """The most units of any 60 seconds."""
    return max(sum(units for at, units in taken if begin <= at < begin + 60.0) for begin, _ in taken)


@given(
    limit=st.integers(1, 300),
    calls=st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(0.5, 1.0)), min_size=1, max_size=60),
)
def test_no_minute_holds_more_than_the_limit(limit: int, calls: list[tuple[float, float]]) -> None:
    clock = Clock()
    minute = Minute(limit, clock)
    taken: list[tuple[float, float]] = []
    for number, (pause_s, units) in enumerate(calls * 4):
        clock.now += pause_s
        while (wait_s := minute.wait_s(units)) > 0.0:
            clock.now += wait_s
        minute.take(str(number), units)
        taken.append((clock.now, units))
    assert most_in_a_minute(taken) <= limit + 1e-6


def test_a_minute_is_used_to_the_full() -> None:
    clock = Clock()
    minute = Minute(600, clock)
    for number in range(3000):
        while (wait_s := minute.wait_s(1.0)) > 0.0:
            clock.now += wait_s
        minute.take(str(number), 1.0)
    assert 3000 / (clock.now - 1000.0) * 60.0 > 0.96 * 600


def test_what_a_call_took_more_is_waited_for() -> None:
    clock = Clock()
    minute = Minute(100, clock)
    minute.take("a", 1.0)
    minute.correct("a", 100.0)
    assert minute.wait_s(1.0) > 60.0


def test_money_that_is_held_is_not_given_twice() -> None:
    money = Money(1.0, recorded={None: 0.5})
    money.held["a"] = (0, 0.3)
    assert money.fits(0.2)
    assert not money.fits(0.21)


def test_a_late_word_lowers_no_cost() -> None:
    money = Money(1.0)
    money.recorded_of(3, 0.4)
    money.recorded_of(3, 0.1)
    assert money.recorded_usd == 0.4


def desk(run: Path, **limits: Any) -> Desk:
    return Desk(str(run), Limits(**limits))


def test_asking_twice_for_one_call_takes_once(tmp_path: Path) -> None:
    async def job() -> None:
        one = desk(tmp_path, requests_per_minute=1)
        await one.begin("a", 10.0)
        await asyncio.wait_for(one.begin("a", 10.0), 1.0)

    asyncio.run(job())


def test_a_new_desk_knows_what_began_within_the_minute(tmp_path: Path) -> None:
    async def job() -> None:
        await desk(tmp_path, requests_per_minute=1).begin("a", 10.0)
        again = desk(tmp_path, requests_per_minute=1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(again.begin("b", 10.0), 0.2)
        await asyncio.wait_for(again.begin("a", 10.0), 0.2)

    asyncio.run(job())


def paid(run: Path, shard: int | None, count: int, ago_s: float = 1.0) -> None:
    """Exchanges that somebody without a desk has paid for."""
    log = ExchangeLog(run, shard)
    at = time.time() - ago_s
    for number in range(count):
        log.append({**PAID, "key": f"k{shard}-{number}", "at": at, "attempts": []})
    log.close()
    os.utime(log.path, (at, at))


def waits_s(desk: Desk) -> float:
    return desk._requests.wait_s(1.0)


@pytest.mark.parametrize("shard", [None, 3], ids=["one machine", "a part"])
def test_the_first_desk_knows_what_others_asked_within_the_minute(tmp_path: Path, shard: int | None) -> None:
    paid(tmp_path, shard, 5)
    assert waits_s(desk(tmp_path, requests_per_minute=5)) > 50.0
    assert waits_s(desk(tmp_path, requests_per_minute=5)) > 50.0  # the next one finds it in the ledger
    assert waits_s(desk(tmp_path, requests_per_minute=6)) == 0.0


def test_what_was_asked_longer_ago_is_not_counted(tmp_path: Path) -> None:
    paid(tmp_path, None, 5, ago_s=70.0)
    assert waits_s(desk(tmp_path, requests_per_minute=5)) == 0.0


def test_what_a_desk_let_begin_is_not_counted_again_from_the_log_of_its_shard(tmp_path: Path) -> None:
    async def job() -> None:
        first = desk(tmp_path, requests_per_minute=200)
        for number in range(4):
            await first.begin(str(number), 1.0)
        paid(tmp_path, 2, 4)
        paid(tmp_path, None, 3)
        assert waits_s(desk(tmp_path, requests_per_minute=8)) == 0.0
        assert waits_s(desk(tmp_path, requests_per_minute=7)) > 50.0

    asyncio.run(job())


def test_a_new_desk_knows_what_was_paid_and_what_is_held(tmp_path: Path) -> None:
    log = ExchangeLog(tmp_path, 2)
    log.append(PAID)
    log.close()

    async def job() -> None:
        assert await desk(tmp_path, max_usd=1.0).hold(0, "a", 0.3) is None
        again = desk(tmp_path, max_usd=1.0)
        waiting = asyncio.create_task(again.hold(1, "b", 0.3))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await again.forget(0)
        assert await waiting is None

    asyncio.run(job())


def test_money_that_cannot_come_stops_the_run(tmp_path: Path) -> None:
    async def job() -> None:
        reason = await desk(tmp_path, max_usd=0.1).hold(0, "a", 0.3)
        assert "the budget is spent" in (reason or "")

    asyncio.run(job())


def test_money_is_given_in_turn(tmp_path: Path) -> None:
    async def job() -> None:
        one = desk(tmp_path, max_usd=1.0)
        await one.hold(0, "a", 0.9)
        large = asyncio.create_task(one.hold(1, "b", 0.5))
        small = asyncio.create_task(one.hold(2, "c", 0.05))
        await asyncio.sleep(0.05)
        assert not large.done()
        assert not small.done()
        await one.free(0, "a", 0.1)
        assert await large is None
        assert await small is None

    asyncio.run(job())


def test_a_call_that_is_given_up_while_it_waits_frees_the_line(tmp_path: Path) -> None:
    async def job() -> None:
        one = desk(tmp_path, max_usd=1.0)
        await one.hold(0, "a", 0.9)
        waiting = asyncio.create_task(one.hold(1, "b", 0.5))
        await asyncio.sleep(0.01)
        await one.free(1, "b", 0.0)
        assert await waiting is not None
        assert await one.hold(2, "c", 0.05) is None

    asyncio.run(job())


def test_calls_of_a_lost_maker_that_wait_for_money_are_forgotten_too(tmp_path: Path) -> None:
    async def job() -> None:
        one = desk(tmp_path, max_usd=1.0)
        lost = [asyncio.create_task(one.hold(0, f"lost{number}", 0.5)) for number in range(6)]
        await asyncio.sleep(0.01)
        await one.forget(0)
        assert await asyncio.wait_for(one.hold(0, "next", 1.0), 1.0) is None
        assert [await call for call in lost] == [None, None, *[GIVEN_UP] * 4]

    asyncio.run(job())


def test_a_clock_that_was_ahead_keeps_nobody_waiting_for_more_than_a_minute(tmp_path: Path) -> None:
    Ledger(tmp_path).append({"kind": "began", "name": "a", "at": time.time() + 900.0, "tokens": 1})
    assert 50.0 < waits_s(desk(tmp_path, requests_per_minute=1)) < 62.0


def test_a_torn_line_of_the_ledger_is_left_out(tmp_path: Path) -> None:
    first = Ledger(tmp_path)
    first.append({"kind": "held", "name": "a", "shard": 1, "usd": 0.1})
    first.append({"kind": "held", "name": "b", "shard": 1, "usd": 0.1})
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:-9])
    assert [row["name"] for row in Ledger(tmp_path).rows] == ["a"]


def test_the_ledger_keeps_only_what_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "LINES_MAX", 10)
    one = Ledger(tmp_path)
    for number in range(100):
        one.append({"kind": "held", "name": str(number), "shard": 1, "usd": 0.1})
        one.append({"kind": "free", "name": str(number)})
    assert len((tmp_path / NAME).read_bytes().splitlines()) <= 12


def test_without_limits_there_is_no_ledger(tmp_path: Path) -> None:
    asyncio.run(desk(tmp_path).begin("a", 1.0))
    assert [*tmp_path.iterdir()] == []


def test_the_view_counts_the_shards_of_each_node() -> None:
    told = {0: Told(node="a"), 1: Told(node="b"), 2: Told(node="a")}
    assert nodes_of(told, {0, 1, 2}) == {"a": 2, "b": 1}
    assert nodes_of(told, {1, 7}) == {"b": 1}
