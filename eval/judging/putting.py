"""Many questions put to judges at once; each answer is kept as it comes, so that a killed run goes on where it was.

    records = ask_all(judges, requests, retry_unscored=False)       # per judge, in the order of the requests

What stops one question (money spent, server gone, key refused, another judge than before) stops those that follow;
what is under way ends and is kept. It reads no verdict.
"""

import asyncio
from collections.abc import Sequence

from moviellm.eval.judging.asking import Judge, Record
from moviellm.eval.judging.request import JudgeRequest
from moviellm.generation.progress import progress
from moviellm.generation.protocols import StoppedError

CONCURRENCY = 16
"""Questions to one judge that are under way together, unless said."""


def ask_all(
    judges: Sequence[Judge],
    requests: Sequence[JudgeRequest],
    *,
    concurrency: int | None = None,
    retry_unscored: bool = False,
) -> list[list[Record]]:
    """What every judge says to every question.

    Args:
        retry_unscored: Ask anew what came to no verdict in an earlier process.

    Raises:
        StoppedError: nothing can be asked now; what was answered is kept.
    """
    return asyncio.run(_all(judges, requests, concurrency or CONCURRENCY, retry_unscored))


async def _all(
    judges: Sequence[Judge], requests: Sequence[JudgeRequest], concurrency: int, retry_unscored: bool
) -> list[list[Record]]:
    found: list[list[Record | None]] = [[None] * len(requests) for _ in judges]
    stopped: list[StoppedError] = []
    try:
        with progress("judging", len(judges) * len(requests), "verdicts", lambda: _spent(judges)) as advance:

            async def worker(place: int, left: list[int]) -> None:
                while left and not stopped:
                    number = left.pop()
                    try:
                        found[place][number] = await _one(judges[place], requests[number], retry_unscored)
                    except StoppedError as error:
                        stopped.append(error)
                        return
                    advance(1)

            async with asyncio.TaskGroup() as group:
                for place in range(len(judges)):
                    left = list(reversed(range(len(requests))))
                    for _ in range(min(concurrency, len(requests))):
                        group.create_task(worker(place, left))
    finally:
        for judge in judges:
            await judge.close()
    if stopped:
        raise stopped[0]
    return [[record for record in row if record is not None] for row in found]


async def _one(judge: Judge, request: JudgeRequest, retry_unscored: bool) -> Record:
    kept = judge.kept(request)
    record = await judge.ask(request)
    if retry_unscored and kept and record.verdict is None:
        judge.forget(request)
        record = await judge.ask(request)
    return record


def _spent(judges: Sequence[Judge]) -> str:
    usd = sum(judge.service.spent.usd for judge in judges)
    return f"{usd:.4f} USD" if usd else ""
