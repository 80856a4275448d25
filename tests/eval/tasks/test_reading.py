"""reading.py: what a model said becomes a prediction, or a reason why there is none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.tasks.reading import (
    NO_CHOICE,
    NO_EVENTS,
    NO_SPAN,
    NO_WORDS,
    OUTSIDE,
    REVERSED,
    read_row,
    read_text,
)
from moviellm.eval.tasks.scoring import item_scores
from tests.eval.tasks.kit import WORDS, asked


@pytest.mark.parametrize(
    ("answer_format", "text", "prediction"),
    [
        ("multiple_choice", "B. a lamp", {"choice": "B"}),
        ("temporal_grounding", "From 4 to 8.5 seconds.", {"span": [4.0, 8.5]}),
        ("temporal_grounding", "0:30 - 0:50", {"span": [30.0, 40.0]}),
        ("open_ended", "<think>the lamp?</think> the\tmap\u2028", {"answer": "the map"}),
        ("dense_captioning", "36-50 s: Ada waits.", {"events": [{"span": [36.0, 40.0], "caption": "Ada waits."}]}),
    ],
)
def test_what_a_model_says_is_read(answer_format: str, text: str, prediction: dict[str, Any]) -> None:
    reading = read_text(asked(answer_format), text)
    assert (reading.prediction, reading.reason) == (prediction, None)


@pytest.mark.parametrize(
    ("answer_format", "text", "prediction", "reason"),
    [
        ("multiple_choice", "A or C", {"choice": None}, NO_CHOICE),
        ("temporal_grounding", "Early on.", {"span": None}, NO_SPAN),
        ("temporal_grounding", "From 8 to 4 seconds", {"span": None}, REVERSED),
        ("temporal_grounding", "From 60 to 70 seconds", {"span": None}, OUTSIDE),
        ("dense_captioning", "60-70 s: Ada waits.", {"events": []}, NO_EVENTS),
        ("open_ended", "<think>the lamp", {"answer": ""}, NO_WORDS),
    ],
)
def test_what_cannot_be_read_has_a_reason(
    answer_format: str, text: str, prediction: dict[str, Any], reason: str
) -> None:
    reading = read_text(asked(answer_format), text)
    assert (reading.prediction, reading.reason) == (prediction, reason)


def test_hundredths_are_turned_into_seconds() -> None:
    assert read_text(asked("temporal_grounding"), "From 10 to 25.", "index").prediction == {"span": [4.0, 10.0]}


def test_hundredths_of_events_are_turned_into_seconds() -> None:
    events = read_text(asked("dense_captioning"), "00 to 10: Ada waits.", "index").prediction["events"]
    assert events == [{"span": [0.0, 4.0], "caption": "Ada waits."}]


@pytest.mark.parametrize(
    ("answer_format", "row"),
    [
        ("multiple_choice", {"choice": "D"}),
        ("multiple_choice", {"choice": "b"}),
        ("temporal_grounding", {"span": [1.0]}),
        ("temporal_grounding", {"span": [True, 2.0]}),
        ("temporal_grounding", {"span": [float("nan"), 2.0]}),
        ("dense_captioning", {"events": [{"span": [0, 4]}]}),
        ("dense_captioning", {"events": "none"}),
        ("open_ended", {"choice": "A"}),
    ],
)
def test_a_row_of_another_form_is_an_error_that_names_the_question(answer_format: str, row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="m00000-q000"):
        read_row(asked(answer_format), row)


@pytest.mark.parametrize("answer_format", WORDS)
def test_a_prediction_read_again_is_the_same(answer_format: str) -> None:
    question = asked(answer_format)
    reading = read_text(question, question.answer)
    assert reading.reason is None
    assert read_row(question, {"id": question.item_id, **reading.prediction}).prediction == reading.prediction


@given(st.sampled_from(sorted(WORDS)), st.text(max_size=120))
def test_any_text_gives_a_prediction_with_scores_from_0_to_1(answer_format: str, text: str) -> None:
    question = asked(answer_format)
    reading = read_text(question, text)
    scores = item_scores(question, reading.prediction)
    assert all(0.0 <= value <= (10.0 if name == "cider" else 1.0) for name, value in scores.items())
    assert reading.reason is None or not any(scores.values())
