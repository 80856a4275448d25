"""Colour arithmetic in OKLab on `#rrggbb` text: mix, shift, night, dusk and dawn.

    mix("#7fb4bd", "#f4e2c0", 0.5)        # half way, as the eye sees it

Lightness runs 0..1; a and b are OKLab's (Ottosson 2020). It knows no styles: see styles.py.
"""

from functools import lru_cache

Lab = tuple[float, float, float]


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _gamma(value: float) -> float:
    if value <= 0.0031308:
        return 12.92 * value if value > 0 else 0.0
    return 1.055 * value ** (1 / 2.4) - 0.055 if value < 1 else 1.0


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green, blue, 0..255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@lru_cache(maxsize=32768)
def lab(colour: str) -> Lab:
    """OKLab of `#rrggbb`."""
    r, g, b = (_linear(value / 255) for value in channels(colour))
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
    )


def from_lab(lightness: float, a: float, b: float) -> str:
    """`#rrggbb` of an OKLab colour, cut at the gamut."""
    lightness = min(1.0, max(0.0, lightness))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
    red = _gamma(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short)
    green = _gamma(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short)
    blue = _gamma(-0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"


@lru_cache(maxsize=32768)
def mix(first: str, second: str, share: float) -> str:
    """`share` of the way from `first` to `second`."""
    (l1, a1, b1), (l2, a2, b2) = lab(first), lab(second)
    return from_lab(l1 + (l2 - l1) * share, a1 + (a2 - a1) * share, b1 + (b2 - b1) * share)


@lru_cache(maxsize=32768)
def shift(colour: str, lighter: float = 0.0, chroma: float = 1.0) -> str:
    """Lightness moved by `lighter`, chroma multiplied."""
    lightness, a, b = lab(colour)
    return from_lab(lightness + lighter, a * chroma, b * chroma)


def at_night(colour: str, strength: float) -> str:
    """Moonlight: darker, bluer, paler; strength 0 changes nothing."""
    lightness, a, b = lab(colour)
    return mix(colour, from_lab(0.09 + 0.53 * lightness, 0.66 * a - 0.012, 0.62 * b - 0.032), strength)


def at_dusk(colour: str, strength: float) -> str:
    """After sunset: darker and violet; strength 0 changes nothing."""
    lightness, a, b = lab(colour)
    return mix(colour, from_lab(0.05 + 0.68 * lightness, 0.9 * a + 0.022, 0.85 * b - 0.022), strength)


def at_dawn(colour: str, strength: float) -> str:
    """Before the sun: paler, hazier, pink in the light and cool in the dark; strength 0 changes nothing."""
    lightness, a, b = lab(colour)
    return mix(
        colour, from_lab(0.12 + 0.84 * lightness, 0.62 * a + 0.016, 0.6 * b - 0.014 + 0.012 * lightness), strength
    )
