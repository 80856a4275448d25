"""guesses.py: answers that no model gives are worth what chance gives, and the oracle's are right."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.core import temporal_iou
from moviellm.eval.running.guesses import NO_LENGTH, NO_SUCH, STEPS, Frequent, Reference, at_random, guesses, right
from moviellm.eval.tasks.events import Event
from moviellm.eval.tasks.reading import read_row, read_text
from moviellm.eval.tasks.scoring import item_scores
from tests.eval.tasks.kit import WORDS, asked

NOBODY = Reference((), "nobody")


def known(*answers: str, **fields: Any) -> Reference:
    return Reference(
        [asked("open_ended", f"m{at + 100:05d}-q000", answer=text, **fields) for at, text in enumerate(answers)],
        "train",
    )


def test_a_random_option_is_worth_its_share() -> None:
    guess = at_random(asked("multiple_choice"), NOBODY, 0)
    assert guess.scores == {"accuracy": pytest.approx(1 / 3), "right": pytest.approx(1 / 3)}
    assert guess.text in ("A. a key", "B. a lamp", "C. a map")


@given(st.integers(0, 38), st.integers(1, 40), st.floats(10.0, 5000.0))
def test_a_random_span_is_worth_the_mean_over_all_spans(start: int, length: int, duration_s: float) -> None:
    end = min(start + length, STEPS)
    gold = (start * duration_s / STEPS, end * duration_s / STEPS)
    question = asked("temporal_grounding", duration_s=duration_s, spans=(gold,))
    scores = at_random(question, NOBODY, 0).scores
    points = [place * duration_s / STEPS for place in range(STEPS + 1)]
    ious = [temporal_iou((one, other), gold) for at, one in enumerate(points) for other in points[at + 1 :]]
    assert scores is not None
    assert scores["miou"] == pytest.approx(sum(ious) / len(ious), abs=1e-9)


def test_of_a_movie_whose_length_nobody_knows_no_span_is_guessed() -> None:
    assert at_random(asked("temporal_grounding", duration_s=0.0), NOBODY, 0).reason == NO_LENGTH


def test_random_words_are_drawn_from_questions_of_the_same_type_about_other_movies() -> None:
    others = [asked("open_ended", "m00009-q000", answer="a boat", question_type="count")]
    own = [asked("open_ended", "m00000-q001", answer="the brown map")]
    like = [asked("open_ended", "m00001-q001", answer="a hat")]
    guess = at_random(asked("open_ended"), Reference([*others, *own, *like], "train"), 0)
    assert (guess.text, guess.scores and guess.scores["exact_match"]) == ("a hat", 0.0)


def test_without_a_question_like_it_nothing_is_guessed() -> None:
    assert at_random(asked("open_ended"), NOBODY, 0).reason == NO_SUCH


def test_random_words_are_worth_their_mean() -> None:
    scores = at_random(asked("open_ended"), known("the brown map", "a red hat"), 0).scores
    assert scores is not None and 0.2 < scores["exact_match"] < 0.8


def test_another_seed_guesses_otherwise() -> None:
    assert len({at_random(asked("multiple_choice"), NOBODY, seed).text for seed in range(20)}) == 3


def test_random_events_are_those_of_another_movie_at_the_same_parts() -> None:
    other = asked("dense_captioning", "m00001-q000", duration_s=20.0, events=(Event(5.0, 10.0, "Ben sings."),))
    guess = at_random(asked("dense_captioning"), Reference([other], "train"), 0)
    assert guess.row == {"events": [{"span": [10.0, 20.0], "caption": "Ben sings."}]}


def test_the_majority_takes_the_option_that_is_most_often_right() -> None:
    places = [0, 2, 2, 1, 2]
    learned = [asked("multiple_choice", f"m{at:05d}-q000", answer_index=place) for at, place in enumerate(places)]
    assert Frequent(Reference(learned, "train")).guess(asked("multiple_choice")).text == "C. a map"


def test_the_majority_says_the_words_that_are_most_often_right() -> None:
    assert Frequent(known("no", "yes", "Yes.", "maybe")).guess(asked("open_ended")).text == "yes"


def test_the_majority_takes_the_part_that_meets_most_moments() -> None:
    spans = [(0.0, 20.0), (1.0, 21.0), (30.0, 40.0)]
    learned = [asked("temporal_grounding", f"m{at:05d}-q000", spans=(span,)) for at, span in enumerate(spans)]
    question = asked("temporal_grounding", duration_s=80.0)
    said = read_text(question, Frequent(Reference(learned, "train")).guess(question).text or "").prediction["span"]
    assert temporal_iou(said, (1.0, 41.0)) > 0.9


@pytest.mark.parametrize("answer_format", WORDS)
def test_what_is_right_is_read_as_right(answer_format: str) -> None:
    question, guess = asked(answer_format), right(asked(answer_format))
    reading = read_row(question, guess.row) if guess.row is not None else read_text(question, guess.text or "")
    scores = item_scores(question, reading.prediction)
    assert scores.get("right", scores.get("soda_c")) == 1.0


def test_guesses_of_a_run_are_the_same_again() -> None:
    questions = [asked(name, f"m{at:05d}-q000") for at, name in enumerate(WORDS)]
    for control in ("random", "majority", "oracle"):
        one, other = (guesses(control, questions, Reference(questions, "test"), 3) for _ in range(2))
        assert one == other and len(one) == len(questions)
