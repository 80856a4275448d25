"""Movies of a benchmark get new ids, and their questions and options a new order: what an order tells is gone.

    names = Names(secret, movie_ids)
    names.renamed(movie)                            # m00107-q003 becomes m00012-q011; options are in another order

Ids of a run count movies as they were made and questions as they were asked, twins follow each other, and a place in
an order can give an answer away. New ids and orders are drawn by the hash of a secret, which follows from the dataset:
the same dataset gives the same names, and nobody without it can find the way back. Seeds and parameters are taken out,
for whoever has them can make the movies again, with the answers. Options of the same question in two twins keep the
same order. Questions that cannot be answered take a level as those have it that are put alike.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from moviellm.generation.schema import Level, Movie, Provenance, QAPair

_ID: Final = re.compile(r"(?<!\w)(m\d{5,})(-q\d+)?(?!\w)")
UNANSWERABLE: Final = "unanswerable"
HIDDEN: Final = {"seed": 0, "params": "{}"}
"""What of a provenance would let others make the movie again."""


class Names:
    """New names for the movies of a benchmark."""

    def __init__(self, secret: bytes, movies: Iterable[Movie]) -> None:
        self._secret = secret
        self.movies: dict[str, str] = {}
        self._questions: dict[str, str] = {}
        self._levels: dict[tuple[str, str], list[Level]] = {}
        """Levels of questions that can be answered, by how they are put."""
        found = sorted(movies, key=lambda movie: self.place("movie", movie.movie_id))
        for number, movie in enumerate(found):
            new = f"m{number:05d}"
            self.movies[movie.movie_id] = new
            for place, pair in enumerate(self._shuffled(movie.qa_pairs or ())):
                self._questions[pair.question_id] = f"{new}-q{place:03d}"
                if pair.question_type != UNANSWERABLE:
                    for how in _put(pair):
                        self._levels.setdefault(how, []).append(pair.level)

    def place(self, *parts: str) -> bytes:
        """Where something comes in the new order."""
        return hashlib.sha256(self._secret + "\x00".join(parts).encode()).digest()

    def _shuffled(self, pairs: tuple[QAPair, ...]) -> list[QAPair]:
        """Questions in a new order; a follow-up comes behind what it follows."""
        known = {pair.question_id: pair for pair in pairs}

        def root(pair: QAPair) -> str:
            while pair.turn_of is not None and pair.turn_of in known:
                pair = known[pair.turn_of]
            return pair.question_id

        return sorted(pairs, key=lambda pair: self.place("question", root(pair)))  # stable: turns stay in order

    def text(self, text: str) -> str:
        """A text with the new ids for the old ones."""
        return _ID.sub(self._new, text)

    def _new(self, match: re.Match[str]) -> str:
        if match[2] is not None and match[0] in self._questions:
            return self._questions[match[0]]
        return self.movies.get(match[1], match[1]) + (match[2] or "")

    def renamed(self, movie: Movie) -> Movie:
        """The movie with its new ids, its questions and their options in the new order, without its seed."""
        pairs = None
        if movie.qa_pairs is not None:
            pairs = tuple(self._question(pair) for pair in self._shuffled(movie.qa_pairs))
        made = tuple(_unseeded(one) for one in movie.provenance)
        bare = movie.model_copy(update={"qa_pairs": pairs, "provenance": made, "seed": 0})
        return Movie.model_validate(self._walked(bare.model_dump(mode="python")))

    def _question(self, pair: QAPair) -> QAPair:
        made = None if pair.provenance is None else _unseeded(pair.provenance)
        pair = pair.model_copy(update={"provenance": made, "level": self._level(pair)})
        if not pair.options:
            return pair
        options = tuple(sorted(pair.options, key=lambda option: self.place("option", pair.question, option)))
        return pair.model_copy(update={"options": options, "answer_index": options.index(pair.answer)})

    def _level(self, pair: QAPair) -> Level:
        """The level; of what cannot be answered, one drawn from questions that are put alike and can.

        All of those are of the whole movie, and others that begin with the same word hardly ever are: the level alone
        would tell most of them.
        """
        if pair.question_type != UNANSWERABLE:
            return pair.level
        known = next((self._levels[how] for how in _put(pair) if how in self._levels), [pair.level])
        return known[int.from_bytes(self.place("level", pair.question_id)[:8]) % len(known)]

    def _walked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value) if "m" in value else value
        if isinstance(value, Mapping):
            return {name: self._walked(inner) for name, inner in value.items()}
        if isinstance(value, (tuple, list)):
            return tuple(self._walked(inner) for inner in value)
        return value


def _put(pair: QAPair) -> tuple[tuple[str, str], tuple[str, str]]:
    """How a question is put: its form and its first word; then its form alone."""
    first = pair.question.casefold().split()[:1]
    return (pair.answer_format, "".join(first)), (pair.answer_format, "")


def _unseeded(made: Provenance) -> Provenance:
    """Who made it, without what lets others make it again; an import's ids of its originals stay."""
    if made.stage == "import":
        return made
    return made.model_copy(update=HIDDEN)


def flat_ids(movie: Movie) -> dict[str, str]:
    """Ids of keyframes and lines that say their place in the film and no scene."""
    frames = {frame.keyframe_id: f"{movie.movie_id}-k{place:04d}" for place, frame in enumerate(movie.keyframes())}
    lines = {line.line_id: f"{movie.movie_id}-d{place:04d}" for place, line in enumerate(movie.dialogue())}
    return frames | lines


def secret_of(rows_sha256: str) -> bytes:
    """The secret of a benchmark, from the hash of the rows of the dataset it is made of."""
    return hashlib.sha256(json.dumps(["moviellm bench", 1, rows_sha256]).encode()).digest()
