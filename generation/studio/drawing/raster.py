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
import thorvg_python as thorvg

Pixels = npt.NDArray[np.uint8]


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
    pixels = target.copy()
    canvas.destroy()
    return pixels
