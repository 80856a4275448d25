"""The card's section "Can it be answered without looking?": its rows, from measured facts.

    gate_rows(facts.measures.gates)       # a row for each gate
    asked_rows(facts)                     # question types and formats, as the recipe asks for them and as they came

It words nothing and measures nothing: see dataset_card.md.j2 and generation/dataset/gate_table.py.
"""

from collections.abc import Mapping
from typing import Any, get_args

from moviellm.generation.dataset.facts import DatasetFacts
from moviellm.generation.dataset.gate_table import GateTable
from moviellm.generation.gates import BLIND
from moviellm.generation.schema import QuestionType

MEANINGS = {
    "options_only": "a model trained on other movies reads the options",
    "question_only": "the same, and it reads the question",
    "longest_option": "the longest option",
    "most_frequent_answer": "the answer that is most often right in other movies",
    "lexical": "the option that is nearest to a spoken line, by words",
    "dialogue_only": "an exact reader of what is said",
    "single_frame": "an exact reader of any one keyframe",
    "shuffled": "an exact reader of all keyframes in no order",
}


def gate_rows(table: GateTable) -> list[dict[str, Any]]:
    """One row a gate that was held against any question, with the question types that are over their own bound.

    `unanswerable` is not held alone: the type says the answer, so whoever always says it would be right about all.
    """
    rows = []
    for gate, count in table.by_gate().items():
        if not count.questions and not count.unmeasured:
            continue
        over = [
            f"{kind} {own.accuracy:.1%} of {own.questions:,}"
            for (name, kind), own in sorted(table.counts.items())
            if name == gate and kind != "unanswerable" and own.questions and own.interval[0] > own.bound
        ]
        rows.append({"gate": gate, "meaning": MEANINGS[gate], "blind": gate in BLIND, "count": count, "over": over})
    return rows


def asked_rows(facts: DatasetFacts) -> list[tuple[str, str, float | None, float]]:
    """(what, its name, share asked for or None, share delivered)."""
    asked, measures = facts.recipe.questions, facts.measures
    types = dict(asked.types) or dict.fromkeys(get_args(QuestionType), 1.0)
    return [
        *_shares("type", types, measures.question_types),
        *_shares("format", dict(asked.formats), measures.answer_formats),
    ]


def _shares(
    what: str, asked: Mapping[Any, float], came: Mapping[str, int]
) -> list[tuple[str, str, float | None, float]]:
    whole, total = sum(asked.values()), sum(came.values())
    names = sorted({*asked, *came}, key=lambda name: (-came.get(name, 0), name))
    return [
        (what, name, asked.get(name, 0.0) / whole if whole else None, came.get(name, 0) / total if total else 0.0)
        for name in names
    ]
