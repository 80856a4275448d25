"""The footer and the page headers of a Parquet file, read in Python before any other reader sees them.

    with open(path, "rb") as file:
        footer = read_footer(file)                      # ValueError for what no sound writer writes
        for column in footer.groups[0].columns:
            sum(page.unpacked_bytes for page in pages(file, column))

pyarrow believes a footer: one with fewer columns in a row group than in its schema ends the process, and a page is
unpacked before its size is known. So what other readers rely on is looked at here, in Thrift's compact encoding
(https://github.com/apache/parquet-format): the tree of columns, and where each of them lies, packed and unpacked. It
unpacks nothing and knows no limits but its own: see parquet.py.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

FOOTER_BYTES_MAX = 8_000_000
"""A shard of 500 MB has 300,000, one of texts only a few million."""
SCHEMA_NODES_MAX = 2_000
"""Columns and groups in a schema."""
DEPTH_MAX = 30
"""Groups within groups; other readers walk down them on their stack."""
MAGIC = b"PAR1"
_WINDOWS = (16_384, 2_000_000)
"""Bytes in which a page header is looked for: nearly always, and with long statistics."""
_STRUCTS_MAX = 8


def read_struct(data: bytes, at: int = 0, depth: int = 0) -> tuple[dict[int, Any], int]:
    """A struct of Thrift's compact encoding as `{field number: value}`, and where it ends.

    Doubles and texts are passed over: of a text only its length is kept.

    Raises:
        IndexError: the bytes end within it.
        ValueError: it is none.
    """
    if depth > _STRUCTS_MAX:
        raise ValueError("structs within structs")
    fields: dict[int, Any] = {}
    number = 0
    while (head := data[at]) != 0:
        at += 1
        if head >> 4:
            number += head >> 4
        else:
            number, at = _integer(data, at)
        fields[number], at = _value(data, at, head & 0x0F, depth)
    return fields, at + 1


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = data[at]
    if value < 0x80:
        return value, at + 1
    value &= 0x7F
    for shift in range(7, 70, 7):
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
    raise ValueError("a number of more than ten bytes")


def _integer(data: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(data, at)
    return (value >> 1) ^ -(value & 1), at


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if 4 <= kind <= 6:
        return _integer(data, at)
    if kind == 12:
        return read_struct(data, at, depth + 1)
    if kind == 8:
        length, at = _varint(data, at)
        return length, _passed(data, at, length)
    if kind in (9, 10):
        return _list(data, at, depth + 1)
    if kind in (1, 2):
        return kind == 1, at
    if kind == 3:
        return data[at], at + 1
    if kind == 7:
        return None, _passed(data, at, 8)
    raise ValueError(f"a value of kind {kind}")


def _passed(data: bytes, at: int, count: int) -> int:
    if at + count > len(data):
        raise IndexError
    return at + count


def _list(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    head = data[at]
    count, at = (head >> 4, at + 1) if head >> 4 != 15 else _varint(data, at + 1)
    _passed(data, at, count)  # every item takes a byte at least
    kind = head & 0x0F
    items: list[Any] = []
    for _ in range(count):
        item, at = (data[at] == 1, at + 1) if kind in (1, 2) else _value(data, at, kind, depth)
        items.append(item)
    return items, at


@dataclass(frozen=True)
class Column:
    """One column of one row group."""

    at: int
    """Where its first page begins."""
    ends_at: int
    values: int
    dictionary_at: int | None


@dataclass(frozen=True)
class Group:
    """One row group."""

    rows: int
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Footer:
    """What a file declares."""

    rows: int
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Page:
    """One page, as its header declares it."""

    ends_at: int
    unpacked_bytes: int
    values: int


def read_footer(file: BinaryIO) -> Footer:
    """What a Parquet file declares.

    Raises:
        ValueError: it is none, or its parts do not fit together.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
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
    return _parsed(file.read(length), size)


@lru_cache(maxsize=16)
def _parsed(data: bytes, size: int) -> Footer:
    try:
        fields, _ = read_struct(data)
        leaves = _leaves(_structs(fields, 2))
        groups = tuple(_group(one, leaves, size) for one in _structs(fields, 4))
    except (LookupError, TypeError) as error:
        raise ValueError(f"its footer lacks what every footer has ({error or 'it ends too soon'})") from None
    rows = _count(fields, 3)
    if sum(group.rows for group in groups) != rows:
        raise ValueError(f"it declares {rows} rows, its row groups {sum(group.rows for group in groups)}")
    return Footer(rows, groups)


def _structs(fields: dict[int, Any], number: int) -> list[dict[int, Any]]:
    found = fields[number]
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise TypeError(f"field {number} is no list of structs")
    return found


def _count(fields: dict[int, Any], number: int) -> int:
    value = fields[number]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"field {number} is {value!r} and should be a number")
    return value


def _leaves(schema: list[dict[int, Any]]) -> int:
    """Columns in a schema, which is a tree written from its root on; each node says how many children follow."""
    if not 2 <= len(schema) <= SCHEMA_NODES_MAX:
        raise ValueError(f"a schema of {len(schema)} nodes; from 2 to {SCHEMA_NODES_MAX} are read")
    leaves = 0
    waiting: list[int] = [1]
    for node in schema:
        while waiting and waiting[-1] == 0:
            waiting.pop()
        if not waiting:
            raise ValueError("its schema has more nodes than its groups have room for")
        waiting[-1] -= 1
        children = _count(node, 5) if 5 in node else 0
        if children:
            waiting.append(children)
            if len(waiting) > DEPTH_MAX:
                raise ValueError(f"a schema of more than {DEPTH_MAX} levels")
        else:
            leaves += 1
            _count(node, 1)  # the type that a column has and a group has not
    if any(waiting):
        raise ValueError("its schema has fewer nodes than its groups say")
    return leaves


def _group(fields: dict[int, Any], leaves: int, size: int) -> Group:
    columns = _structs(fields, 1)
    if len(columns) != leaves:
        raise ValueError(f"a row group of {len(columns)} columns, the schema has {leaves}")
    return Group(_count(fields, 3), tuple(_column(one, size) for one in columns))


def _column(fields: dict[int, Any], size: int) -> Column:
    if 1 in fields:
        raise ValueError("a column that lies in another file")
    about = fields[3]
    if not isinstance(about, dict):
        raise TypeError("a column without a description")
    at, dictionary_at = _count(about, 9), about.get(11)
    if isinstance(dictionary_at, int) and dictionary_at > 0:
        at = min(at, dictionary_at)
    ends_at = at + _count(about, 7)
    if not 4 <= at <= ends_at <= size:
        raise ValueError("a column that lies outside the file")
    return Column(at, ends_at, _count(about, 5), dictionary_at if dictionary_at else None)


def pages(file: BinaryIO, column: Column) -> Iterator[Page]:
    """Pages of a column, from their headers.

    Raises:
        ValueError: a header cannot be read, or its page leaves the column.
    """
    at = column.at
    while at < column.ends_at:
        page = page_at(file, at)
        if not at < page.ends_at <= column.ends_at:
            raise ValueError("a page leaves its column")
        yield page
        at = page.ends_at


def page_at(file: BinaryIO, at: int) -> Page:
    """The page whose header begins there."""
    for window in _WINDOWS:
        file.seek(at)
        try:
            header, length = read_struct(file.read(window))
            unpacked, packed = _count(header, 2), _count(header, 3)
        except KeyError:
            raise ValueError("a page without a size") from None
        except IndexError:  # it is longer than the window
            continue
        about = header.get(5) or header.get(8) or {1: 0}
        if not isinstance(about, dict):
            raise ValueError("a page without a number of values")
        return Page(at + length + packed, unpacked, _count(about, 1) if 1 in about else 0)
    raise ValueError("a page header without an end")
