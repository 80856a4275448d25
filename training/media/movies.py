"""Movies of a published dataset as films: one by its id, or all of a split; pictures are read when they are touched.

    movies = Movies(open_source("org/name", "v1.2.0"))
    film = movies.film("m00042", FramePolicy(n=64))

Parquet is read in place by its row groups: a movie costs the rows around it, on the Hub as on the disk, and a picture
the row group that it lies in. Frames are keyframes that have a picture, each at the time its span begins.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from moviellm.generation.schema import canonical_json
from moviellm.training.media.files import within
from moviellm.training.media.film import Film, Line
from moviellm.training.media.pictures import Chosen, Pictures, bounded
from moviellm.training.media.policy import FramePolicy, choose, relative
from moviellm.training.rows.source import Source
from moviellm.training.rows.words import words_for

NEAR = 3
"""Names that are said where a movie is not there."""


@dataclass(frozen=True)
class Place:
    """Where a row lies."""

    path: str
    group: int
    row: int


class Table:
    """One config and split of a dataset, looked up by movie."""

    def __init__(self, source: Source, config: str, split: str) -> None:
        self._source = source
        self._paths = [shard.path for shard in source.manifest.shards(config, split)]
        self._files: dict[tuple[int, str], pq.ParquetFile] = {}
        self._groups: list[tuple[str, int, str, str]] | None = None
        self._last: tuple[object, pa.Table] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: no open file."""
        return {**vars(self), "_files": {}, "_last": None}

    def rows(self, movie_id: str, columns: list[str]) -> Iterator[tuple[Place, dict[str, Any]]]:
        """The rows of a movie, and where they lie."""
        if self._groups is None:
            self._groups = [one for path in self._paths for one in self._groups_of(path)]
        for path, group, first, last in self._groups:
            if first <= movie_id <= last:
                table = self.read(path, group, ["movie_id", *columns])
                numbers = pc.indices_nonzero(pc.equal(table["movie_id"], movie_id))
                for number, row in zip(numbers.to_pylist(), table.take(numbers).to_pylist(), strict=True):
                    yield Place(path, group, number), row

    def all(self, columns: list[str]) -> Iterator[dict[str, Any]]:
        """Some columns of all rows."""
        for path in self._paths:
            yield from self._file(path).read(columns).to_pylist()

    def read(self, path: str, group: int, columns: list[str]) -> pa.Table:
        """Columns of a row group; the last one that was asked for is kept."""
        asked = (path, group, *columns)
        if self._last is None or self._last[0] != asked:
            self._last = (asked, self._file(path).read_row_group(group, columns))
        return self._last[1]

    def _file(self, path: str) -> pq.ParquetFile:
        # Opened anew in a forked process: two processes must not move one position in a file.
        key = (os.getpid(), path)
        if key not in self._files:
            self._files[key] = pq.ParquetFile(self._source.open_file(path))
        return self._files[key]

    def _groups_of(self, path: str) -> Iterator[tuple[str, int, str, str]]:
        """Row groups of a file with the first and the last movie in each."""
        file = self._file(path)
        column = file.schema_arrow.names.index("movie_id")
        for group in range(file.num_row_groups):
            told = file.metadata.row_group(group).column(column).statistics
            if told is None or not told.has_min_max:
                ids = file.read_row_group(group, ["movie_id"])["movie_id"]
                yield path, group, pc.min(ids).as_py(), pc.max(ids).as_py()
            else:
                yield path, group, str(told.min), str(told.max)


class Movies:
    """The movies of a dataset."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._tables: dict[tuple[str, str], Table] = {}
        self._found: dict[str, tuple[str, float, str]] = {}
        for split in source.manifest.splits:
            for row in self._table("movies", split).all(["movie_id", "duration_s", "language"]):
                self._found[row["movie_id"]] = (split, float(row["duration_s"]), row["language"])

    def ids(self, split: str | None = None) -> list[str]:
        """Ids of the movies, all or those of a split, in the order of the dataset.

        Raises:
            ValueError: there is no such split.
        """
        splits = self.source.manifest.splits
        if split is not None and split not in splits:
            raise ValueError(f"{self.source.place} has no split {split!r}; it has {', '.join(splits)}")
        return [movie_id for movie_id, (where, _, _) in self._found.items() if split in (None, where)]

    def film(self, movie_id: str, policy: FramePolicy) -> Film:
        """A movie as a film; nothing of its pictures is read yet.

        Raises:
            ValueError: it is not there, or has no pictures.
        """
        split, duration_s, language = self._find(movie_id)
        keyframes = self._table("keyframes", split)
        found = [
            (row["span"]["start_s"], row["image_sha256"], place)
            for place, row in keyframes.rows(movie_id, ["span", "image_sha256"])
            if row["image_sha256"] is not None
        ]
        if not found:
            raise ValueError(
                f"movie {movie_id} of {self.source.place} has no pictures; take another, or paint it first"
            )
        times_s = [float(start_s) for start_s, _, _ in found]
        numbers = choose(policy, times_s, duration_s, f"movie {movie_id}")
        pictures = DatasetPictures(keyframes, [place for _, _, place in found], movie_id)
        made_of = canonical_json([[sha256, start_s] for start_s, sha256, _ in found])
        narrator = words_for(language).word("narrator")
        lines = [
            Line(row["span"]["start_s"], row["text"], row["speaker"] or narrator)
            for _, row in self._table("dialogue", split).rows(movie_id, ["span", "speaker", "text"])
        ]
        return Film(
            movie_id=movie_id,
            frames=bounded(Chosen(pictures, numbers), policy.pixels),
            times_s=relative(policy, [times_s[number] for number in numbers]),
            duration_s=policy.end_of(duration_s) - policy.start_s,
            dialogue=within(sorted(lines, key=lambda line: line.start_s), policy, duration_s),
            content=hashlib.sha256(made_of.encode()).hexdigest(),
        )

    def _find(self, movie_id: str) -> tuple[str, float, str]:
        if movie_id not in self._found:
            near = get_close_matches(movie_id, self._found, NEAR) or list(self._found)[:NEAR]
            raise ValueError(
                f"{self.source.place} has no movie {movie_id!r} among its {len(self._found):,}; near it are "
                f"{', '.join(near)}"
            )
        return self._found[movie_id]

    def _table(self, config: str, split: str) -> Table:
        key = (config, split)
        if key not in self._tables:
            self._tables[key] = Table(self.source, config, split)
        return self._tables[key]


class DatasetPictures(Pictures):
    """Pictures of keyframes, in Parquet."""

    def __init__(self, table: Table, places: list[Place], name: str) -> None:
        super().__init__(len(places), name)
        self._table, self._places = table, places

    def data(self, number: int) -> bytes:
        """The bytes of a keyframe's picture."""
        place = self._places[number]
        image = self._table.read(place.path, place.group, ["image"])["image"][place.row].as_py()
        if image is None or image["bytes"] is None:
            raise ValueError("its row has no picture; check the dataset with: moviellm dataset check")
        return bytes(image["bytes"])
