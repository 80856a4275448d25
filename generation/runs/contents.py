"""The store of one shard: what is known of it from tables and journals, and the commit.

    store = Store(run, 0, engine_version=1)            # reads and checks everything; writes nothing
    store.add(entry, cell_id, image)                   # to the journal
    store.commit({"plot": rows, "movies": rows})
    store.close()

The order of a commit is what makes it safe to kill anywhere: the journal is durable, then each changed table appears
under its own hash, then the manifest by one rename, and only then the old tables and the journals go.

It does not make cells: see cells.py.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from moviellm.generation.files import disk_errors, file_sha256, write_whole
from moviellm.generation.runs.journal import Entry, Journal, PackSlice, calls_of, journal_files, read_journals
from moviellm.generation.runs.manifest import (
    Manifest,
    TableFile,
    manifest_path,
    read_manifest,
    refuse_folders,
    shard_files,
    table_damage,
)
from moviellm.generation.runs.tables import Row, StoredImages, read_entries, rows_sha256, write_table
from moviellm.generation.schema import SCHEMA_VERSION, STAGES, Stage, movie_number


class DamagedError(ValueError):
    """Something that was whole when the shard was opened is not any more."""


class Store:
    """The results of one shard. Used by one thread at a time."""

    def __init__(self, run: Path, index: int, engine_version: int, *, packs: bool = True) -> None:
        """`packs`: False for who only counts what is there, and has no pictures of journals."""
        self.run = run
        self.index = index
        self.engine_version = engine_version
        refuse_folders(self._files())
        self.entries: dict[str, Entry] = {}
        """Every result that is there, by key."""
        self.findings: list[str] = []
        """What was found damaged, and what happens about it."""
        self._packed: dict[str, PackSlice] = {}
        self._stored: list[StoredImages] = []
        self._manifest: Manifest | None = None
        self._whole: set[str] = set()
        self._journal = Journal(run, index)
        self._load_tables()
        journaled, findings = read_journals(run, index, packs=packs)
        self.findings += findings
        for entry, place in journaled:
            self._keep(entry, place)

    def _files(self) -> list[Path]:
        """Every file of the shard on disk, and the call log."""
        own = [manifest_path(self.run, self.index), calls_of(self.run, None), calls_of(self.run, self.index)]
        return [*own, *shard_files(self.run, self.index), *journal_files(self.run, self.index)]

    def _load_tables(self) -> None:
        path = manifest_path(self.run, self.index)
        try:
            self._manifest = read_manifest(path) if path.exists() else None
        except ValueError as error:
            self.findings.append(f"{error}; it is written again from the tables that are whole")
        if self._manifest is None:
            self._load_unlisted()
        elif self._manifest.engine_version != self.engine_version:
            self.findings.append(f"{path} is of engine version {self._manifest.engine_version}: all is made again")
            self._manifest = None
        else:
            for name, listed in self._manifest.tables.items():
                damage = table_damage(self.run, listed)
                if damage is None:
                    self._whole.add(name)
                    self._load_table(name, self.run / listed.file)
                else:
                    self.findings.append(f"{listed.file} {damage}; its {listed.rows} rows are made again")

    def _load_unlisted(self) -> None:
        """Without a manifest, a table whose bytes fit its name is as good: its results are keyed by what was asked."""
        for stage in STAGES:
            for path in sorted((self.run / stage).glob(f"{self.index:06d}-*.parquet")):
                if path.stem.partition("-")[2] == file_sha256(path)[:16]:
                    self._load_table(stage, path)

    def _load_table(self, name: str, path: Path) -> None:
        if name == "movies":
            return
        for entry in read_entries(path):
            self._keep(entry, None)
        self._stored.append(StoredImages(path))

    def _keep(self, entry: Entry, place: PackSlice | None) -> None:
        """A later result replaces an earlier one, but a failure never replaces an answer."""
        old = self.entries.get(entry.key)
        if old is None or old.error is not None or entry.error is None:
            self.entries[entry.key] = entry
        if place is not None and entry.image_sha256 is not None:
            self._packed[entry.image_sha256] = place

    def forget_failed(self) -> None:
        """Drop the failures, so that they are made again."""
        self.entries = {key: entry for key, entry in self.entries.items() if entry.error is None}

    def add(self, entry: Entry, cell_id: str, image: bytes | None) -> None:
        """Journal a new result and keep it.

        Raises:
            ValueError: the disk is full or cannot be written; the result is not kept.
        """
        self._keep(entry, self._journal.append(entry, cell_id, image))

    def image(self, sha256: str) -> bytes:
        """The bytes of an image.

        Raises:
            ValueError: the file it lies in was damaged or removed after the shard was opened.
        """
        try:
            if sha256 in self._packed:
                image = self._packed[sha256].read()
            else:
                image = next(stored for stored in self._stored if sha256 in stored).read(sha256)
        except OSError as error:
            raise DamagedError(f"image {sha256[:16]} cannot be read ({error}); run the same command again") from error
        if hashlib.sha256(image).hexdigest() != sha256:
            raise DamagedError(f"image {sha256[:16]} was damaged on disk meanwhile; run the same command again")
        return image

    def commit(self, rows: Mapping[str, list[Row]], *, unfinished: bool = False) -> bool:
        """Write the tables that changed, then the manifest, then remove what they replace. False: nothing changed.

        Args:
            rows: the rows of every table without image bytes; `movies` must be among them.
            unfinished: keep what is not among them in a journal, which also says that the shard is in the making.

        Raises:
            ValueError: the disk is full or cannot be written; what was committed before still is.
        """
        numbers = [movie_number(str(row["movie_id"])) for row in rows["movies"]]
        assert numbers == sorted(set(numbers)), "movies are committed in order, each once"
        self._journal.close()
        keys = {str(row["key"]) for name in rows if name != "movies" for row in rows[name]}
        rest = self._set_aside(keys) if unfinished else None
        kept = {name: listed for name in rows if (listed := self._unchanged(name, rows[name])) is not None}
        tables = {name: kept.get(name) or self._write(name, rows[name]) for name in rows}
        manifest = self._describe(rows, tables)
        if manifest != self._manifest:
            path = manifest_path(self.run, self.index)
            with disk_errors(path):
                write_whole(path, manifest.model_dump_json(indent=2).encode() + b"\n")
        changed = manifest != self._manifest or len(kept) < len(rows)
        self._clean_up(manifest, changed, rest)
        self._reload(manifest, keys)
        return changed

    def _set_aside(self, keys: set[str]) -> Journal:
        """A new journal with the results that no table will hold, on disk before anything is removed."""
        rest = Journal(self.run, self.index)
        rest.begin()
        for key, entry in self.entries.items():
            with suppress(DamagedError):  # a damaged picture is made again
                if key not in keys:
                    image = None if entry.image_sha256 is None else self.image(entry.image_sha256)
                    rest.append(entry, "", image)
        rest.close()
        return rest

    def _unchanged(self, name: str, rows: list[Row]) -> TableFile | None:
        """The committed table, when it is whole and holds these rows already."""
        listed = None if self._manifest is None else self._manifest.tables.get(name)
        if listed is None or name not in self._whole or listed.rows_sha256 != rows_sha256(rows):
            return None
        return listed

    def _write(self, name: str, rows: list[Row]) -> TableFile:
        def with_images() -> Iterator[Row]:
            for row in rows:
                sha256 = row.get("image_sha256")
                yield row if sha256 is None else {**row, "image": self.image(str(sha256))}

        return write_table(self.run, self.index, name, with_images(), rows_sha256(rows))

    def _describe(self, rows: Mapping[str, list[Row]], tables: dict[str, TableFile]) -> Manifest:
        cells: dict[Stage, int] = {stage: len(rows[stage]) for stage in STAGES if stage in rows}
        movies = [str(row["movie_id"]) for row in rows["movies"]]
        return Manifest(
            shard=self.index,
            engine_version=self.engine_version,
            schema_version=SCHEMA_VERSION,
            tables=tables,
            movies=len(movies),
            first_movie=movies[0] if movies else None,
            last_movie=movies[-1] if movies else None,
            cells=cells,
            failed=sum(row["error"] is not None for stage in cells for row in rows[stage]),
        )

    def _clean_up(self, manifest: Manifest, changed: bool, rest: Journal | None) -> None:
        """Remove what the manifest replaces: tables first, so that a journal is there until all of it is done."""
        own = () if rest is None else rest.files
        journals = [path for path in journal_files(self.run, self.index) if path not in own]
        if changed or journals:
            listed = {self.run / table.file for table in manifest.tables.values()}
            with disk_errors(self.run):
                for path in [path for path in shard_files(self.run, self.index) if path not in listed] + journals:
                    path.unlink(missing_ok=True)

    def _reload(self, manifest: Manifest, keys: set[str]) -> None:
        self._manifest, self._whole = manifest, set(manifest.tables)
        self._packed.clear()
        self._close_images()
        committed = [manifest.tables[stage] for stage in STAGES if stage in manifest.tables]
        self._stored = [StoredImages(self.run / table.file) for table in committed]
        self.entries = {key: entry for key, entry in self.entries.items() if key in keys}

    def close(self) -> None:
        """Make the journal durable and close all files.

        Raises:
            ValueError: something could not be made durable.
        """
        self._close_images()
        self._journal.close()

    def _close_images(self) -> None:
        for stored in self._stored:
            stored.close()
        self._stored = []
