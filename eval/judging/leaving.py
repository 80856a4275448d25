"""What a judgement leaves, and how it is scored again: RUN/judged/NAME with transcripts, verdicts and numbers.

    judged = leave(work)
    rescored(judged.folder)                     # the same numbers from the transcripts, without a call

transcripts.jsonl   every question to a judge with what it answered: transcripts.py
verdicts.jsonl      one line an item: `item_id`, `score` (null: unscored), `reason`
judgement.json      the numbers, what is unscored, agreement, injections, cost; it comes last, and the same answers of
                    judges give the same bytes

It asks nobody.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moviellm.eval.judging.counting import Frame, told_of
from moviellm.eval.judging.injections import flagged
from moviellm.eval.judging.material import Item, Material
from moviellm.eval.judging.naming import slug_of
from moviellm.eval.judging.rubric import Rubric
from moviellm.eval.judging.transcripts import TRANSCRIPTS, lines, read_transcripts
from moviellm.generation.files import write_whole

VERSION: Final = "1.0"
"""Version of the layout of judgement.json."""
VERDICTS: Final = "verdicts.jsonl"
JUDGEMENT: Final = "judgement.json"
AGAIN: Final = ("metric", "kind", "valid", "items", "settled", "unscored", "tasks", "agreement", "position", "members")
"""Parts of judgement.json that follow from the transcripts."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """A judgement before it is written."""

    material: Material
    frame: Frame
    rows: Sequence[dict[str, Any]]
    items: Sequence[Item] = ()
    against: Material | None = None
    rubric: Rubric | None = None
    judges: Sequence[Mapping[str, Any]] = ()
    labels: Mapping[str, float] = field(default_factory=dict)
    labels_sha256: str | None = None
    calls_now: int = 0
    """Calls that were paid now, of all judgements together."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A judgement that was written."""

    folder: Path
    facts: Mapping[str, Any]
    """judgement.json."""
    calls_now: int


def leave(work: Work) -> Judged:
    """Write a judgement."""
    told = told_of(work.frame, work.rows, work.labels)
    marks = _flagged(work)
    facts = {
        "judgement_version": VERSION,
        **told.facts,
        "rubric": _rubric(work),
        "judges": [_judge(work, place) for place in range(len(work.judges))],
        "frame": {
            "form": work.frame.form,
            "judges": list(work.frame.judges),
            "rubric_id": work.frame.rubric_id,
            "against": work.frame.against,
            "tasks": list(work.frame.tasks),
        },
        "injections": marks,
        "run": work.material.who,
        "against": None if work.against is None else work.against.who,
        "labels": None if work.labels_sha256 is None else {"n": len(work.labels), "sha256": work.labels_sha256},
        **_cost(work.rows),
    }
    folder = work.material.folder / "judged" / slug_of(work.frame.metric)
    for line in told.verdicts:
        if line["item_id"] in marks["items"]:
            line["flags"] = marks["items"][line["item_id"]]
    (folder / JUDGEMENT).unlink(missing_ok=True)
    write_whole(folder / TRANSCRIPTS, lines(work.rows))
    write_whole(folder / VERDICTS, lines(told.verdicts))
    text = json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"
    write_whole(folder / JUDGEMENT, text.encode(errors="backslashreplace"))
    return Judged(folder=folder, facts=facts, calls_now=work.calls_now)


def _flagged(work: Work) -> dict[str, Any]:
    """Answers that look like an attack on a judge, by item."""
    kinds: dict[str, list[str]] = {}
    found: dict[str, Any] = {}
    n = 0
    for item in work.items or work.material.items:
        found = flagged({str(place): answer for place, answer in enumerate(item.answers)})
        n += found["n"]
        signs = [sign for signs in found["items"].values() for sign in signs]
        if signs:
            kinds[item.item_id] = list(dict.fromkeys(signs))
    return {"version": found.get("version"), "n": n, "flagged": len(kinds), "items": kinds}


def _rubric(work: Work) -> dict[str, Any]:
    if work.rubric is None:
        return {"id": work.frame.rubric_id}
    rubric = work.rubric
    return {
        "id": rubric.id,
        "name": rubric.name,
        "form": rubric.form,
        "text_sha256": rubric.text_sha256,
        "facts": rubric.facts and work.material.told,
    }


def _judge(work: Work, place: int) -> dict[str, Any]:
    return {**work.judges[place], **_cost([row for row in work.rows if row["member"] == place])}


def _cost(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the answers of judges have cost, whenever they were paid."""
    tries = [one for row in rows for one in row.get("tries", ())]
    priced = [one["usd"] for one in tries if one["usd"] is not None]
    return {
        "calls": len(tries),
        "tokens_in": sum(one["tokens_in"] for one in tries),
        "tokens_out": sum(one["tokens_out"] for one in tries),
        "cost_usd": round(sum(priced), 6) if len(priced) == len(tries) else None,
    }


def rescored(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """The numbers of a judgement from its transcripts, and which parts are others than judgement.json has.

    Raises:
        ValueError: the folder holds no judgement.
    """
    path = folder / JUDGEMENT
    if not path.is_file():
        raise ValueError(f"{folder} holds no judgement (no {JUDGEMENT}); name a folder in RUN/judged")
    try:
        before = json.loads(path.read_bytes())
        told = before["frame"]
        frame = Frame(
            kind=before["kind"],
            form=told["form"],
            judges=tuple(told["judges"]),
            rubric_id=told["rubric_id"],
            against=told["against"],
            tasks=tuple(told["tasks"]),
        )
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no judgement ({type(error).__name__}: {error}); judge the run again") from None
    found = told_of(frame, read_transcripts(folder), _labels(folder)).facts
    return found, [name for name in AGAIN if found.get(name) != before.get(name)]


def _labels(folder: Path) -> dict[str, float]:
    """What people said, as verdicts hold it."""
    path = folder / VERDICTS
    rows = (
        [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line] if path.is_file() else []
    )
    return {row["item_id"]: row["human"] for row in rows if "human" in row}
