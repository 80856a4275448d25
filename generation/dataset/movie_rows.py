"""Rows of a config as those of one movie after the other, as they lie in a dataset's files.

    streams = {config: MovieStream(rows_of(folder, manifest, config, split)) for config in manifest.configs}
    for movie_id, rows in streams.pop("movies"):
        parts = {config: stream.take(movie_id) for config, stream in streams.items()}

Every config holds the movies of a split in the same order, so a movie is put together without looking back.
Pictures are a stream of their own. It checks nothing of what it reads: see check.py.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import pyarrow.parquet as pq

from moviellm.generation.dataset.checks.parquet import read_rows
from moviellm.generation.dataset.features import Row
from moviellm.generation.dataset.folder import DatasetManifest, ManifestFile
from moviellm.generation.schema import Split

MOVIE_ROWS_MAX = 200_000
"""Rows of one config that one movie may have."""


class MovieStream:
    """Rows grouped by movie, to be taken in order."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._groups = (
            (movie_id, _few(movie_id, group)) for movie_id, group in groupby(rows, lambda row: str(row["movie_id"]))
        )
        self._next = next(self._groups, None)

    def __iter__(self) -> Iterator[tuple[str, list[Row]]]:
        while self._next is not None:
            group, self._next = self._next, next(self._groups, None)
            yield group

    def take(self, movie_id: str) -> list[Row]:
        """The rows of this movie when it is next; none otherwise."""
        if self._next is None or self._next[0] != movie_id:
            return []
        rows, self._next = self._next[1], next(self._groups, None)
        return rows


def _few(movie_id: str, rows: Iterable[Row]) -> list[Row]:
    kept: list[Row] = []
    for row in rows:
        kept.append(row)
        if len(kept) > MOVIE_ROWS_MAX:
            raise ValueError(f"{movie_id} has more than {MOVIE_ROWS_MAX} rows of one config")
    return kept


def shards_of(manifest: DatasetManifest, split: Split) -> list[ManifestFile]:
    """The files that a split is read from."""
    return [file for config in manifest.configs for file in manifest.shards(config, split)]


def rows_of(folder: Path, manifest: DatasetManifest, config: str, split: Split) -> Iterator[Row]:
    """Rows of a config; keyframes without the bytes of their pictures."""
    for file in manifest.shards(config, split):
        path = folder / file.path
        columns = None
        if config == "keyframes":
            columns = [name if name != "image" else "image.path" for name in pq.read_schema(path).names]
        yield from read_rows(path, columns)


def pictures_of(folder: Path, manifest: DatasetManifest, split: Split) -> Iterator[Row]:
    """Ids and pictures of the keyframes that have one."""
    for file in manifest.shards("keyframes", split):
        rows = read_rows(folder / file.path, ["keyframe_id", "image"])
        yield from (row for row in rows if row["image"] is not None)
