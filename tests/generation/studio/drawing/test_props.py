"""Tests of the offline painter's objects: every kind in every state and colour, its size, and what words mean."""

import itertools
import re
import xml.etree.ElementTree as ElementTree
from functools import lru_cache

import numpy as np
import pytest

from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.colour import lab
from moviellm.generation.studio.drawing.insert import draw_insert
from moviellm.generation.studio.drawing.props import (
    LEGIBLE_PX,
    LEGIBLE_SHARE,
    Thing,
    draw_object,
    extent,
    object_kind,
    read_object,
    true_scale,
)
from moviellm.generation.studio.drawing.raster import rasterise
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.drawing.styles import Palette, style_rules
from moviellm.generation.studio.drawing.symbols import symbol_svg
from moviellm.generation.studio.looks import COLOURS, parse

KINDS = (
    "key", "map", "letter", "lantern", "book", "umbrella", "chest", "coin", "ring", "watch", "rope", "compass",
    "photograph", "violin", "bottle", "cup", "apple", "flower", "telescope", "bell", "doll", "candle", "spade",
    "hammer", "knife", "suitcase", "box", "basket", "bread", "cake", "pen", "newspaper", "ticket", "crown", "necklace",
    "mirror", "vase", "clock", "radio", "bandage", "drum", "flute", "mask", "kite", "ball", "statue",
)  # fmt: skip
STATES = {
    "open": ("chest", "suitcase", "box", "basket"),
    "lit": ("lantern", "candle"),
    "broken": ("mirror", "vase", "clock", "radio", "cup", "violin", "doll", "statue"),
}
SHOWN = [(kind, state) for state, kinds in STATES.items() for kind in kinds]
SAID_COLOURS = (*COLOURS, "gold", "silver", "brass", "ivory")


def canvas(style: str = "storybook", hour: str = "day") -> Canvas:
    return Canvas(Palette(rules=style_rules()[style], time_of_day=hour, weather="clear"), 1)


def drawn(thing: Thing, held: bool = False, **changes: str) -> str:
    out = canvas(**changes)
    draw_object(out, thing, (256.0, 200.0), 1.0, held=held)
    return out.svg()


@lru_cache(maxsize=256)
def pixels(phrase: str) -> np.ndarray:
    """The object alone, filling a small picture."""
    thing, out = read_object(phrase), canvas()
    left, top, right, bottom = extent(thing.shape, lying=True)
    size = min(500 / (right - left), 276 / (bottom - top))
    draw_object(out, thing, (256.0, 284.0), size)
    return np.asarray(rasterise(out.svg(), 128, 72))[..., :3].astype(float)


def test_the_kinds_are_those_of_the_story_world():
    assert set(art_data("objects")) == {*KINDS, "bundle"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_is_drawn_in_every_colour_the_same_every_time(kind):
    texts = {colour: drawn(read_object(f"{colour} {kind}")) for colour in SAID_COLOURS}
    assert len(set(texts.values())) == len(texts)
    assert all(drawn(read_object(f"{colour} {kind}")) == text for colour, text in texts.items())


@pytest.mark.parametrize("kind", KINDS)
def test_its_colour_is_most_of_an_object(kind):
    red, blue, empty = pixels(f"red {kind}"), pixels(f"blue {kind}"), np.zeros(3)
    inked = (np.abs(red - empty).sum(axis=2) > 24) | (np.abs(blue - empty).sum(axis=2) > 24)
    coloured = np.abs(red - blue).sum(axis=2) > 90
    assert coloured.sum() / inked.sum() > 0.48


def test_colours_that_are_asked_about_are_told_apart():
    colours = art_data("colours")["object"]
    for one, two in itertools.combinations(SAID_COLOURS, 2):
        (l1, a1, b1), (l2, a2, b2) = lab(colours[one]), lab(colours[two])
        assert ((l1 - l2) ** 2 + (a1 - a2) ** 2 + (b1 - b2) ** 2) ** 0.5 > 0.05, (one, two)


@pytest.mark.parametrize(("kind", "state"), SHOWN)
def test_a_state_is_seen(kind, state):
    plain, changed = read_object(kind), read_object(kind, states=(state,))
    assert changed.shape == f"{kind}.{state}"
    for held in (False, True):
        assert drawn(plain, held) != drawn(changed, held)


def test_only_states_that_a_kind_can_show_change_it():
    for kind in KINDS:
        for state, kinds in STATES.items():
            assert (read_object(kind, states=(state,)).state == state) == (kind in kinds), (kind, state)


def test_an_unknown_state_changes_nothing():
    assert read_object("brown chest", states=("melted",)) == read_object("brown chest")


@pytest.mark.parametrize("kind", STATES["lit"])
def test_only_what_is_lit_shines(kind):
    assert "screen" in drawn(read_object(kind, states=("lit",)), hour="night")
    assert "screen" not in drawn(read_object(kind), hour="night")


@pytest.mark.parametrize("style", style_rules())
def test_every_style_draws_every_object_in_every_state(style):
    for kind, state in [*SHOWN, *((kind, "") for kind in KINDS)]:
        ElementTree.fromstring(drawn(read_object(kind, states=(state,)), style=style))


@pytest.mark.parametrize("kind", KINDS)
def test_what_holds_an_object_holds_it_inside(kind):
    left, top, right, bottom = extent(kind)
    x, y = art_data("objects")[kind]["grip"]
    assert left - 3 <= x <= right + 3 and top - 3 <= y <= bottom + 3


def test_what_lies_rests_on_the_ground():
    for kind in KINDS:
        out = canvas()
        draw_object(out, read_object(kind), (256.0, 200.0), 1.0)
        lowest = max(y + mark.reach * (not mark.filled) for mark in out.marks for _, y in mark.points)
        assert abs(lowest - 200.0) < 2.0, kind


# ---------------------------------------------------------------- size


@pytest.mark.parametrize("head_px", [20.0, 26.0, 60.0, 90.0])
@pytest.mark.parametrize("kind", KINDS)
def test_an_object_is_legible_and_no_larger_than_life(kind, head_px):
    left, top, right, bottom = extent(kind)
    longer = max(right - left, bottom - top) * true_scale(read_object(kind), head_px)
    real = art_data("objects")[kind]["size"] / 100 * head_px
    assert longer >= min(max(LEGIBLE_PX, LEGIBLE_SHARE * head_px), 0.9 * head_px) - 1e-6
    assert longer <= max(real, 0.9 * head_px) + 1e-6


def test_small_things_are_smaller_than_a_head():
    for kind in ("key", "coin", "ring", "watch", "apple", "cup", "letter", "pen", "ticket", "bandage", "book"):
        assert art_data("objects")[kind]["size"] < 70, kind


def test_an_opened_lid_does_not_shrink_the_chest():
    shut, opened = read_object("brown chest"), read_object("brown chest", states=("open",))
    assert true_scale(shut, 30.0) == true_scale(opened, 30.0)


# ---------------------------------------------------------------- words


@pytest.mark.parametrize("colour", SAID_COLOURS)
def test_a_phrase_gives_colour_and_kind(colour):
    for kind in KINDS:
        thing = read_object(f"{colour} {kind}")
        assert (thing.kind, thing.colour) == (kind, art_data("colours")["object"][colour])


def test_a_thing_is_called_by_its_name_and_looks_as_its_phrase():
    thing = read_object("silver key", "der silberne Schlüssel")
    assert (thing.name, thing.kind) == ("der silberne Schlüssel", "key")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("old suitcase", "suitcase"),
        ("briefcase", "suitcase"),
        ("parcel", "box"),
        ("wall clock", "clock"),
        ("pocket watch", "watch"),
        ("loaf of bread", "bread"),
        ("shovel", "spade"),
        ("dagger", "knife"),
        ("quill", "pen"),
        ("pearls", "necklace"),
        ("golden tiara", "crown"),
        ("wireless", "radio"),
        ("marble bust", "statue"),
        ("two keys", "key"),
        ("torches", "lantern"),
        ("worn diary", "book"),
        ("glockenspiel", "bundle"),
    ],
)
def test_words_of_a_name_find_its_kind(name, kind):
    assert read_object(name).kind == kind


def test_every_word_for_an_object_means_a_kind():
    words = art_data("words")["objects"]
    assert {object_kind(word) for word in words} <= set(KINDS)
    assert not set(words) & set(KINDS)


# ---------------------------------------------------------------- artwork and inserts


@pytest.mark.parametrize("kind", art_data("objects"))
def test_every_object_opens_in_a_drawing_program(kind):
    entry = art_data("objects")[kind]
    for state in ("", *(state for state in STATES if state in entry)):
        root = ElementTree.fromstring(symbol_svg("objects", f"{kind}.{state}" if state else kind))
        assert len(list(root)) == len(entry[state or "shapes"])


@pytest.mark.parametrize("texture", ["boards", "stone", "sand", "grass", "tiles", "straw", "cloth"])
def test_an_insert_shows_the_ground_of_its_place(texture):
    plain, other = canvas(), canvas()
    draw_insert(plain, Stage(), read_object("key"), [], None, held=False)
    draw_insert(other, Stage(texture=texture, surface="ground"), read_object("key"), [], None, held=False)
    assert plain.svg() != other.svg()


@pytest.mark.parametrize("held", [False, True])
def test_an_insert_draws_the_thing_inside_the_frame(held):
    looks = parse("a person of middle build with red bob hair, fair skin, a teal coat and glasses")
    for kind in KINDS:
        out = canvas()
        draw_insert(out, Stage(), read_object(kind), [read_object("red book"), read_object("coin")], looks, held)
        index = next(i for i, owner in enumerate(out.owners) if owner.entity_id == kind)
        points = [point for mark in out.marks if mark.owner == index for point in mark.points]
        assert all(0 < x < 512 and 0 < y < 288 for x, y in points), kind


def test_paths_are_absolute_and_of_one_piece():
    for sheet in ("objects", "scenery"):
        for name, entry in art_data(sheet).items():
            for path, *_ in entry["shapes"]:
                assert re.fullmatch(r"(O|M [^M]*)[^mlcqz]*", path), (sheet, name, path)
