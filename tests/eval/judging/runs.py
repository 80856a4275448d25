"""Runs to judge, written by hand: what `moviellm eval run` leaves, as far as judges read it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Said = Mapping[str, str | None]


def answers_of(n: int, *, right: Sequence[int] = (), word: str = "a lamp") -> dict[str, str | None]:
    """Answers to n questions, four a movie; the reference of each is `a key of NUMBER`."""
    return {name_of(at): f"a key of {at}" if at in right else f"{word} of {at}" for at in range(n)}


def name_of(at: int) -> str:
    """A question's id."""
    return f"m{at // 4:05d}-q{at % 4:03d}"


def write_run(folder: Path, said: Said, *, dataset: str = "films", **fields: Any) -> Path:
    """A run with these answers.

    Args:
        fields: Of every line, in place of what stands here.
    """
    rows = []
    for at, (name, answer) in enumerate(said.items()):
        row: dict[str, Any] = {
            "id": name,
            "answer": answer,
            "gold": {"answer": f"a key of {at}"},
            "scores": {"exact_match": 0.0},
            "movie": name.split("-")[0],
            "family": name.split("-")[0],
            "format": "open_ended",
            "type": "character",
            "level": "movie",
            "group": None,
            "question": f"What is found at {at}?",
            "options": [],
            "evidence": [],
            "duration_s": 60.0,
            **({"unanswered": "refused"} if answer is None else {}),
        }
        rows.append({**row, **{key: value(at) if callable(value) else value for key, value in fields.items()}})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    data = {"dataset": dataset, "version": "1.0", "revision": "1.0", "commit": None, "split": "test"}
    results = {
        "tasks": {"qa_open": {"metrics": {}, "headline": "exact_match"}},
        "model": {"id": f"org/{folder.name}", "kind": "replay", "revision": "1"},
        "data": {**data, "rows_sha256": "ab" * 32},
        "frames": None,
    }
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    return folder


def verdicts_of(folder: Path) -> dict[str, dict[str, Any]]:
    """verdicts.jsonl by item."""
    rows = [json.loads(line) for line in (folder / "verdicts.jsonl").read_text(encoding="utf-8").split("\n") if line]
    return {row["item_id"]: row for row in rows}


def number(facts: Mapping[str, Any], task: str = "qa_open") -> Mapping[str, Any]:
    """The first number of a judgement."""
    found: Mapping[str, Any] = facts["tasks"][task]["metrics"][facts["metric"]]
    return found
