"""One question to a judge: what it is about, how it is put, and the hash of all that decides the verdict.

    request = JudgeRequest(rubric=rubric, item_id="m00001-q003", question="...", reference="...", answers=("...",))
    request.messages                                # system: rubric and rules; user: the data between two marks
    key_of(request, "gpt-5.4-mini-2026-03", params)

Answers are data that strangers wrote. They go to the judge as values of one JSON object between two lines with a mark
that nobody can know beforehand: it follows from a hash of the whole data, so that the same request is the same bytes.
Letters that a chat template or a terminal could take for its own (angle brackets, [INST], line separators, controls,
marks of direction) are written as JSON escapes: to a reader of JSON nothing changes. It asks nobody: see asking.py.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from moviellm.eval.judging.rubric import Rubric
from moviellm.generation.schema import canonical_json

VERSION: Final = 1
"""Bumped when the same request would be put to a judge in other words."""
TEXT_MAX: Final = 8000
"""Characters of an answer that a judge gets; the rest is left out, and the data says so."""
CUT: Final = " [the rest of this answer was left out for its length]"
_TO_ESCAPE: Final = re.compile(
    "[<>\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\\[(?=/?[A-Z_]{3,}\\])"
)
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class JudgeRequest:
    """What a judge is asked once."""

    rubric: Rubric
    item_id: str
    """Of the question, or of the group of questions that are judged together."""
    question: str
    reference: str
    """The answer that is known to be right."""
    facts: tuple[str, ...] = ()
    """What happens in the movie, in the order of time."""
    answers: tuple[str, ...]
    """One, or those of two runs (pairwise), or those to two wordings of a question; never in the order shown."""
    order: Literal[0, 1] = 0
    """Pairwise: 0 shows the first answer as A; 1 shows the second as A."""
    sample: int = 0
    """Which of several equal questions: judges do not always say the same."""
    revision: str = ""
    """Version of the data that the item is of."""

    @cached_property
    def data(self) -> str:
        """What is judged, as one line of JSON."""
        found: dict[str, Any] = {"question": self.question, "reference": self.reference}
        if self.rubric.facts:
            found["facts"] = list(self.facts)
        names: tuple[str, ...] = ("answer",)
        if self.rubric.form == "pairwise":
            names = ("A", "B")
        elif self.rubric.questions == 2:
            names = ("answer_1", "answer_2")
        shown = self.answers if self.order == 0 else self.answers[::-1]
        found |= {name: _bounded(text) for name, text in zip(names, shown, strict=True)}
        text = _SURROGATES.sub("\ufffd", json.dumps(found, ensure_ascii=False))
        return _TO_ESCAPE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)

    @cached_property
    def mark(self) -> str:
        """The mark around the data; no part of the data can name it."""
        said = canonical_json({"data": self.data, "rubric": self.rubric.text_sha256, "sample": self.sample})
        return hashlib.sha256(said.encode()).hexdigest()[:24]

    @property
    def messages(self) -> list[dict[str, str]]:
        """As a judge gets it."""
        return [
            {"role": "system", "content": self.rubric.system.replace("{mark}", self.mark)},
            {"role": "user", "content": f"=== data {self.mark} ===\n{self.data}\n=== end {self.mark} ==="},
        ]


def _bounded(text: str) -> str:
    return text if len(text) <= TEXT_MAX else text[:TEXT_MAX] + CUT


def key_of(request: JudgeRequest, version: str, params: Mapping[str, Any]) -> str:
    """Hash of everything that decides a verdict: judge, rubric, item, reference, facts, answers, order, sample."""
    asked = {
        "version": VERSION,
        "judge": version,
        "params": dict(params),
        "rubric": [request.rubric.id, request.rubric.text_sha256],
        "item": [request.item_id, request.revision],
        "question_sha256": _sha256(request.question),
        "reference_sha256": _sha256(request.reference),
        "facts_sha256": _sha256(canonical_json(list(request.facts) if request.rubric.facts else [])),
        "answers_sha256": [_sha256(answer) for answer in request.answers],
        "order": request.order,
        "sample": request.sample,
    }
    return _sha256(canonical_json(asked))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()
