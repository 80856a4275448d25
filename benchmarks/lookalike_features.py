"""Features and the classifier of the look-alike test: colours, edges, and a linear model. NumPy alone.

    model = Linear().fit(place_features(frames), places)
    model.predict(place_features(others))

Pictures come as arrays `(count, height, width, 3)` of bytes. What is measured with them is in lookalike.py.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[Any]

LINEAR = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.63]], np.float32)
OKLAB = np.array([[0.2105, 0.7936, -0.0041], [1.978, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]], np.float32)
"""From sRGB light to cone responses, and from their cube roots to lightness and two colour axes."""
WORDS = 24
"""Colours in the book of a style."""
BALANCE = 0.25
"""0 makes every row count the same, 1 every class."""
SHRINK = 1.0
"""How far the spread of one person's pictures is taken to be the same along every axis; tried from 0.005 to 3."""
OWN = 0.5
"""How much of that spread is a style's own, the rest all styles'."""
APART = 0.3
"""Axes along which people differ by less of one person's spread than this count for little."""
POSE = 0.7
"""What the edges of the whole figure count against the rest of what tells people apart."""
RIDGE = 1.0
"""Of the weights that tell the people of one movie apart."""


# ------------------------------------------------------------------------------------------------ features


def oklab(pictures: npt.NDArray[np.uint8]) -> Floats:
    """Lightness and two colour axes of every pixel."""
    light = (np.arange(256, dtype=np.float32) / 255 + 0.055) / 1.055
    table = np.where(np.arange(256) > 10, light**2.4, np.arange(256) / 255 / 12.92).astype(np.float32)
    return np.asarray(np.cbrt(table[pictures] @ LINEAR.T) @ OKLAB.T, np.float32)


def grid(lab: Floats, rows: int, columns: int) -> Floats:
    """Mean and spread of the colours in every cell of a grid."""
    count, height, width, _ = lab.shape
    cells = lab[:, : height // rows * rows, : width // columns * columns]
    cells = cells.reshape(count, rows, height // rows, columns, width // columns, 3)
    return np.concatenate([cells.mean((2, 4)).reshape(count, -1), cells.std((2, 4)).reshape(count, -1)], 1)


def edges(lab: Floats, rows: int, columns: int, directions: int = 8) -> Floats:
    """How much of the lightness runs in which direction, in every cell of a grid (a HOG without blocks)."""
    down, right = (np.gradient(lab[..., 0], axis=axis) for axis in (1, 2))
    strength = np.hypot(down, right)
    angle = np.arctan2(down, right) % np.pi / np.pi * directions
    low = np.floor(angle).astype(int) % directions
    share = angle - np.floor(angle)
    count, height, width = strength.shape
    high, wide = height // rows, width // columns
    made = np.zeros((count, rows, columns, directions), np.float32)
    for i in range(directions):
        part = strength * ((low == i) * (1 - share) + ((low + 1) % directions == i) * share)
        part = part[:, : rows * high, : columns * wide].reshape(count, rows, high, columns, wide)
        made[..., i] = part.sum((2, 4))
    made /= np.sqrt((made**2).sum(-1, keepdims=True).mean((1, 2), keepdims=True)) + 1e-4
    return np.sqrt(made).reshape(count, -1)


def place_features(frames: npt.NDArray[np.uint8]) -> Floats:
    """Of whole frames, 128x72."""
    lab = oklab(frames)
    return np.concatenate([grid(lab, 6, 8), edges(lab, 8, 8)], 1)


def light_features(frames: npt.NDArray[np.uint8]) -> Floats:
    """Of whole frames: how light and of what colour, above all in the upper third."""
    lab = oklab(frames)
    flat, sky = lab.reshape(len(lab), -1, 3), lab[:, : lab.shape[1] // 3].reshape(len(lab), -1, 3)
    levels = np.quantile(flat[..., 0], [0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98], axis=1).T
    above = np.quantile(sky[..., 0], [0.05, 0.5, 0.95], axis=1).T
    parts = [levels, above, flat.mean(1), flat.std(1), sky.mean(1), sky.std(1), grid(lab, 9, 8)]
    return np.concatenate(parts, 1).astype(np.float32)


def pose_features(figures: npt.NDArray[np.uint8], boxes_px: Floats) -> Floats:
    """Of people cut out by their boxes, 48x96, and the boxes' width and height."""
    lab = oklab(figures)
    shape = np.log(np.stack([boxes_px[:, 1] / boxes_px[:, 0], boxes_px[:, 1]], 1))
    return np.concatenate([edges(lab, 12, 6), edges(lab, 6, 3), shape.astype(np.float32)], 1)


def colour_book(figures: npt.NDArray[np.uint8]) -> Floats:
    """The colours that people have in a style: k-means over pixels, seeded."""
    rng = np.random.default_rng(0)
    pixels = oklab(figures).reshape(-1, 3)
    pixels = pixels[rng.choice(len(pixels), min(len(pixels), 20_000), replace=False)]
    book = pixels[rng.choice(len(pixels), WORDS, replace=False)]
    for _ in range(8):
        nearest = ((pixels[:, None] - book) ** 2).sum(-1).argmin(1)
        book = np.stack([pixels[nearest == i].mean(0) if (nearest == i).any() else book[i] for i in range(WORDS)])
    return np.asarray(book, np.float32)


def _colours(lab: Floats, book: Floats, bands: int) -> Floats:
    """How much of every colour of the book is in each horizontal band."""
    distance = (book**2).sum(-1) - 2 * lab @ book.T
    nearest = distance.argmin(-1)
    height = nearest.shape[1] // bands
    made = [
        (nearest[:, band * height : (band + 1) * height] == i).mean((1, 2))
        for band in range(bands)
        for i in range(WORDS)
    ]
    return np.sqrt(np.stack(made, 1)).astype(np.float32)


def person_features(figures: npt.NDArray[np.uint8], busts: npt.NDArray[np.uint8], book: Floats) -> Floats:
    """Of people, 48x96, and of their heads and shoulders, 48x56: colours from top to bottom along the middle,
    and the edges of hair, hats and collars."""
    body, bust = oklab(figures), oklab(busts)
    parts = [
        grid(body[:, :, 16:32], 12, 1),
        grid(bust[:, :, 12:36], 8, 2),
        _colours(body[:, :, 14:34], book, 4),
        _colours(bust[:, :, 10:38], book, 3),
        edges(bust, 7, 6),
    ]
    return np.concatenate(parts, 1)


# ------------------------------------------------------------------------------------------------ classifiers


class Linear:
    """Ridge regression on the classes; rare ones weigh a little more than their rows."""

    def __init__(self, ridge: float = 0.1) -> None:
        self.ridge = ridge

    def fit(self, features: Floats, labels: Labels) -> "Linear":
        """Learn from rows and their labels."""
        self.middle, self.spread = features.mean(0), features.std(0) + 1e-6
        self.classes, number = np.unique(labels, return_inverse=True)
        weight = (np.bincount(number) ** -BALANCE)[number]
        weight /= weight.mean()
        root = np.sqrt(weight)[:, None]
        wanted = np.eye(len(self.classes))[number]
        self.base = (wanted * weight[:, None]).sum(0) / weight.sum()
        rows = (features - self.middle) / self.spread * root
        square = rows.T @ rows + self.ridge * len(rows) * np.eye(rows.shape[1])
        self.weights = np.linalg.solve(square, rows.T @ ((wanted - self.base) * root))
        return self

    def predict(self, features: Floats) -> Labels:
        """The likeliest label of every row."""
        scores = (features - self.middle) / self.spread @ self.weights + self.base
        return np.asarray(self.classes[scores.argmax(1)])


class Waves:
    """A linear model over random cosines of the features: curved borders (Rahimi and Recht, 2007)."""

    def __init__(self, count: int = 2000, ridge: float = 0.03) -> None:
        self.count = count
        self.linear = Linear(ridge)

    def fit(self, features: Floats, labels: Labels) -> "Waves":
        """Learn from rows and their labels."""
        rng = np.random.default_rng(0)
        self.middle, self.spread = features.mean(0), features.std(0) + 1e-6
        self.axes = rng.normal(size=(features.shape[1], self.count)).astype(np.float32)
        self.phases = rng.uniform(0, 2 * np.pi, self.count).astype(np.float32)
        self.linear.fit(self._lifted(features), labels)
        return self

    def _lifted(self, features: Floats) -> Floats:
        rows = (features - self.middle) / self.spread / np.sqrt(features.shape[1])
        return np.concatenate([np.cos(rows @ self.axes + self.phases), rows], 1)

    def predict(self, features: Floats) -> Labels:
        """The likeliest label of every row."""
        return self.linear.predict(self._lifted(features))


def spread_of(features: Floats, people: Labels) -> tuple[Any, Any]:
    """How the pictures of one person differ from each other, and everybody's middle, counted from that of all."""
    names, number = np.unique(people, return_inverse=True)
    middles = np.zeros((len(names), features.shape[1]), np.float64)
    np.add.at(middles, number, features)
    middles /= np.bincount(number)[:, None]
    rest = features - middles[number]
    return rest.T @ rest / len(rest), middles - middles.mean(0)


def telling_axes(spread: Any, middles: Any) -> Floats:
    """Axes along which the pictures of one person differ equally, longer the more people differ along them.

    What tells people apart counts, poses do not (the model of probabilistic discriminant analysis).
    """
    lengths, axes = np.linalg.eigh(spread + np.eye(len(spread)) * np.trace(spread) / len(spread) * SHRINK)
    axes = axes / np.sqrt(lengths)
    apart, turned = np.linalg.eigh((middles @ axes).T @ (middles @ axes) / len(middles))
    apart = np.maximum(apart, 0)
    return np.asarray(axes @ (turned * np.sqrt(apart / (apart + APART))), np.float32)


def recognised(rows: Floats, examples: Floats, labels: Labels) -> Any:
    """Whose picture each row is: how much it looks like everybody there are examples of, and their names.

    Ridge regression on few rows of many features, so it is solved for the rows.
    """
    names, number = np.unique(labels, return_inverse=True)
    middle = examples.mean(0)
    inner = (examples - middle) @ (examples - middle).T
    size = np.trace(inner) / len(inner)
    rare = np.bincount(number)[number] ** 0.5
    weights = np.linalg.solve(inner / size + np.diag(RIDGE * rare / rare.mean()), np.eye(len(names))[number] * 2 - 1)
    return (rows - middle) @ (examples - middle).T / size @ weights, names
