"""Measures of whole pictures, on colours whose likeness is known."""

from pathlib import Path

import numpy as np
import pytest

from moviellm.eval.eyes import Eyes, Neighbours
from moviellm.eval.likeness import NextPicture, StyleLikeness, TextFit
from moviellm.eval.pictures import MoviePictures
from tests.eval.painted import BLUE, GREEN, RED, ColourSeer, image, movie, picture


class ColourJudge:
    """The distance is the difference of the mean colours."""

    measure, definition = "perceptual_next", "difference of mean colours"
    model_id, revision = ColourSeer.model_id, ColourSeer.revision

    def neighbours(self, pictures: list) -> np.ndarray:
        means = np.array([np.asarray(one, np.float32).mean((0, 1)) for one in pictures])
        return np.abs(means[1:] - means[:-1]).mean(1)


def scenes(number: int, *colours: tuple[int, int, int]) -> MoviePictures:
    return movie(
        number, *(picture(f"k{number}-{i}", image(colour), scene=f"s{i}") for i, colour in enumerate(colours))
    )


def values(part: object) -> dict[str, float | None]:
    return {metric.measure: metric.value for metric in part.metrics()}


def test_a_locked_style_is_more_alike_within_movies_than_between_them(tmp_path: Path) -> None:
    part = StyleLikeness(Eyes(ColourSeer(), tmp_path))
    for number, colour in enumerate((RED, GREEN, BLUE, RED, GREEN, BLUE)):
        part.add(scenes(number, colour, colour, colour))
    inside, outside, gap = part.metrics()
    assert (inside.value, inside.low, inside.high) == (1.0, 1.0, 1.0)
    assert outside.value == pytest.approx(1 / 5)  # one of the five others has the same colour
    assert gap.value == pytest.approx(4 / 5)
    assert gap.low is not None and gap.low > 0.3


def test_without_a_locked_style_there_is_no_gap(tmp_path: Path) -> None:
    part = StyleLikeness(Eyes(ColourSeer(), tmp_path))
    for number in range(6):
        part.add(scenes(number, RED, GREEN, BLUE))
    assert values(part) == pytest.approx({"style_within": 0.0, "style_between": 1 / 3, "style_gap": -1 / 3})


def test_pictures_of_one_scene_do_not_count_for_the_style(tmp_path: Path) -> None:
    part = StyleLikeness(Eyes(ColourSeer(), tmp_path))
    part.add(movie(0, *(picture(f"k{i}", image(RED), scene="s0") for i in range(3))))
    inside = part.metrics()[0]
    assert (inside.value, inside.note) == (None, "not measured: no movie has pictures of two scenes")


def test_one_movie_is_held_against_no_other(tmp_path: Path) -> None:
    part = StyleLikeness(Eyes(ColourSeer(), tmp_path))
    part.add(scenes(0, RED, GREEN))
    assert [metric.note for metric in part.metrics()] == [None, *["not measured: it takes two movies"] * 2]


def test_equal_neighbours_are_wholly_alike_and_at_no_distance(tmp_path: Path) -> None:
    part = NextPicture(Eyes(ColourSeer(), tmp_path), Neighbours(ColourJudge(), tmp_path))
    part.add(scenes(0, RED, RED, RED))
    assert values(part) == {"clip_next": 1.0, "perceptual_next": 0.0}
    assert [metric.n for metric in part.metrics()] == [2, 2]


def test_only_neighbours_count(tmp_path: Path) -> None:
    part = NextPicture(Eyes(ColourSeer(), tmp_path), Neighbours(ColourJudge(), tmp_path))
    part.add(scenes(0, RED, GREEN, RED, GREEN))
    assert values(part) == {"clip_next": 0.0, "perceptual_next": 170.0}


def test_every_movie_weighs_the_same_however_long(tmp_path: Path) -> None:
    part = NextPicture(Eyes(ColourSeer(), tmp_path), Neighbours(ColourJudge(), tmp_path))
    part.add(scenes(0, *[RED] * 9))
    part.add(scenes(1, RED, GREEN))
    assert values(part)["clip_next"] == 0.5


def test_few_movies_give_no_interval(tmp_path: Path) -> None:
    part = NextPicture(Eyes(ColourSeer(), tmp_path), Neighbours(ColourJudge(), tmp_path))
    part.add(scenes(0, RED, GREEN))
    part.add(scenes(1, RED, RED))
    metric = part.metrics()[0]
    assert (metric.value, metric.low, metric.high) == (0.5, None, None)


def test_a_metric_is_named_by_the_model_and_its_revision(tmp_path: Path) -> None:
    part = StyleLikeness(Eyes(ColourSeer(), tmp_path))
    assert part.metrics()[0].name == "style_within@tests/colour@0123456"


def test_a_model_that_does_not_read_scores_no_text(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tests/colour sees and does not read"):
        TextFit(Eyes(ColourSeer(), tmp_path))


def test_a_second_measuring_looks_at_nothing(tmp_path: Path) -> None:
    for seen in (3, 0):
        seer = ColourSeer()
        StyleLikeness(Eyes(seer, tmp_path)).add(scenes(0, RED, GREEN, BLUE))
        assert seer.seen == seen
