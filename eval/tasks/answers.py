"""Whether words answer a question, by plain rules: the offline measure of open questions. It asks no judge.

    exact_match(question, "Two times.")             # 1.0 where the answer is "2"
    token_f1("the old keeper", "an old keeper")     # 1.0: articles do not count

Exact match: the same words without case, punctuation and articles, numbers as digits; yes against no; one number
against one number. Of a question that the movie does not answer, right is who says so. Token F1: SQuAD's overlap of
words (Rajpurkar et al. 2016). Both are stern with paraphrases: what means the same in other words, judges tell.
"""

import re
from collections import Counter
from typing import Final

from moviellm.eval.tasks.items import Question
from moviellm.eval.tasks.table import abstentions
from moviellm.generation.gating.asks import YES_NO, plain

UNANSWERABLE: Final = "unanswerable"
_WORD: Final = re.compile(r"[\w']+")
_APOSTROPHE: Final = "\u2019"


def exact_match(question: Question, said: str) -> float:
    """1.0 for a right answer, else 0.0."""
    gold, given = plain(question.answer), plain(said)
    if not given:
        return 0.0
    if question.question_type == UNANSWERABLE:
        return float(abstains(said))
    if gold == given:
        return 1.0
    if len(gold) == 1 and gold[0] in YES_NO:
        return float(given[0] == gold[0])
    numbers = [[word for word in words if word.isdigit()] for words in (gold, given)]
    if question.question_type == "count" and len(numbers[0]) == 1:
        return float(set(numbers[1]) == set(numbers[0]))
    return 0.0


def token_f1(gold: str, said: str) -> float:
    """Harmonic mean of the shares of words in common, each word as often as it comes."""
    wanted, given = Counter(plain(gold)), Counter(plain(said))
    common = sum((wanted & given).values())
    if not common:
        return 0.0
    return 2.0 * common / (sum(wanted.values()) + sum(given.values()))


def abstains(said: str) -> bool:
    """Whether an answer says that the movie does not tell."""
    words = f" {' '.join(_WORD.findall(said.casefold().replace(_APOSTROPHE, chr(39))))} "
    return any(f" {phrase} " in words for phrase in abstentions())
