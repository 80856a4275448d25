"""What `moviellm ask` does: a model is asked about a movie, and its answers are said as it finds them.

    moviellm ask runs/stage3 film.mp4 "Who waits at the pier?"
    moviellm ask org/name demo/MovieLLM-tiny#m00003 --questions questions.txt --out answers.jsonl

One question: the answer alone on standard output. More: each question with its answer, in the order they are found.
What --out has from an earlier run of the same is not asked again.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moviellm.generation.output import emit, note
from moviellm.generation.progress import progress
from moviellm.training.ask.answerer import NEW_TOKENS, Answerer
from moviellm.training.ask.questions import Question, plain_questions, read_questions
from moviellm.training.ask.records import Answers, Record, key_of
from moviellm.training.ask.repeating import shortened
from moviellm.training.media import Film, FramePolicy, read_film

LOCAL = ("key", "question", "question_id", "answer", "spans")
"""What a record has of its own; the rest is the same for all of a run."""


def ask(
    model: str,
    movie: str,
    questions: Sequence[str],
    *,
    questions_file: str | None = None,
    out: Path | None = None,
    frames: int | None = None,
    fps: float | None = None,
    pixels: int | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
    subtitles: Path | None = None,
    revision: str | None = None,
    movie_revision: str | None = None,
    device: str | None = None,
    dtype: str | None = None,
    max_new_tokens: int = NEW_TOKENS,
    as_json: bool = False,
) -> None:
    """Ask and print; see `moviellm ask --help`.

    Raises:
        ValueError: nothing is asked, or model, movie or file of questions cannot be used; the message says why.
    """
    asked = _questions(questions, questions_file)
    policy = FramePolicy(n=frames, fps=fps, start_s=start_s, end_s=end_s, pixels=pixels)
    film = read_film(movie, policy, subtitles=subtitles, revision=movie_revision)
    from moviellm.training.ask.opening import open_model
    from moviellm.training.ask.revision import revision_at

    kept = out is not None or as_json
    facts = {
        "movie": movie,
        "frames": len(film),
        **({} if pixels is None else {"pixels": pixels}),
        "duration_s": round(film.duration_s, 3),
        "model": model,
        "revision": revision_at(model, revision) if kept else "",
    }
    run = _Run(film, asked, facts, max_new_tokens, as_json)
    decides = {"revision": facts["revision"], "dtype": dtype, "film": film.content_key, "policy": policy.key}
    keys = run.keys(decides) if kept else [str(number) for number in range(len(asked))]
    records = run.answered(keys, lambda: open_model(model, revision, device, dtype), out)
    if as_json:
        answers = [{name: record[name] for name in LOCAL[1:] if name in record} for record in records]
        emit({**facts, "answers": answers}, "", as_json=True)


def _questions(given: Sequence[str], path: str | None) -> list[Question]:
    if list(given) == ["-"] and path is None:
        return read_questions("-")
    if given and path is not None:
        raise ValueError("questions came on the command line and as a file (--questions): give one of them")
    asked = plain_questions(given) if path is None else read_questions(path)
    if not asked:
        raise ValueError('nothing is asked: write a question, e.g. "Who waits at the pier?", or give --questions FILE')
    return asked


@dataclass
class _Run:
    """One call of the verb."""

    film: Film
    asked: list[Question]
    facts: dict[str, Any]
    max_new_tokens: int
    quiet: bool
    records: dict[int, Record] = field(default_factory=dict)

    def keys(self, decides: dict[str, Any]) -> list[str]:
        """For each question the hash of all that decides its answer."""
        said = [[line.start_s, line.speaker, line.text] for line in self.film.dialogue]
        common = {**decides, "said": said, "longest": self.max_new_tokens}
        return [
            key_of(**common, asked=[self.asked[one].text for one in self._chain(n)]) for n in range(len(self.asked))
        ]

    def answered(self, keys: list[str], open_it: Callable[[], Answerer], out: Path | None) -> list[Record]:
        """A record of each question, in their order; the model is opened when something is left to ask."""
        with nullcontext() if out is None else Answers(out) as answers:
            for number, key in enumerate(keys):
                record = None if answers is None else answers.known(key)
                if record is not None:
                    self._take(number, {**record, **self._own(number, record["answer"])})
            missing = [number for number in range(len(self.asked)) if number not in self.records]
            if answers is not None and self.records:
                note(f"{len(self.records)} of {len(self.asked)} answers are from an earlier run")
            if missing:
                self._ask(missing, keys, open_it(), answers)
            records = [self.records[number] for number in range(len(self.asked))]
            if answers is not None:
                answers.finish(records)
        return records

    def _ask(self, missing: list[int], keys: list[str], answerer: Answerer, answers: Answers | None) -> None:
        """Ask what is missing, and again what it follows up."""
        numbers = sorted({one for number in missing for one in self._chain(number)})
        with progress("answering", len(numbers), "questions") as advance:

            def told(place: int, text: str) -> None:
                number = numbers[place]
                if number not in self.records:
                    spans = [[one.start_s, one.end_s] for one in answerer.spans(text, self.film)]
                    record = {"key": keys[number], **self._own(number, text), "spans": spans, **self.facts}
                    if answers is not None:
                        answers.add(record)
                    self._take(number, record)
                advance(1)

            answerer.answer(
                self.film,
                [self.asked[number].text for number in numbers],
                self.max_new_tokens,
                [None if (of := self.asked[n].turn_of) is None else numbers.index(of) for n in numbers],
                told,
            )

    def _own(self, number: int, text: str) -> Record:
        one = self.asked[number]
        return {
            **({"question_id": one.question_id} if one.question_id else {}),
            "question": one.text,
            "answer": text,
        }

    def _take(self, number: int, record: Record) -> None:
        self.records[number] = record
        if not self.quiet:
            question, answer = _shown(record["question"]), _shown(shortened(record["answer"])) or "(no words)"
            emit({}, answer if len(self.asked) == 1 else f"{question}\n  {answer}", as_json=False)

    def _chain(self, number: int) -> list[int]:
        before = self.asked[number].turn_of
        return [*([] if before is None else self._chain(before)), number]


def _shown(text: str) -> str:
    """A text for a terminal: what it would obey rather than show is spelt out."""
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
