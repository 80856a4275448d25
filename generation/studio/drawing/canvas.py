"""A canvas that collects SVG elements and remembers which points belong to whom.

    canvas = Canvas(palette, seed=3)
    with canvas.owned("m00001-p00", "person"):
        canvas.form(outline, "#2f6f73", shadow=26)
    canvas.svg()

Shapes carry a colour key (see styles.Palette) and are drawn in the style's manner: line under fill, form shadow away
from the key light, rim, drop shadow. Elements marked as effects (light, shadow, glow) belong to nobody's box. It does
not rasterise: see raster.py.
"""

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from moviellm.generation.studio.drawing.colour import channels
from moviellm.generation.studio.drawing.geometry import (
    Point,
    Points,
    area,
    box,
    crescents,
    oval,
    path_text,
    rounded,
    spline,
)
from moviellm.generation.studio.drawing.styles import Palette

FRAME_WIDTH = 512.0
FRAME_HEIGHT = 288.0
"""The coordinate frame everything is drawn in; the picture's size is another matter."""
LIGHT_STOPS = ((0.0, 1.0), (0.21, 0.62), (0.42, 0.34), (0.71, 0.10), (1.0, 0.0))


class Element(NamedTuple):
    """One SVG element."""

    text: str
    owner: int
    """Index into `Canvas.owners`; -1 is the place."""
    effect: bool
    """Light or shadow: in nobody's box."""


class Mark(NamedTuple):
    """One outline or line as drawn, for boxes and for who hides whom."""

    owner: int
    points: Sequence[Point]
    reach: float
    """Px beyond the points: half a line's width."""
    filled: bool
    opaque: bool


class Owner(NamedTuple):
    """Whom an owned stretch of elements shows."""

    entity_id: str
    kind: str


class Canvas:
    """Collects elements; its attributes are the pen."""

    def __init__(self, palette: Palette, seed: int, light: Point = (-0.8, -0.6)) -> None:
        self.palette = palette
        self.rules = palette.rules
        self.random = random.Random(seed)
        self.elements: list[Element] = []
        self.owners: list[Owner] = []
        self.marks: list[Mark] = []
        self.defs: list[str] = []
        self.haze = 0.0
        self.dark = 0.0
        self.strength = 1.0
        self.line_width = 1.0
        length = math.hypot(*light)
        self.light: Point = (light[0] / length, light[1] / length)
        self._owner = -1

    @property
    def lit(self) -> bool:
        """Whether lamps burn."""
        return self.palette.time_of_day in ("night", "dusk") or self.palette.weather == "storm"

    @contextmanager
    def owned(self, entity_id: str, kind: str) -> Iterator[None]:
        """Elements drawn inside belong to this entity; an inner entity takes its own out of the outer one."""
        before = self._owner
        self._owner = len(self.owners)
        self.owners.append(Owner(entity_id, kind))
        yield
        self._owner = before

    @contextmanager
    def pen(self, **values: float) -> Iterator[None]:
        """Set haze, dark, strength or line_width for a while."""
        before = {name: getattr(self, name) for name in values}
        self.__dict__.update(values)
        yield
        self.__dict__.update(before)

    # ---------------------------------------------------------------- colours

    def colour(self, key: str, lighter: float = 0.0, emissive: bool = False) -> str:
        """The drawn colour of a key with the pen as it is."""
        return self.palette.colour(
            key,
            haze=0.0 if emissive else self.haze,
            dark=self.dark,
            lighter=lighter,
            emissive=emissive,
            strength=self.strength,
        )

    # ---------------------------------------------------------------- shapes

    def raw(self, text: str, effect: bool = True) -> None:
        """An element as SVG text; it counts for nobody's box."""
        self.elements.append(Element(text, self._owner, effect))

    def poly(
        self,
        points: Sequence[Point],
        key: str,
        line: float = 1.0,
        lighter: float = 0.0,
        opacity: float | None = None,
        emissive: bool = False,
        drop: bool = True,
    ) -> None:
        """A flat shape; `line` scales the style's line, 0 leaves it out."""
        colour = self.colour(key, lighter, emissive)
        text = path_text(points)
        look = self._lined(text, colour, line, drop) if opacity is None else f' fill-opacity="{opacity:.2f}"'
        self.elements.append(Element(f'<path d="{text}" fill="{colour}"{look}/>', self._owner, False))
        self._mark(points, self._reach(line if opacity is None else 0.0), opacity is None)

    def form(
        self,
        points: Sequence[Point],
        key: str,
        line: float = 1.0,
        shadow: float = 0.0,
        lighter: float = 0.0,
        rim: float = 0.0,
        shade: float = 1.0,
    ) -> None:
        """A body: flat fill, form shadow of width `shadow` on the far side of the key light, lit rim."""
        rules = self.rules
        colour = self.colour(key, lighter)
        text = path_text(points)
        parts = [f'<path d="{text}" fill="{colour}"{self._lined(text, colour, line, True)}/>']
        if rules.form_shade and shadow:
            bands = [(shadow, 0.12, 1)]
            if rim and rules.rim:
                bands.append((shadow * 0.24 * rim, 0.45, -1))
            fills = (self.palette.shade(colour, shade), self.palette.rim(colour))
            for band, fill, opacity in zip(crescents(points, self.light, bands), fills, (1, rules.rim), strict=False):
                if band:
                    parts.append(f'<path d="{path_text(band)}" fill="{fill}" fill-opacity="{opacity}"/>')
        self.elements.append(Element("".join(parts), self._owner, False))
        self._mark(points, self._reach(line), True)

    def forms(self, outlines: Sequence[Points], key: str, shadow: float, lighter: float = 0.0) -> None:
        """Overlapping outlines as one body with one line around them."""
        colour = self.colour(key, lighter)
        turned = [points if area(points) > 0 else points[::-1] for points in outlines]
        text = "".join(path_text(points) for points in turned)
        parts = [f'<path d="{text}" fill="{colour}"{self._lined(text, colour, 1.0, True)}/>']
        if self.rules.form_shade:
            level = (self.light[0], self.light[1] * 0.25)
            for points in turned:
                (band,) = crescents(points, level, [(shadow, 0.25, 1)])
                if band:
                    parts.append(f'<path d="{path_text(band)}" fill="{self.palette.shade(colour)}"/>')
        self.elements.append(Element("".join(parts), self._owner, False))
        for points in turned:
            self._mark(points, self._reach(1.0), True)

    def line(
        self,
        points: Sequence[Point],
        key: str,
        width: float,
        opacity: float = 1.0,
        emissive: bool = False,
        cap: str = "round",
        lighter: float = 0.0,
    ) -> None:
        """An open line."""
        faded = "" if opacity == 1 else f' stroke-opacity="{opacity:.2f}"'
        self.elements.append(
            Element(
                f'<path d="{path_text(points, False)}" fill="none" stroke="{self.colour(key, lighter, emissive)}" '
                f'stroke-width="{width:.2f}" stroke-linecap="{cap}" stroke-linejoin="round"{faded}/>',
                self._owner,
                False,
            )
        )
        self.marks.append(Mark(self._owner, points, width / 2, False, opacity == 1))

    def scratches(
        self, path: str, key: str, width: float, opacity: float, lighter: float = 0.0, emissive: bool = False
    ) -> None:
        """Many lines at once, as SVG path data: rain, grass, glints. They are the place's and in nobody's box."""
        colour = self.colour(key, lighter, emissive)
        self.raw(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:.2f}" '
            f'stroke-opacity="{opacity}" stroke-linecap="round"/>',
            effect=False,
        )

    def dots(self, dots: Sequence[tuple[float, float, float]], key: str, opacity: float) -> None:
        """Many round dots at once, as x, y, radius: stars, snow. They shine and are in nobody's box."""
        path = "".join(
            f"M{x:.1f} {y:.1f}a{q:.1f} {q:.1f} 0 1 0 {2 * q:.1f} 0a{q:.1f} {q:.1f} 0 1 0 {-2 * q:.1f} 0Z"
            for x, y, q in dots
        )
        colour = self.colour(key, emissive=True)
        self.raw(f'<path d="{path}" fill="{colour}" fill-opacity="{opacity}"/>', effect=False)

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        key: str,
        line: float = 1.0,
        *,
        lighter: float = 0.0,
        opacity: float | None = None,
        shadow: float = 0.0,
        radius: float = 0.0,
    ) -> None:
        """An upright rectangle; `radius` rounds it, `shadow` makes it a form."""
        points = box(x, y, width, height)
        if radius:
            points = rounded(points, radius, 3)
        if shadow:
            self.form(points, key, line, shadow, lighter)
        else:
            self.poly(points, key, line, lighter, opacity)

    def ellipse(
        self,
        centre: Point,
        rx: float,
        ry: float,
        key: str,
        line: float = 0.0,
        *,
        lighter: float = 0.0,
        opacity: float | None = None,
        emissive: bool = False,
        shadow: float = 0.0,
    ) -> None:
        """An ellipse; without lines by default."""
        steps = 10 if max(rx, ry) < 3 else 16 if max(rx, ry) < 12 else 28
        points = oval(centre[0], centre[1], rx, ry, steps)
        if shadow:
            self.form(points, key, line, shadow, lighter)
        else:
            self.poly(points, key, line, lighter, opacity, emissive)

    def curve(self, points: Sequence[Point], key: str, width: float, opacity: float = 1.0) -> None:
        """An open smooth line."""
        self.line(spline(points, False, 4), key, width, opacity)

    # ---------------------------------------------------------------- light

    def gradient(self, area: tuple[float, float, float, float], top: str, bottom: str, **opacity: float) -> None:
        """A vertical gradient over x, y, width, height; with `top_opacity`, `bottom_opacity` it is an effect."""
        x, y, width, height = area
        name = self._name()
        stops = "".join(
            f'<stop offset="{k}" stop-color="{self.colour(key)}" stop-opacity="{opacity.get(side, 1.0):.2f}"/>'
            for k, key, side in ((0, top, "top_opacity"), (1, bottom, "bottom_opacity"))
        )
        self.defs.append(f'<linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient>')
        path = f"M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h{-width:.1f}Z"
        self.raw(f'<path d="{path}" fill="url(#{name})"/>', bool(opacity))

    def glow(self, x: float, y: float, rx: float, ry: float = 0.0, strength: float = 0.6, key: str = "light") -> None:
        """Light on all below it: screen blending, to black by opaque stops (with fading ones the rim jumps)."""
        power = strength * self.rules.glow
        if not power:
            return
        falls = (0.0, 0.22 * self.rules.warm, 0.62 * self.rules.warm)
        rgb = channels(self.colour(key, emissive=True))
        stops = ""
        for offset, share in LIGHT_STOPS:
            level = [int(v * min(1.0, power * share) * (1 - (1 - share) * f)) for v, f in zip(rgb, falls, strict=True)]
            stops += f'<stop offset="{offset}" stop-color="#{level[0]:02x}{level[1]:02x}{level[2]:02x}"/>'
        self._blob(x, y, rx, ry or rx, stops, ' style="mix-blend-mode:screen"')

    def contact(self, x: float, y: float, rx: float, ry: float, strength: float = 0.5) -> None:
        """The soft shadow where something stands."""
        power = strength * self.rules.contact
        if not power:
            return
        colour = self.palette.contact()
        stops = "".join(
            f'<stop offset="{offset}" stop-color="{colour}" stop-opacity="{min(1.0, power * share):.2f}"/>'
            for offset, share in ((0, 1.0), (0.55, 0.75), (1, 0.0))
        )
        self._blob(x, y, rx, ry, stops, "")

    def _blob(self, x: float, y: float, rx: float, ry: float, stops: str, style: str) -> None:
        name = self._name()
        self.defs.append(f'<radialGradient id="{name}">{stops}</radialGradient>')
        self.raw(f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="url(#{name})"{style}/>')

    # ---------------------------------------------------------------- inside

    def svg(self, view: tuple[float, float, float, float] = (0.0, 0.0, FRAME_WIDTH, FRAME_HEIGHT)) -> str:
        """The drawing as SVG text, seen through a window x, y, width, height of the frame."""
        return svg_text([element.text for element in self.elements], self.defs, view)

    def _name(self) -> str:
        return f"g{len(self.defs)}"

    def _reach(self, line: float) -> float:
        return self.rules.outline * self.line_width * line

    def _lined(self, text: str, colour: str, line: float, drop: bool) -> str:
        """Draw the drop shadow of a shape; the attributes of its line, which lies under its fill."""
        rules = self.rules
        if rules.drop and drop and line:
            reach = rules.drop * (1.0 if self.haze < 0.3 else 0.6)
            self.elements.append(
                Element(
                    f'<path d="{text}" transform="translate({-self.light[0] * reach:.1f} {reach * 0.9:.1f})" '
                    f'fill="#1a1420" fill-opacity=".28"/>',
                    self._owner,
                    True,
                )
            )
        if not rules.outline or not line:
            return ""
        return (
            f' stroke="{self.palette.line(colour, self.haze)}" paint-order="stroke" '
            f'stroke-width="{rules.outline * self.line_width * line * 2:.2f}" stroke-linejoin="round"'
        )

    def _mark(self, points: Sequence[Point], reach: float, opaque: bool) -> None:
        self.marks.append(Mark(self._owner, points, reach, True, opaque))


def svg_text(elements: Sequence[str], defs: Sequence[str], view: tuple[float, float, float, float]) -> str:
    """A whole SVG document."""
    x, y, width, height = view
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x:.3f} {y:.3f} {width:.3f} {height:.3f}" '
        f'width="{width:.3f}" height="{height:.3f}"><defs>{"".join(defs)}</defs>{"".join(elements)}</svg>'
    )
