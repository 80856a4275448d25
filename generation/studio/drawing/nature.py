"""Sky, weather, land and plants: what outdoor places and windows are made of.

Everything is drawn on a Canvas with its own random numbers: the same seed gives the same place. Built things are in
rooms.py.
"""

import math
import random

from moviellm.generation.studio.drawing.canvas import FRAME_HEIGHT, FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.geometry import Point, Points, path_text, spline, turn

SNOW = "#e9eff4"
MOON = "#fdf3d8"
EVENING_SUN = "#ff8a3c"
SHADE = "#2c2148"
GLOOMY = ("cloudy", "rain", "storm", "fog", "snow")


def ground_key(canvas: Canvas, own: str = "ground") -> str:
    """The colour of open ground: its own, or snow."""
    return SNOW if canvas.palette.weather == "snow" else own


def sky(canvas: Canvas, horizon: float, sun: Point | None = None) -> None:
    """Gradient, stars, sun or moon and clouds, as the hour and the weather have them."""
    hour, weather, r = canvas.palette.time_of_day, canvas.palette.weather, canvas.random
    sky_gradient(canvas, 0, 0, FRAME_WIDTH, horizon)
    x, y = sun or (r.uniform(330, 440), {"day": 46.0, "night": 52.0}.get(hour, horizon - r.uniform(2, 12)))
    if (x - FRAME_WIDTH / 2) * canvas.light[0] < 0:
        x = FRAME_WIDTH - x  # what shines stands where the light comes from
    if hour == "night" and weather not in GLOOMY:
        stars(canvas, FRAME_WIDTH, horizon * 0.7, 60)
    if weather in ("clear", "cloudy") or (weather == "snow" and hour == "night"):
        sun_or_moon(canvas, x, y, 16 if hour == "night" else 15)
    count = {"clear": 3, "cloudy": 9, "storm": 10, "rain": 7, "snow": 4, "fog": 2}[weather]
    for _ in range(count):
        cloud(canvas, r.uniform(-20, FRAME_WIDTH), r.uniform(14, horizon * 0.5), r.uniform(38, 92))
    if weather == "storm":
        lightning(canvas, r.uniform(90, 420), horizon)


def sky_gradient(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    """The sky's colours over a rectangle; flat steps where the style cuts paper."""
    bands = canvas.rules.sky_bands
    if not bands:
        canvas.gradient((x, y, width, height), "sky_hi", "sky_lo")
        return
    from moviellm.generation.studio.drawing.colour import mix

    high, low = canvas.colour("sky_hi"), canvas.colour("sky_lo")
    for i in range(bands):
        top = y + height * i / bands
        sway = height / bands * 0.3 if i else 0.0
        wave = [(x + width * k / 6, max(y, top + sway * math.sin(k * 1.9 + i * 2.3))) for k in range(7)]
        outline = [*spline(wave, False, 4), (x + width, y + height), (x, y + height)]
        text = path_text(outline)
        if i:
            canvas.raw(f'<path d="{text}" transform="translate(0 -2.5)" fill="#1a1420" fill-opacity=".13"/>')
        canvas.raw(f'<path d="{text}" fill="{mix(high, low, i / (bands - 1))}"/>', effect=False)


def stars(canvas: Canvas, width: float, height: float, count: int, x: float = 0.0, y: float = 0.0) -> None:
    """Small white stars."""
    r = canvas.random
    dots = [(x + r.random() * width, y + r.random() * height, r.choice((0.4, 0.5, 0.8))) for _ in range(count)]
    canvas.dots(dots, "#f2f4ff", 0.75)


def sun_or_moon(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """A moon at night, a sun else; low suns are large and glow."""
    hour = canvas.palette.time_of_day
    canvas.glow(x, y, radius * (5 if hour == "night" else 7), strength=0.5 if hour in ("night", "day") else 0.85)
    key = {"night": MOON, "dusk": EVENING_SUN}.get(hour, "light")
    size = radius * (1.0 if hour in ("day", "night") else 1.25)
    canvas.ellipse((x, y), size, size, key, emissive=True, lighter=0.0 if hour == "night" else 0.04)
    if hour == "night":
        canvas.ellipse((x - size * 0.3, y - size * 0.2), size * 0.22, size * 0.18, MOON, emissive=True, lighter=-0.05)
        canvas.ellipse((x + size * 0.3, y + size * 0.3), size * 0.16, size * 0.13, MOON, emissive=True, lighter=-0.05)


def cloud(canvas: Canvas, x: float, y: float, width: float) -> None:
    """A flat-bottomed cloud."""
    r, heavy = canvas.random, canvas.palette.weather in ("storm", "rain")
    height = width * (0.24 if heavy else 0.16)
    tops = [
        (x - width + 2 * width * (i + 0.5) / 6, y - height * r.uniform(0.6, 1.7) * math.sin(math.pi * (i + 0.5) / 6))
        for i in range(6)
    ]
    outline = spline([(x - width, y), *tops, (x + width, y)], False, 5)
    if heavy:
        canvas.poly(outline, "sky_hi", 0.4, -0.05 if canvas.palette.weather == "storm" else 0.03, opacity=0.75)
    else:
        canvas.poly(outline, "sky_lo", 0.4, 0.03, opacity=0.6)


def lightning(canvas: Canvas, x: float, horizon: float) -> None:
    """One bolt and its light."""
    r = canvas.random
    bolt: Points = [(x, 0)]
    while bolt[-1][1] < horizon - 10:
        bolt.append((bolt[-1][0] + r.uniform(-20, 20), bolt[-1][1] + r.uniform(14, 26)))
    canvas.glow(x, horizon * 0.4, 150, 120, strength=0.5, key=MOON)
    canvas.line(bolt, MOON, 2.2, emissive=True)
    middle = bolt[len(bolt) // 2]
    canvas.line([middle, (middle[0] + 16, middle[1] + 18), (middle[0] + 12, middle[1] + 38)], MOON, 1.2, emissive=True)


def ridge(canvas: Canvas, y: float, height: float, key: str, haze: float, bumps: int = 7, base: float = 288) -> None:
    """A line of hills reaching down to `base`."""
    r = canvas.random
    with canvas.pen(haze=haze):
        crest = [(-20 + i * (FRAME_WIDTH + 40) / bumps, y + r.uniform(-height, height)) for i in range(bumps + 1)]
        canvas.poly([*spline(crest, False, 5), (FRAME_WIDTH + 20, base + 8), (-20, base + 8)], key, 0.7)


def peak(canvas: Canvas, x: float, y: float, width: float, height: float, haze: float) -> None:
    """A mountain with a lit side and a cap of snow."""
    r = canvas.random
    with canvas.pen(haze=haze):
        left, right, top = (x - width / 2, y), (x + width / 2, y), (x + r.uniform(-6, 6), y - height)
        canvas.poly(
            [left, (x - width * 0.2, y - height * 0.52), top, (x + width * 0.24, y - height * 0.5), right], "mid", 0.8
        )
        dark = [
            top,
            (x + width * 0.24, y - height * 0.5),
            right,
            (x + width * 0.06, y),
            (x + width * 0.03, y - height * 0.4),
        ]
        if canvas.light[0] > 0:
            dark = [
                top,
                (x - width * 0.2, y - height * 0.52),
                left,
                (x - width * 0.06, y),
                (x - width * 0.03, y - height * 0.4),
            ]
        canvas.poly(dark, "near", 0, opacity=0.45)
        cap = [
            top, (x + width * 0.105, y - height * 0.76), (x + width * 0.04, y - height * 0.7),
            (x, y - height * 0.77), (x - width * 0.05, y - height * 0.69), (x - width * 0.09, y - height * 0.77),
        ]  # fmt: skip
        canvas.poly(cap, SNOW, 0.5)


def pine(canvas: Canvas, x: float, y: float, height: float, haze: float = 0.0, key: str = "near") -> None:
    """A fir; snowed on in snow."""
    r, width = canvas.random, height * 0.36
    with canvas.pen(haze=haze):
        canvas.rect(x - height * 0.022, y - height * 0.14, height * 0.044, height * 0.14, "wood", 0.5)
        left: Points = []
        right: Points = []
        for k in range(1, 5):
            level = y - height + height * 0.9 * k / 4
            half = width * (0.24 + 0.76 * k / 4) / 2 * r.uniform(0.9, 1.1)
            left += [(x - half, level + height * 0.01), (x - half * 0.48, level - height * 0.03)]
            right += [(x + half, level + height * 0.01), (x + half * 0.48, level - height * 0.03)]
        canvas.form([(x, y - height), *right[:-1], *left[:-1][::-1]], key, 0.7, width * 0.2)
        if canvas.palette.weather == "snow":
            side = -1 if canvas.light[0] < 0 else 1
            for k in range(1, 4):
                level, half = y - height + height * 0.9 * k / 4, width * (0.24 + 0.76 * k / 4) / 2
                patch = [
                    (x, level - height * 0.215), (x + side * half * 0.5, level - height * 0.09),
                    (x + side * half * 0.98, level - height * 0.005), (x + side * half * 0.55, level - height * 0.045),
                    (x + side * half * 0.2, level - height * 0.055), (x - side * half * 0.15, level - height * 0.09),
                ]  # fmt: skip
                canvas.poly(spline(patch, True, 3), SNOW, 0, opacity=0.92)


def tree(canvas: Canvas, x: float, y: float, height: float, key: str = "near", haze: float = 0.0) -> None:
    """A broad tree of overlapping crowns; bare in snow."""
    r = canvas.random
    with canvas.pen(haze=haze):
        w = height * 0.045
        trunk = [(x - w * 1.5, y), (x - w * 0.7, y - height * 0.5), (x + w * 0.7, y - height * 0.5), (x + w * 1.5, y)]
        canvas.form(trunk, "wood", 0.7, w)
        if canvas.palette.weather == "snow":
            for side, rise in ((-1, 0.86), (1, 0.92), (-1, 0.68), (1, 0.72), (0.2, 1.0)):
                tip = (x + side * height * r.uniform(0.2, 0.34), y - height * rise)
                canvas.curve(
                    [(x, y - height * 0.4), (x + side * height * 0.1, y - height * 0.6), tip], "wood", w * 0.8
                )
            return
        for dx, dy, size in ((-0.2, 0.58, 0.22), (0.21, 0.6, 0.23), (0.0, 0.78, 0.27)):
            canvas.form(_crown(r, x + dx * height, y - dy * height, size * height), key, 0.7, size * height * 0.5)


def _crown(r: random.Random, x: float, y: float, radius: float) -> Points:
    count = 9
    return spline(
        [
            (x + radius * r.uniform(0.88, 1.14) * math.cos(k * math.tau / count),
             y + radius * 0.86 * r.uniform(0.88, 1.14) * math.sin(k * math.tau / count))
            for k in range(count)
        ],
        True,
        4,
    )  # fmt: skip


def bush(canvas: Canvas, x: float, y: float, width: float, height: float, key: str = "near") -> None:
    """A round bush."""
    r, n = canvas.random, 8
    tops = [
        (
            x - width + 2 * width * (i + 0.5) / n,
            y - height * r.uniform(0.6, 1.05) * math.sin(math.pi * (i + 0.7) / (n + 0.4)),
        )
        for i in range(n)
    ]
    canvas.form([*spline([(x - width, y + 4), *tops, (x + width, y + 4)], False, 4)], key, 0.7, height * 0.3)


def grass(canvas: Canvas, top: float, bottom: float, count: int, key: str = "near", opacity: float = 0.5) -> None:
    """Tufts, larger when nearer, one path."""
    r = canvas.random
    path = ""
    for _ in range(count):
        y = r.uniform(top, bottom)
        size = 2 + 7 * (y - top) / max(1.0, bottom - top)
        x = r.uniform(0, FRAME_WIDTH)
        for dx, rise in ((-0.4, 1.0), (0.1, 1.3), (0.6, 1.0)):
            path += f"M{x:.1f} {y:.1f}l{size * dx:.1f} {-size * rise:.1f}"
    canvas.scratches(path, key, 1.1, opacity)


def grass_tuft(canvas: Canvas, x: float, y: float) -> None:
    """A clump of broad blades near the eye."""
    r = canvas.random
    for k in range(8):
        lean, tall, foot = (k - 3.5) * 11 + r.uniform(-5, 5), r.uniform(38, 84), x + (k - 3.5) * 4
        blade = [
            (foot - 3.4, y), (foot - 1 + lean * 0.35, y - tall * 0.6), (foot + lean, y - tall),
            (foot + 3 + lean * 0.35, y - tall * 0.55), (foot + 3.4, y),
        ]  # fmt: skip
        canvas.poly(spline(blade, True, 3), "near", 0.3)


def water(canvas: Canvas, top: float, bottom: float, key: str = "mid", glints: int = 40) -> None:
    """A sheet of water with the sky in it."""
    canvas.rect(0, top, FRAME_WIDTH, bottom - top, key, 0)
    canvas.gradient((0, top, FRAME_WIDTH, bottom - top), "sky_lo", key, top_opacity=0.55, bottom_opacity=0.0)
    r = canvas.random
    path = ""
    for _ in range(glints):
        y = top + (bottom - top) * r.random() ** 1.6
        path += (
            f"M{r.uniform(-20, FRAME_WIDTH):.0f} {y:.1f}h{r.uniform(10, 46) * (0.4 + (y - top) / (bottom - top)):.0f}"
        )
    canvas.scratches(path, "sky_lo", 1.3, 0.5, lighter=0.06)


def fog(canvas: Canvas, y: float, height: float, opacity: float = 0.6) -> None:
    """A strip of fog."""
    half = height / 2
    canvas.gradient((0, y, FRAME_WIDTH, half), "sky_lo", "sky_lo", top_opacity=0.0, bottom_opacity=opacity)
    canvas.gradient((0, y + half, FRAME_WIDTH, half), "sky_lo", "sky_lo", top_opacity=opacity, bottom_opacity=0.0)


def rain(canvas: Canvas, count: int, heavy: bool) -> None:
    """Two layers of falling rain, one path each."""
    slant, r = (-0.42 if heavy else -0.22), canvas.random
    for number, length, width, opacity in ((count, 10, 0.7, 0.28), (count // 3, 20, 1.2, 0.42)):
        path = ""
        for _ in range(number):
            fall = length * r.uniform(0.8, 1.2)
            x, y = r.uniform(-10, FRAME_WIDTH + 50), r.uniform(-10, FRAME_HEIGHT)
            path += f"M{x:.0f} {y:.0f}l{fall * slant:.1f} {fall:.1f}"
        canvas.scratches(path, "sky_lo", width, opacity, lighter=0.14, emissive=True)


def snowfall(canvas: Canvas, count: int) -> None:
    """Three sizes of flakes."""
    r = canvas.random
    for number, size, opacity in ((count, 0.9, 0.7), (count // 3, 1.6, 0.88), (count // 12, 3.2, 0.55)):
        flakes = [
            (r.uniform(0, FRAME_WIDTH), r.uniform(0, FRAME_HEIGHT), size * r.uniform(0.7, 1.3)) for _ in range(number)
        ]
        canvas.dots(flakes, "#ffffff", opacity)


def hour_over(canvas: Canvas) -> None:
    """What the low sun does to the land: morning mist and the first light, or evening shade from below."""
    hour = canvas.palette.time_of_day
    if hour == "dawn":
        fog(canvas, 120, 110, 0.5)
        fog(canvas, 196, 70, 0.34)
    elif hour == "dusk":
        canvas.gradient((0, 150, FRAME_WIDTH, 140), SHADE, SHADE, top_opacity=0.0, bottom_opacity=0.42)


def weather_over(canvas: Canvas, count: int = 170) -> None:
    """What falls between the eye and the people outdoors."""
    weather = canvas.palette.weather
    if weather in ("rain", "storm"):
        rain(canvas, count if weather == "rain" else int(count * 1.4), weather == "storm")
    elif weather == "snow":
        snowfall(canvas, count)
    elif weather == "fog":
        fog(canvas, 150, 190, 0.5)


def bough(canvas: Canvas, side: int) -> None:
    """A dark branch entering from an upper corner, near the eye."""
    r = canvas.random

    def x(value: float) -> float:
        return value if side < 0 else FRAME_WIDTH - value

    with canvas.pen(dark=0.72):
        canvas.line(spline([(x(-10), 40), (x(50), 18), (x(110), 24), (x(165), 6)], False, 5), "near", 5)
        for i in range(15):
            t = i / 14
            angle = r.uniform(-60, 60)
            leaf = [turn(p, angle) for p in ((-13, 0), (-4, -6), (8, -5), (15, 0), (8, 5), (-4, 6))]
            cx, cy = x(170 * t), 40 - 30 * t + r.uniform(-20, 16)
            canvas.poly(spline([(cx + px, cy + py) for px, py in leaf], True, 3), "near", 0.3)


def open_ground(canvas: Canvas, top: float, key: str) -> None:
    """Land from `top` down to the lower edge, snowed on in snow."""
    crest = [(-20.0, top + 4), (120.0, top - 3), (256.0, top + 2), (400.0, top - 3), (540.0, top + 3)]
    canvas.poly([*spline(crest, False, 5), (540.0, 300.0), (-20.0, 300.0)], ground_key(canvas, key), 0.6)
