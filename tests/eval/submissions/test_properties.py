"""Laws of the checker: whatever the bytes, it answers, with codes of the table and messages that obey nobody."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moviellm.eval.submissions.checking import check_bundle
from moviellm.eval.submissions.lines import lines_of
from moviellm.eval.submissions.names import display_name_fault
from moviellm.eval.submissions.problems import CODES
from moviellm.eval.submissions.strict_json import read_object
from moviellm.eval.submissions.strict_yaml import read_mapping
from moviellm.eval.submissions.texts import UNSEEN, is_blank, neutral
from tests.eval.submissions.kit import INDEX, files, write_folder

PLACES = [*files()]


@given(name=st.sampled_from(PLACES), data=st.binary(max_size=300), at=st.integers(0, 400))
def test_any_bytes_anywhere_get_an_answer(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes, at: int
) -> None:
    content = files()
    content[name] = content[name][:at] + data + content[name][at + len(data) :]
    found = check_bundle(write_folder(tmp_path_factory.mktemp("bytes"), content), INDEX).problems
    assert found.codes <= set(CODES)
    assert found.accepted == (not any(code.startswith("E") for code in found.codes))
    assert all(one.message.isprintable() and one.where.isprintable() for one in found.listed())


@given(data=st.binary(max_size=400))
def test_any_bytes_called_a_zip_get_an_answer(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path: Path = tmp_path_factory.mktemp("zip") / "bundle.zip"
    path.write_bytes(data)
    assert not check_bundle(path, INDEX).problems.accepted


TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)
NUMBERS = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)


def nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)


@given(st.recursive(st.none() | st.booleans() | NUMBERS | TEXTS, nested, max_leaves=8))
def test_json_of_python_is_read_as_it_was_written(value: object) -> None:
    line = read_object(json.dumps({"a": value}), depth_max=100)
    assert line.faults == [] and line.value == {"a": value}


@given(st.text(max_size=200), st.integers(1, 8))
@example('"\\', 6)
@example('"\\"\\"\\', 6)
def test_a_line_is_an_object_or_has_a_code(text: str, depth: int) -> None:
    line = read_object(text, depth_max=depth)
    assert (line.value is None) == bool(line.faults)


@given(st.text(max_size=200))
def test_a_yaml_text_is_a_mapping_or_has_a_code(text: str) -> None:
    read = read_mapping(text, depth_max=6)
    assert read.value is not None or read.faults


@given(st.lists(st.binary(max_size=30)), st.integers(1, 40))
def test_lines_do_not_depend_on_how_bytes_come(pieces: list[bytes], most: int) -> None:
    assert [*lines_of(pieces, most)] == [*lines_of([b"".join(pieces)], most)]


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line and not line.endswith(b"\r"))))
def test_lines_are_those_that_were_joined(wanted: list[bytes]) -> None:
    assert [*lines_of([b"".join(line + b"\n" for line in wanted)], 30)] == wanted


@given(st.text("| a", max_size=30))
def test_no_separator_is_left_and_no_word_is_lost(text: str) -> None:
    assert "|||" not in neutral(text)
    assert neutral(text).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("char", sorted(UNSEEN))
def test_what_nobody_sees_says_nothing_and_is_in_no_name(char: str) -> None:
    assert is_blank(char) and display_name_fault(char) and display_name_fault(f"\ubaa8\ub378{char}")


@given(st.text(max_size=70))
def test_a_name_that_may_be_shown_cannot_hurt_a_page_or_a_table(name: str) -> None:
    if display_name_fault(name) is None:
        assert not set(name) & set("<>\"'`=\\|\n\t") and name[0] not in "+-@" and name.isprintable()
