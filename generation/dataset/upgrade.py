"""A dataset folder of an older schema is written again in the current one: other columns, the same movies.

    done = upgrade_dataset(Path("old"), Path("new"))
    done.manifest.version, done.added               # 0.0.2547289471, ("keyframes.not_drawn", "qa.flags")

Every movie is put together from its rows, filled (older.py), held against the schema's rules and written as the export
writes it. Splits, pictures, portraits, films and provenance stay as they are; a dataset of the current schema keeps
its bytes. What was computed of the old files is left out where they changed: results.json, croissant.json. The card
keeps its text, which is about the old columns, and says so at its end.

It asks nobody and makes nothing new. Command line: `moviellm dataset upgrade FOLDER --out FOLDER`.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import yaml

from moviellm.generation.dataset.check import Advance, Watch, sound_manifest, unwatched
from moviellm.generation.dataset.checks.folder import read_bounded
from moviellm.generation.dataset.checks.readme import README_BYTES_MAX, read_front_matter
from moviellm.generation.dataset.features import Row, film_row, keyframe_rows, text_rows
from moviellm.generation.dataset.folder import (
    FEATURES_FILE,
    MANIFEST,
    README,
    SCRIPT,
    DatasetManifest,
    ManifestFile,
    building_folder,
    check_target,
    describe_file,
    install,
    resolve_target,
)
from moviellm.generation.dataset.movie_rows import MovieStream, pictures_of, rows_of
from moviellm.generation.dataset.older import missing_columns, movie_of, parts_of
from moviellm.generation.dataset.parquet_files import Shard, ShardWriter
from moviellm.generation.dataset.results import RESULTS_FILE
from moviellm.generation.dataset.stating import content_version, features_json, front_matter, loading_script
from moviellm.generation.dataset.writing import shard_writers
from moviellm.generation.files import disk_errors, write_whole
from moviellm.generation.schema import SCHEMA_VERSION, Keyframe, Movie, Split, check_movie

BY_CONTENTS = re.compile(r"0\.0\.\d+")
"""Versions that are numbered by contents, so that an upgrade numbers them again."""
OF_OLD_FILES = frozenset({RESULTS_FILE, "croissant.json"})
"""Files that speak of other files by their hashes."""


@dataclass(frozen=True)
class Upgraded:
    """What an upgrade did."""

    manifest: DatasetManifest
    from_schema: str
    from_version: str
    added: tuple[str, ...]
    """Columns that the older dataset had not."""
    left_out: tuple[str, ...]
    """Files that were about the old ones."""


def upgrade_dataset(folder: Path, out: Path, version: str | None = None, watch: Watch = unwatched) -> Upgraded:
    """Write a dataset folder in the current schema.

    Args:
        folder: The older dataset; it stays as it is.
        out: The new folder; an older dataset there is replaced, anything else refused.
        version: Version of the new dataset. None keeps it where nothing changes, and numbers by contents what was
            numbered so.
        watch: Shows progress.

    Raises:
        ValueError: the dataset cannot be read or is too new, a movie breaks the schema's rules, the version is missing
            or taken by other rows, or the target is refused.
    """
    folder, out = resolve_target(folder), resolve_target(out)
    if folder == out:
        raise ValueError(f"--out {out} is the dataset itself; choose another folder, so that the older one stays")
    check_target(out)
    old = sound_manifest(folder, watch)
    _check_wish(old, version)
    total = sum(file.rows or 0 for file in old.files if file.path.startswith("movies/"))
    with disk_errors(out), building_folder(out) as building:
        check_target(out)  # under the lock, and after what a kill left has been healed
        with watch("upgrading", total, "movies") as advance:
            shards = _write_rows(folder, building, old, advance)
        files = [
            describe_file(building, building / shard.path, shard.rows) for some in shards.values() for shard in some
        ]
        same = {file.path: file.sha256 for file in old.files if file.rows is not None} == {
            f.path: f.sha256 for f in files
        }
        given = version or _version(old, files, same)
        if given == old.version and not same:
            raise ValueError(f"version {given} has other rows already, those of {folder}; give --version {_next(old)}")
        left_out = tuple(file.path for file in old.files if file.path in OF_OLD_FILES and not same)
        added = _added(folder, old)
        files += _write_rest(folder, building, old, _front(shards, files, given), added, left_out)
        configs = {config: rows for config, rows in _counts(shards).items() if rows}
        manifest = old.model_copy(
            update={
                "version": given,
                "schema_version": SCHEMA_VERSION,
                "configs": configs,
                "files": tuple(sorted(files, key=lambda file: file.path)),
            }
        )
        write_whole(building / MANIFEST, manifest.text().encode())
        install(building, out)
    return Upgraded(manifest, old.schema_version, old.version, added, left_out)


def _check_wish(old: DatasetManifest, version: str | None) -> None:
    """Refuse before the work what would be refused after it."""
    if version is not None:
        if not re.fullmatch(r"(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,9})){2}", version):
            raise ValueError(f"--version {version}: three numbers are expected, as in 2.0.0")
    elif old.schema_version != SCHEMA_VERSION and not BY_CONTENTS.fullmatch(old.version):
        raise ValueError(
            f"the dataset has version {old.version}, which must not name other rows; give --version {_next(old)}"
        )


def _next(old: DatasetManifest) -> str:
    """The version that follows: its first number when the schema's first number changed, else its second."""
    try:
        major, minor, _ = parts_of(old.version)
    except ValueError:
        return "1.0.0"
    raised = parts_of(old.schema_version)[0] != parts_of(SCHEMA_VERSION)[0]
    return f"{major + 1}.0.0" if raised else f"{major}.{minor + 1}.0"


def _version(old: DatasetManifest, files: list[ManifestFile], same: bool) -> str:
    return old.version if same or not BY_CONTENTS.fullmatch(old.version) else content_version(files)


def _added(folder: Path, old: DatasetManifest) -> tuple[str, ...]:
    found = {
        config: missing_columns(pq.read_schema(folder / old.shards(config, next(iter(splits)))[0].path), config)
        for config, splits in old.configs.items()
    }
    return tuple(column for columns in found.values() for column in columns)


def _write_rows(
    folder: Path, building: Path, old: DatasetManifest, advance: Advance
) -> dict[tuple[str, Split], list[Shard]]:
    writers = shard_writers(building, old.splits, films="films" in old.configs)
    try:
        for split in old.splits:
            for movie, film, pictures in _movies(folder, old, split):
                _write_movie(
                    movie, film, pictures, {config: writers[config, split] for config, one in writers if one == split}
                )
                advance(1)
        return {key: writer.close() for key, writer in writers.items()}
    finally:
        for writer in writers.values():
            writer.abort()


def _write_movie(movie: Movie, film: Row | None, pictures: Iterator[Row], writers: dict[str, ShardWriter]) -> None:
    for config, rows in text_rows(movie).items():
        for row in rows:
            writers[config].add(row)
    for row in keyframe_rows(movie, _painted(movie, pictures)):
        writers["keyframes"].add(row)
    if film is not None:
        writers["films"].add(film_row(movie, film))


def _movies(folder: Path, old: DatasetManifest, split: Split) -> Iterator[tuple[Movie, Row | None, Iterator[Row]]]:
    """Every movie of a split in the current schema, with its film and the stream that its pictures are next in."""
    streams = {config: MovieStream(rows_of(folder, old, config, split)) for config in old.configs}
    pictures = pictures_of(folder, old, split)
    for movie_id, rows in streams.pop("movies"):
        parts = {config: stream.take(movie_id) for config, stream in streams.items()}
        try:
            movie = movie_of({"movies": rows, **parts}, old.schema_version)
            check_movie(movie)
        except ValueError as error:
            raise ValueError(f"{movie_id} cannot be upgraded: {str(error).splitlines()[0]}") from error
        if movie.split != split:
            raise ValueError(f"{movie_id} says it is in {movie.split} and lies in {split}; nothing was upgraded")
        yield movie, next(iter(parts.get("films", [])), None), pictures
    for config, stream in streams.items():
        for movie_id, _ in stream:
            raise ValueError(f"rows of {config}/{split} are of {movie_id}, out of order or of no movie there")


def _painted(movie: Movie, pictures: Iterator[Row]) -> Iterator[tuple[Keyframe, bytes]]:
    for keyframe in movie.keyframes():
        if keyframe.image_sha256 is not None:
            row = next(pictures, None)
            if row is None or row["keyframe_id"] != keyframe.keyframe_id:
                raise ValueError(f"the picture of {keyframe.keyframe_id} is missing; nothing was upgraded")
            yield keyframe, row["image"]["bytes"]


def _counts(shards: dict[tuple[str, Split], list[Shard]]) -> dict[str, dict[Split, int]]:
    counts: dict[str, dict[Split, int]] = {}
    for (config, split), some in shards.items():
        if some:
            counts.setdefault(config, {})[split] = sum(shard.rows for shard in some)
    return counts


def _front(shards: dict[tuple[str, Split], list[Shard]], files: list[ManifestFile], version: str) -> dict[str, object]:
    sizes = {file.path: file.bytes for file in files}
    bytes_of: dict[str, dict[Split, int]] = {}
    for (config, split), some in shards.items():
        bytes_of.setdefault(config, {})[split] = sum(sizes[shard.path] for shard in some)
    return front_matter(version, shards, bytes_of)


def _write_rest(
    folder: Path,
    building: Path,
    old: DatasetManifest,
    stated: dict[str, object],
    added: tuple[str, ...],
    left_out: tuple[str, ...],
) -> list[ManifestFile]:
    """Everything but Parquet: files copied, columns, script and card written; described."""
    ours = {FEATURES_FILE: features_json(), SCRIPT: loading_script().read_bytes()}
    ours[README] = _readme(read_bounded(folder / README, README_BYTES_MAX), old, stated, added, left_out)
    for name, data in ours.items():
        write_whole(building / name, data)
    kept = [file.path for file in old.files if file.rows is None and file.path not in {*ours, *left_out}]
    for path in kept:
        (building / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / path, building / path)
    return [describe_file(building, building / path) for path in [*ours, *kept]]


def _readme(
    data: bytes, old: DatasetManifest, stated: dict[str, object], added: tuple[str, ...], left_out: tuple[str, ...]
) -> bytes:
    """The card with new front matter and a note; to the byte as it was where nothing changed."""
    front, body = read_front_matter(data.decode("utf-8"))
    if {**front, **stated} == front and old.schema_version == SCHEMA_VERSION:
        return data
    head = yaml.safe_dump({**front, **stated}, sort_keys=False, allow_unicode=True, width=10_000)
    note = ["", "## Upgraded", ""]
    note.append(
        f"These rows were converted from data model {old.schema_version} (dataset {old.version}) to {SCHEMA_VERSION}. "
        f"Movies, splits and pictures are the same; what this page says about columns is about the older ones."
    )
    if added:
        note += [
            "",
            f"New columns, empty where the older model did not know: {', '.join(f'`{one}`' for one in added)}.",
        ]
    if left_out:
        note += ["", f"Left out, because they are about the older files: {', '.join(left_out)}."]
    return f"---\n{head}---\n{body.rstrip()}\n{chr(10).join(note)}\n".encode()
