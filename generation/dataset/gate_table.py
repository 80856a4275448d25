"""How often each gate was right on the questions that it should fail on: the table that the card shows.

    table = GateTable()
    table.add(movie)                           # a movie that went through gates.Gates.scored
    table.by_gate()["question_only"].holds     # whether it is within chance + 3 points

A gate is held against the questions whose `requires` says that its solver cannot know: the blind ones against all that
need seeing or hearing, `lexical` and `dialogue_only` against those that need seeing, `single_frame` and `shuffled`
against those that need the order. A question asked of two twins is also counted as a pair, right only if both are. It
measures nothing itself: see generation/gating/measured.py.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from moviellm.generation.gating.measured import CHANCE, GATES, chance_of
from moviellm.generation.schema import Movie, QAPair

MARGIN = 0.03
"""A gate holds while it is right at most so much more often than chance."""
NEEDED = {"lexical": ("vision",), "dialogue_only": ("vision",), "single_frame": ("order",), "shuffled": ("order",)}
"""What a question requires one of, so that the gate should fail; the blind ones: seeing or hearing."""


def should_fail(gate: str, question: QAPair) -> bool:
    """Whether what the question requires says that this gate's solver cannot know."""
    if chance_of(question) is None:
        return False
    return any(channel in question.requires for channel in NEEDED.get(gate, ("vision", "dialogue")))


def all_or_nothing(values: Iterable[float]) -> float:
    """The score of a group of questions: 1 when every one is right, else 0."""
    return float(all(value == 1.0 for value in values))


@dataclass
class GateCount:
    """What one gate did on the questions that it should fail on."""

    questions: int = 0
    unmeasured: int = 0
    """Such questions without a value: they are not among `questions`."""
    right: float = 0.0
    """Sum of the gate's values."""
    by_chance: float = 0.0
    """Sum of the chances: right answers of somebody who draws."""
    pairs: int = 0
    """Pairs of twins, where both have a value."""
    pairs_right: int = 0
    """Pairs answered right in both."""

    def __add__(self, other: "GateCount") -> "GateCount":
        return GateCount(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def accuracy(self) -> float:
        return self.right / self.questions if self.questions else 0.0

    @property
    def chance(self) -> float:
        return self.by_chance / self.questions if self.questions else 0.0

    @property
    def bound(self) -> float:
        return self.chance + MARGIN

    @property
    def holds(self) -> bool:
        return self.accuracy <= self.bound

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the accuracy (Wilson), questions taken as independent."""
        return wilson(self.right, self.questions)


def wilson(right: float, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval of a share; (0, 1) when nothing was counted."""
    if not count:
        return 0.0, 1.0
    share, spread = right / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass
class GateTable:
    """Counts by gate and question type, collected question by question."""

    counts: dict[tuple[str, str], GateCount] = field(default_factory=dict)
    _twins: dict[str, tuple[str, dict[str, float]]] = field(default_factory=dict)
    """Values by gate of the twin that came first, by group."""

    def add(self, movie: Movie) -> None:
        """Count the questions of a movie that went through `Gates.scored`."""
        for question in movie.qa_pairs or ():
            values = {score.name: score.value for score in question.gates or ()}
            chance = values.pop(CHANCE, None)
            if chance is None:
                continue
            for gate, value in values.items():
                if gate in GATES and should_fail(gate, question):
                    self._count(gate, question).questions += value is not None
                    self._count(gate, question).unmeasured += value is None
                    self._count(gate, question).right += value or 0.0
                    self._count(gate, question).by_chance += chance if value is not None else 0.0
            self._pair(movie, question, {gate: value for gate, value in values.items() if value is not None})

    def _count(self, gate: str, question: QAPair) -> GateCount:
        return self.counts.setdefault((gate, question.question_type or "none"), GateCount())

    def _pair(self, movie: Movie, question: QAPair, values: dict[str, float]) -> None:
        """Join a question asked of two twins: both movies have its group."""
        if question.group_id is None or "-twin-" not in question.group_id:
            return
        first = self._twins.get(question.group_id)
        if first is None or first[0] == movie.movie_id:
            self._twins[question.group_id] = (movie.movie_id, values)
            return
        del self._twins[question.group_id]
        for gate in GATES:
            if gate in first[1] and gate in values:
                self._count(gate, question).pairs += 1
                self._count(gate, question).pairs_right += int(all_or_nothing((first[1][gate], values[gate])))

    def by_gate(self) -> dict[str, GateCount]:
        """All question types together, in the order of `GATES`."""
        found = {}
        for gate in GATES:
            counts = [count for (name, _), count in self.counts.items() if name == gate]
            if counts:
                found[gate] = sum(counts, GateCount())
        return found
