"""Fact recall."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.judging.facts import cited, fact_recall, facts_of, missed
from tests.eval.tasks.kit import asked

FACTS = ("Ada asks Ben where the red hammer is.", "Ben finds the red hammer.", "Ben does not open the blue chest.")


def test_an_answer_with_half_of_the_facts_has_half() -> None:
    assert fact_recall("Ben found the red hammer.", FACTS[:2]) == 0.5


def test_facts_told_in_other_forms_are_held() -> None:
    assert fact_recall("Ada asked Ben about the crimson hammer. Then Ben discovers the red hammer!", FACTS[:2]) == 1.0


def test_who_does_it_to_whom_counts() -> None:
    assert fact_recall("Ben asks Ada where the red hammer is.", FACTS[:1]) == 0.0


@pytest.mark.parametrize("said", ["Ben opens the blue chest.", "", None])
def test_a_turned_fact_and_silence_hold_nothing(said: str | None) -> None:
    assert fact_recall(said, FACTS[2:]) == 0.0


def test_words_of_a_fact_spread_over_sentences_do_not_tell_it() -> None:
    assert fact_recall("Ada asks. Ben is there. A red one. The hammer.", FACTS[:1]) == 0.0


def test_missed_facts_are_named() -> None:
    assert missed("Ben finds the red hammer.", FACTS) == [FACTS[0], FACTS[2]]


def test_the_facts_of_a_question_are_cited_captions_that_its_reference_tells() -> None:
    captions = {"m00000": [((0.0, 4.0), FACTS[0]), ((4.0, 8.0), "Clara waits by the river."), ((8.0, 12.0), FACTS[1])]}
    question = asked("open_ended", answer=FACTS[0], spans=((0.0, 9.0),))
    assert cited(question, captions) == [FACTS[0], "Clara waits by the river."]
    assert facts_of(question.answer, cited(question, captions)) == (FACTS[0],)


def test_dense_questions_bring_their_events() -> None:
    assert cited(asked("dense_captioning"), {}) == ["Ada waits."]


def test_a_long_reference_without_captions_tells_its_sentences() -> None:
    assert facts_of(" ".join(FACTS), []) == FACTS


def test_a_short_answer_has_no_facts() -> None:
    assert facts_of("The key", ["Ada holds the brass key in the mill"]) == ()
    assert fact_recall("The key", ()) is None


SENTENCES = st.lists(st.sampled_from(FACTS), max_size=4)


@given(SENTENCES, st.lists(st.sampled_from(FACTS), min_size=1, unique=True))
def test_a_recall_grows_with_what_is_told(told: list[str], facts: list[str]) -> None:
    values = [fact_recall(" ".join(told[:count]), facts) or 0.0 for count in range(len(told) + 1)]
    assert values == sorted(values)
    assert all(0.0 <= value <= 1.0 for value in values)


@given(st.lists(st.sampled_from(FACTS), min_size=1, unique=True))
def test_whoever_tells_the_facts_has_them_all(facts: list[str]) -> None:
    assert fact_recall(" ".join(facts), facts) == 1.0
