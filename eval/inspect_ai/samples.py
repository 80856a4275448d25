"""Questions of our datasets as words: a prompt, the turns before it, and what is right; nothing of Inspect's.

    asked = asked_of(open_data("org/name", split="test"), "dialogue", shows="dialogue")

`shows` is what a model is told of the movie: `nothing` (the question alone; what it gets right then, pictures did not
tell it), or `dialogue` (what is said, with times). Prompts are those of `moviellm eval run`. A question that follows
up others stands behind them and their right answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from moviellm.eval.tasks.items import Data, Question, choose
from moviellm.eval.tasks.parquet_rows import open_rows
from moviellm.eval.tasks.table import form_of, prompt_of, task_named

Shows = Literal["nothing", "dialogue"]
SHOWS: Final = ("nothing", "dialogue")


@dataclass(frozen=True)
class Asked:
    """One question in words."""

    question: Question
    turns: tuple[str, ...]
    """Questions and answers by turns, the question last."""

    @property
    def max_tokens(self) -> int:
        """Longest answer."""
        return form_of(self.question.answer_format).max_tokens


def asked_of(data: Data, task: str, *, shows: Shows) -> list[Asked]:
    """The questions of a task.

    Raises:
        ValueError: there is no such task, or `shows` is neither of the two.
    """
    if shows not in SHOWS:
        raise ValueError(f"shows is {shows!r}: a model is told {' or '.join(SHOWS)} of the movie")
    said = _said(data) if shows == "dialogue" else {}
    return [
        Asked(question, _turns(question, data, said.get(question.movie_id, "")))
        for question in choose(data, task_named(task))
    ]


def _turns(question: Question, data: Data, said: str) -> tuple[str, ...]:
    turns = [_prompt(question)]
    while question.turn_of in data.questions:
        question = data.questions[str(question.turn_of)]
        turns[:0] = [_prompt(question), question.answer]
    return (f"{said}{turns[0]}", *turns[1:])


def _prompt(question: Question) -> str:
    return prompt_of(question.answer_format, question.question_type, question=question.text, options=question.options)


def _said(data: Data) -> Mapping[str, str]:
    """What is said in each movie, a line each with its time."""
    said: dict[str, list[str]] = {}
    source = open_rows(data.place, data.commit)
    for row in source.rows("dialogue", data.split, ("movie_id", "span", "speaker", "text")):
        speaker = f"{row['speaker']}: " if row["speaker"] else ""
        said.setdefault(row["movie_id"], []).append(f"[{row['span']['start_s']:.1f} s] {speaker}{row['text']}\n")
    return {movie_id: f"What is said in the movie:\n{''.join(lines)}\n" for movie_id, lines in said.items()}
