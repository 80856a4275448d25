"""Who judges painted frames: measures of style and of place, learned from real pictures and blind to the painter.

    judges = Judges(real, held_out)
    judges.style_similarity(images, "neon")      # one number a frame: 1 is the mean of held-out neon pictures
    judges.named_style(images), judges.named_place(images)

Style: colours, texture, grain and border (features of styles.py), whitened by what varies within styles; the cosine to
the mean of held-out real pictures of the style, and which style's mean is nearest. Place: a ridge classifier on light
and edges, each picture brought to the same mean and contrast, so that it reads shapes and not the style. Neither has
seen a painted frame, and the painter has seen neither.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from styles import features
from tiny_painter import PLACES, WORDS, Picture

SHRINK = 0.3
RIDGE = 300.0
Numbers = npt.NDArray[np.float64]
STYLES = tuple(WORDS)


def shapes(image: Image.Image) -> Numbers:
    """Light and edges of a picture at a coarse grid, without its tone and contrast."""
    light = np.asarray(image.convert("L"), np.float64)
    light = (light - light.mean()) / (light.std() + 1e-6)
    rise, run = np.abs(np.diff(light, axis=0))[:, :-1], np.abs(np.diff(light, axis=1))[:-1]
    edges = [np.pad(plane, ((0, 1), (0, 1))).reshape(8, 8, 8, 8).mean((1, 3)) for plane in (rise, run)]
    return np.concatenate([light.reshape(16, 4, 16, 4).mean((1, 3)).ravel(), *(plane.ravel() for plane in edges)])


class Judges:
    """Learned from `real`, with the means of styles from `held_out`."""

    def __init__(self, real: Sequence[Picture], held_out: Sequence[Picture]) -> None:
        described = np.array([features(picture.image) for picture in real])
        of = np.array([STYLES.index(picture.style) for picture in real])
        within = described - np.array([described[of == style].mean(0) for style in range(len(STYLES))])[of]
        covariance = np.cov(within.T)
        covariance = (1 - SHRINK) * covariance + SHRINK * np.diag(np.diag(covariance)) + 1e-4 * np.eye(len(covariance))
        self._whiten: Any = np.linalg.inv(np.linalg.cholesky(covariance)).T
        self._middle = np.array([described[of == style].mean(0) for style in range(len(STYLES))]).mean(0)
        held = self._scaled([picture.image for picture in held_out])
        held_of = np.array([STYLES.index(picture.style) for picture in held_out])
        self._means = np.array([held[held_of == style].mean(0) for style in range(len(STYLES))])
        self._place = self._learn_places(real)
        self.style_right = float((self.named_style([p.image for p in held_out]) == held_of).mean())
        """How often the style of a held-out real picture is named right."""
        places = np.array([PLACES.index(picture.place) for picture in held_out])
        self.place_right = float((self.named_place([p.image for p in held_out]) == places).mean())
        """The same for its place."""
        self.real_similarity = [float(_cosine(held[held_of == k], self._means[k]).mean()) for k in range(len(STYLES))]
        """Similarity of held-out real pictures of each style to their own mean: what is reached at best."""

    def style_similarity(self, images: Sequence[Image.Image], style: str) -> Numbers:
        """Cosine of each frame to the held-out mean of the style."""
        return _cosine(self._scaled(images), self._means[STYLES.index(style)])

    def named_style(self, images: Sequence[Image.Image]) -> npt.NDArray[np.int64]:
        """Index of the nearest style of each frame, by cosine."""
        scaled = self._scaled(images)
        return np.stack([_cosine(scaled, mean) for mean in self._means], 1).argmax(1)

    def alike(self, images: Sequence[Image.Image]) -> float:
        """Mean cosine of two frames of the set: how locked its style is, whichever it is."""
        scaled = self._scaled(images)
        unit = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
        pairs = unit @ unit.T
        return float(pairs[~np.eye(len(pairs), dtype=bool)].mean())

    def named_place(self, images: Sequence[Image.Image]) -> npt.NDArray[np.int64]:
        """Index of the likeliest place of each frame."""
        weights, mean, spread = self._place
        rows = (np.array([shapes(image) for image in images]) - mean) / spread
        return (np.c_[rows, np.ones(len(rows))] @ weights).argmax(1)

    def _scaled(self, images: Sequence[Image.Image]) -> Numbers:
        return (np.array([features(image) for image in images]) - self._middle) @ self._whiten

    @staticmethod
    def _learn_places(real: Sequence[Picture]) -> tuple[Any, Any, Any]:
        images = [picture.image for picture in real]
        mirrored = [image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for image in images]
        rows = np.array([shapes(image) for image in (*images, *mirrored)])
        mean, spread = rows.mean(0), rows.std(0) + 1e-6
        rows = np.c_[(rows - mean) / spread, np.ones(len(rows))]
        places = [PLACES.index(picture.place) for picture in (*real, *real)]
        counts = np.bincount(places, minlength=len(PLACES))
        weight = 1.0 / counts[places]  # every place counts the same, however often it occurs
        weight /= weight.mean()
        wanted = np.eye(len(PLACES))[places]
        left = rows.T @ (rows * weight[:, None]) + RIDGE * np.eye(rows.shape[1])
        return np.linalg.solve(left, rows.T @ (wanted * weight[:, None])), mean, spread


def _cosine(rows: Numbers, mean: Numbers) -> Numbers:
    return np.asarray(rows @ mean / (np.linalg.norm(rows, axis=1) * np.linalg.norm(mean)))


def interval(values: Numbers, seed: int = 0, draws: int = 4000) -> tuple[float, float, float]:
    """Mean and its 95 % interval, by bootstrap over the prompts."""
    r = np.random.default_rng(seed)
    means = values[r.integers(0, len(values), (draws, len(values)))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(values.mean()), float(low), float(high)
