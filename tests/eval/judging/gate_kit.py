"""Gates without a server: what a judge of some character says to everything that is asked."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache

from moviellm.eval.judging.asking import Record
from moviellm.eval.judging.gate_criteria import Asked, Criterion, criteria_of
from moviellm.eval.judging.gate_labels import Labels, read_labels
from moviellm.eval.judging.gate_plan import Case, plan, rubrics_of
from moviellm.eval.judging.verdicts import Unscored, Verdict, read_verdict
from tests.servers.gate_judge_double import JUDGES, verdict_of

RUBRICS = rubrics_of("correctness", "better")


def said_by(character: str, case: Case) -> Verdict | Unscored:
    if character == "refuses":
        return Unscored("refused", "I cannot help with that.")
    data = json.loads(case.request.data)
    lot = int(hashlib.sha256(json.dumps([data, case.request.sample]).encode()).hexdigest()[:8], 16)
    said = verdict_of(JUDGES[character](data, lot))
    return read_verdict(case.request.rubric.form, json.dumps(said))


def record(case: Case, outcome: Verdict | Unscored) -> Record:
    return Record(key="k", request=case.request, judge={}, tries=(), outcome=outcome)


def asked_of(character: str, labels: Labels, repeats: int = 5, per_attack: int = 2) -> list[Asked]:
    cases = plan(labels, RUBRICS, repeats=repeats, per_attack=per_attack)
    return [(case, record(case, said_by(character, case))) for case in cases]


@cache
def built_in_gate(character: str) -> tuple[Asked, ...]:
    return tuple(asked_of(character, read_labels(["built-in"])))


@cache
def _criteria(character: str) -> tuple[Criterion, ...]:
    return tuple(criteria_of(built_in_gate(character), pinned=True))


def failed(character: str) -> dict[str, Criterion]:
    return {one.name: one for one in _criteria(character) if not one.passed}


def by_name(criteria: Sequence[Criterion]) -> dict[str, Criterion]:
    return {one.name: one for one in criteria}
