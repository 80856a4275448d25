"""Rows of movies: packing, padding, splitting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.training.shared.batch import fill, split, stack, visible
from moviellm.training.shared.layout import IGNORED, Turn, lay_out
from tests.training.shared.decoders import forests


@given(forests(), forests())
@settings(max_examples=20, deadline=None)
def test_movies_of_one_row_do_not_see_each_other(one: tuple, other: tuple) -> None:
    first, second = lay_out(*one), lay_out(*other)
    sees = visible(stack([[first, second]], pad_id=0)["attention_mask"])[0, 0]
    cut = len(first)
    assert not sees[:cut, cut:].any()
    assert not sees[cut:, :cut].any()
    assert (sees[:cut, :cut] == visible(stack([[first]], 0)["attention_mask"])[0, 0]).all()
    assert (sees[cut:, cut:] == visible(stack([[second]], 0)["attention_mask"])[0, 0]).all()


def test_padding_has_no_label_and_nobody_sees_it() -> None:
    long, short = lay_out([1, 2, 3], [Turn([4, 5])]), lay_out([1], [Turn([2])])
    batch = stack([[long], [short]], pad_id=9)
    assert batch["input_ids"][1].tolist() == [1, 2, 9, 9, 9]
    assert (batch["labels"][1, 2:] == IGNORED).all()
    sees = visible(batch["attention_mask"])[1, 0]
    assert not sees[:2, 2:].any()
    assert np.diag(sees).all()


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20))
def test_every_movie_gets_a_place_and_no_row_overflows(lengths: list[int]) -> None:
    rows = fill(lengths, tokens_a_row=30)
    assert sorted(number for row in rows for number in row) == list(range(len(lengths)))
    assert all(sum(lengths[number] for number in row) <= 30 for row in rows)


@given(forests(), st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_questions_are_split_into_rows_that_hold_them_with_what_they_follow(drawn: tuple, more: int) -> None:
    movie, turns, lead_in = drawn
    room = len(movie) + sum(len(turn.ids) + max(lead_in, 1) for turn in turns) // 2 + more
    try:
        groups = list(split(len(movie), turns, room, lead_in))
    except ValueError as error:
        assert "longer rows" in str(error)
        return
    assert sorted(tuple(turn.ids) for group in groups for turn in group) == sorted(tuple(turn.ids) for turn in turns)
    assert all(len(lay_out(movie, group, lead_in)) <= room for group in groups)


def test_a_movie_longer_than_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="split its questions"):
        fill([31], tokens_a_row=30)
