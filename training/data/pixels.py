"""Frames of units are read, those that do not decode are left out and counted; or features come from a cache.

    reader = FrameReader(skip=10, features=cache)
    unit = reader.readable(unit, keep=prepare)      # frames in memory as `prepare` makes them
    reader.skipped                                  # {"m00003": 2}
    reader.features_of(unit)                        # (F, P, D) from the cache, the moments of a clip taken out of it

A frame that does not decode is left out together with its time and counted; one more than `skip` is an error that
names it. It computes no features.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from moviellm.training.data.units import Unit
from moviellm.training.model.frames import as_picture


class FrameReader:
    """Reads frames, and counts those that it cannot."""

    def __init__(self, skip: int = 0, features: Any = None) -> None:
        """`features`: a `FeatureCache` that movies are taken from in place of their pictures."""
        self._skip, self._features = skip, features
        self.skipped: dict[str, int] = {}

    def kind(self, unit: Unit) -> str:
        """What its frames come as: `features`, `pixels` or, where it has none, `text`."""
        if unit.frames == 0:
            return "text"
        return "features" if self._features is not None and unit.movie_id else "pixels"

    def readable(self, unit: Unit, keep: Callable[[Any], Any] = lambda picture: picture) -> Unit:
        """The unit with its frames in memory, those that do not decode left out; `keep` makes of a picture what stays.

        Raises:
            ValueError: more frames than are allowed cannot be decoded, or none of the unit's can.
        """
        if self.kind(unit) != "pixels":
            return unit
        frames: Sequence[Any] = unit.pictures if unit.film is None else unit.film.frames
        good, bad = [], []
        for number in range(len(frames)):
            name = f"Frame {number} of {unit.name}"
            try:
                good.append((number, keep(as_picture(frames[number], name))))
            except ValueError as error:
                said = str(error).rstrip(".")
                bad.append(said if unit.name in said else f"{name}: {said}")
        if bad:
            self._count(unit, bad, left=len(good))
        kept = [picture for _, picture in good]
        if unit.film is None:
            return replace(unit, pictures=kept)
        times = tuple(unit.film.times_s[number] for number, _ in good)
        return replace(unit, film=replace(unit.film, frames=kept, times_s=times))

    def _count(self, unit: Unit, bad: Sequence[str], left: int) -> None:
        self.skipped[unit.name] = max(len(bad), self.skipped.get(unit.name, 0))
        total = sum(self.skipped.values())
        if unit.film is None or not left:
            raise ValueError(f"{bad[0]}; nothing would be left of this sample: mend the data, or leave it out")
        if total > self._skip:
            raise ValueError(
                f"{bad[-1]}; {total} frames so far do not decode, and `skip_frames` allows {self._skip}: mend the "
                "data, or raise it"
            )

    def note(self, found: Mapping[str, int]) -> None:
        """Count what others left out, by unit, as if it had been done here."""
        self.skipped.update(found)
        total = sum(self.skipped.values())
        if total > self._skip and found:
            raise ValueError(
                f"{total} frames so far do not decode, the last of {', '.join(found)}, and `skip_frames` allows "
                f"{self._skip}: mend the data, or raise it"
            )

    def features_of(self, unit: Unit) -> torch.Tensor:
        """Cached features of a unit's frames.

        Raises:
            ValueError: the cache has not these frames, or those of other pictures.
        """
        kept = {one.movie_id: self._kept(one.movie_id, one.content_key) for one in unit.origins}
        missing = [one for one in unit.origins if round(one.moment_s, 6) not in kept[one.movie_id][0]]
        if missing:
            raise ValueError(
                f"{self._features.place} has no features of {unit.name} at {missing[0].moment_s:g} s "
                f"({len(missing)} of {unit.frames} frames are missing): make it of all frames, or of as many as the "
                "recipe shows (moviellm train features --frames N)"
            )
        rows = []
        for one in unit.origins:
            places, features = kept[one.movie_id]
            rows.append(features[places[round(one.moment_s, 6)]])
        return torch.from_numpy(np.stack(rows))

    def _kept(self, movie_id: str, content_key: str | None) -> tuple[dict[float, int], np.ndarray]:
        """Where each moment of a movie lies in the cache, and its features."""
        film = self._features.film(movie_id)
        if content_key is not None and film.content_key != content_key:
            raise ValueError(
                f"{self._features.place} has features of other pictures of {movie_id}: make it again for this "
                "revision of the dataset (moviellm train features)"
            )
        places = {round(float(time_s), 6): place for place, time_s in enumerate(film.times_s)}
        return places, np.asarray(film.features)
