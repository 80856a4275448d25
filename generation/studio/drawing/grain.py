"""What finishes are made of: noise, paper, vignette, bent lines, tone curves, blur. Integers in NumPy.

    tile = paper(size, seed=3, fibre=0.012, grain=0.01, vignette=0.5)
    pixels = multiplied(pixels, tile)

Lengths are px at a width of 512 and grow with the picture; tiles are made once a size and kept. Which style uses what
is in finish.py.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from moviellm.generation.studio.drawing.raster import Pixels, Tile, as_image, as_pixels

Size = tuple[int, int]
"""Width, height."""
Signed = npt.NDArray[np.int16]


def noise(size: Size, cell: float, seed: int, octaves: int = 1) -> npt.NDArray[np.float32]:
    """Smooth noise of mean 0 and standard deviation 1."""
    width, height = size
    scale = max(1.0, width / 512) if cell > 5 else 1.0
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        step = max(1.0, cell * scale / 2**octave)
        coarse = rng.random((int(height / step) + 3, int(width / step) + 3)).astype(np.float32)
        total += 0.5**octave * np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    total -= total.mean()
    return np.asarray(total / max(float(total.std()), 1e-6), np.float32)


def on_all_channels(tile: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    return np.repeat(tile[..., None], 4, 2)


def grid(size: Size) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    return y, x


@lru_cache(maxsize=24)
def corners(size: Size) -> npt.NDArray[np.float32]:
    """How far the corners are darkened, 0..1."""
    y, x = grid(size)
    away = np.hypot((x + 0.5) / size[0] - 0.5, (y + 0.5) / size[1] - 0.46) / 0.72
    return np.asarray(np.clip((away - 0.55) / 0.45, 0, 1), np.float32)


@lru_cache(maxsize=8)
def vignette(size: Size, strength: float) -> Tile:
    """Darker corners as a multiplier, 256 = unchanged."""
    return on_all_channels(256 * (1 - strength * corners(size))).astype(np.uint16)


@lru_cache(maxsize=24)
def paper(size: Size, seed: int, fibre: float, grain: float, vignette: float) -> Tile:
    """A multiplier of paper with darker corners for four channels, 256 = unchanged."""
    fibres = noise(size, 2.2, seed) * 0.5 + noise(size, 7, seed + 1, 2) * 0.4 + noise(size, 60, seed + 2) * 0.4
    fine = noise(size, 1.4, seed + 3) * grain * 0.6
    paper = np.clip(250 + fibres * fibre + fine, 205, 256) * (1 - vignette * corners(size))
    return on_all_channels(paper).astype(np.uint16)


@lru_cache(maxsize=12)
def bend(size: Size, amplitude: float, cell: float, seed: int) -> npt.NDArray[np.intp]:
    """Where each pixel is taken from so that lines wobble."""
    width, height = size
    reach = amplitude * width / 512
    y, x = grid(size)
    rows = np.clip(np.rint(y + noise(size, cell, seed + 9, 2) * reach), 0, height - 1).astype(np.int32)
    columns = np.clip(np.rint(x + noise(size, cell, seed, 2) * reach), 0, width - 1).astype(np.int32)
    return (rows.astype(np.intp) * width + columns).ravel()


def wobbled(pixels: Pixels, size: Size, amplitude: float, cell: float, seed: int) -> Pixels:
    words = np.ascontiguousarray(pixels).view(np.uint32).ravel()
    taken = np.take(words, bend(size, amplitude, cell, seed), mode="clip")  # clip is the fast one; none is outside
    return as_bytes(taken, size)


def as_bytes(words: npt.NDArray[np.uint32], size: Size) -> Pixels:
    return np.asarray(np.ascontiguousarray(words).view(np.uint8).reshape(size[1], size[0], 4))


def luminance(pixels: Pixels) -> Pixels:
    return as_pixels(as_image(pixels).convert("L"))


def multiplied(pixels: Pixels, tile: Tile) -> Pixels:
    product = pixels * tile
    product >>= 8
    return product.astype(np.uint8)


def with_tones(pixels: Pixels, table: Pixels) -> Pixels:
    return as_pixels(as_image(pixels).point(table.tolist() * 4))


def covering(
    paper: Tile, colour: tuple[int, int, int], share: Pixels, dust: npt.NDArray[np.floating[Any]] | None = None
) -> tuple[Tile, Signed]:
    """Factor and summand of a colour that covers `share` (0..255) of paper, and of what is added at the end."""
    part = on_all_channels(share / 255.0)
    added = np.array([*colour, 255]) * part * paper / 256
    if dust is not None:
        added = added + dust[..., None]
    return (paper * (1 - part)).astype(np.uint16), added.astype(np.int16)


def covered(pixels: Pixels, factor: Tile, add: Signed) -> Pixels:
    product = pixels * factor
    product >>= 8
    signed = product.view(np.int16)
    signed += add
    return np.clip(signed, 0, 255, out=signed).astype(np.uint8)


def spread(values: Pixels | Tile) -> npt.NDArray[Any]:
    """One channel on all four, by a multiplication of words."""
    if values.dtype == np.uint8:
        words: npt.NDArray[Any] = values.astype(np.uint32) * np.uint32(0x01010101)
    else:
        words = values.astype(np.uint64) * np.uint64(0x0001000100010001)
    return words.view(values.dtype).reshape(*values.shape, 4)


@lru_cache(maxsize=8)
def tone_curve(slope: float, low: int, high: int) -> Pixels:
    """An S-curve as a table."""
    x = np.linspace(0, 1, 256)
    y = 1 / (1 + np.exp(-slope * (x - 0.47)))
    return np.asarray((low + (high - low) * (y - y[0]) / (y[-1] - y[0])), np.uint8)


def blurred(image: Image.Image, size: Size, step: int, radius: float) -> Pixels:
    """A soft copy by way of a smaller picture; it changes so slowly that pairs of pixels may be alike."""
    if step > 1:
        image = image.reduce(step * max(1, round(size[0] / 512)))
    small = image.filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius))
    half = small.resize((-(-size[0] // 2), -(-size[1] // 2)), Image.Resampling.BILINEAR)
    return as_pixels(half.resize(size, Image.Resampling.NEAREST))


# ---------------------------------------------------------------- styles
