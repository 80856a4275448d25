"""A published dataset, movie by movie: a folder, or a repository on the Hub at a tag; never a run folder.

    source = open_source("org/name", revision="v1.2.0")
    for movie, pictures in read_movies(source, pictures=False):
        ...                                         # the movie as the schema has it; pictures: keyframe id -> bytes

Parquet is read in place, column by column: without pictures no picture is downloaded or decoded, and memory holds one
movie. It checks no hashes (`moviellm dataset check` does) and makes no rows.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow.parquet as pq
import yaml
from pydantic import ValidationError

from moviellm.generation.dataset.features import CONFIGS, FEATURES, Row, movie_from_rows
from moviellm.generation.dataset.folder import MANIFEST, README, DatasetManifest, read_manifest
from moviellm.generation.on_hub import commit_of_dataset
from moviellm.generation.schema import SCHEMA_VERSION, Movie

BATCH_ROWS = 64
Pictures = dict[str, bytes]
"""Encoded pictures by keyframe id."""


@dataclass(frozen=True)
class Source:
    """Where rows come from, exactly."""

    place: str
    """As it was given: a folder or a Hub id."""
    dataset: str
    """Hub id; for a folder the name of its dataset."""
    revision: str
    """Tag that was asked for, else the commit; for a folder the version of its dataset."""
    commit: str
    """Commit on the Hub; empty for a folder."""
    manifest: DatasetManifest
    manifest_sha256: str
    """Hash of manifest.json, and so of every file it lists."""
    front_matter: dict[str, Any]
    """Of its README: licence, languages, tags."""
    open_file: Callable[[str], BinaryIO] = field(repr=False)
    """Opens a file of the dataset by relative path."""

    @property
    def movies(self) -> int:
        """Number of movies."""
        return sum(self.manifest.configs.get("movies", {}).values())


def open_source(place: str, revision: str | None = None) -> Source:
    """Find a dataset and pin it.

    Raises:
        ValueError: there is none, it has no such revision, or it is newer than this program.
    """
    folder = Path(place).expanduser()
    if folder.is_dir():
        if revision is not None:
            raise ValueError(f"{place} is a folder and has no revision {revision!r}; revisions are for the Hub")
        folder = folder.resolve()
        read_manifest(folder)  # says what is wrong with it
        return _source(place, None, "", "", partial(_open_local, folder))
    import moviellm_dataset

    moviellm_dataset.manifest_of(place, revision)  # says what is wrong with the place
    commit = commit_of_dataset(place, revision)
    return _source(place, place, revision or commit, commit, partial(_open_remote, f"datasets/{place}@{commit}"))


def _open_local(folder: Path, path: str) -> BinaryIO:
    return open(folder / path, "rb")


def _open_remote(root: str, path: str) -> BinaryIO:
    from huggingface_hub import HfFileSystem

    return HfFileSystem().open(f"{root}/{path}", "rb")  # type: ignore[no-any-return]


def _source(
    place: str, repo_id: str | None, revision: str, commit: str, open_file: Callable[[str], BinaryIO]
) -> Source:
    with open_file(MANIFEST) as file:
        data = file.read()
    manifest = DatasetManifest.model_validate_json(data)
    if manifest.schema_version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise ValueError(
            f"{place} has schema {manifest.schema_version}, this program reads {SCHEMA_VERSION.split('.')[0]}.x: use "
            f"the moviellm version that made it, or another revision of it"
        )
    if "movies" not in manifest.configs:
        raise ValueError(f"{place} has {', '.join(manifest.configs) or 'no rows'} and no movies; take a movie dataset")
    with open_file(README) as file:
        readme = file.read().decode()
    front_matter = yaml.safe_load(readme.split("---\n")[1]) if readme.startswith("---\n") else {}
    return Source(
        place=place,
        dataset=repo_id or manifest.name,
        revision=revision or manifest.version,
        commit=commit,
        manifest=manifest,
        manifest_sha256=hashlib.sha256(data).hexdigest(),
        front_matter=front_matter,
        open_file=open_file,
    )


def read_movies(source: Source, *, pictures: bool) -> Iterator[tuple[Movie, Pictures]]:
    """Every movie, split by split, in the order of the dataset.

    Args:
        source: From `open_source`.
        pictures: Whether to read the pictures too; without, the second value is empty.

    Raises:
        ValueError: rows are no movie, or lie in another order than the movies.
    """
    for split in source.manifest.splits:
        streams = {name: _Movies(_rows(source, name, split, pictures)) for name in CONFIGS if name != "movies"}
        for movie_id, rows in groupby(_rows(source, "movies", split, pictures), lambda row: str(row["movie_id"])):
            parts = {name: stream.take(movie_id) for name, stream in streams.items()}
            found = {row["keyframe_id"]: row["image"]["bytes"] for row in parts["keyframes"] if row.get("image")}
            try:
                yield movie_from_rows({"movies": list(rows), **parts}), found
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                raise ValueError(
                    f"{source.place}: the rows of {movie_id} are no movie ({first['msg']}); check the dataset with: "
                    f"moviellm dataset check {source.place}"
                ) from None
        for name, stream in streams.items():
            if stream.left is not None:
                raise ValueError(
                    f"{source.place}: rows of {name}/{split} are of {stream.left}, out of order or of no movie; check "
                    f"the dataset with: moviellm dataset check {source.place}"
                )


def _rows(source: Source, config: str, split: str, pictures: bool) -> Iterator[Row]:
    """Rows of a config; columns that a newer minor version added are left out."""
    wanted = [name for name in FEATURES[config] if pictures or FEATURES[config][name] != "image"]
    for shard in source.manifest.shards(config, split):
        with source.open_file(shard.path) as file, pq.ParquetFile(file) as parquet:
            have = set(parquet.schema_arrow.names)
            for batch in parquet.iter_batches(BATCH_ROWS, columns=[name for name in wanted if name in have]):
                for row in batch.to_pylist():
                    yield row if config != "keyframes" else {"image": None, **row}


class _Movies:
    """Rows grouped by movie, to be taken in order."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._groups = ((movie_id, list(group)) for movie_id, group in groupby(rows, lambda row: str(row["movie_id"])))
        self._next = next(self._groups, None)

    @property
    def left(self) -> str | None:
        """The movie whose rows come next."""
        return None if self._next is None else self._next[0]

    def take(self, movie_id: str) -> list[Row]:
        """The rows of this movie when it is next; none otherwise."""
        if self._next is None or self._next[0] != movie_id:
            return []
        rows, self._next = self._next[1], next(self._groups, None)
        return rows
