"""The lexical judge: whether an answer says what the reference says, by rules, for work without a model.

    lexical_match(question, "They met at the upper river.")     # 1.0 where the reference is "At the upper river"
    METRIC                                                      # its name, with the version of its rules

Right is what `exact_match` takes, and besides: the words of the reference in their order, with synonyms, numbers,
units and plurals in one form (words.yaml), in an answer that adds nothing but words of the question. An answer with
another word, a negation more or less, another number or an `or` is wrong, so a list of everything never is right. It
is stern: a paraphrase outside the lists is wrong. Its numbers never stand under the name of a model judge.
"""

from typing import Final

from moviellm.eval.judging.words import VERSION as WORDS_VERSION
from moviellm.eval.judging.words import Words, read
from moviellm.eval.tasks.answers import UNANSWERABLE, exact_match
from moviellm.eval.tasks.items import Question
from moviellm.generation.gating.asks import YES_NO

VERSION: Final = 1
"""Bump when the same answer would be judged otherwise."""
METRIC: Final = f"lexical_match@{VERSION}.{WORDS_VERSION}"


def lexical_match(question: Question, said: str | None) -> float:
    """1.0 for a right answer to an open question, else 0.0; silence is wrong."""
    if not said or not said.strip():
        return 0.0
    if exact_match(question, said) == 1.0:
        return 1.0
    gold = read(question.answer)
    if question.question_type == UNANSWERABLE or question.answer.casefold().strip(" .!") in YES_NO:
        return 0.0
    given = read(said)
    if not gold.content or given.hedges > gold.hedges or given.negations != gold.negations:
        return 0.0
    return float(_says(gold, given, question.text))


def _says(gold: Words, given: Words, question: str) -> bool:
    """Whether the words of the reference stand together in an answer, and the others come from the question.

    Where the question itself offers the reference, others may only come from before its first colon: what it offers
    besides would be further answers.
    """
    asked = read(question)
    places = _places(gold.content, given.content)
    if _places(gold.content, asked.content):
        before, colon, _ = question.partition(":")
        asked = read(before if colon else "")
    known = set(asked.content)
    size = len(gold.content)
    return any(
        all(word in known and not word[0].isdigit() for word in given.content[:place] + given.content[place + size :])
        for place in places
    )


def _places(inner: tuple[str, ...], outer: tuple[str, ...]) -> list[int]:
    """Where words stand in others, together and in their order."""
    return [place for place in range(len(outer) - len(inner) + 1) if outer[place : place + len(inner)] == inner]
