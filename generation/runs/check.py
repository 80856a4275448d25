"""Check a run folder, and sweep what no reader needs out of it.

    for finding in verify(Path("runs/one")):         # reads every byte
        print(finding.severity, finding.where, finding.what, finding.do)
    removed = gc(Path("runs/one"), dry_run=True)

`verify` compares every hash and every cross-reference with what the manifests say. It changes nothing: an error is
healed by making the run again, which makes only what is damaged. Command line: `moviellm check`.
"""

import hashlib
import json
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from moviellm.generation.files import disk_errors
from moviellm.generation.findings import Finding
from moviellm.generation.llm.exchanges import PACK_NAME, SHARD_LOGS, log_of, logs_of, read_rows
from moviellm.generation.runs.journal import journal_files, read_journals
from moviellm.generation.runs.manifest import (
    FOLDER,
    TABLES,
    Manifest,
    TableFile,
    manifest_path,
    manifest_paths,
    manifests,
    read_manifest,
    shard_files,
    table_damage,
)
from moviellm.generation.runs.record import RECORD_NAME, RunRecord
from moviellm.generation.runs.tables import (
    OTHER_MODEL_REMEDY,
    journal_shards,
    lost_shards,
    named_files,
    open_table,
    other_data_model,
    read_entries,
    record_of,
)
from moviellm.generation.schema import STAGES, Movie, Stage, check_movie, movie_number

Laid = Callable[[int], AbstractContextManager[object]]
_SHARD_FILE = re.compile(r"^(\d{6,})[-.]")
_FILM_FILE = re.compile(r"^(m\d{5,})\.(mp4|srt|vtt)$")


@dataclass
class _Shard:
    """What the check of one shard collects."""

    manifest: Manifest
    keys: set[str] = field(default_factory=set)
    cell_ids: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)
    """Hashes of the images in the keyframes table."""
    files: set[str] = field(default_factory=set)
    """Hashes of the portraits and learned styles in the style table."""
    cells: dict[Stage, int] = field(default_factory=dict)
    movies: set[str] = field(default_factory=set)
    """Ids in the table of movies."""
    failed: int = 0
    damaged: set[str] = field(default_factory=set)
    """Tables that cannot be read."""


def verify(run: Path, laid: Laid = lambda shard: nullcontext()) -> Iterator[Finding]:
    """Everything that is wrong with a run, shard by shard. Memory: the keys of one shard, and a number a movie.

    Args:
        laid: has the tables and logs of a shard in the folder while it is looked at, where they lie elsewhere.

    Raises:
        ValueError: there is no such folder, or its record is damaged.
    """
    if not run.is_dir():
        manifests(run)
    record = record_of(run)
    if record is not None and (why := other_data_model(record.schema_version)) is not None:
        yield Finding(severity="error", where=RECORD_NAME, what=f"the run {why}", do=OTHER_MODEL_REMEDY)
    yield from _folders(run)
    lost = lost_shards(run, record)
    for number in lost:
        yield _error(run, f"manifest/{number:06d}.json", "is missing, and with it the movies of this shard")
    paths = manifest_paths(run)
    if not paths and not lost:
        yield _warning(run, str(run), "nothing is committed yet", f"`moviellm make --out {run}` goes on with it")
    last_movie = -1
    for path in paths:
        with laid(int(path.stem)):
            if not path.is_dir():  # said by _folders
                last_movie = yield from _check_shard(run, path, record, last_movie)
            yield from _paid(run, log_of(run, int(path.stem)))
    seen = {log_of(run, int(path.stem)) for path in paths}
    for log in logs_of(run):
        yield from _paid(run, log) if log not in seen else ()
    yield from _leftovers(run)


def _check_shard(run: Path, path: Path, record: RunRecord | None, last_movie: int) -> Generator[Finding, None, int]:
    """One committed shard; returns the number of the last movie so far."""
    try:
        manifest = read_manifest(path)
    except ValueError as error:
        yield _error(run, f"manifest/{path.name}", str(error))
        return last_movie
    shard = _Shard(manifest)
    for name, table in sorted(manifest.tables.items()):
        yield from _check_file(run, shard, name, table)
    for stage in STAGES:
        if stage in manifest.tables and stage not in shard.damaged:
            yield from _check_cells(run, shard, stage)
    yield from _check_movies(run, shard, last_movie)
    if record is not None and not shard.damaged:
        yield from _check_against_record(run, shard, record)
    if manifest.failed:
        what = f"{manifest.failed} cells failed, and the movies or scores they belong to are left out"
        do = f"the reasons are in the errors of {run}/calls.jsonl, on a cluster {run}/calls/"
        yield _warning(run, f"manifest/{path.name}", what, do)
    return last_movie if manifest.last_movie is None else max(last_movie, movie_number(manifest.last_movie))


def _paid(run: Path, path: Path) -> Iterator[Finding]:
    """Lines of a log of paid exchanges that cannot be read; a torn last one is what a kill leaves."""
    lines = [row is None for _, _, row in read_rows(path)] if path.is_file() else []
    if sum(lines[:-1]):
        what = f"{sum(lines[:-1])} lines are damaged or torn, and what they cost is not known"
        do = "only a copy brings them back; where their cells are not committed, they are asked for and paid again"
        yield _warning(run, str(path.relative_to(run)), what, do)


def _error(run: Path, where: str, what: str) -> Finding:
    return Finding(
        severity="error", where=where, what=what, do=f"`moviellm make --out {run}` makes it again, and nothing else"
    )


def _warning(run: Path, where: str, what: str, do: str) -> Finding:
    return Finding(severity="warning", where=where, what=what, do=do)


def _check_file(run: Path, shard: _Shard, name: str, table: TableFile) -> Iterator[Finding]:
    damage = table_damage(run, table)
    if damage is not None:
        shard.damaged.add(name)
        if damage == FOLDER:  # said by _folders
            return
        yield _error(run, table.file, f"{damage}; it holds {table.rows} rows")
        return
    if table.sha256[:16] != Path(table.file).stem.partition("-")[2]:
        yield _error(run, table.file, "is not named by the hash of its bytes")
    with open_table(run / table.file) as file:
        if file.metadata.num_rows != table.rows:
            yield _error(run, table.file, f"has {file.metadata.num_rows} rows, the manifest says {table.rows}")


def _check_cells(run: Path, shard: _Shard, stage: Stage) -> Iterator[Finding]:
    table = shard.manifest.tables[stage]
    count = failed = 0
    with open_table(run / table.file) as file:
        for group in range(file.num_row_groups):
            columns = ["key", "cell_id", "output", "image", "image_sha256", "error"]
            for row in file.read_row_group(group, columns=columns, use_threads=False).to_pylist():
                count += 1
                failed += row["error"] is not None
                for what in _cell_problems(shard, row):
                    yield _error(run, f"{table.file}, {row['cell_id']}", what)
                if row["image_sha256"] is not None and stage in ("keyframes", "style"):
                    (shard.images if stage == "keyframes" else shard.files).add(row["image_sha256"])
    shard.failed += failed
    if shard.manifest.cells.get(stage) != count:
        what = f"has {count} cells, the manifest says {shard.manifest.cells.get(stage)}"
        yield _error(run, table.file, what)


def _cell_problems(shard: _Shard, row: dict[str, object]) -> Iterator[str]:
    for column, seen in (("key", shard.keys), ("cell_id", shard.cell_ids)):
        value = str(row[column])
        if value in seen:
            yield f"the {column} {value} occurs twice"
        seen.add(value)
    output, image = row["output"], row["image"]
    if (output is None) == (row["error"] is None):
        yield "has both an output and an error" if output is not None else "has neither an output nor an error"
    if output is not None:
        try:
            json.loads(str(output))
        except ValueError as error:
            yield f"its output is not JSON ({error})"
    sha256 = hashlib.sha256(image).hexdigest() if isinstance(image, bytes) else None
    if sha256 != row["image_sha256"]:
        yield "its image does not have the hash that stands beside it"


def _check_movies(run: Path, shard: _Shard, last_movie: int) -> Iterator[Finding]:
    manifest = shard.manifest
    if not shard.damaged and manifest.failed != shard.failed:
        what = f"{shard.failed} cells failed, the manifest says {manifest.failed}"
        yield _error(run, f"manifest/{manifest.shard:06d}.json", what)
    table = manifest.tables.get("movies")
    if table is None:
        yield _error(run, f"manifest/{manifest.shard:06d}.json", "lists no table of movies")
    if table is None or "movies" in shard.damaged:
        return
    first = last = None
    with open_table(run / table.file) as file:
        for group in range(file.num_row_groups):
            for row in file.read_row_group(group, use_threads=False).to_pylist():
                number = movie_number(row["movie_id"])
                if number <= last_movie:
                    what = "comes again, or after a later movie"
                    yield _error(run, f"{table.file}, {row['movie_id']}", what)
                shard.movies.add(row["movie_id"])
                first, last, last_movie = first or row["movie_id"], row["movie_id"], number
                for what in _movie_problems(shard, row["movie_id"], row["movie"]):
                    yield _error(run, f"{table.file}, {row['movie_id']}", what)
    if (manifest.movies, manifest.first_movie, manifest.last_movie) != (table.rows, first, last):
        yield _error(run, f"manifest/{manifest.shard:06d}.json", f"does not describe the movies of {table.file}")


def _check_against_record(run: Path, shard: _Shard, record: RunRecord) -> Iterator[Finding]:
    """Whether a shard holds the movies that run.yaml asks for. A movie with cells is one that was tried: left out."""
    if min(journal_shards(run), default=shard.manifest.shard + 1) <= shard.manifest.shard:
        return  # it is being made
    first = shard.manifest.shard * record.movies_per_shard
    after = min(first + record.movies_per_shard, record.recipe.movie_count)
    asked = {f"m{number:05d}" for number in range(first, after)}
    tried = {cell_id.partition("/")[0] for cell_id in shard.cell_ids}
    where = f"manifest/{shard.manifest.shard:06d}.json"
    if lacking := sorted(asked - shard.movies - tried):
        yield _error(run, where, f"lacks movies that {RECORD_NAME} asks for: {', '.join(lacking[:5])}")
    if surplus := sorted(shard.movies - asked):
        yield _error(run, where, f"holds movies that {RECORD_NAME} does not ask for: {', '.join(surplus[:5])}")


def _movie_problems(shard: _Shard, movie_id: str, text: str) -> Iterator[str]:
    try:
        movie = Movie.model_validate_json(text)
        check_movie(movie)
    except ValidationError as error:
        yield f"is no movie: {error.errors(include_url=False)[0]['msg']}"
        return
    except ValueError as error:
        yield str(error)
        return
    if movie.movie_id != movie_id:
        yield f"the movie in this row is {movie.movie_id}"
    if "keyframes" not in shard.damaged:
        for keyframe in movie.keyframes():
            if keyframe.image_sha256 is not None and keyframe.image_sha256 not in shard.images:
                yield f"the picture of {keyframe.keyframe_id} is in no table"
    if "style" not in shard.damaged:
        yield from (
            f"{path} is in no table" for path, sha256 in named_files(movie).items() if sha256 not in shard.files
        )


def _folders(run: Path) -> Iterator[Finding]:
    """Folders with the names of files. Nobody deletes them unasked: somebody may have put something there."""
    patterns = [
        "lock",
        "calls.jsonl",
        "calls/*.jsonl",
        "exchanges.jsonl",
        "exchanges.pack",
        "exchanges/*.jsonl",
        "exchanges/*.pack",
        "storyboard.html",
        "manifest/*.json",
        "films/m*.*",
        ".*.tmp",
        "*/.*.tmp",
    ]
    patterns += [*(f"{name}/*.parquet" for name in TABLES), "journal/*.jsonl", "journal/*.pack"]
    for path in sorted({path for pattern in patterns for path in run.glob(pattern) if path.is_dir()}):
        do = f"delete it by hand; then `moviellm make --out {run}` makes the file"
        yield Finding(severity="error", where=str(path.relative_to(run)), what=FOLDER, do=do)


def _leftovers(run: Path) -> Iterator[Finding]:
    for path in _garbage(run):
        yield _warning(
            run,
            str(path.relative_to(run)),
            "is not needed any more",
            f"harmless; `moviellm gc {run}` removes it",
        )
    unfinished = {path.name.split(".")[0] for path in set(journal_files(run)) - set(_garbage(run))}
    for shard in sorted(unfinished):
        what = f"shard {shard} was being made and is not committed"
        yield _warning(run, f"journal/{shard}.*", what, f"`moviellm make --out {run}` goes on with it")


def gc(run: Path, dry_run: bool = False) -> list[Path]:
    """Remove temporary files, tables and films that no manifest lists, and journals whose results are all in tables.

    What belongs to a shard without a readable manifest stays: the next `moviellm make` uses it. The caller holds
    `lock_run(run)`.

    Args:
        dry_run: only say what would be removed.

    Raises:
        ValueError: no such folder, or it cannot be written.
    """
    if not run.is_dir():
        manifests(run)
    garbage = _garbage(run)
    if not dry_run:
        with disk_errors(run):
            for path in garbage:
                path.unlink(missing_ok=True)
    return garbage


def _garbage(run: Path) -> list[Path]:
    folders = [run, *(run / name for name in (*TABLES, "manifest", "films"))]
    garbage = {path for folder in folders for path in folder.glob(".*.tmp")}
    garbage.update(_stale_films(run))
    garbage.update(_stale_pictures(run))
    for shard in sorted({number for path in _shard_paths(run) if (number := _shard_number(path)) is not None}):
        try:
            manifest = read_manifest(manifest_path(run, shard))
        except (OSError, ValueError):
            continue
        listed = {run / table.file for table in manifest.tables.values()}
        garbage.update(path for path in shard_files(run, shard) if path not in listed)
        journals = journal_files(run, shard)
        if journals and not any(path.is_dir() for path in journals):
            entries, _ = read_journals(run, shard)
            # An empty one says that the run stopped before this shard was finished.
            if entries and {entry.key for entry, _ in entries} <= _committed_keys(run, manifest):
                garbage.update(journals)
    return sorted(path for path in garbage if not path.is_dir())


def _stale_films(run: Path) -> Iterator[Path]:
    """Films of movies that are in no manifest; none while a shard is missing, damaged or in the making."""
    films = {path: match[1] for path in (run / "films").glob("m*.*") if (match := _FILM_FILE.match(path.name))}
    if not films or journal_files(run):
        return
    try:
        committed = manifests(run)
        if not committed or lost_shards(run, record_of(run)):
            return
    except ValueError:
        return
    movie_ids: set[str] = set()
    for manifest in committed:
        table = manifest.tables.get("movies")
        if table is None or table_damage(run, table) is not None:
            return
        with open_table(run / table.file) as file:
            movie_ids.update(file.read(columns=["movie_id"]).column(0).to_pylist())
    yield from (path for path, movie_id in films.items() if movie_id not in movie_ids)


def _stale_pictures(run: Path) -> Iterator[Path]:
    """Bytes of paid pictures whose cells are all committed: none while a shard is missing or in the making."""
    packs = [pack for pack in (run / PACK_NAME, *(run / SHARD_LOGS).glob("*.pack")) if pack.exists()]
    if not packs or journal_files(run):
        return
    try:
        if manifests(run) and not lost_shards(run, record_of(run)):
            yield from packs
    except ValueError:
        return


def _shard_paths(run: Path) -> Iterator[Path]:
    for name in TABLES:
        yield from (run / name).glob("*.parquet")
    yield from journal_files(run)


def _shard_number(path: Path) -> int | None:
    match = _SHARD_FILE.match(path.name)
    return int(match[1]) if match else None


def _committed_keys(run: Path, manifest: Manifest) -> set[str]:
    whole = [manifest.tables[stage] for stage in STAGES if stage in manifest.tables]
    return {
        entry.key for table in whole if table_damage(run, table) is None for entry in read_entries(run / table.file)
    }
