"""Measures of whole pictures: against their texts, against the next one, and against those of other movies.

    part = StyleLikeness(eyes)
    part.add(movie)
    part.metrics()

Each is a part of what keyframes.py measures. People are in people.py.
"""

from collections.abc import Sequence

import numpy as np

from moviellm.eval.alike import Floats, within
from moviellm.eval.eyes import Eyes, Neighbours
from moviellm.eval.pictures import MoviePictures
from moviellm.eval.tally import Tally, against_other_movies
from moviellm.generation.dataset.results import Metric


class TextFit:
    """Pictures against the texts they were made from."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        eyes.reader  # noqa: B018 refuses a model that does not read before the work
        about = "cosine of a keyframe's {text} and its picture, the text cut to what the model reads"
        self.tallies = [
            Tally(
                measure=f"clip_{text}_image",
                unit="cosine",
                counted="keyframes",
                definition=about.format(text=text),
                by=eyes,
                absent="no keyframe has a picture",
            )
            for text in ("caption", "prompt")
        ]
        self._cut = [0, 0]

    def add(self, movie: MoviePictures) -> None:
        """Measure one movie."""
        if not movie.pictures:
            return
        seen = self._eyes.pictures(movie.pictures)
        for number, tally in enumerate(self.tallies):
            texts = [(one.caption, one.prompt)[number] for one in movie.pictures]
            fits = np.einsum("ij,ij->i", seen, self._eyes.texts(texts))
            tally.add(movie.movie_id, float(fits.mean()), len(fits))
            self._cut[number] += sum(self._eyes.reader.is_cut(text) for text in texts)

    def metrics(self) -> list[Metric]:
        """The numbers over all movies."""
        for tally, cut in zip(self.tallies, self._cut, strict=True):
            if cut:
                tally.notes = [f"{cut:,} of {tally.n:,} texts were cut"]
        return [tally.metric() for tally in self.tallies]


class NextPicture:
    """Each picture against the next one of its movie: the two columns of the paper's ablation."""

    def __init__(self, eyes: Eyes, neighbours: Neighbours) -> None:
        self._eyes, self._neighbours = eyes, neighbours
        judge, absent = neighbours.judge, "no movie has two pictures"
        near = "cosine of a keyframe's picture and the next one's in its movie"
        self.tallies = [
            Tally(measure="clip_next", unit="cosine", counted="pairs", definition=near, by=eyes, absent=absent),
            Tally(
                measure=judge.measure,
                unit="distance",
                counted="pairs",
                definition=judge.definition,
                by=judge,
                absent=absent,
            ),
        ]

    def add(self, movie: MoviePictures) -> None:
        """Measure one movie."""
        if len(movie.pictures) < 2:
            return
        seen = self._eyes.pictures(movie.pictures)
        pairs = len(seen) - 1
        self.tallies[0].add(movie.movie_id, float(np.einsum("ij,ij->i", seen[:-1], seen[1:]).mean()), pairs)
        self.tallies[1].add(movie.movie_id, float(self._neighbours.distances(movie.pictures).mean()), pairs)

    def metrics(self) -> list[Metric]:
        """The numbers over all movies."""
        return [tally.metric() for tally in self.tallies]


class StyleLikeness:
    """How alike pictures look within a movie and across movies."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        self._means: dict[str, Floats] = {}
        inside = "cosine of two keyframes of different scenes of one movie"
        outside = "cosine of a keyframe and those of other movies"
        self.tallies = [
            self._tally("style_within", "pairs", inside, "no movie has pictures of two scenes"),
            self._tally("style_between", "pairs of movies", outside, ""),
            self._tally("style_gap", "movies", "style_within less style_between: what a locked style adds", ""),
        ]

    def _tally(self, measure: str, counted: str, definition: str, absent: str) -> Tally:
        return Tally(
            measure=measure, unit="cosine", counted=counted, definition=definition, by=self._eyes, absent=absent
        )

    def add(self, movie: MoviePictures) -> None:
        """Measure one movie."""
        if not movie.pictures:
            return
        seen = self._eyes.pictures(movie.pictures)
        scenes = [one.scene_id for one in movie.pictures]
        self.tallies[0].add(movie.movie_id, *within(seen, [0] * len(seen), scenes))
        self._means[movie.movie_id] = seen.mean(0)

    def metrics(self) -> Sequence[Metric]:
        """The numbers over all movies."""
        return against_other_movies(self.tallies[0], self.tallies[1], self.tallies[2], self._means)
