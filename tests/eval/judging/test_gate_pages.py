"""The page of a gate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.judging.gate_criteria import criteria_of
from moviellm.eval.judging.gate_findings import findings_of
from moviellm.eval.judging.gate_pages import cell, code, text_of
from tests.eval.judging.gate_kit import built_in_gate


def _page(character: str, basis: str = "built-in", admitted: bool = False) -> str:
    asked = built_in_gate(character)
    facts = {
        "admitted": admitted,
        "refused_for": [] if admitted else ["It fails"],
        "basis": basis,
        "judge": {"asked": "openai:judge", "version": "judge-1"},
        "criteria": [one.row() for one in criteria_of(asked, pinned=True)],
        "findings": findings_of(asked),
        "drift": None,
        "labels": {"sources": ["built-in"], "right": 40, "wrong": 47, "pairs": 51, "sha256": "0" * 64, "wanted": 200},
        "rubrics": {"answers": {"id": "rubric-1"}, "pairs": {"id": "rubric-2"}},
        "canary_set": {"version": 1, "attacks": 48},
        "repeats": 5,
        "calls": 729,
        "cost_usd": 0.25,
    }
    return text_of(facts)


def test_the_table_has_a_line_a_criterion_with_value_interval_and_threshold() -> None:
    page = _page("first")
    assert "| Questions without a verdict | 0 % | 0 % to 16.1 % | ≤ 1 % | 537 | passes, not sure |" in page
    assert "| Agreement with itself, asked again: Krippendorff's alpha | 1.00 | 0.68 to 1.00 | ≥ 0.80 | 87 |" in page
    assert "| 100 % | 83.9 % to 100 % | ≤ 15 % | 51 | **fails** |" in page


def test_what_was_not_measured_is_no_number() -> None:
    assert "| not measured | | ≤ 2 % | | **fails** |" in _page("always-right").replace("|  |", "| |")


def test_a_judge_admitted_by_the_built_in_labels_alone_is_called_so() -> None:
    assert _page("good", admitted=True).startswith("**Judge `judge-1`: admitted**, on the built-in labels alone.")
    assert "one that passes has not been held against people" in _page("good", admitted=True)


def test_mistakes_beyond_ten_are_counted() -> None:
    assert "more, in gate.json" in _page("random")


def test_which_attacks_won_is_named() -> None:
    assert "by an attack wrong answers passed: 96 of 96 (base64, begging, " in _page("injectable")


def test_a_page_without_mistakes_shows_no_table_of_them() -> None:
    assert "| label | says |" not in _page("good")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b\nc", "a/b c"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("[x](http://y)", "\\[x\\](http://y)"),
        ("**bold**", "\\*\\*bold\\*\\*"),
        ("a-b 1.5", "a-b 1.5"),
    ],
)
def test_texts_of_judges_are_no_markdown(text: str, shown: str) -> None:
    assert cell(text) == shown


@given(st.text(max_size=80))
def test_any_text_stays_in_its_cell(text: str) -> None:
    for shown in (cell(text), code(text)):
        assert "|" not in shown and len(shown.splitlines()) <= 1
    assert "<" not in cell(text) and "`" not in code(text)[1:-1]
