"""Whether a Parquet file may be read: what it declares, held against limits before anything is unpacked.

    problems = list(parquet_problems(path))         # ["it declares 1000000000 rows in 4096 bytes", ...]
    for row in read_rows(path): ...                 # at most 64 rows at a time, rows of bounded size

Kilobytes of Parquet can unpack to terabytes: a footer may declare any number of rows, a page of a few bytes may say
that it unpacks to two gigabytes, and a run-length code repeats one value a billion times. So footer and page headers
are read first (footer.py). Row groups are also held against what the Hub's dataset viewer can show. It checks
no meaning: see rows.py.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from moviellm.generation.dataset.checks.footer import Group, page_at, pages, read_footer
from moviellm.generation.dataset.features import Row
from moviellm.generation.dataset.limits import SCAN_BYTES

VALUES_MAX = 20_000_000
"""Values in one column of a row group, those of lists and absent ones included."""
BATCH_ROWS = 64
BATCH_BYTES = 64_000_000
"""A batch that is larger in memory is taken row by row."""
ROW_BYTES_MAX = 32_000_000
"""What one row may take in memory beside its picture or film."""
MEDIA = ("image", "images", "video")


def parquet_problems(path: Path) -> Iterator[str]:
    """Why others must not open a file, nothing when they may. Memory and time follow its size, not what it says."""
    try:
        with open(path, "rb") as file:
            footer = read_footer(file)
            if footer.rows > path.stat().st_size:
                yield f"it declares {footer.rows} rows in {path.stat().st_size} bytes"
                return
            for number, group in enumerate(footer.groups):
                yield from _group_problems(file, group, number)
    except (OSError, ValueError, pa.ArrowException) as error:
        yield f"it is no Parquet file ({error})"


def _group_problems(file: BinaryIO, group: Group, number: int) -> Iterator[str]:
    unpacked = 0
    for column in group.columns:
        values = 0
        for page in pages(file, column):
            unpacked += page.unpacked_bytes
            values += page.values
        if max(values, column.values) > VALUES_MAX:
            yield f"a column of row group {number} has {values} values, at most {VALUES_MAX} are read"
            return
    if unpacked > SCAN_BYTES:
        yield (
            f"row group {number} unpacks to {unpacked} bytes; the dataset viewer reads at most {SCAN_BYTES}, "
            f"and so does this check"
        )


def read_rows(path: Path, columns: list[str] | None = None) -> Iterator[Row]:
    """The rows of a file without problems, a few at a time; of some columns, or parts of columns, when they are named.

    Raises:
        ValueError: a row is larger than `ROW_BYTES_MAX`.
        OSError, pyarrow.ArrowException: it cannot be read.
    """
    with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as parquet, open(path, "rb") as file:
        size = _batch_rows(file)
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


def _batch_rows(file: BinaryIO) -> int:
    """Rows of a batch: fewer where dictionaries could make each of them long."""
    longest = 1
    for group in read_footer(file).groups:
        worst = 0
        for column in group.columns:
            if column.dictionary_at is not None:
                values_per_row = -(-column.values // max(1, group.rows))
                worst += page_at(file, column.dictionary_at).unpacked_bytes * values_per_row
        longest = max(longest, worst)
    return max(1, min(BATCH_ROWS, BATCH_BYTES // longest))
