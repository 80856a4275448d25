"""Which tokens attend to which, as few dense pieces: blocks of queries with the keys that any of them sees.

    for block in plan(sees[0, 0]): block.queries, block.keys, block.mask

Attention over a shared movie is nearly a triangle and a rectangle. A run of tokens in which each sees all earlier ones
(the movie with its first question) is one causal block; the other questions are blocks of at most BLOCK queries with
the tokens of the movie, of the turns they follow, and of the block itself. Nothing as large as all pairs is made.
With a sliding window a query sees only keys at positions less than the window before its own.

`tiles` says the same for flex attention: which 128 x 128 tiles are empty, full or mixed, from bounds a tile. A tile
called mixed may turn out empty or full; a tile called empty or full is.

Plain NumPy; `attention.py` makes tensors of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

BLOCK = 256
"""Queries of a block: many enough for a fast product, few enough that their other questions cost little."""


@dataclass(frozen=True)
class Block:
    """Some queries and the keys they may see."""

    start: int
    end: int
    """The queries, half-open."""
    keys: Ints | None
    """Places of the keys; None: the queries themselves, causally."""
    mask: NDArray[np.bool_] | None
    """(queries, keys), True where seen; None when `keys` is."""


def plan(sees: Ints, window: int | None = None) -> Iterator[Block]:
    """Blocks that cover a row's queries in order; `sees` is (3, tokens): sees_to, seen_until, positions."""
    sees_to, seen_until, positions = sees
    tokens = len(sees_to)
    reach = np.maximum.accumulate(seen_until)
    # A token starts a movie when nothing before it is seen at it.
    fresh = np.concatenate([[True], reach[:-1] <= np.arange(1, tokens)])
    starts = [*np.flatnonzero(fresh), tokens]
    for start, end in zip(starts, starts[1:], strict=False):
        at = int(start)
        run = _causal_run(sees_to[at:end] - at, seen_until[at:end] - at)
        if window is None or run <= window:
            yield Block(at, at + run, None, None)
            at += run
        while at < end:
            stop = min(at + BLOCK, int(end))
            yield _block(sees, int(start), at, stop, window)
            at = stop
    del positions


def _causal_run(sees_to: Ints, seen_until: Ints) -> int:
    """How many tokens from the first on see each exactly the earlier ones."""
    places = np.arange(1, len(sees_to) + 1)
    causal = (np.minimum.accumulate(seen_until) >= places) & (sees_to == places - 1)
    return len(causal) if causal.all() else int(np.argmin(causal))


def _block(sees: Ints, movie: int, start: int, end: int, window: int | None) -> Block:
    sees_to, seen_until, positions = sees
    earlier = movie + np.flatnonzero(seen_until[movie:start] > start)
    queries = np.arange(start, end)
    if window is not None:
        earlier = earlier[positions[earlier] > positions[queries].min() - window]
    keys = np.concatenate([earlier, queries])
    mask = (keys[None, :] <= sees_to[queries][:, None]) & (queries[:, None] < seen_until[keys][None, :])
    if window is not None:
        mask &= positions[keys][None, :] > positions[queries][:, None] - window
    return Block(start, end, keys, mask)


def tiles(sees: Ints, size: int, window: int | None = None) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mixed and full tiles of a row, each (query tiles, key tiles); a tile that is neither is empty."""
    sees_to, seen_until, positions = sees
    tokens = len(sees_to)
    count = -(-tokens // size)
    first = np.arange(count) * size
    last = np.minimum(first + size, tokens) - 1
    most_to, least_to = np.maximum.reduceat(sees_to, first), np.minimum.reduceat(sees_to, first)
    most_until, least_until = np.maximum.reduceat(seen_until, first), np.minimum.reduceat(seen_until, first)
    some = (first[None, :] <= most_to[:, None]) & (first[:, None] < most_until[None, :])
    full = (last[None, :] <= least_to[:, None]) & (last[:, None] < least_until[None, :])
    if window is not None:
        high, low = np.maximum.reduceat(positions, first), np.minimum.reduceat(positions, first)
        some &= high[None, :] > low[:, None] - window
        full &= low[None, :] > high[:, None] - window
    whole = last - first + 1 == size  # the kernel reads past the end of a tile that is not whole
    full &= whole[None, :] & whole[:, None]
    return some & ~full, full
