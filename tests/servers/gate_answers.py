"""Answers of models that test questions, for the double: right about some, fooled by others, always the same.

    answers = GateAnswers(inner=story_answers)          # the writer's tasks are the inner one's
    answers.teach(movie)                                # or: what the questions of a movie are answered with
    answers("gate_blind", data, schema, seed)           # {"rationale": ..., "option": "B"}

It knows the answers of the questions that it wrote or was taught. What each gate gives away follows from a hash of the
question: `leaks` says in which share of questions a solver that should not know is right all the same. A solver that
does not know takes the first option, whatever it is.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from moviellm.generation.schema import Movie
from tests.servers.openai_answers import Spoken

LEAKS = {"gate_blind": 0.3, "gate_dialogue_only": 0.3, "gate_synopsis_only": 0.2, "gate_single_frame": 0.3}
FULL = 0.9
"""Share of questions that are answered right by who has everything."""


class GateAnswers:
    """See the module."""

    def __init__(self, inner: Any = None, leaks: Mapping[str, float] | None = None) -> None:
        self.inner = inner
        self.leaks = {**LEAKS, "gate_shuffled": 0.3, "gate_full": FULL, **(leaks or {})}
        self.known: dict[str, str] = {}

    def teach(self, movie: Movie) -> None:
        """Learn what a movie's questions are answered with."""
        self.known |= {question.question: question.answer for question in movie.qa_pairs or ()}

    def __call__(self, name: str, data: dict[str, Any], schema: dict[str, Any], seed: int) -> Any:
        if name.startswith("gate_"):
            return self._same(data) if name == "gate_judge" else self._solved(name, data)
        if name == "rewrite_question":
            return self._rewritten(data, seed)
        if name == "text" and set(data) == {"question", "answer"}:
            sure = _share("shown", data["question"]) < 0.5
            return Spoken("Yes" if sure else "No", {"Yes": -0.1, "No": -2.3} if sure else {"Yes": -2.3, "No": -0.1})
        value = self.inner(name, data, schema, seed) if self.inner else None
        if name == "questions" and isinstance(value, dict):
            self.known |= {item["question"]: item["answer"] for item in value["questions"] if item.get("answer")}
        return value

    def _solved(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        question = data["question"]
        knows = question in self.known and _share(name, question) < self.leaks[name]
        if data["answer_format"] == "temporal_grounding":
            start_s = float(_share("when", question))
            return {"rationale": "It must be early.", "start_s": start_s, "end_s": start_s + 4.0}
        if "options" not in data:
            said = self.known[question] if knows else "That cannot be told."
            return {"rationale": "It is often so.", "answer": said}
        right = next((letter for letter, text in data["options"].items() if text == self.known.get(question)), None)
        if knows and right is not None:
            return {"rationale": "The words give it away.", "option": right}
        return {"rationale": "The first one, as always.", "option": "A"}

    def _same(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"same": data["said"].casefold().strip(" .") in data["answer"].casefold()}

    def _rewritten(self, data: dict[str, Any], seed: int) -> dict[str, Any]:
        question = f"{data['question']} (asked anew, {seed % 1000})"
        self.known[question] = data["answer"]
        return {"question": question, "answer": data["answer"], "options": list(reversed(data["options"]))}


def _share(name: str, text: str) -> float:
    """A number from 0 to 1 that follows from the question and from what is asked about it."""
    return int(hashlib.sha256(f"{name} {text}".encode()).hexdigest()[:8], 16) / 16**8


_ALL: list[GateAnswers] = []


def answers(name: str, data: dict[str, Any], schema: dict[str, Any], seed: int) -> Any:
    """For the command line: the offline studio's stories, and gates about their questions."""
    if not _ALL:
        from tests.servers.story_answers import answers as story

        _ALL.append(GateAnswers(inner=story))
    return _ALL[0](name, data, schema, seed)
