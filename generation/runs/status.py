"""How far a run is, from any machine at any time: read from manifests, journals, logs and locks; changes nothing.

    status = run_status(Path("runs/one"))
    status.movies, status.left_s, status.nodes

Committed shards are told by their manifests, those in the making by the lines of their journals. The rate is that of
the last minutes, by the times in the call logs; the time left follows from it. Command line: `moviellm status RUN`. It
verifies no byte: see check.py.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from moviellm.generation.llm.exchanges import Spent, logs_of, spent_in
from moviellm.generation.runs.journal import CALLS_NAME, journal_files, parse_line
from moviellm.generation.runs.lock import holder_of, run_holder
from moviellm.generation.runs.manifest import Manifest, manifest_paths, read_manifest
from moviellm.generation.runs.record import read_run
from moviellm.generation.schema import STAGES, movie_number

RECENT_S = 300.0
"""The rate is taken over so long."""
TAIL_BYTES = 1_000_000
"""So much of the end of a call log is read."""


@dataclass(frozen=True, kw_only=True)
class Working:
    """A shard in the making."""

    shard: int
    holder: str | None
    """Who makes it; None where nobody does now, or one process makes the whole run."""
    cells: int
    """Results in its journals."""
    failed: int
    """Those of them that are failures."""


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """How far a run is."""

    movies: int
    """Movies asked for."""
    finished: int
    """Movies committed."""
    shards: int
    committed: int
    """Shards committed."""
    cells: dict[str, int]
    """Cells committed, by stage."""
    failed: int
    """Cells that failed, committed or not."""
    working: list[Working]
    holder: str | None
    """Who makes the run now: one process, or the driver of a cluster; None where nobody does."""
    nodes: dict[str, int]
    """Shards in the making, by node."""
    rate: float
    """Cells a second, lately."""
    left_s: float | None
    """Seconds left at that rate; None where nothing was made lately, or no movie says how many cells one takes."""
    spent: Spent
    damaged: list[str] = field(default_factory=list)
    """Manifests that cannot be read."""


def run_status(run: Path) -> RunStatus:
    """How far a run is.

    Raises:
        ValueError: there is no run there, or its record is damaged.
    """
    record = read_run(run)
    movies = record.recipe.movie_count
    shards = -(-movies // record.movies_per_shard)
    finished = failed = 0
    cells: Counter[str] = Counter()
    committed: set[int] = set()
    damaged: list[str] = []
    tried = 0
    for path in manifest_paths(run):
        try:
            manifest = read_manifest(path)
        except (OSError, ValueError) as error:
            damaged.append(str(error))
            continue
        committed.add(manifest.shard)
        finished += manifest.movies
        failed += manifest.failed
        cells.update(manifest.cells)
        tried += _tried(manifest, record.movies_per_shard, movies)
    working = list(_working(run, shards))
    unfinished = {one.shard for one in working} & committed
    begun = sum(one.cells for one in working)
    rate = _rate(run)
    each = sum(cells.values()) / tried if tried else None
    left = None if each is None else max(0.0, each * (movies - tried) - begun)
    return RunStatus(
        movies=movies,
        finished=finished,
        shards=shards,
        committed=len(committed - unfinished),
        cells={stage: cells[stage] for stage in STAGES if stage in cells},
        failed=failed + sum(one.failed for one in working),
        working=working,
        holder=run_holder(run),
        nodes=dict(Counter(one.holder.split(" ")[0] for one in working if one.holder is not None)),
        rate=rate,
        left_s=0.0 if left == 0.0 else None if left is None or not rate else left / rate,
        spent=_spent(run),
        damaged=damaged,
    )


def _tried(manifest: Manifest, size: int, movies: int) -> int:
    """Movies of a shard that were made or failed: up to the last one that is there."""
    first = manifest.shard * size
    if manifest.last_movie is None:
        return max(0, min(size, movies - first))
    return movie_number(manifest.last_movie) + 1 - first


def _working(run: Path, shards: int) -> Iterator[Working]:
    """Shards with a journal or a holder."""
    journals: dict[int, list[Path]] = {}
    for path in journal_files(run):
        number = path.name.split(".")[0]
        if path.suffix == ".jsonl" and number.isdecimal():
            journals.setdefault(int(number), []).append(path)
    with suppress(OSError):
        for path in (run / "lease").iterdir():
            if path.name.isdecimal():
                journals.setdefault(int(path.name), [])
    for shard, paths in sorted(journals.items()):
        rows = [row for path in paths for row in _rows(path)]
        keys = {row["key"]: row["error"] is not None for row in rows}
        holder = holder_of(run, shard)
        if shard < shards and (keys or holder is not None):
            yield Working(shard=shard, holder=holder, cells=len(keys), failed=sum(keys.values()))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with suppress(FileNotFoundError), open(path, "rb") as lines:  # committed meanwhile
        for line in lines:
            row = parse_line(line)
            if row is not None:
                yield row


def _rate(run: Path) -> float:
    """Cells a second in the last minutes, from the first of them on."""
    now = time.time()
    times: list[float] = []
    for path in (run / CALLS_NAME, *(run / "calls").glob("*.jsonl")):
        with suppress(OSError):
            if path.stat().st_mtime > now - RECENT_S:
                times += [at for at in _ends(path) if at > now - RECENT_S]
    return len(times) / max(1.0, now - min(times)) if times else 0.0


def _ends(path: Path) -> Iterator[float]:
    """When the calls at the end of a log ended."""
    with open(path, "rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - TAIL_BYTES))
        for line in file.read().splitlines():
            with suppress(ValueError, KeyError, TypeError):  # torn at either end
                call = json.loads(line)
                yield datetime.fromisoformat(call["started_at"]).timestamp() + call["seconds"]


def _spent(run: Path) -> Spent:
    total = Spent()
    for path in logs_of(run):
        total.add(spent_in(path))
    return total
