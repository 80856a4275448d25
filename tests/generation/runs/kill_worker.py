"""A run that can be killed: three shards of cells, each of which takes a few milliseconds to make.

    python kill_worker.py RUN CALLS

It appends the id of every cell that it starts to make to CALLS, and prints `ready` when the work begins.
"""

import asyncio
import os
import sys
from pathlib import Path

from moviellm.generation.cells import Cell, Make, Shard, lock_run
from tests.generation.runs.cellkit import empty_movies, image_of, make_cell

CONCURRENCY = 8
SHARDS = [[make_cell(number) for number in range(first, first + 100)] for first in (0, 100, 200)]


async def run_shards(run: Path, calls: int) -> None:
    def make(cell: Cell) -> Make:
        async def answer():
            os.write(calls, f"{cell.cell_id}\n".encode())
            await asyncio.sleep(0.002 + cell.request.seed % 7 / 1000)
            return {"text": cell.key}, image_of(cell) * 100 if cell.stage == "keyframes" else None

        return answer

    limit = asyncio.Semaphore(CONCURRENCY)
    for index, cells in enumerate(SHARDS):
        shard = Shard.open(run, index)
        try:
            await asyncio.gather(*(shard.cell(cell, make(cell), limit) for cell in cells))
            await shard.commit(empty_movies((index + 1) * 10)[index * 10 :], cells)
        finally:
            await shard.close()


def main(run: Path, calls: Path) -> None:
    with lock_run(run), open(calls, "ab", buffering=0) as file:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        asyncio.run(run_shards(run, file.fileno()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
