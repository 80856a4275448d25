"""Which movies a benchmark has, and which are dev: those that train lacks, whole families, near-duplicates together.

    chosen = choose(families, known.leaks(), known.close, dev=0.1, fewest=2, secret=secret)
    chosen.splits["m00007"], chosen.left_out["m00003"]      # 'test', ("seed: that of m00003 of out/films",)

A movie and its twins are one family: one that leaks takes the others along. It reads nothing.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moviellm.generation.schema import Split


@dataclass(frozen=True)
class Chosen:
    """What became of the movies."""

    splits: Mapping[str, Split]
    """By movie that stays: dev or test."""
    left_out: Mapping[str, tuple[str, ...]]
    """By movie that does not: why."""
    groups: int
    """Groups that stay together: families, and near-duplicates with theirs."""


def choose(
    families: Mapping[str, str],
    reasons: Mapping[str, Sequence[str]],
    close: Iterable[tuple[str, str]],
    *,
    dev: float,
    fewest: int,
    secret: bytes,
    hint: str = "",
) -> Chosen:
    """Leave out families with a movie that must not be there, and divide the others.

    Args:
        families: By movie: the one it is a twin of, or itself.
        reasons: Why movies must not be there.
        close: Pairs of near-duplicates.
        dev: Share of the movies that goes to dev; at least one family where there are two.
        fewest: Families that must be left for test.
        secret: What the draw follows from.
        hint: Said where too few are left.

    Raises:
        ValueError: too few are left.
    """
    leaking = {families[movie_id]: movie_id for movie_id in reversed([*reasons])}
    left_out = {
        movie_id: tuple(reasons.get(movie_id, ())) or (f"it is of one family with {leaking[family]}",)
        for movie_id, family in families.items()
        if family in leaking
    }
    kept = [movie_id for movie_id in families if movie_id not in left_out]
    groups = _groups(kept, families, close)
    order = sorted(groups, key=lambda group: hashlib.sha256(secret + group[0].encode()).digest())
    splits: dict[str, Split] = {}
    for place, group in enumerate(order):
        to_dev = sum(split == "dev" for split in splits.values()) < dev * len(kept) and place < len(order) - 1
        splits.update((movie_id, "dev" if to_dev else "test") for movie_id in group)
    tested = {families[movie_id] for movie_id, split in splits.items() if split == "test"}
    if len(tested) < fewest:
        why = _counted(reasons.values())
        raise ValueError(
            f"{len(tested)} families of movies are left for test, of {len(set(families.values()))}, and {fewest} is "
            f"the least{why}; make more movies with another seed, people and places{hint}"
        )
    return Chosen(splits, left_out, len(groups))


def _counted(reasons: Iterable[Sequence[str]]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for some in reasons:
        for kind in {reason.partition(":")[0] for reason in some}:
            counts[kind] += 1
    told = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
    return f" (left out, by what train has: {told})" if told else ""


def _groups(kept: Sequence[str], families: Mapping[str, str], close: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Movies that stay together, in the order of their first ones."""
    leader = {families[movie_id]: families[movie_id] for movie_id in kept}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    known = set(kept)
    for one, other in close:
        if one in known and other in known:
            first, second = sorted((find(families[one]), find(families[other])))
            leader[second] = first
    groups: dict[str, list[str]] = defaultdict(list)
    for movie_id in kept:
        groups[find(families[movie_id])].append(movie_id)
    return [*groups.values()]
