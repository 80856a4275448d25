"""A file of answers as a model: `--model replay:FILE`.

    model = open_replay(Path("results/predictions.jsonl"), data)

The file is one that `moviellm eval run` wrote (predictions.jsonl, answers.jsonl), predictions of somebody else in the
form of a submission, or one JSON object from question id to answer. Ids that the dataset does not have are an error;
a question without a line is unanswered. It asks nobody.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from moviellm.eval.running.protocol import Ask, Said, Told
from moviellm.eval.tasks.items import Data
from moviellm.eval.tasks.reading import read_row
from moviellm.eval.tasks.table import Times
from moviellm.generation.files import file_sha256

SHOWN = 5
"""Wrong ids that an error names."""
ABSENT = "not in the replay file"
Rows = dict[str, Mapping[str, Any]]


class Replay:
    """Answers from a file."""

    kind = "replay"
    needs_films = False
    times: Times = "seconds"
    bare = False
    max_tokens: int | None = None

    def __init__(self, path: Path, rows: Rows) -> None:
        self.name = path.name
        self.revision = file_sha256(path)
        self.parameters: Mapping[str, Any] = {}
        self._rows = rows

    def answer(self, film: Any, asks: Sequence[Ask], told: Told) -> None:
        """What the file says."""
        for place, ask in enumerate(asks):
            row = self._rows.get(ask.question.item_id)
            if row is None:
                told(place, Said(text=None, reason=ABSENT))
            elif row.get("unanswered") is not None:
                told(place, Said(text=None, reason=str(row["unanswered"])))
            else:
                text = row.get("answer")
                told(place, Said(text=text if isinstance(text, str) else None, row=row))

    def facts(self) -> Mapping[str, Any]:
        """Nothing is paid."""
        return {}

    def close(self) -> None:
        """Nothing is held."""


def open_replay(path: Path, data: Data) -> Replay:
    """Read a file of answers and hold it against a dataset.

    Raises:
        ValueError: there is no such file, it is none of answers, or it answers other questions.
    """
    if not path.is_file():
        raise ValueError(
            f"no file {path}; replay: takes predictions.jsonl of an earlier run, or a JSON object {{id: answer}}"
        )
    rows = _rows(path)
    wrong = [name for name in rows if name not in data.questions and name not in data.left_out]
    if wrong:
        some = ", ".join(map(repr, wrong[:SHOWN])) + (", ..." if len(wrong) > SHOWN else "")
        raise ValueError(
            f"{path}: {len(wrong)} of {len(rows)} ids are not questions of {data.place}, split {data.split}: {some}; "
            "take the dataset and the split that the answers are of"
        )
    for name, row in rows.items():
        if name in data.questions and row.get("unanswered") is None:
            try:
                read_row(data.questions[name], row)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from None
    return Replay(path, rows)


def _rows(path: Path) -> Rows:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text in UTF-8; replay: takes predictions.jsonl, or a JSON object") from None
    if path.suffix != ".jsonl":
        try:
            whole = _parse(text)
        except ValueError:
            whole = None
        if isinstance(whole, dict) and "id" not in whole:
            return {name: _answer(path, name, value) for name, value in whole.items()}
    rows: Rows = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            row = _parse(line)
        except ValueError as error:
            raise ValueError(f"{where} is not JSON ({error}); one object a line is wanted") from None
        if not isinstance(row, dict) or not isinstance(row.get("id"), str):
            raise ValueError(f'{where} is no prediction; one is {{"id": "m00000-q001", "answer": "..."}}')
        if row["id"] in rows:
            raise ValueError(f"{where}: {row['id']} comes twice; which answer counts cannot be told")
        rows[row["id"]] = row
    if not rows:
        raise ValueError(f"{path} holds no answers")
    return rows


def _answer(path: Path, name: str, value: Any) -> Mapping[str, Any]:
    if value is None:
        return {"unanswered": "null"}
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{path}: the answer of {name} is {type(value).__name__}; it is text, a prediction or null")
    return {"answer": value}


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    return found
