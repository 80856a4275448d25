"""imports/story_json.py: stories that are broken in known ways are mended and counted; other faults are named."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.imports.story_json import (
    AS_KEYS,
    COMMAS_MISSING,
    COMMAS_TOO_MANY,
    EMPTY,
    MISSPELT,
    NO_PAIR,
    NO_QA,
    parse_broken,
    read_story,
)
from tests.generation.imports.legacy import story


def broken(old: str, new: str) -> bytes:
    text = json.dumps(story(), indent=1)
    assert old in text
    return text.replace(old, new).encode()


def test_a_whole_story_needs_no_mending() -> None:
    found = read_story(json.dumps(story()).encode())
    assert (len(found.shots), len(found.questions), +found.mended, +found.left_out) == (4, 2, Counter(), Counter())


def test_missing_commas_are_put_in() -> None:
    found = read_story(broken("],\n", "]\n").replace(b'"frame",', b'"frame"'))
    assert len(found.shots) == 4 and found.mended[COMMAS_MISSING] == 12


def test_commas_too_many_are_taken_out() -> None:
    found = read_story(broken('"\n  ]', '",\n  ]'))
    assert len(found.shots) == 4 and +found.mended == Counter({COMMAS_TOO_MANY: 7})


@pytest.mark.parametrize("label", ["dialgue", "dialouge", "Dialogue", "dialog"])
def test_misspelt_labels_are_understood(label: str) -> None:
    found = read_story(broken('"dialogue"', f'"{label}"'))
    assert [shot.lines for shot in found.shots] == [["Line 0."], [], ["One.", "Two."], []]
    assert +found.mended == Counter({} if label == "Dialogue" else {MISSPELT: 3})


def test_a_misspelt_list_is_understood() -> None:
    assert len(read_story(broken('"img_diag"', '"img_dialgue"')).shots) == 4


def test_labels_may_be_keys() -> None:
    found = story()
    found["img_diag"] = [{"frame": "a"}, {"dialgue": "b"}]
    read = read_story(json.dumps(found).encode())
    assert (read.shots[0].lines, read.mended[AS_KEYS], read.mended[MISSPELT]) == (["b"], 2, 1)


def test_line_breaks_in_texts_are_kept() -> None:
    assert read_story(broken("Line 0.", "Line\n0.")).shots[0].lines == ["Line\n0."]


def test_a_byte_order_mark_is_read_over() -> None:
    assert len(read_story(b"\xef\xbb\xbf" + json.dumps(story()).encode()).shots) == 4


def test_lines_before_the_first_frame_go_to_it() -> None:
    found = story()
    found["img_diag"].insert(0, ["dialogue", "Early."])
    assert read_story(json.dumps(found).encode()).shots[0].lines == ["Early.", "Line 0."]


def test_what_cannot_be_used_is_counted() -> None:
    found = story()
    found["img_diag"] += [["frame"], "x", ["sound", "bang"], ["frame", " "], ["dialogue", ""]]
    found["QA"] += [{"Question": "Why?"}, 7]
    read = read_story(json.dumps(found).encode())
    assert read.left_out == {NO_PAIR: 3, EMPTY: 2, NO_QA: 2} and len(read.shots) == 5


@pytest.mark.parametrize("data", [b'{"img_diag": [["frame", "a"', b'{"img_diag": [["frame" = "a"]]}', b"\xff"])
def test_other_faults_are_named(data: bytes) -> None:
    with pytest.raises(ValueError, match="line 1|UTF-8"):
        read_story(data)


def test_another_file_is_no_story() -> None:
    with pytest.raises(ValueError, match="no story file"):
        read_story(b'{"a": 1}')


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)


def without_commas(value: Any) -> str:
    """JSON text with a space where a comma between values must be."""
    if isinstance(value, dict):
        return "{" + " ".join(f"{json.dumps(key)}: {without_commas(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + " ".join(map(without_commas, value)) + "]"
    return json.dumps(value)


@given(JSON)
def test_any_json_without_its_commas_is_read(value: Any) -> None:
    assert parse_broken(without_commas(value).encode(), Counter()) == value


@given(st.binary(max_size=80))
def test_any_bytes_are_a_value_or_a_value_error(data: bytes) -> None:
    try:
        read_story(data)
    except ValueError:
        return
