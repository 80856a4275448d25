"""A run and a dataset folder held against the lock of a release.

    for number, part in enumerate(parts_of(RunReader(run), movies=150, per_part=50)):
        check_part(lock, number, part)              # PartCheck: what is the same, and what differs in which movie
    check_dataset_files(lock, folder)               # DatasetCheck: the same for the files of the dataset

The text of a movie is all of it but what follows from pixels: the pictures' hashes, and the painter's revision, which
names the rasteriser. So texts can be compared where another rasteriser is installed.

It makes nothing and prints nothing: see reproducing.py.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from moviellm.generation.dataset.folder import DatasetManifest, describe_file, read_manifest
from moviellm.generation.protocols import MovieReader
from moviellm.generation.release.lock import Part, ReleaseLock
from moviellm.generation.schema import Movie, canonical_json, movie_number

PIXEL_KEYS: Final = frozenset({"image", "image_sha256", "video", "base_model_revision"})
"""What a record says of pixels, and of who draws them; not a part of the text."""
PAINTED: Final = frozenset({"style", "keyframes"})
"""Stages whose provenance names the painter's revision."""
FINGERPRINT: Final = 6
"""Hex digits of a fingerprint: it names what differs, the hashes of the part decide whether."""
GROUPS: Final = (
    "story", "characters", "style", "scenes", "keyframes", "dialogue", "events", "questions", "provenance", "pixels",
)  # fmt: skip
"""What of a movie has a fingerprint of its own, in this order."""
FIELDS: Final = {"characters": "characters", "style": "style", "events": "events", "provenance": "provenance"}


def text_only(value: Any) -> Any:
    """A record as JSON without what it says of pixels and of the painter's revision."""
    if isinstance(value, list):
        return [text_only(item) for item in value]
    if not isinstance(value, dict):
        return value
    dropped = PIXEL_KEYS | ({"model_revision"} if value.get("stage") in PAINTED else set())
    return {key: text_only(item) for key, item in value.items() if key not in dropped}


def _groups(movie: dict[str, Any]) -> dict[str, Any]:
    """A movie's text by `GROUPS`, without `pixels`."""
    scenes = [scene for chapter in movie["chapters"] for scene in chapter["scenes"]]
    apart = ("keyframes", "dialogue")
    own = {group: movie[key] for group, key in FIELDS.items()}
    return {
        "story": {key: item for key, item in movie.items() if key not in (*FIELDS.values(), "chapters", "qa_pairs")},
        **own,
        "scenes": [
            {key: item for key, item in part.items() if key not in ("scenes", *apart)}
            for part in (*movie["chapters"], *scenes)
        ],
        "keyframes": [scene["keyframes"] for scene in scenes],
        "dialogue": [scene["dialogue"] for scene in scenes],
        "questions": movie["qa_pairs"],
    }


def _sha256(value: object) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def part_of(reader: MovieReader, movies: Iterable[Movie], numbers: range, advance: Callable[[int], None]) -> Part:
    """Hash some movies of a run; every picture is read and held against its own hash.

    Args:
        movies: Those that are there, in order.
        numbers: Numbers of all that were ordered.
    """
    text, pixels, keyframes = hashlib.sha256(), hashlib.sha256(), 0
    found = dict.fromkeys(numbers, "")
    for movie in movies:
        told = text_only(movie.model_dump(mode="json"))
        text.update(canonical_json(told).encode() + b"\n")
        shown = [f"{keyframe.keyframe_id} {keyframe.image_sha256}" for keyframe, _ in reader.images(movie)]
        pixels.update("".join(f"{line}\n" for line in shown).encode())
        keyframes += len(shown)
        groups = _groups(told) | {"pixels": shown}
        found[movie_number(movie.movie_id)] = "".join(_sha256(groups[name])[:FINGERPRINT] for name in GROUPS)
        advance(1)
    return Part(
        text_sha256=text.hexdigest(),
        pixels_sha256=pixels.hexdigest(),
        keyframes=keyframes,
        movies=tuple(found.values()),
    )


def parts_of(
    reader: MovieReader, movies: int, per_part: int, advance: Callable[[int], None] = lambda count: None
) -> Iterator[Part]:
    """The first movies of a run, part by part."""
    stream = iter(reader.movies())
    ahead: list[Movie] = []

    def within(end: int) -> Iterator[Movie]:
        while ahead or (movie := next(stream, None)) is not None:
            one = ahead.pop() if ahead else movie
            assert one is not None
            if movie_number(one.movie_id) >= end:
                ahead.append(one)
                return
            yield one

    for first in range(0, movies, per_part):
        numbers = range(first, min(first + per_part, movies))
        yield part_of(reader, within(numbers.stop), numbers, advance)


def rows_of(folder: Path, manifest: DatasetManifest, movies: int) -> tuple[dict[str, str], tuple[str, ...]]:
    """Hash of the rows of every Parquet file, and a fingerprint of every movie's rows, both without pictures."""
    by_file: dict[str, str] = {}
    by_movie = [hashlib.sha256() for _ in range(movies)]
    there: set[int] = set()
    for file in manifest.files:
        if file.rows is None:
            continue
        digest = hashlib.sha256()
        with pq.ParquetFile((folder / file.path).absolute()) as parquet:
            columns = [name for name in parquet.schema_arrow.names if name not in PIXEL_KEYS]
            for batch in parquet.iter_batches(columns=columns):
                for row in batch.to_pylist():
                    line = canonical_json([file.path.partition("-")[0], text_only(row)]).encode() + b"\n"
                    digest.update(line)
                    number = movie_number(row["movie_id"])
                    by_movie[number].update(line)
                    there.add(number)
        by_file[file.path] = digest.hexdigest()
    prints = (one.hexdigest()[:FINGERPRINT] if number in there else "" for number, one in enumerate(by_movie))
    return by_file, tuple(prints)


# ------------------------------------------------------------------------------------------ what differs


@dataclass(frozen=True)
class PartCheck:
    """A part held against the lock."""

    number: int
    text_same: bool
    pixels_same: bool
    differing: dict[str, tuple[str, ...]]
    """Movie id -> groups of `GROUPS` that differ, in the order of the movies; `missing` or `extra` for a whole one."""


def check_part(lock: ReleaseLock, number: int, here: Part) -> PartCheck:
    """Hold a part that was made here against the lock."""
    locked = lock.parts[number]
    first = number * lock.movies_per_part
    differing: dict[str, tuple[str, ...]] = {}
    for index, (ours, theirs) in enumerate(zip(here.movies, locked.movies, strict=True)):
        if ours == theirs:
            continue
        names = ("missing",) if not ours else ("extra",) if not theirs else _differing_groups(ours, theirs)
        differing[f"m{first + index:05d}"] = names
    return PartCheck(
        number=number,
        text_same=here.text_sha256 == locked.text_sha256,
        pixels_same=here.pixels_sha256 == locked.pixels_sha256,
        differing=differing,
    )


def _differing_groups(one: str, other: str) -> tuple[str, ...]:
    places = range(0, len(GROUPS) * FINGERPRINT, FINGERPRINT)
    return tuple(
        name
        for name, at in zip(GROUPS, places, strict=True)
        if one[at : at + FINGERPRINT] != other[at : at + FINGERPRINT]
    )


@dataclass
class DatasetCheck:
    """A dataset folder held against the lock."""

    same: list[str] = field(default_factory=list)
    """Data files that are the same to the byte."""
    same_rows: list[str] = field(default_factory=list)
    """Parquet files with the same text in other bytes."""
    other: list[str] = field(default_factory=list)
    """Data files that are missing, extra, or say something else."""
    pages: list[str] = field(default_factory=list)
    """Pages about the data (card, script, ...) that are not the same: they change with the code, the data do not."""
    first_movie: str | None = None
    """The first movie with other rows."""
    manifest: list[str] = field(default_factory=list)
    """What of the manifest differs besides files."""


def check_dataset_files(lock: ReleaseLock, folder: Path) -> DatasetCheck:
    """Hold every file of a dataset folder against the lock; rows are read only where bytes differ.

    Raises:
        ValueError: the folder is no dataset.
    """
    here, locked = read_manifest(folder), lock.dataset.manifest
    check = DatasetCheck()
    for name in ("name", "version", "schema_version", "splits", "configs"):
        if getattr(here, name) != getattr(locked, name):
            check.manifest.append(f"{name} {getattr(here, name)} instead of {getattr(locked, name)}")
    ours = {file.path: file for file in here.files}
    theirs = {file.path: file for file in locked.files}
    unequal: list[str] = []
    for path in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(path), theirs.get(path)
        is_data = any(file is not None and file.rows is not None for file in (one, other))
        if one is not None and one == other and describe_file(folder, folder / path, one.rows) == one:
            check.same += [path] if is_data else []
        elif not is_data:
            check.pages.append(path)
        elif one is None or other is None:
            check.other.append(path)
        else:
            unequal.append(path)
    if unequal or check.other:
        by_file, prints = rows_of(folder, here, lock.movie_count)
        for path in unequal:
            same = by_file[path] == lock.dataset.rows_sha256[path]
            (check.same_rows if same else check.other).append(path)
        pairs = enumerate(zip(prints, lock.dataset.movies, strict=True))
        check.first_movie = next((f"m{number:05d}" for number, (a, b) in pairs if a != b), None)
    return check
