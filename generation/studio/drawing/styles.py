"""The twelve styles: their rules and palettes, which one a movie gets, and what colour a thing has in one.

    rules = style_rules()["noir"]
    Palette(rules, "night", "rain").colour("wall", haze=0.3)

A shape names a role (`sky_lo`, `ink`, `wood`...) or its own colour (`#rrggbb`); the style, the hour, the weather and
the distance decide what is drawn. The rules are data: art/styles.yaml. The finish after drawing is in finish.py.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from moviellm.generation.schema import StyleFact
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.colour import at_dawn, at_dusk, at_night, from_lab, lab, mix, shift

FEATURES: Final = {"lip": "#7a332c", "eye": "#ece2d6", "iris": "#3a3338"}
EVERYDAY: Final = frozenset({"sky_hi", "sky_lo", "light"})
FAR_PINK: Final = "#ff2e88"
FILM: Final = 0.3
"""Styles that keep less of a colour tell clothes and hair apart by lightness."""


@dataclass(frozen=True, kw_only=True)
class StyleRules:
    """How a style treats lines, light and colour. Defaults are the storybook's."""

    style_id: str
    description: str
    keywords: tuple[str, ...]
    roles: dict[str, str]
    hours: dict[str, dict[str, str]]
    shows: tuple[StyleFact, ...]
    """Kinds of facts that can be read off the pictures."""
    outline: float = 0.0
    """Line width in px at a head of 40 px; 0 draws no lines."""
    line: str = "ink"
    """Colour of lines: ink, paper (a cut edge), pale, tinted (pale with the shape's hue) or neon."""
    inverse: str = ""
    """Colour of pale features on a dark ground; empty on a light one."""
    drop: float = 0.0
    """Drop shadow of every shape in px."""
    tones: int = 0
    """Steps that the lightness of own colours is drawn in; 0 is any lightness."""
    sky_bands: int = 0
    """Flat steps of the sky; 0 is a smooth gradient."""
    form_shade: float = 1.0
    rim: float = 0.4
    glow: float = 1.0
    contact: float = 1.0
    warm: float = 1.0
    """How much faster blue falls than red in a glow."""
    ramp: tuple[str, ...] = ()
    keep: float = 1.0
    chroma: float = 1.0
    low: float = 0.0
    high: float = 1.0
    night_strength: float = 1.0
    haze: float = 1.0
    skin_floor: float = 0.0
    pixel: int = 1
    """Size of a drawn pixel."""
    hero: str = ""
    """The one colour word of objects that keeps its hue, as the accent."""
    focus: float = 1.0
    """How much of a lens blurs the backdrop of near shots; what is not blurred is washed out."""
    gloom: float = 1.0
    """How much bad weather darkens the sky."""
    veil: float = 0.42
    """How much of the lower sky washes out the backdrop of a near shot where no lens blurs it."""


@lru_cache(maxsize=1)
def style_rules() -> dict[str, StyleRules]:
    """Every style by id, in the order of the file."""
    out = {}
    for style_id, entry in art_data("styles").items():
        rules = dict(entry.get("rules", {}))
        rules["ramp"] = tuple(rules.get("ramp", ()))
        out[style_id] = StyleRules(
            style_id=style_id,
            description=entry["description"],
            keywords=tuple(entry["keywords"]),
            roles=entry["roles"],
            shows=tuple(entry["shows"]),
            hours={hour: entry.get(hour, {}) for hour in ("dawn", "dusk", "night")},
            **rules,
        )
    return out


def choose_style(asked: str | None, keyword: str, description: str, seed: int) -> StyleRules:
    """The style asked for; else one that the keyword names or suggests, else one that the description does, else any.

    Several that fit equally are drawn from by the seed.

    Raises:
        ValueError: a style was asked for that does not exist.
    """
    rules = style_rules()
    if asked is not None:
        if asked not in rules:
            raise ValueError(f"no style {asked!r}; the offline painter's styles are {', '.join(rules)}")
        return rules[asked]
    for text in (keyword, description):
        words = set(re.findall(r"[a-z]+", text.lower()))
        named = [style_id for style_id in rules if style_id in words]
        fits = named or [style_id for style_id, rule in rules.items() if words.intersection(rule.keywords)]
        if fits:
            return rules[fits[seed % len(fits)]]
    return list(rules.values())[seed % len(rules)]


@dataclass(kw_only=True)
class Palette:
    """Colours of one style at one hour in one weather."""

    rules: StyleRules
    time_of_day: str
    weather: str
    _made: dict[tuple[str, float, float, float, bool, float], str] = field(default_factory=dict)

    def colour(
        self,
        key: str,
        *,
        haze: float = 0.0,
        dark: float = 0.0,
        lighter: float = 0.0,
        emissive: bool = False,
        strength: float = 1.0,
    ) -> str:
        """The drawn colour of a role or own colour.

        haze mixes towards the lower sky, dark towards ink, lighter moves the lightness; what is emissive ignores the
        hour; strength is how much of the hour falls on the thing.
        """
        wanted = (key, haze, dark, lighter, emissive, strength)
        if wanted not in self._made:
            self._made[wanted] = self._colour(*wanted)
        return self._made[wanted]

    def _colour(self, key: str, haze: float, dark: float, lighter: float, emissive: bool, strength: float) -> str:
        if key in EVERYDAY:
            colour = self._sky(key)
        else:
            colour = self._local(key)
            if not emissive:
                colour = self._at_hour(colour, strength * self.rules.night_strength)
                if not self.rules.keep and not self.rules.inverse and key != "accent":
                    colour = shift(colour, 0.0, 0.25)  # the hour brings no hue into black and white
        if haze and key not in ("sky_hi", "sky_lo"):
            colour = mix(colour, self._sky("sky_lo"), min(0.95, haze * self.rules.haze))
        if dark:
            colour = mix(colour, self.rules.roles["ink"], dark)
        return shift(colour, lighter) if lighter else colour

    def _sky(self, key: str) -> str:
        roles = self.rules.roles
        colour = self.rules.hours.get(self.time_of_day, {}).get(key, roles[key])
        if key == "light" or self.weather == "clear":
            return colour
        grey, darker = {"cloudy": (0.45, 0.03), "rain": (0.55, 0.07), "snow": (0.5, 0.0), "fog": (0.6, -0.02)}.get(
            self.weather, (0.5, 0.17)
        )
        if self.time_of_day in ("dawn", "dusk"):
            grey *= 0.6  # the low sun is seen through clouds too
        darker *= self.rules.gloom
        colour = shift(colour, -darker if key == "sky_hi" else -darker * 0.7, 1 - grey)
        if self.weather == "fog" and key == "sky_hi":
            colour = mix(colour, shift(self.rules.hours.get(self.time_of_day, {}).get("sky_lo", roles["sky_lo"])), 0.6)
        return colour

    def _at_hour(self, colour: str, strength: float) -> str:
        if strength <= 0:
            return colour
        if self.time_of_day == "night":
            return at_night(colour, min(1.0, strength))
        if self.time_of_day == "dusk":
            colour = at_dusk(colour, min(1.0, strength))
        if self.time_of_day == "dawn":
            colour = at_dawn(colour, min(1.0, strength * 1.15))
        if self.weather == "storm":
            colour = at_night(colour, min(1.0, strength) * 0.34)
        return colour

    def _local(self, key: str) -> str:
        rules = self.rules
        if rules.inverse and key in ("ink", "lip", "iris"):
            return rules.inverse
        if key == "deep" or (rules.inverse and key == "eye"):
            return rules.roles["ink"]
        if key == "glint":
            return "#ffffff"
        if key in rules.roles:
            return rules.roles[key]
        return self._in_gamut(FEATURES.get(key, key))

    def _in_gamut(self, colour: str) -> str:
        rules = self.rules
        lightness, a, b = lab(colour)
        if rules.skin_floor and colour in _skins():
            lightness = rules.skin_floor + (1 - rules.skin_floor) * lightness
        elif rules.keep < FILM:
            lightness = _on_film().get(colour, lightness)
        if rules.tones:
            lightness += (round(lightness * rules.tones) / rules.tones - lightness) * 0.8
        own = from_lab(rules.low + (rules.high - rules.low) * lightness, a * rules.chroma, b * rules.chroma)
        if not rules.ramp:
            return own
        steps = len(rules.ramp) - 1
        place = min(0.999, max(0.0, (lab(own)[0] - 0.12) / 0.84)) * steps
        grade = mix(rules.ramp[int(place)], rules.ramp[int(place) + 1], round(place - int(place), 3))
        return mix(grade, own, rules.keep)

    def shade(self, colour: str, amount: float = 1.0) -> str:
        """A drawn colour in form shadow; by lightness, so that dark skin is not crushed."""
        return _shade(colour, self.rules.keep > 0.4, amount * self.rules.form_shade)

    def line(self, colour: str, haze: float) -> str:
        """Colour of the line around a shape of a drawn colour."""
        roles = self.rules.roles
        low = self._sky("sky_lo")
        match self.rules.line:
            case "paper":
                return mix("#fbf3e2", low, min(0.8, haze * 0.9 + 0.1))
            case "pale":
                return mix(self.rules.inverse, roles["sky_lo"], min(0.75, haze * 1.1))
            case "tinted":
                return mix(mix("#eef0e6", shift(colour, 0.42, 1.6), 0.5), roles["sky_lo"], min(0.7, haze * 0.9))
            case "neon":
                hue = roles["light"] if lab(colour)[2] < 0.02 else FAR_PINK
                return mix(mix(shift(colour, 0.34, 1.9), hue, 0.45), low, min(0.85, 0.25 + haze))
        return mix(roles["ink"], low, min(0.8, haze * 0.9 * min(1.0, self.rules.haze * 1.2)))

    def rim(self, colour: str) -> str:
        """Colour of the lit edge of a shape of a drawn colour."""
        light = self.colour("light", emissive=True)
        return light if self.rules.line == "neon" else mix(colour, light, 0.75)

    def contact(self) -> str:
        """Colour of shadows on the ground."""
        ink = self._at_hour(self.rules.roles["ink"], self.rules.night_strength * 0.6)
        return mix(ink, self.colour("ground"), 0.1)


@lru_cache(maxsize=1)
def _skins() -> frozenset[str]:
    return frozenset(art_data("colours")["skin"].values())


@lru_cache(maxsize=1)
def _on_film() -> dict[str, float]:
    """Lightness of the colours of clothes and hair in black and white."""
    words = art_data("colours")
    return {words[kind][name]: value for kind, values in words["film"].items() for name, value in values.items()}


@lru_cache(maxsize=8192)
def _shade(colour: str, cool: bool, amount: float) -> str:
    lightness, a, b = lab(colour)
    darker = lightness * (1 - (0.13 + 0.13 * min(1.0, lightness / 0.75)) * amount) - 0.005
    return from_lab(darker, a * 0.96 + 0.006 * cool, b * 0.86 - 0.02 * cool * amount)
