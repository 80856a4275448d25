"""Training views as a dataset folder of their own: Parquet, card, manifest, as any dataset that is pushed.

    manifest = write_rows(open_source("org/name", "v1.2.0"), Path("rows"), VIEWS, Look(), seed=0)

    rows/README.md  rows/features.json  rows/source.json  rows/manifest.json
    rows/sft/train-00000-of-00001.parquet           and align, boundary, instruct

The source is read once, one movie at a time; the folder is built beside its place and renamed into it, whole or not at
all. The same source, options and seed give the same bytes. Splits are those of the source: movies that belong together
stay together. The version is `0.0.N` with N from the contents; a push gives it a better one.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import version as installed_version
from pathlib import Path

from moviellm.generation.dataset.features import arrow_schema
from moviellm.generation.dataset.folder import (
    FEATURES_FILE,
    MANIFEST,
    README,
    DatasetManifest,
    ManifestFile,
    building_folder,
    check_target,
    describe_file,
    install,
    resolve_target,
    same_files,
)
from moviellm.generation.dataset.parquet_files import IMAGE_ROWS_PER_GROUP, TEXT_ROWS_PER_GROUP, Shard, ShardWriter
from moviellm.generation.files import disk_errors, write_whole
from moviellm.generation.schema import SCHEMA_VERSION, Split, canonical_json
from moviellm.training.rows.card import Card, render
from moviellm.training.rows.film import Look
from moviellm.training.rows.source import Source, read_movies
from moviellm.training.rows.tally import Tally
from moviellm.training.rows.views import Origin, View, columns, rows_of

SOURCE_FILE = "source.json"
"""Which dataset the rows were made from, and how."""
Shards = dict[tuple[View, Split], list[Shard]]


def write_rows(
    source: Source,
    out: Path,
    views: Sequence[View],
    look: Look,
    seed: int,
    progress: Callable[[int], None] = lambda count: None,
) -> DatasetManifest:
    """Write the views of a dataset as a folder.

    Args:
        source: The dataset.
        out: The folder; older rows there are replaced, anything else refused.
        views: Which views.
        look: How films are shown.
        seed: What wordings are chosen by.
        progress: Called with 1 for every movie.

    Returns:
        The manifest; `kept` is true when the folder already held exactly this.

    Raises:
        ValueError: the target is refused, no movie gives a row, or the disk would not take it.
    """
    out = resolve_target(out)
    _check(out, check_target(out))
    with disk_errors(out), building_folder(out) as building:
        old = check_target(out)
        shards, tally = _write(source, building, views, look, seed, progress)
        files = [
            describe_file(building, building / shard.path, shard.rows) for found in shards.values() for shard in found
        ]
        manifest = _write_rest(source, building, views, look, seed, shards, files, tally)
        if old == manifest and same_files(out, manifest):
            return manifest.model_copy(update={"kept": True})
        install(building, out)
        return manifest


def _check(out: Path, old: DatasetManifest | None) -> None:
    if old is not None and "movies" in old.configs:
        raise ValueError(f"{out} holds the dataset {old.name}, not training rows; choose another folder for --out")


def _write(
    source: Source, folder: Path, views: Sequence[View], look: Look, seed: int, progress: Callable[[int], None]
) -> tuple[Shards, Tally]:
    tally, origin = Tally(), Origin(source.dataset, source.revision)
    writers: dict[tuple[View, Split], ShardWriter] = {}
    try:
        for movie, pictures in read_movies(source, pictures=look.embed):
            assert movie.split is not None, movie.movie_id
            tally.add_movie(movie)
            for view in views:
                count = 0
                for row in rows_of(view, movie, pictures, origin, look, seed):
                    key = (view, movie.split)
                    if key not in writers:
                        writers[key] = _writer(folder, view, movie.split, look.embed)
                    writers[key].add(row)
                    tally.add_row(view, row)
                    count += 1
                tally.add_view(view, count)
            progress(1)
        shards = {key: writer.close() for key, writer in writers.items()}
    finally:
        for writer in writers.values():
            writer.abort()
    if not shards:
        raise ValueError(
            f"{source.place} gives no row: {tally.movies} movies, {tally.unpainted} of them without pictures; "
            f"training rows need pictures, and questions or events"
        )
    return shards, tally


def _writer(folder: Path, view: View, split: Split, embed: bool) -> ShardWriter:
    schema = arrow_schema(columns(view, embed))
    if embed:
        return ShardWriter(folder, view, split, schema, IMAGE_ROWS_PER_GROUP, batch_rows=1)
    return ShardWriter(folder, view, split, schema, TEXT_ROWS_PER_GROUP)


def _write_rest(
    source: Source,
    folder: Path,
    views: Sequence[View],
    look: Look,
    seed: int,
    shards: Shards,
    files: list[ManifestFile],
    tally: Tally,
) -> DatasetManifest:
    content = canonical_json([SCHEMA_VERSION, sorted((file.path, file.sha256) for file in files)])
    version = f"0.0.{int(hashlib.sha256(content.encode()).hexdigest()[:8], 16)}"
    configs: dict[str, dict[Split, int]] = {}
    for view in views:
        rows = {split: sum(one.rows for one in found) for (name, split), found in shards.items() if name == view}
        if rows:
            configs[view] = {split: rows[split] for split in source.manifest.splits if split in rows}
    card = Card(source, f"{source.manifest.name}-sft", version, configs, look, seed, tally, shards)
    readme, extras = render(card, {file.path: file.bytes for file in files})
    made_from = {
        "dataset": source.dataset,
        "version": source.manifest.version,
        "revision": source.revision,
        "commit": source.commit,
        "manifest_sha256": source.manifest_sha256,
        "schema_version": source.manifest.schema_version,
        "seed": seed,
        "views": list(configs),
        "look": asdict(look),
        "code_version": installed_version("moviellm"),
    }
    neutral = {
        "schema_version": SCHEMA_VERSION,
        "configs": {view: columns(view, look.embed) for view in views if view in configs},
    }
    contents = {
        README: readme.encode(),
        FEATURES_FILE: (json.dumps(neutral, indent=1) + "\n").encode(),  # not sorted: columns have an order
        SOURCE_FILE: (json.dumps(made_from, indent=1) + "\n").encode(),
        **extras,
    }
    for name, data in contents.items():
        write_whole(folder / name, data)
    files = [*files, *(describe_file(folder, folder / name) for name in contents)]
    manifest = DatasetManifest(
        name=card.name,
        version=version,
        schema_version=SCHEMA_VERSION,
        configs=configs,
        splits=tuple(split for split in source.manifest.splits if any(split in rows for rows in configs.values())),
        files=tuple(sorted(files, key=lambda file: file.path)),
    )
    write_whole(folder / MANIFEST, manifest.text().encode())
    return manifest
