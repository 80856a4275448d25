"""The finish after drawing: paper, grain, hatching, bloom. Integers in NumPy; tiles are made once a style and size.

    picture = finish(pixels, "noir")                # (height, width, 4) RGBX in, a PIL picture out

Lengths are px at a width of 512 and grow with the picture. A finish reads nothing but its pixels, so the same pixels
give the same picture. It may bend edges by 3-5 px (ink, watercolour, woodcut, pastel): boxes are
those before it. All four channels are worked on: contiguous memory is several times faster than three of four.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageFilter

from moviellm.generation.studio.drawing.colour import lab
from moviellm.generation.studio.drawing.raster import Pixels

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


def finish(pixels: Pixels, style_id: str) -> Image.Image:
    """The finished RGB picture of a style."""
    return FINISHES[style_id](pixels, (pixels.shape[1], pixels.shape[0])).convert("RGB")


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


def _on_all_channels(tile: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    return np.repeat(tile[..., None], 4, 2)


def _grid(size: Size) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    return y, x


@lru_cache(maxsize=24)
def _paper(size: Size, seed: int, fibre: float, grain: float) -> Tile:
    """A multiplier of paper for four channels, 256 = unchanged."""
    fibres = _noise(size, 2.2, seed) * 0.5 + _noise(size, 7, seed + 1, 2) * 0.4 + _noise(size, 60, seed + 2) * 0.4
    fine = _noise(size, 1.4, seed + 3) * grain * 0.6
    return _on_all_channels(np.clip(250 + fibres * fibre + fine, 205, 256)).astype(np.uint16)


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
    return _bytes(taken, size)


def _bytes(words: npt.NDArray[np.uint32], size: Size) -> Pixels:
    return np.asarray(np.ascontiguousarray(words).view(np.uint8).reshape(size[1], size[0], 4))


def _luminance(pixels: Pixels) -> Pixels:
    return np.asarray(as_image(pixels).convert("L"))


def as_image(pixels: Pixels) -> Image.Image:
    """RGBX pixels as a PIL image, without a copy."""
    return Image.frombuffer("RGBX", (pixels.shape[1], pixels.shape[0]), pixels, "raw", "RGBX", 0, 1)


def _times(pixels: Pixels, tile: Tile) -> Image.Image:
    product = pixels * tile
    product >>= 8
    return as_image(product.astype(np.uint8))


def _toned(pixels: Pixels, table: Pixels) -> Image.Image:
    return as_image(pixels).point(table.tolist() * 4)


def _covered(picture: Image.Image, colour: tuple[int, int, int], share: Pixels) -> Pixels:
    """The picture with a colour over it, as far as `share` (0..255) says."""
    picture.paste((*colour, 255), None, Image.fromarray(share))
    return np.asarray(picture)


def _added(picture: Image.Image, tile: Pixels) -> Image.Image:
    """The picture plus a tile in which 128 changes nothing."""
    return ImageChops.add(picture, as_image(tile), 1, -128)


@lru_cache(maxsize=8)
def _curve(slope: float, low: int, high: int) -> Pixels:
    """An S-curve as a table."""
    x = np.linspace(0, 1, 256)
    y = 1 / (1 + np.exp(-slope * (x - 0.47)))
    return np.asarray((low + (high - low) * (y - y[0]) / (y[-1] - y[0])), np.uint8)


def _blurred(values: Pixels, size: Size, step: int, radius: float) -> Pixels:
    """A soft copy by way of a smaller picture."""
    image = as_image(values) if values.ndim == 3 else Image.fromarray(values)
    small = image.reduce(step).filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius))
    return np.asarray(small.resize(size, Image.Resampling.BILINEAR))


def soften(pixels: Pixels, radius: float) -> Pixels:
    """A picture out of focus; `radius` in px at a width of 512."""
    size = (pixels.shape[1], pixels.shape[0])
    step = 4 if min(size) >= 144 else 2
    return _blurred(pixels, size, step, radius * size[0] / 512 / step)


# ---------------------------------------------------------------- styles


def _storybook(pixels: Pixels, size: Size) -> Image.Image:
    return _times(pixels, _paper(size, 2, 3.6, 6.5))


def _papercut(pixels: Pixels, size: Size) -> Image.Image:
    return _times(pixels, _paper(size, 20, 7.5, 4.0))


def _pastel(pixels: Pixels, size: Size) -> Image.Image:
    return _times(_bent(pixels, size, 1.2, 50, 3), _paper(size, 14, 5.0, 8.0))


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


def _ink(pixels: Pixels, size: Size) -> Image.Image:
    bent = _bent(pixels, size, 1.1, 46, 5)
    pen = np.clip((_hatching(size) - _luminance(bent)) * 5, 0, 225).astype(np.uint8)
    return _times(_covered(_toned(bent, _wash()), (27, 26, 31), pen), _paper(size, 2, 4.5, 3.0))


@lru_cache(maxsize=4)
def _granulation(size: Size) -> Signed:
    grain = _noise(size, 2.0, 3) * 9 + _noise(size, 64, 4, 2) * 22
    return _on_all_channels(np.clip(grain, -90, 90)).astype(np.int16)


@lru_cache(maxsize=4)
def _border(size: Size) -> Pixels:
    """The bare ragged edge of a painted sheet, 255 where there is no paint."""
    y, x = _grid(size)
    scale = max(1.0, size[0] / 512)
    edge = np.minimum(np.minimum(x, size[0] - 1 - x), np.minimum(y, size[1] - 1 - y)) / scale
    return np.asarray(255 - np.clip((edge + _noise(size, 46, 12, 4) * 2.0 - 5) * 70, 0, 255), np.uint8)


def _watercolour(pixels: Pixels, size: Size) -> Image.Image:
    bent = _bent(pixels, size, 1.5, 30, 5)
    light = _luminance(bent)
    pooled = np.clip(_blurred(light, size, 2, 2).astype(np.int16) - light, -6, 22) * np.int16(11) >> 4
    pigment = 255 - bent.astype(np.int16)
    pigment += pigment * _granulation(size) >> 8
    pigment += (pooled - np.int16(14))[..., None]
    washed = (255 - np.clip(pigment, 0, 255)).astype(np.uint8)
    return _times(_covered(as_image(washed), (250, 246, 236), _border(size)), _paper(size, 4, 2.0, 5.0))


@lru_cache(maxsize=4)
def _film_grain(size: Size) -> Pixels:
    return _on_all_channels(np.clip(128 + _noise(size, 1.2, 5) * 5, 68, 188)).astype(np.uint8)


def _noir(pixels: Pixels, size: Size) -> Image.Image:
    return _added(_toned(pixels, _curve(5.2, 6, 248)), _film_grain(size))


@lru_cache(maxsize=1)
def _nearest_of_32() -> npt.NDArray[np.uint32]:
    """The palette colour of every RGB with 5 bits a channel, nearest in OKLab, as RGBX words."""
    palette = np.array([lab("#" + colour) for colour in PIXEL_PALETTE])
    words = [[*(int(colour[i : i + 2], 16) for i in (0, 2, 4)), 255] for colour in PIXEL_PALETTE]
    level = (np.arange(32) + 0.5) * 8
    grid = np.stack(np.meshgrid(level, level, level, indexing="ij"), -1).reshape(-1, 3) / 255
    linear = np.where(grid <= 0.04045, grid / 12.92, ((grid + 0.055) / 1.055) ** 2.4)
    to_cones = [[0.41222, 0.21190, 0.08830], [0.53633, 0.68070, 0.28172], [0.05145, 0.10740, 0.62998]]
    to_lab = [[0.21045, 1.97800, 0.02590], [0.79362, -2.42859, 0.78277], [-0.00407, 0.45059, -0.80868]]
    colours = np.cbrt(linear @ np.array(to_cones)) @ np.array(to_lab)
    distance = ((colours[:, None] - palette[None]) ** 2 * np.array([1, 1.6, 1.6])).sum(-1)
    return np.asarray(np.array(words, np.uint8).view(np.uint32)[:, 0][distance.argmin(1)], np.uint32)


@lru_cache(maxsize=4)
def _dither(size: Size) -> Pixels:
    tiled = np.tile(BAYER, (size[1] // 4 + 1, size[0] // 4 + 1))[: size[1], : size[0]]
    return _on_all_channels(128 + tiled * 15).astype(np.uint8)


def _pixel(pixels: Pixels, size: Size) -> Image.Image:
    bits = np.asarray(_added(as_image(pixels), _dither(size))).astype(np.uint16) >> 3
    words = _nearest_of_32()[(bits[..., 0] << 10) | (bits[..., 1] << 5) | bits[..., 2]]
    return as_image(_bytes(words, size))


@lru_cache(maxsize=4)
def _carving(size: Size) -> Signed:
    y, x = _grid(size)
    scale = max(1.0, size[0] / 512)
    line = (y / scale + x / scale * 0.12 + _noise(size, 150, 8) * 3.4 + 3 * np.sin(x / 90 / scale)) / 4.6
    return np.asarray(104 + (np.abs(line % 1 - 0.5) * 4 - 1) * 62 + _noise(size, 3, 9) * 6, np.int16)


def _woodcut(pixels: Pixels, size: Size) -> Image.Image:
    bent = _bent(pixels, size, 1.1, 40, 7)
    red = (bent[..., 0].astype(np.int16) - bent[..., 2] > 78) & (bent[..., 1] < 96)
    light = _luminance(bent) + red * np.int16(34)
    cut = np.clip((_carving(size) - light) * 5 + 128, 0, 255).astype(np.uint8)
    papers = np.array([[206, 176, 128, 255], [240, 226, 194, 255], [172, 52, 32, 255]], np.uint8).view(np.uint32)
    printed = papers[:, 0][np.where(red, 2, (light > 116).astype(np.intp))]
    return _times(_covered(as_image(_bytes(printed, size)), (26, 20, 18), cut), _paper(size, 30, 5.0, 4.0))


def _neon(pixels: Pixels, size: Size) -> Image.Image:
    bright = _toned(pixels, np.clip(np.arange(256) - 88, 0, 255).astype(np.uint8))
    bloom = as_image(_blurred(np.asarray(bright), size, 4, 3))
    out = np.array(ImageChops.add(as_image(pixels), bloom))
    out[1::3] = out[1::3] * np.uint16(225) >> 8
    return as_image(out)


def _sepia(pixels: Pixels, size: Size) -> Image.Image:
    toned = _toned(pixels, _curve(4.2, 6, 252))
    soft = as_image(_blurred(np.asarray(toned), size, 4, 1))
    return _times(np.asarray(Image.blend(toned, soft, 0.25)), _paper(size, 40, 7.0, 9.0))


@lru_cache(maxsize=4)
def _drafting_grid(size: Size) -> Pixels:
    scale = max(1, round(size[0] / 512))
    y, x = np.mgrid[0 : size[1], 0 : size[0]] // scale
    grid = np.where((x % 16 == 0) | (y % 16 == 0), 9, 0)
    grid = np.where((x % 64 == 0) | (y % 64 == 0), 20, grid)
    return _on_all_channels(128 + grid + _noise(size, 40, 4, 3) * 4).astype(np.uint8)


def _blueprint(pixels: Pixels, size: Size) -> Image.Image:
    return _added(as_image(pixels), _drafting_grid(size))


@lru_cache(maxsize=4)
def _chalk_tiles(size: Size) -> tuple[Pixels, Pixels]:
    """Where the stick leaves the board bare (255), and the dust on it."""
    stick = _noise(size, 1.5, 6) * 0.75 + _noise(size, 5, 7) * 0.5
    bare = np.clip(42 - stick * 36, 0, 176)
    dust = 128 + np.clip(_noise(size, 50, 11, 3) * 6, -14, 18)
    return np.asarray(bare, np.uint8), _on_all_channels(dust).astype(np.uint8)


def _chalk(pixels: Pixels, size: Size) -> Image.Image:
    bare, dust = _chalk_tiles(size)
    return _added(as_image(_covered(as_image(pixels).copy(), (40, 48, 45), bare)), dust)


FINISHES: Final[dict[str, Callable[[Pixels, Size], Image.Image]]] = {
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
