"""The finish after drawing: paper, grain, hatching, bloom. Integers in NumPy; tiles are made once a style and size.

    picture = finish(pixels, "noir")                # (height, width, 4) RGBX in, a PIL picture of mode RGBX out

Lengths are px at a width of 512 and grow with the picture. A finish reads nothing but its pixels, so the same pixels
give the same picture. It may bend edges by 3-5 px (ink, watercolour, woodcut, pastel): boxes are
those before it. All four channels are worked on: contiguous memory is several times faster than three of four. What is
the same in every picture of a style (paper, border, dust) is one factor and one summand: `(v * factor >> 8) + add`.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from moviellm.generation.studio.drawing.colour import lab
from moviellm.generation.studio.drawing.grain import (
    Signed,
    Size,
    as_bytes,
    blurred,
    corners,
    covered,
    covering,
    grid,
    luminance,
    multiplied,
    noise,
    on_all_channels,
    paper,
    spread,
    tone_curve,
    vignette,
    with_tones,
    wobbled,
)
from moviellm.generation.studio.drawing.raster import Pixels, Tile, as_image, as_pixels, doubled

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
    """The finished picture of a style; its fourth channel means nothing."""
    return as_image(FINISHES[style_id](pixels, (pixels.shape[1], pixels.shape[0])))


# ---------------------------------------------------------------- building blocks


def _storybook(pixels: Pixels, size: Size) -> Pixels:
    return multiplied(pixels, paper(size, 2, 3.6, 6.5, 0.32))


def _papercut(pixels: Pixels, size: Size) -> Pixels:
    return multiplied(wobbled(pixels, size, 0.55, 8, 21), paper(size, 20, 7.5, 4.0, 0.2))


def _pastel(pixels: Pixels, size: Size) -> Pixels:
    return multiplied(wobbled(pixels, size, 1.2, 50, 3), paper(size, 14, 5.0, 8.0, 0.12))


@lru_cache(maxsize=4)
def _hatching(size: Size) -> Signed:
    y, x = grid(size)
    wobble = noise(size, 60, 3) * 0.8
    pitch = 5.0 * max(1.0, size[0] / 512)
    first = np.abs(((x + y + wobble) / pitch) % 1 - 0.5) * 2
    second = np.abs(((x - y * 1.1 + wobble) / pitch) % 1 - 0.5) * 2
    return np.asarray(np.maximum(112 - 150 * first, 64 - 110 * second), np.int16)


@lru_cache(maxsize=1)
def _wash() -> Pixels:
    """Five soft steps: bare paper, two washes, dark, black."""
    steps = [0, 30, 60, 95, 120, 150, 175, 205, 225, 255], [8, 12, 52, 62, 128, 138, 196, 204, 246, 255]
    return np.asarray(np.interp(np.arange(256.0), *steps), np.uint8)


@lru_cache(maxsize=4)
def _ink_paper(size: Size) -> Tile:
    return np.ascontiguousarray(paper(size, 2, 4.5, 3.0, 0.16)[..., 0]) - np.uint16(1)


def _ink(pixels: Pixels, size: Size) -> Pixels:
    bent = wobbled(pixels, size, 1.1, 46, 5)
    pen = _hatching(size) - luminance(bent)
    pen *= 5
    np.clip(pen, 0, 225, out=pen)
    # The pen is nearly black: a factor and a grey of its own.
    factor = np.subtract(255, pen, dtype=np.int16).view(np.uint16) * _ink_paper(size)
    factor >>= 8
    out = multiplied(with_tones(bent, _wash()), spread(factor))
    pen >>= 3
    out += spread(pen.astype(np.uint8))
    return out


@lru_cache(maxsize=4)
def _granulation(size: Size) -> Tile:
    """How much pigment lies where; 128 = unchanged."""
    grain = noise(size, 2.0, 3) * 4.5 + noise(size, 64, 4, 2) * 11
    return on_all_channels(np.clip(128 + grain, 83, 173)).astype(np.uint16)


@lru_cache(maxsize=4)
def _sheet(size: Size) -> tuple[Tile, Signed]:
    """Watercolour paper with the bare ragged edge of a painted sheet."""
    y, x = grid(size)
    scale = max(1.0, size[0] / 512)
    edge = np.minimum(np.minimum(x, size[0] - 1 - x), np.minimum(y, size[1] - 1 - y)) / scale
    bare = np.asarray(255 - np.clip((edge + noise(size, 46, 12, 4) * 2.0 - 5) * 70, 0, 255), np.uint8)
    return covering(paper(size, 4, 2.0, 5.0, 0.0), (250, 246, 236), bare)


@lru_cache(maxsize=4)
def _edge_wash(size: Size) -> Signed:
    """Paler paint in the middle, more towards the corners."""
    return np.asarray(corners(size) * 44 - 14, np.int16)


def _watercolour(pixels: Pixels, size: Size) -> Pixels:
    bent = wobbled(pixels, size, 1.5, 30, 5)
    light = luminance(bent)
    pooled = blurred(Image.fromarray(light), size, 2, 2).astype(np.int16) - light
    np.clip(pooled, -6, 22, out=pooled)
    pooled *= 11
    pooled >>= 4
    pooled += _edge_wash(size)
    pigment = np.invert(bent) * _granulation(size)
    pigment >>= 7
    signed = pigment.view(np.int16)
    signed += spread(pooled.view(np.uint16)).view(np.int16)
    np.clip(signed, 0, 255, out=signed)
    return covered(~signed.astype(np.uint8), *_sheet(size))


@lru_cache(maxsize=4)
def _film_grain(size: Size) -> Pixels:
    """Added modulo 256: the curve leaves room for it."""
    return on_all_channels(np.clip(noise(size, 1.2, 5) * 5, -11, 11)).astype(np.int8).view(np.uint8)


def _noir(pixels: Pixels, size: Size) -> Pixels:
    return with_tones(multiplied(pixels, vignette(size, 0.36)), tone_curve(5.2, 11, 244)) + _film_grain(size)


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
def _dither(size: Size) -> Signed:
    tiled = np.tile(BAYER, (size[1] // 4 + 1, size[0] // 4 + 1))[: size[1], : size[0]]
    return on_all_channels(tiled * 15).astype(np.int16)


def _pixel(pixels: Pixels, size: Size) -> Pixels:
    levels = multiplied(pixels, vignette(size, 0.3)) + _dither(size)
    np.clip(levels, 0, 255, out=levels)
    levels >>= 3
    words = _nearest_of_32().take((levels[..., 0].astype(np.intp) << 10) | (levels[..., 1] << 5) | levels[..., 2])
    return as_bytes(words, size)


@lru_cache(maxsize=4)
def _carving(size: Size) -> Signed:
    y, x = grid(size)
    scale = max(1.0, size[0] / 512)
    line = (y / scale + x / scale * 0.12 + noise(size, 150, 8) * 3.4 + 3 * np.sin(x / 90 / scale)) / 4.6
    return np.asarray(
        104 + (np.abs(line % 1 - 0.5) * 4 - 1) * 62 + noise(size, 3, 9) * 6 + 60 * corners(size), np.int16
    )


@lru_cache(maxsize=1)
def _printed() -> npt.NDArray[np.uint32]:
    """What 256 shares of black give on dark paper, pale paper and (twice) red, as RGBX words."""
    share = np.arange(256)[:, None] / 255
    rows = [
        np.array(paper) + (np.array([26, 20, 18, 255]) - np.array(paper)) * share
        for paper in ([206, 176, 128, 255], [240, 226, 194, 255], [172, 52, 32, 255], [172, 52, 32, 255])
    ]
    return np.concatenate(rows).round().astype(np.uint8).view(np.uint32)[:, 0]


def _woodcut(pixels: Pixels, size: Size) -> Pixels:
    bent = wobbled(pixels, size, 1.1, 40, 7)
    red = (bent[..., 0].astype(np.int16) - bent[..., 2] > 78) & (bent[..., 1] < 96)
    light = luminance(bent) + red * np.int16(34)
    cut = _carving(size) - light
    cut *= 5
    cut += 128
    np.clip(cut, 0, 255, out=cut)
    cut += (light > 116) * np.int16(256)
    cut += red * np.int16(512)
    return multiplied(as_bytes(_printed().take(cut), size), paper(size, 30, 5.0, 4.0, 0.16))


@lru_cache(maxsize=1)
def _glare() -> Pixels:
    """What of a light blooms."""
    return np.asarray([max(0, v - 84) for v in range(256)], np.uint8)


def _neon(pixels: Pixels, size: Size) -> Pixels:
    small = as_image(with_tones(as_pixels(as_image(pixels).reduce(4)), _glare()))
    radius = 3 * max(1.0, size[0] / 512)
    bloom = as_pixels(small.filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius)))
    out = pixels * vignette(size, 0.36)
    out >>= 8
    out += doubled(doubled(bloom))[: size[1], : size[0]]
    np.minimum(out, 255, out=out)
    lines = out[1::3]
    lines *= 225
    lines >>= 8
    return np.asarray(out, np.uint8)


def _sepia(pixels: Pixels, size: Size) -> Pixels:
    toned = with_tones(pixels, tone_curve(4.2, 6, 252))
    light = luminance(toned)
    soft = blurred(Image.fromarray(light), size, 4, 1).astype(np.int16) - light
    soft >>= 2
    out = (toned + spread(soft.view(np.uint16))).view(np.int16)
    np.clip(out, 0, 255, out=out)
    product = out.view(np.uint16)
    product *= paper(size, 40, 7.0, 9.0, 0.34)
    product >>= 8
    return np.asarray(product, np.uint8)


@lru_cache(maxsize=4)
def _drafting_grid(size: Size) -> Tile:
    """Added lines of the paper."""
    scale = max(1, round(size[0] / 512))
    y, x = np.mgrid[0 : size[1], 0 : size[0]] // scale
    grid = np.where((x % 16 == 0) | (y % 16 == 0), 9, 0)
    grid = np.where((x % 64 == 0) | (y % 64 == 0), 20, grid)
    return on_all_channels(np.clip(10 + grid + noise(size, 40, 4, 3) * 4, 0, 60)).astype(np.uint16)


def _blueprint(pixels: Pixels, size: Size) -> Pixels:
    out = pixels * vignette(size, 0.18)
    out >>= 8
    out += _drafting_grid(size)
    return np.asarray(np.minimum(out, 255, out=out), np.uint8)


@lru_cache(maxsize=4)
def _board(size: Size) -> tuple[Tile, Signed]:
    """Where the stick leaves the board bare, and the dust on it."""
    stick = noise(size, 1.5, 6) * 0.75 + noise(size, 5, 7) * 0.5
    bare = np.asarray(np.clip(42 - stick * 36, 0, 176), np.uint8)
    dust = np.clip(noise(size, 50, 11, 3) * 6, -14, 18)
    return covering(vignette(size, 0.24), (40, 48, 45), bare, dust)


def _chalk(pixels: Pixels, size: Size) -> Pixels:
    return covered(pixels, *_board(size))


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
