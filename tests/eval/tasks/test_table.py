"""table.py: the tasks as data."""

import pytest

from moviellm.eval.tasks.scoring import METRICS, metrics_of
from moviellm.eval.tasks.table import FOUR, form_of, letter_of, prompt_of, task_named, task_table, tasks_of
from moviellm.generation.schema import AnswerFormat, Level, QuestionType


def _values(literal: object) -> set[str]:
    from typing import get_args

    return set(get_args(literal))


def test_the_four_tasks_take_the_four_answer_formats_in_their_order() -> None:
    assert [task_named(name).formats for name in FOUR] == [(one,) for one in METRICS]
    assert set(METRICS) == _values(AnswerFormat)


@pytest.mark.parametrize("name", task_table())
def test_a_task_names_formats_types_and_levels_that_exist(name: str) -> None:
    task = task_named(name)
    assert set(task.formats) <= _values(AnswerFormat)
    assert set(task.types or ()) <= _values(QuestionType)
    assert set(task.levels or ()) <= _values(Level)


@pytest.mark.parametrize("name", task_table())
def test_the_headline_of_a_task_is_one_of_its_numbers(name: str) -> None:
    task = task_named(name)
    assert task.headline in (*metrics_of(task), "all_right" if task.groups else "")


def test_an_unknown_task_is_an_error_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"no task 'groundings'; did you mean grounding\?"):
        tasks_of("qa_mc,groundings")
    with pytest.raises(ValueError, match=r"no task 'al'; there are \w+, "):
        tasks_of("al")


def test_tasks_are_the_four_unless_said() -> None:
    assert [task.name for task in tasks_of(None)] == list(FOUR)


def test_all_tasks_can_be_asked_for() -> None:
    assert [task.name for task in tasks_of("all")] == list(task_table())


def test_a_prompt_lists_the_options_with_letters() -> None:
    prompt = prompt_of("multiple_choice", "visual", question="What?", options=("a key", "a map"))
    assert "What?\nA. a key\nB. a map\n" in prompt


def test_a_question_with_braces_is_put_as_it_is() -> None:
    assert prompt_of("open_ended", "overview", question="What is {x}?", options=()) == "What is {x}?"


def test_a_prompt_for_hundredths_asks_for_no_seconds_and_says_clock_times_so() -> None:
    said = prompt_of("temporal_grounding", None, question="After 0:10?", options=(), times="index", duration_s=40.0)
    assert said.startswith("After 25?") and "second" not in said


def test_letters_go_on_after_z() -> None:
    assert [letter_of(number) for number in (0, 25, 26, 27)] == ["A", "Z", "AA", "AB"]


def test_an_unknown_answer_format_is_an_error() -> None:
    with pytest.raises(ValueError, match="essay"):
        form_of("essay")


@pytest.mark.parametrize(
    ("answer_format", "question_type", "taken"),
    [
        ("open_ended", "overview", True),
        ("open_ended", "plot", True),
        ("open_ended", "order", True),
        ("open_ended", "count", False),
        ("multiple_choice", "plot", False),
    ],
)
def test_movie_qa_is_what_the_paper_asks(answer_format: str, question_type: str, taken: bool) -> None:
    assert task_named("movie_qa").takes(answer_format, question_type, "movie") is taken
