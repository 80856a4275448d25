"""The two folders of a benchmark while they are written: rows of public and of private, manifests, front matter.

    with Writers(building) as writers:
        writers.add("public", "dev", rows)
        shards = writers.close("public")

Every row carries the canary in a column of its own, so that a text made of any of them has it. It does not decide
what is shown: see withholding.py.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from moviellm.eval.bench.leaks import CANARY_COLUMN
from moviellm.eval.bench.withholding import Rows
from moviellm.generation.dataset.features import FEATURES, Features, arrow_schema, has_video
from moviellm.generation.dataset.folder import MANIFEST, DatasetManifest, describe_file
from moviellm.generation.dataset.parquet_files import (
    FILM_ROWS_PER_GROUP,
    IMAGE_ROWS_PER_GROUP,
    TEXT_ROWS_PER_GROUP,
    Shard,
    ShardWriter,
)
from moviellm.generation.dataset.stating import front_matter
from moviellm.generation.files import write_whole
from moviellm.generation.schema import SCHEMA_VERSION, SPLITS, Split

PUBLIC, PRIVATE = "public", "private"
COLUMNS: Final[dict[str, Features]] = {
    config: {**columns, CANARY_COLUMN: "string"} for config, columns in FEATURES.items()
}
"""Columns of a benchmark: those of every dataset, and the canary."""
Shards = dict[tuple[str, Split], list[Shard]]


class Writers:
    """Parquet of both folders, written row by row."""

    def __init__(self, folder: Path, canary: str) -> None:
        self._folder = folder
        self._canary = canary
        self._open: dict[tuple[str, str, Split], ShardWriter] = {}

    def add(self, part: str, split: Split, rows: Rows) -> None:
        """Add the rows of a movie."""
        for config, some in rows.items():
            for row in some:
                self._writer(part, config, split).add({**row, CANARY_COLUMN: self._canary})

    def _writer(self, part: str, config: str, split: Split) -> ShardWriter:
        key = (part, config, split)
        if key not in self._open:
            (self._folder / part).mkdir(exist_ok=True)
            schema = arrow_schema(COLUMNS[config])
            self._open[key] = ShardWriter(self._folder / part, config, split, schema, _rows_per_group(config))
        return self._open[key]

    def close(self, part: str) -> Shards:
        """Finish a folder's files."""
        mine = {(config, split): writer for (name, config, split), writer in self._open.items() if name == part}
        order = sorted(mine, key=lambda key: (SPLITS.index(key[1]), [*FEATURES].index(key[0])))
        return {key: mine[key].close() for key in order}

    def abort(self) -> None:
        """Close what is open, after a fault."""
        for writer in self._open.values():
            writer.abort()


def _rows_per_group(config: str) -> int:
    if has_video(COLUMNS[config]):
        return FILM_ROWS_PER_GROUP
    return IMAGE_ROWS_PER_GROUP if config == "keyframes" else TEXT_ROWS_PER_GROUP


def stated(folder: Path, shards: Shards, version: str) -> dict[str, object]:
    """`configs` and `dataset_info` for the README of a folder."""
    sizes: dict[str, dict[Split, int]] = {}
    for (config, split), some in shards.items():
        sizes.setdefault(config, {})[split] = sum((folder / shard.path).stat().st_size for shard in some)
    return front_matter(version, shards, sizes, COLUMNS)


def rows_by_config(shards: Shards) -> dict[str, dict[Split, int]]:
    """Rows by config and split."""
    rows: dict[str, dict[Split, int]] = {}
    for config in FEATURES:
        mine = {split: sum(shard.rows for shard in some) for (name, split), some in shards.items() if name == config}
        if mine:
            rows[config] = mine
    return rows


def finish(folder: Path, shards: Shards, contents: Mapping[str, bytes], name: str, version: str) -> DatasetManifest:
    """Write what lies beside the Parquet files, and the manifest last."""
    for path, data in contents.items():
        write_whole(folder / path, data)
    files = [describe_file(folder, folder / one.path, one.rows) for some in shards.values() for one in some]
    files += [describe_file(folder, folder / path) for path in contents]
    rows = rows_by_config(shards)
    manifest = DatasetManifest(
        name=name,
        version=version,
        schema_version=SCHEMA_VERSION,
        configs=rows,
        splits=tuple(split for split in SPLITS if any(split in some for some in rows.values())),
        files=tuple(sorted(files, key=lambda file: file.path)),
    )
    write_whole(folder / MANIFEST, manifest.text().encode())
    return manifest
