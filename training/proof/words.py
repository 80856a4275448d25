"""The words of the proof: one id a word, made from what the movies of train show and say.

    words = Words.of(lines)                      # of timelines
    words.ids("who hugs ?"), words.text([17, 3])
    words.tokenizer()                            # the same as a tokenizer of transformers, saved beside a checkpoint

Times 00 to 99 are words, so that a time is one token, in a question, in an answer and on a frame. A word that train
does not have is an error, not `<unk>`: held-out people and places are new combinations of known words.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from moviellm.training.model.layout import FRAME
from moviellm.training.remix.asking import hundredth, questions
from moviellm.training.remix.timeline import Timeline

PAD, END, ASK = "<pad>", "<end>", "<ask>"
TIMES = tuple(f"{time:02d}" for time in range(100))
GRAMMAR = (
    "1 2 3 4 5 6 first last place how many who what where most wears light at when before after from to yes no says ?"
)


@dataclass(frozen=True)
class Words:
    """A vocabulary."""

    all: tuple[str, ...]

    @classmethod
    def of(cls, lines: Iterable[Timeline]) -> "Words":
        """The words of timelines: of their questions, answers and dialogue."""
        found: set[str] = set(GRAMMAR.split())
        for line in lines:
            for asked in questions(line, random.Random(0)):
                found.update(f"{asked.text} {asked.answer}".split())
            for said in line.lines:
                found.update(f"{said.speaker} {said.text}".split())
        return cls((PAD, END, ASK, FRAME, *TIMES, *sorted(found - set(TIMES))))

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Ids by word."""
        return {word: number for number, word in enumerate(self.all)}

    @property
    def time_ids(self) -> list[int]:
        """Ids of the times, in order."""
        return [self.numbers[time] for time in TIMES]

    def ids(self, text: str) -> list[int]:
        """Ids of a text of known words."""
        try:
            return [self.numbers[word] for word in text.split()]
        except KeyError as error:
            raise ValueError(f"the word {error.args[0]!r} of {text!r} is not in the movies of train") from None

    def text(self, ids: Sequence[int]) -> str:
        """The text of ids, without end and padding."""
        return " ".join(self.all[number] for number in ids if self.all[number] not in (PAD, END))

    def tokenizer(self) -> Any:
        """A tokenizer of transformers with these ids."""
        from tokenizers import Tokenizer, models, pre_tokenizers
        from transformers import PreTrainedTokenizerFast

        inner = Tokenizer(models.WordLevel(self.numbers, unk_token=PAD))
        inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        return PreTrainedTokenizerFast(
            tokenizer_object=inner, pad_token=PAD, eos_token=END, unk_token=PAD, additional_special_tokens=[ASK, FRAME]
        )


def time_numbers(frames: int) -> list[int]:
    """Times of frames that follow each other evenly, as numbers from 0 to 99."""
    return [int(hundredth(frame, frames)) for frame in range(frames)]
