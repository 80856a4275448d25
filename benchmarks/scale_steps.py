"""The steps of scale.py: each a call of the product's own functions on a run folder without pictures.

    STEPS["status"](Walk(folder, movies=10_000, full=False))      # what the step says of itself

The order is that of a run that is killed near its end: plan, lease, commit, resume up to the first cell that a writer
is asked for, the rest committed, the same command once more, status, the index of the export, the plan of the push.
"""

import asyncio
import hashlib
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from pydantic import JsonValue

from moviellm.cards.hub.local import LocalFile, check_files
from moviellm.cards.hub.plan import RemoteFile, plan_commits
from moviellm.generation.cells import ENGINE_VERSION
from moviellm.generation.config.recipe import Recipe, load_recipe
from moviellm.generation.dataset.folder import DatasetManifest, ManifestFile
from moviellm.generation.dataset.limits import COMMIT_FILES, FOLDER_ENTRIES, REPO_FILES
from moviellm.generation.dataset.splits import assign_splits
from moviellm.generation.dataset.stating import content_version
from moviellm.generation.duplicates import PlotIndex
from moviellm.generation.files import write_whole
from moviellm.generation.make import make_run, plan_run, shard_movies, shard_size
from moviellm.generation.protocols import Accept, Request, StoppedError, accept_all
from moviellm.generation.runs.contents import Store
from moviellm.generation.runs.lock import lock_run, lock_shard
from moviellm.generation.runs.manifest import manifest_path, read_manifest
from moviellm.generation.runs.record import RunRecord, next_record, read_run, write_record
from moviellm.generation.runs.settled import Settled, ShardReport
from moviellm.generation.runs.status import run_status
from moviellm.generation.runs.tables import Row, RunReader, open_table, rows_sha256, write_table
from moviellm.generation.schema import SCHEMA_VERSION, SPLITS, STAGES
from moviellm.generation.studio.painter import OfflinePainter
from moviellm.generation.studio.writer import OfflineWriter

KEYFRAMES = 40
SHARD_BYTES = 512_000_000
LEFT = 3
"""Shards that the killed run has not committed."""
SYNOPSIS_WORDS = 120
VOCABULARY = 4_000
COPIES = 0.01
"""Share of the synopses that are another one with a few words exchanged: what has to be found."""


@dataclass(frozen=True)
class Walk:
    """One run folder that is walked."""

    folder: Path
    movies: int
    full: bool
    """Whether its tables hold a cell for each keyframe."""

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.folder / "run"

    @property
    def recipe(self) -> Recipe:
        """40 keyframes a movie, in pictures of which 512 MB are about 165 movies."""
        size = ["story.chapters=2", "story.scenes=2", "story.keyframes=10", f"engine.shard_bytes={SHARD_BYTES}"]
        picture = ["image.width_px=832", "image.height_px=464", "dataset.films=false"]
        return load_recipe("tiny", [f"movies={self.movies}", *size, *picture])

    @property
    def size(self) -> int:
        """Movies in a shard."""
        return shard_size(self.recipe)

    @property
    def shards(self) -> int:
        """Shards of the run."""
        return -(-self.movies // self.size)


def begin(walk: Walk) -> RunRecord:
    """The record, written where it is not there yet."""
    record = next_record(walk.run, walk.recipe, movies_per_shard=walk.size)
    walk.run.mkdir(parents=True, exist_ok=True)
    write_record(walk.run, record)
    return record


# ------------------------------------------------------------------------------------------------ the run


def plan(walk: Walk) -> dict[str, Any]:
    """What the whole run would make."""
    record = begin(walk)
    painter = OfflinePainter(record.recipe.image, in_process=True)
    said = asyncio.run(plan_run(walk.run, record, OfflineWriter(), painter))
    return {"cells": sum(said.cells.values()), "picture_bytes": said.image_bytes}


def lease(walk: Walk) -> dict[str, Any]:
    """Each shard held once, as a cluster's makers do, and given back."""
    for index in range(walk.shards):
        with lock_shard(walk.run, index, "walk"):
            pass
    return {}


def commit(walk: Walk) -> dict[str, Any]:
    """All shards but the last few."""
    return _commit(walk, range(max(1, walk.shards - LEFT)))


def finish(walk: Walk) -> dict[str, Any]:
    """The last few."""
    return _commit(walk, range(max(1, walk.shards - LEFT), walk.shards))


def _commit(walk: Walk, shards: range) -> dict[str, Any]:
    record = begin(walk)
    rows = 0
    with lock_run(walk.run):
        settled = Settled.open(walk.run, record)
        assert settled is not None, "an offline recipe says all that decides its cells"
        for index in shards:
            with lock_shard(walk.run, index, "walk"):
                movies = shard_movies(record, index)
                tables = _tables(walk, movies)
                store = Store(walk.run, index, ENGINE_VERSION)
                store.commit(tables)
                store.close()
                settled.add(index, ShardReport(movies=len(movies), keyframes=len(movies) * KEYFRAMES))
                rows += sum(len(table) for table in tables.values())
    return {"rows": rows, "shards": len(shards)}


def lay(walk: Walk) -> dict[str, Any]:
    """What `commit` leaves, for a machine that has no time for it: tables of stages are links to those of shard 0."""
    record = begin(walk)
    _commit(walk, range(1))
    first = read_manifest(manifest_path(walk.run, 0))
    settled = Settled.open(walk.run, record)
    assert settled is not None
    for shard in range(1, max(1, walk.shards - LEFT)):
        movies = shard_movies(record, shard)
        rows: list[Row] = [{"movie_id": f"m{number:05d}", "movie": "{}"} for number in movies]
        tables = {}
        for name, table in first.tables.items():
            linked = f"{name}/{shard:06d}-{table.sha256[:16]}.parquet"
            if name != "movies":
                os.link(walk.run / table.file, walk.run / linked)
                tables[name] = table.model_copy(update={"file": linked})
        with mock.patch("os.fsync"):
            tables["movies"] = write_table(walk.run, shard, "movies", rows, rows_sha256(rows))
        described = {
            "shard": shard,
            "tables": tables,
            "movies": len(movies),
            "first_movie": rows[0]["movie_id"],
            "last_movie": rows[-1]["movie_id"],
        }
        text = first.model_copy(update=described).model_dump_json(indent=2) + "\n"
        manifest_path(walk.run, shard).write_text(text)
        settled.add(shard, ShardReport(movies=len(movies), keyframes=len(movies) * KEYFRAMES))
    return {"shards": max(1, walk.shards - LEFT)}


def _tables(walk: Walk, movies: range) -> dict[str, list[Row]]:
    """The rows of a shard: all of its movies, and of each stage one cell, or of keyframes all."""
    tables: dict[str, list[Row]] = {}
    for stage in STAGES[:5]:
        of = movies if walk.full else movies[:1]
        each = KEYFRAMES if walk.full and stage == "keyframes" else 1
        tables[stage] = [_row(f"m{number:05d}/{stage}-{place:04d}") for number in of for place in range(each)]
    tables["movies"] = [{"movie_id": f"m{number:05d}", "movie": "{}"} for number in movies]
    return tables


def _row(cell_id: str) -> Row:
    key = hashlib.sha256(cell_id.encode()).hexdigest()
    fixed = {"task": "keyframe", "model_id": "walk", "model_revision": "1", "prompt_id": "", "prompt_sha256": ""}
    made = {"params": "{}", "seed": 0, "output": "{}", "image_sha256": None, "error": None}
    return {"key": key, "cell_id": cell_id, **fixed, **made}


class StoppingWriter(OfflineWriter):
    """Notes when it is asked for the first time, and ends the run in order."""

    asked_s: float | None = None

    async def write(self, request: Request, accept: Accept = accept_all) -> dict[str, JsonValue]:
        """Stop."""
        self.asked_s = self.asked_s or time.perf_counter()
        raise StoppedError("the walk goes no further")


def resume(walk: Walk) -> dict[str, Any]:
    """The same command after a kill, up to the first cell that is asked for, and to an orderly end."""
    start = time.perf_counter()
    writer = StoppingWriter()
    report = _make(walk, writer)
    assert report["stopped"] and writer.asked_s is not None, report
    return {"first_asked_s": round(writer.asked_s - start, 2), **report}


def again(walk: Walk) -> dict[str, Any]:
    """The same command over the finished run."""
    report = _make(walk, OfflineWriter())
    assert report == {"found": walk.movies, "made": 0, "stopped": 0}, report
    return report


def _make(walk: Walk, writer: OfflineWriter) -> dict[str, int]:
    with lock_run(walk.run):
        record = begin(walk)
        painter = OfflinePainter(record.recipe.image, in_process=True)
        settled = Settled.open(walk.run, record)
        report = asyncio.run(make_run(walk.run, record, writer, painter, settled=settled))
    return {"found": report.movies, "made": report.made.total(), "stopped": len(report.stopped)}


def status(walk: Walk) -> dict[str, Any]:
    """How far the run is."""
    said = run_status(walk.run)
    assert (said.finished, said.committed, said.damaged) == (walk.movies, walk.shards, [])
    return {"finished": said.finished}


# ------------------------------------------------------------------------------------------------ the dataset


def index(walk: Walk) -> dict[str, Any]:
    """What an export knows before it writes rows: all movies, their splits, and the list of its files."""
    record = read_run(walk.run)
    reader = RunReader(walk.run)
    splits, _ = assign_splits(((name, None) for name in _ids(reader)), [], record.recipe.splits, record.recipe.seed)
    assert len(splits) == walk.movies
    files = list(_dataset_files(walk))
    manifest = DatasetManifest(
        name="walk",
        version=content_version(files),
        schema_version=SCHEMA_VERSION,
        configs={"movies": {split: sum(one == split for one in splits.values()) for split in SPLITS}},
        splits=SPLITS,
        files=tuple(sorted(files, key=lambda file: file.path)),
    )
    write_whole(walk.folder / "manifest.json", manifest.text().encode())
    return {"dataset_files": len(files), "manifest_bytes": (walk.folder / "manifest.json").stat().st_size}


def _ids(reader: RunReader) -> Iterator[str]:
    for manifest in reader.manifests:
        with open_table(reader.run / manifest.tables["movies"].file) as file:
            yield from file.read(columns=["movie_id"], use_threads=False).column(0).to_pylist()


def _dataset_files(walk: Walk) -> Iterator[ManifestFile]:
    """As many shards of pictures as the run has, shared out over the splits, and what lies beside them."""
    for split, share in SHARES.items():
        for config, count in (("keyframes", walk.shards), *((name, max(1, walk.shards // 100)) for name in TEXTS)):
            of = max(1, round(count * share))
            for number in range(of):
                path = f"{config}/{split}-{number:05d}-of-{of:05d}.parquet"
                digest = hashlib.sha256(path.encode()).hexdigest()
                yield ManifestFile(path=path, sha256=digest, bytes=SHARD_BYTES, rows=1)


SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
TEXTS = ("movies", "dialogue", "qa", "events")


def push_plan(walk: Walk) -> dict[str, Any]:
    """Which commits put the dataset on the Hub; what is left when half of it is there, and all."""
    path = walk.folder / "manifest.json"  # without an index before it, what one would list
    listed = DatasetManifest.model_validate_json(path.read_bytes()).files if path.exists() else _dataset_files(walk)
    files = [LocalFile(file.path, b"", file.sha256, file.bytes) for file in listed]
    files += [LocalFile(name, b"", "", 0) for name in ("README.md", "manifest.json", "moviellm_dataset.py")]
    check_files(files)
    commits = plan_commits(files, {})
    there = {file.path: RemoteFile(file.bytes, file.blob(), file.sha256 or None) for file in files}
    half = dict(list(there.items())[: len(there) // 2])
    folders: dict[str, int] = {}
    for file in files:
        folders[file.path.rpartition("/")[0]] = folders.get(file.path.rpartition("/")[0], 0) + 1
    said = {
        "repo_files": len(files),
        "folder_entries": max(folders.values()),
        "commit_files": max(len(one.files) for one in commits),
        "commits": len(commits),
        "commits_when_half_is_there": len(plan_commits(files, half)),
        "commits_when_all_is_there": len(plan_commits(files, there)),
        "bytes": sum(file.bytes for file in files),
    }
    limits = {"repo_files_limit": REPO_FILES, "folder_entries_limit": FOLDER_ENTRIES, "commit_limit": COMMIT_FILES}
    return said | limits


# ------------------------------------------------------------------------------------------------ near-duplicates


def synopses(count: int, seed: int = 7) -> Iterator[tuple[str, str]]:
    """Synopses of words at random, one in a hundred told after an earlier one with three words exchanged."""
    rng = random.Random(seed)
    words = [f"w{number}" for number in range(VOCABULARY)]
    kept: list[list[str]] = []
    for number in range(count):
        if kept and rng.random() < COPIES:
            text = list(rng.choice(kept))
            for place in rng.sample(range(SYNOPSIS_WORDS), 3):
                text[place] = rng.choice(words)
        else:
            text = rng.choices(words, k=SYNOPSIS_WORDS)
            if len(kept) < 1000:
                kept.append(text)
        yield f"m{number:05d}", " ".join(text)


def duplicates(walk: Walk) -> dict[str, Any]:
    """Near-duplicates among so many synopses."""
    start = time.perf_counter()
    plots = PlotIndex()
    for name, text in synopses(walk.movies):
        plots.add(name, text)
    added = time.perf_counter()
    pairs = plots.pairs()
    return {"add_s": round(added - start, 2), "pairs_s": round(time.perf_counter() - added, 2), "pairs": len(pairs)}


STEPS: Mapping[str, Callable[[Walk], dict[str, Any]]] = {
    "plan": plan,
    "lease": lease,
    "commit": commit,
    "lay": lay,
    "resume": resume,
    "finish": finish,
    "again": again,
    "status": status,
    "index": index,
    "push_plan": push_plan,
    "duplicates": duplicates,
}
