"""Folders, lists and arrays of pictures, and movies of datasets, as films."""

import hashlib
import io
import json
import pickle
import resource
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from moviellm.training.media import Film, FramePolicy, Line, films_of, read_film
from moviellm.training.media.movies import DatasetPictures
from moviellm.training.media.pictures import smaller
from tests.factories import make_image
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub
from tests.stories import build, make_story
from tests.training.rows.movies import with_lines


def encoded(red: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (red, 0, 0)).save(out, "PNG")
    return out.getvalue()


def folder_of(folder: Path, names: list[str]) -> Path:
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        (folder / name).write_bytes(encoded(number))
    return folder


def reds(film: Film) -> list[int]:
    assert film.frames is not None
    return [frame.getpixel((0, 0))[0] for frame in film.frames]


def test_pictures_of_a_folder_come_in_the_order_that_people_count(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "walk", ["f10.png", "f2.png", "f1.PNG"])
    film = read_film(folder)
    assert (film.movie_id, reds(film), film.times_s, film.duration_s) == ("walk", [2, 1, 0], [0.0, 1.0, 2.0], 3.0)


@pytest.mark.parametrize("told", [[0.0, 4.0, 8.0], {"b.png": 4.0, "a.png": 0.0, "c.png": 8.0}])
def test_a_folder_may_say_when_its_pictures_are_shown(tmp_path: Path, told: object) -> None:
    folder = folder_of(tmp_path / "walk", ["a.png", "b.png", "c.png"])
    (folder / "times.json").write_text(json.dumps(told))
    (tmp_path / "walk.vtt").write_text("WEBVTT\n\n00:05.000 --> 00:06.000\n<v Ada>Is it you?\n")
    film = read_film(folder, FramePolicy(start_s=4.0))
    assert (film.times_s, film.duration_s, reds(film)) == ([0.0, 4.0], 8.0, [1, 2])
    assert film.dialogue == (Line(1.0, "Is it you?", "Ada"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[0.0]", "2 pictures and 1 times"),
        ("{", "is no JSON"),
        ('{"a.png": 0}', "no time for b.png"),
        ('"x"', "a list"),
    ],
)
def test_times_that_do_not_fit_are_refused(tmp_path: Path, text: str, said: str) -> None:
    folder = folder_of(tmp_path / "walk", ["a.png", "b.png"])
    (folder / "times.json").write_text(text)
    with pytest.raises(ValueError, match=said):
        read_film(folder)


def test_lists_of_pictures_bytes_paths_and_arrays_are_films(tmp_path: Path) -> None:
    folder_of(tmp_path, ["a.png", "b.png"])
    for frames in ([str(tmp_path / "a.png"), tmp_path / "b.png"], [encoded(0), encoded(1)], np.zeros((2, 8, 8, 3))):
        film = read_film(frames, times_s=[0.0, 3.0])
        assert (len(film), film.times_s, film.duration_s) == (2, [0.0, 3.0], 6.0)


def test_the_content_key_is_of_all_pictures_before_any_are_chosen(tmp_path: Path) -> None:
    data = [encoded(number) for number in range(4)]
    film = read_film(data, FramePolicy(n=2))
    assert film.content_key == read_film(data).content_key != read_film(data[:2]).content_key
    assert read_film(folder_of(tmp_path, ["a.png"])).content_key == read_film(data[:1]).content_key


def test_twenty_thousand_pictures_are_one_film_and_none_is_decoded_until_it_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.effect_noise((256, 256), 90).save(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    film = read_film([path] * 20_000)
    assert film.frames is not None and len(film) == 20_000
    for number in range(0, 20_000, 100):
        assert film.frames[number].size == (256, 256)
    path.unlink()
    with pytest.raises(ValueError, match="Frame 777 of the film cannot be decoded"):
        film.frames[777]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000, "200 pictures are 39 MB"


def test_a_picture_that_cannot_be_decoded_is_said_by_number_or_skipped(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "walk", ["a.png", "b.png", "c.png"])
    (folder / "b.png").write_bytes(encoded(1)[:-30])
    film = read_film(folder)
    assert film.frames is not None
    with pytest.raises(ValueError, match="Frame 1 of walk cannot be decoded"):
        film.frames[0:3]
    skipped = read_film(folder, skip=1)
    assert (skipped.skipped, skipped.times_s, reds(skipped)) == ((1,), [0.0, 2.0], [0, 2])
    assert read_film([encoded(0), b"no picture"], skip=1).skipped == (1,)
    (folder / "c.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"Frame 2 of walk cannot be decoded.*and 1 may be skipped"):
        read_film(folder, skip=1)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nowhere.mp4", "no film nowhere.mp4"),
        ([], "a film of no pictures"),
        (np.zeros((8, 8, 3)), r"shape \(8, 8, 3\) is no film"),
        (b"x", "a bytes is no film"),
        (7, "a int is no film"),
    ],
)
def test_what_is_no_film_is_refused(source: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_film(source)


def test_a_folder_without_pictures_and_a_dataset_without_a_movie_are_refused(tmp_path: Path, films: Path) -> None:
    with pytest.raises(ValueError, match="holds no pictures"):
        read_film(tmp_path)
    with pytest.raises(ValueError, match=r"is a dataset: name the movie"):
        read_film(films)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reading") / "films"
    build(out, [make_story(number) for number in range(3)])
    return out


def test_a_movie_of_a_dataset_is_its_keyframes_and_its_dialogue(films: Path) -> None:
    movie = make_story(1)
    film = read_film(f"{films}#m00001")
    keyframes = list(movie.keyframes())
    assert (film.movie_id, film.duration_s) == ("m00001", movie.duration_s)
    assert film.times_s == [one.span.start_s for one in keyframes]
    assert [(line.start_s, line.text) for line in film.dialogue] == [
        (line.span.start_s, line.text) for line in movie.dialogue()
    ]
    assert film.frames is not None
    assert isinstance(film.frames.frames, DatasetPictures)  # type: ignore[attr-defined]
    found = [hashlib.sha256(film.frames.frames.data(number)).hexdigest() for number in range(len(film))]  # type: ignore[attr-defined]
    assert found == [hashlib.sha256(make_image(one.keyframe_id)).hexdigest() for one in keyframes]


@settings(max_examples=60)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 20_000))
def test_a_bounded_frame_has_no_more_pixels_and_nearly_its_shape(width: int, height: int, pixels: int) -> None:
    made = smaller(np.zeros((height, width, 3), np.uint8), pixels)
    assert made.width * made.height <= pixels or made.size == (width, height)
    assert made.width <= width and made.height <= height
    if min(made.size) > 30:
        assert made.width / made.height == pytest.approx(width / height, rel=0.05)


def test_a_movie_in_which_nobody_speaks_lies_between_two_that_do(tmp_path: Path) -> None:
    movies = [make_story(number) for number in range(3)]
    silent = with_lines(movies[1], [])
    build(tmp_path / "films", [movies[0], silent, movies[2]], splits={"validation": 0, "test": 0})
    assert [len(read_film(f"{tmp_path / 'films'}#m0000{number}").dialogue) > 0 for number in range(3)] == [1, 0, 1]


@pytest.mark.parametrize("source", ["dataset", "array", "bytes"])
def test_a_bound_on_pixels_makes_frames_of_every_source_smaller_and_keeps_the_film(films: Path, source: str) -> None:
    sources = {
        "dataset": f"{films}#m00001",
        "array": np.zeros((2, 60, 80, 3), np.uint8),
        "bytes": [encoded(1), encoded(2)],
    }
    given_film = sources[source]
    whole, small = read_film(given_film), read_film(given_film, FramePolicy(pixels=12))
    assert whole.frames is not None and small.frames is not None
    assert {one.width * one.height <= 12 for one in small.frames[0:2]} == {True}
    assert (len(small), small.times_s, small.content_key) == (len(whole), whole.times_s, whole.content_key)


def test_all_movies_or_those_of_a_split_come_split_by_split(films: Path) -> None:
    assert [film.movie_id for film in films_of(str(films))] == ["m00000", "m00002", "m00001"]
    assert [len(film) for film in films_of(str(films), split="test", policy=FramePolicy(n=3))] == [3]
    with pytest.raises(ValueError, match="has no split 'dev'; it has train, validation, test"):
        films_of(str(films), split="dev")


def test_a_bounded_film_goes_to_other_processes(films: Path) -> None:
    film = read_film(f"{films}#m00000", FramePolicy(n=2, pixels=12))
    assert reds(pickle.loads(pickle.dumps(film))) == reds(film)


def test_films_go_to_other_processes(films: Path, tmp_path: Path) -> None:
    from moviellm.training.media.pictures import _spooled

    spooled = Film("a", _spooled([encoded(3), encoded(4)], "a"), times_s=[0.0, 1.0])
    for film in (read_film(f"{films}#m00000", FramePolicy(n=2)), read_film([encoded(1)]), spooled):
        there = pickle.loads(pickle.dumps(film))
        assert (reds(there), there.times_s, there.content_key) == (reds(film), film.times_s, film.content_key)


def test_a_movie_that_is_not_there_is_said_with_those_near_it(films: Path) -> None:
    with pytest.raises(ValueError, match=r"has no movie 'm0001' among its 3; near it are m00001"):
        read_film(f"{films}#m0001")


def test_movies_of_the_hub_are_read_at_their_tag(films: Path, hub_here: Hub) -> None:  # noqa: F811
    from moviellm.cards.publish import publish_dataset

    publish_dataset(films, "moviellm/films", version="1.2.0")
    film = read_film("moviellm/films#m00002", FramePolicy(n=2), revision="v1.2.0")
    local = read_film(f"{films}#m00002", FramePolicy(n=2))
    assert (film.times_s, film.dialogue, film.content_key) == (local.times_s, local.dialogue, local.content_key)
    assert film.frames is not None and film.frames[1].size == (64, 36)
    with pytest.raises(ValueError, match=r"has no revision 'v9' on the Hub; it has v1.2.0"):
        read_film("moviellm/films#m00002", revision="v9")
    with pytest.raises(ValueError, match="no folder and no dataset on the Hub is called moviellm/filmz"):
        films_of("moviellm/filmz")
