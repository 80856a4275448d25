"""How sure a score is for so many movies: the half-width of its interval, from the questions and the likeness we have.

    sizes = sizes_of(questions by family, likeness=0.2)
    sizes.half_width                                # 0.062 for our own number of movies
    sizes.curve                                     # [(25, 0.121, 0.173), ...]: movies, half-width, least difference

Questions of one movie are alike, so movies count, not questions. Scores are simulated: each movie draws how hard it is
(a beta distribution with mean one half, where an interval is widest), each of its questions is right or wrong by that.
The spread of their mean over 1,000 draws is the standard error. The likeness within movies (intraclass correlation) is
measured where somebody gave runs of models or the dataset has scores of its gates; else it is stated as an assumption.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from moviellm.eval.tasks.means import POWER_Z

GRID: Final = (10, 25, 50, 100, 200, 300, 500, 1000)
"""Numbers of movies that are told."""
DRAWS: Final = 1_000
Z: Final = 1.959964
ASSUMED: Final = 0.2
"""Likeness where nobody measured any."""
DISCORDANT: Final = 0.15
"""Share of the questions that only one of two systems gets right, for the least difference; an assumption."""


@dataclass(frozen=True)
class Size:
    """What so many movies give."""

    movies: int
    questions: int
    half_width: float
    """Of the 95 % interval of a share, at one half."""
    least: float
    """Least difference of two systems that a paired test sees four times in five."""


@dataclass(frozen=True)
class Sizes:
    """How sure scores are."""

    likeness: float
    measured_by: str
    """What the likeness was measured on; `assumed`."""
    ours: Size
    curve: tuple[Size, ...]


def likeness_of(scores: Iterable[tuple[str, float]]) -> float | None:
    """The intraclass correlation of scores by family (one-way analysis of variance); None where nothing varies."""
    by_family: dict[str, list[float]] = defaultdict(list)
    for family, score in scores:
        by_family[family].append(score)
    groups = [np.asarray(group) for group in by_family.values() if len(group) > 1]
    if len(groups) < 2:
        return None
    sizes = np.array([len(group) for group in groups], float)
    total = sizes.sum()
    mean = sum(group.sum() for group in groups) / total
    between = sum(len(group) * (group.mean() - mean) ** 2 for group in groups) / (len(groups) - 1)
    within = sum(((group - group.mean()) ** 2).sum() for group in groups) / (total - len(groups))
    usual = (total - (sizes**2).sum() / total) / (len(groups) - 1)
    if between + within == 0:
        return None
    return float(min(0.95, max(0.0, (between - within) / (between + (usual - 1) * within))))


def size_of(questions: Sequence[int], movies: int, likeness: float, draws: int = DRAWS) -> Size:
    """What a number of movies gives whose questions are as many as those of ours.

    Args:
        questions: Of each of our families.
        movies: Families that there would be.
    """
    random = np.random.default_rng(0)
    counts = random.choice(np.asarray(questions), size=(draws, movies))
    if likeness > 0:
        both = (1 - likeness) / likeness / 2  # both parameters of a beta distribution with mean one half
        hard = random.beta(both, both, size=(draws, movies))
    else:
        hard = np.full((draws, movies), 0.5)
    means = random.binomial(counts, hard).sum(axis=1) / counts.sum(axis=1)
    error = float(means.std(ddof=1))
    expected = round(float(np.mean(questions)) * movies)
    # A difference of two systems on the same questions is 1, 0 or -1: its variance is the share of discordant ones.
    paired = error * float(np.sqrt(DISCORDANT / 0.25))
    return Size(movies, expected, Z * error, POWER_Z * paired)


def sizes_of(questions: Mapping[str, int], likeness: float | None, measured_by: str) -> Sizes:
    """Sizes for the questions of test, by family."""
    known = ASSUMED if likeness is None else likeness
    counts = [count for count in questions.values() if count]
    said = "assumed" if likeness is None else measured_by
    ours = size_of(counts, len(counts), known)
    return Sizes(known, said, ours, tuple(size_of(counts, movies, known) for movies in GRID))
