"""Standard errors and intervals by formula; those by resampling are in `resampling`.

    clustered_se([0.7, 0.8, 0.4], ["m1", "m1", "m2"])       # 0.13
    wilson(45, 50)                                           # (0.786, 0.957)

Items of one movie are alike, so the error of a mean over items is larger than of independent ones: Miller 2024 (arXiv
2411.00640), equation 4. Wilson 1927 is scipy's (extra `eval`).
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence

from moviellm.eval.core.inputs import library, number_of, numbers_of, same_length


def clustered_se(values: Sequence[float], clusters: Sequence[Hashable]) -> float | None:
    """The standard error of the mean of values that come in clusters.

    sqrt(s^2 / n + sum of the cross products of residuals of different items of a cluster / n^2), s^2 with n - 1 below.

    Returns:
        The error; None with fewer than two clusters.

    Raises:
        ValueError: unequal lengths, or a value that is not a finite number.
    """
    n = same_length(values=values, clusters=clusters)
    numbers = numbers_of(values, "value")
    if len(set(clusters)) < 2:
        return None
    mean = math.fsum(numbers) / n
    sums: dict[Hashable, list[float]] = defaultdict(list)
    for number, cluster in zip(numbers, clusters, strict=True):
        sums[cluster].append(number - mean)
    squares = math.fsum((number - mean) ** 2 for number in numbers)
    # The products of different items of a cluster: the square of its sum without the squares of its items.
    cross = math.fsum(math.fsum(part) ** 2 - math.fsum(item**2 for item in part) for part in sums.values())
    # Opposed items can make the estimate of the variance negative; no mean is more certain than that.
    return math.sqrt(max(0.0, squares / (n - 1) / n + cross / n**2))


def wilson(k: int, n: int, level: float = 0.95) -> tuple[float | None, float | None]:
    """The interval of a proportion of k among n independent trials (Wilson 1927, without continuity correction).

    Returns:
        Its ends; both None without trials.

    Raises:
        ValueError: counts that are no whole numbers with 0 <= k <= n, or a level outside 0 to 1.
    """
    for name, count in (("k", k), ("n", n)):
        if number_of(count, name) != int(count) or count < 0:
            raise ValueError(f"{name} is {count}; it counts, so it is a whole number from 0")
    if k > n:
        raise ValueError(f"{k} successes among {n} trials; there cannot be more successes than trials")
    if not 0.0 < number_of(level, "the level") < 1.0:
        raise ValueError(f"a level lies between 0 and 1, got {level}; 0.95 is usual")
    if n == 0:
        return None, None
    found = library("scipy.stats").binomtest(int(k), int(n)).proportion_ci(confidence_level=level, method="wilson")
    return float(found.low), float(found.high)
