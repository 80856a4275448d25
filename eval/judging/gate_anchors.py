"""Anchors: verdicts of one gate that a later gate of the same judge is held against, to see whether it has drifted.

    write: anchors_of(asked)                             # up to fifty, for OUT/anchors.jsonl
    found = drift_of(asked, read_anchors(Path("earlier")), version)

A served model can change behind its name. A later gate with `--against EARLIER_OUT` asks the same again, in an OUT of
its own, where nothing is kept, and counts on how many anchors the verdict is the same. It asks nobody: see gate.py.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moviellm.eval.judging.calibration import rows_of
from moviellm.eval.judging.gate_criteria import NOTHING, Asked, Criterion, criterion, said_right, said_side
from moviellm.eval.tasks.means import mean_of
from moviellm.generation.schema import canonical_json

ANCHORS_FILE: Final = "anchors.jsonl"
GATE_FILE: Final = "gate.json"
ANCHORS: Final = 50
COMMON_MIN: Final = 20
"""Anchors that must have been asked again."""
SAME_MIN: Final = 0.9
"""Share of anchors whose verdict must be the same."""


@dataclass(frozen=True)
class Anchors:
    """What an earlier gate left."""

    folder: Path
    name: str
    """The model as it was asked for."""
    version: str
    """The model as it was served."""
    verdicts: dict[str, str | None]
    """By hash of what was asked."""


def anchor_of(one: Asked) -> tuple[str, str | None]:
    """Hash of what was asked, whoever judges, and the verdict in a word; None without one."""
    case, record = one
    request = case.request
    asked = canonical_json([request.rubric.text_sha256, json.loads(request.data)])
    if case.label.is_pair:
        said = said_side(record)
    else:
        right = said_right(record)
        said = None if right is None else ("right" if right else "wrong")
    return hashlib.sha256(asked.encode()).hexdigest(), said


def anchors_of(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """Lines of anchors.jsonl: drawn by their hashes, of what was asked without attack for the first time."""
    rows = []
    for case, record in asked:
        if case.part in {"judged", "paired"}:
            key, verdict = anchor_of((case, record))
            rows.append({"asked": key, "id": case.label.id, "order": case.request.order, "verdict": verdict})
    return sorted(rows, key=lambda row: str(row["asked"]))[:ANCHORS]


def read_anchors(folder: Path) -> Anchors:
    """What the gate in a folder left.

    Raises:
        ValueError: there is no gate, or it is none of this version.
    """
    path = folder / GATE_FILE
    if not path.is_file() or not (folder / ANCHORS_FILE).is_file():
        raise ValueError(f"--against {folder}: there is no gate in it (no {GATE_FILE} and {ANCHORS_FILE})")
    try:
        judge = json.loads(path.read_text(encoding="utf-8"))["judge"]
        name, version = judge["name"], judge["version"]
        verdicts = {row["asked"]: row["verdict"] for _, row in rows_of(folder / ANCHORS_FILE)}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"--against {folder}: {path.name} or {ANCHORS_FILE} cannot be read ({error})") from None
    return Anchors(folder, str(name), str(version), verdicts)


def drift_of(asked: Sequence[Asked], before: Anchors, version: str) -> tuple[Criterion, dict[str, Any]]:
    """Whether the judge still says what it said, and what of it has changed."""
    common, marks, changed = [], [], []
    for one in asked:
        if one[0].part not in {"judged", "paired"}:
            continue
        key, now = anchor_of(one)
        if key not in before.verdicts:
            continue
        was = before.verdicts[key]
        common.append(one)
        marks.append(float(now == was))
        if now != was:
            changed.append({"id": one[0].label.id, "order": one[0].request.order, "was": was, "now": now})
    number = mean_of(marks, [case.label.family for case, _ in common]) if common else NOTHING
    reason = None
    if version != before.version:
        reason = f"it is served as {version} now, and was {before.version}: another judge, to be admitted anew"
    elif len(common) < COMMON_MIN:
        reason = f"{len(common)} of its anchors were asked again; {COMMON_MIN} at least: use its labels and rubrics"
    found = criterion(
        "anchors", "Anchors of which it says the same as before", number, SAME_MIN, at_least=True, reason=reason
    )
    facts = {
        "against": str(before.folder),
        "version_before": before.version,
        "anchors": len(common),
        "same": number["value"],
        "changed": changed,
    }
    return found, facts
