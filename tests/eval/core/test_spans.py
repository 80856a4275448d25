"""Spans of time out of free text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.eval.core import extract_span

SAID = [
    ("From 12.5s to 18.75s", (12.5, 18.75)),
    ("[12.5, 18.75]", (12.5, 18.75)),
    ("`12.0, 18.0`", (12, 18)),
    ("12.5 - 18.75 seconds", (12.5, 18.75)),
    ("12s–18s", (12, 18)),
    ("12..18", (12, 18)),
    ("12 18", (12, 18)),
    ("between 0:12 and 0:18", (12, 18)),
    ("1:05 - 1:20", (65, 80)),
    ("90:12 to 95:00", (5412, 5700)),
    ("00:00:12.5 --> 00:00:18,750", (12.5, 18.75)),
    ("The relevant moment is 1:02:03.5 to 1:02:10", (3723.5, 3730)),
    ("start: 12, end: 18", (12, 18)),
    ('{"start":12.5,"end":18.75}', (12.5, 18.75)),
    ("starts at 12.5 seconds and ends at 18.75 seconds", (12.5, 18.75)),
    ("It begins at second 5. It ends at second 9.", (5, 9)),
    ("1 minute 12 seconds to 1 minute 30 seconds", (72, 90)),
    ("1h 2m 3s until 1h2m10s", (3723, 3730)),
    ("5 to 10 minutes", (300, 600)),
    ("from second 12 to second 18", (12, 18)),
    ("The event happens at 12s and lasts until 18s", (12, 18)),
    ("around the 12 second mark until the 18 second mark", (12, 18)),
    ("18 to 12", (18, 12)),
    ("-5 to 10", (-5, 10)),
    ("12 -18", (12, 18)),
    ("12 to 18, or 20s to 30s", (12, 18)),
    ("2 men and 3 women fight from 10 to 20 seconds", (10, 20)),
    ("scene 3: 0:05-0:09", (5, 9)),
    ("Question 2: 12 to 18", (12, 18)),
    ("3D film from 2 to 4", (2, 4)),
    ("I think 10 and then 20.", (10, 20)),
    ("12秒到18秒", (12, 18)),
    ("<think>1 to 2</think> 3 to 4", (3, 4)),
    ("<think>1 to 2</think> <think>5 to 6</think> 7 to 8", (7, 8)),
    ("<answer>3 to 4</answer> 9 to 10", (3, 4)),
    ("<answer>3 to 4", (3, 4)),
    ("<think>so <answer>5 to 6</answer></think>", (5, 6)),
]
SILENT = [
    "",
    "No",
    "at 12 s",
    "00:05",
    "50% to 60%",
    "NaN to NaN",
    "1e999 to 1e1000",
    "9" * 5000 + " to 3",
    "The man opens 2 doors and sees 3 people.",
    "12 to 18 people walk",
    "<think>1 to 2",
    "<think>1 to 2</think>",
    "<answer></answer> 3 to 4",
    "I'm sorry, I can't help with that.",
    "Error code: 429 - Rate limit reached: limit 30000, used 29000. Try again in 20s.",
    "Request timed out after 30 to 60 seconds.",
]


@pytest.mark.parametrize(("text", "span"), SAID)
def test_a_span_is_read(text: str, span: tuple[float, float]) -> None:
    assert extract_span(text) == span


@pytest.mark.parametrize("text", SILENT, ids=lambda text: text[:30])
def test_no_span_is_read_from_a_text_that_names_none(text: str) -> None:
    assert extract_span(text) is None


WAYS = ["{} to {}", "{}s - {}s", "[{}, {}]", "from {} until {}"]


@given(
    st.integers(0, 9000),
    st.integers(0, 9000),
    st.sampled_from(WAYS),
)
def test_what_is_said_in_seconds_comes_back(start: int, end: int, how: str) -> None:
    assert extract_span(how.format(start / 4, end / 4)) == (start / 4, end / 4)


@given(st.integers(0, 36000), st.integers(0, 36000), st.booleans())
def test_what_is_said_by_the_clock_comes_back(start: int, end: int, hours: bool) -> None:
    def clock(seconds: int) -> str:
        minutes, rest = divmod(seconds, 60)
        return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

    assert extract_span(f"It happens from {clock(start)} to {clock(end)}.") == (start, end)


@given(st.text(max_size=80) | st.text("0123456789:.,-–[]() stomheand<>/%\n", max_size=80))
@settings(max_examples=60)
def test_no_text_breaks_the_reading(text: str) -> None:
    found = extract_span(text)
    assert found is None or all(abs(time) < 1e13 for time in found)


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="a model's answer is text"):
        extract_span(None)  # type: ignore[arg-type]
