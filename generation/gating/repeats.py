"""Questions of a movie that ask what an earlier one asks: the likeness is stored, a threshold makes the flag.

    pairs = with_repeats(movie.qa_pairs)         # each with Score(name="repeats", value=0.31, ...)

The value is the largest Jaccard similarity of a question, with its answer, to an earlier one of the movie: of its
words and pairs of neighbouring words, without case and articles. It is measured for questions that a model wrote;
those that a program computed (`form`) differ by construction. It compares words, not meanings: the same in other words
is not found. Near-duplicate plots are found in duplicates.py.
"""

from collections.abc import Sequence
from typing import Final

from moviellm.generation.gating.asks import plain
from moviellm.generation.gating.verdicts import REPEATS
from moviellm.generation.schema import QAPair, Score

MEASURED_BY: Final = "moviellm/repeats 1"


def with_repeats(pairs: Sequence[QAPair]) -> tuple[QAPair, ...]:
    """The questions with how alike they are to an earlier one; computed ones as they are."""
    earlier: list[frozenset[str]] = []
    found: list[QAPair] = []
    for question in pairs:
        if question.form is None:
            said = _said(question)
            value = max((likeness(said, other) for other in earlier), default=0.0)
            earlier.append(said)
            kept = tuple(score for score in question.gates or () if score.name != REPEATS)
            score = Score(name=REPEATS, value=round(value, 6), measured_by=MEASURED_BY)
            question = question.model_copy(update={"gates": (*kept, score)})
        found.append(question)
    return tuple(found)


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard similarity, 0 to 1; 0 for two empty sets."""
    union = len(one | other)
    return len(one & other) / union if union else 0.0


def _said(question: QAPair) -> frozenset[str]:
    """Words and pairs of neighbours of a question and of its answer."""
    texts = [plain(question.question), plain(question.answer)]
    pairs = [f"{one} {two}" for words in texts for one, two in zip(words, words[1:], strict=False)]
    return frozenset([*texts[0], *texts[1], *pairs])
