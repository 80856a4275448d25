"""A movie and its questions in one sequence: which token stands where, at which position, and which tokens it sees.

    layout = lay_out(movie_ids, [Turn(ids, labels), Turn(more_ids, more_labels), Turn(follow_up, labels, turn_of=0)])
    layout.input_ids, layout.position_ids, layout.labels
    apart(layout)           # the way back: for each turn the row that trains it alone

The movie comes first, then the turns as a forest, each directly before its follow-ups. Token i sees token j exactly
when `j <= sees_to[i]` and `i < seen_until[j]`: two numbers a token say the whole mask (brute force in the tests).
Positions count along the way from the movie's first token to the turn, as if the turn stood alone.

A decoder with convolutions reads its left neighbours without asking the mask. Its turns get a lead-in: copies of the
tokens they would follow if they stood alone, which see what the originals see and are seen by nobody. A lead-in of
(kernel - 1) x (number of convolutions) tokens is exact: the foreign neighbours reach kernel - 1 tokens deeper with
each convolution, and do not arrive at the turn. A turn whose first token has a label gets a lead-in of one token,
because it is learned from the token before it.

Plain NumPy. It knows no tokenizer, no model, no frames; see `batch` for rows and `masks` for tensors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

IGNORED = -100
"""The label of a token that is not learned."""
MOVIE, LEAD_IN = -1, -2
"""What `Layout.turns` says of the movie's tokens and of copies."""


@dataclass(frozen=True)
class Turn:
    """A question with its answer, as tokens."""

    ids: Sequence[int]
    """Its tokens, after the movie's or after those of the turn it follows."""
    labels: Sequence[int] | None = None
    """As many, -100 where nothing is learned. None: nothing is."""
    turn_of: int | None = None
    """Place in the list of the turn that it follows and whose tokens it sees; None: it follows the movie."""


@dataclass(frozen=True)
class Layout:
    """One movie with its turns: arrays of one length, a number a token."""

    input_ids: Ints
    labels: Ints
    position_ids: Ints
    sees_to: Ints
    """The last token that it may see; itself, but for copies."""
    seen_until: Ints
    """The first later token that cannot see it any more."""
    turns: Ints
    """Whose token it is: place of the turn, MOVIE or LEAD_IN."""
    turn_of: tuple[int | None, ...]
    """For each turn, the turn that it follows."""

    def __len__(self) -> int:
        return len(self.input_ids)


def lay_out(movie_ids: Sequence[int], turns: Sequence[Turn], lead_in: int = 0) -> Layout:
    """One sequence of a movie and its turns; `lead_in` is how many tokens are copied before each turn.

    Raises ValueError for an empty movie or turn, labels of another length, a `turn_of` that is no earlier turn, and a
    movie shorter than the lead-in.
    """
    _check(len(movie_ids), turns, lead_in)
    leads = [max(lead_in, int(turn.labels is not None and turn.labels[0] != IGNORED)) for turn in turns]
    length = len(movie_ids) + sum(leads) + sum(len(turn.ids) for turn in turns)
    layout = _empty(length, tuple(turn.turn_of for turn in turns))
    _place(layout, 0, np.asarray(movie_ids, dtype=np.int64), 0, MOVIE)
    keep = max(leads, default=0)
    tails: dict[int | None, Ints] = {None: np.arange(max(len(movie_ids) - keep, 0), len(movie_ids))}
    depths: dict[int | None, int] = {None: len(movie_ids)}
    at, ends = len(movie_ids), [0] * len(turns)
    for number in _depth_first(turns):
        turn, lead = turns[number], leads[number]
        _copy(layout, at, tails[turn.turn_of][-lead:] if lead else tails[turn.turn_of][:0])
        at += lead
        _place(layout, at, np.asarray(turn.ids, dtype=np.int64), depths[turn.turn_of], number)
        if turn.labels is not None:
            layout.labels[at : at + len(turn.ids)] = turn.labels
        own = np.arange(at, at + len(turn.ids))
        tails[number] = np.concatenate([tails[turn.turn_of], own])[-keep:] if keep else own[:0]
        depths[number] = depths[turn.turn_of] + len(turn.ids)
        at += len(turn.ids)
        ends[number] = at
    _close(layout, ends)
    return layout


def apart(layout: Layout) -> list[tuple[Ints, Ints]]:
    """For each turn the row that trains it alone: movie, the turns it follows, itself; labels only of itself."""
    rows = []
    for number in range(len(layout.turn_of)):
        at = np.concatenate(
            [np.flatnonzero(layout.turns == part) for part in (MOVIE, *way_to(layout.turn_of, number))]
        )
        labels = np.where(layout.turns[at] == number, layout.labels[at], IGNORED)
        rows.append((layout.input_ids[at], labels))
    return rows


def way_to(turn_of: Sequence[int | None], number: int) -> list[int]:
    """The turns from the first one after the movie to this one."""
    way = [number]
    while (above := turn_of[way[0]]) is not None:
        way.insert(0, above)
    return way


def share(rows: Sequence[tuple[Sequence[int], Sequence[int]]]) -> tuple[list[int], list[Turn]]:
    """Rows of one movie, each tokens and labels, become the beginning that all share and a turn each.

    The shared beginning ends before the first label of any row. Raises ValueError when the rows share nothing.
    """
    if not rows:
        raise ValueError("no rows to share a movie: give at least one row of tokens and labels")
    width = min(len(ids) - 1 for ids, _ in rows)
    arrays = [np.asarray(ids, dtype=np.int64) for ids, _ in rows]
    for ids in arrays[1:]:
        differ = np.flatnonzero(ids[:width] != arrays[0][:width])
        width = int(differ[0]) if len(differ) else width
    for _, labels in rows:
        learned = np.flatnonzero(np.asarray(labels)[: width + 1] != IGNORED)
        # The token before the first learned one stays in the turn: the layout then needs no copy.
        width = min(width, max(int(learned[0]) - 1, 1)) if len(learned) else width
    if width < 1:
        raise ValueError("the rows share no beginning: rows of one movie start with the same tokens")
    turns = [Turn(list(ids[width:]), list(labels[width:])) for ids, labels in rows]
    return [int(token) for token in arrays[0][:width]], turns


def _check(movie_tokens: int, turns: Sequence[Turn], lead_in: int) -> None:
    if movie_tokens < max(lead_in, 1):
        raise ValueError(
            f"the movie's part has {movie_tokens} tokens, and the decoder's convolutions reach {max(lead_in, 1)}: "
            "put more of the common text before the questions"
        )
    for number, turn in enumerate(turns):
        if len(turn.ids) == 0:
            raise ValueError(f"turn {number} has no tokens")
        if turn.labels is not None and len(turn.labels) != len(turn.ids):
            raise ValueError(f"turn {number} has {len(turn.ids)} tokens and {len(turn.labels)} labels")
        if turn.turn_of is not None and not 0 <= turn.turn_of < number:
            raise ValueError(f"turn {number} follows turn {turn.turn_of}: it must follow an earlier one, or None")


def _empty(length: int, turn_of: tuple[int | None, ...]) -> Layout:
    ids, positions, to, until, whose = (np.zeros(length, dtype=np.int64) for _ in range(5))
    return Layout(ids, np.full(length, IGNORED), positions, to, until, whose, turn_of)


def _place(layout: Layout, at: int, ids: Ints, depth: int, whose: int) -> None:
    """Tokens of the movie or of a turn; until when they are seen is known when all stand."""
    here = slice(at, at + len(ids))
    layout.input_ids[here] = ids
    layout.position_ids[here] = depth + np.arange(len(ids))
    layout.sees_to[here] = np.arange(at, at + len(ids))
    layout.turns[here] = whose


def _copy(layout: Layout, at: int, originals: Ints) -> None:
    """Copies see what their originals see, originals included, and nobody sees them: `seen_until` is their place."""
    here = slice(at, at + len(originals))
    layout.input_ids[here] = layout.input_ids[originals]
    layout.position_ids[here] = layout.position_ids[originals]
    layout.sees_to[here] = originals
    layout.seen_until[here] = np.arange(at, at + len(originals))
    layout.turns[here] = LEAD_IN


def _depth_first(turns: Sequence[Turn]) -> list[int]:
    """Each turn directly before its follow-ups, otherwise in the order given."""
    follow_ups: dict[int | None, list[int]] = {}
    for number, turn in enumerate(turns):
        follow_ups.setdefault(turn.turn_of, []).append(number)
    order, waiting = [], follow_ups.get(None, [])[::-1]
    while waiting:
        order.append(waiting.pop())
        waiting += follow_ups.get(order[-1], [])[::-1]
    return order


def _close(layout: Layout, ends: list[int]) -> None:
    """A turn's tokens are seen until the end of its last follow-up, the movie's until the end of everything."""
    for number in reversed(range(len(ends))):
        above = layout.turn_of[number]
        if above is not None:
            ends[above] = max(ends[above], ends[number])
    until = np.asarray([*ends, 0, len(layout)])  # -2: copies, which keep theirs; -1: the movie
    own = layout.turns != LEAD_IN
    layout.seen_until[own] = until[layout.turns[own]]
