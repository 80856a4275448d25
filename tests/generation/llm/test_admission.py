"""Admission: the window follows the server, the limits a minute are kept."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.llm.admission import Gate, Rate


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
    rate = Rate(6000)
    rate.take(300.0)
    before = rate.wait_s()
    rate.take(-290.0)
    assert before > 0.9
    assert rate.wait_s() == 0.0


def test_without_a_limit_nobody_waits() -> None:
    rate = Rate(None)
    rate.take(1e9)
    assert rate.wait_s() == 0.0
