"""Manifests: what of a run is committed.

    for manifest in manifests(Path("runs/one")):
        manifest.tables["keyframes"].file            # keyframes/000000-<16 hex>.parquet

`manifest/000000.json` is the commit point of shard 0: it appears by one rename, and a table that no manifest lists
does not exist for a reader. It holds no times and nothing else that a kill or the order of the work could change.

It does not open tables: see tables.py.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from moviellm.generation.files import file_sha256
from moviellm.generation.schema import STAGES, Record, Sha256, Stage, Text

TABLES: tuple[str, ...] = (*STAGES, "movies")
"""Folders of tables in a run."""
FOLDER = "is a folder where a file belongs"


class TableFile(Record):
    """One committed table."""

    file: Text
    """Path in the run folder."""
    sha256: Sha256
    """Hash of the file."""
    rows_sha256: Sha256
    """Hash of its rows without the image bytes: tells whether a table has changed before it is written."""
    rows: int = Field(ge=0)
    """Rows in it."""
    bytes: int = Field(ge=0)
    """Size of the file."""


class Manifest(Record):
    """What of a shard is committed."""

    shard: int = Field(ge=0)
    """Number of the shard."""
    engine_version: int
    """Version of the engine that wrote it."""
    schema_version: Text
    """Version of the data model of its movies."""
    tables: dict[Text, TableFile]
    """Stage, or `movies`, -> table."""
    movies: int = Field(ge=0)
    """Finished movies."""
    first_movie: Text | None
    """Id of the first of them."""
    last_movie: Text | None
    """Id of the last of them; ids ascend."""
    cells: dict[Stage, int]
    """Cells of each stage."""
    failed: int = Field(ge=0)
    """Cells that have an error instead of an output."""


def manifest_path(run: Path, shard: int) -> Path:
    """Where the manifest of a shard is."""
    return run / "manifest" / f"{shard:06d}.json"


def manifest_paths(run: Path) -> list[Path]:
    """Every manifest file of a run, in shard order."""
    return sorted(path for path in (run / "manifest").glob("*.json") if path.stem.isdecimal())


def read_manifest(path: Path) -> Manifest:
    """One manifest.

    Raises:
        ValueError: it is damaged.
    """
    refuse_folders([path])
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path} is damaged: {error.errors(include_url=False)[0]['msg']}") from None
    if f"{manifest.shard:06d}" != path.stem:
        raise ValueError(f"{path} is damaged: it is the manifest of shard {manifest.shard}")
    return manifest


def manifests(run: Path) -> list[Manifest]:
    """The manifests of a run, in shard order; empty while nothing is committed.

    Raises:
        ValueError: there is no such folder, or a manifest is damaged.
    """
    if not run.is_dir():
        raise ValueError(f'no run folder {run}; `moviellm make "a theme" --out {run}` makes one')
    try:
        return [read_manifest(path) for path in manifest_paths(run)]
    except ValueError as error:
        raise ValueError(f"{error}. {remedy(run)}") from None


def shard_files(run: Path, shard: int) -> list[Path]:
    """Every table of a shard on disk, listed or not, and what a kill left of writing one or the manifest."""
    own, temporary = f"{shard:06d}-", f".{shard:06d}.tmp"
    found = [
        run / name / file
        for name in TABLES
        for file in _names(run / name)
        if (file.startswith(own) and file.endswith(".parquet")) or file == temporary
    ]
    of_manifest = f".{shard:06d}."
    found += [
        run / "manifest" / file
        for file in _names(run / "manifest")
        if file.startswith(of_manifest) and file.endswith(".tmp")
    ]
    return sorted(found)


def _names(folder: Path) -> list[str]:
    """What is in a folder: with patterns, a run of thousands of shards would take minutes for looking only."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def refuse_folders(paths: Iterable[Path]) -> None:
    """Say which file cannot be written or read because a folder has its name: nothing here removes a folder.

    Raises:
        ValueError: one of the paths is a folder.
    """
    for path in paths:
        if path.is_dir():
            raise ValueError(f"{path} {FOLDER}; delete it by hand and run the same command again")


def remedy(run: Path) -> str:
    """What to do about a damaged run."""
    return f"`moviellm make --out {run}` makes the damaged part again, `moviellm check {run}` lists what is wrong"


def table_damage(run: Path, table: TableFile) -> str | None:
    """What is wrong with a committed table's file; None when every byte is as it was written."""
    path = run / table.file
    if path.is_dir():
        return FOLDER
    if not path.is_file():
        return "is missing"
    if path.stat().st_size != table.bytes:
        return f"has {path.stat().st_size} bytes instead of {table.bytes}"
    return None if file_sha256(path) == table.sha256 else "has other bytes than were written"
