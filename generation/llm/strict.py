"""A pydantic model as the JSON schema that servers hold answers to ("strict" structured outputs).

    schema = strict_schema(OutlineDraft)

Strict servers take a subset: every property required, no further properties, no defaults, no numeric or length limits,
no `oneOf`. What is dropped here (limits, patterns) is not lost: pydantic checks the answer afterwards. References to
`$defs` stay, so that a schema is no larger than its model. It checks no answer: see ladder.py.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import cast

from pydantic import BaseModel, JsonValue

from moviellm.generation.llm.encoded import Encoded

_KEPT = {"type", "enum", "const", "anyOf", "items", "properties", "required", "$ref", "$defs", "description"}


@lru_cache(maxsize=256)
def _schema(model: type[BaseModel]) -> Encoded:
    schema = _strict(model.model_json_schema(mode="validation"))
    assert isinstance(schema, dict)
    return Encoded(schema)


def strict_schema(model: type[BaseModel]) -> Mapping[str, JsonValue]:
    """The schema of a model, fit for strict servers.

    Raises:
        ValueError: the model has a field with free keys, which no strict server takes.
    """
    return _schema(model)


@lru_cache(maxsize=256)
def schema_sha256(model: type[BaseModel]) -> str:
    """Hash of the schema of a model."""
    return hashlib.sha256(_schema(model).text.encode()).hexdigest()


def _strict(node: JsonValue) -> JsonValue:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "oneOf" in node:
        node = {**node, "anyOf": node["oneOf"]}
    if "prefixItems" in node:  # a tuple of fixed length: its items by kind; pydantic checks how many there are
        node = {**node, "items": {"anyOf": node["prefixItems"]}}
    if len(node.get("allOf") or []) == 1:  # type: ignore[arg-type]
        node = {**cast("list[dict[str, JsonValue]]", node["allOf"])[0], **node}
    if "$ref" in node:
        return {"$ref": node["$ref"]}
    kept: dict[str, JsonValue] = {
        name: value if name in {"enum", "const", "required"} else _strict(value)
        for name, value in node.items()
        if name in _KEPT and name not in {"properties", "$defs"}
    }
    for name in ("properties", "$defs"):
        if name in node:
            kept[name] = {key: _strict(value) for key, value in cast("dict[str, JsonValue]", node[name]).items()}
    if node.get("type") == "object":
        kept |= _closed(node, kept)
    return kept


def _closed(node: dict[str, JsonValue], kept: dict[str, JsonValue]) -> dict[str, JsonValue]:
    properties = cast("dict[str, JsonValue]", kept.get("properties") or {})
    if not properties and node.get("additionalProperties") not in (None, False):
        raise ValueError(f"{node.get('title', 'a field')} has free keys, which a strict schema cannot say")
    return {"properties": properties, "required": list(properties), "additionalProperties": False}
