"""Cells for tests of the engine: requests known in every field, a maker that counts, and a run folder as bytes."""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from moviellm.generation.cells import Cell, Make, Result, Shard
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.protocols import Request
from moviellm.generation.runs.record import next_record, write_record
from moviellm.generation.schema import Movie, Stage, canonical_json
from tests.factories import make_image, make_movie

STAGE_OF: tuple[Stage, ...] = ("plot", "keyframes", "dialogue")


def make_request(number: int = 0, **changes: object) -> Request:
    fields: dict[str, object] = {
        "task": "scene",
        "model_id": "moviellm/test-writer",
        "model_revision": "1",
        "prompt_id": "scene",
        "prompt_sha256": hashlib.sha256(b"prompt").hexdigest(),
        "params": {"temperature": 0.7},
        "inputs": {"number": number},
        "seed": number,
    }
    return Request(**(fields | changes))


def make_cell(number: int = 0, stage: Stage | None = None, version: int = 1, **changes: object) -> Cell:
    """Cell `number`; without a stage, the stages take turns and every third cell has an image."""
    stage = stage or STAGE_OF[number % 3]
    return Cell(
        cell_id=f"m{number // 10:05d}-x{number:04d}/{stage}",
        stage=stage,
        stage_version=version,
        request=make_request(number, **changes),
    )


class Maker:
    """Answers cells and remembers, by id, which it was asked for."""

    def __init__(self, fail: Iterable[str] = ()) -> None:
        self.calls: list[str] = []
        self.fail = set(fail)

    def make(self, cell: Cell) -> Make:
        async def answer():
            self.calls.append(cell.cell_id)
            await asyncio.sleep(0)
            if cell.cell_id in self.fail:
                raise ValueError(f"{cell.cell_id} did not come out")
            image = image_of(cell) if cell.stage == "keyframes" else None
            return {"text": f"answer to {cell.key}", "number": cell.request.seed / 7}, image

        return answer


def image_of(cell: Cell) -> bytes:
    """Bytes that follow from the key; engine tests need no real picture."""
    return b"image " + cell.key.encode() * (1 + cell.request.seed % 5)


async def make_all(shard: Shard, cells: Sequence[Cell], maker: Maker, concurrency: int = 4) -> list[Result]:
    limit = asyncio.Semaphore(concurrency)
    return list(await asyncio.gather(*(shard.cell(cell, maker.make(cell), limit) for cell in cells)))


def build(run: Path, cells: Sequence[Cell], maker: Maker | None = None, index: int = 0, movies: int = 0) -> Shard:
    """Open, make, commit and close one shard; its counts can be read afterwards."""

    async def work() -> Shard:
        shard = Shard.open(run, index)
        await make_all(shard, cells, maker or Maker())
        await shard.commit(empty_movies(movies), cells)
        await shard.close()
        return shard

    return asyncio.run(work())


def empty_movies(count: int) -> list[tuple[str, str]]:
    return [(f"m{number:05d}", canonical_json({"movie_id": f"m{number:05d}"})) for number in range(count)]


def snapshot(run: Path) -> dict[str, bytes]:
    """Every file of a run but the call log and the lock, which are no data."""
    paths = sorted(path for path in run.rglob("*") if path.is_file())
    return {
        str(path.relative_to(run)): path.read_bytes() for path in paths if path.name not in {"calls.jsonl", "lock"}
    }


def tables_of(run: Path) -> dict[str, str]:
    """Stage or `movies` -> file name, of a run with one shard."""
    return {path.parent.name: path.name for path in sorted(run.glob("*/*.parquet"))}


def build_movies(run: Path, numbers: Iterable[int], index: int = 0) -> list[Movie]:
    """A shard whose movies are the factory's, with the pictures they name."""
    movies = [make_movie(number) for number in numbers]
    pictures = [(movie, keyframe) for movie in movies for keyframe in movie.keyframes()]

    def cell_of(keyframe_id: str) -> Cell:
        request = make_request(inputs={"keyframe": keyframe_id})
        return Cell(cell_id=f"{keyframe_id}/keyframe", stage="keyframes", stage_version=1, request=request)

    async def work() -> None:
        shard = Shard.open(run, index)
        cells = []
        for _, keyframe in pictures:

            async def paint(keyframe_id: str = keyframe.keyframe_id):
                return {"width_px": 64}, make_image(keyframe_id)

            cells.append(cell_of(keyframe.keyframe_id))
            await shard.cell(cells[-1], paint, asyncio.Semaphore(1))
        rows = [(movie.movie_id, canonical_json(movie.model_dump(mode="json"))) for movie in movies]
        await shard.commit(rows, cells)
        await shard.close()

    asyncio.run(work())
    return movies


def put_record(run: Path, movies: int, movies_per_shard: int = 2) -> None:
    """A run.yaml that asks for so many movies."""
    recipe = Recipe(themes=("a key",), movies=movies)
    write_record(run, next_record(run, recipe, movies_per_shard=movies_per_shard))
