"""What a solver learns that reads questions and options and never the movie: a linear model, cross-validated by movie.

    solver = learn(choices, with_question=True, advance=advance)    # `choices`: a sample of the dataset's questions
    solver.pick(choice)                                             # index of an option, by a model that never saw it

Two solvers stand for all: `with_question=False` sees the options alone, `True` also the question, each word of it
paired with each word of an option. Both also see where an option stands, whether it is the longest or the shortest,
and whether it shares most words with the others; the second also how many words it shares with the question. Words and
pairs of words are hashed, weighed by TF-IDF and given to a logistic regression over the options of one question
(softmax within the question), trained by AdaGrad. Movies that belong together (twins) lie in one fold, and a question
is answered only by the model that was trained without its fold.

Written in NumPy: scikit-learn would bring SciPy into the core, has no softmax within a question, and its answers would
change with its version and the number of cores. The same questions give the same picks on any number of cores.

It reads no movie and stores nothing: see measured.py.
"""

import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

SLOTS = 1 << 17
"""Slots that words are hashed into."""
FOLDS = 5
"""Parts of the movies; each is answered by a model trained on the others."""
EPOCHS = 4
BATCH = 128
"""Questions a step."""
RATE = 0.25
"""Step size of AdaGrad."""
MARK = 0.5
"""Weight of a mark (place, length, shared words) beside the words of an option, which have length 1 together."""
DIGITS = 6
"""Scores are compared to so many digits: what differs less is a tie."""

Hashes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_WORD = re.compile(r"\w+(?:['’]\w+)?")


@dataclass(frozen=True, slots=True)
class Choice:
    """A multiple-choice question as a solver reads it that never sees the movie."""

    group: str
    """Movies with the same group lie in one fold: a movie and its twin."""
    question: str
    options: tuple[str, ...]
    right: int


@dataclass(frozen=True, slots=True)
class _Item:
    """A question as hashed words: those of all its options, one after the other, and how many each option has."""

    words: npt.NDArray[np.int32]
    marks: npt.NDArray[np.int32]
    """The same for its marks: what is not a word."""
    word_counts: npt.NDArray[np.int32]
    mark_counts: npt.NDArray[np.int32]
    right: int


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return _WORD.findall(text.casefold())


def tie_break(choice: Choice) -> Callable[[int], int]:
    """A key that orders options by chance, the same for the same question and options: twins are answered alike."""
    seed = choice.question + "\0" + "\0".join(choice.options)
    return lambda index: zlib.crc32(f"{index}\0{seed}".encode())


def best_of(choice: Choice, scores: Sequence[float]) -> int:
    """The index of the highest score; among equal ones by chance, the same for the same question and options."""
    highest = max(round(score, DIGITS) for score in scores)
    tied = [index for index, score in enumerate(scores) if round(score, DIGITS) == highest]
    return min(tied, key=tie_break(choice))


@lru_cache(maxsize=1 << 16)
def _hash(text: str) -> int:
    return zlib.crc32(text.encode())


def _item(choice: Choice, with_question: bool) -> _Item:
    texts = [words_of(option) for option in choice.options]
    asked = words_of(choice.question) if with_question else []
    asked_hashes = np.array([_hash(word) for word in dict.fromkeys(asked)], dtype=np.int64)
    words = [_slots(text, asked_hashes) for text in texts]
    marks = [np.array([_hash(mark) % SLOTS for mark in found], dtype=np.int32) for found in _marks(texts, asked)]
    return _Item(
        words=np.concatenate(words),
        marks=np.concatenate(marks),
        word_counts=np.array([len(found) for found in words], dtype=np.int32),
        mark_counts=np.array([len(found) for found in marks], dtype=np.int32),
        right=choice.right,
    )


def _slots(words: list[str], asked: Hashes) -> npt.NDArray[np.int32]:
    """Words, pairs of neighbours with the borders, and each word beside each word of the question."""
    single = np.array([_hash(word) for word in ["\0whole " + " ".join(words), "\0start", *words, "\0end"]], np.int64)
    pairs = single[1:-1] * 31 + single[2:] * 17 + 7
    crossed = (asked[:, None] * 0x9E3779B1 ^ single[None, :-1] * 0x85EBCA77).ravel()
    return ((np.concatenate([single, pairs, crossed]) * 0x2545F491) >> 7 & (SLOTS - 1)).astype(np.int32)


def _marks(texts: list[list[str]], asked: list[str]) -> Iterator[list[str]]:
    """What can be seen of each option without understanding it."""
    lengths = [len(text) for text in texts]
    sets = [set(text) for text in texts]
    shared = [sum(len(one & other) for other in sets) - len(one) for one in sets]
    repeated = [len(one & set(asked)) for one in sets]
    for index, one in enumerate(sets):
        yield [
            f"\0place {index} of {len(texts)}",
            f"\0length {_rank(lengths, index)}",
            f"\0shared {_rank(shared, index)}",
            *([f"\0repeats {min(len(one & set(asked)), 4)}", f"\0repeats {_rank(repeated, index)}"] if asked else []),
        ]


def _rank(values: list[int], index: int) -> str:
    """Whether a value is the most, the least, or between; `alone` when nothing else is as much."""
    value = values[index]
    if min(values) == max(values):
        return "same"
    where = "most" if value == max(values) else "least" if value == min(values) else "between"
    return f"{where} alone" if values.count(value) == 1 else where


@dataclass(frozen=True)
class _Model:
    weights: Floats
    rarity: Floats
    """Inverse document frequency of each slot, over the training questions."""

    def scores(self, item: _Item) -> Floats:
        """One number an option."""
        values, norms, starts = _weighed([item], self.rarity)
        words = np.add.reduceat(self.weights[item.words] * values, starts) / norms
        marks = np.add.reduceat(self.weights[item.marks], _starts(item.mark_counts)) * MARK
        return np.asarray(words + marks)


def _starts(counts: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)[:-1]])


def _weighed(items: Sequence[_Item], rarity: Floats) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """TF-IDF of every word of these items, the length of each option's vector, and where each option starts."""
    values = rarity[np.concatenate([item.words for item in items])]
    starts = _starts(np.concatenate([item.word_counts for item in items]))
    return values, np.sqrt(np.add.reduceat(values * values, starts)), starts


def _rarity(items: Sequence[_Item]) -> Floats:
    """Inverse document frequency of every slot; a document is a question with its options."""
    found = np.zeros(SLOTS)
    for first in range(0, len(items), BATCH):
        block = np.concatenate([np.unique(item.words) for item in items[first : first + BATCH]])
        found += np.bincount(block, minlength=SLOTS)
    return np.asarray(np.log((1.0 + len(items)) / (1.0 + found)) + 1.0)


def _train(items: Sequence[_Item]) -> _Model:
    """Logistic regression over the options of each question, in a seeded order."""
    rarity = _rarity(items)
    weights, steps = np.zeros(SLOTS), np.full(SLOTS, 1e-6)
    dice = np.random.Generator(np.random.PCG64(7))
    for _ in range(EPOCHS):
        order = dice.permutation(len(items)).tolist()
        for first in range(0, len(order), BATCH):
            slope = _slope([items[i] for i in order[first : first + BATCH]], weights, rarity)
            steps += slope * slope
            weights -= RATE * slope / np.sqrt(steps)
    return _Model(weights, rarity)


def _slope(items: Sequence[_Item], weights: Floats, rarity: Floats) -> Floats:
    """Gradient of the mean loss: the chance given to each option minus whether it is right, times its words."""
    words, marks = (np.concatenate([getattr(item, name) for item in items]) for name in ("words", "marks"))
    word_counts = np.concatenate([item.word_counts for item in items])
    mark_counts = np.concatenate([item.mark_counts for item in items])
    options = np.array([len(item.word_counts) for item in items])
    values, norms, starts = _weighed(items, rarity)
    scores = np.add.reduceat(weights[words] * values, starts) / norms
    scores += np.add.reduceat(weights[marks], _starts(mark_counts)) * MARK
    firsts = np.concatenate([np.zeros(1, np.int64), np.cumsum(options)[:-1]])
    weight = np.exp(scores - np.repeat(np.maximum.reduceat(scores, firsts), options))
    error = weight / np.repeat(np.add.reduceat(weight, firsts), options)
    error[firsts + np.array([item.right for item in items])] -= 1.0
    error /= len(items)
    slope = np.bincount(words, np.repeat(error / norms, word_counts) * values, minlength=SLOTS)
    slope += np.bincount(marks, np.repeat(error * MARK, mark_counts), minlength=SLOTS)
    return np.asarray(slope)


@dataclass(frozen=True)
class Solver:
    """One model a fold, each trained on the other folds."""

    with_question: bool
    models: tuple[_Model, ...]
    fold_of: Mapping[str, int]
    """Fold by group."""

    def pick(self, choice: Choice) -> int:
        """The option that looks right to the model which was trained without this question's movie."""
        scores = self.models[self.fold_of[choice.group]].scores(_item(choice, self.with_question))
        return best_of(choice, scores.tolist())


def folds_of(groups: Sequence[str]) -> dict[str, int]:
    """A fold for every group, in their sorted order."""
    unique = sorted(set(groups))
    return {group: place % min(FOLDS, len(unique)) for place, group in enumerate(unique)}


def learn(
    choices: Sequence[Choice], fold_of: Mapping[str, int], with_question: bool, advance: Callable[[], None]
) -> Solver:
    """Train one model a fold; `advance` is called after each."""
    items = [_item(choice, with_question) for choice in choices]
    folds = [fold_of[choice.group] for choice in choices]
    models = []
    for fold in range(max(fold_of.values()) + 1):
        models.append(_train([item for item, other in zip(items, folds, strict=True) if other != fold]))
        advance()
    return Solver(with_question, tuple(models), fold_of)
