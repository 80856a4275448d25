"""What the double answers: the task read out of a request, an instance of any schema, a small picture.

task = task_of(body)             # name, schema, data, seed
value = instance(task.schema, task.seed)
"""

import base64
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from PIL import Image

_DATA = re.compile(r"```json\n(.*)\n```\s*$", re.DOTALL)
_SCHEMA = re.compile(r'JSON schema "([^"]*)".*?```schema\n(.*?)\n```', re.DOTALL)


@dataclass(frozen=True)
class Spoken:
    """An answer word for word, with the log-probabilities of its first token."""

    text: str
    logprobs: Mapping[str, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a request asks."""

    name: str
    """Name of the schema; `text` without one."""
    schema: dict[str, Any] | None
    data: dict[str, Any]
    """The JSON block at the end of the first user message that has one."""
    seed: int
    fenced: bool
    """Whether the schema stood in the prompt: such answers come in a fence."""


def task_of(body: Mapping[str, Any]) -> Task:
    """Read a chat request."""
    texts = [(message["role"], _text(message["content"])) for message in body["messages"]]
    form = (body.get("response_format") or {}).get("json_schema")
    said = next((match for role, text in texts if role == "system" and (match := _SCHEMA.search(text))), None)
    name, schema = ("text", None)
    if form is not None:
        name, schema = form["name"], form["schema"]
    elif said is not None:
        name, schema = said[1], json.loads(said[2])
    blocks = [match[1] for role, text in texts if role == "user" and (match := _DATA.search(text))]
    data = json.loads(blocks[0]) if blocks else {}
    return Task(name=name, schema=schema, data=data, seed=int(body.get("seed") or 0), fenced=form is None)


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content)
    return content or ""


def instance(schema: Mapping[str, Any], seed: int = 0) -> Any:
    """A value that fits a schema; another seed gives another one."""
    return _instance(schema, schema.get("$defs", {}), seed, 0)


def _instance(schema: Mapping[str, Any], defs: Mapping[str, Any], seed: int, depth: int) -> Any:
    if "$ref" in schema:
        return _instance(defs[schema["$ref"].split("/")[-1]], defs, seed, depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][seed % len(schema["enum"])]
    if "anyOf" in schema:
        options = (
            [item for item in schema["anyOf"] if item.get("type") != "null"] if depth < 6 else schema["anyOf"][-1:]
        )
        return _instance(options[0], defs, seed, depth + 1)
    kind = schema.get("type")
    if kind == "object":
        return {
            name: _instance(item, defs, seed + place, depth + 1)
            for place, (name, item) in enumerate(schema.get("properties", {}).items())
        }
    if kind == "array":
        return [_instance(schema.get("items", {}), defs, seed, depth + 1)] if depth < 6 else []
    scalar = {"integer": seed % 7, "number": float(seed % 7), "boolean": bool(seed % 2), "null": None}
    return scalar.get(str(kind), f"words number {seed}")


def picture_b64(prompt: str, size: str, image_format: str) -> str:
    """A picture of one colour, which follows from the prompt, in base64."""
    return _picture(hashlib.sha256(prompt.encode()).digest()[0], size, image_format)


@lru_cache(maxsize=1024)
def _picture(shade: int, size: str, image_format: str) -> str:
    width, _, height = size.partition("x")
    colour = (shade, (shade * 7) % 256, (shade * 29) % 256)
    file = io.BytesIO()
    Image.new("RGB", (int(width), int(height)), colour).save(file, image_format, quality=80)
    return base64.b64encode(file.getvalue()).decode()
