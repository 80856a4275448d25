"""The finish after drawing: paper, grain, hatching, bloom. Integers in NumPy; tiles are made once a style and size.

    picture = finish(pixels, "noir")                # (height, width, 4) RGBX in, (height, width, 3) RGB out

Lengths are px at a width of 512 and grow with the picture. A finish reads nothing but its pixels, so the same pixels
give the same picture. It may bend edges by 3-5 px (ink, watercolour, woodcut, pastel): boxes are those before it.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from moviellm.generation.studio.colour import lab
from moviellm.generation.studio.raster import Pixels

Size = tuple[int, int]
"""Width, height."""
Tile = npt.NDArray[np.uint16]
Signed = npt.NDArray[np.int16]

PIXEL_PALETTE: Final = [
    "1d1b33",
    "2b2f55",
    "3b4d7a",
    "4f74a8",
    "6fa3c8",
    "a8d4d8",
    "f2f0e0",
    "f6dfae",
    "f2c9a0",
    "e8a878",
    "d08058",
    "a85a48",
    "743a42",
    "4a2838",
    "e0483e",
    "f07858",
    "ffd866",
    "f0a848",
    "c07838",
    "7a4a3a",
    "54343a",
    "2b4a5c",
    "356e6e",
    "4f9a78",
    "8cc07a",
    "c8d890",
    "6a4a80",
    "9a6aa0",
    "d890a8",
    "8a8aa0",
    "5c5c78",
    "c8c0c0",
]
BAYER: Final = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 0.47


def finish(pixels: Pixels, style_id: str) -> Pixels:
    """The finished picture of a style."""
    size = (pixels.shape[1], pixels.shape[0])
    return np.ascontiguousarray(FINISHES[style_id](pixels, size))


# ---------------------------------------------------------------- building blocks


def _noise(size: Size, cell: float, seed: int, octaves: int = 1) -> npt.NDArray[np.float32]:
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


def _grid(size: Size) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    return y, x


@lru_cache(maxsize=24)
def _paper(size: Size, seed: int, fibre: float, grain: float) -> Tile:
    """A multiplier of paper, 256 = unchanged."""
    fibres = _noise(size, 2.2, seed) * 0.5 + _noise(size, 7, seed + 1, 2) * 0.4 + _noise(size, 60, seed + 2) * 0.4
    fine = _noise(size, 1.4, seed + 3) * grain * 0.6
    return np.asarray(np.clip(250 + fibres * fibre + fine, 205, 256)[..., None], np.uint16)


@lru_cache(maxsize=12)
def _bend(size: Size, amplitude: float, cell: float, seed: int) -> npt.NDArray[np.int32]:
    """Where each pixel is taken from so that lines wobble."""
    width, height = size
    reach = amplitude * width / 512
    y, x = _grid(size)
    rows = np.clip(np.rint(y + _noise(size, cell, seed + 9, 2) * reach), 0, height - 1).astype(np.int32)
    columns = np.clip(np.rint(x + _noise(size, cell, seed, 2) * reach), 0, width - 1).astype(np.int32)
    return (rows * width + columns).ravel()


def _bent(pixels: Pixels, size: Size, amplitude: float, cell: float, seed: int) -> Pixels:
    taken = np.ascontiguousarray(pixels).view(np.uint32).ravel()[_bend(size, amplitude, cell, seed)]
    return np.asarray(taken.view(np.uint8).reshape(size[1], size[0], 4))


def _luminance(pixels: Pixels) -> Tile:
    total = pixels[..., 0] * np.uint16(77) + pixels[..., 1] * np.uint16(150) + pixels[..., 2] * np.uint16(29)
    return np.asarray(total >> 8, np.uint16)


def _times(pixels: npt.NDArray[np.integer[Any]], tile: Tile) -> Pixels:
    return np.asarray(((pixels * tile) >> 8), np.uint8)


@lru_cache(maxsize=8)
def _curve(slope: float, low: int, high: int) -> Pixels:
    """An S-curve as a table."""
    x = np.linspace(0, 1, 256)
    y = 1 / (1 + np.exp(-slope * (x - 0.47)))
    return np.asarray((low + (high - low) * (y - y[0]) / (y[-1] - y[0])), np.uint8)


def _blurred(values: Pixels, size: Size, step: int, radius: float) -> Pixels:
    """A soft copy by way of a smaller picture."""
    image = Image.fromarray(np.ascontiguousarray(values))
    small = image.reduce(step).filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius))
    return np.asarray(small.resize(size, Image.Resampling.BILINEAR))


def soften(pixels: Pixels, radius: float) -> Pixels:
    """A picture out of focus; `radius` in px at a width of 512."""
    size = (pixels.shape[1], pixels.shape[0])
    step = 4 if min(size) >= 144 else 2
    return _blurred(pixels, size, step, radius * size[0] / 512 / step)


# ---------------------------------------------------------------- styles


def _storybook(pixels: Pixels, size: Size) -> Pixels:
    return _times(pixels[..., :3], _paper(size, 2, 3.6, 6.5))


def _papercut(pixels: Pixels, size: Size) -> Pixels:
    return _times(pixels[..., :3], _paper(size, 20, 7.5, 4.0))


def _pastel(pixels: Pixels, size: Size) -> Pixels:
    return _times(_bent(pixels, size, 1.2, 50, 3)[..., :3], _paper(size, 14, 5.0, 8.0))


@lru_cache(maxsize=4)
def _hatching(size: Size) -> Signed:
    y, x = _grid(size)
    wobble = _noise(size, 60, 3) * 0.8
    pitch = 5.0 * max(1.0, size[0] / 512)
    first = np.abs(((x + y + wobble) / pitch) % 1 - 0.5) * 2
    second = np.abs(((x - y * 1.1 + wobble) / pitch) % 1 - 0.5) * 2
    return np.asarray(np.maximum(112 - 150 * first, 64 - 110 * second), np.int16)


@lru_cache(maxsize=1)
def _wash() -> Pixels:
    """Five soft steps: bare paper, two washes, dark, black."""
    steps = [0, 30, 60, 95, 120, 150, 175, 205, 225, 255], [8, 12, 52, 62, 128, 138, 196, 204, 246, 255]
    return np.asarray(np.interp(np.arange(256.0), *steps), np.uint8)


def _ink(pixels: Pixels, size: Size) -> Pixels:
    bent = _bent(pixels, size, 1.1, 46, 5)
    light = _luminance(bent).astype(np.int16)
    pen = np.clip((_hatching(size) - light) * 5, 0, 225).astype(np.uint16)[..., None]
    washed = _wash()[bent[..., :3]].astype(np.uint16)
    mixed = (washed * (256 - pen) + np.array([27, 26, 31], np.uint16) * pen) >> 8
    return _times(mixed, _paper(size, 2, 4.5, 3.0))


@lru_cache(maxsize=4)
def _granulation(size: Size) -> Signed:
    grain = _noise(size, 2.0, 3) * 9 + _noise(size, 64, 4, 2) * 22
    return np.asarray(np.clip(grain, -90, 90)[..., None], np.int16)


@lru_cache(maxsize=4)
def _ragged(size: Size) -> Tile:
    """The white border of a painted sheet, 0 outside and 256 inside."""
    y, x = _grid(size)
    scale = max(1.0, size[0] / 512)
    edge = np.minimum(np.minimum(x, size[0] - 1 - x), np.minimum(y, size[1] - 1 - y)) / scale
    return np.asarray(np.clip((edge + _noise(size, 46, 12, 4) * 2.0 - 5) * 70, 0, 256)[..., None], np.uint16)


def _watercolour(pixels: Pixels, size: Size) -> Pixels:
    bent = _bent(pixels, size, 1.5, 30, 5)
    light = _luminance(bent)
    soft = _blurred(light.astype(np.uint8), size, 2, 2).astype(np.int16)
    edge = np.clip(soft - light.astype(np.int16), -6, 22).astype(np.int16)[..., None]
    pigment = 255 - bent[..., :3].astype(np.int16)
    pigment = pigment + (pigment * _granulation(size) >> 8) + (edge * 11 >> 4) - 14
    washed = (255 - np.clip(pigment, 0, 255)).astype(np.uint16)
    inside = _ragged(size)
    sheet = (washed * inside + np.array([250, 246, 236], np.uint16) * (256 - inside)) >> 8
    return _times(sheet, _paper(size, 4, 2.0, 5.0))


@lru_cache(maxsize=4)
def _film_grain(size: Size) -> Signed:
    return np.asarray(np.clip(_noise(size, 1.2, 5) * 5, -60, 60)[..., None], np.int16)


def _noir(pixels: Pixels, size: Size) -> Pixels:
    toned = _curve(5.2, 6, 248)[pixels[..., :3]]
    return np.asarray(np.clip(toned + _film_grain(size), 0, 255), np.uint8)


@lru_cache(maxsize=1)
def _nearest_of_32() -> Pixels:
    """The palette colour of every RGB with 5 bits a channel, nearest in OKLab."""
    palette = np.array([lab("#" + colour) for colour in PIXEL_PALETTE])
    rgb = np.array([[int(colour[i : i + 2], 16) for i in (0, 2, 4)] for colour in PIXEL_PALETTE], np.uint8)
    level = (np.arange(32) + 0.5) * 8
    grid = np.stack(np.meshgrid(level, level, level, indexing="ij"), -1).reshape(-1, 3) / 255
    linear = np.where(grid <= 0.04045, grid / 12.92, ((grid + 0.055) / 1.055) ** 2.4)
    to_cones = [[0.41222, 0.21190, 0.08830], [0.53633, 0.68070, 0.28172], [0.05145, 0.10740, 0.62998]]
    to_lab = [[0.21045, 1.97800, 0.02590], [0.79362, -2.42859, 0.78277], [-0.00407, 0.45059, -0.80868]]
    colours = np.cbrt(linear @ np.array(to_cones)) @ np.array(to_lab)
    distance = ((colours[:, None] - palette[None]) ** 2 * np.array([1, 1.6, 1.6])).sum(-1)
    return np.asarray(rgb[distance.argmin(1)])


def _pixel(pixels: Pixels, size: Size) -> Pixels:
    width, height = size
    bayer = np.tile(BAYER, (height // 4 + 1, width // 4 + 1))[:height, :width, None]
    bits = np.clip(pixels[..., :3] + (bayer * 15).astype(np.int16), 0, 255).astype(np.uint16) >> 3
    return np.asarray(_nearest_of_32()[(bits[..., 0] << 10) | (bits[..., 1] << 5) | bits[..., 2]])


@lru_cache(maxsize=4)
def _carving(size: Size) -> Signed:
    y, x = _grid(size)
    scale = max(1.0, size[0] / 512)
    line = (y / scale + x / scale * 0.12 + _noise(size, 150, 8) * 3.4 + 3 * np.sin(x / 90 / scale)) / 4.6
    return np.asarray(np.asarray(104 + (np.abs(line % 1 - 0.5) * 4 - 1) * 62 + _noise(size, 3, 9) * 6), np.int16)


def _woodcut(pixels: Pixels, size: Size) -> Pixels:
    bent = _bent(pixels, size, 1.1, 40, 7)
    red = (bent[..., 0].astype(np.int16) - bent[..., 2] > 78) & (bent[..., 1] < 96)
    light = _luminance(bent).astype(np.int16) + red * np.int16(34)
    cut = np.clip((_carving(size) - light) * 5 + 128, 0, 255).astype(np.uint16)[..., None]
    papers = np.array([[206, 176, 128], [240, 226, 194], [172, 52, 32]], np.uint16)
    printed = papers[np.where(red, 2, light > 116)]
    return _times((printed * (256 - cut) + np.array([26, 20, 18], np.uint16) * cut) >> 8, _paper(size, 30, 5.0, 4.0))


def _neon(pixels: Pixels, size: Size) -> Pixels:
    bright = np.clip(pixels[..., :3].astype(np.int16) - 88, 0, 255).astype(np.uint8)
    out = np.clip(pixels[..., :3].astype(np.int16) + _blurred(bright, size, 4, 3), 0, 255).astype(np.uint8)
    out[1::3] = (out[1::3].astype(np.uint16) * 225 >> 8).astype(np.uint8)
    return np.asarray(out, np.uint8)


def _sepia(pixels: Pixels, size: Size) -> Pixels:
    toned = _curve(4.2, 6, 252)[pixels[..., :3]]
    mixed = (toned.astype(np.uint16) * 6 + _blurred(toned, size, 4, 1).astype(np.uint16) * 2) >> 3
    return _times(mixed, _paper(size, 40, 7.0, 9.0))


@lru_cache(maxsize=4)
def _drafting_grid(size: Size) -> Signed:
    scale = max(1, round(size[0] / 512))
    y, x = np.mgrid[0 : size[1], 0 : size[0]] // scale
    grid = np.where((x % 16 == 0) | (y % 16 == 0), 9, 0)
    grid = np.where((x % 64 == 0) | (y % 64 == 0), 20, grid)
    return np.asarray(np.asarray(grid + _noise(size, 40, 4, 3) * 4)[..., None], np.int16)


def _blueprint(pixels: Pixels, size: Size) -> Pixels:
    return np.asarray(np.clip(pixels[..., :3] + _drafting_grid(size), 0, 255), np.uint8)


@lru_cache(maxsize=4)
def _chalk_tiles(size: Size) -> tuple[Signed, Signed]:
    stick = _noise(size, 1.5, 6) * 0.75 + _noise(size, 5, 7) * 0.5
    dust = np.clip(_noise(size, 50, 11, 3) * 6, -14, 18)
    multiplier = np.clip(214 + stick * 36, 80, 256)[..., None].astype(np.int16) >> 1
    return np.asarray(multiplier, np.int16), np.asarray(dust[..., None], np.int16)


def _chalk(pixels: Pixels, size: Size) -> Pixels:
    stick, dust = _chalk_tiles(size)
    board = np.array([40, 48, 45], np.int16)
    return np.asarray(np.clip(board + (((pixels[..., :3] - board) >> 1) * stick >> 6) + dust, 0, 255), np.uint8)


FINISHES: Final[dict[str, Callable[[Pixels, Size], Pixels]]] = {
    "storybook": _storybook,
    "ink": _ink,
    "watercolour": _watercolour,
    "noir": _noir,
    "papercut": _papercut,
    "pixel": _pixel,
    "woodcut": _woodcut,
    "neon": _neon,
    "pastel": _pastel,
    "sepia": _sepia,
    "blueprint": _blueprint,
    "chalk": _chalk,
}
