"""Whether a judge may judge on a leaderboard: what `moviellm eval judge-gate` decided, held against who judges.

    gates = read_gates([Path("gates/mini")])                    # ValueError where one is no gate
    refused_before(("openai:gpt-5-mini",), rubric, params, gates)    # why not; None: admitted
    refused_after(judgement, gates)                             # the same of who answered in the end

A judge is admitted under its name, as the version that was tried, by one rubric and with its parameters. Of several
gates of one judge the newest counts. Rules (`lexical`, `fact-recall`) need none. It asks nobody.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from moviellm.eval.judging.asking import judge_named
from moviellm.eval.judging.gate import GATE_VERSION
from moviellm.eval.judging.gate_anchors import GATE_FILE
from moviellm.eval.judging.rubric import Rubric

Gates = Mapping[tuple[str, str | None], Mapping[str, Any]]
"""gate.json by name and revision of the judge."""
NEEDS: Final = ("admitted", "refused_for", "judge", "rubrics", "gate_version", "times")


def read_gates(folders: Iterable[Path]) -> Gates:
    """The gates in these folders, the newest of each judge.

    Raises:
        ValueError: one holds none.
    """
    found: dict[tuple[str, str | None], Mapping[str, Any]] = {}
    for folder in folders:
        gate = _read(folder)
        name, revision = judge_named(str(gate["judge"]["asked"]))[1:]
        before = found.get((name, revision))
        if before is None or before["times"]["decided_at"] <= gate["times"]["decided_at"]:
            found[name, revision] = gate
    return found


def _read(folder: Path) -> Mapping[str, Any]:
    path = folder / GATE_FILE
    if not path.is_file():
        raise ValueError(f"--gate {folder}: there is no {GATE_FILE} in it; give the --out of moviellm eval judge-gate")
    try:
        told = json.loads(path.read_bytes())
        whole = isinstance(told, dict) and all(name in told for name in NEEDS)
        whole = whole and isinstance(told["judge"]["asked"], str) and isinstance(told["times"]["decided_at"], str)
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise ValueError(f"--gate {folder}: {GATE_FILE} cannot be read as a gate; make it anew: eval judge-gate")
    return dict(told)


def refused_before(panel: Sequence[str], rubric: Rubric, params: Mapping[str, Any], gates: Gates) -> str | None:
    """Why judges may not judge, before they are asked; None where all of them may."""
    for judge in panel:
        gate = gates.get(judge_named(judge)[1:])
        if gate is None:
            return f"{judge} was never tried: no gate of it was given"
        if gate["gate_version"] != GATE_VERSION:
            return f"{judge} was tried by another version of the gate; try it anew"
        if gate["admitted"] is not True:
            reasons = gate["refused_for"] if isinstance(gate["refused_for"], list) else []
            return f"{judge} was refused by its gate: {'; '.join(map(str, reasons)) or 'no reason is given'}"
        if (found := _other_terms(judge, gate, rubric.id, rubric.text_sha256, params)) is not None:
            return found
    return None


def refused_after(judgement: Mapping[str, Any], gates: Gates) -> str | None:
    """Why a judgement may not stand: who answered is not who was admitted; None where it may."""
    rubric = judgement["rubric"]
    for judge in judgement.get("judges", ()):
        asked = str(judge["asked_as"])
        gate = gates[judge_named(asked)[1:]]
        if judge["version"] != gate["judge"]["version"]:
            return f"{asked} is served as {judge['version']}, and {gate['judge']['version']} was admitted"
        if (found := _other_terms(asked, gate, rubric["id"], rubric["text_sha256"], judge["params"])) is not None:
            return found
    return None


def _other_terms(
    judge: str, gate: Mapping[str, Any], rubric_id: str, text_sha256: str, params: Mapping[str, Any]
) -> str | None:
    tried = gate["rubrics"]["answers"]
    if tried["text_sha256"] != text_sha256:
        return f"{judge} was tried by the rubric {tried['id']}, and judges by {rubric_id}"
    if dict(gate["judge"]["params"]) != dict(params):
        return f"{judge} was tried with {_said(gate['judge']['params'])}, and judges with {_said(params)}"
    return None


def _said(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(params.items()) if value is not None)
