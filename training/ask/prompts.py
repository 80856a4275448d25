"""How a question stands behind a movie in a row of tokens: the part all questions share, and each question's own.

    prompts = Prompts(film, processor)
    prompts.movie                                       # tokens up to where questions differ
    prompts.own(["Who waits?", "Ada.", "Where?"])       # a question with the turns before it, behind `movie`

    prompts.given(), prompts.whole(turns)               # what a model takes: the movie's part; a row of its own

Row and parts are those of `processor.apply_chat_template`, to the token. Nothing is cut: a movie that is too long is
an error that says how many frames would fit. Stock models have prompts of their own (stock_prompts.py).
"""

from collections.abc import Sequence
from typing import Any, Protocol

from moviellm.training.model.layout import VIDEO, FilmLike, frame_count

Tensors = dict[str, Any]


class PromptsLike(Protocol):
    """What an answerer needs of prompts, of whatever model they are."""

    @property
    def movie(self) -> list[int]:
        """Tokens up to where questions differ."""

    def own(self, turns: Sequence[str]) -> list[int]:
        """Tokens of a question and the turns before it, behind the movie's."""

    def given(self) -> Tensors:
        """The movie's part as a model takes it."""

    def whole(self, turns: Sequence[str]) -> Tensors:
        """Movie, turns and question as a model takes them."""

    def check_length(self, longest: int | None, turns: Sequence[str], room: int) -> None:
        """Refuse what is longer than the model reads."""

    def fitting(self, longest: int, room: int) -> int:
        """Frames that fit beside `room` tokens."""


PROBES = ("who", "7")
"""Two questions that share nothing: what rows with them share is the movie's."""


def talk_of(film: FilmLike, turns: Sequence[str]) -> list[dict[str, Any]]:
    """A conversation: the movie with the first question, then answers and questions by turns."""
    talk: list[dict[str, Any]] = []
    for number, text in enumerate(turns):
        part: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if number == 0:
            part.insert(0, {"type": "video", "video": film})
        talk.append({"role": "assistant" if number % 2 else "user", "content": part})
    return talk


def too_long(name: str, frames: int, length: int, longest: int, fitting: int) -> str:
    """What to say of a movie that a model cannot read at once."""
    advice = (
        f"{fitting:,} frames would fit (--frames {fitting})" if fitting else "not one frame would fit beside the talk"
    )
    return (
        f"{name or 'the movie'} is too long for this model: {frames:,} frames with question and answer have "
        f"{length:,} tokens, and it reads {longest:,}. Nothing is cut: {advice}; or take a shorter stretch (--start, "
        "--end)"
    )


class Prompts:
    """Rows about one movie, for models of ours."""

    def __init__(self, film: FilmLike, processor: Any) -> None:
        """Raises ValueError where the movie's frames, times and dialogue do not go together."""
        from moviellm.training.model.rows import rows_of

        self.film, self.processor = film, processor
        text = self._text(PROBES[:1])
        self._before, _, after = text.partition(VIDEO)
        row = rows_of([text], None, [film], processor)[0]
        at = row.text.rfind(processor.frame_token) + len(processor.frame_token)
        self._said_last = row.text[at : len(row.text) - len(after)]
        """Dialogue behind the last frame."""
        self._to_last_frame: list[int] = processor.tokenizer(row.text[:at])["input_ids"]
        row.check_tokens(self._to_last_frame, len(self._to_last_frame), processor, None)
        tails = [self._tail([probe]) for probe in PROBES]
        shared = next((n for n, pair in enumerate(zip(*tails, strict=False)) if pair[0] != pair[1]), 0)
        self._shared = tails[0][:shared]
        self.movie = self._to_last_frame + self._shared

    def own(self, turns: Sequence[str]) -> list[int]:
        """Tokens of a question, and of the turns before it, behind the movie's.

        Raises:
            ValueError: the chat template puts words of the question before the movie.
        """
        tail = self._tail(turns)
        if tail[: len(self._shared)] != self._shared:
            raise ValueError("the chat template puts a question so that its beginning changes the movie's tokens")
        return tail[len(self._shared) :]

    def given(self) -> Tensors:
        """The movie's part as the model takes it; its frames are decoded now."""
        import torch

        made = dict(self.processor(text=[VIDEO], videos=[self.film], return_tensors="pt"))
        return {**made, "input_ids": torch.tensor([self.movie]), "attention_mask": None}

    def whole(self, turns: Sequence[str]) -> Tensors:
        """A row of its own."""
        talk = talk_of(self.film, turns)
        told = {"tokenize": True, "return_dict": True, "return_tensors": "pt", "add_generation_prompt": True}
        return dict(self.processor.apply_chat_template(talk, **told))

    def check_length(self, longest: int | None, turns: Sequence[str], room: int) -> None:
        """Refuse a row longer than the model reads, and say how many frames fit; `room`: tokens of the answer."""
        own = len(self.own(turns))
        length = len(self.movie) + own + room
        if longest is not None and length > longest:
            frames, fitting = frame_count(self.film), self.fitting(longest, own + room)
            raise ValueError(too_long(self.film.movie_id, frames, length, longest, fitting))

    def fitting(self, longest: int, room: int) -> int:
        """Frames that fit into a row with what is said in the movie and `room` more tokens."""
        fixed = len(self.movie) - frame_count(self.film) * self.tokens_a_frame
        return max(int((longest - room - fixed) / self.tokens_a_frame), 0)

    @property
    def tokens_a_frame(self) -> float:
        """Tokens that a frame takes in the row, with its stamp, on average."""
        lines = sum(len(self._words(f"{line.speaker}: {line.text}\n")) for line in self.film.dialogue)
        frames = max(frame_count(self.film), 1)
        return max((len(self._to_last_frame) - lines) / frames, float(self.processor.tokens_per_frame))

    def _text(self, turns: Sequence[str]) -> str:
        text: str = self.processor.apply_chat_template(
            talk_of(self.film, turns), tokenize=False, add_generation_prompt=True
        )
        return text

    def _tail(self, turns: Sequence[str]) -> list[int]:
        """Tokens behind the last frame: the tokenizer cuts at a placeholder, so the two parts are tokenised apart."""
        before, _, after = self._text(turns).partition(VIDEO)
        if before != self._before:
            raise ValueError("the chat template puts words of the question before the movie")
        return self._words(self.processor.frame_token + self._said_last + after)[1:]

    def _words(self, text: str) -> list[int]:
        ids: list[int] = self.processor.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids
