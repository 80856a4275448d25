"""Scores of whole captions against reference captions: CIDEr-D, BLEU-1 to 4, ROUGE-L.

    cider_d({"v1": "a man rides"}, {"v1": ["a man rides a horse", "someone rides"]})      # {"score": ..}

The numbers of pycocoevalcap 1.2, to the constant; Vedantam et al. 2015 (arXiv 1411.5726), Papineni et al. 2002, Lin
2004. rouge-score and sacrebleu compute others under the same names: F1 instead of beta 1.2, other smoothing, other
tokens. Texts are raw and tokenised inside (`tokens`). The idf of CIDEr-D comes from the references given, so a score
over one item is 0 and scores over other sets of items do not compare.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from moviellm.eval.core.tokens import ptb_tokenize

Candidates = Mapping[str, str]
References = Mapping[str, Sequence[str]]
ORDERS: Final = 4
SIGMA: Final = 6.0
BETA: Final = 1.2
TINY, SMALL = 1e-15, 1e-9
Grams = Counter[tuple[str, ...]]
Pair = tuple[str, list[str]]
"""A candidate and its references, tokenised."""


def cider_d(cands: Candidates, refs: References) -> dict[str, Any]:
    """CIDEr-D from 0 to 10: likeness of tf-idf weighted n-grams, clipped, with a penalty for another length.

    Raises:
        ValueError: other ids on one side, an item without reference, or what is no text.
    """
    pairs = tokenised(cands, refs)
    return _summed(dict(zip(pairs, cider_of(list(pairs.values())), strict=True)))


def bleu(cands: Candidates, refs: References) -> dict[str, Any]:
    """BLEU-1 to 4 as lists of four: of all items together, with the closest reference length, and of each.

    Raises:
        ValueError: as `cider_d`.
    """
    counts = {name: _bleu_counts(*pair) for name, pair in tokenised(cands, refs).items()}
    total = [sum(column) for column in zip(*counts.values(), strict=True)]
    return {
        "score": _bleu_of(total) if counts else [None] * ORDERS,
        "per_item": {name: _bleu_of(count) for name, count in counts.items()},
    }


def rouge_l(cands: Candidates, refs: References) -> dict[str, Any]:
    """ROUGE-L from 0 to 1: the longest common subsequence, best precision and best recall over references, beta 1.2.

    Raises:
        ValueError: as `cider_d`.
    """
    return _summed({name: rouge_of(*pair) for name, pair in tokenised(cands, refs).items()})


def tokenised(cands: Candidates, refs: References) -> dict[str, Pair]:
    """Candidate and references of each item as tokens.

    Raises:
        ValueError: other ids on one side, an item without reference, or what is no text.
    """
    odd = sorted(map(str, set(cands) ^ set(refs)))
    if odd:
        raise ValueError(
            f"{len(odd)} ids are on one side only, first {odd[:3]}; candidates and references have the same"
        )
    for name, texts in refs.items():
        if isinstance(texts, str | bytes) or not len(texts):
            raise ValueError(f"the references of {name} are {texts!r:.60}; give a list of at least one text")
    flat = [text for name in cands for text in (cands[name], *refs[name])]
    tokens = iter(ptb_tokenize(flat))
    return {name: (next(tokens), [next(tokens) for _ in refs[name]]) for name in cands}


def _summed(per_item: dict[str, float]) -> dict[str, Any]:
    return {"score": sum(per_item.values()) / len(per_item) if per_item else None, "per_item": per_item}


@lru_cache(maxsize=50_000)
def _grams(text: str) -> Grams:
    """How often each n-gram stands in a text; shared, so nobody changes it."""
    words = text.split()
    return Counter(tuple(words[at : at + n]) for n in range(1, ORDERS + 1) for at in range(len(words) - n + 1))


def cider_of(pairs: Sequence[Pair]) -> list[float]:
    """CIDEr-D of tokenised items; their references are the corpus."""
    refs = [[_grams(text) for text in texts] for _, texts in pairs]
    frequency = Counter(gram for texts in refs for gram in set().union(*texts))
    idf = _Idf(frequency, len(pairs))
    scores = []
    for (cand, _), texts in zip(pairs, refs, strict=True):
        vector = idf.vector(_grams(cand))
        likeness = [_likeness(vector, idf.vector(text)) for text in texts]
        scores.append(10.0 * sum(likeness) / len(likeness))
    return scores


class _Idf:
    """What n-grams weigh in a corpus."""

    def __init__(self, frequency: Counter[tuple[str, ...]], items: int) -> None:
        self.unknown = math.log(items) if items else 0.0
        self.weight = {gram: self.unknown - math.log(count) for gram, count in frequency.items()}

    def vector(self, grams: Grams) -> tuple[list[dict[tuple[str, ...], float]], list[float], int]:
        """The weights by order, their norms, and the length, which is counted in pairs of words."""
        weights: list[dict[tuple[str, ...], float]] = [{} for _ in range(ORDERS)]
        for gram, count in grams.items():
            weights[len(gram) - 1][gram] = count * self.weight.get(gram, self.unknown)
        norms = [math.sqrt(sum(weight**2 for weight in part.values())) for part in weights]
        return weights, norms, sum(count for gram, count in grams.items() if len(gram) == 2)


def _likeness(cand: tuple[Any, ...], ref: tuple[Any, ...]) -> float:
    """The mean over the orders of the clipped cosine, with the penalty for length."""
    total = 0.0
    for mine, theirs, norm, other in zip(cand[0], ref[0], cand[1], ref[1], strict=True):
        product = sum(min(weight, theirs[gram]) * theirs[gram] for gram, weight in mine.items() if gram in theirs)
        total += product / (norm * other) if norm and other else product
    return total / ORDERS * math.exp(-((cand[2] - ref[2]) ** 2) / (2 * SIGMA**2))


def _bleu_counts(cand: str, refs: list[str]) -> list[int]:
    """Length, closest reference length, n-grams by order, and those of them that a reference has."""
    length = len(cand.split())
    closest = min((abs(len(ref.split()) - length), len(ref.split())) for ref in refs)[1]
    most: Grams = Counter()
    for ref in refs:
        most |= _grams(ref)
    right = [0] * ORDERS
    for gram, count in (_grams(cand) & most).items():
        right[len(gram) - 1] += count
    return [length, closest, *(max(0, length - n) for n in range(ORDERS)), *right]


def _bleu_of(counts: list[int]) -> list[float]:
    """BLEU-1 to 4 of counts."""
    length, closest = counts[:2]
    ratio = (length + TINY) / (closest + SMALL)
    brevity = math.exp(1 - 1 / ratio) if ratio < 1 else 1.0
    scores = []
    product = 1.0
    for n in range(ORDERS):
        product *= (counts[2 + ORDERS + n] + TINY) / (counts[2 + n] + SMALL)
        scores.append(product ** (1 / (n + 1)) * brevity)
    return scores


def rouge_of(cand: str, refs: Sequence[str]) -> float:
    """ROUGE-L of one tokenised item."""
    mine = cand.split(" ")
    common = [(_common(mine, ref.split(" ")), len(ref.split(" "))) for ref in refs]
    precision = max(count for count, _ in common) / len(mine)
    recall = max(count / length for count, length in common)
    if not precision or not recall:
        return 0.0
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def _common(one: list[str], other: list[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        corner = 0
        for at, theirs in enumerate(other, 1):
            corner, row[at] = row[at], corner + 1 if word == theirs else max(row[at], row[at - 1])
    return row[-1]
