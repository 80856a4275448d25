"""Built things: walls, windows, furniture, houses, street lamps. Places are put together from these and nature.py."""

import math

from moviellm.generation.studio.drawing import nature
from moviellm.generation.studio.drawing.canvas import FRAME_HEIGHT, FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.geometry import Points, box, path_text, rounded, spline
from moviellm.generation.studio.drawing.symbols import draw_many

BOOKS = ("#a5473c", "#3f6b72", "#c79a4a", "#55506e", "#7b8a5a", "#d8c7a4", "#8a5a6a")
GLASS = "#4f6479"


def house(
    canvas: Canvas, x: float, y: float, width: float, height: float, wall: str, roof: str, haze: float, kind: int
) -> None:
    """A house front with its lower left corner at x, y; kind 0 and 1 have gables, 2 a flat roof."""
    snow = canvas.palette.weather == "snow"
    with canvas.pen(haze=haze):
        canvas.rect(x, y - height, width, height, wall, 0.7)
        lit_left = canvas.light[0] < 0
        if canvas.rules.form_shade:
            canvas.rect(
                x + (width * 0.72 if lit_left else 0), y - height, width * 0.28, height, wall, 0, lighter=-0.05
            )
        rise, top = width * (0.42, 0.62, 0.0)[kind], y - height
        if kind == 2:
            canvas.rect(x - 3, top - 7, width + 6, 9, nature.ground_key(canvas, roof), 0.7)
        else:
            canvas.rect(x + width * 0.74, top - rise * 0.75, width * 0.11, rise * 0.6, roof, 0.7, lighter=-0.04)
            ridge = (x + width / 2, top - rise)
            canvas.poly([(x - 6, top + 1), ridge, (x + width + 6, top + 1)], roof, 0.7)
            far = (x + width + 6, top + 1) if lit_left else (x - 6, top + 1)
            canvas.poly([ridge, far, (x + width * (0.62 if lit_left else 0.38), top + 1)], roof, 0, -0.06)
            if snow:
                white = [
                    (x - 8, top + 2),
                    ridge,
                    (x + width + 8, top + 2),
                    (x + width - 4, top - 1),
                    (ridge[0], ridge[1] + 9),
                    (x + 4, top - 1),
                ]
                canvas.poly(white, nature.SNOW, 0.5)
        _panes(canvas, (x, y, width, height), wall, roof)


def _panes(canvas: Canvas, front: tuple[float, float, float, float], wall: str, roof: str) -> None:
    """The door and the rows of windows of a house front; some shine when lamps burn."""
    r, (x, y, width, height) = canvas.random, front
    columns, rows = max(1, int(width // 30)), max(1, int(height // 42))
    frames: list[Points] = []
    glass: tuple[list[Points], list[Points]] = ([], [])
    bars = ""
    w, h = width / columns * 0.42, height / rows * 0.5
    for i in range(columns):
        for j in range(rows):
            middle = x + width * (i + 0.5) / columns
            if j == rows - 1 and i == columns // 2:
                _door(canvas, middle, y, min(17, width * 0.2), wall, roof)
                continue
            left, upper = middle - w / 2, y - height + height * (j + 0.5) / rows - h / 2
            frames.append(box(left - 1.6, upper - 1.6, w + 3.2, h + 3.2))
            shining = canvas.lit and r.random() < 0.6
            glass[shining].append(box(left, upper, w, h))
            bars += f"M{middle:.1f} {upper:.1f}v{h:.1f}M{left:.1f} {upper + h * 0.45:.1f}h{w:.1f}"
            if shining and canvas.haze < 0.25:
                canvas.glow(middle, upper + h / 2, w * 2.1, strength=0.3)
    draw_many(canvas, frames, wall, 0.4, 0.07)
    draw_many(canvas, glass[0], GLASS, 0.3, 0.08 if not canvas.lit else 0.0)
    draw_many(canvas, glass[1], "light", 0.3, emissive=True)
    canvas.scratches(bars, wall, 1.1, 1.0)


def _door(canvas: Canvas, x: float, y: float, width: float, wall: str, key: str) -> None:
    canvas.rect(x - width / 2 - 1.8, y - 33, width + 3.6, 33, wall, 0.4, lighter=0.06)
    canvas.rect(x - width / 2, y - 31, width, 31, key, 0.5, lighter=-0.05)
    canvas.ellipse((x + width * 0.3, y - 14), 1, 1, "light")


def street_lamp(canvas: Canvas, x: float, y: float, height: float) -> None:
    """A lamp post, burning when lamps burn."""
    canvas.poly([(x - 1.6, y), (x - 1.2, y - height + 12), (x + 1.2, y - height + 12), (x + 1.6, y)], "ink", 0.5)
    canvas.poly([(x - 5, y), (x - 2, y - 9), (x + 2, y - 9), (x + 5, y)], "ink", 0.5)
    if canvas.lit:
        canvas.glow(x, y - height + 4, 95, strength=0.95)
        canvas.glow(x, y + 2, 58, 10, strength=0.5)
    box: Points = [(x - 4, y - height + 12), (x - 6, y - height), (x + 6, y - height), (x + 4, y - height + 12)]
    canvas.poly(box, "light" if canvas.lit else "#cfd6d8", 0.6, emissive=canvas.lit)
    canvas.poly([(x - 8, y - height), (x, y - height - 7), (x + 8, y - height)], "ink", 0.5)


def wall_and_floor(canvas: Canvas, wall: str, floor: str, floor_y: float, boards: bool = True) -> None:
    """A room's back wall and its floor with boards in perspective."""
    canvas.rect(0, 0, FRAME_WIDTH, floor_y, wall, 0)
    canvas.gradient(
        (0, 0, FRAME_WIDTH, floor_y), "deep", "deep", top_opacity=0.3 if canvas.lit else 0.13, bottom_opacity=0.0
    )
    canvas.rect(0, floor_y, FRAME_WIDTH, FRAME_HEIGHT - floor_y, floor, 0.5)
    canvas.gradient((0, floor_y, FRAME_WIDTH, 26), "deep", "deep", top_opacity=0.28, bottom_opacity=0.0)
    if boards:
        path = ""
        for i in range(-6, 16):
            near, far = 256 + (i * 58 - 226) * 1.5, 256 + (i * 58 - 226) * 0.62
            path += f"M{far:.1f} {floor_y:.1f}L{near:.1f} 288"
        canvas.scratches(path, "ink", 0.8, 0.25)


def window(
    canvas: Canvas,
    x: float,
    y: float,
    width: float,
    height: float,
    view: str = "hills",
    bars: int = 2,
    radius: float = 0.0,
    sun: bool = True,
    frame: str = "wood",
) -> None:
    """A window to the world outside: its hour and weather are seen in it."""
    canvas.rect(x - 7, y - 7, width + 14, height + 14, frame, 0.7, lighter=0.05, radius=radius + 4 if radius else 0.0)
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    opening(canvas, rounded(corners, radius, 5) if radius else corners, (x, y, width, height), view, sun)
    for i in range(1, bars):
        canvas.line([(x + width * i / bars, y), (x + width * i / bars, y + height)], frame, 3.4, cap="butt")
    canvas.line([(x, y + height * 0.46), (x + width, y + height * 0.46)], frame, 3.0, cap="butt")
    canvas.rect(x - 11, y + height + 6, width + 22, 6, frame, 0.5, lighter=0.08)
    if canvas.palette.weather == "snow":
        ledge = [
            (x, y + height),
            (x + width * 0.3, y + height - 5),
            (x + width * 0.7, y + height - 3),
            (x + width, y + height - 6),
        ]
        canvas.poly([*spline(ledge, False, 4), (x + width, y + height + 1), (x, y + height + 1)], nature.SNOW, 0)


def opening(
    canvas: Canvas, outline: Points, area: tuple[float, float, float, float], view: str = "hills", sun: bool = True
) -> None:
    """A hole in a wall with the world outside in it; `area` is its x, y, width, height."""
    name = f"w{len(canvas.defs)}"
    canvas.defs.append(f'<clipPath id="{name}"><path d="{path_text(outline)}"/></clipPath>')
    canvas.raw(f'<g clip-path="url(#{name})">', effect=False)
    _outside(canvas, *area, view, sun)
    canvas.raw("</g>", effect=False)


def _outside(canvas: Canvas, x: float, y: float, width: float, height: float, view: str, sun: bool) -> None:
    hour, weather, r = canvas.palette.time_of_day, canvas.palette.weather, canvas.random
    nature.sky_gradient(canvas, x, y, width, height)
    if hour == "night" and weather not in nature.GLOOMY:
        nature.stars(canvas, width, height * 0.6, 12, x, y)
    if sun and weather in ("clear", "cloudy"):
        low = hour in ("dawn", "dusk")
        nature.sun_or_moon(canvas, x + width * 0.7, y + height * (0.6 if low else 0.28), min(11, width * 0.12))
    if weather in ("cloudy", "rain", "storm", "snow"):
        for i in range(3):
            nature.cloud(canvas, x + width * (0.1 + 0.4 * i), y + height * r.uniform(0.15, 0.35), width * 0.3)
    if weather == "storm":
        bolt = [
            (x + width * 0.34, y),
            (x + width * 0.42, y + height * 0.2),
            (x + width * 0.32, y + height * 0.36),
            (x + width * 0.4, y + height * 0.62),
        ]
        canvas.line(bolt, nature.MOON, 1.8, emissive=True)
    land = nature.ground_key(canvas, "mid")
    with canvas.pen(haze=0.4, strength=1.0):
        if view == "sea":
            canvas.rect(x, y + height * 0.62, width, height * 0.4, "mid", 0)
            waves = "".join(
                f"M{x + width * (0.1 + 0.17 * i):.0f} {y + height * (0.7 + 0.05 * (i % 3)):.0f}h{width * 0.1:.0f}"
                for i in range(5)
            )
            canvas.scratches(waves, "sky_lo", 1.2, 0.6)
        elif view == "town":
            for i in range(6):
                h = height * r.uniform(0.25, 0.5)
                canvas.rect(x + width * i / 6, y + height - h, width / 6 + 1, h, "mid", 0.4)
        else:
            crest = [(x + width * i / 4, y + height * r.uniform(0.62, 0.8)) for i in range(5)]
            canvas.poly([*spline(crest, False, 4), (x + width, y + height + 2), (x, y + height + 2)], land, 0.3)
    if weather in ("rain", "storm"):
        path = "".join(
            f"M{x + r.random() * width:.0f} {y + r.random() * height:.0f}l-3 11"
            for _ in range(int(width * height / 180))
        )
        canvas.scratches(path, "sky_lo", 1, 0.6, lighter=0.14, emissive=True)
    elif weather == "snow":
        count = int(width * height / 240)
        flakes = [(x + r.random() * width, y + r.random() * height, r.uniform(0.7, 1.7)) for _ in range(count)]
        canvas.dots(flakes, "#ffffff", 1.0)
    elif weather == "fog":
        canvas.rect(x, y, width, height, "sky_lo", 0, opacity=0.55)


def daylight(canvas: Canvas, x: float, y: float, width: float, height: float, floor_y: float) -> None:
    """Light from a window lying on the floor."""
    if canvas.palette.weather in ("storm", "rain", "fog"):
        return
    shift = -canvas.light[0] * 60
    patch = [
        (x + shift * 0.5, floor_y + 8),
        (x + width + shift * 0.5, floor_y + 8),
        (x + width + shift * 1.4, floor_y + 58),
        (x + shift * 1.4 - 20, floor_y + 58),
    ]
    canvas.poly(patch, "light" if canvas.palette.time_of_day != "night" else "sky_lo", 0, opacity=0.16)


def curtains(canvas: Canvas, x: float, y: float, width: float, height: float, key: str) -> None:
    """A pair of curtains on a rail."""
    for side in (-1, 1):
        cx = x + width / 2 + side * (width / 2 + 8)
        shape = [
            (cx - side * 14, y - 12), (cx + side * 18, y - 12), (cx + side * 22, y + 60),
            (cx + side * 17, y + height + 24), (cx + side * 2, y + height + 26), (cx - side, y + 70),
            (cx - side * 8, y + 40),
        ]  # fmt: skip
        canvas.form(spline(shape), key, 0.8, 9)
    canvas.line([(x - 28, y - 13), (x + width + 28, y - 13)], "ink", 2.6)


def bookshelf(canvas: Canvas, x: float, y: float, width: float, rows: int, row_height: float) -> None:
    """A case of books with its top left corner at x, y."""
    r = canvas.random
    canvas.rect(x - 5, y - 5, width + 10, rows * row_height + 10, "wood", 0.8, lighter=-0.02)
    canvas.rect(x, y, width, rows * row_height, "wood", 0.4, lighter=-0.1)
    books: dict[str, list[Points]] = {key: [] for key in BOOKS}
    for row in range(rows):
        base, at = y + (row + 1) * row_height - 4, x + 2
        while at < x + width - 10:
            thick, tall = r.uniform(4, 9), row_height * r.uniform(0.55, 0.8)
            if r.random() < 0.86:
                books[r.choice(BOOKS)].append(box(at, base - tall, thick, tall))
            at += thick + 0.6
    for key, outlines in books.items():
        draw_many(canvas, outlines, key)
    draw_many(canvas, [box(x, y + (row + 1) * row_height - 4, width, 4) for row in range(rows)], "wood", 0.3, 0.06)


def stonework(canvas: Canvas, key: str, height: float, size: tuple[float, float], share: float = 1.0) -> None:
    """Courses of stones down to `height` in three shades; `share` of them shows."""
    r, (wide, high) = canvas.random, size
    shades: list[list[Points]] = [[], [], []]
    for row in range(int(height / high) + 1):
        for i in range(int(FRAME_WIDTH / wide) + 2):
            x, y = i * wide - (wide / 2 if row % 2 else 0), row * high
            if y < height - 4 and r.random() < share:
                shades[r.randrange(3)].append(rounded(box(x + 1, y + 1, wide - 2, min(high, height - y) - 2), 3, 2))
    for outlines, lighter in zip(shades, (-0.035, 0.0, 0.04), strict=True):
        draw_many(canvas, outlines, key, 0.35, lighter)


def table(canvas: Canvas, x: float, y: float, width: float, floor_y: float, lighter: float = 0.06) -> None:
    """A table with its top's left end at x, y."""
    canvas.contact(x + width / 2, floor_y, width * 0.6, 8)
    for leg in (x + 8, x + width - 14):
        canvas.rect(leg, y + 6, 6, floor_y - y - 6, "wood", 0.6, lighter=-0.05)
    canvas.form(rounded([(x, y), (x + width, y), (x + width, y + 8), (x, y + 8)], 2, 2), "wood", 0.8, 3, lighter)


def table_lamp(canvas: Canvas, x: float, y: float) -> None:
    """A lamp on a table top at x, y."""
    foot = [
        (x - 11, y),
        (x - 15, y - 3),
        (x - 5, y - 8),
        (x - 3, y - 30),
        (x + 3, y - 30),
        (x + 5, y - 8),
        (x + 15, y - 3),
        (x + 11, y),
    ]
    canvas.form(spline(foot, True, 3), "#c79a4a", 0.6, 4)
    if canvas.lit:
        canvas.glow(x, y - 30, 230, 165, strength=0.8)
        canvas.glow(x, y - 38, 62, 54, strength=0.75)
    shade = [(x - 19, y - 30), (x - 10, y - 58), (x + 10, y - 58), (x + 19, y - 30)]
    canvas.poly(shade, "light" if canvas.lit else "#e6d3a4", 0.7, emissive=canvas.lit)


def hanging_lamp(canvas: Canvas, x: float, y: float, size: float = 1.0) -> None:
    """A lamp on a cord."""
    canvas.line([(x, 0), (x, y)], "ink", 1.4)
    if canvas.lit:
        canvas.glow(x, y + 14 * size, 210 * size, 160 * size, strength=0.8)
        canvas.glow(x, y + 10 * size, 60 * size, strength=0.7)
    shade = [(x - 18 * size, y + 13 * size), (x - 6 * size, y), (x + 6 * size, y), (x + 18 * size, y + 13 * size)]
    canvas.form(spline([*shade], True, 1), "near", 0.7, 4)
    canvas.ellipse((x, y + 14 * size), 7 * size, 4 * size, "light" if canvas.lit else "#e8e0cc", emissive=canvas.lit)


def barrel(canvas: Canvas, x: float, y: float, size: float) -> None:
    """A standing barrel, base middle at x, y."""
    canvas.contact(x, y, size * 0.7, size * 0.14)
    side = [
        (x - size * 0.38, y),
        (x - size * 0.5, y - size * 0.6),
        (x - size * 0.38, y - size * 1.2),
        (x + size * 0.38, y - size * 1.2),
        (x + size * 0.5, y - size * 0.6),
        (x + size * 0.38, y),
    ]
    canvas.form([*spline(side[:3], False, 3), *spline(side[3:], False, 3)], "wood", 0.8, size * 0.3, 0.04)
    for level in (0.25, 0.9):
        bow = [
            (x - size * 0.46, y - size * level),
            (x, y - size * (level - 0.05)),
            (x + size * 0.46, y - size * level),
        ]
        canvas.line(spline(bow, False, 3), "ink", size * 0.06, 0.7)
    canvas.ellipse((x, y - size * 1.2), size * 0.38, size * 0.08, "wood", 0.5, lighter=0.1)


def crate(canvas: Canvas, x: float, y: float, size: float, lighter: float = 0.05) -> None:
    """A wooden box, base middle at x, y."""
    canvas.contact(x, y, size * 0.75, size * 0.13)
    canvas.rect(x - size / 2, y - size * 0.8, size, size * 0.8, "wood", 0.8, shadow=size * 0.22, lighter=lighter)
    canvas.line([(x - size / 2, y - size * 0.52), (x + size / 2, y - size * 0.52)], "ink", 1, 0.3)
    canvas.line([(x - size / 2, y - size * 0.26), (x + size / 2, y - size * 0.26)], "ink", 1, 0.3)
    canvas.line([(x - size * 0.36, y - size * 0.8), (x - size * 0.36, y)], "ink", 1.6, 0.3)
    canvas.line([(x + size * 0.36, y - size * 0.8), (x + size * 0.36, y)], "ink", 1.6, 0.3)


def clock(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """A round clock without figures."""
    canvas.ellipse((x, y), radius, radius, "wood", 0.6, lighter=0.05)
    canvas.ellipse((x, y), radius * 0.8, radius * 0.8, "#f0e6d0", 0.3)
    for k in range(12):
        a = k * math.tau / 12
        q = radius * 0.66
        canvas.ellipse((x + q * math.cos(a), y + q * math.sin(a)), radius * 0.05, radius * 0.05, "ink")
    canvas.line([(x, y), (x, y - radius * 0.56)], "ink", max(1, radius * 0.1))
    canvas.line([(x, y), (x + radius * 0.36, y + radius * 0.24)], "ink", max(1, radius * 0.1))


def hearth(canvas: Canvas, x: float, y: float, width: float) -> None:
    """A fireplace with a fire, base middle at x, y."""
    canvas.rect(x - width / 2, y - width * 0.95, width, width * 0.95, "#8f7f78", 0.8, shadow=width * 0.12)
    canvas.rect(x - width * 0.6, y - width * 1.05, width * 1.2, width * 0.12, "wood", 0.7, lighter=0.03)
    mouth = [
        (x - width * 0.32, y),
        (x - width * 0.32, y - width * 0.5),
        (x, y - width * 0.66),
        (x + width * 0.32, y - width * 0.5),
        (x + width * 0.32, y),
    ]
    canvas.poly(mouth, "deep", 0.5)
    canvas.glow(x, y - width * 0.2, width * 2.6, width * 1.9, strength=0.62 if canvas.lit else 0.32)
    for dx, h, key in (
        (-0.12, 0.3, "#e0702c"),
        (0.1, 0.34, "#e0702c"),
        (0.0, 0.44, "#f0a040"),
        (0.02, 0.24, "#ffe6a0"),
    ):
        w = width * (0.13 if key != "#ffe6a0" else 0.08)
        flame = [
            (x + dx * width - w, y - 2),
            (x + dx * width - w * 0.6, y - h * width * 0.5),
            (x + dx * width, y - h * width),
            (x + dx * width + w * 0.7, y - h * width * 0.45),
            (x + dx * width + w, y - 2),
        ]
        canvas.poly(spline(flame, True, 4), key, 0, emissive=True)
    canvas.line([(x - width * 0.22, y - 3), (x + width * 0.22, y - 5)], "wood", 6)
