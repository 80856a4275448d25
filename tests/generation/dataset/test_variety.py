"""How varied the language of a dataset is."""

from moviellm.generation.dataset.variety import MOVIES_MAX, Variety
from tests.factories import make_movie


def measured(*movies):
    variety = Variety()
    for movie in movies:
        variety.add(movie)
    return {row.texts: row for row in variety.rows()}


def test_the_same_movie_again_halves_what_is_distinct() -> None:
    one, two = measured(make_movie()), measured(make_movie(), make_movie())
    assert two["captions"].distinct_2 == one["captions"].distinct_2 / 2


def test_a_movie_that_begins_like_another_is_counted() -> None:
    assert measured(make_movie(), make_movie())["captions"].openings == 1.0


def test_questions_have_no_opening() -> None:
    assert measured(make_movie())["questions"].openings is None


def test_a_twin_is_left_out() -> None:
    twin = make_movie(1).model_copy(update={"twin_of": "m00000"})
    assert measured(make_movie(), twin) == measured(make_movie())


def test_no_more_movies_are_held_than_said() -> None:
    variety = Variety()
    for _ in range(MOVIES_MAX + 5):
        variety.add(make_movie(chapters=1, scenes=1, keyframes=1))
    assert len(variety.first["captions"]) == MOVIES_MAX


def test_a_movie_without_questions_has_no_row_for_them() -> None:
    assert "questions" not in measured(make_movie().model_copy(update={"qa_pairs": None}))
