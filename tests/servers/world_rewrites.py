"""Rewritten captions and lines of a model, and what it reads in sentences."""

from collections.abc import Mapping
from typing import Any


def retelling(data: Mapping[str, Any], changed: float) -> Any:
    return None


def reading(data: Mapping[str, Any]) -> Any:
    return None
