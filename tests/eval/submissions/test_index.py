"""An index tells the test set and nothing of what is right."""

from pathlib import Path

import pytest

from moviellm.eval.submissions.index import INDEX_FILE, index_of, read_index
from moviellm.eval.tasks.items import choose, open_data
from moviellm.eval.tasks.table import task_named
from tests.eval.submissions.kit import INDEX, REVISION


def test_an_index_has_every_item_of_every_task(films: Path) -> None:
    found = index_of(films, benchmark="org/bench", revision=REVISION)
    data = open_data(str(films), split="test")
    for task, items in found.tasks.items():
        assert [*items] == [question.item_id for question in choose(data, task_named(task))]


def test_an_index_says_lengths_and_numbers_of_options_and_no_answer(films: Path) -> None:
    found = index_of(films, benchmark="org/bench", revision=REVISION)
    data = open_data(str(films), split="test")
    assert all(item.duration == data.questions[name].duration_s for name, item in found.tasks["grounding"].items())
    assert all(item.n_options == 3 for item in found.tasks["qa_mc"].values())
    assert not any(question.answer in found.text() for question in data.questions.values() if len(question.answer) > 3)


def test_questions_can_be_left_out(films: Path) -> None:
    every = index_of(films, benchmark="org/bench", revision=REVISION)
    first = next(iter(every.tasks["qa_mc"]))
    fewer = index_of(films, benchmark="org/bench", revision=REVISION, tasks=["qa_mc"], leave_out=[first])
    assert [*fewer.tasks] == ["qa_mc"] and {*every.tasks["qa_mc"]} - {*fewer.tasks["qa_mc"]} == {first}


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / INDEX_FILE).write_text(INDEX.text())
    assert read_index(tmp_path / INDEX_FILE) == INDEX


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"g1": {\n    "duration": 60.0\n   }', '"g1": {}', "no duration"),
        (REVISION, "main", "revision"),
        ("example-org/moviellm-bench", "moviellm-bench", "namespace/name"),
        ('"qa_open"', '"qa_fun"', "tasks.qa_fun"),
    ],
)
def test_an_index_that_lacks_something_says_what(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in INDEX.text()
    (tmp_path / INDEX_FILE).write_text(INDEX.text().replace(old, new))
    with pytest.raises(ValueError, match=said):
        read_index(tmp_path / INDEX_FILE)
