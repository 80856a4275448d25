"""Times in answers are found where a text clearly gives one, with their places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.training.ask.spans import find_spans, hundredths_of


def seen(text: str, hundredths: bool = False) -> list[tuple[str, float, float | None]]:
    return [(text[one.begin : one.end], one.start_s, one.end_s) for one in find_spans(text, 60.0, hundredths)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ada waits from 12.0 to 15.5 s.", [("from 12.0 to 15.5 s", 12.0, 15.5)]),
        ("From 24.0 to 48.0 seconds.", [("From 24.0 to 48.0 seconds", 24.0, 48.0)]),
        ("4.0-8.0 s: Emil asks. 8.0-12.0 s: he goes.", [("4.0-8.0 s", 4.0, 8.0), ("8.0-12.0 s", 8.0, 12.0)]),
        ("Between 0:12 and 0:15, then at 0:59.", [("Between 0:12 and 0:15", 12.0, 15.0), ("0:59", 59.0, None)]),
        ("[12.0 s] and [3.5]", [("[12.0 s]", 12.0, None), ("[3.5]", 3.5, None)]),
        ("It is [12.0, 15.5].", [("[12.0, 15.5]", 12.0, 15.5)]),
        ("De 1,5 a 3,5 segundos.", [("De 1,5 a 3,5 segundos", 1.5, 3.5)]),
        ("from 15 to 12 s", [("12 s", 12.0, None)]),
        ("0:00:05 - 0:00:07", [("0:00:05 - 0:00:07", 5.0, 7.0)]),
        ("It ends at 60.3 s.", [("60.3 s", 60.0, None)]),
        ("He has 5 keys, 2 to 3 coats, and 12 in the box at 12 Main street.", []),
        ("3-4 people, version 1.2.3, 100:00, 999.0 s, 1:2:3:4", []),
        ("", []),
    ],
)
def test_a_text_gives_its_times(text: str, found: list[tuple[str, float, float | None]]) -> None:
    assert seen(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("From 25 to 50.", [("From 25 to 50", 15.0, 30.0)]),
        ("It is [35], or around 70.", [("[35]", 21.0, None), ("70", 42.0, None)]),
        ("from 12.0 to 15.5 s", [("from 12.0 to 15.5 s", 12.0, 15.5)]),
        ("from 250 to 500", []),
    ],
)
def test_plain_numbers_of_a_model_that_counts_so_are_hundredths_of_the_movie(
    text: str, found: list[tuple[str, float, float | None]]
) -> None:
    assert seen(text, hundredths=True) == found


@pytest.mark.parametrize(("time", "counts"), [("text", False), ("index", True), ("additive", True), ("none", True)])
def test_a_model_counts_hundredths_when_it_is_told_no_seconds(time: str, counts: bool) -> None:
    processor = type("Processor", (), {"time": time})()
    assert hundredths_of(processor) == counts


def test_a_stock_model_says_seconds() -> None:
    assert not hundredths_of(object())


@given(st.text(alphabet="0123456789.,:-[] fromtas", max_size=60), st.booleans())
def test_what_is_found_lies_in_the_text_in_order_and_in_the_movie(text: str, hundredths: bool) -> None:
    at = 0
    for one in find_spans(text, 60.0, hundredths):
        assert at <= one.begin < one.end <= len(text)
        assert 0 <= one.start_s <= 60.0
        assert one.end_s is None or one.start_s <= one.end_s <= 60.0
        at = one.end


def test_a_long_text_of_numbers_takes_no_time() -> None:
    assert len(find_spans("1 " * 20_000 + "12 s", 60.0)) == 1
