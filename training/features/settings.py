"""What features depend on: the tower, what of it is kept, how frames are prepared, which frames are taken.

    settings.key                                # hash of all of it; features of another key are other features
    settings.differences(wanted)                # ["level is `cls`, wanted is `full`", ...]

Towers are told apart by their weights, not by their names: the same tower is one tower in any folder, and in float32
as in bfloat16. It knows no torch: see towers.py.
"""

import hashlib
from typing import Any, Literal

from pydantic import ConfigDict

from moviellm.generation.schema import Record, Text, canonical_json

Level = Literal["cls", "pool", "full"]
LEVELS: tuple[Level, ...] = ("cls", "pool", "full")
VERSION = 1
"""Bumped when the same pictures would give other features."""


class FrameSettings(Record):
    """How a picture becomes what the tower sees: those of MovieLLMVideoProcessor."""

    size_px: int
    fit: Text
    image_mean: tuple[float, ...]
    image_std: tuple[float, ...]


class FeatureSettings(Record):
    """All that decides which features a film has."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    tower: Text
    """Where the tower came from; for people."""
    tower_revision: Text
    """Its commit on the Hub; empty for a folder."""
    weights: Text
    """Hash of the tower's weights, rounded to bfloat16."""
    level: Level
    """`cls`: one feature a frame. `pool`: means over a grid of patches. `full`: a hidden state, whole."""
    pool_side: int | None
    """Side of the grid of `pool`; None for the others."""
    cls_from: Text | None
    """What `cls` takes of the tower: `pooled`, `hidden` or `projected`; None for the others."""
    vision_layer: int | None
    """Hidden state that features are of; None where they are the tower's last output."""
    feature_size: int
    """Width of a feature."""
    features_per_frame: int
    """Features of a frame."""
    frames: FrameSettings
    policy: dict[str, Any]
    """Which frames of a film are taken, as it was asked for."""
    policy_key: Text
    """Hash of that."""
    computed_in: Text
    """Number format in which the tower ran; for people."""
    dtype: Literal["float16"] = "float16"
    """Number format in which features are kept."""
    version: int = VERSION

    @property
    def key(self) -> str:
        """Hash of what decides; names and number formats for people are not in it."""
        return hashlib.sha256(canonical_json(self._deciding()).encode()).hexdigest()

    @property
    def bytes_per_frame(self) -> int:
        """Bytes that a frame takes."""
        return 2 * self.features_per_frame * self.feature_size

    def differences(self, wanted: "FeatureSettings", where: str = "wanted is") -> list[str]:
        """In what they differ, in words; empty where they are the same."""
        here, there = self._deciding(), wanted._deciding()
        return [
            f"{name} is {_said(here[name])}, {where} {_said(there[name])}"
            for name in here
            if here[name] != there[name]
        ]

    def _deciding(self) -> dict[str, Any]:
        known = self.model_dump(mode="json", exclude={"tower", "tower_revision", "computed_in", "policy"})
        return {name: [*value] if isinstance(value, tuple) else value for name, value in known.items()}


def _said(value: Any) -> str:
    if isinstance(value, str) and len(value) > 24:
        return f"`{value[:12]}...`"
    return f"`{value}`"
