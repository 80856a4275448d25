"""Parquet files of one config and split, written row by row: bounded memory, the same bytes for the same rows.

    writer = ShardWriter(folder, "keyframes", "train", arrow_schema(columns), rows_per_group=256)
    for row in rows:
        writer.add(row)
    shards = writer.close()                         # keyframes/train-00000-of-00001.parquet, ...

A shard ends at `SHARD_BYTES`. Its final name says how many there are, so shards get it when the last one is closed.
Files carry no metadata of `datasets` (3.6 cannot read what 5.2 writes). Page boundaries follow the content, so that
the Hub stores an unchanged part once; a page index lets a reader skip. It hashes nothing: see export.py.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from moviellm.generation.dataset.features import Row

SHARD_BYTES = 500_000_000
"""Size at which a shard is closed."""
GROUP_BYTES = 16 * 1024 * 1024
"""Arrow bytes at which a row group is written; what one open writer holds in memory."""
TEXT_ROWS_PER_GROUP = 10_000
IMAGE_ROWS_PER_GROUP = 256
"""Rows of a row group: what a reader decodes to get at one row."""
FILM_ROWS_PER_GROUP = 16
"""Films of a row group, if `GROUP_BYTES` does not end it before."""
BATCH_ROWS = 64
"""Rows that wait as Python objects before they become Arrow; fewer when pictures or films reach `GROUP_BYTES`."""


@dataclass(frozen=True)
class Shard:
    """A finished Parquet file."""

    path: str
    """Relative to the dataset folder."""
    rows: int
    arrow_bytes: int
    """Its size in memory, what `datasets` calls num_bytes."""


class ShardWriter:
    """The shards of one config and split."""

    def __init__(
        self,
        folder: Path,
        config: str,
        split: str,
        schema: pa.Schema,
        rows_per_group: int,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        """`batch_rows` is how many rows may wait as Python objects; 1 where a row holds many pictures."""
        self._batch_rows = batch_rows
        self._stem = f"{config}/{split}"
        self._folder = folder
        self._schema = schema
        self._rows_per_group = rows_per_group
        self._rows: list[Row] = []
        self._batches: list[pa.RecordBatch] = []
        self._batched_bytes = 0
        self._waiting_bytes = 0
        self._done: list[tuple[Path, int, int]] = []
        self._open()

    def _open(self) -> None:
        self._path = self._folder / f"{self._stem.replace('/', '-')}-{len(self._done):05d}.part"
        self._file = open(self._path, "wb")  # noqa: SIM115 closed by _finish
        self._writer = pq.ParquetWriter(
            self._file,
            self._schema,
            compression="zstd",
            write_page_index=True,
            use_content_defined_chunking=True,
        )
        self._shard_rows = self._shard_bytes = 0

    def add(self, row: Row) -> None:
        """Add one row; a row group is written when enough rows wait."""
        self._rows.append(row)
        self._waiting_bytes += sum(len(cell.get("bytes") or b"") for cell in row.values() if isinstance(cell, dict))
        if len(self._rows) >= self._batch_rows or self._waiting_bytes >= GROUP_BYTES:
            self._batch()

    def _batch(self) -> None:
        """Turn the waiting rows into Arrow; write a row group when enough of them wait."""
        if not self._rows:
            return
        batch = pa.RecordBatch.from_pylist(self._rows, schema=self._schema)
        self._rows.clear()
        self._waiting_bytes = 0
        self._batches.append(batch)
        self._batched_bytes += batch.nbytes
        if self._batched_bytes >= GROUP_BYTES or sum(one.num_rows for one in self._batches) >= self._rows_per_group:
            self._write_group()
            if self._file.tell() >= SHARD_BYTES:
                self._finish()
                self._open()

    def _write_group(self) -> None:
        if not self._batches:
            return
        table = pa.Table.from_batches(self._batches, self._schema)
        self._writer.write_table(table, row_group_size=table.num_rows)
        self._shard_rows += table.num_rows
        self._shard_bytes += self._batched_bytes
        self._batches.clear()
        self._batched_bytes = 0

    def _finish(self) -> None:
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._done.append((self._path, self._shard_rows, self._shard_bytes))

    def close(self) -> list[Shard]:
        """Write what waits and give every shard its final name. Without rows there is no shard."""
        self._batch()
        self._write_group()
        if self._shard_rows:
            self._finish()
        else:
            self.abort()
            self._path.unlink()
        shards = []
        for number, (path, rows, arrow_bytes) in enumerate(self._done):
            name = f"{self._stem}-{number:05d}-of-{len(self._done):05d}.parquet"
            (self._folder / name).parent.mkdir(exist_ok=True)
            path.rename(self._folder / name)
            shards.append(Shard(name, rows, arrow_bytes))
        return shards

    def abort(self) -> None:
        """Close what is open, as a full disk or a stop leaves it. Nothing happens after `close`."""
        with suppress(OSError):
            self._writer.close()
        with suppress(OSError):
            self._file.close()
