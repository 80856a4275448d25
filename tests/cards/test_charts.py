"""Charts: well-formed, with every count in them."""

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from moviellm.cards.charts import BARS_MAX, COLUMNS_MAX, bars, columns, histogram

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
