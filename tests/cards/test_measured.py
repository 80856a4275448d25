"""The card's section about pictures: how to measure, and what was measured."""

from pathlib import Path

from moviellm.cards.measured import BEGIN, END, TITLE, section, with_section
from tests.generation.dataset.test_results import results_of
from tests.stories import build, make_story


def test_a_card_without_numbers_says_how_to_get_them() -> None:
    assert "moviellm measure DATASET" in section(None)


def test_numbers_stand_with_interval_count_definition_and_model(tmp_path: Path) -> None:
    build(tmp_path / "d", [make_story(0)])
    text = section(results_of(tmp_path / "d"))
    assert "| style\\_gap@a/model@0123456 | 0.2500 | 0.1250 to 0.3750 | 6 movies | 6 |" in text
    assert "- `style_gap` (cosine): style\\_within less style\\_between" in text
    assert "10,000 draws" in text


def test_a_number_that_could_not_be_measured_says_why(tmp_path: Path) -> None:
    build(tmp_path / "d", [make_story(0)])
    results = results_of(tmp_path / "d")
    metric = results.metrics[0].model_copy(update={"value": None, "low": None, "high": None, "note": "no *pictures*"})
    text = section(results.model_copy(update={"metrics": (metric,)}))
    assert "| not measured |  |" in text
    assert "- `style_gap`: no \\*pictures\\*" in text


def test_new_numbers_take_the_place_of_old_ones_and_of_nothing_else(tmp_path: Path) -> None:
    build(tmp_path / "d", [make_story(0)])
    results = results_of(tmp_path / "d")
    card = f"before\n\n{section(None)}\n## Columns\n\nafter\n"
    once = with_section(card, results)
    assert once == f"before\n\n{section(results)}\n## Columns\n\nafter\n"
    assert with_section(once, results) == once


def test_an_older_card_gets_the_section_before_its_columns(tmp_path: Path) -> None:
    build(tmp_path / "d", [make_story(0)])
    results = results_of(tmp_path / "d")
    text = with_section("before\n\n## Columns\n\nafter\n", results)
    assert text.index(TITLE) < text.index("## Columns")
    assert with_section("another card", results).startswith("another card\n\n" + BEGIN)
    assert text.count(BEGIN) == text.count(END) == 1
