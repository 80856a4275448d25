"""Things that run away from the eye: rows of houses and parapets towards a vanishing point.

    wall = Receding(foot=(-90, 268), vanish=(352, 170))
    wall.at(0.3, 120)        # the point 120 px (of the near plane) above the wall's foot, at depth 0.3

Depth runs from 0 at the foot to 1 at the vanishing point. Places are put together from these in places_*.py.
"""

from typing import NamedTuple

from moviellm.generation.studio.drawing import nature
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.geometry import Point, Points, path_text


class Receding(NamedTuple):
    """An upright plane that runs from a point on the ground to the vanishing point."""

    foot: Point
    vanish: Point

    def at(self, depth: float, height: float = 0.0) -> Point:
        """The point of the plane at a depth, `height` px of the near plane above the ground."""
        (x, y), (vx, vy) = self.foot, self.vanish
        return x + (vx - x) * depth, y + (vy - y) * depth - height * (1 - depth)

    def panel(self, near: float, far: float, low: float, high: float) -> Points:
        """The four corners of a part of the plane."""
        return [self.at(near, low), self.at(far, low), self.at(far, high), self.at(near, high)]


def terrace(canvas: Canvas, wall: Receding, cuts: list[float], tall: list[float], keys: list[str]) -> None:
    """Houses wall to wall along a plane, from the far end: each between two cuts, with its height and colour."""
    r = canvas.random
    for i in range(len(cuts) - 2, -1, -1):
        near, far, height, key = cuts[i], cuts[i + 1], tall[i % len(tall)], keys[i % len(keys)]
        with canvas.pen(haze=0.05 + 0.5 * (near + far) / 2 * far):
            _roof(canvas, wall, near, far, height)
            canvas.form(wall.panel(near, far, -2, height), key, 0.7, 0)
            canvas.poly(wall.panel(near, far, height - 9, height), key, 0.3, 0.07)
            _openings(canvas, wall, (near, far), height, r.random() < 0.6 and far < 0.6)


def _roof(canvas: Canvas, wall: Receding, near: float, far: float, height: float) -> None:
    r = canvas.random
    outward = -1 if wall.foot[0] < wall.vanish[0] else 1
    rise = r.uniform(34, 62)
    a, b = wall.at(near, height), wall.at(far, height)
    c, d = wall.at(far, height + rise), wall.at(near, height + rise)
    back = outward * rise * 0.55
    slope = [a, b, (c[0] + back * (1 - far), c[1]), (d[0] + back * (1 - near), d[1])]
    middle = (near + far) / 2
    x, y = wall.at(middle, height + rise * 0.8)
    size = 1 - middle
    x += back * size * 0.8
    canvas.rect(x - 9 * size, y - 34 * size, 18 * size, 46 * size, "#7a4a42", 0.5)
    key = r.choice(("#5a4452", "#4a4a5c", "#6a4048"))
    canvas.poly(slope, nature.ground_key(canvas, key), 0.7)


def _openings(canvas: Canvas, wall: Receding, span: tuple[float, float], height: float, awning: bool) -> None:
    """A door or shop front and rows of windows; what is dark and what is lit are one path each."""
    r, (near, far) = canvas.random, span
    dark, bright = "", ""
    rows, columns = max(1, int((height - 76) // 58)), 2 if far - near < 0.15 else 3
    step = (far - near) / columns
    for row in range(rows):
        low = 78 + row * 58
        for k in range(columns):
            pane = wall.panel(near + step * (k + 0.28), near + step * (k + 0.72), low, low + 36)
            if canvas.lit and r.random() < 0.6:
                bright += path_text(pane)
            else:
                dark += path_text(pane)
    door = wall.panel(near + step * 0.3, near + step * 0.68, 0, 48)
    shop = wall.panel(near + step * 1.1, far - step * 0.2, 12, 46)
    if canvas.lit:
        bright += path_text(shop)
    else:
        dark += path_text(shop)
    canvas.poly(door, "#4a3a34", 0.4)
    for text, key, emissive in ((dark, "#4f6479", False), (bright, "light", True)):
        if text:
            fill = canvas.colour(key, 0.0 if canvas.lit else 0.06, emissive)
            edge = canvas.colour("#efe4cc")
            canvas.raw(f'<path d="{text}" fill="{fill}" stroke="{edge}" stroke-width="1.2"/>', effect=False)
    if canvas.lit:
        x, y = wall.at((near + far) / 2, 40)
        canvas.glow(x, y, 70 * (1 - near), strength=0.35)
    if awning:
        outward = 1 if wall.foot[0] < wall.vanish[0] else -1
        top = wall.panel(near + step * 1.0, far - step * 0.1, 50, 60)
        front = [(x + outward * 22 * (1 - d), y + 12 * (1 - d)) for (x, y), d in ((top[1], far), (top[0], near))]
        canvas.poly([top[3], top[2], *front], r.choice(("#a5473c", "#3f7f83", "#c9962e")), 0.5)
