"""transcripts.jsonl: every question to a judge with what it answered, so that anyone can score a run again.

    rows = read_transcripts(folder)              # one line a question, in the order of the run
    public(rows[0])                              # the same without what is right: for a leaderboard

A line has the item with its tasks, the judge, the rubric, the whole request, every answer as it came, and what was
read of it (`parsed`, or `unscored` with a class and a reason). Items that nobody was asked about have a line too:
`settled` says what they are worth and why. Numbers follow from these lines alone: see counting.py.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from moviellm.eval.judging.asking import Record
from moviellm.eval.judging.material import Item
from moviellm.eval.judging.rubric import Rubric
from moviellm.generation.schema import canonical_json

TRANSCRIPTS: Final = "transcripts.jsonl"
Row = Mapping[str, Any]


def _about(item: Item, rubric: Rubric) -> dict[str, Any]:
    return {
        "item_id": item.item_id,
        "tasks": list(item.tasks),
        "family": item.family,
        "lengths": [len(answer or "") for answer in item.answers],
        "rubric": {"id": rubric.id, "form": rubric.form, "text_sha256": rubric.text_sha256},
    }


def row_of(item: Item, record: Record, judge: int) -> dict[str, Any]:
    """The line of a question that was asked.

    Args:
        judge: Which member of the panel.
    """
    said = record.row()
    return {
        **_about(item, record.request.rubric),
        "member": judge,
        "judge": said["judge"],
        "key": record.key,
        "order": record.request.order,
        "sample": record.request.sample,
        "request": record.request.messages,
        "tries": said["tries"],
        "given_up": record.given_up,
        "parsed": said["verdict"],
        "unscored": said["unscored"],
        "settled": None,
    }


def settled_row(item: Item, rubric: Rubric, settled: Mapping[str, Any]) -> dict[str, Any]:
    """The line of an item that nobody is asked about."""
    return {**_about(item, rubric), "member": None, "settled": dict(settled)}


def offline_row(item: Item, metric: str, score: float) -> dict[str, Any]:
    """The line of an answer that rules have judged."""
    return {
        "item_id": item.item_id,
        "tasks": list(item.tasks),
        "family": item.family,
        "lengths": [len(answer or "") for answer in item.answers],
        "rubric": {"id": metric, "form": "rule", "text_sha256": None},
        "member": None,
        "question": item.question,
        "reference": item.reference,
        "answer": item.answers[0],
        "facts": list(item.facts),
        "settled": {"score": score, "points": None, "reason": None},
    }


def lines(rows: Iterable[Row]) -> bytes:
    """Rows as a file holds them."""
    return "".join(canonical_json(row) + "\n" for row in rows).encode(errors="backslashreplace")


def read_transcripts(folder: Path) -> list[dict[str, Any]]:
    """The lines of a judgement.

    Raises:
        ValueError: there is none, or a line is none.
    """
    path = folder / TRANSCRIPTS
    if not path.is_file():
        raise ValueError(f"{folder} holds no judgement (no {TRANSCRIPTS}); name a folder in RUN/judged")
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line:
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}, line {number} is not JSON ({error})") from None
        if not isinstance(row, dict) or not {"item_id", "tasks", "family", "rubric", "settled"} <= set(row):
            raise ValueError(f"{path}, line {number} is no line of a judgement")
        rows.append(row)
    if not rows:
        raise ValueError(f"{path} is empty")
    return rows


def public(row: Row) -> dict[str, Any]:
    """A line without what is right and without what may tell it: numbers follow from it as from the whole one.

    Answers, reasons and requests go; verdicts and classes of what is unscored stay. What was asked holds the right
    answer: so its hash, by which guesses could be tried, and its tokens and cost, which say how long it is, go too.
    """
    kept = {name: row[name] for name in ("item_id", "tasks", "family", "lengths", "rubric", "member") if name in row}
    kept["settled"] = None if row["settled"] is None else {**row["settled"], "reason": None}
    if row["member"] is None:
        return kept
    parsed, unscored = row["parsed"], row["unscored"]
    return kept | {
        **{name: row[name] for name in ("judge", "order", "sample")},
        "tries": len(row["tries"]),
        "parsed": None if parsed is None else {name: value for name, value in parsed.items() if name != "reason"},
        "unscored": None if unscored is None else {"kind": unscored["kind"], "reason": ""},
    }
