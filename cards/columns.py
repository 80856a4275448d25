"""What every column of the dataset means: the docstrings of the schema's fields, beside the columns they become.

    columns_of("qa", facts.features["qa"])[0]     # Column(name='movie_id', type='string', meaning='E.g. `m00042`.')

Nested records are listed with dots and brackets: `chapters[].scenes[].heading`. It types no meaning twice: what a
field means is written in schema.py.
"""

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Union, get_args, get_origin

from moviellm.generation.dataset.features import CONTEXT, RECORDS, Feature
from moviellm.generation.schema import Record, TemporalSpan

MEDIA = {
    "image": "The picture itself, as it was encoded when it was made.",
    "video": "The film itself, an MP4: its `bytes`, and a file name as `path`; nothing decodes it unasked.",
}
"""What the columns hold that are no text."""


@dataclass(frozen=True)
class Column:
    """One column, or one field inside a column."""

    name: str
    type: str
    meaning: str


def columns_of(config: str, features: dict[str, Feature]) -> list[Column]:
    """Every column of a config, in order, each with its meaning."""
    found: list[Column] = []
    borrowed = {name: (record, key) for name, record, key in CONTEXT.get(config, ())}
    for name, feature in features.items():
        record, key = borrowed.get(name, (RECORDS[config], name))
        if isinstance(feature, str) and feature in MEDIA:
            found.append(Column(name, feature, MEDIA[feature]))
        else:
            found += _fields(record, key, name, feature, borrowed=name in borrowed)
    return found


def _fields(record: type[Record], key: str, name: str, feature: Feature, *, borrowed: bool) -> Iterator[Column]:
    info = record.model_fields[key]
    meaning = " ".join([info.description or "", *_allowed(info.annotation)])
    if borrowed and name != key:
        meaning = f"{record.__name__}'s {key}: {meaning}"
    yield Column(name, _type(feature), meaning)
    inner = _record_in(info.annotation)
    fields = feature[0] if isinstance(feature, list) else feature
    if inner is None or inner is TemporalSpan or not isinstance(fields, dict):
        return
    for field, kind in fields.items():
        brackets = "[]" if isinstance(feature, list) else ""
        yield from _fields(inner, field, f"{name}{brackets}.{field}", kind, borrowed=False)


def _allowed(annotation: object) -> list[str]:
    """The values that a field may have, where its type lists them."""
    if get_origin(annotation) is Literal:
        return ["One of " + ", ".join(f"`{value}`" for value in get_args(annotation)) + "."]
    return [text for part in get_args(annotation) for text in _allowed(part)]


def _record_in(annotation: object) -> type[Record] | None:
    """The record that a field holds: itself, in a tuple, or beside None."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType, tuple, Annotated):
        return next((record for part in get_args(annotation) if (record := _record_in(part))), None)
    return None


def _type(feature: Feature) -> str:
    if isinstance(feature, str):
        return feature
    if isinstance(feature, list):
        return f"list of {_type(feature[0])}"
    return "span" if set(feature) == set(TemporalSpan.model_fields) else "struct"
