"""What fits into a row: a movie's questions are divided over rows, its frames are never cut.

    for numbers in rows_that_fit(encoded, tokens_a_row=32_768, lead_in=0): ...

A movie that does not fit with one question is an error that names it and says how many frames would. It changes no
tokens.
"""

from collections.abc import Sequence

from moviellm.training.data.encoding import Encoded
from moviellm.training.shared.batch import split
from moviellm.training.shared.layout import Turn, share


def rows_that_fit(encoded: Encoded, tokens_a_row: int | None, lead_in: int) -> list[tuple[list[int], int]]:
    """Numbers of a unit's conversations in groups that fit behind it into a row, and the tokens of each row."""
    movie_ids, turns = share(encoded.rows)
    if tokens_a_row is None:
        return [(list(range(len(turns))), _length(len(movie_ids), turns, lead_in))]
    longest = max(len(turn.ids) + max(lead_in, 1) for turn in turns)
    if len(movie_ids) + longest > tokens_a_row:
        raise ValueError(too_long(encoded, len(movie_ids) + longest, tokens_a_row))
    numbered = [Turn(turn.ids, [number] * len(turn.ids)) for number, turn in enumerate(turns)]
    groups = [
        [int((turn.labels or [0])[0]) for turn in group]
        for group in split(len(movie_ids), numbered, tokens_a_row, lead_in)
    ]
    return [(group, _length(len(movie_ids), [turns[n] for n in group], lead_in)) for group in groups]


def check_length(encoded: Encoded, longest: int | None, model: bool = False) -> None:
    """Refuse a conversation that is longer than the model has positions, or than `max_length` allows."""
    for name, (ids, _) in zip(encoded.names, encoded.rows, strict=True):
        if longest is not None and len(ids) > longest:
            raise ValueError(too_long(encoded, len(ids), longest, f", with {name},", model))


def too_long(
    encoded: Encoded,
    tokens: int,
    room: int,
    asked: str = " with its longest question",
    model: bool = False,
) -> str:
    """What does not fit, and what would."""
    name, frames = encoded.unit.name, encoded.frames
    limit = "the model reads" if model else "`max_length` allows"
    remedy = "`context_tokens` of the model" if model else "`max_length`"
    said = f"{name}{asked} has {tokens:,} tokens, {frames:,} frames among them, and {limit} {room:,}"
    if frames == 0:
        return f"{said}: shorten the text, or raise {remedy}"
    fitting = int((room - (tokens - encoded.film_tokens)) / (encoded.film_tokens / frames))
    if fitting < 1:
        return f"{said}; not one frame would fit: raise {remedy}"
    return (
        f"{said}. Nothing is cut: show {fitting:,} frames at most (`frames: {fitting}` in the recipe's `data`), use "
        f"fewer tokens a frame, or raise {remedy}"
    )


def _length(movie: int, turns: Sequence[Turn], lead_in: int) -> int:
    return movie + sum(len(turn.ids) + lead_in for turn in turns)
