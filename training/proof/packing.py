"""Movies with their questions as rows of one length, for the training pass of `compact.py`.

    rows = packed(examples, length=128, heads=4, kernel=3, words=words)

A row is one movie and its turns. Turns see the movie and themselves; a token's left neighbours, which convolutions
read, are told as numbers, so that nothing is copied between turns. Rows and what is learned of them have the same
sizes in every step: libraries that prepare a product for its sizes prepare it once. Padding is seen by nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from moviellm.training.model.layout import FRAME
from moviellm.training.proof.words import Words
from moviellm.training.shared.layout import IGNORED, Turn

Ints = NDArray[np.int64]

LEARNED_STEP = 64
"""What is learned of a batch is filled up to a multiple of so many tokens."""
UNSEEN = -1e30
"""What is added to the likeness of tokens that do not see each other."""


@dataclass(frozen=True)
class Rows:
    """A batch: B rows of T tokens, flat where it says N = B * T."""

    ids: torch.Tensor
    """(N,): words; for a frame, the word of its time."""
    positions: torch.Tensor
    """(B, T): from the movie's first token to a turn's last, as if the turn stood alone."""
    earlier: torch.Tensor
    """(kernel - 1, N): where a token's neighbours to the left are, plus one; 0 where there is none."""
    unseen: torch.Tensor
    """(B * heads, T, T): 0 where a token sees another."""
    frames: torch.Tensor
    """Places of the frames among the N."""
    features: torch.Tensor
    """(frames, width)."""
    learned: torch.Tensor
    """Places of the tokens whose next one is learned."""
    labels: torch.Tensor
    """That next one."""

    @property
    def tokens(self) -> int:
        """Length of a row."""
        return int(self.positions.shape[1])


def packed(
    examples: Sequence[dict[str, Any]], length: int, heads: int, kernel: int, words: Words, dtype: torch.dtype
) -> Rows:
    """Rows of so many tokens; an example is what `encoding.example_of` makes.

    Raises ValueError for a movie that is longer with its questions.
    """
    shape = (len(examples), length)
    ids, positions, labels = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.full(shape, IGNORED)
    owners, earlier = np.full(shape, -1), np.zeros((kernel - 1, *shape), np.int64)
    frames: list[Ints] = []
    for row, example in enumerate(examples):
        movie, turns = np.asarray(example["movie_ids"]), example["turns"]
        there = np.flatnonzero(movie == words.numbers[FRAME])
        movie[there] = np.asarray(words.time_ids)[np.asarray(example["frame_time_ids"])]
        frames.append(there + row * length)
        known, end = len(movie), len(movie) + sum(len(turn.ids) for turn in turns)
        if end > length:
            raise ValueError(
                f"a movie with its questions has {end} tokens and a row {length}: give rows more `tokens`"
            )
        whose, inside = _turns(turns)
        ids[row, :end] = np.concatenate([movie, *(turn.ids for turn in turns)])
        positions[row, :end] = np.concatenate([np.arange(known), known + inside])
        owners[row, :end] = np.concatenate([np.zeros(known, np.int64), whose])
        labels[row, known:end] = _next(turns)
        for back in range(1, kernel):
            earlier[back - 1, row, :end] = row * length + 1 + _left(known, inside, back)
            earlier[back - 1, row, :back] = 0
    learned = np.flatnonzero(labels.reshape(-1) != IGNORED)
    wanted = labels.reshape(-1)[learned]
    more = -len(learned) % LEARNED_STEP
    return Rows(
        ids=torch.from_numpy(ids.reshape(-1)),
        positions=torch.from_numpy(positions),
        earlier=torch.from_numpy(earlier.reshape(kernel - 1, -1)),
        unseen=_unseen(owners, heads, dtype),
        frames=torch.from_numpy(np.concatenate(frames)),
        features=torch.cat([example["frame_features"] for example in examples])[:, 0],
        learned=torch.from_numpy(np.pad(learned, (0, more))),
        labels=torch.from_numpy(np.pad(wanted, (0, more), constant_values=IGNORED)),
    )


def _turns(turns: Sequence[Turn]) -> tuple[Ints, Ints]:
    """For each token of the turns, whose it is, from 1 on, and its place in it."""
    lengths = np.asarray([len(turn.ids) for turn in turns], np.int64)
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(np.arange(1, len(turns) + 1), lengths), np.arange(int(lengths.sum())) - starts


def _next(turns: Sequence[Turn]) -> list[int]:
    """For each token of the turns the one behind it, where that is learned."""
    return [label for turn in turns for label in [*(turn.labels or [])[1:], IGNORED]]


def _left(known: int, inside: Ints, back: int) -> Ints:
    """Where the token so many steps back stands: from a turn's first tokens, at the movie's end."""
    own = known + np.arange(len(inside)) - back
    return np.concatenate([np.arange(known) - back, np.where(inside >= back, own, known + inside - back)])


def _unseen(owners: Ints, heads: int, dtype: torch.dtype) -> torch.Tensor:
    rows, length = owners.shape
    movie, own = owners[:, None, :] == 0, owners[:, :, None] == owners[:, None, :]
    sees = np.tril(np.ones((length, length), bool)) & (own | (movie & (owners[:, :, None] >= 0)))
    added = torch.from_numpy(np.where(sees, np.float32(0), np.float32(UNSEEN))).to(dtype)
    return added[:, None].expand(rows, heads, length, length).reshape(rows * heads, length, length)
