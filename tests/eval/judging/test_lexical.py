"""The lexical judge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.judging.lexical import lexical_match
from moviellm.eval.tasks.answers import exact_match
from tests.eval.tasks.kit import asked

RIVER = {"text": "Where does Ada meet Ben?", "answer": "At the upper river"}
FIRST = {"text": "What comes first: Ada waits, Ben sings or Ben leaves?", "answer": "Ben sings"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (RIVER, "the upper river"),
        (RIVER, "Ada meets Ben at the upper river."),
        (RIVER, "I think they met by the upper stream"),
        ({"answer": "Clouds", "text": "What weather can be seen?"}, "It was cloudy."),
        ({"answer": "the grey hammer"}, "A gray hammer!"),
        ({"answer": "12 seconds"}, "About twelve secs."),
        ({"answer": "two keys"}, "2 keys"),
        ({"answer": "He does not open it"}, "he doesn't open it"),
        ({"answer": "Yes", "text": "Does Ada wait?"}, "Yes, she does."),
        ({"answer": "2", "question_type": "count", "text": "How many keys?"}, "She has two of them."),
        (FIRST, "First, Ben sings."),
    ],
)
def test_the_same_in_other_words_is_right(fields: dict[str, str], said: str) -> None:
    assert lexical_match(asked("open_ended", **fields), said) == 1.0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (RIVER, "the lower river"),
        (RIVER, "the upper river or the bridge"),
        (RIVER, "the upper river, the bridge, the mill"),
        (RIVER, "not at the upper river"),
        (RIVER, "river upper"),
        (RIVER, ""),
        (RIVER, None),
        ({"answer": "12 seconds"}, "12 minutes"),
        ({"answer": "two keys"}, "two or three keys"),
        ({"answer": "two keys"}, "3 keys"),
        ({"answer": "Yes", "text": "Does Ada wait?"}, "No"),
        ({"answer": "Ben asks Ada", "text": "Who asks whom?"}, "Ada asks Ben"),
        (FIRST, "Ada waits, Ben sings or Ben leaves"),
        (FIRST, "Ada waits, Ben sings, Ben leaves"),
    ],
)
def test_another_answer_and_several_answers_are_wrong(fields: dict[str, str], said: str | None) -> None:
    assert lexical_match(asked("open_ended", **fields), said) == 0.0


def test_of_what_is_not_told_right_is_who_says_so() -> None:
    question = asked("open_ended", question_type="unanswerable", answer="The movie does not say.")
    assert lexical_match(question, "That is not shown.") == 1.0
    assert lexical_match(question, "The key") == 0.0


WORDS = st.lists(st.sampled_from(["Ada", "waits", "not", "two", "grey", "key", "or", "the"]), max_size=6).map(" ".join)


@given(WORDS, WORDS)
def test_what_matches_exactly_matches(answer: str, said: str) -> None:
    question = asked("open_ended", answer=answer or "key")
    assert lexical_match(question, said) >= (exact_match(question, said) if said.strip() else 0.0)


@given(WORDS.filter(str.strip), WORDS)
def test_case_and_punctuation_say_nothing(answer: str, said: str) -> None:
    question = asked("open_ended", answer=answer)
    assert lexical_match(question, said) == lexical_match(question, f"  {said.upper()}!! ")
