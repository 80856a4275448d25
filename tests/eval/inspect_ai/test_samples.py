"""samples.py: questions in words."""

import pytest

from moviellm.eval.inspect_ai.samples import Asked, asked_of
from moviellm.eval.tasks.items import Data, open_data
from tests.eval.running.movies import make_dataset


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return open_data(str(make_dataset(tmp_path_factory.mktemp("inspect") / "films")), split="test")


def by_id(asked: list[Asked]) -> dict[str, Asked]:
    return {one.question.item_id: one for one in asked}


def test_a_blind_question_is_the_question_alone(data: Data) -> None:
    asked = by_id(asked_of(data, "qa_mc", shows="nothing"))["m00000-q000"]
    options = "A. a map\nB. a brass key\nC. a lamp"
    assert asked.turns == (
        f"What does Ada hold?\n{options}\nAnswer with the letter and the text of the right option.",
    )
    assert asked.max_tokens == 128


def test_what_is_said_stands_before_the_question(data: Data) -> None:
    (text,) = by_id(asked_of(data, "qa_open", shows="dialogue"))["m00000-q002"].turns
    first, *lines, blank, question = text.split("\n")
    assert first == "What is said in the movie:" and blank == "" and question == "Who keeps the key? Keep it short."
    assert lines and all(line.startswith("[") and " s] " in line for line in lines)


def test_a_follow_up_stands_behind_the_right_answer(data: Data) -> None:
    asked = by_id(asked_of(data, "qa_open", shows="nothing"))["m00000-q003"]
    assert asked.turns == ("Who keeps the key? Keep it short.", "Ada", "And how many keys? Keep it short.")


def test_something_else_is_not_shown(data: Data) -> None:
    with pytest.raises(ValueError, match="shows is 'frames'"):
        asked_of(data, "qa_mc", shows="frames")  # type: ignore[arg-type]
