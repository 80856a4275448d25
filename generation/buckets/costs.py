"""What a run in a bucket has cost, without its pictures: read from the heads of last segments and the lines of others.

    paid = paid_in_bucket(store, since=time.time() - 60)      # shard -> what its makers have paid, and asked since
    spent_of_shard(store, 12)

It knows no prices: what an exchange cost stands in its line (llm/exchanges.py).
"""

import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from moviellm.generation.buckets.segments import (
    END,
    EXCHANGES,
    FOLDER,
    Joined,
    folder_of,
    lines_in,
    reading_order,
    shard_of,
    told_at_end,
)
from moviellm.generation.buckets.store import TOGETHER, Store
from moviellm.generation.llm.admission import Asked
from moviellm.generation.llm.exchanges import Spent, asked_in, spent_in


@dataclass
class Paid:
    """What one shard has cost."""

    spent: Spent = field(default_factory=Spent)
    lately: list[Asked] = field(default_factory=list)
    """What was asked since the time that was named."""


def paid_in_bucket(store: Store, since: float = inf) -> dict[int, Paid]:
    """What each shard has cost, and what was asked for it since a time.

    Raises:
        StoreError: the store does not give it.
    """
    shards: dict[int, list[str]] = {}
    for name in store.names(FOLDER):
        shards.setdefault(shard_of(name), []).append(name)
    with ThreadPoolExecutor(TOGETHER) as pool:
        return dict(zip(shards, pool.map(lambda names: _paid(store, names, since), shards.values()), strict=True))


def spent_in_bucket(store: Store) -> Spent:
    """What the whole run has cost.

    Raises:
        StoreError: the store does not give it.
    """
    total = Spent()
    for paid in paid_in_bucket(store).values():
        total.add(paid.spent)
    return total


def spent_of_shard(store: Store, shard: int) -> Spent:
    """What one shard has cost.

    Raises:
        StoreError: the store does not give it.
    """
    return _paid(store, store.names(folder_of(shard)), inf).spent


def _paid(store: Store, names: Iterable[str], since: float) -> Paid:
    """Each maker counts once: a kill after the commit may leave its segments beside the one that keeps their lines."""
    by_maker: dict[str, Spent] = {}
    with tempfile.TemporaryDirectory() as folder:
        joined = Joined(Path(folder))
        for name in reading_order(names):
            ended = name.endswith(END)
            told, last_at = told_at_end(store, name) if ended else ({}, inf)
            by_maker |= told
            for piece in lines_in(store, name) if last_at > since or not ended else ():
                if piece.file == EXCHANGES:
                    joined.add(piece)
        logs = joined.logs(EXCHANGES)
        for label, path in logs:
            by_maker.setdefault(label, spent_in(path))
        lately = [one for _, path in logs for one in asked_in(path, since)] if since < inf else []
    total = Spent()
    for spent in by_maker.values():
        total.add(spent)
    return Paid(total, lately)
