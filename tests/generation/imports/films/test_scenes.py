"""Scenes by colour and chapters by marks: what begins where, for any film."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.imports.films.scenes import SCENE_S_MIN, Scenes, alike, chapter_starts, colours
from moviellm.generation.imports.films.shots import Stretch
from tests.generation.imports.films.filmkit import colour_picture


def opened(names: list[str], length_s: float = 4.0) -> list[int]:
    """Stretches of these colours at which a scene begins."""
    scenes = Scenes()
    stretches = [
        Stretch(number * length_s, (number + 1) * length_s, number * length_s, colour_picture(name))
        for number, name in enumerate(names)
    ]
    return [number for number, stretch in enumerate(stretches) if scenes.opens(stretch)]


def test_a_scene_begins_where_the_colours_are_new() -> None:
    assert opened(["red"] * 3 + ["blue"] * 3 + ["grey"] * 3) == [0, 3, 6]


def test_to_and_fro_between_two_shots_is_one_scene() -> None:
    assert opened(["red", "blue", "red", "blue", "red", "blue"]) == [0]


def test_a_place_that_was_left_long_ago_is_a_new_scene() -> None:
    assert opened(["red"] * 3 + ["blue"] * 5 + ["red"] * 3) == [0, 3, 8]


def test_a_scene_lasts_a_while() -> None:
    starts = opened(["red", "blue", "grey", "yellow", "teal", "green", "red", "white"], length_s=2.0)
    assert all((later - earlier) * 2.0 >= SCENE_S_MIN for earlier, later in zip(starts, starts[1:], strict=False))


def test_colours_are_shares_and_pictures_are_alike_to_themselves() -> None:
    red, blue = colours(colour_picture("red")), colours(colour_picture("blue"))
    assert red.sum() == pytest.approx(1.0)
    assert alike(red, red) == pytest.approx(1.0)
    assert alike(red, blue) == pytest.approx(1 / 16, abs=0.01)  # the white corner
    assert alike(red, blue) == alike(blue, red)


STARTS = [0.0, 10.0, 20.0, 30.0, 40.0]


def test_a_chapter_begins_with_the_stretch_nearest_to_its_mark() -> None:
    marks = [(0.0, "The key"), (19.2, "The lamp"), (31.0, "Home")]
    assert chapter_starts(marks, STARTS) == [(0, "The key"), (2, "The lamp"), (3, "Home")]


def test_titles_that_only_number_say_nothing() -> None:
    marks = [(0.0, "Chapter 01"), (20.0, "Kapitel 2"), (30.0, "3"), (40.0, "Part of us")]
    assert chapter_starts(marks, STARTS) == [(0, ""), (2, ""), (3, ""), (4, "Part of us")]


def test_of_two_marks_in_one_stretch_the_first_counts() -> None:
    assert chapter_starts([(0.0, "A"), (10.1, "B"), (10.4, "C")], STARTS) == [(0, "A"), (1, "B")]


def test_a_film_without_marks_is_one_chapter() -> None:
    assert chapter_starts([], STARTS) == [(0, "")]


@given(
    marks=st.lists(
        st.tuples(st.floats(min_value=0, max_value=1e6), st.sampled_from(["", "Chapter 3", "The key"])), max_size=8
    ),
    lengths=st.lists(st.floats(min_value=0.01, max_value=50), min_size=1, max_size=12),
)
def test_chapters_begin_at_stretches_and_the_first_with_the_film(
    marks: list[tuple[float, str]], lengths: list[float]
) -> None:
    starts = [float(one) for one in np.cumsum([0.0, *lengths[:-1]])]
    found = [index for index, _ in chapter_starts(sorted(marks), starts)]
    assert found[0] == 0
    assert found == sorted(set(found))
    assert found[-1] < len(starts)
