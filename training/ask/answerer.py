"""A model that answers questions about a movie.

    answerer = open_model("runs/stage3")                            # opening.py
    answerer.answer(film, ["Who waits?", "And where?"], turn_of=[None, 0])
    answerer.reply(film, ["Who waits?", "Ada."], "Where?")          # the next turn of a conversation

The movie is read once for all questions, and once for a whole conversation, where the decoder can share it
(docs/shared_prefix.md); elsewhere it is read anew for every question. Answers are greedy. It reads no files and prints
nothing.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from moviellm.training.ask.prompts import Prompts, PromptsLike, Tensors
from moviellm.training.ask.spans import Found, find_spans, hundredths_of
from moviellm.training.model.layout import FilmLike, Shot

Told = Callable[[int, str], None]
"""Is told the number of a question and its answer."""
OURS = "moviellm"
"""The model type of our own model."""
NEW_TOKENS = 256
"""Longest answer, where nobody says otherwise."""


class Answerer:
    """A model with its processor. Use `open_model`."""

    def __init__(
        self, model: Any, processor: Any, *, place: str, kind: str, revision: str | Callable[[], str]
    ) -> None:
        self.model, self.processor = model, processor
        self.place = place
        """As it was given: a folder or a Hub id."""
        self.kind = kind
        """`moviellm`, or the model type of a stock model."""
        self._revision = revision
        self._shares: bool | None = None
        self._read: tuple[FilmLike, PromptsLike, Any] | None = None

    @property
    def revision(self) -> str:
        """Which weights exactly: the commit on the Hub, or the hash of a folder, which is read for it once."""
        if callable(self._revision):
            self._revision = self._revision()
        return self._revision

    @property
    def longest_row(self) -> int | None:
        """Tokens that movie, question and answer may have together; None where the model does not say."""
        longest: int | None = getattr(self.processor, "longest_row" if self.kind == OURS else "longest", None)
        return longest or None

    @property
    def frame_limit(self) -> int | None:
        """Frames of a film without dialogue that fit with a question and an answer.

        None where nothing limits them, and for stock models, where it depends on the size of the pictures: ask
        `fitting` about a film.
        """
        if self.longest_row is None or self.kind != OURS:
            return None
        few, many = (Prompts(_blank(count), self.processor) for count in (2, 12))
        a_frame = (len(many.movie) - len(few.movie)) / 10
        fixed = len(few.own(["x " * 50])) + len(few.movie) - 2 * a_frame + NEW_TOKENS
        return max(int((self.longest_row - fixed) / a_frame), 0)

    def fitting(self, film: FilmLike, room: int) -> int | None:
        """How many frames of a film fit with what is said in it and `room` tokens for questions and answers.

        None where nothing limits them. It may be more than the film has.
        """
        return None if self.longest_row is None else self._prompts(film).fitting(self.longest_row, room)

    def answer(
        self,
        film: FilmLike,
        questions: Sequence[str],
        max_new_tokens: int = NEW_TOKENS,
        turn_of: Sequence[int | None] | None = None,
        told: Told | None = None,
        wrote: Told | None = None,
    ) -> list[str]:
        """Answers in the order of the questions.

        Args:
            film: what is asked about, e.g. from `moviellm.training.media.read_film`.
            questions: as a user writes them.
            max_new_tokens: longest answer, in tokens.
            turn_of: for each question the number of the earlier one that it follows up, or None.
            told: hears each answer as soon as it is found, in whichever order that happens.
            wrote: hears each answer as far as it is written, after every token.

        Raises:
            ValueError: the movie does not fit the model's context, a question is empty, or frames and times of the
                film do not go together.
        """
        chains = _chains(questions, turn_of)
        answers: dict[int, str] = {}
        for depth in sorted({len(chain) for chain in chains}):
            asked = [number for number, chain in enumerate(chains) if len(chain) == depth]
            talks = [_talk(chains[number], questions, answers) for number in asked]
            found = self._ask(film, talks, max_new_tokens, _renumbered(told, asked), _renumbered(wrote, asked))
            answers |= dict(zip(asked, found, strict=True))
        return [answers[number] for number in range(len(questions))]

    def reply(
        self,
        film: FilmLike,
        turns: Sequence[str],
        question: str,
        max_new_tokens: int = NEW_TOKENS,
        wrote: Callable[[str], None] | None = None,
    ) -> str:
        """The answer to the next question of a conversation; `turns`: questions and answers so far, by turns."""
        if len(turns) % 2:
            raise ValueError(f"a conversation of {len(turns)} turns does not end with an answer")
        _check_question(question)
        heard = None if wrote is None else (lambda number, text: wrote(text))
        return self._ask(film, [[*turns, question]], max_new_tokens, None, heard)[0]

    def row(self, film: FilmLike, turns: Sequence[str], room: int) -> Tensors:
        """What the model takes of a film and a conversation; `room`: tokens that shall fit behind it."""
        prompts = self._prompts(film)
        prompts.check_length(self.longest_row, turns, room)
        return self._moved(prompts.whole(turns))

    def spans(self, text: str, film: FilmLike) -> list[Found]:
        """The times in an answer, for showing them."""
        return find_spans(text, float(film.duration_s), hundredths_of(self.processor))

    def _ask(
        self, film: FilmLike, talks: list[list[str]], max_new_tokens: int, told: Told | None, wrote: Told | None
    ) -> list[str]:
        if max_new_tokens < 1:
            raise ValueError(f"max_new_tokens is {max_new_tokens}: it must be at least 1")
        prompts = self._prompts(film)
        longest = max(talks, key=lambda turns: len(prompts.own(turns)))
        prompts.check_length(self.longest_row, longest, max_new_tokens)
        if self.shares:
            return self._ask_shared(film, talks, max_new_tokens, told, wrote)
        return self._ask_apart(prompts, talks, max_new_tokens, told, wrote)

    def _prompts(self, film: FilmLike) -> PromptsLike:
        if self._read is None or self._read[0] is not film:
            self._read = None  # one film's memory is let go before the next one's is taken
            self._read = film, self._prompts_of(film), None
        return self._read[1]

    def _prompts_of(self, film: FilmLike) -> PromptsLike:
        if self.kind == OURS:
            return Prompts(film, self.processor)
        from moviellm.training.ask.stock_prompts import StockPrompts

        return StockPrompts(film, self.processor)

    @property
    def shares(self) -> bool:
        """Whether questions can start from one reading of the movie; tried once a model."""
        if self._shares is None:
            self._shares = self._tried()
        return self._shares

    def _tried(self) -> bool:
        from moviellm.training.shared.decoders import refuse_guided_frames, sees_by_mask, share_movies

        try:
            refuse_guided_frames(self.model.config)
            if self.kind != OURS:
                from moviellm.training.stock.encoding import share_stock

                share_stock(self.model)
            elif sees_by_mask(self.model.config):  # others answer from copies of their state
                share_movies(self.model)
        except ValueError:
            return False
        return True

    def _ask_shared(
        self, film: FilmLike, talks: list[list[str]], max_new_tokens: int, told: Told | None, wrote: Told | None
    ) -> list[str]:
        """All questions behind one reading of the movie, which is kept for the next call."""
        from moviellm.training.shared.answering import answer_all, read_movie
        from moviellm.training.shared.layout import Turn

        prompts = self._prompts(film)
        assert self._read is not None
        reading = self._read[2] or read_movie(self.model, self._moved(prompts.given()))
        self._read = film, prompts, reading
        turns = [Turn(prompts.own(talk)) for talk in talks]
        answers = answer_all(
            self.model, reading, turns, max_new_tokens, told=self._in_words(told), wrote=self._in_words(wrote)
        )
        return [self.words(ids) for ids in answers]

    def _ask_apart(
        self,
        prompts: PromptsLike,
        talks: list[list[str]],
        max_new_tokens: int,
        told: Told | None,
        wrote: Told | None,
    ) -> list[str]:
        """Each question with the movie anew."""
        import torch

        answers = []
        for number, turns in enumerate(talks):
            inputs = self._moved(prompts.whole(turns))
            wrote_ids = self._in_words(wrote)
            heard = None if wrote_ids is None else _Listener(partial(wrote_ids, number))
            with torch.no_grad():
                out = self.model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False, streamer=heard)
            answers.append(self.words(out[0, inputs["input_ids"].shape[1] :].tolist()))
            if told is not None:
                told(number, answers[-1])
        return answers

    def _moved(self, tensors: Tensors) -> Tensors:
        return {name: value.to(self.model.device) for name, value in tensors.items() if value is not None}

    def _in_words(self, told: Told | None) -> Callable[[int, list[int]], None] | None:
        return None if told is None else (lambda number, ids: told(number, self.words(ids)))

    def words(self, ids: Sequence[int]) -> str:
        """An answer's tokens as text."""
        tokenizer = getattr(self.processor, "tokenizer", self.processor)
        return str(tokenizer.decode(ids, skip_special_tokens=True)).strip()


class _Listener:
    """Hears tokens from `generate` one by one."""

    def __init__(self, heard: Callable[[list[int]], None]) -> None:
        self._heard, self._ids = heard, list[int]()
        self._prompt = True

    def put(self, value: Any) -> None:
        """Take the prompt, which comes first, or the next token."""
        if not self._prompt:
            self._ids += value.flatten().tolist()
            self._heard(self._ids)
        self._prompt = False

    def end(self) -> None:
        """Nothing more comes."""


def _blank(frames: int) -> Shot:
    """A film without pictures to count tokens of, half an hour in."""
    times = [1800.0 + 2 * number for number in range(frames)]
    return Shot(frames=[None] * frames, times_s=times, duration_s=times[-1] + 2)


def _chains(questions: Sequence[str], turn_of: Sequence[int | None] | None) -> list[list[int]]:
    """For each question the numbers of those it follows up, the first one first, and its own."""
    follows = [None] * len(questions) if turn_of is None else list(turn_of)
    if len(follows) != len(questions):
        raise ValueError(f"{len(questions)} questions came with {len(follows)} values of `turn_of`: one each")
    chains: list[list[int]] = []
    for number, (question, before) in enumerate(zip(questions, follows, strict=True)):
        _check_question(question)
        if before is not None and not 0 <= before < number:
            raise ValueError(f"question {number} follows {before}: it must follow an earlier one, or None")
        chains.append([*([] if before is None else chains[before]), number])
    return chains


def _check_question(question: str) -> None:
    if not question.strip():
        raise ValueError("a question is empty: write what you want to know")


def _talk(chain: list[int], questions: Sequence[str], answers: dict[int, str]) -> list[str]:
    turns = [text for number in chain[:-1] for text in (questions[number], answers[number])]
    return [*turns, questions[chain[-1]]]


def _renumbered(told: Told | None, numbers: list[int]) -> Told | None:
    return None if told is None else (lambda place, text: told(numbers[place], text))
