"""The card's section "Can it be answered without looking?": its rows, from measured facts.

    gate_rows(facts.measures.gates)       # a row for each gate that needs no model
    asked_gate_rows(facts.measures.asked) # a row for each gate and language model
    flag_rows(facts.measures.asked)       # a row for each flag
    asked_rows(facts)                     # question types and formats, as the recipe asks for them and as they came

It words nothing and measures nothing: see dataset_card.md.j2 and generation/dataset/gate_table.py.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, get_args

from moviellm.generation.dataset.asked_gates import AskedGates
from moviellm.generation.dataset.facts import DatasetFacts
from moviellm.generation.dataset.gate_table import GateTable
from moviellm.generation.gating.measured import BLIND
from moviellm.generation.schema import SPLITS, Flag, QuestionType

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
ASKED_MEANINGS = {
    "llm_blind": "reads the question and its options",
    "llm_title_only": "and the title of the film (real films)",
    "llm_dialogue_only": "and all that is said (questions that require vision)",
    "llm_synopsis_only": "and the synopsis (not for overview and plot)",
    "llm_single_frame": "and one cited keyframe, the best of three (questions that require order)",
    "llm_shuffled": "and keyframes and lines in no order (questions that require order)",
    "llm_evidence": "and what the question cites, nothing else: should be right (real films)",
    "llm_full": "and the whole movie, in order: should be right",
    "image_text": "probability that a cited keyframe shows the answer, the best of three",
    "image_text_others": "the same for two other keyframes, their mean",
    "repeats": "likeness to an earlier question of the movie, by words (no model)",
    "repeats_meaning": "the same by the cosine of embeddings",
}
FLAG_MEANINGS: dict[Flag, str] = {
    "guessable": "answered from its own words",
    "dialogue_enough": "requires vision, and the dialogue is enough",
    "synopsis_leaks": "the synopsis tells the answer",
    "one_frame_enough": "requires order, and one keyframe is enough",
    "order_free": "requires order, and shuffled keyframes are enough",
    "wrong_or_unanswerable": "not answered right with everything",
    "not_shown": "the cited keyframes do not show the answer",
    "repeated": "asks what an earlier question asks",
}


def asked_gate_rows(table: AskedGates) -> list[dict[str, Any]]:
    """One row a gate and model, in the order in which gates are told."""
    return [
        {"gate": gate, "meaning": ASKED_MEANINGS[gate], "model": model, "count": row}
        for gate, model, row in table.ordered()
    ]


def flag_rows(table: AskedGates) -> list[dict[str, Any]]:
    """One row a flag that any question has or had: how many in each split, and how many the test split lost."""
    flags = [flag for flag in FLAG_MEANINGS if flag in table.flags or table.left_out[flag]]
    return [
        {
            "flag": flag,
            "meaning": FLAG_MEANINGS[flag],
            "splits": {split: table.flags.get(flag, Counter())[split] for split in SPLITS},
            "left_out": table.left_out[flag],
        }
        for flag in flags
    ]


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
