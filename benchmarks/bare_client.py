"""The least that a line's calls can take: the same bodies sent by a client that does nothing else.

    with recorded() as bodies:
        ...                                       # a movie is made
    floor_s(base_url, bodies, at_a_time=64)       # seconds

Level by level, as the calls depend on one another, so many at a time, over aiohttp; answers are read and forgotten. It
holds the latency of the server and what the server admits, and nothing of ours. Used by llm_line.py.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp

from moviellm.generation.llm.encoded import written
from moviellm.generation.llm.wire import Wire

JSON_HEADERS = {"Content-Type": "application/json"}
Bodies = list[tuple[str, bytes]]
"""Path and body of every call, in the order of sending."""


@contextmanager
def recorded() -> Iterator[Bodies]:
    """Keep the bodies of the calls."""
    bodies, post = [], Wire._post

    async def keep(self: Wire, path: str, body: dict[str, Any]) -> dict[str, Any]:
        bodies.append((path, written(body).encode()))
        return await post(self, path, body)

    Wire._post = keep  # type: ignore[method-assign]
    try:
        yield bodies
    finally:
        Wire._post = post  # type: ignore[method-assign]


def levels_of(bodies: Bodies) -> list[Bodies]:
    """The calls in levels that wait for one another; pictures are made beside the dialogue."""
    levels: dict[str, Bodies] = {}
    for path, body in bodies:
        form = json.loads(body).get("response_format")
        task = form["json_schema"]["name"] if isinstance(form, dict) else "dialogue"
        levels.setdefault(task, []).append((path, body))
    return [levels[task] for task in ("outline", "chapter", "scene", "dialogue", "questions") if task in levels]


async def bare(base_url: str, levels: list[Bodies], at_a_time: int) -> float:
    """Seconds that a client takes which only sends the bodies and reads the answers."""
    slots = asyncio.Semaphore(at_a_time)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one(path: str, body: bytes) -> None:
            async with slots, session.post(base_url + path, data=body, headers=JSON_HEADERS) as answer:
                await answer.read()

        start_s = time.perf_counter()
        for level in levels:
            await asyncio.gather(*(one(path, body) for path, body in level))
        return time.perf_counter() - start_s


def floor_s(base_url: str, bodies: Bodies, at_a_time: int) -> float:
    """The median of three bare runs."""
    levels = levels_of(bodies)
    return statistics.median(asyncio.run(bare(base_url, levels, at_a_time)) for _ in range(3))
