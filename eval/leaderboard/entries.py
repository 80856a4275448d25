"""What is written of a scored submission: the row, scores of items, what judges found; and nothing of what is right.

    entry = with_judgements(entry_of(results, index, sha256=..., submitter=..., sent_at=..., scored_at=...), run)
    item_rows(run, index), transcript_rows(run)

`run` is the whole run that scoring leaves (docs/evaluation.md), which holds the answers and never leaves the worker.
Of a judge's words nothing goes out, for they tell what is right: its verdict, its version and its rubric do, and what
a whole row cost. `reasons=True` lets them out, for a benchmark whose answers anyone may see, and opens the lines: of
others the page shows no verdict.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from moviellm.eval.judging.transcripts import public, read_transcripts
from moviellm.eval.submissions.index import Index
from moviellm.eval.tasks.table import task_named
from moviellm.generation.schema import canonical_json

ENTRY_VERSION: Final = "1.0"
RESULTS: Final = "results"
BASELINES: Final = "baselines"
ENTRY: Final = "entry.json"
ITEMS: Final = "items.jsonl"
TRANSCRIPTS: Final = "transcripts.jsonl"
JUDGED: Final = "judged"
SAID_OF_MODEL: Final = ("id", "revision", "parameters_b", "base_model")
DECLARED: Final = ("display_name", "track", "inputs", "generation", "training_data", "seen_test_inputs")
OPEN: Final = "open"
"""Key of a line of transcripts whose verdict anyone may see."""
JUDGEMENT: Final = ("kind", "valid", "unscored", "agreement", "cost_usd", "calls")


def result_path(sha256: str) -> str:
    """Folder of what is written of a submission."""
    return f"{RESULTS}/{sha256}"


def entry_path(sha256: str) -> str:
    """The file that says that a submission was scored; written last."""
    return f"{result_path(sha256)}/{ENTRY}"


def entry_of(
    results: Mapping[str, Any], index: Index, *, sha256: str, submitter: str, sent_at: str, scored_at: datetime
) -> dict[str, Any]:
    """The row of a submission, without judgements.

    Args:
        results: What `score_bundle` found.
    """
    declared = results["submission"]
    return {
        "entry_version": ENTRY_VERSION,
        "sha256": sha256,
        "submitter": submitter,
        **{name: declared[name] for name in DECLARED},
        "model": {name: declared["model"].get(name) for name in SAID_OF_MODEL},
        "benchmark": index.benchmark,
        "benchmark_revision": index.revision,
        "split": results["data"]["split"],
        "sent_at": sent_at,
        "scored_at": scored_at.isoformat(timespec="seconds"),
        "tasks": results["tasks"],
        "judged": {},
        "judgements": {},
    }


def scores_of(tasks: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of every task, without its parts."""
    return {name: {"headline": task["headline"], "metrics": task["metrics"]} for name, task in tasks.items()}


def item_rows(run: Path, index: Index) -> Iterator[dict[str, Any]]:
    """The first score of every item of every task; movies that are twins have one `family`."""
    rows = {row["id"]: row for row in read_lines(run / "answers.jsonl")}
    for task, items in index.tasks.items():
        headline = task_named(task).headline
        for item in items:
            row = rows[item]
            score = row["scores"][headline]
            yield {
                "item_id": item,
                "task": task,
                "movie_id": row["movie"],
                "family": row["family"],
                "score": score,
            }


def with_judgements(entry: Mapping[str, Any], run: Path) -> dict[str, Any]:
    """The row with the numbers of the judges that were asked."""
    judged: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for folder in judgement_folders(run):
        judgement = json.loads((folder / "judgement.json").read_bytes())
        metric = str(judgement["metric"])
        judged[metric] = judgement["tasks"]
        told[metric] = {name: judgement[name] for name in JUDGEMENT if name in judgement}
    return {**entry, "judged": judged, "judgements": told}


def judgement_folders(run: Path) -> list[Path]:
    """Folders of judgements that came to their end."""
    return sorted(path.parent for path in (run / JUDGED).glob("*/judgement.json"))


def transcript_rows(run: Path, *, reasons: bool = False) -> Iterator[dict[str, Any]]:
    """What judges decided, item by item; with `reasons` in their words."""
    for folder in judgement_folders(run):
        metric = str(json.loads((folder / "judgement.json").read_bytes())["metric"])
        for row in read_transcripts(folder):
            told = public(row)
            if reasons and told.get("parsed") is not None:
                told["parsed"] = row["parsed"]
            yield {"metric": metric, **told, **({OPEN: True} if reasons else {})}


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Rows of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def lines_of(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Rows as JSON lines."""
    return "".join(canonical_json(row) + "\n" for row in rows).encode()


def json_of(value: Mapping[str, Any]) -> bytes:
    """A JSON file for people and programs."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()
