"""Rows of a published dataset's split: a folder, or a repository on the Hub at one commit; some columns, no pictures.

    source = open_rows("org/name", "v1.2.0")
    for row in source.rows("qa", "test", ["question_id", "question"]): ...

Parquet is read in place: `datasets` would bring torch along and a cache. It checks no hashes: `moviellm dataset check`
does.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from moviellm.generation.dataset.folder import DatasetManifest, read_manifest
from moviellm.generation.on_hub import commit_of_dataset

BATCH_ROWS = 1024


@dataclass(frozen=True)
class Rows:
    """A dataset whose rows can be read."""

    place: str
    """As it was given: a folder or a Hub id."""
    manifest: DatasetManifest
    commit: str | None
    """Commit on the Hub; None for a folder."""
    open_file: Callable[[str], BinaryIO]
    """Opens a file of it by relative path."""

    def rows(self, config: str, split: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Columns of a config's rows, in order; one that the dataset does not have yet is None."""
        for shard in self.manifest.shards(config, split):
            with self.open_file(shard.path) as file, pq.ParquetFile(file) as parquet:
                have = set(parquet.schema_arrow.names)
                blank = dict.fromkeys(columns)
                for batch in parquet.iter_batches(BATCH_ROWS, columns=[name for name in columns if name in have]):
                    for row in batch.to_pylist():
                        yield {**blank, **row}

    def check_split(self, config: str, split: str) -> None:
        """Refuse a split that has no rows of a config.

        Raises:
            ValueError: it has none; the message says which have.
        """
        splits = [name for name in self.manifest.splits if self.manifest.configs.get(config, {}).get(name)]
        if split not in splits:
            has = f"it has {', '.join(splits)}" if splits else f"no split of it has {config}"
            raise ValueError(f"{self.place} has no split {split!r} of {config}; {has}")


def open_rows(place: str, revision: str | None = None) -> Rows:
    """Find a dataset and pin it.

    Raises:
        ValueError: there is none, or it has no such revision, or it is of a schema that is not read here.
    """
    import moviellm_dataset

    moviellm_dataset.manifest_of(place, revision)  # says what is wrong with the place
    folder = Path(place).expanduser()
    if folder.is_dir():
        folder = folder.resolve()
        return Rows(place, read_manifest(folder), None, lambda path: open(folder / path, "rb"))
    from huggingface_hub import HfFileSystem

    commit = commit_of_dataset(place, revision)
    files = HfFileSystem()

    def open_file(path: str) -> BinaryIO:
        return files.open(f"datasets/{place}@{commit}/{path}", "rb")  # type: ignore[no-any-return]

    with open_file("manifest.json") as file:
        manifest = DatasetManifest.model_validate_json(file.read())
    return Rows(place, manifest, commit, open_file)
