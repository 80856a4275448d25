"""Where the tokens of a movie and its questions stand, and the way back to a row a question."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.training.shared.layout import IGNORED, LEAD_IN, MOVIE, Layout, Turn, apart, lay_out, share, way_to
from tests.training.shared.decoders import forests


def test_follow_ups_stand_directly_behind_their_turn() -> None:
    layout = lay_out([1, 2], [Turn([3]), Turn([4]), Turn([5], turn_of=0)])
    assert layout.input_ids.tolist() == [1, 2, 3, 5, 4]
    assert layout.turns.tolist() == [MOVIE, MOVIE, 0, 2, 1]


def test_positions_count_as_if_a_turn_stood_alone() -> None:
    layout = lay_out([1, 2], [Turn([3, 3]), Turn([4]), Turn([5], turn_of=0)])
    assert layout.position_ids.tolist() == [0, 1, 2, 3, 4, 2]


def test_a_lead_in_repeats_the_tokens_before_the_turn() -> None:
    layout = lay_out([1, 2, 3], [Turn([4]), Turn([5])], lead_in=2)
    assert layout.input_ids.tolist() == [1, 2, 3, 2, 3, 4, 2, 3, 5]
    assert layout.position_ids.tolist() == [0, 1, 2, 1, 2, 3, 1, 2, 3]


def test_a_turn_that_begins_with_a_label_is_learned_from_a_copy_of_the_token_before_it() -> None:
    layout = lay_out([1, 2], [Turn([3], [3]), Turn([4], [4])])
    at = int(np.flatnonzero(layout.turns == 1)[0])
    assert layout.turns[at - 1] == LEAD_IN
    assert (layout.input_ids[at - 1], layout.position_ids[at - 1], layout.labels[at]) == (2, 1, 4)


def _seen(layout: Layout, token: int) -> set[int]:
    return {
        other for other in range(len(layout)) if other <= layout.sees_to[token] and token < layout.seen_until[other]
    }


@given(forests())
@settings(max_examples=30, deadline=None)
def test_a_token_sees_the_movie_the_turns_it_follows_and_its_own_turn_up_to_itself(drawn: tuple) -> None:
    movie, turns, lead_in = drawn
    layout = lay_out(movie, turns, lead_in)
    whose = layout.turns.tolist()
    for token, number in enumerate(whose):
        if number == LEAD_IN:
            continue
        way = [MOVIE, *(way_to(layout.turn_of, number) if number >= 0 else [])]
        assert _seen(layout, token) == {other for other in range(token + 1) if whose[other] in way}


@given(forests())
@settings(max_examples=30, deadline=None)
def test_a_copy_sees_what_its_original_sees_and_nobody_sees_it(drawn: tuple) -> None:
    movie, turns, lead_in = drawn
    layout = lay_out(movie, turns, lead_in)
    for copy in np.flatnonzero(layout.turns == LEAD_IN):
        original = int(layout.sees_to[copy])
        assert _seen(layout, int(copy)) == _seen(layout, original)
        assert layout.input_ids[copy] == layout.input_ids[original]
        assert layout.position_ids[copy] == layout.position_ids[original]
        assert all(copy not in _seen(layout, token) for token in range(len(layout)))


@given(forests())
@settings(max_examples=30, deadline=None)
def test_the_way_back_gives_the_rows_that_train_each_turn_alone(drawn: tuple) -> None:
    movie, turns, lead_in = drawn
    rows = apart(lay_out(movie, turns, lead_in))
    assert len(rows) == len(turns)
    for number, (ids, labels) in enumerate(rows):
        way = way_to([turn.turn_of for turn in turns], number)
        expected = [*movie, *(token for turn in way for token in turns[turn].ids)]
        own = turns[number].labels or []
        assert ids.tolist() == expected
        assert labels.tolist() == [IGNORED] * (len(expected) - len(own)) + list(own)


@given(forests())
@settings(max_examples=20, deadline=None)
def test_positions_along_every_way_are_0_1_2(drawn: tuple) -> None:
    movie, turns, lead_in = drawn
    layout = lay_out(movie, turns, lead_in)
    for number in range(len(turns)):
        way = [MOVIE, *way_to(layout.turn_of, number)]
        at = np.concatenate([np.flatnonzero(layout.turns == part) for part in way])
        assert layout.position_ids[at].tolist() == list(range(len(at)))


@given(forests())
@settings(max_examples=20, deadline=None)
def test_a_label_stands_behind_the_token_that_predicts_it(drawn: tuple) -> None:
    movie, turns, lead_in = drawn
    layout = lay_out(movie, turns, lead_in)
    for at in np.flatnonzero(layout.labels != IGNORED):
        assert layout.position_ids[at - 1] == layout.position_ids[at] - 1
        before = int(at - 1) if layout.turns[at - 1] != LEAD_IN else int(layout.sees_to[at - 1])
        assert before in _seen(layout, int(at))


@given(st.lists(st.integers(3, 9), min_size=1, max_size=6), forests())
@settings(max_examples=20, deadline=None)
def test_rows_of_one_movie_are_shared_and_come_back(begin: list[int], drawn: tuple) -> None:
    rows = [
        ([*begin, *turn.ids, 9], [IGNORED] * (len(begin) + len(turn.ids)) + [9])
        for turn in [*drawn[1], Turn([5, 6, 7])]
    ]
    back = apart(lay_out(*share(rows)))
    assert [(ids.tolist(), labels.tolist()) for ids, labels in back] == rows


def test_what_is_shared_ends_before_the_first_label() -> None:
    row = ([1, 2, 3, 4], [IGNORED, IGNORED, 3, 4])
    movie, turns = share([row, row])
    assert (movie, turns[0].ids) == ([1], [2, 3, 4])


def test_rows_that_share_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="share no beginning"):
        share([([1, 2], [IGNORED, 2]), ([3, 2], [IGNORED, 2])])


@pytest.mark.parametrize(
    ("movie", "turns", "lead_in", "reason"),
    [
        ([], [], 0, "0 tokens"),
        ([1], [Turn([2])], 3, "convolutions reach 3"),
        ([1], [Turn([])], 0, "turn 0 has no tokens"),
        ([1], [Turn([2], [2, 3])], 0, "1 tokens and 2 labels"),
        ([1], [Turn([2], None, 0)], 0, "must follow an earlier one"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(movie: list[int], turns: list[Turn], lead_in: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        lay_out(movie, turns, lead_in)
