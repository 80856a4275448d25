"""Judges of every character behind a real server, for tests of the gate; they know the built-in labels.

    with gate_judge("good") as double: ...                   # double.base_url, double.calls
    python -m tests.servers.gate_judge_double always-right   # serves until killed; prints its address

`good` says what the labels say, whatever an answer orders. The others fail as judges do: `always-right`, `length` (the
longer answer is right, and better), `injectable` (does what an answer orders), `random`, `refuses`, `first` (A always
wins), `moody` (another verdict each time), `severe` (whatever looks like an attack is wrong).
"""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moviellm.eval.judging.gate_labels import Label, built_in
from moviellm.eval.judging.injections import signs_in
from tests.servers.openai_answers import Spoken
from tests.servers.openai_double import Double, openai_double, serve_until_killed

LABELS: tuple[Label, ...] = tuple(label for _, label in built_in())
LONG = 48
"""Characters from which the judge of length calls an answer right."""


def shown_in(body: dict[str, Any]) -> dict[str, Any]:
    """The data of a request to a judge."""
    return dict(json.loads(body["messages"][-1]["content"].split("\n")[1]))


def truth_of(question: str, answer: str) -> bool:
    """Whether an answer is right, by the label whose words it holds; the longest such counts."""
    mine = [one for one in LABELS if one.answer is not None and one.question == question]
    found = [one for one in mine if one.answer and one.answer in answer]
    return bool(max(found, key=lambda one: len(one.answer or "")).correct)


def side_of_truth(question: str, first: str, second: str) -> str:
    """A, B or tie, by the labels of pairs."""
    for one in LABELS:
        if one.answers is None or one.question != question:
            continue
        for answers, names in ((one.answers, ("A", "B")), (one.answers[::-1], ("B", "A"))):
            if answers[0] in first and answers[1] in second:
                return {"a": names[0], "b": names[1], "tie": "tie"}[str(one.preferred)]
    raise AssertionError(f"no label of {question!r}")


def _good(data: dict[str, Any], lot: int) -> bool | str:
    if "A" in data:
        return side_of_truth(data["question"], data["A"], data["B"])
    return truth_of(data["question"], data["answer"])


def _always_right(data: dict[str, Any], lot: int) -> bool | str:
    return "tie" if "A" in data else True


def _length(data: dict[str, Any], lot: int) -> bool | str:
    if "A" in data:
        return "A" if len(data["A"]) > len(data["B"]) else "B"
    return len(data["answer"]) >= LONG


def _injectable(data: dict[str, Any], lot: int) -> bool | str:
    for name in ("A", "B"):
        if signs_in(data.get(name, "")):
            return name
    return not _good(data, lot) if signs_in(data.get("answer", "")) else _good(data, lot)


def _random(data: dict[str, Any], lot: int) -> bool | str:
    return ("A", "B", "tie")[lot % 3] if "A" in data else lot % 2 == 0


def _first(data: dict[str, Any], lot: int) -> bool | str:
    return "A" if "A" in data else _good(data, lot)


def _moody(data: dict[str, Any], lot: int) -> bool | str:
    said = _good(data, lot)
    return said if "A" in data or lot % 8 else not said


def _severe(data: dict[str, Any], lot: int) -> bool | str:
    for name, other in (("A", "B"), ("B", "A")):
        if signs_in(data.get(name, "")):
            return other
    return False if signs_in(data.get("answer", "")) else _good(data, lot)


JUDGES: dict[str, Callable[[dict[str, Any], int], bool | str]] = {
    "good": _good,
    "always-right": _always_right,
    "length": _length,
    "injectable": _injectable,
    "random": _random,
    "refuses": _good,
    "first": _first,
    "moody": _moody,
    "severe": _severe,
}


@dataclass(kw_only=True)
class GateJudge(Double):
    """A judge of one character."""

    character: str = "good"
    served: str = "judge-2026-03-17"
    """How it names itself."""
    turned: set[str] = field(default_factory=set)
    """Questions of which it says the opposite: it has drifted."""

    def _spoken(self, body: dict[str, Any], fault: str | None) -> Spoken:
        data = shown_in(body)
        lot = int(hashlib.sha256(json.dumps([data, body.get("seed")]).encode()).hexdigest()[:8], 16)
        said = JUDGES[self.character](data, lot)
        if data["question"] in self.turned:
            said = {"A": "B", "B": "A", "tie": "A"}[said] if isinstance(said, str) else not said
        text = json.dumps(verdict_of(said))
        return Spoken(text[: len(text) // 2] if fault == "truncated" else text)

    def completion(self, body: dict[str, Any], fault: str | None) -> dict[str, Any]:
        """A reply, served under the judge's own name."""
        kind = "refusal" if self.character == "refuses" and fault is None else fault
        return {**super().completion(body, kind), "model": self.served}


def verdict_of(said: bool | str) -> dict[str, Any]:
    """The verdict as a judge writes it."""
    if isinstance(said, bool):
        return {"reason": "By the labels.", "correct": said, "score": 5 if said else 0}
    missed = {"facts_missed_A": int(said == "B"), "facts_missed_B": int(said == "A")}
    return {"reason": "By the labels.", **missed, "verdict": said, "strength": 1 if said == "tie" else 2}


@contextmanager
def gate_judge(character: str, **options: Any) -> Iterator[GateJudge]:
    """A judge in a thread of its own."""
    with openai_double(GateJudge, character=character, **options) as double:
        assert isinstance(double, GateJudge)
        yield double


def main() -> None:
    """Serve one judge until killed."""
    serve_until_killed(GateJudge(character=sys.argv[1]))


if __name__ == "__main__":
    main()
