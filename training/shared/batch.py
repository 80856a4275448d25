"""Movies with their questions become batches: rows of several movies, padding, and the numbers that make the mask.

    arrays = stack([[layout], [another, a_third]], pad_id=0)        # two rows, the second with two movies
    arrays["input_ids"], arrays["position_ids"], arrays["labels"], arrays["attention_mask"]
    rows = fill([len(layout) for layout in layouts], tokens_a_row=65_536)   # which movies share a row
    for group in split(len(movie_ids), turns, tokens_a_row=65_536): ...     # when a movie has too many questions

`attention_mask` is whole numbers of shape (rows, 1, 3, tokens): `sees_to`, `seen_until` and the position of every
token, 24 bytes a token where a mask of all pairs has 64,000 at 64,000 tokens. `attention.py` reads it.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from moviellm.training.shared.layout import IGNORED, Layout, Turn


def stack(rows: Sequence[Sequence[Layout]], pad_id: int) -> dict[str, NDArray[np.int64]]:
    """Arrays of a batch; every row holds one movie or several, which do not see each other, and is padded right.

    Padding sees itself alone, has no label, and nobody else sees it.
    """
    width = max(sum(len(layout) for layout in row) for row in rows)
    shape = (len(rows), width)
    input_ids, labels = np.full(shape, pad_id, dtype=np.int64), np.full(shape, IGNORED, dtype=np.int64)
    position_ids = np.zeros(shape, dtype=np.int64)
    sees = np.zeros((len(rows), 1, 3, width), dtype=np.int64)
    for number, row in enumerate(rows):
        at = 0
        for layout in row:
            here = slice(at, at + len(layout))
            input_ids[number, here], labels[number, here] = layout.input_ids, layout.labels
            position_ids[number, here] = layout.position_ids
            sees[number, 0, 0, here], sees[number, 0, 1, here] = layout.sees_to + at, layout.seen_until + at
            at += len(layout)
        position_ids[number, at:] = np.arange(width - at)
        sees[number, 0, 0, at:], sees[number, 0, 1, at:] = np.arange(at, width), width
        sees[number, 0, 2] = position_ids[number]
    return {"input_ids": input_ids, "position_ids": position_ids, "attention_mask": sees, "labels": labels}


def visible(sees: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The mask of all pairs, (rows, 1, tokens, tokens), True where a token sees another. For tests and small rows."""
    tokens = np.arange(sees.shape[-1])
    earlier = tokens[None, None, None, :] <= sees[:, :, 0, :, None]
    return np.asarray(earlier & (tokens[None, None, :, None] < sees[:, :, 1, None, :]))


def fill(lengths: Sequence[int], tokens_a_row: int) -> list[list[int]]:
    """Which movies share a row of at most so many tokens: the longest first, each into the first row with room."""
    rows: list[list[int]] = []
    room: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda movie: -lengths[movie]):
        need = lengths[number]
        if need > tokens_a_row:
            raise ValueError(
                f"a movie with its questions has {need} tokens and a row {tokens_a_row}: split its questions"
            )
        place = next((place for place, left in enumerate(room) if left >= need), len(rows))
        if place == len(rows):
            rows.append([])
            room.append(tokens_a_row)
        rows[place].append(number)
        room[place] -= need
    return rows


def split(movie_tokens: int, turns: Sequence[Turn], tokens_a_row: int, lead_in: int = 0) -> Iterator[list[Turn]]:
    """The turns of a movie in groups that fit into a row behind it; a turn and its follow-ups stay together.

    Raises ValueError when the movie with one turn and its follow-ups is longer than a row.
    """
    family: list[int] = []
    members: dict[int, list[int]] = {}
    for number, turn in enumerate(turns):
        family.append(number if turn.turn_of is None else family[turn.turn_of])
        members.setdefault(family[number], []).append(number)
    group: list[int] = []
    used = movie_tokens
    for first, numbers in members.items():
        need = sum(len(turns[number].ids) + max(lead_in, 1) for number in numbers)
        if movie_tokens + need > tokens_a_row:
            raise ValueError(
                f"the movie has {movie_tokens} tokens, turn {first} with its follow-ups {need}, and a row "
                f"{tokens_a_row}: use fewer frames or tokens a frame, or longer rows"
            )
        if group and used + need > tokens_a_row:
            yield _renumbered(turns, group)
            group, used = [], movie_tokens
        group += numbers
        used += need
    if group:
        yield _renumbered(turns, sorted(group))


def _renumbered(turns: Sequence[Turn], group: Sequence[int]) -> list[Turn]:
    places = {number: place for place, number in enumerate(sorted(group))}
    return [
        Turn(turns[number].ids, turns[number].labels, None if above is None else places[above])
        for number in sorted(group)
        for above in [turns[number].turn_of]
    ]
