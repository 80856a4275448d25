"""Films: the right picture at every moment, the right length, the dialogue inside, made once and only whole."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import av.logging
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext
from av.video.reformatter import Colorspace
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from moviellm.generation.film import mp4 as film
from moviellm.generation.film import tracks as film_tracks
from moviellm.generation.film.mp4 import film_up_to_date, write_film
from moviellm.generation.schema import Keyframe, Movie, TemporalSpan
from tests.factories import MemoryRun, make_image, make_movie

FRAME_S = 1 / film.FRAMES_PER_S


def pictures(movie: Movie) -> Iterator[tuple[Keyframe, bytes]]:
    return MemoryRun([movie]).images(movie)


def picture(shade: int, size: tuple[int, int] = (64, 36), form: str = "JPEG") -> bytes:
    """A gradient over a colour that follows from `shade`."""
    row = np.linspace(0, 120, size[0], dtype=np.uint8)
    pixels = np.empty((size[1], size[0], 3), np.uint8)
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = row + shade % 128, 200 - row, (shade * 37) % 256
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, quality=95)
    return out.getvalue()


def with_spans(movie: Movie, durations_s: list[float]) -> Movie:
    """The movie as one scene whose keyframes last this long. Its events and questions no longer fit."""
    chapter, scene = movie.chapters[0], movie.chapters[0].scenes[0]
    keyframes = []
    at_s = 0.0
    for keyframe, duration_s in zip(movie.keyframes(), durations_s, strict=True):
        keyframes.append(keyframe.model_copy(update={"span": TemporalSpan(start_s=at_s, end_s=at_s + duration_s)}))
        at_s += duration_s
    whole = TemporalSpan(start_s=0.0, end_s=at_s)
    scene = scene.model_copy(update={"keyframes": tuple(keyframes), "span": whole, "dialogue": ()})
    chapter = chapter.model_copy(update={"scenes": (scene,), "span": whole})
    return movie.model_copy(update={"chapters": (chapter,), "duration_s": at_s})


def decoded(path: Path) -> list[tuple[float, np.ndarray]]:
    """Every frame with its time in seconds, as RGB."""
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [(f.time, f.to_ndarray(format="rgb24", src_colorspace=Colorspace.ITU709)) for f in frames]


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference, levels of 255."""
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def texts_in(path: Path) -> list[tuple[float, float, str]]:
    """What the subtitle track holds: `(start_s, end_s, text)`, from the raw samples."""
    found = []
    with av.open(str(path)) as container:
        for packet in container.demux(subtitles=0):
            data = bytes(packet)
            if len(data) > 2 and packet.pts is not None:
                start_s = float(packet.pts * packet.time_base)
                text = data[2 : 2 + int.from_bytes(data[:2], "big")].decode()
                found.append((start_s, start_s + float(packet.duration * packet.time_base), text))
    return found


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    movie = make_movie()
    return write_film(movie, pictures(movie), tmp_path_factory.mktemp("films")).mp4


def test_the_film_lasts_exactly_as_long_as_the_movie(plain: Path) -> None:
    with av.open(str(plain)) as container:
        video = container.streams.video[0]
        assert container.duration == 32_000_000
        assert float(video.duration * video.time_base) == 32.0


def test_the_index_comes_before_the_pictures(plain: Path) -> None:
    data = plain.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_picture_is_h264_that_every_browser_decodes_tagged_with_its_colours(plain: Path) -> None:
    with av.open(str(plain)) as container:
        coder = container.streams.video[0].codec_context
        assert (coder.name, coder.pix_fmt, coder.width, coder.height) == ("h264", "yuv420p", 64, 36)
        assert (coder.colorspace, coder.color_range, coder.color_primaries, coder.color_trc) == (1, 1, 1, 1)


def test_title_and_languages_are_in_the_film(plain: Path) -> None:
    with av.open(str(plain)) as container:
        assert container.metadata["title"] == make_movie().title
        assert [stream.metadata["language"] for stream in container.streams] == ["eng", "eng"]


@pytest.mark.parametrize(("tag", "code"), [("en-GB", "eng"), ("haw", "haw"), ("xx", "und"), ("ar", "ara")])
def test_languages_are_named_the_way_mp4_names_them(tmp_path: Path, tag: str, code: str) -> None:
    movie = make_movie(0, 1, 1, 1).model_copy(update={"language": tag})
    with av.open(str(write_film(movie, pictures(movie), tmp_path).mp4)) as container:
        assert container.streams.video[0].metadata["language"] == code


def test_every_moment_shows_the_keyframe_of_that_moment(plain: Path) -> None:
    frames = decoded(plain)
    assert len(frames) == 8 * 4 * film.FRAMES_PER_S
    for keyframe, data in pictures(make_movie()):
        shown = [f for time_s, f in frames if keyframe.span.start_s <= time_s < keyframe.span.end_s]
        assert len(shown) == 4 * film.FRAMES_PER_S
        assert max(distance(frame, pixels(data)) for frame in shown) < 3


def test_sync_samples_are_the_keyframes_and_repeats_do_not_change_a_pixel(tmp_path: Path) -> None:
    movie = make_movie(0, 1, 1, 4)
    images = [(k, picture(i * 31, (160, 90))) for i, k in enumerate(movie.keyframes())]
    path = write_film(movie, images, tmp_path).mp4
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    assert [float(p.pts * p.time_base) for p in packets if p.is_keyframe] == [0.0, 4.0, 8.0, 12.0]
    frames = [f for _, f in decoded(path)]
    per_keyframe = len(frames) // 4
    for i, frame in enumerate(frames):
        assert np.array_equal(frame, frames[i - i % per_keyframe])


def test_a_keyframe_that_lasts_a_minute_does_not_drift(tmp_path: Path) -> None:
    movie = with_spans(make_movie(0, 1, 1, 2), [60.0, 60.0])
    frames = [f for _, f in decoded(write_film(movie, pictures(movie), tmp_path).mp4)]
    half = 60 * film.FRAMES_PER_S
    assert len(frames) == 2 * half
    assert all(np.array_equal(frame, frames[i - i % half]) for i, frame in enumerate(frames))
    assert not np.array_equal(frames[0], frames[half])


def test_frames_are_numbered_from_their_keyframe_as_the_standard_asks(plain: Path) -> None:
    level = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        with av.open(str(plain)) as container, av.logging.Capture(local=False) as log:
            reader = BitStreamFilterContext("trace_headers", container.streams.video[0])
            for packet in container.demux(video=0):
                reader.filter(packet if packet.size else None)
    finally:
        av.logging.set_level(level)
    lines = [message.split() for _, _, message in log]
    size = next(4 + int(words[-1]) for words in lines if "log2_max_frame_num_minus4" in words)
    numbers = [int(words[-1]) for words in lines if words[1:2] == ["frame_num"]]
    per_keyframe = 4 * film.FRAMES_PER_S
    assert numbers == [i % per_keyframe % 2**size for i in range(8 * per_keyframe)]


def test_seeking_gives_the_keyframe_of_the_time_asked_for(plain: Path) -> None:
    keyframes = [(k, pixels(data)) for k, data in pictures(make_movie())]
    with av.open(str(plain)) as container:
        video = container.streams.video[0]
        for wanted_s in (28.0, 0.0, 15.99, 16.0, 9.3):
            container.seek(round(wanted_s / video.time_base), stream=video)
            frame = next(f for f in container.decode(video) if f.time + FRAME_S > wanted_s + 1e-6)
            want = next(p for k, p in keyframes if k.span.start_s <= wanted_s < k.span.end_s)
            assert distance(frame.to_ndarray(format="rgb24", src_colorspace=Colorspace.ITU709), want) < 3


@settings(max_examples=15)
@given(durations_s=st.lists(st.floats(0.05, 9.0), min_size=1, max_size=5))
def test_any_spans_are_kept(tmp_path_factory: pytest.TempPathFactory, durations_s: list[float]) -> None:
    movie = with_spans(make_movie(0, 1, 1, len(durations_s)), durations_s)
    path = write_film(movie, pictures(movie), tmp_path_factory.mktemp("film")).mp4
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    assert float((packets[-1].pts + packets[-1].duration) * packets[-1].time_base) == pytest.approx(
        movie.duration_s, abs=2e-5
    )
    starts = [float(p.pts * p.time_base) for p in packets if p.is_keyframe]
    assert starts == pytest.approx([k.span.start_s for k in movie.keyframes()], abs=2e-5)
    assert max(float(p.duration * p.time_base) for p in packets) <= FRAME_S + 2e-5


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
def test_every_encoding_of_a_picture_keeps_its_colours(tmp_path: Path, form: str) -> None:
    movie = make_movie(0, 1, 1, 2)
    images = [(k, picture(90 * i, (256, 144), form)) for i, k in enumerate(movie.keyframes())]
    frames = dict(decoded(write_film(movie, images, tmp_path).mp4))
    assert distance(frames[0.0], pixels(images[0][1])) < 3
    assert distance(frames[4.0], pixels(images[1][1])) < 3


def test_the_subtitle_track_holds_the_dialogue_with_its_times(plain: Path) -> None:
    assert texts_in(plain) == [
        (line.span.start_s, line.span.end_s, f"ADA: {line.text}") for line in make_movie().dialogue()
    ]


def test_any_text_survives_the_subtitle_track(tmp_path: Path) -> None:
    text = "שלום <b>{\\an8} --> \U0001f511\nsecond & last"
    movie = said(make_movie(0, 1, 1, 1), text)
    assert [t for _, _, t in texts_in(write_film(movie, pictures(movie), tmp_path).mp4)] == [f"ADA: {text}"]


def test_a_text_longer_than_a_sample_can_hold_is_cut_between_characters(tmp_path: Path) -> None:
    movie = said(make_movie(0, 1, 1, 1), "x" + "é" * 40_000)
    ((_, _, text),) = texts_in(write_film(movie, pictures(movie), tmp_path).mp4)
    assert len(text.encode()) == film_tracks.TEXT_BYTES_MAX - 1
    assert set(text.removeprefix("ADA: x")) == {"é"}


def said(movie: Movie, text: str) -> Movie:
    """The movie with other words in its first line."""
    chapter, scene = movie.chapters[0], movie.chapters[0].scenes[0]
    line = scene.dialogue[0].model_copy(update={"text": text})
    scene = scene.model_copy(update={"dialogue": (line,)})
    chapter = chapter.model_copy(update={"scenes": (scene, *chapter.scenes[1:])})
    return movie.model_copy(update={"chapters": (chapter, *movie.chapters[1:])})


def test_a_movie_before_its_dialogue_is_a_film_without_subtitles(tmp_path: Path) -> None:
    movie = with_spans(make_movie(0, 1, 1, 2), [4.0, 4.0])
    files = write_film(movie, pictures(movie), tmp_path)
    with av.open(str(files.mp4)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
    assert files.srt.read_text() == ""


def test_the_same_movie_gives_the_same_bytes(plain: Path, tmp_path: Path) -> None:
    movie = make_movie()
    assert write_film(movie, pictures(movie), tmp_path).mp4.read_bytes() == plain.read_bytes()


def test_a_second_run_encodes_nothing_and_asks_for_no_picture(tmp_path: Path) -> None:
    movie = make_movie(0, 1, 1, 2)
    first = write_film(movie, pictures(movie), tmp_path)
    written_ns = first.mp4.stat().st_mtime_ns

    def never() -> Iterator[tuple[Keyframe, bytes]]:
        raise AssertionError("a picture was asked for")
        yield

    again = write_film(movie, never(), tmp_path)
    assert (first.up_to_date, again.up_to_date) == (False, True)
    assert again.mp4.stat().st_mtime_ns == written_ns


@pytest.mark.parametrize(
    "change", ["title", "text", "span", "picture", "srt gone", "vtt edited", "mp4 broken", "version"]
)
def test_a_film_of_something_else_is_out_of_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    movie = make_movie(0, 1, 1, 2)
    files = write_film(movie, pictures(movie), tmp_path)
    assert film_up_to_date(movie, tmp_path)
    if change == "title":
        movie = movie.model_copy(update={"title": "Another"})
    elif change == "text":
        movie = said(movie, "something else")
    elif change == "span":
        movie = with_spans(movie, [3.0, 5.0])
    elif change == "picture":
        movie = repainted(movie, "0" * 64)
    elif change == "srt gone":
        files.srt.unlink()
    elif change == "vtt edited":
        files.vtt.write_text("WEBVTT\n")
    elif change == "mp4 broken":
        files.mp4.write_bytes(b"not a film")
    else:
        monkeypatch.setattr(film, "FILM_VERSION", film.FILM_VERSION + 1)
    assert not film_up_to_date(movie, tmp_path)


def repainted(movie: Movie, image_sha256: str | None) -> Movie:
    """The movie with another hash for its first picture."""
    chapter, scene = movie.chapters[0], movie.chapters[0].scenes[0]
    keyframe = scene.keyframes[0].model_copy(update={"image_sha256": image_sha256})
    scene = scene.model_copy(update={"keyframes": (keyframe, *scene.keyframes[1:])})
    chapter = chapter.model_copy(update={"scenes": (scene, *chapter.scenes[1:])})
    return movie.model_copy(update={"chapters": (chapter, *movie.chapters[1:])})


def test_a_movie_that_was_not_painted_names_the_stage_to_run(tmp_path: Path) -> None:
    movie = repainted(make_movie(0, 1, 1, 2), None)
    with pytest.raises(ValueError, match="m00000-c00-s00-k00 has no picture.*run the keyframes stage"):
        write_film(movie, pictures(movie), tmp_path)


def test_pictures_that_end_early_name_the_one_that_is_missing(tmp_path: Path) -> None:
    movie = make_movie(0, 1, 1, 3)
    with pytest.raises(ValueError, match="picture of m00000-c00-s00-k02 was due, got the end"):
        write_film(movie, list(pictures(movie))[:2], tmp_path)


def test_pictures_in_another_order_are_refused(tmp_path: Path) -> None:
    movie = make_movie(0, 1, 1, 3)
    with pytest.raises(ValueError, match="picture of m00000-c00-s00-k00 was due, got m00000-c00-s00-k02"):
        write_film(movie, reversed(list(pictures(movie))), tmp_path)


@pytest.mark.parametrize("data", [b"", b"not a picture", picture(1)[:400], picture(1, form="PNG")[:60]])
def test_a_broken_picture_is_named_and_leaves_nothing_behind(tmp_path: Path, data: bytes) -> None:
    movie = make_movie(0, 1, 1, 3)
    images = list(pictures(movie))
    images[1] = (images[1][0], data)
    with pytest.raises(ValueError, match="picture of m00000-c00-s00-k01 cannot be read"):
        write_film(movie, images, tmp_path / "films")
    assert list((tmp_path / "films").iterdir()) == []


@pytest.mark.parametrize(
    ("size", "message"), [((63, 36), "63x36 px; a film needs even"), ((32, 18), "needs one size")]
)
def test_a_picture_of_a_size_no_film_can_hold_is_named(tmp_path: Path, size: tuple[int, int], message: str) -> None:
    movie = make_movie(0, 1, 1, 2)
    images = list(pictures(movie))
    images[1] = (images[1][0], make_image("x", *size))
    with pytest.raises(ValueError, match=f"m00000-c00-s00-k01 is .*{message}"):
        write_film(movie, images, tmp_path)


def test_a_keyframe_too_short_to_show_is_named(tmp_path: Path) -> None:
    movie = with_spans(make_movie(0, 1, 1, 2), [4.0, 1e-6])
    with pytest.raises(ValueError, match="k01 lasts less than"):
        write_film(movie, pictures(movie), tmp_path)


def test_a_film_that_fails_leaves_the_one_before_it(tmp_path: Path) -> None:
    movie = make_movie(0, 1, 1, 2)
    before = write_film(movie, pictures(movie), tmp_path).mp4.read_bytes()
    changed = movie.model_copy(update={"title": "Another"})
    with pytest.raises(ValueError, match="was due"):
        write_film(changed, [], tmp_path)
    assert (tmp_path / "m00000.mp4").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m00000.mp4", "m00000.srt", "m00000.vtt"]


def test_pictures_are_taken_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    movie = make_movie(0, 1, 2, 5)
    taken: list[str] = []
    taken_when_encoded: list[int] = []

    def source() -> Iterator[tuple[Keyframe, bytes]]:
        for keyframe, data in pictures(movie):
            taken.append(keyframe.keyframe_id)
            yield keyframe, data

    encode = film._packets

    def counted(*args: Any) -> Iterator[Any]:
        taken_when_encoded.append(len(taken))
        return encode(*args)

    monkeypatch.setattr(film, "_packets", counted)
    write_film(movie, source(), tmp_path)
    assert taken_when_encoded == list(range(1, 11))


@pytest.mark.slow
def test_the_longest_movie_of_the_paper_becomes_a_film(tmp_path: Path) -> None:
    movie = make_movie(0, 11, 11, 11)
    path = write_film(movie, pictures(movie), tmp_path).mp4
    with av.open(str(path)) as container:
        assert container.duration == 5_324_000_000
        assert container.streams.video[0].frames == 1331 * 4 * film.FRAMES_PER_S
    assert len(texts_in(path)) == 121
