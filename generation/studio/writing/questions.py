"""Questions about a movie, computed from its log: a balanced rotation over kinds, no question twice.

    draft = ask(question_inputs(QuestionsBrief(movie=movie, questions=16)), grammar, vocabulary, seed)

The kinds are generators in asking.py; each gives its questions in a seeded order. They are taken in turn until there
are enough or none gives any more, so that a short movie gets fewer questions and never a doubtful one.

What a style cannot show is not asked: colours only where the style has dependable hues.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moviellm.generation.protocols import QuestionDraft, QuestionsDraft
from moviellm.generation.studio.writing.asker import Asker
from moviellm.generation.studio.writing.asking import KINDS
from moviellm.generation.studio.writing.language import Grammar, Voice
from moviellm.generation.studio.writing.movielog import MovieLog, question_inputs
from moviellm.generation.studio.writing.world import Vocabulary

__all__ = ["ask", "question_inputs"]


def ask(inputs: Mapping[str, Any], grammar: Grammar, vocabulary: Vocabulary, seed: int) -> QuestionsDraft:
    """At most as many questions as asked for."""
    rng = random.Random(seed)
    prepositions = {kind: entry["at"] for kind, entry in vocabulary.data["places"].items()}
    asker = Asker(MovieLog(inputs, grammar, prepositions), Voice(grammar, rng), rng, vocabulary)
    names = list(KINDS)
    rng.shuffle(names)
    sources: list[Iterator[QuestionDraft]] = [KINDS[name](asker) for name in names]
    wanted: int = inputs["questions"]
    asked: list[QuestionDraft] = []
    texts: set[str] = set()
    while sources and len(asked) < wanted:
        for source in list(sources):
            question = next((found for found in source if found.question not in texts), None)
            if question is None:
                sources.remove(source)
                continue
            texts.add(question.question)
            asked.append(_heard(question, inputs["scenes"]))
            if len(asked) == wanted:
                break
    return QuestionsDraft(questions=tuple(asked))


def _heard(question: QuestionDraft, scenes: Sequence[Mapping[str, Any]]) -> QuestionDraft:
    """A question that requires hearing names the lines heard in its evidence; where none is said, it does not."""
    if "dialogue" not in question.requires or question.line_ids or not question.evidence:
        return question
    lines = tuple(
        line_id
        for scene in scenes
        for line_id, _, _, (start_s, end_s) in scene["lines"]
        if any(start_s < span.end_s and span.start_s < end_s for span in question.evidence)
    )
    requires = tuple(channel for channel in question.requires if lines or channel != "dialogue")
    return question.model_copy(update={"line_ids": lines, "requires": requires})
