"""Tests of the offline painter's places: every kind, hour and weather; what words mean; that places differ."""

import itertools
import xml.etree.ElementTree as ElementTree
from functools import lru_cache

import numpy as np
import pytest

from moviellm.generation.studio.drawing import places, symbols
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import FRAME_WIDTH, Canvas
from moviellm.generation.studio.drawing.foreground import draw_front
from moviellm.generation.studio.drawing.raster import rasterise
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.drawing.styles import Palette, style_rules
from moviellm.generation.studio.drawing.vista import Receding

OUTDOORS = (
    "street", "harbour", "forest", "mountain", "market", "beach", "garden", "bridge", "cemetery", "field", "river",
    "desert", "rooftop", "ship", "ruin",
)  # fmt: skip
INDOORS = (
    "lighthouse", "study", "kitchen", "train", "library", "attic", "workshop", "inn", "cellar", "station", "church",
    "hospital", "theatre", "prison", "barn",
)  # fmt: skip
HOURS = ("dawn", "day", "dusk", "night")
WEATHERS = ("clear", "cloudy", "rain", "snow", "fog", "storm")
SHAPES = 160
"""No backdrop has more; most of a picture's raster is its backdrop."""


def drawn(
    kind: str, hour: str = "day", weather: str = "clear", seed: int = 3, style: str = "storybook"
) -> tuple[Canvas, Stage]:
    canvas = Canvas(Palette(rules=style_rules()[style], time_of_day=hour, weather=weather), seed)
    stage = places.draw_place(canvas, kind)
    return canvas, stage


@lru_cache(maxsize=128)
def small(kind: str, hour: str = "day", seed: int = 3) -> np.ndarray:
    return np.asarray(rasterise(drawn(kind, hour, seed=seed)[0].svg(), 64, 36))[..., :3].astype(float)


def test_the_kinds_are_those_of_the_story_world():
    assert set(places.OUTDOORS) == {*OUTDOORS, "clearing"}
    assert set(places.INDOORS) == {*INDOORS, "room"}


@pytest.mark.parametrize("kind", places.PLACES)
def test_a_place_is_the_same_every_time_at_every_hour_in_every_weather(kind):
    texts = {
        (hour, weather): drawn(kind, hour, weather)[0].svg() for hour, weather in itertools.product(HOURS, WEATHERS)
    }
    again = {case: drawn(kind, *case)[0].svg() for case in list(texts)[::5]}
    assert all(texts[case] == text for case, text in again.items())
    assert len(set(texts.values())) == len(texts)


@pytest.mark.parametrize("kind", places.PLACES)
def test_a_place_is_well_formed_and_not_too_much_to_raster(kind):
    root = ElementTree.fromstring(drawn(kind, "night", "snow")[0].svg())
    assert sum(element.tag.endswith(("path", "ellipse")) for element in root.iter()) < SHAPES


def test_any_two_places_differ_clearly():
    kinds = list(places.PLACES)
    apart = {(one, two): np.abs(small(one) - small(two)).mean() for one, two in itertools.combinations(kinds, 2)}
    closest = min(apart, key=apart.__getitem__)
    assert apart[closest] > 14, closest


@pytest.mark.parametrize("kind", places.PLACES)
def test_the_hour_is_seen_in_every_place(kind):
    for one, two in itertools.combinations(HOURS, 2):
        assert np.abs(small(kind, one) - small(kind, two)).mean() > 6, (one, two)


def test_scenes_of_a_place_are_variations():
    for kind in places.PLACES:
        assert len({drawn(kind, seed=seed)[0].svg() for seed in range(6)}) > 1, kind


def test_half_of_the_seeds_mirror_a_place_with_its_light():
    stages = {seed: drawn("cellar", seed=seed)[1] for seed in range(12)}
    lights = {stage.light[0] for stage in stages.values()}
    assert len(lights) == 2 and sum(lights) == 0
    assert {(stage.left, stage.right) for stage in stages.values()} == {(120.0, 420.0), (92.0, 392.0)}


@pytest.mark.parametrize("kind", places.PLACES)
def test_people_and_things_have_room_inside_the_frame(kind):
    for seed in range(4):
        stage = drawn(kind, seed=seed)[1]
        assert 40 < stage.left < stage.right - 100 < FRAME_WIDTH - 140
        assert 0 < stage.focus < FRAME_WIDTH
        assert all(0 < x < FRAME_WIDTH and 100 < y < 260 for x, y in stage.spots)


@pytest.mark.parametrize("style", style_rules())
def test_every_style_draws_every_place(style):
    for kind in places.PLACES:
        ElementTree.fromstring(drawn(kind, "dusk", "rain", style=style)[0].svg())


@pytest.mark.parametrize("kind", places.PLACES)
def test_a_foreground_stays_at_the_edge(kind):
    for seed in range(2):
        stage = drawn(kind, seed=seed)[1]
        out = Canvas(Palette(rules=style_rules()["storybook"], time_of_day="day", weather="clear"), seed, stage.light)
        draw_front(out, stage)
        middle = [x for mark in out.marks for x, y in mark.points if 60 < y < 280 and 132 < x < FRAME_WIDTH - 132]
        assert bool(out.marks) == bool(stage.front) and not middle


# ---------------------------------------------------------------- words


def test_the_kind_that_is_said_wins():
    assert places.place_kind("the old library", "by the sea", indoor=False, kind="beach") == "beach"


def test_a_kind_that_nobody_knows_is_read_as_a_word():
    assert places.place_kind("Number 9", "", indoor=True, kind="chapel") == "church"


@pytest.mark.parametrize(
    ("name", "indoor", "kind"),
    [
        ("the chapel", True, "church"),
        ("the city jail", True, "prison"),
        ("the dungeon", True, "prison"),
        ("the playhouse", True, "theatre"),
        ("the infirmary", True, "hospital"),
        ("the stables", True, "barn"),
        ("the deck of the ferry", False, "ship"),
        ("the brook", False, "river"),
        ("the dunes", False, "desert"),
        ("the old temple", False, "ruin"),
        ("the castle ruins", False, "ruin"),
        ("the roof of the bank", False, "rooftop"),
        ("the prison", True, "prison"),
        ("the quiet churchyard", False, "cemetery"),
        ("the tower", True, "lighthouse"),
    ],
)
def test_words_of_a_name_find_its_kind(name, indoor, kind):
    assert places.place_kind(name, "", indoor) == kind


def test_every_word_for_a_place_means_a_kind():
    words = art_data("words")["places"]
    assert set(words.values()) <= set(places.PLACES)
    assert not set(words) & set(places.PLACES)


# ---------------------------------------------------------------- pieces


@pytest.mark.parametrize("name", art_data("scenery"))
def test_every_piece_of_scenery_opens_in_a_drawing_program(name):
    root = ElementTree.fromstring(symbols.symbol_svg("scenery", name))
    assert len(list(root)) == len(art_data("scenery")[name]["shapes"])


def test_every_piece_of_scenery_stands_somewhere(monkeypatch):
    asked = set()
    kept = symbols.shapes
    monkeypatch.setattr(symbols, "shapes", lambda sheet, name, curve: asked.add(name) or kept(sheet, name, curve))
    for kind in places.PLACES:
        drawn(kind)
    assert asked == set(art_data("scenery"))


def test_what_recedes_shrinks_towards_the_vanishing_point():
    wall = Receding((0.0, 200.0), (100.0, 100.0))
    assert wall.at(0.5, 40) == (50.0, 130.0)
    assert wall.at(1.0, 40) == (100.0, 100.0)
