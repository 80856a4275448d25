"""Rows of an older schema become movies of the current one: the converter, one step for each major version.

    problem = cannot_read("3.0.0")                        # why this program does not read it, None when it does
    movie = movie_of(rows, "1.1.0")                       # rows of one movie by config -> schema.Movie
    odd = foreign_columns(arrow_schema, "qa")             # what no schema up to this one has

Minor versions only add columns, and mean by a missing one what its default says: those are filled from the records of
schema.py, without a line here. A major version needs a function in `STEPS`; a test fails until it is there. It reads
and writes no file: see upgrade.py.
"""

import types
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

import pyarrow as pa

from moviellm.generation.dataset.features import FEATURES, RECORDS, Feature, Row, arrow_type, movie_from_rows
from moviellm.generation.schema import SCHEMA_VERSION, Movie, Record

Rows = Mapping[str, list[Row]]
"""The rows of one movie, by config."""
Step = Callable[[Rows], Rows]
"""Makes rows of one major version those of the next."""

STEPS: dict[int, Step] = {}
"""By the major version that a step starts from."""


def parts_of(version: str) -> tuple[int, ...]:
    """Numbers of a schema version.

    Raises:
        ValueError: it has not three numbers.
    """
    parts = version.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 7 for part in parts):
        raise ValueError(f"schema version {version!r}: three numbers are expected, as in {SCHEMA_VERSION}")
    return tuple(int(part) for part in parts)


def cannot_read(version: str, made_by: str | None = None) -> str | None:
    """Why rows of a schema version cannot be read here, with what to install; None when they can.

    Args:
        made_by: Version of moviellm that made the dataset, where it is known.
    """
    if parts_of(version) <= parts_of(SCHEMA_VERSION):
        return None
    install = f'pip install "moviellm>={made_by}"' if made_by else "pip install --upgrade moviellm"
    return f"the dataset has schema {version}, this moviellm reads up to {SCHEMA_VERSION}; {install}"


def steps_from(version: str) -> list[Step]:
    """The steps from a schema version to the current one, in order."""
    return [STEPS[major] for major in range(parts_of(version)[0], parts_of(SCHEMA_VERSION)[0])]


def movie_of(rows: Rows, version: str) -> Movie:
    """The movie, in the current schema, whose rows of an older or the same schema these are.

    Raises:
        ValueError: they are no movie, also when filled.
    """
    if version == SCHEMA_VERSION:
        return movie_from_rows(rows)
    for step in steps_from(version):
        rows = step(rows)
    filled = {config: [_filled_row(config, row) for row in some] for config, some in rows.items() if config in RECORDS}
    return movie_from_rows(filled).model_copy(update={"schema_version": SCHEMA_VERSION})


def _filled_row(config: str, row: Row) -> Row:
    """A row with every column of its record; context columns stay as they are."""
    own = {name: FEATURES[config][name] for name in RECORDS[config].model_fields if name in FEATURES[config]}
    return {**row, **_filled_record(row, RECORDS[config], own)}


def _filled_record(value: Row, record: type[Record], columns: Mapping[str, Feature]) -> Row:
    filled: Row = {}
    for name, feature in columns.items():
        info = record.model_fields[name]
        if name in value:
            filled[name] = _filled(value[name], info.annotation, feature)
        else:  # what is required and missing can only be unknown; the record's own check refuses that where it must
            filled[name] = None if info.is_required() else info.get_default()
    return filled


def _filled(value: Any, annotation: Any, feature: Feature) -> Any:
    kind = _plain(annotation)
    if value is None or isinstance(feature, str):
        return value
    if isinstance(feature, list):
        return [_filled(item, get_args(kind)[0], feature[0]) for item in value]
    return _filled_record(value, kind, feature)


def _plain(annotation: Any) -> Any:
    """The type behind Annotated and `| None`."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        (inner,) = (part for part in get_args(annotation) if part is not type(None))
        return _plain(inner)
    return annotation


def missing_columns(schema: pa.Schema, config: str) -> list[str]:
    """Columns of the current schema that a Parquet file of an older one lacks, in order."""
    return list(_missing(pa.struct(list(schema)), FEATURES[config], config))


def _missing(kind: pa.DataType, feature: Feature, path: str) -> Iterator[str]:
    if isinstance(feature, list) and pa.types.is_list(kind):
        yield from _missing(kind.value_type, feature[0], path)
    elif isinstance(feature, dict) and pa.types.is_struct(kind):
        for name, inner in feature.items():
            place = kind.get_field_index(name)
            if place < 0:
                yield f"{path}.{name}"
            else:
                yield from _missing(kind.field(place).type, inner, f"{path}.{name}")


def foreign_columns(schema: pa.Schema, config: str) -> list[str]:
    """Columns of a Parquet file that are not those of the current schema, by name or by type, in order."""
    return list(_foreign([(field.name, field.type) for field in schema], FEATURES[config], config))


def _foreign(fields: list[tuple[str, pa.DataType]], columns: Mapping[str, Feature], path: str) -> Iterator[str]:
    for name, kind in fields:
        if name not in columns:
            yield f"{path}.{name}"
        else:
            yield from _foreign_type(kind, columns[name], f"{path}.{name}")


def _foreign_type(kind: pa.DataType, feature: Feature, path: str) -> Iterator[str]:
    if isinstance(feature, list) and pa.types.is_list(kind):
        yield from _foreign_type(kind.value_type, feature[0], path)
    elif isinstance(feature, dict) and pa.types.is_struct(kind):
        yield from _foreign([(field.name, field.type) for field in kind], feature, path)
    elif not kind.equals(arrow_type(feature)):
        yield path
