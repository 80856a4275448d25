"""JSON that goes into many texts: its text is made once, and spliced into those around it.

    schema = Encoded(strict)                       # a dict like any other, with `text`
    spliced({"schema": schema, "seed": 7})         # what canonical_json says, without encoding the schema again

A movie's outline stands in the prompt of each of its scenes, a schema in each call of a kind, a prompt in a key, in a
question and on the wire: encoding them anew each time is much of what a client does. No text changes: what is hashed
stays the same. It decides nothing.
"""

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from json.encoder import encode_basestring
from typing import Any

from moviellm.generation.schema import canonical_json

_AS_IT_IS = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class Encoded(dict[str, Any]):
    """A JSON object that nobody changes any more."""

    @cached_property
    def text(self) -> str:
        """Its canonical text."""
        return canonical_json(dict(self))

    @cached_property
    def written(self) -> str:
        """Its text with the keys in their own order, in which a server writes an answer to a schema."""
        return _AS_IT_IS.encode(self)


class EncodedList(list[Any]):
    """A JSON array that nobody changes any more."""

    @cached_property
    def text(self) -> str:
        """Its canonical text."""
        return canonical_json(list(self))

    @property
    def written(self) -> str:
        """Its text; the order of the keys in a message is nobody's matter."""
        return self.text


def spliced(value: Mapping[str, Any]) -> str:
    """The canonical text of an object of plain objects, some of whose values are encoded."""
    items = (f"{encode_basestring(name)}:{canonical(value[name])}" for name in sorted(value))
    return f"{{{','.join(items)}}}"


def written(value: Mapping[str, Any]) -> str:
    """The text of an object with the keys in their own order, some of whose values are encoded."""
    items = (f"{encode_basestring(name)}:{_written(item)}" for name, item in value.items())
    return f"{{{','.join(items)}}}"


def canonical(value: Any) -> str:
    """The canonical text of any JSON value."""
    if isinstance(value, (Encoded, EncodedList)):
        return value.text
    return _plain(value, spliced, canonical_json)


def _written(value: Any) -> str:
    if isinstance(value, (Encoded, EncodedList)):
        return value.written
    return _plain(value, written, _AS_IT_IS.encode)


def _plain(value: Any, of_objects: Callable[[Mapping[str, Any]], str], otherwise: Callable[[Any], str]) -> str:
    if type(value) is str:
        return encode_basestring(value)
    if type(value) is dict and any(isinstance(item, (dict, EncodedList)) for item in value.values()):
        return of_objects(value)
    return otherwise(value)
