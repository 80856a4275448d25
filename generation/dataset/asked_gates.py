"""What language models said about the questions, counted for the card; and what is left out of the test split for it.

    table = AskedGates()
    table.add(movie)                                  # a movie whose questions went through gatekeeping
    table.rows["llm_blind", "model-a"].mean           # mean share of right answers, with how many have none
    strict = Strict()
    strict.add(movie)                                 # first reading of the run: every movie
    strict.kept(movie)                                # second: a movie of the test split without its flagged questions

Test is strict: a flagged question is left out, and with it what cannot stand without it: its follow-ups, and the other
questions of its all-or-nothing group, in both twins. Train and validation keep every question with its flags. It asks
nobody and knows no thresholds: flags are computed in generation/gating/verdicts.py.
"""

from collections import Counter
from dataclasses import dataclass, field

from moviellm.generation.gating.measured import chance_of
from moviellm.generation.gating.verdicts import LLM_GATES
from moviellm.generation.schema import Flag, Movie, QAPair, Split

STRICT_SPLIT: Split = "test"


@dataclass
class AskedGate:
    """One gate as one model measured it."""

    questions: int = 0
    """Questions with a value."""
    unscored: int = 0
    """Questions without one."""
    total: float = 0.0
    """Sum of the values."""
    by_chance: float = 0.0
    """Sum of the chances of somebody who draws an option; 0 where there is nothing to draw from."""

    @property
    def mean(self) -> float:
        return self.total / self.questions if self.questions else 0.0

    @property
    def chance(self) -> float:
        return self.by_chance / self.questions if self.questions else 0.0


@dataclass
class AskedGates:
    """Counts by gate and model, and flags by split."""

    rows: dict[tuple[str, str], AskedGate] = field(default_factory=dict)
    flags: dict[Flag, Counter[str]] = field(default_factory=dict)
    """Questions in the dataset by flag and split."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Questions left out of the test split: by flag, and `follows` for those that went with a flagged one."""

    def add(self, movie: Movie) -> None:
        """Count the questions of a movie."""
        for question in movie.qa_pairs or ():
            chance = chance_of(question)
            for score in question.gates or ():
                if score.name not in LLM_GATES:
                    continue
                row = self.rows.setdefault((score.name, score.measured_by), AskedGate())
                if score.value is None:
                    row.unscored += 1
                    continue
                row.questions += 1
                row.total += score.value
                row.by_chance += chance or 0.0
            for flag in question.flags:
                self.flags.setdefault(flag, Counter())[movie.split or "none"] += 1

    def ordered(self) -> list[tuple[str, str, AskedGate]]:
        """Gate, model and counts, in the order in which gates are told."""
        return sorted(
            ((gate, model, row) for (gate, model), row in self.rows.items()),
            key=lambda item: (LLM_GATES.index(item[0]), item[1]),
        )


@dataclass
class Strict:
    """Which questions of the test split stay."""

    _groups: set[str] = field(default_factory=set)
    """Groups with a flagged question, in any movie: twins share theirs."""

    def add(self, movie: Movie) -> None:
        """First reading: remember the groups that lose a question."""
        flagged = (question for question in movie.qa_pairs or () if question.flags)
        self._groups.update(question.group_id for question in flagged if question.group_id is not None)

    def kept(self, movie: Movie, left_out: Counter[str]) -> Movie:
        """The movie with the questions that its split keeps; counts the others by what is said against them."""
        if movie.split != STRICT_SPLIT or movie.qa_pairs is None:
            return movie
        gone: set[str] = set()
        pairs: list[QAPair] = []
        for question in movie.qa_pairs:  # a follow-up comes after what it follows
            if question.flags or question.group_id in self._groups or question.turn_of in gone:
                gone.add(question.question_id)
                left_out.update(question.flags or ("follows",))
            else:
                pairs.append(question)
        return movie.model_copy(update={"qa_pairs": tuple(pairs)}) if gone else movie
