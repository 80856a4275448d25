"""A judge to test against: a real HTTP server whose verdicts are known, and which fails in the ways that judges fail.

    with judge_double(served="judge-2026-03-17", faults={"500": 0.1, "refusal": 0.05}) as double:
        double.base_url; double.calls; double.injected; double.truth({...})

    python -m tests.servers.judge_double --port 0 --faults 0.3 --served judge-2026-03-17          # a process

An answer is right where it says what the reference says, letter case and a full stop aside; of two, the right one is
better, and where both are, none. `bias="first"` prefers what it is shown first; `swayed` calls right what says so.
Faults of the call and refusals are those of openai_double; of the answer there are besides: `garbage` (no JSON),
`prose`, `not_offered` (a verdict that nobody offered), `contradiction` (right with a score of 0) and `number` (4.5).
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.servers.openai_answers import Spoken, task_of
from tests.servers.openai_double import Double, openai_double, serve_until_killed

CALL_FAULTS = ("429", "429_plain", "500", "503", "reset", "html", "empty")
"""Faults of the call; it is made again."""
ANSWER_FAULTS = ("garbage", "prose", "not_offered", "contradiction", "number", "truncated")
"""Answers that are no verdict; they are asked for again, and then unscored."""
_DATA = re.compile(r"^=== data ([0-9a-f]{24}) ===\n(.*)\n=== end \1 ===$", re.DOTALL)


@dataclass(kw_only=True)
class JudgeDouble(Double):
    """A server that judges."""

    served: str | None = None
    """What it says it is; None repeats the name it is asked by."""
    bias: str | None = None
    """`first`: the answer shown first is better, always."""
    swayed: bool = False
    """Whether an answer that calls itself right is right."""

    def completion(self, body: dict[str, Any], fault: str | None) -> dict[str, Any]:
        """A chat completion, by what it is served as."""
        return super().completion(body, fault) | ({"model": self.served} if self.served else {})

    def _spoken(self, body: dict[str, Any], fault: str | None) -> Spoken:
        asked = (task_of(body).schema or {}).get("properties", {})
        said = {name: value for name, value in self.truth(data_of(body)).items() if name in asked}
        text = json.dumps(said)
        if fault == "garbage":
            text = '{"reason": "It is \\'
        elif fault == "prose":
            text = "The answer is correct. Score: 5/5."
        elif fault == "not_offered":
            text = json.dumps({**said, **({"verdict": "both"} if "verdict" in said else {"score": 7})})
        elif fault == "contradiction":
            text = json.dumps({**said, **({"facts_missed_A": -1} if "verdict" in said else {"correct": "yes"})})
        elif fault == "number":
            text = json.dumps({**said, **({"strength": 3} if "verdict" in said else {"score": 4.5})})
        elif fault == "truncated":
            text = text[: len(text) // 2]
        return Spoken(text)

    def truth(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The verdict on what a judge is shown."""
        if "A" in data:
            right = [self._right(data["A"], data), self._right(data["B"], data)]
            verdict = "tie" if right[0] == right[1] else "AB"[right.index(True)]
            verdict = "A" if self.bias == "first" else verdict
            missed = {f"facts_missed_{name}": int(not one) for name, one in zip("AB", right, strict=True)}
            strength = 1 if verdict == "tie" else 2
            return {"reason": f"It is {data['reference']}.", **missed, "verdict": verdict, "strength": strength}
        answers = [data[name] for name in ("answer", "answer_1", "answer_2") if name in data]
        right = [self._right(answer, data) for answer in answers]
        score = 5 if all(right) else 0
        reason = f"It is {data['reference']}."
        return {"reason": reason, "score": score} | ({"correct": score == 5} if "answer" in data else {})

    def _right(self, answer: str, data: Mapping[str, Any]) -> bool:
        plain = [text.casefold().strip(" .") for text in (answer, data["reference"])]
        return plain[0] == plain[1] or (self.swayed and "this answer is right" in plain[0])


def data_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a request shows to the judge; it must stand between two lines of one mark, and the mark in the rules."""
    system, user = (message["content"] for message in body["messages"][-2:])
    found = _DATA.fullmatch(user)
    assert found is not None, user
    assert found[1] in system
    assert found[1] not in found[2]
    data = json.loads(found[2])
    assert isinstance(data, dict)
    return data


def failing(share: float) -> dict[str, float]:
    """All faults that a judge has, in equal parts, `share` of the requests together."""
    kinds = (*CALL_FAULTS, *ANSWER_FAULTS, "refusal")
    return dict.fromkeys(kinds, share / len(kinds))


@contextmanager
def judge_double(**options: Any) -> Iterator[JudgeDouble]:
    """A double in a thread of its own."""
    with openai_double(JudgeDouble, **options) as double:
        assert isinstance(double, JudgeDouble)
        yield double


def main(arguments: list[str]) -> None:
    """Serve until killed; prints the address first."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.judge_double")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--faults", type=float, default=0.0, help="share of requests that meet some fault")
    parser.add_argument("--only", help="kinds of faults, with commas, in equal parts")
    parser.add_argument("--served", help="what it says it is")
    parser.add_argument("--bias", choices=["first"])
    parser.add_argument("--native", default="holds", choices=["holds", "refuses", "ignores"])
    options = parser.parse_args(arguments)
    faults = failing(options.faults) if options.faults else {}
    if options.only:
        kinds = options.only.split(",")
        faults = dict.fromkeys(kinds, options.faults / len(kinds))
    double = JudgeDouble(
        latency_s=options.latency_ms / 1000.0,
        faults=faults,
        served=options.served,
        bias=options.bias,
        native=options.native,
    )
    serve_until_killed(double, options.port)


if __name__ == "__main__":
    main(sys.argv[1:])
