"""Questions from a file: text with a line a question, JSON lines, or CSV.

    read_questions("questions.txt")         # a line a question; empty lines are left out
    read_questions("qa.jsonl")              # {"question": "...", "question_id": "q1", "turn_of": null}
    read_questions("-")                     # standard input: JSON lines where the first begins with {, else text

A follow-up names the `question_id` of the question it follows, as questions of a dataset do. Other columns are left
alone.
"""

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Question:
    """What is asked."""

    text: str
    question_id: str = ""
    """Empty where it has none."""
    turn_of: int | None = None
    """Number of the question that it follows up; None: it stands alone."""


def read_questions(path: str) -> list[Question]:
    """Questions of a file in its order.

    Raises:
        ValueError: there is no such file, it holds no question, or one of them cannot be read; the message says where.
    """
    if path == "-":
        name, data = "standard input", sys.stdin.buffer.read()
        kind = ".jsonl" if data.lstrip()[:1] == b"{" else ".txt"
    else:
        file = Path(path).expanduser()
        if not file.is_file():
            raise ValueError(f"no file of questions {path}: give text with a line a question, JSON lines or CSV")
        name, data, kind = path, file.read_bytes(), file.suffix.lower()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is no UTF-8 text ({error}): save it as UTF-8") from None
    if kind in {".jsonl", ".json", ".ndjson"}:
        questions = _of_rows(_json_rows(text, name), name)
    elif kind == ".csv":
        questions = _of_rows(_csv_rows(text, name), name)
    else:
        questions = plain_questions(text.splitlines())
    if not questions:
        raise ValueError(f"{name} holds no question")
    return questions


def plain_questions(lines: Iterable[str]) -> list[Question]:
    """Questions that stand alone, without those that are empty."""
    return [Question(line.strip()) for line in lines if line.strip()]


def _json_rows(text: str, name: str) -> list[tuple[str, Mapping[str, Any]]]:
    rows: list[tuple[str, Mapping[str, Any]]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{name}, line {number} is no JSON ({error}): a line is one object") from None
        if not isinstance(row, dict):
            raise ValueError(f"{name}, line {number} is no object: it needs a `question`")
        rows.append((f"line {number}", row))
    return rows


def _csv_rows(text: str, name: str) -> list[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    if "question" not in (reader.fieldnames or ()):
        found = ", ".join(reader.fieldnames or ()) or "nothing"
        raise ValueError(f"{name} has no column `question`: its first line has {found}")
    try:
        return [(f"line {reader.line_num}", row) for row in reader]
    except csv.Error as error:
        raise ValueError(f"{name}, line {reader.line_num} is no CSV: {error}") from None


def _of_rows(rows: list[tuple[str, Mapping[str, Any]]], name: str) -> list[Question]:
    questions: list[Question] = []
    numbers: dict[str, int] = {}
    for where, row in rows:
        text = row.get("question")
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name}, {where} has no text in `question`")
        before = row.get("turn_of") or None
        if before is not None and before not in numbers:
            raise ValueError(f"{name}, {where} follows up {before!r}, which is no `question_id` above it")
        question_id = str(row.get("question_id") or "")
        if question_id and question_id in numbers:
            raise ValueError(f"{name}, {where} has the `question_id` {question_id!r} again")
        numbers[question_id] = len(questions)
        questions.append(Question(text.strip(), question_id, None if before is None else numbers[before]))
    return questions
