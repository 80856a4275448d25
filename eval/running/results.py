"""What a run leaves behind: predictions, answers, results, a page.

    rows = score_all(questions, answers, times="seconds")
    results = results_of(tasks, rows, ...)                      # the shape of results.json
    write_run(out, tasks, rows, results)

predictions.jsonl        one line a question, in the form of a submission
predictions/TASK.jsonl   the same by task, as a bundle takes them
answers.jsonl            the same with the question, what was said, what was right, and the scores; compare and report
                         read it
results.json             numbers with intervals (none where what is right is withheld), model, data, frames, versions;
                         the same bytes but for `times`
results.md               the numbers as a table

The words of the page are in pages.py. It asks nobody and computes no score: see eval/tasks/.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moviellm.eval.running.pages import page_of
from moviellm.eval.running.protocol import Said
from moviellm.eval.tasks.items import Data, Question
from moviellm.eval.tasks.reading import Reading, nothing, read_row, read_text
from moviellm.eval.tasks.scoring import item_scores, task_numbers
from moviellm.eval.tasks.table import FOUR, Task, Times
from moviellm.generation.files import write_whole
from moviellm.generation.schema import canonical_json

RESULTS_VERSION: Final = "1.0"
"""Version of the layout of results.json."""


@dataclass(frozen=True)
class Row:
    """One question with what became of it."""

    question: Question
    said: Said
    reading: Reading
    scores: Mapping[str, float]

    def prediction(self) -> dict[str, Any]:
        """A line of a submission."""
        return {"id": self.question.item_id, **self.reading.prediction}

    def answer(self) -> dict[str, Any]:
        """A line of answers.jsonl."""
        question = self.question
        unanswered = {} if self.said.reason is None else {"unanswered": self.said.reason}
        unread = {} if self.reading.reason is None or unanswered else {"unparsed": self.reading.reason}
        return {
            "id": question.item_id,
            "answer": self.said.text,
            **unanswered,
            **unread,
            "prediction": self.reading.prediction,
            "gold": None if question.withheld else question.gold,
            "scores": {name: round(value, 6) for name, value in self.scores.items()},
            "movie": question.movie_id,
            "family": question.family,
            "format": question.answer_format,
            "type": question.question_type,
            "level": question.level,
            "group": question.group,
            "question": question.text,
            "options": list(question.options),
            "evidence": [list(span) for span in question.spans],
            "duration_s": question.duration_s,
        }


def score_all(
    questions: Iterable[Question],
    answers: Mapping[str, Said],
    times: Times,
    worth: Mapping[str, Mapping[str, float]] | None = None,
) -> dict[str, Row]:
    """Every question with its prediction and scores, by id; `worth`: scores that are known otherwise."""
    rows = {}
    for question in questions:
        said = answers[question.item_id]
        if said.reason is not None:
            reading = nothing(question, said.reason)
        elif said.row is not None:
            reading = read_row(question, said.row)
        else:
            reading = read_text(question, said.text or "", times)
        known = (worth or {}).get(question.item_id)
        scores: Mapping[str, float] = {}
        if not question.withheld:
            scores = known if known is not None else item_scores(question, reading.prediction)
        rows[question.item_id] = Row(question, said, reading, scores)
    return rows


def numbers_of(task: Task, questions: Sequence[Question], rows: Mapping[str, Row], data: Data) -> dict[str, Any]:
    """The part of results.json about one task."""
    mine = [rows[question.item_id] for question in questions]
    sizes = Counter(question.group for question in data.questions.values())
    if data.withheld:
        numbers: dict[str, Any] = {"headline": task.headline, "metrics": {}, "by_type": {}, "by_level": {}}
    else:
        numbers = task_numbers(task, [(row.question, row.scores) for row in mine], sizes)
    unanswered = Counter(row.said.reason for row in mine if row.said.reason is not None)
    unparsed = Counter(row.reading.reason for row in mine if row.said.reason is None and row.reading.reason)
    numbers["counts"] = {
        "items": len(mine),
        "movies": len({row.question.movie_id for row in mine}),
        "unanswered": unanswered.total(),
        "unparsed": unparsed.total(),
        "reasons": dict(sorted((unanswered + unparsed).items())),
    }
    return numbers


def write_run(
    out: Path, chosen: Mapping[str, Sequence[Question]], rows: Mapping[str, Row], results: Mapping[str, Any]
) -> None:
    """Write the files of a run; results.json comes last."""
    write_whole(out / "answers.jsonl", _lines(row.answer() for row in rows.values()))
    write_whole(out / "predictions.jsonl", _lines(row.prediction() for row in rows.values()))
    for name, questions in chosen.items():
        if name in FOUR:
            lines = _lines(rows[question.item_id].prediction() for question in questions)
            write_whole(out / "predictions" / f"{name}.jsonl", lines)
    write_whole(out / "results.md", page_of(results).encode())
    text = json.dumps(results, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"
    write_whole(out / "results.json", text.encode())


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(canonical_json(row) + "\n" for row in rows).encode(errors="backslashreplace")
