"""answers.py: whether words answer a question, by plain rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.tasks.answers import abstains, exact_match, token_f1
from tests.eval.tasks.kit import asked


@pytest.mark.parametrize(
    ("gold", "said", "right"),
    [
        ("The brown map", "a brown map.", 1.0),
        ("The brown map", "the map", 0.0),
        ("Yes", "yes, she does", 1.0),
        ("No", "yes", 0.0),
        ("Two", "2", 1.0),
        ("Ada", "", 0.0),
    ],
)
def test_exact_match_is_blind_to_case_articles_and_points_only(gold: str, said: str, right: float) -> None:
    assert exact_match(asked("open_ended", answer=gold), said) == right


@pytest.mark.parametrize(
    ("said", "right"), [("It happens 2 times.", 1.0), ("2 or 3", 0.0), ("many", 0.0), ("twice", 1.0)]
)
def test_a_count_is_its_one_number(said: str, right: float) -> None:
    assert exact_match(asked("open_ended", answer="2", question_type="count"), said) == right


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("The movie doesn\u2019t say.", 1.0),
        ("That cannot be told from it.", 1.0),
        ("There is no Ben in this film.", 1.0),
        ("There is nothing but a lamp.", 0.0),
        ("A song about the sea.", 0.0),
    ],
)
def test_of_what_the_movie_does_not_tell_saying_so_is_right(said: str, right: float) -> None:
    assert exact_match(asked("open_ended", question_type="unanswerable", answer="It does not say."), said) == right


def test_saying_that_it_is_not_told_is_wrong_elsewhere() -> None:
    assert exact_match(asked("open_ended", answer="the map"), "The movie does not say.") == 0.0


@given(st.text(max_size=40), st.text(max_size=40))
def test_token_f1_is_symmetric_and_between_0_and_1(one: str, other: str) -> None:
    assert 0.0 <= token_f1(one, other) == token_f1(other, one) <= 1.0


def test_token_f1_counts_words_in_common() -> None:
    assert token_f1("brown map", "the brown lamp") == pytest.approx(0.5)


def test_no_words_abstain_from_nothing() -> None:
    assert not abstains("")
