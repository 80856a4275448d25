"""The committed tables of a run, one Parquet file a stage and shard, and their reader.

    reader = RunReader(Path("runs/one"))
    for movie in reader.movies():                    # one at a time
        for keyframe, image in reader.images(movie):
            ...

A table is named by its own hash, `plot/000000-<16 hex>.parquet`; the same rows give the same bytes (with the same
pyarrow), whatever happened while they were made. Rows are read and written in groups of at most 64 and 8 MB, so memory
does not grow with the run.

It does not decide what is in a table (cells.py) nor which tables count (manifest.py), and it repairs nothing:
`moviellm make` does.
"""

import hashlib
import os
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from moviellm.generation.files import disk_errors, sync_folder
from moviellm.generation.runs.journal import Entry, journal_files
from moviellm.generation.runs.manifest import TableFile, manifest_paths, manifests, remedy, table_damage
from moviellm.generation.runs.record import RECORD_NAME, RunRecord, read_run
from moviellm.generation.schema import SCHEMA_VERSION, Keyframe, Movie, Stage, canonical_json, movie_number

GROUP_ROWS = 64
GROUP_BYTES = 8 * 1024 * 1024
"""A row group is closed at whichever limit comes first; one reader holds two."""

Row = Mapping[str, str | int | bytes | None]

CELL_SCHEMA = pa.schema(
    [
        *(
            pa.field(name, pa.string())
            for name in (
                "key",
                "cell_id",
                "task",
                "model_id",
                "model_revision",
                "prompt_id",
                "prompt_sha256",
                "params",
            )
        ),
        pa.field("seed", pa.int64()),
        pa.field("output", pa.string()),
        pa.field("image", pa.binary()),
        pa.field("image_sha256", pa.string()),
        pa.field("error", pa.string()),
    ]
)
MOVIE_SCHEMA = pa.schema([pa.field("movie_id", pa.string()), pa.field("movie", pa.string())])
_REPEATED = ["task", "model_id", "model_revision", "prompt_id", "prompt_sha256", "params"]


def open_table(path: Path) -> pq.ParquetFile:
    """A table, for reading. pyarrow takes a relative path that begins with `~` for the home folder."""
    return pq.ParquetFile(path.absolute())


def read_entries(path: Path) -> Iterator[Entry]:
    """The results in a stage's table, without image bytes."""
    columns = ["key", "output", "image_sha256", "error"]
    with open_table(path) as file:
        for group in range(file.num_row_groups):
            for row in file.read_row_group(group, columns=columns, use_threads=False).to_pylist():
                yield Entry(**row)


def rows_sha256(rows: Iterable[Row]) -> str:
    """Hash of rows without their image bytes, which their `image_sha256` stands for."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(canonical_json({name: value for name, value in row.items() if name != "image"}).encode() + b"\n")
    return digest.hexdigest()


class _HashingFile:
    """A file that hashes what is written to it, as pyarrow wants a file to be."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.bytes += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Left open: it is fsynced after pyarrow is done."""


def write_table(run: Path, shard: int, name: str, rows: Iterable[Row], content_sha256: str) -> TableFile:
    """Stream rows, images included, into a table: under a temporary name, then fsynced, then under its hash.

    Raises:
        ValueError: the disk is full or cannot be written; nothing is left behind.
    """
    folder = run / name
    temporary = folder / f".{shard:06d}.tmp"
    schema = MOVIE_SCHEMA if name == "movies" else CELL_SCHEMA
    count = 0
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "wb") as file:
                sink = _HashingFile(file)
                with pq.ParquetWriter(sink, schema, **_writer_options(schema)) as writer:
                    for group in _groups(rows):
                        writer.write_table(pa.Table.from_pylist(group, schema=schema), row_group_size=GROUP_ROWS)
                        count += len(group)
                file.flush()
                os.fsync(file.fileno())
            sha256 = sink.digest.hexdigest()
            path = folder / f"{shard:06d}-{sha256[:16]}.parquet"
            os.replace(temporary, path)
            sync_folder(folder)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return TableFile(
        file=f"{name}/{path.name}", sha256=sha256, rows_sha256=content_sha256, rows=count, bytes=sink.bytes
    )


def _writer_options(schema: pa.Schema) -> dict[str, Any]:
    return {
        "compression": {name: "none" if name == "image" else "zstd" for name in schema.names},
        "use_dictionary": [name for name in _REPEATED if name in schema.names],
        "write_statistics": False,
        "store_schema": False,
        "version": "2.6",
        "data_page_version": "1.0",
    }


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in groups whose borders depend on the rows alone."""
    group: list[Row] = []
    size = 0
    for row in rows:
        group.append(row)
        size += sum(len(value) for value in row.values() if isinstance(value, (str, bytes)))
        if len(group) == GROUP_ROWS or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


class StoredImages:
    """The images of one table, by hash; keeps two row groups in memory."""

    def __init__(self, path: Path) -> None:
        self._file = open_table(path)
        self._places: dict[str, tuple[int, int]] = {}
        self._groups: OrderedDict[int, Any] = OrderedDict()
        for group in range(self._file.num_row_groups):
            hashes = self._file.read_row_group(group, columns=["image_sha256"], use_threads=False).column(0)
            for row, sha256 in enumerate(hashes.to_pylist()):
                if sha256 is not None:
                    self._places.setdefault(sha256, (group, row))

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._places

    def read(self, sha256: str) -> bytes:
        """The bytes with this hash; other bytes when the file is damaged.

        Raises:
            KeyError: no row has this hash.
        """
        group, row = self._places[sha256]
        if group not in self._groups:
            self._groups[group] = self._file.read_row_group(group, columns=["image"], use_threads=False).column(0)
            while len(self._groups) > 2:
                self._groups.popitem(last=False)
        self._groups.move_to_end(group)
        return bytes(self._groups[group][row].as_py() or b"")

    def close(self) -> None:
        """Close the file."""
        self._groups.clear()
        self._file.close()


def record_of(run: Path) -> RunRecord | None:
    """The record of a run; None where there is none, as in a copy of the tables alone.

    Raises:
        ValueError: it is damaged.
    """
    return read_run(run) if (run / RECORD_NAME).exists() else None


def lost_shards(run: Path, record: RunRecord | None) -> list[int]:
    """Shards that should be committed and are not, although nothing says that they are in the making.

    Shards are made one after the other: a journal speaks for its own shard, and for those that follow the last
    committed one, which may not have begun.
    """
    there = {int(path.stem) for path in manifest_paths(run)}
    after_last = max(there, default=-1) + 1
    count = 0 if record is None else -(-record.recipe.movie_count // record.movies_per_shard)
    making = journal_shards(run)
    return [
        shard
        for shard in range(max(after_last, count))
        if shard not in there and shard not in making and (shard < after_last or shard < min(making, default=count))
    ]


def journal_shards(run: Path) -> set[int]:
    """Numbers of the shards that have a journal."""
    return {int(path.name.split(".")[0]) for path in journal_files(run) if path.name.split(".")[0].isdecimal()}


def other_data_model(schema_version: str) -> str | None:
    """Why data of this schema version cannot be read; None when they can."""
    if schema_version.split(".")[0] == SCHEMA_VERSION.split(".")[0]:
        return None
    return f"was made with data model {schema_version}, this version reads {SCHEMA_VERSION}"


def named_files(movie: Movie) -> dict[str, str]:
    """Path -> hash of the learned style and the portraits that a movie names; their bytes are in the style table."""
    named: dict[str, str] = {}
    if movie.style is not None and movie.style.embedding_path is not None and movie.style.embedding_sha256 is not None:
        named[movie.style.embedding_path] = movie.style.embedding_sha256
    portraits = [person.portrait for person in movie.characters if person.portrait is not None]
    return named | {path: PurePosixPath(path).stem for path in portraits}


OTHER_MODEL_REMEDY = "read it with the moviellm that made it, or make it again under another --out"


class RunReader:
    """Reads what is committed of a run. Memory is bounded by a movie and two row groups of images.

    Raises:
        ValueError: no run is there, nothing is committed yet, or something is damaged; the message says what to do.
    """

    def __init__(self, run: Path, lay: Callable[[TableFile], object] = lambda table: None) -> None:
        """`lay`: has a table in the folder before it is read, where they lie elsewhere."""
        self.run = run
        self._lay = lay
        self.manifests = manifests(run)
        if not self.manifests:
            raise ValueError(f"nothing is finished in {run} yet; `moviellm make --out {run}` goes on with it")
        record = record_of(run)
        for made in [*self.manifests, record]:
            if made is not None and (why := other_data_model(made.schema_version)) is not None:
                raise ValueError(f"{run} {why}; {OTHER_MODEL_REMEDY}")
        lost = lost_shards(run, record)
        if lost:
            names = ", ".join(f"manifest/{shard:06d}.json" for shard in lost[:5]) + ", ..." * (len(lost) > 5)
            raise ValueError(f"{run} lacks {len(lost)} of its shards ({names}). {remedy(run)}")
        self._lasts = [(movie_number(one.last_movie), one) for one in self.manifests if one.last_movie is not None]
        self._open: tuple[str, StoredImages] | None = None

    def movies(self) -> Iterator[Movie]:
        """Every finished movie, in id order, one at a time."""
        for manifest in self.manifests:
            table = manifest.tables["movies"]
            self._lay(table)
            damage = table_damage(self.run, table)
            if damage is not None:
                raise self._damaged(table, damage)
            with open_table(self.run / table.file) as file:
                for group in range(file.num_row_groups):
                    rows = file.read_row_group(group, columns=["movie"], use_threads=False).column(0)
                    for row in rows:
                        yield Movie.model_validate_json(row.as_py())

    def images(self, movie: Movie) -> Iterator[tuple[Keyframe, bytes]]:
        """The pictures of a movie, in story order; keyframes without a picture are left out."""
        table = self._table_of(movie, "keyframes")
        for keyframe in movie.keyframes():
            if keyframe.image_sha256 is not None:
                yield keyframe, self._image(table, keyframe.image_sha256, f"the picture of {keyframe.keyframe_id}")

    def files(self, movie: Movie) -> Iterator[tuple[str, bytes]]:
        """Path and bytes of the learned style and the portraits that a movie names."""
        table = self._table_of(movie, "style")
        for path, sha256 in named_files(movie).items():
            yield path, self._image(table, sha256, path)

    def failures(self) -> Counter[str]:
        """Cells that failed, by stage and reason."""
        counts: Counter[str] = Counter()
        for manifest in self.manifests:
            left, tables = manifest.failed, [(stage, manifest.tables[stage]) for stage in manifest.cells]
            for stage, table in sorted(tables, key=lambda pair: pair[1].bytes):  # those with pictures last
                if left > 0:
                    self._lay(table)
                    with self._opened(table) as file:
                        errors = file.read(columns=["error"]).column(0).drop_null().to_pylist()
                    counts.update(f"{stage}: {error}" for error in errors)
                    left -= len(errors)
        return counts

    def _opened(self, table: TableFile) -> pq.ParquetFile:
        try:
            return open_table(self.run / table.file)
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(table, f"cannot be read ({error})") from None

    def _table_of(self, movie: Movie, stage: Stage) -> TableFile | None:
        number = movie_number(movie.movie_id)
        place = bisect_left(self._lasts, number, key=lambda pair: pair[0])
        if place < len(self._lasts):
            manifest = self._lasts[place][1]
            if manifest.first_movie is not None and movie_number(manifest.first_movie) <= number:
                return manifest.tables.get(stage)
        raise ValueError(
            f"{self.run} holds no movie {movie.movie_id}; `moviellm check {self.run}` lists what is wrong"
        )

    def _image(self, table: TableFile | None, sha256: str, what: str) -> bytes:
        if table is None:
            raise ValueError(f"{what} is not in {self.run}. {remedy(self.run)}")
        try:
            image = self._stored(table).read(sha256)
        except (KeyError, OSError, pa.ArrowException) as error:
            raise self._damaged(table, f"does not give {what} ({error})") from None
        if hashlib.sha256(image).hexdigest() != sha256:
            raise self._damaged(table, f"holds {what} damaged")
        return image

    def _stored(self, table: TableFile) -> StoredImages:
        if self._open is None or self._open[0] != table.file:
            if self._open is not None:
                self._open[1].close()
            self._lay(table)
            self._open = (table.file, StoredImages(self.run / table.file))
        return self._open[1]

    def _damaged(self, table: TableFile, damage: str) -> ValueError:
        return ValueError(f"{self.run / table.file} {damage}. {remedy(self.run)}")
