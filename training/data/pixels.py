"""Frames of units become tensors: decoded one by one, or taken from a cache of features.

    reader = FrameReader(processor.image_processor, skip=10)
    unit = reader.readable(unit)                    # without the frames that do not decode
    reader.tensors(unit, encoder)                   # {"pixel_values": (F, 3, h, w)}
    reader.skipped                                  # {"m00003": 2}

A frame that does not decode is left out together with its time and counted; one more than `skip` is an error that
names it. It computes no features.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from moviellm.training.data.encoding import Encoder
from moviellm.training.data.units import Unit
from moviellm.training.model.frames import as_picture


class FrameReader:
    """Reads frames, and counts those that it cannot."""

    def __init__(self, frames: Any, skip: int = 0, features: Any = None, additive: bool = False) -> None:
        self._prepare, self._skip, self._features, self._additive = frames.prepare, skip, features, additive
        self.size_px = int(frames.size_px)
        self.skipped: dict[str, int] = {}

    def kind(self, unit: Unit) -> str:
        """What its frames come as."""
        if unit.frames == 0:
            return "text"
        return "features" if self._features is not None and unit.film is not None else "pixels"

    def readable(self, unit: Unit) -> Unit:
        """The unit with its frames in memory, those that do not decode left out.

        Raises:
            ValueError: more frames than are allowed cannot be decoded, or none of the unit's can.
        """
        if self.kind(unit) != "pixels":
            return unit
        frames: Sequence[Any] = unit.pictures if unit.film is None else unit.film.frames
        good, bad = [], []
        for number, frame in enumerate(frames):
            try:
                good.append((number, self._prepare([as_picture(frame, f"Frame {number} of {unit.name}")])))
            except ValueError as error:
                bad.append(str(error).rstrip("."))
        if bad:
            self._count(unit, bad, left=len(good))
        tensors = [tensor for _, tensor in good]
        if unit.film is None:
            return replace(unit, pictures=tensors)
        times = tuple(unit.film.times_s[number] for number, _ in good)
        return replace(unit, film=replace(unit.film, frames=tensors, times_s=times))

    def _count(self, unit: Unit, bad: Sequence[str], left: int) -> None:
        self.skipped[unit.name] = len(bad)
        total = sum(self.skipped.values())
        if total > self._skip or unit.film is None or not left:
            allowed = f"{total} frames so far do not decode, and `skip_frames` allows {self._skip}"
            raise ValueError(
                f"{bad[-1]}; {allowed if left and unit.film is not None else 'nothing is left of it'}. Mend the data, "
                "or raise `skip_frames`"
            )

    def tensors(self, unit: Unit, encoder: Encoder) -> dict[str, torch.Tensor]:
        """What a batch holds of a readable unit, one entry a frame."""
        found: dict[str, torch.Tensor] = {}
        if self.kind(unit) == "features":
            found["frame_features"] = torch.from_numpy(np.asarray(self._features.of(unit.film)))
        elif unit.frames:
            found["pixel_values"] = torch.cat(list(unit.pictures if unit.film is None else unit.film.frames))
        if found and self._additive:
            found["frame_time_ids"] = torch.tensor(encoder.time_ids(unit))
        return found
