"""Measures of the people in pictures: is it the same person every time, and are as many there as were asked for?

    part = People(eyes)
    part.add(movie)
    part.metrics()

Each is a part of what keyframes.py measures. It finds nobody: where people are is known from `visible`, or it is not.
"""

from typing import Final

import numpy as np

from moviellm.eval.alike import Floats, across, within
from moviellm.eval.eyes import Eyes
from moviellm.eval.pictures import Box, MoviePictures, Picture
from moviellm.eval.tally import Tally, against_other_movies
from moviellm.generation.dataset.results import Metric

HIDDEN_MAX: Final = 0.5
"""Share of a person that may be hidden in a crop that is compared."""
SEEN_MIN: Final = 0.1
"""Share of a person that must be seen to count as on stage."""
CROP_PX: Final = 24
"""Least height and width of a crop that is compared."""
NUMBERS: Final = ("nobody", "one person", "two people", "three people", "four or more people")


class People:
    """Whether a person looks the same in every picture, and unlike the others.

    People are cut out where it is known where they are; else whole pictures of one person alone are compared.
    """

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        self._boxes = _identity_tallies(eyes, "cut out of their pictures", "")
        self._alone = _identity_tallies(eyes, "by whole pictures that show one person alone", "_alone")
        self._means: dict[str, dict[str, Floats]] = {"boxes": {}, "alone": {}}

    @property
    def tallies(self) -> list[Tally]:
        """The values by movie."""
        return self._boxes if self._boxes[0].values or not self._alone[0].values else self._alone

    def add(self, movie: MoviePictures) -> None:
        """Measure one movie."""
        crops = [(one, box) for one in movie.pictures for box in one.people or () if _comparable(one, box)]
        if any(one.people is not None for one in movie.pictures):
            self._add(movie.movie_id, "boxes", self._boxes, crops)
            return
        whole = [(one, Box(one.asked[0], 0.0, 0.0, 1.0, 1.0, 0.0)) for one in movie.pictures if len(one.asked) == 1]
        self._add(movie.movie_id, "alone", self._alone, whole)

    def _add(self, movie_id: str, kind: str, tallies: list[Tally], crops: list[tuple[Picture, Box]]) -> None:
        if not crops:
            return
        seen = self._eyes.crops(crops)
        who = [box.who for _, box in crops]
        where = [one.keyframe_id for one, _ in crops]
        same, others = within(seen, who, where), across(seen, who, where)
        tallies[0].add(movie_id, *same)
        tallies[1].add(movie_id, *others)
        tallies[2].add(movie_id, same[0] - others[0], 1)
        self._means[kind][movie_id] = seen.mean(0)

    def metrics(self) -> list[Metric]:
        """The numbers over all movies."""
        tallies = self.tallies
        means = self._means["boxes" if tallies is self._boxes else "alone"]
        first = [tally.metric() for tally in tallies[:3]]
        _, outside, gap = against_other_movies(tallies[0], tallies[3], tallies[4], means)
        return [*first, outside, gap]


def _identity_tallies(eyes: Eyes, how: str, suffix: str) -> list[Tally]:
    absent = "it is not known where people are, and no movie shows one alone twice"
    rows = (
        ("identity_same", "pairs", f"cosine of two keyframes' pictures of the same person, {how}"),
        ("identity_others", "pairs", f"cosine of pictures of two people of one movie in different keyframes, {how}"),
        ("identity_gap", "movies", f"identity_same less identity_others, {how}"),
        ("identity_between", "pairs of movies", f"cosine of people of different movies, {how}"),
        ("identity_gap_movies", "movies", f"identity_same less identity_between, {how}"),
    )
    return [
        Tally(measure=name + suffix, unit="cosine", counted=counted, definition=text, by=eyes, absent=absent)
        for name, counted, text in rows
    ]


def _comparable(picture: Picture, box: Box) -> bool:
    """Whether enough of a person is seen to be compared."""
    width_px, height_px = picture.size_px
    big = box.width * width_px >= CROP_PX and box.height * height_px >= CROP_PX
    return big and box.occluded <= HIDDEN_MAX


class OnStage:
    """Whether as many people are seen as were asked for."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        exact = "share of keyframes that show as many people as asked, by their `visible`, a tenth of each to be seen"
        guess = (
            f"share of keyframes that show as many people as asked, by which of {len(NUMBERS)} sentences "
            f"({NUMBERS[0]} to {NUMBERS[-1]}) the model finds nearest; such models count badly, so read differences"
        )
        self._exact = Tally(measure="on_stage", unit="share", counted="keyframes", definition=exact)
        self._guess = Tally(measure="on_stage_clip", unit="share", counted="keyframes", definition=guess, by=eyes)

    @property
    def tallies(self) -> list[Tally]:
        """The values by movie."""
        return [tally for tally in (self._exact, self._guess) if tally.values] or [self._exact]

    def add(self, movie: MoviePictures) -> None:
        """Measure one movie."""
        known = [one for one in movie.pictures if one.people is not None]
        if known:
            right = [_on_stage(one) == len(one.asked) for one in known]
            self._exact.add(movie.movie_id, float(np.mean(right)), len(right))
        elif movie.pictures:
            numbers = self._eyes.texts([f"a picture of {number}" for number in NUMBERS])
            named = (self._eyes.pictures(movie.pictures) @ numbers.T).argmax(1)
            asked = [min(len(one.asked), len(NUMBERS) - 1) for one in movie.pictures]
            self._guess.add(movie.movie_id, float(np.mean(named == asked)), len(asked))

    def metrics(self) -> list[Metric]:
        """The numbers over all movies."""
        return [tally.metric() for tally in self.tallies]


def _on_stage(picture: Picture) -> int:
    return sum(1.0 - box.occluded >= SEEN_MIN for box in picture.people or ())
