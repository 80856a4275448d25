"""Pictures at given moments, by seeking: the same that reading the film through gives, with fewer decoded."""

from pathlib import Path

import av
import numpy as np
import pytest

from moviellm.generation.imports.films.pictures import Pictures
from moviellm.generation.imports.films.stream import open_film
from moviellm.training.media.seeking import Seeker
from tests.generation.imports.films.filmkit import make_film, name_of

COLOURS = ("red", "green", "blue", "yellow", "teal", "grey")
SHOTS = [(name, 2.0) for name in COLOURS]
GOPS = {"g": "20", "bf": "2", "sc_threshold": "0", "preset": "veryfast"}


def sought(path: Path, moments: list[float]) -> tuple[list[str | None], int]:
    """The colour at each moment, and how many pictures were decoded."""
    with open_film(path, 1) as film:
        seeker, pictures = Seeker(film), Pictures(64, 90, film.pixel_shape)
        frames = [seeker.at(time_s) for time_s in moments]
        return [None if one is None else name_of(pictures.rgb(one)) for one in frames], seeker.decoded


def read_through(path: Path, moments: list[float]) -> list[str]:
    with open_film(path, 1) as film:
        pictures = Pictures(64, 90, film.pixel_shape)
        seen = [(time_s, name_of(pictures.rgb(frame))) for time_s, frame in film.frames()]
    return [[name for at_s, name in seen if at_s <= time_s or at_s == seen[0][0]][-1] for time_s in moments]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.ts", "a.avi", "a.flv"])
@pytest.mark.parametrize("step_s", [0.35, 3.1])
def test_what_is_sought_is_what_reading_through_gives(tmp_path: Path, name: str, step_s: float) -> None:
    path = make_film(tmp_path / name, SHOTS, stream_options=GOPS)
    moments = list(np.arange(0.05, 11.9, step_s))
    assert sought(path, moments)[0] == read_through(path, moments)


def test_between_far_moments_nothing_is_decoded(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", [(name, 20.0) for name in COLOURS], rate=5, stream_options={"g": "10"})
    names, decoded = sought(path, [10.0, 50.0, 90.0, 110.0])
    assert names == ["red", "blue", "teal", "grey"]
    assert decoded <= 4 * 13 < 600


def test_a_film_that_starts_late_is_sought_from_its_start(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.ts", SHOTS, start_s=500.0, stream_options=GOPS)
    assert sought(path, [0.0, 5.0, 11.0])[0] == ["red", "blue", "grey"]


def test_before_the_first_picture_the_first_is_shown(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", [("red", 1.0), ("blue", 1.0)], start_s=1.5, sound_s=3.5)
    assert sought(path, [0.0, 2.0, 2.7])[0] == ["red", "red", "blue"]


def test_pictures_without_times_are_read_from_the_start(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.h264", SHOTS, rate=25, form="h264")
    assert sought(path, [1.0, 7.0])[0] == ["red", "yellow"]


def test_a_moment_behind_the_end_of_a_film_that_breaks_off_has_no_picture(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mkv", [(name, 4.0) for name in COLOURS], stream_options=GOPS)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    names, _ = sought(path, [1.0, 23.0])
    assert names == ["red", None]


def test_a_picture_that_cannot_be_decoded_is_told_from_one_that_stays(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", SHOTS, rate=2, codec="mjpeg", pixel_format="yuvj420p")
    damage(path, number=5)
    assert sought(path, [2.1, 2.6, 3.1])[0] == ["green", None, "green"]


def damage(path: Path, number: int) -> None:
    """Overwrite one picture of a film."""
    with av.open(str(path)) as film:
        place, length = [(packet.pos, packet.size) for packet in film.demux(video=0) if packet.size][number]
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(bytes(length))
