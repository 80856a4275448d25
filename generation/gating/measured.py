"""Can a question be answered without looking? Measured over a whole dataset, stored with each question.

    gates = Gates(channels)                    # `channels` answers a movie's questions from one channel, or None
    for movie in movies: gates.add(movie)      # first reading: a sample of the questions
    gates.learn(advance)
    for movie in movies: gates.scored(movie)   # second reading: the movie with `QAPair.gates` filled

The value of a gate is 1 where its solver is right and 0 where it is wrong; a solver that draws among what remains gets
its expected accuracy. `chance` stands beside them.

    options_only           a model that learned from other movies reads the options         (learned.py)
    question_only          the same, and it reads the question                              (learned.py)
    longest_option         takes the longest option
    most_frequent_answer   takes what is most often right in other movies for questions that begin alike
    lexical                takes the option whose words, with the question's, are nearest to a spoken line and its
                           neighbours (TF-IDF)
    dialogue_only          an exact reader of the movie's log that has nothing but what is said
    single_frame           the same with any one keyframe
    shuffled               the same with all keyframes, in no order

The first four are blind: their pick follows from the question's text and its options alone, so that of two twins,
which share both and not the answer, at most one is answered right. Open-ended questions have no gate, and empty
`gates`; those that are answered by yes or no have two, `question_only` and `most_frequent_answer`.

Memory holds a sample of the questions and not the movies. It drops no question and judges none: see
dataset/gate_table.py.
"""

import math
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np

from moviellm.generation.gating.learned import Choice, Solver, best_of, folds_of, learn, words_of
from moviellm.generation.schema import Movie, QAPair, Score

BLIND = ("options_only", "question_only", "longest_option", "most_frequent_answer")
CHANNELS = ("dialogue_only", "single_frame", "shuffled")
GATES = (*BLIND, "lexical", *CHANNELS)
CLOSED = ("question_only", "most_frequent_answer")
"""The gates of a yes-or-no question."""
CHANCE = "chance"
MEASURED_BY = "moviellm/gates 1"
SAMPLE = 12_000
"""Questions that the learned gates are trained on at most; all are scored."""
YES_OR_NO = frozenset({"yes", "no", "sí"})
WINDOW = 1
"""Neighbours on either side that a spoken line is read with."""

Channels = Callable[[Movie], Mapping[str, Mapping[str, float]]]
"""Expected accuracy by question id and gate, of exact readers that have one channel only."""


def is_closed(question: QAPair) -> bool:
    """Whether it is open-ended and answered by yes or no alone."""
    return question.answer_format == "open_ended" and question.answer.strip(" .").casefold() in YES_OR_NO


def chance_of(question: QAPair) -> float | None:
    """How often somebody is right who draws; None where there is nothing to draw from."""
    if question.options:
        return 1 / len(question.options)
    return 0.5 if is_closed(question) else None


class Gates:
    """The gates of one dataset: see above for the order of its methods."""

    def __init__(self, channels: Channels | None = None) -> None:
        self._channels = channels
        self._sample: list[tuple[int, str, Choice]] = []
        """Questions with their ids and what they are drawn by."""
        self._groups: set[str] = set()
        self._folds: dict[str, int] = {}
        self._solvers: dict[str, Solver] = {}
        self._frequent = _Frequent()

    def add(self, movie: Movie) -> None:
        """First reading: remember a sample of its questions, the same whatever order the movies come in."""
        group = movie.twin_of or movie.movie_id
        for question in movie.qa_pairs or ():
            choice = _choice(question, group)
            if choice is not None:
                self._groups.add(group)
                self._sample.append((zlib.crc32(question.question_id.encode()), question.question_id, choice))
        if len(self._sample) > 2 * SAMPLE:
            self._thin()

    def learn(self, advance: Callable[[Fraction], None] = lambda part: None) -> None:
        """Train what is learned; `advance` is called with the share of the work just done, 1 in all."""
        self._thin()
        self._folds = folds_of(sorted(self._groups))
        choices = [choice for _, _, choice in self._sample]
        for choice in choices:
            self._frequent.count(choice, self._folds[choice.group])
        if len(self._folds) < 2:
            return advance(Fraction(1))
        part = Fraction(1, 2 * (max(self._folds.values()) + 1))
        for gate in ("options_only", "question_only"):
            with_question = gate == "question_only"
            self._solvers[gate] = learn(choices, self._folds, with_question, lambda: advance(part))
        self._sample = []

    def scored(self, movie: Movie) -> Movie:
        """The movie with the gates of its questions; None where it has none."""
        if movie.qa_pairs is None:
            return movie
        group = movie.twin_of or movie.movie_id
        read = self._channels(movie) if self._channels else {}
        lines = _Lines([line.text for line in movie.dialogue()])
        pairs = tuple(
            question.model_copy(update={"gates": self._gates(question, group, lines, read.get(question.question_id))})
            for question in movie.qa_pairs
        )
        return movie.model_copy(update={"qa_pairs": pairs})

    def _thin(self) -> None:
        self._sample.sort(key=lambda row: row[:2])
        del self._sample[SAMPLE:]

    def _gates(
        self, question: QAPair, group: str, lines: "_Lines", read: Mapping[str, float] | None
    ) -> tuple[Score, ...]:
        kept = tuple(score for score in question.gates or () if score.name not in (CHANCE, *GATES))
        choice, chance = _choice(question, group), chance_of(question)
        if choice is None or chance is None:
            return kept
        found: list[Score] = [_score(CHANCE, chance)]
        for gate in GATES:
            if gate in CHANNELS:
                if question.options:
                    found.append(_score(gate, read.get(gate) if read else None, "nobody knows exactly what is asked"))
            elif question.options or gate in CLOSED:
                found.append(self._picked(gate, choice, lines))
        return (*kept, *found)

    def _picked(self, gate: str, choice: Choice, lines: "_Lines") -> Score:
        if gate == "longest_option":
            pick = best_of(choice, [len(option) for option in choice.options])
        elif gate == "lexical":
            pick = lines.pick(choice)
        elif len(self._folds) < 2:
            return _score(gate, None, "it learns from other movies, and no unrelated one has such a question")
        elif gate == "most_frequent_answer":
            pick = self._frequent.pick(choice, self._folds[choice.group])
        else:
            pick = self._solvers[gate].pick(choice)
        return _score(gate, float(pick == choice.right))


def _score(name: str, value: float | None, reason: str = "") -> Score:
    return Score(name=name, value=value, reason=None if value is not None else reason, measured_by=MEASURED_BY)


def _choice(question: QAPair, group: str) -> Choice | None:
    """A question that one can guess at; yes and no are its options where it has none of its own."""
    options, right = question.options, question.answer_index
    if is_closed(question):
        yes = question.answer.strip(" .").casefold() != "no"
        options, right = ("yes", "no"), int(not yes)
    if right is None:
        return None
    return Choice(group, question.question, options, right)


class _Frequent:
    """How often an answer was right, and how often a position, by the first two words of the question and by fold.

    Not by question type: a solver reads the question, and the type `unanswerable` is the answer.
    """

    def __init__(self) -> None:
        self._right: Counter[tuple[str, str | int, int]] = Counter()

    def count(self, choice: Choice, fold: int) -> None:
        for key in (choice.options[choice.right].casefold(), choice.right):
            self._right[_opening(choice), key, fold] += 1
            self._right[_opening(choice), key, -1] += 1

    def pick(self, choice: Choice, fold: int) -> int:
        """The option that was right most often outside the fold; where none ever was, the position that was."""
        kind = _opening(choice)

        def outside(key: str | int) -> int:
            return self._right[kind, key, -1] - self._right[kind, key, fold]

        counts = [outside(option.casefold()) for option in choice.options]
        return best_of(choice, counts if any(counts) else [outside(index) for index in range(len(counts))])


def _opening(choice: Choice) -> str:
    return " ".join(words_of(choice.question)[:2])


class _Lines:
    """The spoken lines of a movie, each with its neighbours, as weighed words."""

    def __init__(self, texts: list[str]) -> None:
        said = [Counter(words_of(text)) for text in texts]
        near = [sum(said[max(0, i - WINDOW) : i + WINDOW + 1], Counter[str]()) for i in range(len(said))]
        spread = Counter(word for line in near for word in line)
        self._rarity = {word: math.log((1 + len(near)) / (1 + count)) + 1 for word, count in spread.items()}
        places: dict[str, list[tuple[int, float]]] = {}
        lengths = np.zeros(max(len(near), 1))
        for index, line in enumerate(near):
            for word, count in line.items():
                weight = count * self._rarity[word]
                lengths[index] += weight * weight
                places.setdefault(word, []).append((index, weight))
        self._lengths = np.sqrt(np.maximum(lengths, 1e-12))
        self._places = {
            word: (np.array([i for i, _ in found]), np.array([w for _, w in found])) for word, found in places.items()
        }

    def pick(self, choice: Choice) -> int:
        """The option that, read with the question, has the largest cosine to any line."""
        asked = words_of(choice.question)
        return best_of(choice, [self._nearest(Counter([*asked, *words_of(option)])) for option in choice.options])

    def _nearest(self, words: Counter[str]) -> float:
        common, length = np.zeros(len(self._lengths)), 0.0
        for word, count in sorted(words.items()):
            weight = count * self._rarity.get(word, 1.0)
            length += weight * weight
            if word in self._places:
                lines, weights = self._places[word]
                common[lines] += weight * weights
        return float((common / self._lengths).max()) / math.sqrt(length or 1.0)
