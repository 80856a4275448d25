"""What the twelve styles show: the list in art/styles.yaml is measured, and a style is known from one frame."""

import itertools
from functools import lru_cache

import numpy as np
import pytest
from PIL import Image

from moviellm.generation.schema import EMOTIONS, TIMES_OF_DAY, WEATHERS
from moviellm.generation.studio.drawing.colour import lab
from moviellm.generation.studio.drawing.styles import style_rules
from moviellm.generation.studio.looks import COLOURS
from tests.generation.studio.painted import figures, pixels

STYLES = tuple(style_rules())
LIGHTS = (("field", "day"), ("study", "day"), ("field", "night"), ("study", "dusk"))
COATS_APART, HOURS_APART = 0.05, 0.026
"""OKLab distances that a viewer tells from one another with the pictures side by side."""
WEATHERS_APART, FEELINGS_APART = 3.0, 8.0
"""Mean differences of the channels, 0 to 255: of the whole picture, and of the part of a face that changes."""


def picture(style_id, colour="red", place="field", **changes):
    someone = figures("stand", emotion=changes.pop("emotion", "calm"), phrases=(phrase(colour),))
    where = {"location": place, "indoor": place == "study", "props": ()}
    return pixels(3, (512, 288), style_id, figures=someone, **{"shot": "medium", **where, **changes}).astype(int)


def phrase(colour):
    return f"a slim person with black short hair, tan skin, a {colour} jumper and nothing else"


@lru_cache(maxsize=8)
def coat(place, hour):
    """Where the coat is: what another colour changes."""
    one, other = (picture("pastel", colour, place, time_of_day=hour) for colour in ("black", "yellow"))
    return np.abs(one - other).sum(-1) > 90


def oklab(rgb):
    return np.array(lab("#{:02x}{:02x}{:02x}".format(*(int(v) for v in rgb))))


def coats_apart(style_id):
    """The distance of the two coats that are hardest to tell apart, in the worst light; lightness counts half."""
    nearest = []
    for place, hour in LIGHTS:
        where = coat(place, hour)
        seen = [oklab(np.median(picture(style_id, c, place, time_of_day=hour)[where], 0)) for c in COLOURS]
        nearest.append(min(np.linalg.norm((a - b) * (0.5, 1, 1)) for a, b in itertools.combinations(seen, 2)))
    return min(nearest)


def hours_apart(style_id):
    def thumb(hour, place, shot):
        image = Image.fromarray(picture(style_id, "red", place, time_of_day=hour, shot=shot).astype(np.uint8))
        small = np.asarray(image.resize((16, 9), Image.Resampling.BOX)).reshape(-1, 3)
        return np.array([oklab(rgb) for rgb in small])

    views = list(itertools.product(("field", "study", "harbour"), ("wide", "medium")))
    seen = {hour: [thumb(hour, *view) for view in views] for hour in TIMES_OF_DAY}
    return min(
        np.mean([np.sqrt(((a - b) ** 2).sum(-1).mean()) for a, b in zip(seen[one], seen[two], strict=True)])
        for one, two in itertools.combinations(TIMES_OF_DAY, 2)
    )


def weathers_apart(style_id):
    seen = {
        sky: np.stack([picture(style_id, "red", place, weather=sky, shot="wide") for place in ("field", "harbour")])
        for sky in WEATHERS
    }
    return min(np.abs(seen[a] - seen[b]).mean() for a, b in itertools.combinations(WEATHERS, 2))


def feelings_apart(style_id):
    seen = {feeling: picture(style_id, emotion=feeling) for feeling in EMOTIONS}
    face = sum(np.abs(one - seen["calm"]).sum(-1) > 30 for one in seen.values()) > 0
    return min(np.abs(seen[a] - seen[b])[face].mean() for a, b in itertools.combinations(EMOTIONS, 2))


@pytest.mark.parametrize("style_id", STYLES)
def test_styles_that_claim_colours_keep_every_two_coats_apart(style_id):
    assert (coats_apart(style_id) >= COATS_APART) == ("colour" in style_rules()[style_id].shows)


@pytest.mark.parametrize("style_id", STYLES)
def test_styles_show_the_hours_they_claim(style_id):
    assert (hours_apart(style_id) >= HOURS_APART) == ("time_of_day" in style_rules()[style_id].shows)


@pytest.mark.parametrize("style_id", STYLES)
def test_styles_show_the_weather_they_claim(style_id):
    assert (weathers_apart(style_id) >= WEATHERS_APART) == ("weather" in style_rules()[style_id].shows)


@pytest.mark.parametrize("style_id", STYLES)
def test_styles_show_the_feelings_they_claim(style_id):
    assert (feelings_apart(style_id) >= FEELINGS_APART) == ("feeling" in style_rules()[style_id].shows)


def test_night_is_readable_small():
    """A person is set off from the place at 128x72 by night."""
    for style_id in STYLES:
        someone = figures("stand", phrases=(phrase("white"),))
        with_them, without = (
            pixels(3, (512, 288), style_id, time_of_day="night", figures=who, props=(), location="field").astype(int)
            for who in (someone, ())
        )
        small = [
            np.asarray(Image.fromarray(p.astype(np.uint8)).resize((128, 72), Image.Resampling.BOX)).astype(int)
            for p in (with_them, without)
        ]
        changed = np.abs(small[0] - small[1]).sum(-1)
        assert (changed > 45).sum() > 60, style_id
