"""Charts: well-formed, with every count in them."""

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from moviellm.cards.charts import BARS_MAX, COLUMNS_MAX, bars, columns, histogram, line

NUMBERS = st.dictionaries(st.floats(0, 1e6), st.integers(1, 1000), max_size=80)


@given(NUMBERS)
def test_a_histogram_keeps_every_count(counts):
    assert sum(count for *_, count in histogram(counts)) == sum(counts.values())
    assert len(histogram(counts)) <= COLUMNS_MAX


@given(st.dictionaries(st.text(max_size=30).filter(str.isprintable), st.integers(0, 10**7), max_size=30))
def test_bars_are_xml_whatever_the_labels(counts):
    root = ET.fromstring(bars("Genres <&>", counts, unit="movies"))
    assert root.attrib["role"] == "img"


@given(NUMBERS)
def test_columns_are_xml_whatever_the_numbers(counts):
    assert ET.fromstring(columns("Length", counts, unit="movies")).tag.endswith("svg")


def test_a_bar_is_as_long_as_its_count():
    root = ET.fromstring(bars("Shots", {"wide": 40, "close": 10}, unit="keyframes"))
    wide, close = (float(bar.attrib["width"]) for bar in root.iter() if bar.attrib.get("fill") == "#d9822b")
    assert abs(wide / close - 4) < 0.01


def test_whole_numbers_without_a_count_leave_a_gap():
    assert histogram({3: 2, 5: 1}) == [(3, 3, 2), (4, 4, 0), (5, 5, 1)]


def test_many_bars_are_summed_up_in_the_last():
    svg = bars("Genres", {f"genre {i}": 1 for i in range(BARS_MAX + 3)}, unit="movies")
    assert "4 others" in svg and "genre 11" not in svg


def test_a_chart_says_its_numbers_in_words():
    assert "<title>Shots: wide 12, close 4</title>" in bars("Shots", {"wide": 12, "close": 4}, unit="keyframes")


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=600))
def test_a_line_is_xml_and_keeps_its_ends(values):
    root = ET.fromstring(line("Loss", list(enumerate(values, 1)), unit="steps", marks=(1,)))
    drawn = next(iter(root.iter("{http://www.w3.org/2000/svg}polyline"))).attrib["points"].split()
    assert 1 <= len(drawn) <= 240
    assert f"from {values[0]:.3g} at 1 to {values[-1]:.3g} at {len(values):,}" in root[0].text


def test_a_line_goes_down_where_numbers_do():
    root = ET.fromstring(line("Loss", [(1, 4.0), (2, 2.0), (3, 0.0)], unit="steps"))
    points = next(iter(root.iter("{http://www.w3.org/2000/svg}polyline"))).attrib["points"]
    assert [float(point.split(",")[1]) for point in points.split()] == [46.0, 106.0, 166.0]
