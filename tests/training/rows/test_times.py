"""Times in rows: seconds and hundredths from one text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.training.rows.times import Ledger, index_of
from tests.factories import span

durations = st.floats(min_value=0.5, max_value=7200.0)


@given(durations, st.floats(min_value=0.0, max_value=1.0), st.floats(min_value=0.0, max_value=1.0))
def test_hundredths_are_two_digits_and_keep_the_order(duration_s: float, one: float, other: float) -> None:
    low, high = sorted([one * duration_s, other * duration_s])
    assert 0 <= index_of(low, duration_s) <= index_of(high, duration_s) <= 99


@pytest.mark.parametrize(("time_s", "index"), [(0.0, 0), (4.0, 6), (8.0, 12), (64.0, 99), (63.9, 99)])
def test_hundredths_are_those_of_vtimellm(time_s: float, index: int) -> None:
    assert index_of(time_s, 64.0) == index


def test_one_text_is_read_out_in_three_forms() -> None:
    ledger = Ledger(start_s=32.0, duration_s=64.0)
    start, end = ledger.span(span(40.0, 48.0))
    text = f"From {start} to {end}<unit>."
    assert ledger.spoken(text, "seconds", " seconds") == "From 8.0 to 16.0 seconds."
    assert ledger.spoken(text, "index", " seconds") == "From 12 to 25."
    assert ledger.spoken(text, "token", " seconds") == "From <s0> to <e0>."


def test_a_span_has_one_pair_of_tokens() -> None:
    ledger = Ledger(start_s=0.0, duration_s=64.0)
    assert ledger.span(span(4.0, 8.0)) == ledger.span(span(4.0, 8.0)) != ledger.span(span(8.0, 12.0))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1, max_size=30))
def test_every_token_of_a_text_has_its_seconds_and_its_hundredth(spans: list[tuple[int, int]]) -> None:
    ledger = Ledger(start_s=0.0, duration_s=64.0)
    said = {ledger.span(span(float(at), float(at + length))) for at, length in spans}
    rows = {row["token"]: row for row in ledger.tokens()}
    assert {token for pair in said for token in pair} == set(rows)
    assert all(row["index"] == index_of(row["time_s"], 64.0) for row in rows.values())


def test_clock_times_of_a_question_are_those_of_the_clip() -> None:
    ledger = Ledger(start_s=60.0, duration_s=60.0)
    text = ledger.with_clock_times("Who is there at 1:06, and at 0:06, or from 1:10 to 2:00?")
    assert text == "Who is there at <c0>, and at 0:06, or from <c1> to <c2>?"
    assert ledger.spoken(text, "seconds", "") == "Who is there at 0:06, and at 0:06, or from 0:10 to 1:00?"
    assert ledger.spoken(text, "index", "") == "Who is there at 10, and at 0:06, or from 17 to 99?"
