"""Texts of anybody, shown as they are."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.reporting.showing_text import clock, code, latex, one_line, visible


@given(st.text())
def test_nothing_that_steers_the_reader_is_left(text: str) -> None:
    left = {unicodedata.category(char) for char in visible(text) if char not in "\n\u200c\u200d"}
    assert left.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_an_override_of_direction_is_named() -> None:
    assert visible("a\u202eb") == "a⟨U+202E⟩b"


def test_a_tower_of_marks_is_cut() -> None:
    assert visible("a" + "\u0301" * 40) == "a" + "\u0301" * 8 + "⟨32 more marks⟩"


@given(st.text())
def test_a_code_span_holds_no_fence_of_its_own_length(text: str) -> None:
    span = code(text, 200)
    fence = re.match("`+", span)
    assert fence is not None
    inner = span[len(fence[0]) : -len(fence[0])]
    assert fence[0] not in re.findall("`+", inner)
    assert "\n" not in span


@given(st.text())
def test_latex_has_no_open_special_character(text: str) -> None:
    plain = re.sub(r"\\text[a-z]+\{\}|\\ldots\{\}|\$-\$|\\[&%$#_{}]", "", latex(text))
    assert not set(plain) & set("\\&%$#_{}~^<>")


def test_a_line_is_cut_where_it_is_too_long() -> None:
    assert one_line("a\nb  c" + "d" * 20, 8) == "a b cdd…"


@pytest.mark.parametrize(("seconds", "told"), [(0.0, "0:00"), (65.9, "1:05"), (3661.0, "1:01:01")])
def test_times_are_told_as_clocks(seconds: float, told: str) -> None:
    assert clock(seconds) == told
