"""SVG text in, pixels out: the one place that knows the rasteriser (ThorVG, a CPU engine in a self-contained wheel).

    pixels = rasterise('<svg ...>...</svg>', 512, 288)                    # (288, 512, 4) uint8, RGBX
    pixels = rasterise(front_svg, 512, 288, over=pixels)                  # drawn over a picture

It keeps no picture between calls; the same text gives the same bytes.
"""

from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow
import thorvg_python as thorvg
from PIL import Image

Pixels = npt.NDArray[np.uint8]
Tile = npt.NDArray[np.uint16]
"""Factors or summands for the four channels of a picture."""


@lru_cache(maxsize=1)
def rasteriser_version() -> str:
    """Name and version of what turns paths into pixels."""
    return f"thorvg-python-{version('thorvg_python')}"


@lru_cache(maxsize=1)
def _engine() -> Any:
    return thorvg.Engine()


def rasterise(svg: str, width_px: int, height_px: int, over: Pixels | None = None) -> Pixels:
    """Draw SVG text at a size, over nothing or over a copy of `over` (height, width, 4)."""
    canvas = thorvg.SwCanvas(_engine())
    canvas.set_target(width_px, height_px)
    target = np.frombuffer(canvas.buffer_arr, np.uint8).reshape(height_px, width_px, 4)
    if over is not None:
        target[...] = over
    picture = thorvg.Picture(_engine())
    result = picture.load_data(svg.encode(), "svg", None, True)
    assert result == thorvg.Result.SUCCESS, f"ThorVG refuses the drawing: {result}"
    picture.set_size(width_px, height_px)
    canvas.add(picture)
    canvas.update()
    canvas.draw(over is None)
    canvas.sync()
    canvas.destroy()
    return target  # it keeps the canvas's memory


def doubled(pixels: Pixels) -> Pixels:
    """Twice as wide and high, with averages between neighbours, four channels at a time."""
    words = np.ascontiguousarray(pixels).view(np.uint32)[..., 0]
    height, width = words.shape
    wide = np.empty((height, 2 * width), np.uint32)
    wide[:, ::2] = words
    wide[:, 1:-1:2] = _average(words[:, :-1], words[:, 1:])
    wide[:, -1] = words[:, -1]
    out = np.empty((2 * height, 2 * width), np.uint32)
    out[::2] = wide
    out[1:-1:2] = _average(wide[:-1], wide[1:])
    out[-1] = wide[-1]
    return out.view(np.uint8).reshape(2 * height, 2 * width, 4)


def _average(one: npt.NDArray[np.uint32], two: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Half of the sum of each of four bytes."""
    half = one ^ two
    half &= np.uint32(0xFEFEFEFE)
    half >>= np.uint32(1)
    half += one & two
    return half


def as_pixels(image: Image.Image) -> Pixels:
    """The memory of a picture of one or four channels as an array, without a copy where it is of one piece."""
    if hasattr(image, "__arrow_c_array__") and image.width % 4 == 0:  # rows are padded to whole words
        try:
            flat = pyarrow.array(image)
        except ValueError:  # several pieces: a large picture
            return np.asarray(image)
        shape = (image.height, image.width, 4) if image.mode == "RGBX" else (image.height, image.width)
        values = flat.flatten() if image.mode == "RGBX" else flat
        pixels: Pixels = np.from_dlpack(values).view(np.uint8)  # to_numpy would import pandas: half a second
        return pixels.reshape(shape)
    return np.asarray(image)


def as_image(pixels: Pixels) -> Image.Image:
    """RGBX pixels as a PIL image, without a copy."""
    return Image.frombuffer("RGBX", (pixels.shape[1], pixels.shape[0]), pixels, "raw", "RGBX", 0, 1)
