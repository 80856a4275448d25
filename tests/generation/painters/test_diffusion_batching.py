"""One thread that works in batches: what it gathers, whom it answers, how it ends."""

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from moviellm.generation.painters.batching import Batching

Job = tuple[str, int]


class Worker:
    """Answers a job with its number; keeps the batches. Waits before the first one until `go` is set."""

    def __init__(self, width: int = 4, fails: Callable[[int], bool] = lambda number: False) -> None:
        self.batches: list[list[Job]] = []
        self.threads: set[int] = set()
        self.go = threading.Event()
        self.fails = fails
        self.bench: Batching[Job, Job, int] = Batching(lambda job: (job[0], job), self.work, lambda: width)

    def work(self, jobs: Sequence[Job]) -> list[int | Exception]:
        self.go.wait(5)
        self.batches.append(list(jobs))
        self.threads.add(threading.get_ident())
        return [ValueError(f"no {number}") if self.fails(number) else number for _, number in jobs]

    async def all(self, jobs: Sequence[Job]) -> list[int | BaseException]:
        asked = [asyncio.create_task(self.bench.ask(job)) for job in jobs]
        await asyncio.sleep(0.02)
        self.go.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        await self.bench.close()
        return answers


def test_everybody_gets_their_own_answer() -> None:
    jobs = [("ab"[number % 2], number) for number in range(13)]
    assert asyncio.run(Worker().all(jobs)) == list(range(13))


def test_a_batch_holds_one_kind_and_no_more_than_fit() -> None:
    worker = Worker()
    asyncio.run(worker.all([("ab"[number % 2], number) for number in range(13)]))
    assert all(len({kind for kind, _ in batch}) == 1 and len(batch) <= 4 for batch in worker.batches)


def test_the_fullest_kind_comes_first() -> None:
    worker = Worker()
    worker.go.set()
    asyncio.run(worker.all([("a", 0), ("b", 1), ("b", 2), ("b", 3)]))
    assert [len(batch) for batch in worker.batches] == [3, 1]


def test_all_work_is_in_one_thread() -> None:
    worker = Worker()
    asyncio.run(worker.all([("a", number) for number in range(9)]))
    assert len(worker.threads) == 1 and threading.get_ident() not in worker.threads


def test_one_failure_costs_no_other() -> None:
    answers = asyncio.run(Worker(fails=lambda number: number == 2).all([("a", number) for number in range(4)]))
    assert [answer for answer in answers if not isinstance(answer, Exception)] == [0, 1, 3]
    assert str(answers[2]) == "no 2"


def test_what_cannot_be_prepared_is_answered_alone() -> None:
    def prepare(number: int) -> tuple[str, int]:
        if number == 1:
            raise ValueError("no such size")
        return "a", number

    async def ask() -> list[int | BaseException]:
        bench: Batching[int, int, int] = Batching(prepare, lambda jobs: list(jobs), lambda: 4)
        answers = await asyncio.gather(*(bench.ask(number) for number in range(3)), return_exceptions=True)
        await bench.close()
        return answers

    answers = asyncio.run(ask())
    assert (answers[0], str(answers[1]), answers[2]) == (0, "no such size", 2)


def test_an_error_of_the_whole_batch_is_everybodys() -> None:
    def work(jobs: Sequence[int]) -> list[int]:
        raise RuntimeError("the device is gone")

    async def ask() -> list[int | BaseException]:
        bench: Batching[int, int, int] = Batching(lambda job: ("a", job), work, lambda: 4)
        answers = await asyncio.gather(*(bench.ask(number) for number in range(2)), return_exceptions=True)
        await bench.close()
        return answers

    assert [str(answer) for answer in asyncio.run(ask())] == ["the device is gone"] * 2


def test_what_is_cancelled_is_not_worked_on() -> None:
    worker = Worker(width=1)

    async def ask() -> None:
        first = asyncio.create_task(worker.bench.ask(("a", 0)))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(worker.bench.ask(("a", 1)))
        await asyncio.sleep(0.02)
        second.cancel()
        worker.go.set()
        await first
        await worker.bench.close()

    asyncio.run(ask())
    assert worker.batches == [[("a", 0)]]


def test_closing_cancels_what_has_not_begun() -> None:
    worker = Worker(width=1)

    async def ask() -> list[int | BaseException]:
        asked = [asyncio.create_task(worker.bench.ask(("a", number))) for number in range(3)]
        await asyncio.sleep(0.02)
        closing = asyncio.create_task(worker.bench.close())
        await asyncio.sleep(0.02)
        worker.go.set()
        await closing
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = asyncio.run(ask())
    assert answers[0] == 0
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[1:])


def test_a_function_runs_alone_in_the_thread() -> None:
    async def ask() -> int:
        bench: Batching[int, int, int] = Batching(lambda job: ("a", job), lambda jobs: list(jobs), lambda: 4)
        ident = await bench.alone(threading.get_ident)
        await bench.close()
        return int(ident)

    assert asyncio.run(ask()) != threading.get_ident()


def test_a_function_that_fails_fails_for_who_asked() -> None:
    async def ask() -> None:
        bench: Batching[int, int, int] = Batching(lambda job: ("a", job), lambda jobs: list(jobs), lambda: 4)
        try:
            await bench.alone(lambda: 1 // 0)
        finally:
            await bench.close()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(ask())


def test_closing_what_never_began_does_nothing() -> None:
    asyncio.run(Worker().bench.close())
