"""Plots are sound SVG, legible in light and dark."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.reporting.canvas import COLOURS, Canvas, clipped, text_px
from moviellm.eval.reporting.rows_chart import Group, Legend, entry_of_run, rows_chart


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", [name for name in COLOURS if name not in ("paper", "rule")])
def test_colours_can_be_read_on_the_paper(name: str, dark: int) -> None:
    assert _contrast(COLOURS[name][dark], COLOURS["paper"][dark]) >= (3.0 if name == "control" else 4.5)


@given(st.text())
def test_any_text_leaves_a_plot_sound(text: str) -> None:
    number = {"value": 0.5, "low": 0.25, "high": 0.75, "n": 4}
    groups = [Group(name=text, entries=[entry_of_run(0, number)], note=text)]
    plot = rows_chart("x", text, text, groups, legend=Legend(runs=[(0, text)]))
    for svg in (plot.file(), plot.inline()):
        assert ElementTree.fromstring(svg).tag.endswith("svg")


@given(st.text(), st.floats(20, 300))
def test_a_clipped_text_has_room(text: str, room: float) -> None:
    assert text_px(clipped(text, room)) <= room


def test_a_plot_says_its_numbers_in_words() -> None:
    number = {"value": 0.5, "low": 0.25, "high": 0.75, "n": 4}
    plot = rows_chart("x", "Title", "accuracy", [Group(name="cause", entries=[entry_of_run(0, number)])])
    assert plot.words == "accuracy: cause 0.50 [0.25, 0.75]"


def test_numbers_above_one_widen_the_axis() -> None:
    plot = rows_chart("x", "Title", "CIDEr", [Group(name="a", entries=[entry_of_run(0, {"value": 2.4, "low": None})])])
    assert ">3</text>" in plot.file()


def test_a_plot_of_its_own_has_its_dark_colours_and_one_of_a_page_has_none() -> None:
    plot = Canvas(100).plot("x", "Title", "words", 20)
    assert "prefers-color-scheme: dark" in plot.file()
    assert "<style" not in plot.inline()
