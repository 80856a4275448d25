"""The card's section on gates: its numbers follow from the facts."""

import dataclasses
from collections import Counter
from typing import get_args

import pytest

from moviellm.cards.dataset_card import render
from moviellm.cards.looking import ASKED_MEANINGS, FLAG_MEANINGS, MEANINGS, asked_rows, gate_rows
from moviellm.generation.config.recipe import QuestionConfig, Recipe
from moviellm.generation.dataset.asked_gates import AskedGate, AskedGates
from moviellm.generation.dataset.facts import DatasetFacts
from moviellm.generation.dataset.gate_table import GateCount, GateTable
from moviellm.generation.export import build_dataset
from moviellm.generation.gating.measured import GATES
from moviellm.generation.gating.verdicts import LLM_GATES
from moviellm.generation.schema import Flag
from tests.factories import MemoryRun, make_movie


@pytest.fixture(scope="module")
def facts(tmp_path_factory) -> DatasetFacts:
    kept: list[DatasetFacts] = []

    def keep(facts):
        kept.append(facts)
        return render(facts)

    folder = tmp_path_factory.mktemp("dataset") / "small"
    build_dataset(MemoryRun([make_movie(i) for i in range(5)]), folder, Recipe(), run_seed=3, render_readme=keep)
    return kept[0]


def card(facts: DatasetFacts, table: GateTable, **measures) -> str:
    changed = dataclasses.replace(facts.measures, gates=table, **measures)
    return render(dataclasses.replace(facts, measures=changed))[0]


def test_every_gate_is_explained():
    assert set(MEANINGS) == set(GATES)


def test_a_gate_is_a_row_with_its_numbers(facts):
    table = GateTable({("lexical", "visual"): GateCount(questions=1000, right=260.0, by_chance=250.0)})
    row = "| 1,000 | 26.0% | 23.4 to 28.8% | 25.0% | 28.0% | yes |"
    assert row in card(facts, table)


def test_a_gate_that_fails_says_so_and_names_the_type(facts):
    table = GateTable(
        {
            ("lexical", "cause"): GateCount(questions=1000, right=900.0, by_chance=250.0),
            ("lexical", "visual"): GateCount(questions=1000, right=250.0, by_chance=250.0),
        }
    )
    text = card(facts, table)
    assert "| **no** |" in text
    assert "Over its bound in `lexical`: cause 90.0% of 1,000." in text


def test_a_gate_that_few_questions_speak_against_is_left_open(facts):
    table = GateTable({("lexical", "visual"): GateCount(questions=20, right=7.0, by_chance=5.0)})
    assert "| too few to tell |" in card(facts, table)


def test_the_unanswerable_are_not_held_against_a_gate_alone():
    """The type says the answer: of these questions, whoever always refuses is right about all."""
    table = GateTable({("lexical", "unanswerable"): GateCount(questions=1000, right=900.0, by_chance=250.0)})
    assert gate_rows(table)[0]["over"] == []


def test_what_was_not_measured_is_said(facts):
    table = GateTable({("shuffled", "order"): GateCount(unmeasured=7)})
    assert "not measured |" in card(facts, table) and "7 without a value" in card(facts, table)


def test_pairs_of_twins_are_shown(facts):
    table = GateTable(
        {("lexical", "visual"): GateCount(questions=9, right=3.0, by_chance=2.0, pairs=8, pairs_right=2)}
    )
    assert "Pairs right: `lexical` 25.0%." in card(facts, table, twins=2)


def test_a_dataset_without_twins_says_so(facts):
    assert "This build has no twins." in card(facts, facts.measures.gates)


def test_a_gate_that_nothing_was_held_against_has_no_row():
    assert gate_rows(GateTable({("shuffled", "visual"): GateCount(pairs=3)})) == []


def test_types_are_asked_for_in_equal_parts_unless_the_recipe_says(facts):
    rows = {name: (asked, came) for what, name, asked, came in asked_rows(facts) if what == "type"}
    assert rows["visual"] == (pytest.approx(1 / 11), pytest.approx(1 / 3))
    assert rows["count"] == (pytest.approx(1 / 11), 0.0)


def test_formats_are_asked_for_as_the_recipe_says(facts):
    recipe = Recipe(questions=QuestionConfig(formats={"multiple_choice": 0.5, "open_ended": 1.0}))
    rows = {name: asked for what, name, asked, _ in asked_rows(dataclasses.replace(facts, recipe=recipe))}
    assert rows["multiple_choice"] == pytest.approx(1 / 3) and rows["temporal_grounding"] == 0.0


def test_formats_come_as_the_types_give_them_where_nothing_is_asked(facts):
    assert {asked for what, _, asked, _ in asked_rows(facts) if what == "format"} == {None}


def test_every_gate_by_a_language_model_and_every_flag_is_explained():
    assert set(ASKED_MEANINGS) == set(LLM_GATES)
    assert set(FLAG_MEANINGS) == set(get_args(Flag))


def test_a_gate_by_a_language_model_is_a_row_a_model(facts):
    rows = {
        ("llm_full", "eyes"): AskedGate(questions=40, unscored=2, total=36.0),
        ("llm_blind", "a_b"): AskedGate(questions=1000, total=300.0, by_chance=250.0),
    }
    text = card(facts, GateTable(), asked=AskedGates(rows=rows))
    assert "| a\\_b | 1,000 | 30.0% | 25.0% | 0 |" in text and "| eyes | 40 | 90.0% | 0.0% | 2 |" in text
    assert text.index("`llm_blind`") < text.index("`llm_full`")
    assert "No question has a flag." in text


def test_flags_are_counted_by_split_with_what_test_lost(facts):
    flags = {"guessable": Counter(train=1200, validation=3)}
    asked = AskedGates(
        rows={("llm_blind", "m"): AskedGate(questions=1)}, flags=flags, left_out=Counter(guessable=7, follows=2)
    )
    text = card(facts, GateTable(), asked=asked)
    assert "| `guessable`: answered from its own words | 1,200 | 3 | 0 | 7 |" in text
    assert "what belongs with them (2 more)" in text and "right from 0.60 blind" in text


def test_a_dataset_without_language_models_does_not_mention_them(facts):
    assert "What do language models answer?" not in card(facts, GateTable())


def test_what_could_not_be_drawn_is_a_limit_on_the_card(facts):
    text = card(
        facts, GateTable(), not_drawn=Counter({"object: gizmo (drawn as a bundle)": 7, "looks: kind eyes": 12})
    )
    assert "looks: kind eyes in 12 pictures, object: gizmo" in text and "in 7 pictures." in text
    assert "not_drawn" not in card(facts, GateTable()).partition("## Known limits")[2]
