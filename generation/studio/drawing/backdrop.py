"""The place behind a shot: drawn once, seen through the window of every framing, kept as pixels.

    backdrop, stage = find_backdrop(setting, camera, view)
    pixels = backdrop_pixels(backdrop, 512, 288)

A place is drawn once for a movie's location, style, hour and weather. A wide shot rasterises it as it is; nearer shots
cut their window out of one raster, out of focus in styles that know a lens, veiled in those that do not. What is kept
changes no byte: the same backdrop gives the same pixels, whatever was drawn before.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from PIL import Image, ImageFilter

from moviellm.generation.protocols import derive_seed
from moviellm.generation.studio.drawing import places
from moviellm.generation.studio.drawing.canvas import FRAME_HEIGHT, FRAME_WIDTH, Canvas, svg_text
from moviellm.generation.studio.drawing.raster import Pixels, as_image, as_pixels, doubled, rasterise
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.drawing.styles import Palette, style_rules
from moviellm.generation.studio.drawing.visibility import View

NEAR: Final = 1.5
"""How much larger the place is behind near shots."""
ZOOMS: Final = {"wide": 1.0, "medium": NEAR, "two_shot": NEAR, "over_shoulder": NEAR, "close": 2.3, "insert": 2.6}
BLURS: Final = {"close": 4.5, "insert": 6.0}
"""How far the backdrop is out of focus, px at a width of 512; that of the others is drawn small and enlarged."""
LENS: Final = 0.3
"""Styles with a smaller `focus` know no lens."""


class Setting(NamedTuple):
    """What a place looks like apart from the camera."""

    place: str
    style_id: str
    time_of_day: str
    weather: str
    seed: int
    """The same for a location of a movie."""


class Camera(NamedTuple):
    """Where a shot looks; few values, so that backdrops are met again."""

    framing: str
    room: float
    """Where across the picture the place should show what it is: 0 left, 1 right, beside the people."""
    take: int
    """0 or 1: another standpoint of the same framing."""


class Backdrop(NamedTuple):
    """A drawn place seen through a window."""

    svg: str
    """The whole view."""
    window: View
    """Part of the view, as shares of its width and height."""
    framing: str
    sharp: bool
    """Whether near shots keep it in focus, under a veil."""


@dataclass(frozen=True)
class _Place:
    """A drawn place."""

    elements: str
    defs: tuple[str, ...]
    stage: Stage


@lru_cache(maxsize=64)
def palette_of(style_id: str, time_of_day: str, weather: str) -> Palette:
    """The colours of a style at an hour in a weather."""
    return Palette(rules=style_rules()[style_id], time_of_day=time_of_day, weather=weather)


@lru_cache(maxsize=64)
def _place(setting: Setting) -> _Place:
    palette = palette_of(setting.style_id, setting.time_of_day, setting.weather)
    canvas = Canvas(palette, derive_seed(setting.seed, "place", setting.place))
    canvas.strength = 0.8
    stage = places.draw_place(canvas, setting.place)
    if setting.weather == "fog" and not stage.indoor:
        canvas.rect(0, 0, FRAME_WIDTH, FRAME_HEIGHT, "sky_lo", 0, opacity=0.34)
    return _Place("".join([element.text for element in canvas.elements]), tuple(canvas.defs), stage)


@lru_cache(maxsize=256)
def find_backdrop(setting: Setting, camera: Camera, view: View) -> tuple[Backdrop, Stage]:
    """The place as a camera sees it, and the stage in the coordinates of that picture."""
    palette = palette_of(setting.style_id, setting.time_of_day, setting.weather)
    place = _place(setting)
    wide = camera.framing == "wide"
    window = _window(camera, place.stage, view)
    seen = view
    if wide:  # the raster itself looks through the window
        seen = (view[0] + window[0] * view[2], view[1] + window[1] * view[3], window[2] * view[2], window[3] * view[3])
    sharp = palette.rules.focus < LENS
    veil = f'<path d="M0 0h512v288h-512Z" fill="{palette.colour("sky_lo")}" fill-opacity="{palette.rules.veil}"/>'
    backdrop = Backdrop(
        svg=svg_text([place.elements, veil if sharp and not wide else ""], place.defs, seen),
        window=window,
        framing=camera.framing,
        sharp=sharp,
    )
    return backdrop, place.stage.seen_through(window, view) if wide else place.stage


def _window(camera: Camera, stage: Stage, view: View) -> View:
    """The part of the view that a framing shows, as shares; what says most about the place is in it."""
    zoom = ZOOMS[camera.framing]
    if camera.framing == "wide" and camera.take:
        zoom = 1.12
    if camera.framing == "wide" and not camera.take:
        return 0.0, 0.0, 1.0, 1.0
    size = 1 / zoom
    # A second standpoint is a step to the side.
    room = camera.room + (0.07 if camera.take else -0.07)
    focus = (stage.focus - view[0]) / view[2]
    x = min(max(focus - room * size, 0.0), 1 - size)
    y = (1 - size) * {"wide": 0.82, "insert": 0.5}.get(camera.framing, 0.3 if camera.take else 0.38)
    return round(x, 4), round(y, 4), round(size, 4), round(size, 4)


# ---------------------------------------------------------------- pixels


def backdrop_pixels(backdrop: Backdrop, width_px: int, height_px: int) -> Pixels:
    """The backdrop at a size; not to be written to."""
    if backdrop.framing == "wide":
        return _source(backdrop.svg, 1.0, width_px, height_px)
    x, y, width, height = backdrop.window
    if width < 0.99 / NEAR:
        return _close(backdrop, width_px, height_px)
    near = _near(backdrop.svg, backdrop.sharp, width_px, height_px)
    left = min(round(x * near.shape[1]), near.shape[1] - width_px)
    top = min(round(y * near.shape[0]), near.shape[0] - height_px)
    return near[top : top + height_px, left : left + width_px]


@lru_cache(maxsize=8)
def _close(backdrop: Backdrop, width_px: int, height_px: int) -> Pixels:
    """A small window of the place, enlarged."""
    x, y, width, height = backdrop.window
    source = _source(backdrop.svg, NEAR if backdrop.sharp else NEAR / 2, width_px, height_px)
    across, down = source.shape[1], source.shape[0]
    cut = as_image(source).crop(
        (round(x * across), round(y * down), round((x + width) * across), round((y + height) * down))
    )
    if backdrop.sharp:
        return as_pixels(cut.resize((width_px, height_px), Image.Resampling.BILINEAR))
    radius = BLURS[backdrop.framing] * cut.width / 512
    cut = cut.filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius))
    cut = cut.resize((-(-width_px // 2), -(-height_px // 2)), Image.Resampling.BILINEAR)
    return doubled(as_pixels(cut))[:height_px, :width_px]


@lru_cache(maxsize=8)
def _near(svg: str, sharp: bool, width_px: int, height_px: int) -> Pixels:
    """The whole place at the size of near shots, or drawn at half that size and so a little out of focus."""
    if sharp:
        return _source(svg, NEAR, width_px, height_px)
    return doubled(_source(svg, NEAR / 2, width_px, height_px))


@lru_cache(maxsize=16)
def _source(svg: str, scale: float, width_px: int, height_px: int) -> Pixels:
    return rasterise(svg, math.ceil(width_px * scale), math.ceil(height_px * scale))
