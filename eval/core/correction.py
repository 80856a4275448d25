"""What a judge's scores say of what people would say, from items that both have scored.

    ppi_mean([1, 0, 1, 1], [1, 0, 0, 1], judge_on_rest=[1, 1, 0, 1, 1, 0])     # {"estimate": ..}
    rogan_gladen([1, 0, 1, 0], [1, 0, 1, 1], judge_on_rest=[1, 1, 0, 1])        # {"sensitivity": ..}

Prediction-powered inference with a tuned weight is Angelopoulos, Duchi and Zrnic 2023 (PPI++, arXiv 2311.01453), with
the conventions of ppi-python 0.2.3, which is not called because it brings numba for ten lines. A judge that says
nothing gets weight 0, so the estimate is never worse than that of the people alone. Rogan and Gladen 1978 corrects a
share of 0/1 verdicts by the judge's sensitivity and specificity.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from moviellm.eval.core.inputs import marks_of, number_of, numbers_of, same_length


def ppi_mean(
    human: Sequence[float],
    judge_on_human: Sequence[float],
    judge_on_rest: Sequence[float],
    level: float = 0.95,
    lam: float | None = None,
) -> dict[str, float | None]:
    """The mean of what people would say of all items, with its interval.

    Args:
        human: What people say of some items.
        judge_on_human: What the judge says of the same items.
        judge_on_rest: What the judge says of all others.
        level: Of the interval.
        lam: How much the judge counts, from 0 to 1; None tunes it.

    Returns:
        `estimate`, `low`, `high`, `lambda`; all None without human scores.

    Raises:
        ValueError: unequal lengths, a score that is not a finite number, or a level or weight outside its bounds.
    """
    n = same_length(human=human, judge_on_human=judge_on_human)
    if not 0.0 < number_of(level, "the level") < 1.0:
        raise ValueError(f"a level lies between 0 and 1, got {level}; 0.95 is usual")
    if lam is not None and not 0.0 <= number_of(lam, "lam") <= 1.0:
        raise ValueError(f"lam lies between 0 and 1, got {lam}; None tunes it")
    people = np.array(numbers_of(human, "human score"))
    mine = np.array(numbers_of(judge_on_human, "score of judge_on_human"))
    rest = np.array(numbers_of(judge_on_rest, "score of judge_on_rest"))
    if not n:
        return {"estimate": None, "low": None, "high": None, "lambda": None}
    if not rest.size:
        # Nothing to add to the people's mean.
        lam, rest = 0.0, np.zeros(1)
    weight = _tuned(people, mine, rest) if lam is None else float(lam)
    estimate = float(weight * rest.mean() + (people - weight * mine).mean())
    variance = weight**2 * rest.var() / rest.size + (people - weight * mine).var() / n
    half = NormalDist().inv_cdf((1 + level) / 2) * float(np.sqrt(variance))
    return {
        "estimate": estimate,
        "low": estimate - half,
        "high": estimate + half,
        "lambda": weight,
    }


def _tuned(people: np.ndarray, mine: np.ndarray, rest: np.ndarray) -> float:
    """The weight with the least variance."""
    covariance = float(((people - people.mean()) * (mine - mine.mean())).mean())
    spread = float(np.concatenate([mine, rest]).var(ddof=1)) * (1 + people.size / rest.size)
    return min(1.0, max(0.0, covariance / spread)) if spread > 0 else 0.0


def rogan_gladen(
    human: Sequence[int], judge_on_human: Sequence[int], judge_on_rest: Sequence[int]
) -> dict[str, float | None]:
    """The share of items that people would call right, from the judge's share on the others.

    Returns:
        `sensitivity` and `specificity`, None when people called no item right, or none wrong; `estimate` from 0 to 1,
        None when one of them is None, when they say that the judge guesses (their sum is 1), or without other items.

    Raises:
        ValueError: unequal lengths, or a mark that is not 0 or 1.
    """
    same_length(human=human, judge_on_human=judge_on_human)
    people, mine = marks_of(human, "mark of human"), marks_of(judge_on_human, "mark of judge_on_human")
    rest = marks_of(judge_on_rest, "mark of judge_on_rest")
    on_right = [judge for person, judge in zip(people, mine, strict=True) if person]
    on_wrong = [1 - judge for person, judge in zip(people, mine, strict=True) if not person]
    sensitivity, specificity = (sum(marks) / len(marks) if marks else None for marks in (on_right, on_wrong))
    estimate = None
    if sensitivity is not None and specificity is not None and rest and sensitivity + specificity != 1:
        share = sum(rest) / len(rest)
        estimate = min(1.0, max(0.0, (share + specificity - 1) / (sensitivity + specificity - 1)))
    return {"sensitivity": sensitivity, "specificity": specificity, "estimate": estimate}
