"""Measures of people, on colours: Ada is red, Bo is green."""

from pathlib import Path

import pytest

from moviellm.eval.eyes import Eyes
from moviellm.eval.people import OnStage, People
from moviellm.eval.pictures import Box
from tests.eval.painted import BLUE, GREEN, RED, ColourSeer, image, movie, picture

LEFT, RIGHT = Box("ada", 0.0, 0.0, 0.5, 1.0, 0.0), Box("bo", 0.5, 0.0, 0.5, 1.0, 0.0)


def values(part: object) -> dict[str, float | None]:
    return {metric.measure: metric.value for metric in part.metrics()}


def test_people_are_cut_out_where_they_are(tmp_path: Path) -> None:
    part = People(Eyes(ColourSeer(), tmp_path))
    part.add(movie(0, *(picture(f"k{i}", image(RED, GREEN), people=(LEFT, RIGHT)) for i in range(3))))
    found = values(part)
    assert (found["identity_same"], found["identity_others"], found["identity_gap"]) == (1.0, 0.0, 1.0)


def test_somebody_who_changes_is_not_the_same(tmp_path: Path) -> None:
    part = People(Eyes(ColourSeer(), tmp_path))
    part.add(movie(0, *(picture(f"k{i}", image(c), people=(LEFT,)) for i, c in enumerate((RED, BLUE)))))
    assert values(part)["identity_same"] == 0.0


def test_people_of_one_picture_are_not_compared(tmp_path: Path) -> None:
    part = People(Eyes(ColourSeer(), tmp_path))
    part.add(movie(0, picture("k0", image(RED, GREEN), people=(LEFT, RIGHT))))
    assert set(values(part).values()) == {None}


def test_who_is_hidden_or_tiny_is_not_compared(tmp_path: Path) -> None:
    part = People(Eyes(ColourSeer(), tmp_path))
    hidden, tiny = Box("ada", 0.0, 0.0, 0.5, 1.0, 0.8), Box("ada", 0.0, 0.0, 0.1, 0.1, 0.0)
    part.add(movie(0, *(picture(f"k{i}", image(RED), people=(hidden, tiny)) for i in range(2))))
    assert values(part)["identity_same"] is None


def test_where_nobody_knows_the_boxes_pictures_of_one_alone_are_compared(tmp_path: Path) -> None:
    part = People(Eyes(ColourSeer(), tmp_path))
    alone = [picture(f"a{i}", image(RED), asked=("ada",)) for i in range(2)]
    both = picture("both", image(BLUE), asked=("ada", "bo"))
    part.add(movie(0, *alone, both, picture("b", image(GREEN), asked=("bo",))))
    found = values(part)
    assert (found["identity_same_alone"], found["identity_others_alone"]) == (1.0, 0.0)


def test_people_of_other_movies_are_compared_too(tmp_path: Path) -> None:
    part = People(Eyes(ColourSeer(), tmp_path))
    for number, colour in enumerate((RED, GREEN)):
        part.add(movie(number, *(picture(f"k{i}", image(colour), people=(LEFT,)) for i in range(2))))
    found = values(part)
    assert (found["identity_between"], found["identity_gap_movies"]) == (0.0, 1.0)


@pytest.mark.parametrize(("occluded", "share"), [(0.0, 1.0), (0.85, 1.0), (0.95, 0.0)])
def test_who_can_hardly_be_seen_is_not_on_stage(tmp_path: Path, occluded: float, share: float) -> None:
    part = OnStage(Eyes(ColourSeer(), tmp_path))
    box = Box("ada", 0.0, 0.0, 0.5, 1.0, occluded)
    part.add(movie(0, picture("k0", image(RED), people=(box,), asked=("ada",))))
    (metric,) = part.metrics()
    assert (metric.name, metric.value) == ("on_stage", share)
