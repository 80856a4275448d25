"""How a checkpoint wants to be asked, by its config."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.core import extract_span
from moviellm.training.ask.manner import Manner, manner_of


@pytest.mark.parametrize("config", [{}, {"asked": None}, {"asked": "bare"}, {"time": "index"}])
def test_what_says_nothing_is_asked_in_words(config: dict[str, object]) -> None:
    assert manner_of(config) == Manner()


def test_keys_of_a_later_version_are_left_out() -> None:
    assert manner_of({"asked": {"bare": True, "sung": True}}) == Manner(bare=True)


@given(st.integers(1, 99), st.data())
def test_a_span_that_names_frames_ends_behind_the_last(count: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first, count - 1))
    times = [min(round(100 * frame / count), 99) for frame in (first, last)]
    said = Manner(frames=count).heard(f"from {times[0]:02d} to {times[1]:02d}")
    assert extract_span(said) == pytest.approx((100 * first / count, 100 * (last + 1) / count), rel=1e-4)


@pytest.mark.parametrize("text", ["pink", "37", "from 12", "from 12 to 20 and on"])
def test_what_is_no_span_is_heard_as_it_is(text: str) -> None:
    assert Manner(frames=32).heard(text) == text


def test_spans_of_moments_are_heard_as_they_are() -> None:
    assert Manner().heard("from 34 to 41") == "from 34 to 41"
