"""Keyframes of a film: the grid and the shots tile it, show their middle, and cuts are found where they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.generation.imports.films import shots
from moviellm.generation.imports.films.pictures import Pictures
from moviellm.generation.imports.films.shots import CANDIDATES, Choose, Grid, Shots, Stretch
from moviellm.generation.imports.films.stream import open_film
from tests.generation.imports.films.filmkit import make_film, name_of


def stamp(frame: Any) -> Any:
    """A picture of a frame, for tests whose frames are numbers."""
    return np.full((2, 2, 3), frame % 251, np.uint8)


def run(choose: Choose, times_s: Sequence[float], end_s: float) -> list[Stretch]:
    """All stretches of a film whose frames are numbers."""
    made: list[Stretch] = []
    for number, time_s in enumerate(times_s):
        made += choose.add(time_s, number)  # type: ignore[arg-type]
    return made + list(choose.finish(end_s))


def assert_tiles(made: list[Stretch], end_s: float) -> None:
    assert made[0].start_s == 0.0
    assert made[-1].end_s == end_s
    assert all(one.end_s == other.start_s for one, other in zip(made, made[1:], strict=False))
    assert all(one.end_s > one.start_s for one in made)


@settings(max_examples=30)
@given(
    gaps_s=st.lists(st.floats(min_value=0.001, max_value=3.0), min_size=1, max_size=25),
    fps=st.floats(min_value=0.2, max_value=20.0),
    first_s=st.floats(min_value=0.0, max_value=3.0),
)
def test_the_grid_tiles_any_film_and_shows_what_is_on_screen(gaps_s: list[float], fps: float, first_s: float) -> None:
    times_s = [first_s + sum(gaps_s[:number]) for number in range(len(gaps_s))]
    end_s = times_s[-1] + gaps_s[-1]
    made = run(Grid(stamp, fps), times_s, end_s)
    assert_tiles(made, end_s)
    for number, one in enumerate(made):
        middle_s = round((number + 0.5) / fps, 6)
        before = [time_s for time_s in times_s if time_s <= middle_s]
        assert one.at_s == (before[-1] if before else times_s[0])
        assert one.picture[0, 0, 0] == times_s.index(one.at_s) % 251


def test_one_frame_for_many_steps_is_made_a_picture_once() -> None:
    made = run(Grid(stamp, 1.0), [0.0, 5.0], 6.0)
    assert [one.picture is made[0].picture for one in made] == [True] * 5 + [False]


def test_what_is_left_at_the_end_joins_the_last_keyframe_where_it_is_short() -> None:
    times_s = [number / 10 for number in range(24)]
    assert [one.end_s for one in run(Grid(stamp, 1.0), times_s, 2.4)] == [1.0, 2.4]
    assert [one.end_s for one in run(Grid(stamp, 1.0), [*times_s, 2.4, 2.5], 2.6)] == [1.0, 2.0, 2.6]


def test_a_film_shorter_than_half_a_step_is_one_keyframe() -> None:
    assert [(one.start_s, one.end_s) for one in run(Grid(stamp, 0.1), [0.0, 1.0], 2.0)] == [(0.0, 2.0)]


def shots_of(path: Path) -> tuple[list[Stretch], float]:
    with open_film(path) as film:
        choose = Shots(Pictures(64, 88).rgb)
        made = [one for time_s, frame in film.frames() for one in choose.add(time_s, frame)]
        return made + list(choose.finish(film.end_s)), film.end_s


def test_a_shot_begins_where_the_picture_changes_and_shows_its_middle(tmp_path: Path) -> None:
    film = [("red", 2.0), ("blue", 1.0), ("grey", 3.0), ("red", 1.5)]
    made, end_s = shots_of(make_film(tmp_path / "a.mp4", film, rate=12))
    assert_tiles(made, end_s)
    assert [one.start_s for one in made] == pytest.approx([0.0, 2.0, 3.0, 6.0])
    assert [name_of(one.picture) for one in made] == ["red", "blue", "grey", "red"]
    assert [one.at_s for one in made] == pytest.approx([1.0, 2.5, 4.5, 6.75], abs=3.0 / CANDIDATES)


def test_a_flash_is_no_shot(tmp_path: Path) -> None:
    made, _ = shots_of(make_film(tmp_path / "a.mp4", [("red", 2.0), ("white", 0.2), ("red", 2.0)], rate=20))
    assert all(one.end_s - one.start_s >= shots.SHOT_S_MIN for one in made)
    assert len(made) <= 2


def test_a_film_that_never_changes_is_one_shot(tmp_path: Path) -> None:
    made, end_s = shots_of(make_film(tmp_path / "a.mp4", [("teal", 3.0)]))
    assert_tiles(made, end_s)
    assert len(made) == 1


def test_a_film_of_one_frame_is_one_shot(tmp_path: Path) -> None:
    made, end_s = shots_of(make_film(tmp_path / "a.mkv", [("teal", 1.0)], times_s=[0.0]))
    assert_tiles(made, end_s)


def test_of_a_long_shot_few_pictures_are_held_and_the_middle_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    shot = shots._Shot(0.0)
    for number in range(24 * 600):
        shot.add(number / 24, number, stamp)  # type: ignore[arg-type]
        held.append(len(shot.pictures))
    assert max(held) <= CANDIDATES
    assert shot.close(600.0).at_s == pytest.approx(300.0, abs=600 / CANDIDATES)


def test_small_changes_are_cuts_only_where_nothing_else_moves() -> None:
    """Two pictures that differ by thirty levels: a cut between stills, none among frames that differ as much."""
    still = [100] * 30 + [130] * 30
    moving = [100 + 30 * (number % 2) for number in range(60)]
    assert [_cuts(levels) for levels in (still, moving)] == [[1.2], []]


def _cuts(levels: list[int]) -> list[float]:
    from fractions import Fraction

    from av.video.frame import VideoFrame

    choose = Shots(lambda frame: np.zeros((2, 2, 3), np.uint8))
    made: list[Stretch] = []
    for number, level in enumerate(levels):
        picture = np.full((72, 128, 3), level, np.uint8)
        picture[:, :64, 0] += 60
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        made += choose.add(number / 25, frame)
    return [one.start_s for one in [*made, *choose.finish(len(levels) / 25)]][1:]


def test_without_the_detector_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shots.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'moviellm\[film\]'"):
        Shots(stamp)
