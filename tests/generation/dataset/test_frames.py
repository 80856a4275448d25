"""frames.py: pictures by movie and time, and rows with pictures decoded, whatever order the rows are in."""

import io
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import datasets  # noqa: TID253 what is under test reads its rows
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from moviellm.generation.dataset.frames import BATCH_ROWS, MovieFrames, Shown, pictures
from moviellm.generation.schema import Keyframe
from moviellm_dataset import load
from tests.factories import make_image
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.stories import build, make_story

MOVIES = [make_story(number) for number in range(12)]
KEYFRAMES = [keyframe for movie in MOVIES for keyframe in movie.keyframes()]
KEYFRAMES_OF_3 = [keyframe.keyframe_id for keyframe in MOVIES[3].keyframes()]
COLUMNS = ["keyframe_id", "image"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("frames") / "MovieLLM-test"
    build(out, MOVIES, splits={"validation": 0, "test": 0})
    return out


@pytest.fixture(scope="module")
def keyframes(folder, tmp_path_factory) -> datasets.Dataset:
    return load(folder, "keyframes", "train", cache_dir=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def frames(keyframes) -> MovieFrames:
    return MovieFrames(keyframes)


def pixels(picture: Image.Image) -> bytes:
    return picture.tobytes()


def made(keyframe_id: str) -> bytes:
    return pixels(Image.open(io.BytesIO(make_image(keyframe_id))))


def on_screen(number: int, start_s: float, end_s: float) -> list[Keyframe]:
    shown = MOVIES[number].keyframes()
    return [keyframe for keyframe in shown if keyframe.span.start_s < end_s and start_s < keyframe.span.end_s]


def test_a_span_gives_the_pictures_on_screen_with_their_times(frames):
    found = frames.span("m00003", 3.0, 9.0)
    assert [(one.keyframe_id, one.start_s, one.end_s) for one in found] == [
        (keyframe.keyframe_id, keyframe.span.start_s, keyframe.span.end_s) for keyframe in on_screen(3, 3.0, 9.0)
    ]
    assert [pixels(one.picture) for one in found] == [made(one.keyframe_id) for one in found]
    assert len(found) > 1


@given(st.integers(0, 11), st.floats(0, 40), st.floats(0.001, 40))
def test_any_span_gives_exactly_what_it_overlaps(frames, number, start_s, length_s):
    end_s = start_s + length_s
    expected = [keyframe.keyframe_id for keyframe in on_screen(number, start_s, end_s)]
    if expected:
        found = frames.span(f"m{number:05d}", start_s, end_s, decode=False)
        assert [one.keyframe_id for one in found] == expected
    else:
        with pytest.raises(ValueError, match="shows nothing"):
            frames.span(f"m{number:05d}", start_s, end_s)


def test_a_picture_that_is_not_decoded_is_the_jpeg_that_was_made(frames):
    one = frames.span("m00003", 0.0, 0.1, decode=False)[0]
    assert one == Shown(KEYFRAMES_OF_3[0], 0.0, one.end_s, make_image(KEYFRAMES_OF_3[0]))


def test_a_span_of_shuffled_rows_is_in_the_order_of_time(keyframes):
    found = MovieFrames(keyframes.shuffle(seed=3)).span("m00003", 0.0, 1e9)
    assert [one.keyframe_id for one in found] == KEYFRAMES_OF_3
    assert [pixels(one.picture) for one in found] == [made(keyframe_id) for keyframe_id in KEYFRAMES_OF_3]


def test_a_smaller_picture_is_decoded_at_half_the_size(frames):
    assert frames.span("m00003", 0.0, 0.1, least_px=(32, 18))[0].picture.size == (32, 18)
    assert frames.span("m00003", 0.0, 0.1, least_px=(33, 18))[0].picture.size == (64, 36)


def test_movies_say_how_long_their_pictures_last(frames):
    assert frames.movies() == {movie.movie_id: movie.duration_s for movie in MOVIES}


def test_a_movie_of_another_split_is_refused(frames):
    with pytest.raises(ValueError, match="no movie 'm00099' among these 12"):
        frames.span("m00099", 0.0, 1.0)


def test_a_reversed_span_says_where_the_pictures_are(frames):
    with pytest.raises(ValueError, match=r"m00003 shows nothing within \[8.0, 4.0\) s; its pictures go from 0.0 to"):
        frames.span("m00003", 8.0, 4.0)


def test_a_stream_is_refused_with_what_to_load_instead(folder):
    with pytest.raises(ValueError, match="got a IterableDataset; .* not streaming"):
        MovieFrames(load(folder, "keyframes", "train", streaming=True))


def test_a_keyframe_without_a_picture_is_named(keyframes):
    rows = keyframes.cast_column("image", datasets.Image(decode=False)).select(range(3)).to_list()
    rows[1]["image"] = None
    holed = datasets.Dataset.from_list(rows, features=keyframes.features)
    with pytest.raises(ValueError, match=f"keyframe {rows[1]['keyframe_id']} has no picture"):
        MovieFrames(holed).span(rows[1]["movie_id"], 0.0, 1e9)
    with pytest.raises(ValueError, match=f"keyframe {rows[1]['keyframe_id']} has no picture"):
        list(pictures(holed))


def first_picture(frames: MovieFrames) -> bytes:
    return pixels(frames.span("m00003", 0.0, 1e9)[0].picture)


def test_a_copy_for_a_worker_holds_no_pictures(frames):
    assert len(pickle.dumps(frames)) < 40_000
    assert first_picture(pickle.loads(pickle.dumps(frames))) == made(KEYFRAMES_OF_3[0])


def test_a_forked_worker_decodes_although_its_parent_has_threads(frames):
    first_picture(frames)  # this process has its threads now
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as workers:
        assert workers.submit(first_picture, frames).result(timeout=30) == made(KEYFRAMES_OF_3[0])


def kinds(folder: Path, keyframes: datasets.Dataset) -> dict[str, object]:
    stream = load(folder, "keyframes", "train", streaming=True, columns=COLUMNS)
    return {
        "loaded": keyframes.select_columns(COLUMNS),
        "shuffled": keyframes.select_columns(COLUMNS).shuffle(seed=1),
        "filtered": keyframes.filter(lambda one: one != "m00003", input_columns="movie_id").select_columns(COLUMNS),
        "streamed": stream,
        "streamed and shuffled": stream.shuffle(seed=1, buffer_size=20),
    }


@pytest.mark.parametrize("kind", ["loaded", "shuffled", "filtered", "streamed", "streamed and shuffled"])
def test_rows_keep_their_order_and_their_pictures(folder, keyframes, kind, monkeypatch):
    monkeypatch.setattr("datasets.config.SLEEP_TIME_ON_THREADS_SHUTDOWN", 0)  # 5 s at the end of a shuffled stream
    rows = kinds(folder, keyframes)[kind]
    found = list(pictures(rows))
    assert [row["keyframe_id"] for row in found] == [row["keyframe_id"] for row in rows]
    assert all(pixels(row["image"]) == made(row["keyframe_id"]) for row in found)
    assert len(found) > BATCH_ROWS


def test_rows_carry_the_columns_that_were_asked_for(keyframes):
    (row,) = pictures(keyframes.select([0]).select_columns(["span", "caption", "image"]))
    assert (row["span"], row["caption"]) == (KEYFRAMES[0].span.model_dump(), KEYFRAMES[0].caption)
    (row,) = pictures(keyframes.select([0]).select_columns(["image"]), least_px=(8, 4))
    assert list(row) == ["image"] and row["image"].size == (8, 5)


def test_only_the_columns_that_were_asked_for_are_loaded(folder, tmp_path):
    rows = load(folder, "keyframes", "train", columns=COLUMNS, cache_dir=tmp_path)
    assert rows.column_names == COLUMNS


def test_a_dataset_on_the_hub_is_read_as_a_folder_is(hub_here, folder, tmp_path):  # noqa: F811
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hub_here.write("moviellm/films", files)
    streamed = list(pictures(load("moviellm/films", "keyframes", "train", streaming=True, columns=COLUMNS)))
    assert [row["keyframe_id"] for row in streamed] == [keyframe.keyframe_id for keyframe in KEYFRAMES]
    assert all(pixels(row["image"]) == made(row["keyframe_id"]) for row in streamed)
    frames = MovieFrames(load("moviellm/films", "keyframes", "train", cache_dir=tmp_path))
    assert [one.keyframe_id for one in frames.span("m00003", 0.0, 1e9)] == KEYFRAMES_OF_3
