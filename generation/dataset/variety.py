"""How varied the language of a dataset is, measured on its first movies while it is written.

    variety = Variety(); variety.add(movie)                 # movie by movie
    variety.rows()                                          # [VarietyRow(texts="captions", ...), ...] for the card

The measures are those of diversity.py. What it holds does not grow with the dataset: the texts of `MOVIES_MAX` movies.
"""

from dataclasses import dataclass, field

from moviellm.generation.diversity import compression_ratio, distinct_n, opening_repetition, self_bleu
from moviellm.generation.schema import Movie

MOVIES_MAX = 200
"""Movies that are measured: the first ones."""
SELF_BLEU_SAMPLE = 100
"""Texts of a kind whose self-BLEU is averaged, and texts each is compared with."""
KINDS = ("captions", "dialogue", "summaries", "questions")


@dataclass(frozen=True, kw_only=True)
class VarietyRow:
    """One kind of text."""

    texts: str
    """`captions`, `dialogue`, `summaries` or `questions`."""
    count: int
    """How many were measured."""
    distinct_2: float
    """Different word pairs over all word pairs, 0 to 1; higher is more varied."""
    self_bleu: float
    """Mean BLEU-4 of a text against others, 0 to 1; lower is more varied."""
    compression: float
    """Bytes by compressed bytes; lower is more varied."""
    openings: float | None
    """Share of movies whose first text of this kind another movie begins with, too; None where order means nothing."""


@dataclass
class Variety:
    """Texts by kind, of the first movies."""

    movies: int = 0
    texts: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    first: dict[str, list[str]] = field(default_factory=lambda: {"captions": [], "dialogue": []})
    """First text of each movie, by kind."""

    def add(self, movie: Movie) -> None:
        """Take a movie in, unless enough are there, or it repeats another one as its twin."""
        if self.movies == MOVIES_MAX or movie.twin_of is not None:
            return
        self.movies += 1
        captions = [keyframe.caption for keyframe in movie.keyframes()]
        lines = [line.text for line in movie.dialogue()]
        self.texts["captions"] += captions
        self.texts["dialogue"] += lines
        self.texts["summaries"] += [movie.synopsis or "", *(scene.summary for scene in movie.scenes())]
        self.texts["questions"] += [question.question for question in movie.qa_pairs or ()]
        self.first["captions"] += captions[:1]
        self.first["dialogue"] += lines[:1]

    def rows(self) -> list[VarietyRow]:
        """The measures of every kind of which there is a text."""
        return [
            VarietyRow(
                texts=kind,
                count=len(texts),
                distinct_2=distinct_n(texts, 2),
                self_bleu=self_bleu(texts, sample=SELF_BLEU_SAMPLE),
                compression=compression_ratio(texts),
                openings=opening_repetition(self.first[kind]) if kind in self.first else None,
            )
            for kind, texts in self.texts.items()
            if texts
        ]
