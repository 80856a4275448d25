"""Cells: every unit of made work (a text, a style, a picture, a score), its key, and the store that makes each once.

    with lock_run(run):
        shard = Shard.open(run, 0)
        result = await shard.cell(cell, make, limit)       # from the store, or made, journaled and kept
        await shard.commit(movies, cells)                  # tables, then the manifest
        await shard.close()

The key is the hash of everything that decides the answer, so running again makes nothing, and an edit remakes exactly
the cells whose request it changes. Until the commit a result lives in the journal (journal.py), after it in a table
(tables.py); the committed tables are the cache of the next run (store.py). Rows exactly once, calls at least once.

It does not know what a stage asks or in which order: see the stages and make.py.
"""

import asyncio
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from pydantic import JsonValue

from moviellm.generation.files import DiskError, disk_errors
from moviellm.generation.llm.encoded import EncodedList, spliced
from moviellm.generation.protocols import Request
from moviellm.generation.runs.contents import Store
from moviellm.generation.runs.journal import Entry, calls_of, write_all
from moviellm.generation.runs.lock import lock_run as lock_run
from moviellm.generation.runs.tables import Row
from moviellm.generation.schema import STAGES, Stage, canonical_json

ENGINE_VERSION = 1
"""Part of every key: a change of what a cell or a table means makes everything again."""

Make = Callable[[], Awaitable[tuple[dict[str, JsonValue], bytes | None]]]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One unit of made work."""

    cell_id: str
    """Readable path, unique in a run, e.g. `m00042-c01-s02/scene`."""
    stage: Stage
    """Table it belongs to."""
    stage_version: int
    """Version of the stage's own code: raising it makes the stage again."""
    request: Request
    """What is asked, of whom."""

    @cached_property
    def key(self) -> str:
        """Hash of everything that decides the answer."""
        encode = spliced if isinstance(self.request.inputs.get("messages"), EncodedList) else canonical_json
        text = encode(
            {
                "engine": ENGINE_VERSION,
                "stage": self.stage,
                "stage_version": self.stage_version,
                "request": self.request.body(),
            }
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def without_inputs(self) -> "Cell":
        """The cell as its table row needs it: the same key, without the question, which may be a whole movie."""
        light = replace(self, request=replace(self.request, inputs={}))
        light.__dict__["key"] = self.key  # the key of the whole request, in the place where cached_property looks
        return light


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a cell became. The bytes of its image stay on disk: see `Shard.image`."""

    key: str
    cell_id: str
    text: str | None
    """The answer's canonical JSON; None when it failed."""
    image_sha256: str | None
    """Hash of the picture's bytes, where there is one."""
    error: str | None
    """Why it failed."""

    @cached_property
    def output(self) -> Mapping[str, JsonValue] | None:
        """The answer; None when it failed."""
        return None if self.text is None else json.loads(self.text)


class Shard:
    """The cells of one shard. One event loop uses it, and its run is locked by this process (`lock_run`)."""

    def __init__(self, store: Store, on_made: Callable[[Cell], None] | None, calls: Path) -> None:
        self.run = store.run
        self.made: Counter[str] = Counter()
        """Cells made by this object, by stage, failed ones included."""
        self.reused: Counter[str] = Counter()
        """Cells asked for that were there already, by stage."""
        self.failed: Counter[str] = Counter()
        """Cells asked for, made or reused, that have an error instead of an output, by stage."""
        self._store = store
        self._on_made = on_made
        self._making: dict[str, asyncio.Lock] = {}
        self._calls: int | None = None
        self._calls_path = calls

    @classmethod
    def open(
        cls,
        run: Path,
        index: int,
        *,
        on_made: Callable[[Cell], None] | None = None,
        retry_failed: bool = False,
        alone: bool = False,
        packs: bool = True,
    ) -> "Shard":
        """Load what there is of a shard, from its tables and journals. Writes nothing.

        Every hash is checked; what is damaged is left out, said in `findings`, and made again when it is asked for.

        Args:
            on_made: called after each cell that is made (not for reused ones).
            retry_failed: forget the cells that failed, so that they are made again.
            alone: other processes make other shards of the run now: this one logs its calls in a file of its own.
            packs: False for who only counts what is there, and has no pictures of journals.
        """
        store = Store(run, index, ENGINE_VERSION, packs=packs)
        if retry_failed:
            store.forget_failed()
        return cls(store, on_made, calls_of(run, index if alone else None))

    @property
    def findings(self) -> list[str]:
        """What was found damaged, and what happens about it: plain sentences."""
        return self._store.findings

    def cached(self, cell: Cell) -> bool:
        """Whether the cell is there, as an answer or as a failure."""
        return cell.key in self._store.entries

    async def cell(self, cell: Cell, make: Make, limit: asyncio.Semaphore) -> Result:
        """The kept result of a cell, or make it under `limit` and keep it; asked twice at once, it is made once.

        A made result is with the OS when this returns, so a `kill -9` does not lose it, and on disk about 50 ms later.
        A `ValueError` from `make` becomes the result's error and is kept; other exceptions propagate, nothing is kept.

        Raises:
            ValueError: the disk is full or cannot be written.
        """
        lock = self._making.setdefault(cell.key, asyncio.Lock())
        async with lock:
            if cell.key in self._store.entries:
                self.reused[cell.stage] += 1
            else:
                async with limit:
                    await self._make(cell, make)
        self._making.pop(cell.key, None)
        entry = self._store.entries[cell.key]
        if entry.error is not None:
            self.failed[cell.stage] += 1
        return Result(
            key=cell.key,
            cell_id=cell.cell_id,
            text=entry.output,
            image_sha256=entry.image_sha256,
            error=entry.error,
        )

    async def _make(self, cell: Cell, make: Make) -> None:
        started_at, start = datetime.now(UTC), time.monotonic()
        image: bytes | None = None
        try:
            output, image = await make()
            text = canonical_json(output)
            text.encode()  # a lone surrogate, which UTF-8 cannot say, is the maker's failure
            sha256 = None if image is None else hashlib.sha256(image).hexdigest()
            entry = Entry(cell.key, text, sha256, None)
        except DiskError:
            raise
        except ValueError as error:
            reason = str(error).encode(errors="backslashreplace").decode() or type(error).__name__
            entry, image = Entry(cell.key, None, None, reason), None
        # No await from here on: a cancelled cell is kept whole or not at all.
        self._store.add(entry, cell.cell_id, image)
        self.made[cell.stage] += 1
        self._log_call(cell, started_at, time.monotonic() - start, entry.error)
        if self._on_made is not None:
            self._on_made(cell)

    def _log_call(self, cell: Cell, started_at: datetime, seconds: float, error: str | None) -> None:
        call = {
            "cell_id": cell.cell_id,
            "stage": cell.stage,
            "key": cell.key,
            "started_at": started_at.isoformat(timespec="milliseconds"),
            "seconds": round(seconds, 6),
            "error": error,
        }
        with disk_errors(self._calls_path):
            if self._calls is None:
                self._calls_path.parent.mkdir(parents=True, exist_ok=True)
                self._calls = os.open(self._calls_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            write_all(self._calls, canonical_json(call).encode() + b"\n")

    def image(self, sha256: str) -> bytes:
        """The bytes of an image of this shard.

        Raises:
            ValueError: the file it lies in was damaged or removed after the shard was opened.
        """
        return self._store.image(sha256)

    async def commit(
        self, movies: Sequence[tuple[str, str]], cells: Sequence[Cell], *, unfinished: bool = False
    ) -> bool:
        """Write what changed as tables, then the manifest; then remove what they replace. False: nothing changed.

        No cell of this shard may be in work. A key that several cells share is one row, under the first one's id.

        Args:
            movies: (movie id, canonical JSON of the Movie), ids ascending.
            cells: the cells of the shard in the order of the tables; what is not among them is dropped.
            unfinished: the run stopped before it came to all cells: what is not among them stays in a journal.

        Raises:
            ValueError: the disk is full or cannot be written; what was committed before still is.
        """
        assert len({cell.cell_id for cell in cells}) == len(cells), "cell ids are unique"
        return await asyncio.to_thread(self._commit, movies, cells, unfinished)

    def _commit(self, movies: Sequence[tuple[str, str]], cells: Sequence[Cell], unfinished: bool) -> bool:
        stages: dict[Stage, dict[str, Row]] = {stage: {} for stage in STAGES}
        for cell in cells:
            assert self.cached(cell), f"{cell.cell_id} is committed without having been made"
            if cell.key not in stages[cell.stage]:
                stages[cell.stage][cell.key] = _row(cell, self._store.entries[cell.key])
        tables: dict[str, list[Row]] = {stage: list(rows.values()) for stage, rows in stages.items() if rows}
        tables["movies"] = [{"movie_id": movie_id, "movie": text} for movie_id, text in movies]
        return self._store.commit(tables, unfinished=unfinished)

    async def close(self) -> None:
        """Make the journal durable and close all files; also after Ctrl-C. What is committed or journaled is kept.

        Raises:
            ValueError: something could not be made durable.
        """
        if self._calls is not None:
            os.close(self._calls)
            self._calls = None
        await asyncio.to_thread(self._store.close)


def _row(cell: Cell, entry: Entry) -> Row:
    request = cell.request
    return {
        "key": entry.key,
        "cell_id": cell.cell_id,
        "task": request.task,
        "model_id": request.model_id,
        "model_revision": request.model_revision,
        "prompt_id": request.prompt_id,
        "prompt_sha256": request.prompt_sha256,
        "params": canonical_json(dict(request.params)),
        "seed": request.seed,
        "output": entry.output,
        "image_sha256": entry.image_sha256,
        "error": entry.error,
    }
