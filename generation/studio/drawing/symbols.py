"""Small pieces of artwork kept as data: the shapes of art/objects.yaml and art/scenery.yaml.

    shapes("objects", "chest.open", per_curve=8)
    draw_symbol(canvas, "cactus", at=(80, 236), scale=0.6)

`python -m moviellm.generation.studio.drawing.symbols cactus cactus.svg` writes one as SVG, to open in a drawing
program; its path data goes back into the YAML as it is. Objects in somebody's hand or lying are props.py.
"""

import argparse
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.geometry import Point, Points, bounds, oval, path_text, sample

EMISSIVE = ("light", "#fff6d8")
"""Colours that shine by themselves."""


class Shape(NamedTuple):
    """One outline or line of a symbol, in the symbol's own units."""

    points: tuple[Point, ...]
    colour: str
    lighter: float
    width: float
    """Of a line; 0 is filled."""


@lru_cache(maxsize=1024)
def shapes(sheet: str, name: str, per_curve: int) -> tuple[Shape, ...]:
    """The shapes of a symbol; `name.state` gives those of a state."""
    kind, _, state = name.partition(".")
    return tuple(_shape(per_curve, *row) for row in art_data(sheet)[kind][state or "shapes"])


def _shape(per_curve: int, path: str, colour: str, lighter: float, width: float) -> Shape:
    if not path.startswith("O "):
        return Shape(sample(path, per_curve), colour, float(lighter), float(width))
    x, y, rx, ry = (float(value) for value in path.split()[1:])
    points = oval(x, y, rx, ry, 4 * per_curve)
    return Shape((*points, points[0]) if width else tuple(points), colour, float(lighter), float(width))


def draw_symbol(
    canvas: Canvas, name: str, at: Point, scale: float = 1.0, own: str = "wood", flip: bool = False, curve: int = 5
) -> None:
    """Draw a piece of scenery with its base's middle at a point; `own` is the colour of its slot."""
    x0, y0, side = at[0], at[1], -scale if flip else scale
    for points, key, lighter, width in shapes("scenery", name, curve):
        colour = own if key == "own" else key
        outline = [(x0 + x * side, y0 + y * scale) for x, y in points]
        if width:
            canvas.line(outline, colour, max(0.8, width * scale), lighter=lighter, emissive=key in EMISSIVE)
        elif key in EMISSIVE:
            canvas.poly(outline, colour, 0.5, lighter, emissive=True)
        else:
            canvas.form(outline, colour, 0.7, 7 * scale, lighter)


def draw_many(
    canvas: Canvas,
    outlines: Sequence[Points],
    key: str,
    line: float = 0.4,
    lighter: float = 0.0,
    emissive: bool = False,
) -> None:
    """Many small shapes of one colour as one path: books, bricks, flowers, fruit. They are the place's."""
    if not outlines:
        return
    colour, rules = canvas.colour(key, lighter, emissive), canvas.rules
    edge = ""
    if rules.outline and line:
        width = rules.outline * canvas.line_width * line * 1.4
        edge = f' stroke="{canvas.palette.line(colour, canvas.haze)}" stroke-width="{width:.2f}"'
    text = "".join(path_text(points) for points in outlines)
    canvas.raw(f'<path d="{text}" fill="{colour}"{edge}/>', effect=False)


def symbol_svg(sheet: str, name: str) -> str:
    """A symbol as an SVG document in plain colours; the slot is pink, roles of styles are grey."""
    roles = {"own": "#d9769a", "ink": "#2b2636", "light": "#ffd98a", "accent": "#cf4f38", "wood": "#8a5a3c"}
    kind, _, state = name.partition(".")
    parts, reach = [], []
    drawn = shapes(sheet, name, 12)
    for (path, *_), (points, colour, _, width) in zip(art_data(sheet)[kind][state or "shapes"], drawn, strict=True):
        paint = colour if colour.startswith("#") else roles.get(colour, "#8a8d92")
        data = path_text(points) if path.startswith("O ") else path
        style = f'fill="none" stroke="{paint}" stroke-width="{width}"' if width else f'fill="{paint}"'
        parts.append(f'<path d="{data}" {style}/>')
        reach += [(x + d, y + d) for x, y in points for d in (-width / 2 - 2, width / 2 + 2)]
    left, top, right, bottom = bounds(reach)
    view = f"{left:.0f} {top:.0f} {right - left:.0f} {bottom - top:.0f}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}">' + "\n".join(parts) + "</svg>\n"


def main() -> None:
    """Write a symbol as SVG."""
    parser = argparse.ArgumentParser(description="Write an object or a piece of scenery as SVG.")
    parser.add_argument("name", help="e.g. key, chest.open or cactus")
    parser.add_argument("out", type=Path, help="file to write")
    arguments = parser.parse_args()
    kind = arguments.name.partition(".")[0]
    found = [sheet for sheet in ("objects", "scenery") if kind in art_data(sheet)]
    if not found:
        raise SystemExit(f"no symbol {kind!r}; there are {', '.join([*art_data('objects'), *art_data('scenery')])}")
    arguments.out.write_text(symbol_svg(found[0], arguments.name), encoding="utf-8")


if __name__ == "__main__":
    main()
