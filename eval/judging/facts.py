"""Fact recall: how many of the facts that an answer should tell it tells, by content words. It asks nobody.

    facts = facts_of("Ada asks Ben. Ben finds the key.", ["Ada asks Ben about the key", "Ben finds the key"])
    fact_recall("Ben found the key.", facts)        # 0.5
    METRIC                                          # its name, with the version of its rules

The facts of a question are the captions of the events that it cites, as far as the reference tells them; where it
tells none, its own sentences. A question whose reference tells none is not one to be told at length, and is not taken.
A fact is held where one sentence of the answer has three in four of its content words, in their order, and turns
nothing round. Who does it to whom counts, for order does; another verb alone may pass. It is a recall: whoever tells
everything has all of it, so read it beside the length of answers.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from moviellm.eval.judging.words import VERSION as WORDS_VERSION
from moviellm.eval.judging.words import Words, read, sentences
from moviellm.eval.tasks.items import Question

VERSION: Final = 1
"""Bump when the same answer would be worth something else."""
METRIC: Final = f"fact_recall@{VERSION}.{WORDS_VERSION}"
HELD: Final = 0.75
"""Share of a fact's content words, in their order, from which a sentence tells it."""
SENTENCE_MIN: Final = 3
"""Content words of a sentence of a reference that is a fact by itself."""
Captions = Mapping[str, Sequence[tuple[tuple[float, float], str]]]
"""Span and caption of every event, by movie."""


def cited(question: Question, captions: Captions) -> list[str]:
    """Captions of the events that a question cites: those of which at least half lies in its evidence."""
    if question.events:
        return [event.caption for event in question.events]
    return [
        caption
        for (start_s, end_s), caption in captions.get(question.movie_id, ())
        if any(2 * (min(end_s, end) - max(start_s, start)) >= end_s - start_s for start, end in question.spans)
    ]


def facts_of(reference: str, captions: Iterable[str]) -> tuple[str, ...]:
    """What an answer should tell; empty where the reference is not one that tells."""
    told = _told(reference)
    known = dict.fromkeys(captions)
    facts = tuple(caption for caption in known if _held(read(caption), told))
    if facts:
        return facts
    own = sentences(reference)
    long = tuple(sentence for sentence in own if len(read(sentence).content) >= SENTENCE_MIN)
    return long if len(long) > 1 else ()


def fact_recall(answer: str | None, facts: Sequence[str]) -> float | None:
    """The share of facts that an answer tells; None where there is none. Silence tells nothing."""
    if not facts:
        return None
    told = _told(answer or "")
    return sum(_held(read(fact), told) for fact in facts) / len(facts)


def missed(answer: str | None, facts: Sequence[str]) -> list[str]:
    """The facts that an answer does not tell."""
    told = _told(answer or "")
    return [fact for fact in facts if not _held(read(fact), told)]


def _told(text: str) -> list[Words]:
    return [read(sentence) for sentence in sentences(text)]


def _held(fact: Words, told: Sequence[Words]) -> bool:
    """Whether a sentence tells a fact."""
    need = math.ceil(HELD * len(fact.content))
    return need > 0 and any(
        sentence.negations == fact.negations and _in_order(fact.content, sentence.content) >= need for sentence in told
    )


def _in_order(ones: Sequence[str], others: Sequence[str]) -> int:
    """Words in common that stand in the same order: the longest common subsequence."""
    row = [0] * (len(others) + 1)
    for one in ones:
        before = 0
        for place, other in enumerate(others):
            kept = row[place + 1]
            row[place + 1] = before + 1 if one == other else max(kept, row[place])
            before = kept
    return row[-1]
