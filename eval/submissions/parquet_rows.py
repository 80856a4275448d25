"""A file of predictions as Parquet, with the columns of the lines: a declared schema, bounded, few rows at a time.

    read_parquet(data, reader, task, limits, problems, "predictions/grounding.parquet", keep)

Only numbers, texts and lists of them are taken; metadata and extension types are not looked at, and nothing is
unpickled. What the file says of its size is checked before a column is opened.
"""

import io
from collections.abc import Iterable
from typing import Any, Final

from moviellm.eval.submissions.index import Limits, TaskName
from moviellm.eval.submissions.lines import Keep
from moviellm.eval.submissions.problems import Problems, Refused, shown
from moviellm.eval.submissions.rows import FIELDS, TaskReader

ROWS_AT_A_TIME: Final = 16
MAGIC: Final = b"PAR1"
THRIFT_ITEMS_MAX: Final = 100_000
"""Parts of the footer."""


def read_parquet(
    pieces: Iterable[bytes],
    reader: TaskReader,
    limits: Limits,
    problems: Problems,
    where: str,
    keep: Keep,
    *,
    rows_max: int,
) -> None:
    """Read a file to its end, or to where it must not be read on; `rows_max`: rows that it may have."""
    import pyarrow as pa

    try:
        data = b"".join(pieces)
        if not data:
            raise Refused("E029", "the file is empty")
        _read(data, reader, limits, rows_max, keep)
    except Refused as refused:
        problems.add(refused.code, where, refused.message)
    except UnicodeDecodeError:
        problems.add("E001", where, "a text that is not valid UTF-8")
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        problems.add("E002", where, f"no Parquet that can be read: {shown(error)}")


def _read(data: bytes, reader: TaskReader, limits: Limits, rows_max: int, keep: Keep) -> None:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(
        io.BytesIO(data),
        pre_buffer=False,
        arrow_extensions_enabled=False,
        page_checksum_verification=True,
        thrift_string_size_limit=limits.max_file_bytes,
        thrift_container_size_limit=THRIFT_ITEMS_MAX,
    )
    with file:
        _check_size(file.metadata, len(data), limits, rows_max)
        _check_schema(file.schema_arrow, reader.task)
        number = 0
        for batch in file.iter_batches(ROWS_AT_A_TIME, use_threads=False):
            if batch.nbytes > limits.max_file_bytes:
                raise Refused("E015", f"{ROWS_AT_A_TIME} rows of more than {limits.max_file_bytes} bytes")
            for row in batch.to_pylist():
                number += 1
                if (read := reader.row(row, number)) is not None:
                    keep(read)
        if not number:
            raise Refused("E029", "the file has no rows")


def _check_size(metadata: Any, packed: int, limits: Limits, rows_max: int) -> None:
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    unfolded = sum(group.total_byte_size for group in groups)
    if unfolded > limits.max_archive_ratio * packed:
        raise Refused("E018", f"{packed} bytes unfold to {unfolded}")
    if unfolded > limits.max_file_bytes:
        raise Refused("E015", f"unfolded it has {unfolded} bytes; at most {limits.max_file_bytes} are allowed")
    if metadata.num_rows > rows_max:
        raise Refused("E015", f"{metadata.num_rows} rows; the task has {rows_max // 2} items")


def _check_schema(schema: Any, task: TaskName) -> None:
    """Refuse columns of another kind; ones too many or too few are told row by row."""
    import pyarrow as pa

    def is_text(kind: Any) -> bool:
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind))

    def is_list(kind: Any, inner: Any) -> bool:
        lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
        return bool(pa.types.is_null(kind) or (lists and inner(kind.value_type)))

    def is_number(kind: Any) -> bool:
        return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind))

    def is_span(kind: Any) -> bool:
        return is_list(kind, is_number)

    def is_event(kind: Any) -> bool:
        known = {"span": is_span, "caption": is_text}
        return bool(pa.types.is_struct(kind)) and all(known.get(one.name, is_text)(one.type) for one in kind)

    kinds: dict[str, Any] = {"span": is_span, "choice": is_text, "answer": is_text}
    kinds["events"] = lambda kind: is_list(kind, is_event)
    for field in schema:
        wanted = kinds[FIELDS[task]] if field.name == FIELDS[task] else is_text
        if field.name in ("id", FIELDS[task]) and not wanted(field.type):
            raise Refused("E008", f"the column {field.name} is of the type {shown(field.type)}")
        if field.name not in ("id", FIELDS[task]):
            raise Refused("E009", f"{shown(field.name)} is no column of {task}; it has id and {FIELDS[task]}")
    names = [field.name for field in schema]
    if len(set(names)) < len(names):
        raise Refused("E004", "a column comes twice")
