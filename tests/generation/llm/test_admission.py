"""Admission: the window follows the server, the limits a minute are kept, also by one who comes after another."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.llm.admission import MINUTE_S, Asked, Gate, Minute


def test_a_busy_server_narrows_the_window_once_for_all_calls_under_way() -> None:
    async def job() -> float:
        gate = Gate(10)
        async with gate.slot() as one, gate.slot() as two:
            gate.slow_down(one)
            gate.slow_down(two)
        return gate.window

    assert asyncio.run(job()) == 7.0


def test_answers_widen_the_window_again_and_not_beyond_the_recipe() -> None:
    async def job() -> tuple[float, float]:
        gate = Gate(10)
        async with gate.slot() as slot:
            gate.slow_down(slot)
        for _ in range(8):
            gate.went_well()
        soon = gate.window
        for _ in range(1000):
            gate.went_well()
        return soon, gate.window

    soon, late = asyncio.run(job())
    assert 7.9 < soon < 8.2
    assert late == 10.0


def test_a_window_never_closes() -> None:
    async def job() -> float:
        gate = Gate(4)
        for _ in range(50):
            async with gate.slot() as slot:
                gate.slow_down(slot)
        return gate.window

    assert asyncio.run(job()) == 1.0


@given(st.integers(1, 8), st.lists(st.booleans(), min_size=1, max_size=60))
def test_no_more_are_under_way_than_the_window_allows(most: int, busy: list[bool]) -> None:
    async def job() -> int:
        gate, under_way, seen = Gate(most), 0, 0

        async def call(is_busy: bool) -> None:
            nonlocal under_way, seen
            async with gate.slot() as slot:
                under_way += 1
                seen = max(seen, under_way)
                await asyncio.sleep(0)
                under_way -= 1
                if is_busy:
                    gate.slow_down(slot)
                else:
                    gate.went_well()

        await asyncio.wait_for(asyncio.gather(*(call(item) for item in busy)), timeout=5)
        return seen

    assert asyncio.run(job()) <= most


def test_a_cancelled_wait_leaves_its_place() -> None:
    async def job() -> None:
        gate = Gate(1)

        async def call() -> None:
            async with gate.slot():
                await asyncio.sleep(0.001)

        async with gate.slot():
            waiting = asyncio.ensure_future(call())
            await asyncio.sleep(0)
            waiting.cancel()
        await asyncio.wait_for(call(), timeout=5)

    asyncio.run(job())


def test_an_estimate_that_was_too_high_is_given_back() -> None:
    minute = Minute(6000, time.monotonic)
    minute.take("a", 300.0)
    before = minute.wait_s(200.0)
    minute.correct("a", 10.0)
    assert before > 0.9
    assert minute.wait_s(190.0) == 0.0


def test_without_a_limit_nobody_waits() -> None:
    minute = Minute(None, time.monotonic)
    minute.take("a", 1e9)
    assert minute.wait_s(1e9) == 0.0


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@given(
    limit=st.integers(1, 200),
    lives=st.lists(st.tuples(st.integers(1, 150), st.floats(0.0, 20.0)), min_size=2, max_size=5),
    late_s=st.floats(0.0, 5.0),
)
def test_no_minute_holds_more_than_the_limit_over_processes_that_follow_each_other(
    limit: int, lives: list[tuple[int, float]], late_s: float
) -> None:
    """Each knows of those before what their logs say: when a call was answered, `late_s` after it began."""
    clock, begun = Clock(), list[float]()
    for calls, pause_s in lives:
        minute = Minute(limit, clock)
        minute.remember((str(number), 1.0, min(at + late_s, clock.now)) for number, at in enumerate(begun))
        for _ in range(calls):
            while (wait_s := minute.wait_s(1.0)) > 0.0:
                clock.now += wait_s
            minute.take(str(len(begun)), 1.0)
            begun.append(clock.now)
        clock.now += pause_s
    assert max(sum(start <= at < start + 60.0 for at in begun) for start in begun) <= limit


def asked(count: int, ago_s: float, tokens: int = 100) -> list[Asked]:
    at = time.time() - ago_s
    return [Asked(name=f"k{number}", at=at, requests=1, tokens=tokens) for number in range(count)]


def test_a_gate_counts_what_was_asked_before_it_was_there_and_counts_it_once() -> None:
    gate = Gate(4, requests_per_minute=10, tokens_per_minute=10_000)
    gate.remember(asked(6, 20.0))
    gate.remember(asked(6, 20.0))
    assert gate.requests.wait_s(1.0) == 0.0
    gate.remember(asked(10, 20.0))
    assert gate.requests.wait_s(1.0) == pytest.approx(MINUTE_S - 20.0, abs=1.0)
    assert gate.tokens.wait_s(9500.0) == pytest.approx(MINUTE_S - 20.0, abs=1.0)


def test_a_minute_of_which_not_all_is_known_is_waited_out() -> None:
    async def job(gate: Gate) -> None:
        gate.remember([], unknown=True)
        async with asyncio.timeout(0.1), gate.slot():
            pass

    with pytest.raises(TimeoutError):
        asyncio.run(job(Gate(4, tokens_per_minute=10_000)))
    asyncio.run(job(Gate(4)))
