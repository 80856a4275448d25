"""Camera moves: nothing of a picture stays unseen, nothing jitters, and a film with motion keeps its times."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from moviellm.generation.film.motion import REACH_MAX, Move, Window, camera_move, moving
from moviellm.generation.film.mp4 import film_up_to_date, write_film
from moviellm.generation.schema import SHOTS, Keyframe, Movie, Shot, TemporalSpan
from tests.factories import make_movie
from tests.generation.film.test_mp4 import decoded, distance, pixels, texts_in, with_spans

SHOT = st.sampled_from(SHOTS)


def shown(shot: Shot, seconds: float = 4.0, index: int = 0, *, measured: bool = True) -> Keyframe:
    """A keyframe in that framing."""
    keyframe = next(make_movie().keyframes())
    changes = {"shot": shot, "span": TemporalSpan(start_s=0.0, end_s=seconds), "index": index}
    return keyframe.model_copy(update=changes | ({} if measured else {"visible": None}))


def drawn(seed: int, size: tuple[int, int] = (256, 144)) -> bytes:
    """A picture with soft shapes all over it, another for every seed."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(40, 216, (9, 16, 3), dtype=np.uint8))
    out = io.BytesIO()
    small.resize(size, Image.Resampling.BICUBIC).save(out, "PNG")
    return out.getvalue()


def drawn_movie(durations_s: list[float]) -> tuple[Movie, list[tuple[Keyframe, bytes]]]:
    movie = with_spans(make_movie(0, 1, 1, len(durations_s)), durations_s)
    return movie, [(keyframe, drawn(i)) for i, keyframe in enumerate(movie.keyframes())]


@given(shot=SHOT, seed=st.integers(0, 10_000), seconds=st.floats(0.1, 60), measured=st.booleans())
def test_every_edge_of_the_picture_is_in_the_film_at_some_moment(
    shot: Shot, seed: int, seconds: float, measured: bool
) -> None:
    move = camera_move(shown(shot, seconds, measured=measured), seed)
    ends = [move.at(0.0), move.at(1.0)]
    assert min(window.left for window in ends) == pytest.approx(0, abs=1e-9)
    assert min(window.top for window in ends) == pytest.approx(0, abs=1e-9)
    assert max(window.left + window.size for window in ends) == pytest.approx(1, abs=1e-9)
    assert max(window.top + window.size for window in ends) == pytest.approx(1, abs=1e-9)


@given(shot=SHOT, seed=st.integers(0, 10_000), progress=st.floats(0, 1))
def test_the_window_stays_inside_the_picture_and_leaves_little_out(shot: Shot, seed: int, progress: float) -> None:
    window = camera_move(shown(shot, 60.0), seed).at(progress)
    assert min(window.left, window.top) >= -1e-9
    assert max(window.left, window.top) + window.size <= 1 + 1e-9
    assert 1 - REACH_MAX - 1e-9 <= window.size <= 1


def test_a_short_keyframe_moves_less_than_a_long_one() -> None:
    short, long = (camera_move(shown("insert", seconds), 1) for seconds in (0.5, 4.0))
    assert min(long.start.size, long.end.size) < min(short.start.size, short.end.size) < 1


def test_a_push_keeps_the_one_who_acts_in_place() -> None:
    keyframe = shown("insert")
    actor = keyframe.visible[0]
    x = actor.x + actor.width / 2
    for seed in range(20):
        for window in (camera_move(keyframe, seed).start, camera_move(keyframe, seed).end):
            assert (x - window.left) / window.size == pytest.approx(x)


def test_moves_differ_within_a_movie_and_are_the_same_every_time() -> None:
    moves = [camera_move(shown("wide", index=i), 7) for i in range(20)]
    assert moves == [camera_move(shown("wide", index=i), 7) for i in range(20)]
    assert len(set(moves)) > 3


def test_twins_are_filmed_alike() -> None:
    keyframe = shown("wide")
    twin = keyframe.model_copy(update={"keyframe_id": "m00001-c00-s00-k00"})
    assert camera_move(twin, 7) == camera_move(keyframe, 7)


def test_a_camera_that_rests_changes_no_pixel() -> None:
    image = Image.open(io.BytesIO(drawn(1)))
    whole = Window(0.0, 0.0, 1.0)
    for picture in moving(image, Move(whole, whole), 3):
        assert np.array_equal(np.asarray(picture), np.asarray(image))


def test_a_point_moves_by_fractions_of_a_pixel_without_jitter() -> None:
    width, height, frames = 256, 144, 48
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    dot = 255 * np.exp(-(((x + 0.5 - 100) ** 2 + (y + 0.5 - 60) ** 2) / (2 * 4.0**2)))
    image = Image.fromarray(dot.round().astype(np.uint8)).convert("RGB")
    move = Move(Window(0.0, 0.0, 0.96), Window(0.04, 0.04, 0.96))
    for i, picture in enumerate(moving(image, move, frames)):
        light = np.asarray(picture)[..., 0].astype(float)
        window = move.at(i / (frames - 1))
        want = (100 / width - window.left) / window.size * width
        assert float((light * (x + 0.5)).sum() / light.sum()) == pytest.approx(want, abs=0.05)


@pytest.mark.parametrize("fps", [12, 24])
def test_a_film_with_motion_has_its_frames_and_its_length(tmp_path: Path, fps: int) -> None:
    movie, images = drawn_movie([4.0, 2.0, 1.5])
    path = write_film(movie, images, tmp_path, fps=fps).mp4
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 7.5 * fps
        assert container.duration == 7_500_000


def test_the_middle_of_every_keyframe_shows_its_picture_through_the_window_of_that_moment(tmp_path: Path) -> None:
    movie, images = drawn_movie([4.0, 2.0, 1.5, 3.0])
    frames = decoded(write_film(movie, images, tmp_path, fps=24).mp4)
    for keyframe, data in images:
        own = [item for item in frames if keyframe.span.start_s - 1e-4 <= item[0] < keyframe.span.end_s - 1e-4]
        middle = len(own) // 2
        assert own[middle][0] == pytest.approx((keyframe.span.start_s + keyframe.span.end_s) / 2, abs=1e-4)
        seen = list(moving(Image.open(io.BytesIO(data)), camera_move(keyframe, movie.seed), len(own)))
        differ = [distance(own[middle][1], np.asarray(picture)) for picture in seen]
        assert differ[middle] < 3
        assert abs(differ.index(min(differ)) - middle) <= 1


def test_a_push_begins_with_the_whole_picture(tmp_path: Path) -> None:
    movie, images = drawn_movie([2.0] * 8)
    frames = dict(decoded(write_film(movie, images, tmp_path, fps=12).mp4))
    pushes = [(k, data) for k, data in images if camera_move(k, movie.seed).start.size == 1]
    assert pushes
    for keyframe, data in pushes:
        assert distance(frames[keyframe.span.start_s], pixels(data)) < 3


def test_a_keyframe_begins_and_ends_with_its_own_picture(tmp_path: Path) -> None:
    movie, images = drawn_movie([1.0, 1.25, 0.75])
    frames = decoded(write_film(movie, images, tmp_path, fps=24).mp4)
    for time_s, frame in frames:
        nearest = min(images, key=lambda item: distance(frame, pixels(item[1])))[0]
        assert nearest.span.start_s - 1e-4 <= time_s < nearest.span.end_s


def test_sync_samples_of_a_film_with_motion_are_the_starts_of_keyframes(tmp_path: Path) -> None:
    movie, images = drawn_movie([1.0, 1.25, 0.75])
    with av.open(str(write_film(movie, images, tmp_path, fps=12).mp4)) as container:
        starts = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.size and p.is_keyframe]
    assert starts == pytest.approx([0.0, 1.0, 2.25], abs=2e-5)


def test_lines_are_shown_at_the_same_times_with_and_without_motion(tmp_path: Path) -> None:
    movie = make_movie(0, 1, 1, 2)
    images = [(keyframe, drawn(i)) for i, keyframe in enumerate(movie.keyframes())]
    still, moved = (write_film(movie, images, tmp_path / str(fps), fps=fps).mp4 for fps in (None, 24))
    assert texts_in(moved) == texts_in(still) != []


def test_a_film_with_motion_is_the_same_every_time(tmp_path: Path) -> None:
    movie, images = drawn_movie([0.5, 0.5])
    first, second = (write_film(movie, images, tmp_path / name, fps=12).mp4 for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_a_film_without_motion_is_out_of_date_where_motion_is_asked_for(tmp_path: Path) -> None:
    movie, images = drawn_movie([0.5])
    write_film(movie, images, tmp_path, fps=12)
    asked = {fps: film_up_to_date(movie, tmp_path, fps=fps) for fps in (None, 12, 24)}
    assert asked == {None: False, 12: True, 24: False}


def test_other_frame_rates_are_refused(tmp_path: Path) -> None:
    movie, images = drawn_movie([0.5])
    with pytest.raises(ValueError, match="12 or 24 frames a second, got 30"):
        write_film(movie, images, tmp_path, fps=30)


def test_every_keyframe_is_counted_as_it_is_done(tmp_path: Path) -> None:
    movie, images = drawn_movie([0.5, 0.5, 0.5])
    counted: list[int] = []
    write_film(movie, images, tmp_path, fps=12, advance=counted.append)
    assert counted == [1, 1, 1]


def test_a_film_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    movie, images = drawn_movie([0.5, 0.5])

    def stopped():
        yield images[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(movie, stopped(), tmp_path / "films", fps=12)
    assert list((tmp_path / "films").iterdir()) == []
