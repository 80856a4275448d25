"""How a question stands behind a movie in a row of a stock model; the counterpart of prompts.py.

    prompts = StockPrompts(film, processor)

The words are those of training/stock, so that a model is asked as it was trained. The film's frames are decoded once,
when this is made.
"""

from collections.abc import Sequence
from typing import Any

from moviellm.training.ask.prompts import Tensors, too_long


class StockPrompts:
    """Rows about one movie."""

    def __init__(self, film: Any, processor: Any) -> None:
        """Raises ValueError where the movie alone is more than the model reads, or does not hold together."""
        self.film, self.processor = film, processor
        self._seen = processor.see(film)
        row = processor.row(self._seen, "?")
        self.movie: list[int] = row.ids[: row.movie]

    def own(self, turns: Sequence[str]) -> list[int]:
        """Tokens of a question and the turns before it, behind the last frame."""
        talk = [{"role": "assistant" if at % 2 else "user", "content": text} for at, text in enumerate(turns)]
        row = self.processor.row(self._seen, talk)
        ids: list[int] = row.ids[row.movie :]
        return ids

    def given(self) -> Tensors:
        """The movie up to its last frame."""
        return self._with_frames(self.movie)

    def whole(self, turns: Sequence[str]) -> Tensors:
        """A row of its own."""
        import torch

        row = self._with_frames([*self.movie, *self.own(turns)])
        return {**row, "attention_mask": torch.ones_like(row["input_ids"])}

    def check_length(self, longest: int | None, turns: Sequence[str], room: int) -> None:
        """Refuse a row longer than the model reads, and say how many frames fit."""
        own = len(self.own(turns))
        length = len(self.movie) + own + room
        if longest is not None and length > longest:
            fitting = self.fitting(longest, own + room)
            raise ValueError(too_long(self._seen.name, self._seen.frames, length, longest, fitting))

    def fitting(self, longest: int, room: int) -> int:
        """Frames that fit, at the tokens a frame that this film has."""
        return max(int((longest - room) * self._seen.frames / len(self.movie)), 0)

    def _with_frames(self, ids: Sequence[int]) -> Tensors:
        import torch

        from moviellm.training.stock.encoding import of_one_shape

        tokens = torch.tensor([list(ids)])
        given = {"input_ids": tokens, **of_one_shape(self._seen.look.tensors)}
        if self.processor.family.spatial:
            given["mm_token_type_ids"] = self.processor.types_of(tokens)
        return given
