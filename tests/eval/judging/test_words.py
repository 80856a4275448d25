"""Words in one form."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.judging import words
from moviellm.eval.judging.words import read, sentences

PINNED = (1, "de0dbfe1b77a599a")
"""Version of the rules, and the hash of their lists."""


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("The Upper River!", ("upper", "river")),
        ("twenty-five keys", ("25", "key")),
        ("treinta y dos", ("32",)),
        ("about 12 secs", ("12", "second")),
        ("at 1:02", ("62", "second")),
        ("8.0 s", ("8", "second")),
        ("1,200 men", ("1200", "man")),
        ("0,5", ("0.5",)),
        ("007", ("7",)),
        ("gray", ("grey",)),
        ("Ada\u2019s boxes", ("ada", "box")),
        ("glass, bus", ("glass", "bus")),
        ("twice", ("2",)),
        ("\uff52\uff45\uff44", ("red",)),
    ],
)
def test_texts_become_words_of_one_form(text: str, content: tuple[str, ...]) -> None:
    assert read(text).content == content


def test_an_s_without_a_number_is_no_unit() -> None:
    assert read("s").content == ("s",)


@pytest.mark.parametrize(
    "text", ["Ada does not open it", "Ada doesn't open it", "Ada never opens it", "Ada no lo abre"]
)
def test_negations_are_counted(text: str) -> None:
    assert read(text).negations == 1


def test_offers_of_another_answer_are_counted() -> None:
    assert read("the key or maybe the map").hedges == 2


def test_sentences_end_at_points_and_lines() -> None:
    assert sentences("Ada waits. Ben leaves at 8.5 s!\nThe end") == ["Ada waits.", "Ben leaves at 8.5 s!", "The end"]


def test_changed_lists_need_a_new_version() -> None:
    data = Path(words.__file__).with_name("words.yaml").read_bytes()
    assert (words.VERSION, hashlib.sha256(data).hexdigest()[:16]) == PINNED


@given(st.text(max_size=200))
def test_any_text_is_read_and_case_says_nothing(text: str) -> None:
    found = read(text)
    assert all(found.content)
    if text.upper().lower() == text.lower() and text.isascii():
        assert read(text.upper()) == found


@given(st.integers(0, 99))
def test_numbers_in_words_are_the_same_as_in_digits(number: int) -> None:
    ones = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    ones += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
    tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    said = ones[number] if number < 20 else tens[number // 10 - 2] + (f"-{ones[number % 10]}" if number % 10 else "")
    assert read(said) == read(str(number))
