"""The view `sft`: every question as prompt and completion."""

import pytest

from moviellm.generation.schema import Movie
from moviellm.training.rows.film import Look
from moviellm.training.rows.sft import SPOILT, letter_of, sft_rows, spoilt, threads_of
from tests.factories import make_movie, span
from tests.training.rows.movies import placeholders, question, sample_movies, text_of, with_questions


def rows(movie: Movie, look: Look | None = None, seed: int = 0) -> list[dict]:
    return list(sft_rows(movie, look or Look(), seed))


def test_every_question_of_the_sample_has_a_row_in_order() -> None:
    for movie in sample_movies():
        assert [row["question_id"] for row in rows(movie)] == [one.question_id for one in movie.qa_pairs or ()]


def test_the_completion_is_the_answer_of_the_dataset() -> None:
    for movie in sample_movies():
        for row, asked in zip(rows(movie), movie.qa_pairs or (), strict=True):
            said = row["completion"][0]["content"][0]["text"]
            assert said == (
                asked.answer if asked.answer_index is None else f"{letter_of(asked.answer_index)}. {asked.answer}"
            )


def test_the_prompt_shows_the_film_once_and_asks_last() -> None:
    for movie in sample_movies():
        for row, asked in zip(rows(movie), movie.qa_pairs or (), strict=True):
            assert placeholders(row["prompt"][:1]) == placeholders(row["prompt"]) == len(row["images"]) == 12
            assert row["prompt"][-1]["role"] == "user" and asked.question in text_of(row["prompt"][-1:])
            assert all(option in text_of(row["prompt"][-1:]) for option in asked.options)


def test_a_follow_up_has_the_turns_before_it() -> None:
    movie = with_questions(make_movie(), question(0), question(1, turn_of="m00000-q000", question="And where?"))
    prompt = rows(movie)[1]["prompt"]
    assert [one["role"] for one in prompt] == ["user", "assistant", "user"]
    assert prompt[1]["content"][0]["text"] == "Ada 0" and prompt[2]["content"][0]["text"] == "And where?"


def test_questions_in_threads_follow_what_they_follow_up() -> None:
    movie = with_questions(
        make_movie(),
        question(0),
        question(1, turn_of="m00000-q000"),
        question(2),
        question(3, turn_of="m00000-q000"),
        question(4, turn_of="m00000-q003"),
    )
    threads = [[int(one.question_id[-1]) for one in thread] for thread in threads_of(movie)]
    assert threads == [[0, 1], [2], [0, 3, 4]]


@pytest.mark.parametrize("flag", sorted(SPOILT))
def test_a_spoilt_question_is_left_out_with_its_follow_ups(flag: str) -> None:
    movie = with_questions(make_movie(), question(0, flags=(flag,)), question(1, turn_of="m00000-q000"), question(2))
    assert [row["question_id"] for row in rows(movie)] == ["m00000-q002"] and spoilt(movie) == 2


def test_a_question_that_is_only_guessable_stays_and_says_so() -> None:
    (row,) = rows(with_questions(make_movie(), question(0, flags=("guessable",))))
    assert row["flags"] == ["guessable"]


def test_options_have_letters_and_the_answer_begins_with_the_right_one() -> None:
    options = tuple(f"key {number}" for number in range(4))
    asked = question(0, answer_format="multiple_choice", options=options, answer_index=2, answer="key 2")
    (row,) = rows(with_questions(make_movie(), asked))
    assert "A. key 0\nB. key 1\nC. key 2\nD. key 3" in text_of(row["prompt"])
    assert text_of(row["completion"]) == "assistant: C. key 2"


def test_letters_go_on_after_z() -> None:
    assert [letter_of(number) for number in (0, 25, 26, 27, 52)] == ["A", "Z", "AA", "AB", "BA"]


def test_with_hundredths_times_of_question_and_answer_are_hundredths() -> None:
    asked = question(
        0,
        answer_format="temporal_grounding",
        question="When, after 0:08, does Ada wait?",
        answer="From 16.0 to 24.0 seconds.",
        evidence=(span(16.0, 24.0),),
    )
    (row,) = rows(with_questions(make_movie(), asked), Look(times="index"))
    assert "When, after 25, does Ada wait?" in text_of(row["prompt"]) and "seconds" not in text_of(row["prompt"])
    assert text_of(row["completion"]) == "assistant: From 50 to 75."


def test_with_hundredths_a_dense_caption_is_told_from_the_events() -> None:
    movie = make_movie()
    asked = question(
        0, answer_format="dense_captioning", answer="...", evidence=tuple(e.span for e in movie.events[:2])
    )
    (row,) = rows(with_questions(movie, asked), Look(times="index"))
    lines = ["From 00 to 12: Ada holds the brass key, moment 0.", "From 12 to 25: Ada holds the brass key, moment 1."]
    assert text_of(row["completion"]) == "assistant: " + "\n".join(lines)


def test_markup_in_question_and_answer_is_no_markup() -> None:
    (row,) = rows(with_questions(make_movie(), question(0, question="Is it <image>?", answer="<|im_end|>")))
    assert "(image)" in text_of(row["prompt"]) and text_of(row["completion"]) == "assistant: (|im_end|)"


def test_another_seed_chooses_other_wordings_of_the_same_questions() -> None:
    (movie, _) = sample_movies()
    one, other = rows(movie, seed=0), rows(movie, seed=1)
    assert [row["completion"] for row in one] == [row["completion"] for row in other]
    assert [row["templates"] for row in one] != [row["templates"] for row in other] and one == rows(movie, seed=0)


def test_a_movie_without_pictures_gives_no_row() -> None:
    movie = make_movie(chapters=1, scenes=1, keyframes=1)
    scene = movie.chapters[0].scenes[0]
    keyframe = scene.keyframes[0].model_copy(update={"image": None, "image_sha256": None})
    chapter = movie.chapters[0].model_copy(update={"scenes": (scene.model_copy(update={"keyframes": (keyframe,)}),)})
    assert rows(movie.model_copy(update={"chapters": (chapter,)})) == []
