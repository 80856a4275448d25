"""Whether a Parquet file may be read: its footer and page headers, held against limits before anything is unpacked.

    problems = list(parquet_problems(path))         # ["it declares 1000000000 rows in 4096 bytes", ...]
    for row in read_rows(path): ...                 # at most 64 rows at a time, rows of bounded size

Kilobytes of Parquet can unpack to terabytes: a footer may declare any number of rows, a page of a few bytes may say
that it unpacks to two gigabytes, and a run-length code repeats one value a billion times. So page headers are read
first, by a small reader of Thrift's compact encoding (https://github.com/apache/parquet-format), since pyarrow
unpacks a page before it tells its size. Row groups are also held against what the Hub's dataset viewer can show. It
checks no meaning: see check_rows.py.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from moviellm.generation.dataset.features import Row

FOOTER_BYTES_MAX = 16_000_000
SCHEMA_NODES_MAX = 2_000
"""Columns and groups in a schema; deeper trees than a reader's stack are among those refused."""
GROUP_BYTES_MAX = 300_000_000
"""What a row group, and so a page or a film, may unpack to: with more, the dataset viewer shows nothing."""
GROUP_BYTES_VIEWED = 100_000_000
"""With more, the dataset viewer converts only a part of the file."""
VALUES_MAX = 20_000_000
"""Values in one column of a row group, those of lists and absent ones included."""
BATCH_ROWS = 64
BATCH_BYTES = 64_000_000
"""A batch that is larger in memory is taken row by row."""
ROW_BYTES_MAX = 32_000_000
"""What one row may take in memory beside its picture or film."""
MEDIA = ("image", "video")
MAGIC = b"PAR1"
_WINDOWS = (16_384, 2_000_000)
"""Bytes in which a page header is looked for: nearly always, and with long statistics."""


class _ShortError(Exception):
    """The bytes end within a value."""


class _Compact:
    """Reads Thrift's compact encoding: structs as `{field number: value}`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def byte(self) -> int:
        if self.at >= len(self._data):
            raise _ShortError
        self.at += 1
        return self._data[self.at - 1]

    def varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise ValueError("a number of more than ten bytes")

    def integer(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def list_head(self) -> tuple[int, int]:
        """Number and type of the items that follow."""
        head = self.byte()
        return (head >> 4 if head >> 4 != 15 else self.varint()), head & 0x0F

    def value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self.byte()
        if kind in (4, 5, 6):
            return self.integer()
        if kind == 7:
            return self._skip(8)
        if kind == 8:
            return self._skip(self.varint())
        if kind == 12:
            return self.struct(depth + 1)
        raise ValueError(f"a value of kind {kind}")

    def _skip(self, count: int) -> None:
        if count > len(self._data) - self.at:
            raise _ShortError
        self.at += count

    def struct(self, depth: int = 0) -> dict[int, Any]:
        if depth > 4:
            raise ValueError("structs within structs")
        fields: dict[int, Any] = {}
        number = 0
        while (head := self.byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self.integer()
            fields[number] = self.value(head & 0x0F, depth)
        return fields


@dataclass(frozen=True)
class _Page:
    ends_at: int
    unpacked_bytes: int
    values: int


def parquet_problems(path: Path) -> Iterator[str]:
    """Why a file must not be read, nothing when it may. Memory and time follow its size, not what it declares."""
    try:
        with open(path, "rb") as file:
            _look_at_footer(file)
            metadata = pq.read_metadata(path)
            _look_at_counts(metadata, os.fstat(file.fileno()).st_size)
            for number in range(metadata.num_row_groups):
                yield from _group_problems(file, metadata.row_group(number), number)
    except (OSError, ValueError, _ShortError, pa.ArrowException) as error:
        yield f"it is no Parquet file ({str(error) or 'it ends too soon'})"


def _look_at_footer(file: BinaryIO) -> None:
    """Raises ValueError for a footer that pyarrow should not see either."""
    size = os.fstat(file.fileno()).st_size
    if size < 12 or file.read(4) != MAGIC:
        raise ValueError(f"it does not begin with {MAGIC.decode()}")
    file.seek(size - 8)
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != MAGIC or length > size - 12:
        raise ValueError("its end is not that of a Parquet file")
    if length > FOOTER_BYTES_MAX:
        raise ValueError(f"a footer of {length} bytes; at most {FOOTER_BYTES_MAX} are read")
    file.seek(size - 8 - length)
    reader = _Compact(file.read(64))
    for number in (1, 2):  # version, schema
        head = reader.byte()
        if head >> 4 != 1:
            raise ValueError("its footer has no schema")
        if number == 1:
            reader.integer()
    nodes, _ = reader.list_head()
    if nodes > SCHEMA_NODES_MAX:
        raise ValueError(f"a schema of {nodes} nodes; at most {SCHEMA_NODES_MAX} are read")


def _look_at_counts(metadata: pq.FileMetaData, size: int) -> None:
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    if metadata.num_rows > size or metadata.num_rows < 0:
        raise ValueError(f"it declares {metadata.num_rows} rows in {size} bytes")
    if sum(groups) != metadata.num_rows or any(rows < 0 for rows in groups):
        raise ValueError(f"it declares {metadata.num_rows} rows, its row groups {sum(groups)}")


def _group_problems(file: BinaryIO, group: pq.RowGroupMetaData, number: int) -> Iterator[str]:
    unpacked = 0
    for column in range(group.num_columns):
        chunk = group.column(column)
        values = 0
        for page in _pages(file, chunk):
            unpacked += page.unpacked_bytes
            values += page.values
        if values > VALUES_MAX:
            yield f"{chunk.path_in_schema} has {values} values in row group {number}, at most {VALUES_MAX} are read"
            return
    if unpacked > GROUP_BYTES_MAX:
        yield (
            f"row group {number} unpacks to {unpacked} bytes; the dataset viewer reads at most {GROUP_BYTES_MAX}, "
            f"and so does this check"
        )


def _pages(file: BinaryIO, chunk: pq.ColumnChunkMetaData) -> Iterator[_Page]:
    at = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        at = min(at, chunk.dictionary_page_offset)
    end = at + chunk.total_compressed_size
    size = os.fstat(file.fileno()).st_size
    if not 4 <= at <= end <= size:
        raise ValueError(f"{chunk.path_in_schema} lies outside the file")
    while at < end:
        page = _page(file, at)
        if not at < page.ends_at <= end:
            raise ValueError(f"a page of {chunk.path_in_schema} leaves its column")
        yield page
        at = page.ends_at


def _page(file: BinaryIO, at: int) -> _Page:
    """The page whose header begins there."""
    for window in _WINDOWS:
        file.seek(at)
        reader = _Compact(file.read(window))
        try:
            header = reader.struct()
        except _ShortError:
            continue
        packed, unpacked = header.get(3), header.get(2)
        counted: Any = header.get(5) or header.get(8) or {}
        values = counted.get(1, 0) if isinstance(counted, dict) else 0
        if not (isinstance(packed, int) and isinstance(unpacked, int) and packed >= 0 and unpacked >= 0):
            raise ValueError("a page without a size")
        return _Page(at + reader.at + packed, unpacked, max(0, int(values)))
    raise ValueError("a page header without an end")


def viewer_problems(path: Path) -> Iterator[str]:
    """What the Hub's dataset viewer would not show well of a file that may be read."""
    metadata = pq.read_metadata(path)
    largest = max((metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)), default=0)
    if largest > GROUP_BYTES_VIEWED:
        yield f"a row group unpacks to {largest} bytes; with {GROUP_BYTES_VIEWED} the dataset viewer shows a part"


def read_rows(path: Path, columns: list[str] | None = None) -> Iterator[Row]:
    """The rows of a file without problems, a few at a time; of some columns, or parts of columns, when they are named.

    Raises:
        ValueError: a row is larger than `ROW_BYTES_MAX`.
        OSError, pyarrow.ArrowException: it cannot be read.
    """
    with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as parquet, open(path, "rb") as file:
        size = _batch_rows(parquet.metadata, file)
        for batch in parquet.iter_batches(batch_size=size, columns=columns, use_threads=False):
            if batch.nbytes <= BATCH_BYTES:
                yield from batch.to_pylist()
                continue
            for number in range(batch.num_rows):
                row = batch.slice(number, 1)
                size = sum(row.column(name).nbytes for name in row.schema.names if name not in MEDIA)
                if size > ROW_BYTES_MAX:
                    raise ValueError(f"a row with {size} bytes of text; at most {ROW_BYTES_MAX} are read")
                yield from row.to_pylist()


def _batch_rows(metadata: pq.FileMetaData, file: BinaryIO) -> int:
    """Rows of a batch: fewer where dictionaries could make each of them long."""
    longest = 1
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        worst = 0
        for chunk in (group.column(column) for column in range(group.num_columns)):
            if chunk.has_dictionary_page and chunk.dictionary_page_offset:
                values_per_row = -(-chunk.num_values // max(1, group.num_rows))
                worst += _page(file, chunk.dictionary_page_offset).unpacked_bytes * values_per_row
        longest = max(longest, worst)
    return max(1, min(BATCH_ROWS, BATCH_BYTES // longest))
