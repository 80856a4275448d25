"""Tokens of captions: what the published tokenizer made of awkward texts, and what separates captions."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.core import ptb_tokenize

GOLDEN = json.loads((Path(__file__).parent / "references/captions.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "tokens"), [*zip(GOLDEN["asked"]["texts"], GOLDEN["found"]["texts"], strict=True)])
def test_tokens_are_those_of_pycocoevalcap(text: str, tokens: str) -> None:
    assert ptb_tokenize([text]) == [tokens]


@pytest.mark.parametrize("separator", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_line_separator_is_a_space_and_changes_no_other_caption(separator: str) -> None:
    found = ptb_tokenize([f"a man{separator}runs.", "two dogs", f"three{separator}", "four"])
    assert found == ["a man runs", "two dogs", "three", "four"]


@given(st.lists(st.text(max_size=30), max_size=5))
def test_a_caption_has_the_same_tokens_in_any_company(captions: list[str]) -> None:
    assert ptb_tokenize(captions) == [ptb_tokenize([caption])[0] for caption in captions]


@given(st.text(max_size=60) | st.text("aAnt'.-/&5 ,:()\"$#@!?<>", max_size=60))
def test_tokens_are_lower_case_and_hold_no_dropped_punctuation(text: str) -> None:
    (found,) = ptb_tokenize([text])
    assert not {"''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";"} & set(found.split(" "))
    assert found == found.lower()
    assert found.splitlines() == ([found] if found else [])


@given(st.lists(st.sampled_from(["a", "man", "walks", "dog"]), min_size=1, max_size=8))
def test_plain_words_stay_as_they_are(words: list[str]) -> None:
    assert ptb_tokenize([" ".join([*words, "runs"]).capitalize() + "."]) == [" ".join([*words, "runs"])]


@pytest.mark.parametrize("bad", ["a man", [None], ["a", 3]])
def test_captions_are_a_list_of_texts(bad: list[str]) -> None:
    with pytest.raises(ValueError, match=r"give a list of captions|a caption is text"):
        ptb_tokenize(bad)


@pytest.mark.parametrize("text", ["१" * 24 + "~", "न" * 24 + "'~"])
def test_letters_and_digits_of_other_scripts_are_read_at_once(text: str) -> None:
    begin = time.process_time()
    ptb_tokenize([text])
    assert time.process_time() - begin < 0.5
