"""Units become tokens and labels: what the processor writes for a film, once, and each question behind it.

    encoder = Encoder(processor)
    text = encoder.encode(unit)                     # no picture is read: frames, tokens, and the rows of all questions
    example = encoder.example(text)                 # with pixels or features: what SharedMovies takes

Rows are to the letter what the processor makes of the same messages (tested). Only the assistant's words have labels,
and the token that ends them. Nothing is cut; what is too long is said by budget.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from moviellm.training.data.units import Ask, Message, Unit, text_of
from moviellm.training.model.layout import IMAGE, VIDEO, check_film
from moviellm.training.model.rows import rows_of
from moviellm.training.model.steps import NO_TIME, step_of

IGNORED = -100


@dataclass(frozen=True)
class Spelt:
    """A conversation as text, with the stretches of it that are learned."""

    text: str
    learned: tuple[tuple[int, int], ...]
    """Start and end in the text, of every answer with the token that ends it."""


@dataclass
class Encoded:
    """A unit as tokens; frames are still to come."""

    unit: Unit
    rows: list[tuple[list[int], list[int]]]
    """Tokens and labels of each conversation, the film before each."""
    names: list[str]
    """Whose rows they are: the id of each question."""
    frames: int
    answers: int
    """Answers that are learned."""
    film_tokens: int = 0
    """Tokens from the first placeholder of a row to its last: what fewer frames would make shorter."""
    asked: list[str] = field(default_factory=list, repr=False)
    """What is asked in each row, for frames that depend on the question."""
    pixels: int = 0
    """Pixels of its frames as the model sees them; 0 where it has features."""

    @property
    def labelled(self) -> int:
        """Tokens that are learned."""
        return sum(label != IGNORED for _, labels in self.rows for label in labels)


class Encoder:
    """Tokens of units, as our processor writes them."""

    def __init__(self, processor: Any) -> None:
        self.processor = processor
        self.tokenizer = processor.tokenizer

    def encode(self, unit: Unit) -> Encoded:
        """Tokens and labels of all conversations of a unit.

        Raises:
            ValueError: the film's times are wrong, or the template loses an answer. It names the unit.
        """
        film = "" if unit.film is None else self._film(unit)
        parts = [(ask, messages) for ask in unit.asks for messages in self._parts(ask)]
        every = {ask.name for ask in unit.asks if ask.learned == "all"} if len(parts) == len(unit.asks) else set()
        spelt = [self._spelt(unit, ask, messages, ask.name in every) for ask, messages in parts]
        rows = self._tokenise([self._expand(one, film) for one in spelt])
        return Encoded(
            unit,
            rows,
            [ask.name for ask, _ in parts],
            unit.frames,
            sum(len(one.learned) for one in spelt),
            film_tokens(rows[0][0], self.processor.frame_token_id),
            [_asked(messages) for _, messages in parts],
        )

    def _film(self, unit: Unit) -> str:
        """The film with its stamps, dialogue and placeholders."""
        check_film(unit.film, unit.name, self.processor.time)
        row = rows_of([VIDEO], None, [unit.film], self.processor)[0]
        return row.text

    def _parts(self, ask: Ask) -> list[tuple[Message, ...]]:
        """A conversation, or, where the template writes earlier answers otherwise, one for each of its answers."""
        if ask.learned == "last":
            return [ask.messages]
        ends = [at + 1 for at, message in enumerate(ask.messages) if message["role"] == "assistant"]
        whole = self._render(ask.messages)
        if all(whole.startswith(self._render(ask.messages[:end])) for end in ends):
            return [ask.messages]
        return [ask.messages[:end] for end in ends]

    def _spelt(self, unit: Unit, ask: Ask, messages: Sequence[Message], every: bool) -> Spelt:
        text = self._render(messages)
        learned = []
        for at, message in enumerate(messages):
            if message["role"] != "assistant" or not (every or at == len(messages) - 1):
                continue
            before = self._render(messages[:at], prompt=True)
            until = self._render(messages[: at + 1])
            if not (text.startswith(before) and text.startswith(until)):
                raise ValueError(
                    f"{unit.name}: the chat template writes the prompt of {ask.name} otherwise than the conversation, "
                    "so its answer cannot be found: give another one with `chat_template: FILE.jinja`"
                )
            end = len(until.rstrip())
            answer = str(self.processor.clean(text_of(message["content"]))).strip()
            if answer not in text[len(before) : end]:
                raise ValueError(f"{unit.name}: the chat template leaves out the answer of {ask.name}")
            if at == len(messages) - 1 and text[:end].endswith(answer):  # nothing says that the answer is over
                text = text[:end] + self.tokenizer.eos_token
                end = len(text)
            learned.append((len(before), end))
        return Spelt(text, tuple(learned))

    def _render(self, messages: Sequence[Message], prompt: bool = False) -> str:
        copies = [{**message, "content": [dict(part) for part in message["content"]]} for message in messages]
        return str(self.processor.apply_chat_template(copies, tokenize=False, add_generation_prompt=prompt))

    def _expand(self, spelt: Spelt, film: str) -> Spelt:
        """Markers replaced, and the stretches moved along."""
        parts, moved, last, length = [], list(spelt.learned), 0, 0
        for match in self.processor.markers.finditer(spelt.text):
            written = film if match[0] == VIDEO else self._picture if match[0] == IMAGE else self._broken(match[0])
            shift = len(written) - len(match[0])
            moved = [
                (start + shift if spelt.learned[n][0] > match.start() else start,
                 end + shift if spelt.learned[n][1] > match.start() else end)
                for n, (start, end) in enumerate(moved)
            ]  # fmt: skip
            parts += [spelt.text[last : match.start()], written]
            last = match.end()
            length += shift
        return Spelt("".join([*parts, spelt.text[last:]]), tuple(moved))

    @property
    def _picture(self) -> str:
        return str(self.processor.frame_token * self.processor.tokens_per_frame)

    def _broken(self, marker: str) -> str:
        return str(self.processor.clean(marker))

    def _tokenise(self, spelt: Sequence[Spelt]) -> list[tuple[list[int], list[int]]]:
        """Ids and labels; what stands up to the last placeholder is read once where it is the same in all."""
        token = self.processor.frame_token
        cut = spelt[0].text.rfind(token) + len(token) if token in spelt[0].text else 0
        head = spelt[0].text[:cut]
        if not cut or len(spelt) == 1 or not all(one.text.startswith(head) for one in spelt):
            return [self._row(one.text, one, 0, []) for one in spelt]
        ids = list(self.tokenizer(head)["input_ids"])
        if ids and ids[-1] != self.processor.frame_token_id:  # the tokenizer ends what it reads with a token
            return [self._row(one.text, one, 0, []) for one in spelt]
        start = cut - len(token)
        rows = [self._row(one.text[start:], one, start, ids[:-1]) for one in spelt]
        whole = self._row(spelt[0].text, spelt[0], 0, [])
        return rows if rows[0] == whole else [self._row(one.text, one, 0, []) for one in spelt]

    def _row(self, text: str, spelt: Spelt, start: int, before: list[int]) -> tuple[list[int], list[int]]:
        read = self.tokenizer(text, return_offsets_mapping=True, add_special_tokens=not start)
        ids = [*before, *read["input_ids"]]
        labels = [IGNORED] * len(before)
        for token, (begin, end) in zip(read["input_ids"], read["offset_mapping"], strict=True):
            inside = any(low <= begin + start and end + start <= high for low, high in spelt.learned)
            labels.append(token if inside and end > begin else IGNORED)
        return ids, labels

    def time_ids(self, unit: Unit) -> list[int]:
        """The step of each frame, for the time encoding `additive`."""
        if unit.film is None:
            return [NO_TIME] * unit.frames
        film, steps = unit.film, self.processor.time_steps
        return [step_of(time_s, film.duration_s, steps) for time_s in film.times_s]


def film_tokens(ids: Sequence[int], placeholder: int) -> int:
    """Tokens from the first placeholder to the last."""
    there = [at for at, token in enumerate(ids) if token == placeholder]
    return there[-1] - there[0] + 1 if there else 0


def _asked(messages: Sequence[Message]) -> str:
    return "\n".join(text_of(one["content"]).strip() for one in messages if one["role"] == "user")
