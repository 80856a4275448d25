"""Which option a free text means."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.eval.core import extract_choice

CARS = ["a red car", "a blue car", "the old man", "nobody"]
MEANT = [
    ("B", 1), ("b", 1), ("(B)", 1), ("B.", 1), ("**B**", 1), ("d)", 3), ("B. a blue car", 1), ("B: the blue car", 1),
    ("a blue car", 1), ("A blue car.", 1), ("Nobody", 3), ("The answer is B", 1), ("The answer is (B).", 1),
    ("answer: b", 1), ("The answer is a red car", 0), ("Answer: A red car", 0), ("My answer: A", 0), ("It's A.", 0),
    ("A because the car is red", 0), ("The correct answer is option C because he is old", 2), ("\\boxed{B}", 1),
    ("\\boxed{\\text{D}}", 3), ("Final answer: C", 2), ("I think A, but the final answer is B.", 1),
    ("It is not B but C", 2), ("neither A nor B, so C", 2), ("the answer is most likely B", 1), ("Option B", 1),
    ("I would go with option D.", 3), ("The man chose the blue car.", 1), ("It is a blue car, not a red car.", 1),
    ("<think>A? B?</think>C", 2), ("<answer>D</answer>", 3), ("Option A is wrong; the answer is C", 2),
    ("B is the correct answer, A shows a dog", 1), ("The answer is:\n\nB", 1),
    ("A is incorrect. B is incorrect. D is incorrect. So C.", 2), ("B.\n\nThe video shows a red car first.", 1),
    ("Sure! The correct option is: **C**. the old man", 2), ("Between A and C, C is better supported.", None),
]  # fmt: skip
UNMEANT = [
    "", "E", "The answer is E.", "I", "A or B", "A and B", "The answer is A or B", "Answer: A, B", "Not A.",
    "The answer is not A", "A man walks in.", "I cannot answer that.", "The red car and the blue car",
    "A. a red car\nB. a blue car\nC. the old man\nD. nobody", "A. a red car B. a blue car", "B. a red car",
    "John B. Smith arrives", "<think>The answer is B", "<answer></answer> B",
]  # fmt: skip
FAILURES = [
    "Failed to obtain answer via API.",
    "Failed to get a response: A",
    "An error occurred",
    "Error: A timeout occurred",
    "Error code: 429 - {'error': {'message': 'Rate limit reached. Answer: B'}}",
    "Error code: 400 - Answer with the letter. Answer: B",
    '{"error": "B"}',
    "openai.RateLimitError: A",
    "Rate limit reached for A in organization",
    "Request timed out. B",
    "HTTP 500 B",
    "500 Internal Server Error (B)",
    "Traceback (most recent call last): B",
    "CUDA out of memory. Answer: B",
    "This model's maximum context length is 8192 tokens. Answer: B",
    "Incorrect API key provided: A.",
    "The service is currently unavailable: A",
    "Connection refused: B",
]


@pytest.mark.parametrize(("text", "choice"), MEANT)
def test_an_option_is_read(text: str, choice: int | None) -> None:
    assert extract_choice(text, CARS) == choice


@pytest.mark.parametrize("text", UNMEANT)
def test_no_option_is_read_where_none_or_several_are_meant(text: str) -> None:
    assert extract_choice(text, CARS) is None


@pytest.mark.parametrize("text", FAILURES)
def test_an_error_message_of_a_service_is_never_an_answer(text: str) -> None:
    assert extract_choice(text, CARS) is None


@pytest.mark.parametrize(
    ("text", "options", "choice"),
    [
        ("no", ["Yes", "No"], 1),
        ("No, he does not.", ["Yes", "No"], 1),
        ("I have no idea", ["Yes", "No"], None),
        ("There are 3 people", ["1", "2", "3"], 2),
        ("red car", ["red", "red car"], 1),
        ("It was a red car.", ["red", "red car"], 1),
        ("same", ["same", "same"], None),
        ("B. same", ["same", "same"], 1),
        ("B", ["B", "A"], None),
        ("Internal server error", ["Internal server error", "b"], 0),
        ("The request timed out", ["The request timed out", "x"], 0),
        ("I think it's I.", list("0123456789"), 8),
    ],
)
def test_options_that_are_hard_to_tell_apart(text: str, options: list[str], choice: int | None) -> None:
    assert extract_choice(text, options) == choice


@given(
    st.integers(1, 26),
    st.data(),
    st.sampled_from(["{}", "({})", "{}.", "The answer is {}.", "Final answer: {}", "**{}**", "<answer>{}</answer>"]),
)
def test_every_letter_comes_back(number: int, data: st.DataObject, how: str) -> None:
    choice = data.draw(st.integers(0, number - 1))
    options = [f"thing {at}" for at in range(number)]
    assert extract_choice(how.format(string.ascii_uppercase[choice]), options) == choice


@given(st.permutations(CARS), st.sampled_from(CARS))
def test_an_option_said_in_words_is_found_wherever_it_stands(options: list[str], meant: str) -> None:
    assert extract_choice(f"I can see {meant} at the end.", options) == options.index(meant)


ANY_TEXT = st.text(max_size=80) | st.text("ABCD().,*:orandtheis \n<>/answer", max_size=80)


@given(
    st.text(max_size=80) | st.text("ABCD().,*:orandtheis \n<>/answer", max_size=80),
    st.lists(st.text(max_size=6), min_size=1, max_size=5),
)
@settings(max_examples=60)
def test_no_text_breaks_the_reading(text: str, options: list[str]) -> None:
    found = extract_choice(text, options)
    assert found is None or 0 <= found < len(options)


@pytest.mark.parametrize(
    ("text", "options", "what"),
    [
        ("B", [], "1 to 26 texts"),
        ("B", "AB", "1 to 26 texts"),
        ("B", ["x"] * 27, "1 to 26 texts"),
        ("B", ["x", 2], "every option is text"),
        (None, ["x"], "a model's answer is text"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, options: list[str], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        extract_choice(text, options)
