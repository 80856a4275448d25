"""Answers that go round in circles are shown once; others are shown as they are."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.training.ask.repeating import TOLD, shortened, turns_round


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A" + ".0-16" * 60, "A.0-16.0-16.0-16"),
        ("Ada. " + "She waits. " * 20, "Ada. She waits. She waits. She waits"),
        ("!" * 250, "!!!"),
        ("one\ntwo\n" * 40 + "one\ntw", "one\ntwo\n" * 2 + "one\ntwo"),
    ],
)
def test_what_repeats_itself_is_shown_a_few_times(text: str, shown: str) -> None:
    assert shortened(text) == shown + TOLD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ha ha ha ha ha!",
        "......",
        "Ada waits, then Ben waits, then Ada waits again.",
        "10.0 - 10.0 s, 10.0 - 10.0 s",
    ],
)
def test_what_people_say_too_is_shown_as_it_is(text: str) -> None:
    assert shortened(text) == text


@given(st.text(max_size=300))
def test_an_answer_is_whole_or_its_beginning_with_a_word_of_it(text: str) -> None:
    shown = shortened(text)
    assert shown == text if turns_round(text) is None else text.startswith(shown.removesuffix(TOLD))


@given(st.text("ab0 .", min_size=1, max_size=40), st.text("xyz", max_size=20))
def test_any_piece_said_many_times_is_found(piece: str, before: str) -> None:
    assert len(shortened(before + piece * 50)) <= len(before) + 3 * len(piece) + len(TOLD)


def test_a_long_answer_takes_no_time() -> None:
    text = " ".join(str(number * number) for number in range(4000))
    start = time.monotonic()
    assert shortened(text) == text
    assert time.monotonic() - start < 2.0
