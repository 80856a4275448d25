"""New names tell nothing of the old ones, and everything that was joined still is."""

import random
import re

from moviellm.eval.bench.renaming import Names, flat_ids, secret_of
from moviellm.generation.schema import Movie, check_movie
from tests.eval.bench.kit import movie, question


def renamed(*movies: Movie, secret: bytes = b"s") -> dict[str, Movie]:
    """The movies with new names, by their titles."""
    names = Names(secret, movies)
    return {one.title: names.renamed(one) for one in movies}


def test_a_renamed_movie_keeps_the_rules_of_the_schema() -> None:
    for made in renamed(movie(0), movie(1), movie(2, twin_of=1)).values():
        check_movie(made)


def test_a_twin_is_still_that_of_its_original() -> None:
    movies = [movie(number) for number in range(5)]
    twin = movie(5, twin_of=2)
    found = renamed(*movies, twin)
    assert found[twin.title].twin_of == found[movies[2].title].movie_id


def test_no_old_id_is_left_in_any_text() -> None:
    old = movie(41)
    made = renamed(old, movie(42))[old.title]
    assert "m00041" not in re.sub(made.movie_id, "", made.model_dump_json())


def test_another_secret_gives_another_order() -> None:
    movies = [movie(number) for number in range(12)]
    orders = {tuple(one.movie_id for one in renamed(*movies, secret=secret).values()) for secret in (b"a", b"b", b"a")}
    assert len(orders) == 2


def test_the_secret_follows_from_the_rows() -> None:
    assert secret_of("0" * 64) == secret_of("0" * 64) != secret_of("1" * 64)


def test_the_level_of_what_cannot_be_answered_is_one_of_questions_that_can() -> None:
    pairs = [
        question("m00000", n, "open_ended", f"Where is it {n}?", "there", level="scene", question_type="state")
        for n in range(6)
    ]
    pairs.append(question("m00000", 6, "open_ended", "How often?", "2", level="movie", question_type="count"))
    pairs.append(
        question("m00000", 7, "open_ended", "Where is he?", "Nowhere.", level="movie", question_type="unanswerable")
    )
    old = movie(0, qa_pairs=tuple(pairs))
    levels = {pair.question: pair.level for pair in renamed(old)[old.title].qa_pairs or ()}
    assert levels["Where is he?"] == "scene" and levels["How often?"] == "movie"


def test_options_are_put_in_an_order_that_does_not_follow_the_right_one() -> None:
    places = []
    for number in range(40):
        old = movie(number)
        places += [pair.answer_index for pair in renamed(old)[old.title].qa_pairs or () if pair.options]
    assert {places.count(place) > 5 for place in range(4)} == {True}


def test_flat_ids_say_no_scene() -> None:
    made = movie(3)
    assert [*flat_ids(made).values()][:2] == ["m00003-k0000", "m00003-k0001"]
    assert len(set(flat_ids(made).values())) == len(flat_ids(made))


def test_questions_are_not_in_the_order_in_which_they_were_asked() -> None:
    dice = random.Random(0)
    pairs = tuple(question("m00000", n, "open_ended", f"What {n}?", str(dice.random())) for n in range(30))
    old = movie(0, qa_pairs=pairs)
    order = [pair.question for pair in renamed(old)[old.title].qa_pairs or ()]
    assert order != [pair.question for pair in pairs] and sorted(order) == sorted(pair.question for pair in pairs)
