"""What `moviellm eval judge-gate` does: a judge is tried before it may judge, and admitted or refused.

    moviellm eval judge-gate --judge openai:gpt-5-mini --labels built-in --out gates/mini
    moviellm eval judge-gate --judge openai:gpt-5-mini --labels people.jsonl --labels built-in --out gates/mini-people
    moviellm eval judge-gate --judge openai:gpt-5-mini --labels built-in --out gates/later --against gates/mini

Exit code 0: admitted; 1: refused, or stopped before it was decided; 2: wrong use. OUT holds gate.json, gate.md,
transcripts.jsonl (every question and answer), labels.jsonl, anchors.jsonl (for a later gate) and kept/ (what was paid;
the same command asks nothing again). What is asked is in gate_plan.py, what decides in gate_criteria.py.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from moviellm.eval.core.inputs import library
from moviellm.eval.judging import injections
from moviellm.eval.judging.asking import MAX_TOKENS, Judge, judge_named, open_judge
from moviellm.eval.judging.estimating import estimate
from moviellm.eval.judging.estimating import text_of as estimate_text
from moviellm.eval.judging.gate_anchors import (
    ANCHORS_FILE,
    GATE_FILE,
    Anchors,
    anchors_of,
    drift_of,
    read_anchors,
)
from moviellm.eval.judging.gate_criteria import Asked, criteria_of
from moviellm.eval.judging.gate_findings import findings_of
from moviellm.eval.judging.gate_labels import BUILT_IN, BUILT_IN_VERSION, Labels, read_labels
from moviellm.eval.judging.gate_pages import fault_of, text_of
from moviellm.eval.judging.gate_plan import Case, Rubrics, plan, rubrics_of
from moviellm.eval.judging.putting import ask_all
from moviellm.generation.files import write_whole
from moviellm.generation.llm.money import load_prices, refuse_unpriced
from moviellm.generation.output import emit, note
from moviellm.generation.protocols import StoppedError
from moviellm.generation.runs.lock import lock_run
from moviellm.generation.schema import canonical_json

GATE_VERSION: Final = 1
"""Bump when the same answers would be decided otherwise."""
KEPT: Final = "kept"
GATE_PAGE: Final = "gate.md"
REPEATS_MIN: Final = 2
LABELS_WANTED: Final = 200
"""Labelled answers that a gate should have; with fewer it decides too, with wide intervals."""


@dataclass(frozen=True, kw_only=True)
class GateWish:
    """What was asked for on the command line."""

    judge: str
    labels: tuple[str, ...]
    out: Path
    against: Path | None = None
    rubric: str = "correctness"
    pair_rubric: str = "better"
    repeats: int = 5
    per_attack: int = 2
    max_tokens: int | None = None
    temperature: float | None = None
    concurrency: int | None = None
    max_usd: float | None = None
    dry_run: bool = False
    base_url: str | None = None
    retry_unscored: bool = False


def judge_gate(wish: GateWish, *, as_json: bool) -> None:
    """`moviellm eval judge-gate`."""
    judge_named(wish.judge)
    _check(wish)
    rubrics = rubrics_of(wish.rubric, wish.pair_rubric)
    before = None if wish.against is None else read_anchors(wish.against)
    if before is not None:
        _same_judge(wish, before)
    labels = read_labels(wish.labels)
    cases = plan(labels, rubrics, repeats=wish.repeats, per_attack=wish.per_attack) if wish.labels else []
    if wish.dry_run:
        _show_estimate(wish, cases, as_json)
        return
    for name in ("sklearn.metrics", "krippendorff"):
        library(name)  # before anything is paid
    with lock_run(wish.out):
        _same_out(wish)
        facts = _gate(wish, labels, rubrics, cases, before) if cases else _unlabelled(wish, rubrics)
    emit(facts, f"{text_of(facts)}\n{wish.out / GATE_FILE}", as_json)
    if not facts["admitted"]:
        raise SystemExit(1)


def _show_estimate(wish: GateWish, cases: Sequence[Case], as_json: bool) -> None:
    """Say what it would ask and cost; no server is needed, and nothing is written."""
    if wish.max_usd is not None:
        refuse_unpriced(load_prices(), [judge_named(wish.judge)[1]], [])
    params = {"max_tokens": wish.max_tokens or MAX_TOKENS, "temperature": wish.temperature}
    parts = {part: sum(case.part == part for case in cases) for part in dict.fromkeys(case.part for case in cases)}
    told = estimate([(wish.judge, wish.out / KEPT)], [case.request for case in cases], params)
    words = ", ".join(f"{count} {part}" for part, count in parts.items()) or "none, for there are no labels"
    emit({**told, "questions": parts}, f"questions: {words}\n{estimate_text(told)}", as_json)


def _check(wish: GateWish) -> None:
    if wish.repeats < REPEATS_MIN:
        raise ValueError(f"--repeats is {wish.repeats}; it is {REPEATS_MIN} at least: agreement takes two verdicts")
    for name, value in (
        ("--per-attack", wish.per_attack),
        ("--max-tokens", wish.max_tokens),
        ("--concurrency", wish.concurrency),
    ):
        if value is not None and value < 1:
            raise ValueError(f"{name} is {value}; it is 1 at least")
    if wish.against is not None and wish.against.resolve() == wish.out.resolve():
        raise ValueError("--against is --out itself, whose answers are kept; give the later gate a folder of its own")


def _same_judge(wish: GateWish, before: Anchors) -> None:
    name = judge_named(wish.judge)[1]
    if name != before.name:
        raise ValueError(
            f"--against {before.folder} is the gate of {before.name}; drift is of one judge, not of {name}"
        )


def _same_out(wish: GateWish) -> None:
    """An OUT is of one judge: what was decided of one never lies where another was stopped."""
    name = judge_named(wish.judge)[1]
    log = wish.out / KEPT / "judge"
    if log.is_file() and log.read_text(encoding="utf-8").strip() != name:
        raise ValueError(
            f"--out {wish.out} is of {log.read_text(encoding='utf-8').strip()}; give {name} a folder of its own"
        )
    write_whole(log, f"{name}\n".encode())


def _gate(
    wish: GateWish, labels: Labels, rubrics: Rubrics, cases: Sequence[Case], before: Anchors | None
) -> dict[str, Any]:
    judge = open_judge(
        wish.judge,
        wish.out / KEPT,
        base_url=wish.base_url,
        max_usd=wish.max_usd,
        max_tokens=wish.max_tokens,
        temperature=wish.temperature,
        concurrency=wish.concurrency,
    )
    paid = judge.service.spent.calls
    requests = [case.request for case in cases]
    try:
        (records,) = ask_all([judge], requests, concurrency=wish.concurrency, retry_unscored=wish.retry_unscored)
    except StoppedError as error:
        _stop(error, wish)
    asked = list(zip(cases, records, strict=True))
    facts = _decide(wish, labels, rubrics, asked, judge, before)
    _write(wish.out, facts, labels, asked)
    return facts | {"calls_now": judge.service.spent.calls - paid}


def _stop(error: StoppedError, wish: GateWish) -> NoReturn:
    """End a gate that cannot go on now; nothing is decided of half of it."""
    for name in (GATE_FILE, GATE_PAGE):
        (wish.out / name).unlink(missing_ok=True)
    said = str(error).replace("set llm.", "set --").replace("llm.max_tokens", "--max-tokens")
    prefix = judge_named(wish.judge)[0]
    said = said.replace("OPENAI_", f"{prefix}_")
    note(f"stopped, nothing is decided: {said}")
    note(f"what was answered is kept in {wish.out / KEPT}; the same command goes on from there")
    raise SystemExit(1)


def _decide(
    wish: GateWish, labels: Labels, rubrics: Rubrics, asked: Sequence[Asked], judge: Judge, before: Anchors | None
) -> dict[str, Any]:
    """What gate.json holds."""
    criteria = criteria_of(asked, pinned=judge.pinned)
    drift = None
    if before is not None:
        criterion, drift = drift_of(asked, before, judge.assumed)
        criteria.append(criterion)
    refused = [f"{one.title}: {one.reason or fault_of(one.row())}" for one in criteria if not one.passed]
    tries = [one for _, record in asked for one in record.tries]
    priced = all(one["usd"] is not None for one in tries)
    return {
        **_frame(wish, rubrics, labels),
        "admitted": not refused,
        "refused_for": refused,
        "judge": {
            "asked": wish.judge,
            "name": judge.name,
            "version": judge.assumed,
            "pinned": judge.pinned,
            "params": dict(judge.params),
        },
        "criteria": [one.row() for one in criteria],
        "findings": findings_of(asked),
        "drift": drift,
        "calls": len(tries),
        "tokens_in": sum(one["tokens_in"] for one in tries),
        "tokens_out": sum(one["tokens_out"] for one in tries),
        "cost_usd": round(sum(one["usd"] for one in tries), 6) if priced else None,
    }


def _frame(wish: GateWish, rubrics: Rubrics, labels: Labels) -> dict[str, Any]:
    right = sum(bool(label.correct) for label in labels.answers)
    return {
        "gate_version": GATE_VERSION,
        "basis": "built-in" if labels.only_built_in else "labels",
        "rubrics": {
            name: {"id": rubric.id, "text_sha256": rubric.text_sha256}
            for name, rubric in (("answers", rubrics.answers), ("pairs", rubrics.pairs))
        },
        "labels": {
            "sources": list(labels.sources),
            "built_in_version": BUILT_IN_VERSION if BUILT_IN in labels.sources else None,
            "sha256": labels.sha256,
            "right": right,
            "wrong": len(labels.answers) - right,
            "pairs": len(labels.pairs),
            "wanted": LABELS_WANTED,
        },
        "canary_set": {"version": injections.VERSION, "attacks": len(injections.attacks())},
        "repeats": wish.repeats,
        "times": {"decided_at": datetime.now(UTC).isoformat(timespec="seconds")},
    }


def _unlabelled(wish: GateWish, rubrics: Rubrics) -> dict[str, Any]:
    """What is decided where nobody has labelled anything: the judge is not admitted, and nothing is asked."""
    name, revision = judge_named(wish.judge)[1:]
    why = (
        "There are no labels: nobody knows whether it agrees with people. Give --labels FILE (docs/judge_gate.md says "
        f"how), or --labels {BUILT_IN} for clear cases that are shipped"
    )
    facts = {
        **_frame(wish, rubrics, Labels((), (), ())),
        "admitted": False,
        "refused_for": [why],
        "judge": {"asked": wish.judge, "name": name, "version": None, "pinned": revision is not None, "params": {}},
        "criteria": [],
        "findings": {},
        "drift": None,
        **{"calls": 0, "tokens_in": 0, "tokens_out": 0, "cost_usd": 0.0},
    }
    _write(wish.out, facts, None, ())
    return facts | {"calls_now": 0}


def _write(out: Path, facts: dict[str, Any], labels: Labels | None, asked: Sequence[Asked]) -> None:
    """The files; gate.json last, for it says that the others are whole."""
    if labels is not None:
        rows = [label.model_dump(exclude_none=True) for label in (*labels.answers, *labels.pairs)]
        write_whole(out / "labels.jsonl", _lines(rows))
        write_whole(out / "transcripts.jsonl", _lines([_transcript(one) for one in asked]))
        write_whole(out / ANCHORS_FILE, _lines(anchors_of(asked)))
    write_whole(out / GATE_PAGE, text_of(facts).encode())
    write_whole(out / GATE_FILE, f"{json.dumps(facts, ensure_ascii=False, indent=1)}\n".encode())


def _lines(rows: Sequence[Any]) -> bytes:
    return "".join(canonical_json(row) + "\n" for row in rows).encode(errors="backslashreplace")


def _transcript(one: Asked) -> dict[str, Any]:
    case, record = one
    label = case.label.preferred if case.label.is_pair else ("right" if case.label.correct else "wrong")
    return {"part": case.part, "label": label, "attack": case.attack, "goal": case.goal, **record.row()}
