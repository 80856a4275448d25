"""Labels of a gate: a file's lines, and the set that is shipped."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.judging import gate_labels
from moviellm.eval.judging.gate_labels import read_labels

PINNED = (1, "36988a597cefc084")
"""Version of the built-in set, and the hash of its file."""
ONE = {"id": "a", "question": "Who sings?", "reference": "Ada", "answer": "Ada does", "correct": True}
TWO = {"id": "p", "question": "Who sings?", "reference": "Ada", "answers": ["Ada", "Ben"], "preferred": "a"}


def _write(path: Path, *rows: Any) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_a_file_holds_answers_and_pairs(tmp_path: Path) -> None:
    found = read_labels([_write(tmp_path / "people.jsonl", ONE, TWO)])
    assert [label.id for label in found.answers] == ["a"]
    assert [label.shown for label in found.pairs] == [("Ada", "Ben")]
    assert (found.sources, found.only_built_in) == (("people.jsonl",), False)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"id": "a", "correct": True}, "line 1: it has no question: a label holds all that the judge gets"),
        ({**ONE, "correct": "yes"}, "line 1: correct: Input should be a valid boolean"),
        ({**ONE, "corect": True}, "there is no key 'corect'; keys are id, question"),
        ({**ONE, "preferred": "a"}, 'it takes "answer" with "correct"'),
        ({**ONE, "answers": ["a", "b"]}, 'it takes "answer" with "correct"'),
        ({**TWO, "preferred": "A"}, "preferred: Input should be 'a', 'b' or 'tie'"),
        ({**TWO, "answers": ["a"]}, "answers.1: Field required"),
        ({key: ONE[key] for key in ("id", "question", "reference", "answer")}, 'it takes "answer" with "correct"'),
        ({**ONE, "reference": ""}, "reference: String should have at least 1 character"),
    ],
)
def test_what_is_no_label_is_refused_with_its_line(tmp_path: Path, row: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as error:
        read_labels([_write(tmp_path / "people.jsonl", row)])
    assert said in str(error.value)


def test_an_id_is_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 2: a comes twice"):
        read_labels([_write(tmp_path / "people.jsonl", ONE, {**ONE, "answer": "Ben"})])


def test_two_lines_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 2: b contradicts a, which is the very same"):
        read_labels([_write(tmp_path / "people.jsonl", ONE, {**ONE, "id": "b", "correct": False})])


def test_a_file_without_lines_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no labels"):
        read_labels([_write(tmp_path / "people.jsonl")])


def test_files_and_the_built_in_set_stand_together(tmp_path: Path) -> None:
    found = read_labels([_write(tmp_path / "people.jsonl", ONE), "built-in"])
    assert found.sources == ("people.jsonl", "built-in")
    assert not found.only_built_in and len(found.answers) == len(read_labels(["built-in"]).answers) + 1


def test_a_note_for_people_changes_no_hash(tmp_path: Path) -> None:
    one, other = (read_labels([_write(tmp_path / "l.jsonl", row)]) for row in (ONE, {**ONE, "note": "by Ada"}))
    assert one.sha256 == other.sha256


def test_answers_to_one_question_are_resampled_together_unless_movies_are_named(tmp_path: Path) -> None:
    rows = [
        ONE,
        {**ONE, "id": "b", "answer": "Ben", "correct": False},
        {**ONE, "id": "c", "answer": "x", "movie": "m"},
    ]
    first, second, third = read_labels([_write(tmp_path / "l.jsonl", *rows)]).answers
    assert first.family == second.family != third.family


@given(st.dictionaries(st.sampled_from([*ONE, *TWO, "facts", "x"]), st.none() | st.booleans() | st.text(max_size=3)))
def test_any_line_is_a_label_or_a_value_error(tmp_path_factory: pytest.TempPathFactory, row: dict[str, Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    try:
        read_labels([_write(path, row)])
    except ValueError as error:
        assert "any.jsonl" in str(error)


def test_the_built_in_set_is_large_enough_to_decide() -> None:
    found = read_labels(["built-in"])
    right = sum(bool(label.correct) for label in found.answers)
    assert right >= 40 and len(found.answers) - right >= 40 and len(found.pairs) >= 40
    assert {label.preferred for label in found.pairs} == {"a", "b", "tie"}


def test_length_does_not_tell_which_built_in_answers_are_right() -> None:
    answers = read_labels(["built-in"]).answers
    for least in range(0, 250, 2):
        called = [(bool(label.correct), len(label.shown[0]) >= least) for label in answers]
        rates = [sum(said for was, said in called if was is right) for right in (True, False)]
        right = sum(was for was, _ in called)
        assert abs(rates[0] / right - rates[1] / (len(called) - right)) < 0.25


def test_neither_the_longer_nor_the_first_answer_of_a_built_in_pair_is_the_better_one() -> None:
    pairs = [label for label in read_labels(["built-in"]).pairs if label.preferred != "tie"]
    longer = sum((len(one.shown[0]) > len(one.shown[1])) == (one.preferred == "a") for one in pairs)
    assert 0.4 < longer / len(pairs) < 0.6
    assert 0.4 < sum(one.preferred == "a" for one in pairs) / len(pairs) < 0.6


def test_a_changed_built_in_set_needs_a_new_version() -> None:
    data = Path(gate_labels.__file__).with_name("gate_labels.yaml").read_bytes()
    assert (gate_labels.BUILT_IN_VERSION, hashlib.sha256(data).hexdigest()[:16]) == PINNED
