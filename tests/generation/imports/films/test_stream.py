"""Films as they come: times that start late, lack or lie, pictures of every make, files that break off, no films."""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from moviellm.generation.imports.films import stream
from moviellm.generation.imports.films.pictures import Pictures
from moviellm.generation.imports.films.stream import BREAKS_OFF, NO_TIME, PICTURED, open_film, plain_ass
from tests.generation.imports.films.filmkit import make_film, name_of

TWO = [("red", 1.0), ("blue", 1.0)]


def read(path: Path, max_side_px: int = 512) -> tuple[Any, list[tuple[float, np.ndarray]]]:
    """The film after it was read, and every picture with its time."""
    with open_film(path) as film:
        pictures = Pictures(max_side_px, 88, film.pixel_shape)
        return film, [(time_s, pictures.rgb(frame)) for time_s, frame in film.frames()]


def changes(frames: list[tuple[float, np.ndarray]]) -> list[tuple[float, str]]:
    """When the colour changes, and to which."""
    named = [(time_s, name_of(rgb)) for time_s, rgb in frames]
    return [named[0], *(here for before, here in zip(named, named[1:], strict=False) if before[1] != here[1])]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.ts", "a.avi", "a.flv"])
def test_pictures_come_at_their_times_from_every_container(tmp_path: Path, name: str) -> None:
    film, frames = read(make_film(tmp_path / name, TWO))
    assert changes(frames) == [(0.0, "red"), (1.0, "blue")]
    assert film.end_s == pytest.approx(2.0, abs=2e-3)
    assert not film.mended


def test_pictures_without_any_times_follow_the_frame_rate(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.h264", TWO, rate=25, form="h264")
    film, frames = read(path)
    assert [round(time_s, 3) for time_s, _ in frames[:3]] == [0.0, 0.04, 0.08]
    assert film.end_s == pytest.approx(2.0)


def test_a_film_that_starts_late_starts_at_zero(tmp_path: Path) -> None:
    film, frames = read(make_film(tmp_path / "a.ts", TWO, start_s=500.0))
    assert changes(frames) == [(0.0, "red"), (1.0, "blue")]
    assert film.end_s == pytest.approx(2.0, abs=1e-3)


def test_pictures_that_start_after_the_sound_keep_their_place(tmp_path: Path) -> None:
    film, frames = read(make_film(tmp_path / "a.mp4", TWO, start_s=1.5, sound_s=3.5))
    assert changes(frames) == [(1.5, "red"), (2.5, "blue")]
    assert film.end_s == pytest.approx(3.5, abs=1e-3)


def test_uneven_frame_rates_are_taken_as_they_are(tmp_path: Path) -> None:
    times_s = [0.0, 0.1, 0.55, 1.0, 1.7]
    _, frames = read(make_film(tmp_path / "a.mkv", TWO, times_s=times_s))
    assert [time_s for time_s, _ in frames] == pytest.approx(times_s, abs=1e-3)


def test_times_rise_where_the_file_says_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_film(tmp_path / "a.mp4", TWO)
    said = iter([0.0, 0.1, 0.2, 0.2, 0.1, None, 1e7, *(0.7 + number / 10 for number in range(13))])
    monkeypatch.setattr(stream.Film, "_said", lambda self, frame: next(said))
    film, frames = read(path)
    assert [time_s for time_s, _ in frames[:7]] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert film.mended[NO_TIME] == 4


def test_wide_pixels_make_a_wide_picture(tmp_path: Path) -> None:
    _, frames = read(make_film(tmp_path / "a.mp4", TWO, pixel_shape=Fraction(16, 11)))
    assert frames[0][1].shape == (48, 94, 3)


def test_tall_pixels_make_a_tall_picture(tmp_path: Path) -> None:
    _, frames = read(make_film(tmp_path / "a.mp4", TWO, pixel_shape=Fraction(1, 2)))
    assert frames[0][1].shape == (96, 64, 3)


@pytest.mark.parametrize(
    ("clockwise", "corner"), [(0, (0, 0)), (90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))]
)  # where the white corner, coded at the top left, must be seen
def test_a_film_is_turned_as_its_rotation_says(tmp_path: Path, clockwise: int, corner: tuple[int, int]) -> None:
    path = make_film(tmp_path / "a.mp4", [("blue", 0.5)])
    _turn(path, clockwise)
    _, frames = read(path)
    picture = frames[0][1]
    assert picture.shape[:2] == ((48, 64) if clockwise % 180 == 0 else (64, 48))
    corners = {(y, x): int(picture[y, x].min()) for y in (0, -1) for x in (0, -1)}
    assert max(corners, key=lambda place: corners[place]) == corner


def _turn(path: Path, clockwise: int) -> None:
    """Write a rotation into the matrix of the track header (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 4 + 20 + 8 + 8
    cos, sin = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[clockwise]
    one = 1 << 16
    data[at : at + 36] = struct.pack(">9i", cos * one, sin * one, 0, -sin * one, cos * one, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv444p", "yuvj420p", "gray"])
def test_pictures_of_every_pixel_format_have_their_colours(tmp_path: Path, pixel_format: str) -> None:
    shots = [("white", 1.0), ("black", 1.0)] if pixel_format == "gray" else TWO
    _, frames = read(make_film(tmp_path / "a.mkv", shots, pixel_format=pixel_format))
    assert changes(frames) == [(0.0, shots[0][0]), (1.0, shots[1][0])]


@pytest.mark.slow  # swscale makes a table of the colours first, which takes seconds
def test_light_of_an_hdr_film_is_told_against_its_reference_white(tmp_path: Path) -> None:
    colours = {"x264-params": "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"}
    films = [{}, colours]
    made = [
        make_film(tmp_path / f"{number}.mkv", [("grey", 0.3)], pixel_format="yuv420p10le", stream_options=options)
        for number, options in enumerate(films)
    ]
    plain, hdr = (int(read(path)[1][0][1][-1, -1].mean()) for path in made)
    assert abs(plain - 120) <= 3
    light = _pq_light(120 / 255) / 203
    assert abs(hdr - 255 * (1.055 * light ** (1 / 2.4) - 0.055)) <= 6


def _pq_light(signal: float) -> float:
    """Light of a signal in PQ, cd/m2 (SMPTE ST 2084)."""
    power = signal ** (1 / 78.84375)
    return 10_000 * (max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)


@pytest.mark.parametrize(("interlaced", "level"), [(True, 120), (False, 180)])
def test_of_an_interlaced_film_one_field_is_shown(tmp_path: Path, interlaced: bool, level: int) -> None:
    options = {"crf": "1", **({"x264-params": "tff=1"} if interlaced else {})}
    _, frames = read(make_film(tmp_path / "a.mkv", [("combed", 0.3)], stream_options=options))
    assert abs(int(frames[0][1].mean()) - level) < 8


def test_a_large_film_is_made_small_and_keeps_its_shape(tmp_path: Path) -> None:
    _, frames = read(make_film(tmp_path / "a.mp4", [("teal", 0.2)], size=(322, 182)), max_side_px=100)
    assert frames[0][1].shape == (56, 100, 3)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mov_text"), ("a.mkv", "srt"), ("a.mkv", "ass")])
def test_the_films_own_subtitles_are_read(tmp_path: Path, name: str, codec: str) -> None:
    said = [(0.2, 0.9, "Hello, you."), (1.5, 1.9, "There\nit is.")]
    raw = [(s, e, f"0,0,Default,,0,0,0,,{{\\b1}}{t.replace(chr(10), chr(92) + 'N')}") for s, e, t in said]
    film, _ = read(
        make_film(tmp_path / name, TWO, lines=raw if codec == "ass" else said, line_codec=codec, language="ger")
    )
    assert [(cue.start_s, cue.end_s, cue.text) for cue in film.cues] == said
    assert film.cues_language == "ger"


def test_drawings_and_override_tags_say_nothing() -> None:
    assert plain_ass(rb"1,0,Default,,0,0,0,,{\p1}m 0 0 l 100 0{\p0}") == ""
    assert plain_ass(rb"1,0,Default,,0,0,0,,{\an8\i1}Up\hthere,\Nlook{\i0}!") == "Up there,\nlook!"


def test_chapters_and_title_are_read(tmp_path: Path) -> None:
    marks = [(0.0, 1.2, "The key"), (1.2, 2.0, "The lamp")]
    film, _ = read(make_film(tmp_path / "a.mkv", TWO, chapters=marks, title="A  Key\tfound"))
    assert film.facts.chapters == ((0.0, "The key"), (1.2, "The lamp"))
    assert film.facts.title == "A Key found"


def test_a_film_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mkv", [("red", 6.0), ("blue", 6.0)], size=(128, 96))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 55 // 100])
    film, frames = read(path)
    assert film.mended[BREAKS_OFF] == 1
    assert 3.0 < film.end_s < 10.0
    assert frames[0][0] == 0.0


def test_a_film_whose_index_promises_more_than_there_is_breaks_off(tmp_path: Path) -> None:
    front = {"movflags": "faststart"}
    path = make_film(tmp_path / "a.mp4", [("red", 6.0)], stream_options={"g": "5"}, container_options=front)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 60 // 100])
    film, _ = read(path)
    assert film.mended[BREAKS_OFF] == 1
    assert 0.5 < film.end_s < 5.0


def test_rubbish_in_the_middle_costs_pictures_and_not_the_film(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.ts", [("red", 4.0), ("blue", 4.0)], stream_options={"g": "5"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 188 * 188
    for packet in range(middle, middle + 40 * 188, 188):
        data[packet + 30 : packet + 180] = b"\x55" * 150
    path.write_bytes(data)
    film, frames = read(path)
    assert film.end_s == pytest.approx(8.0, abs=0.3)
    assert [name for _, name in changes(frames)][-1] == "blue"


def test_a_film_may_change_its_size_on_the_way(tmp_path: Path) -> None:
    parts = [
        make_film(tmp_path / "a.ts", [("red", 1.0)]),
        make_film(tmp_path / "b.ts", [("blue", 1.0)], size=(128, 64), start_s=1.0),
    ]
    (tmp_path / "film.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    _, frames = read(tmp_path / "film.ts")
    assert changes(frames) == [(0.0, "red"), (pytest.approx(1.0, abs=0.15), "blue")]
    assert [frames[0][1].shape, frames[-1][1].shape] == [(48, 64, 3), (64, 128, 3)]


def test_a_whole_film_does_not_break_off(tmp_path: Path) -> None:
    film, _ = read(make_film(tmp_path / "a.mkv", TWO, sound_s=2.0))
    assert not film.mended[BREAKS_OFF]


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.m4a", [], sound_s=1.0, form="mp4")
    with pytest.raises(ValueError, match=r"has no video stream \(it holds: audio\)"), open_film(path):
        pass


@pytest.mark.parametrize("text", ["", "1\n00:00:01,000 --> 00:00:02,000\nHello\n", "<html></html>", "\x00" * 4096])
def test_what_is_no_film_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.mp4").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="is no video that can be read"), open_film(tmp_path / "a.mp4"):
        pass


def test_a_picture_is_no_film(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="is no video"), open_film(tmp_path / "a.png"):
        pass


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nreal.ts\n#EXT-X-ENDLIST\n"),
        ("a.mp4", "ffconcat version 1.0\nfile real.ts\n"),
        ("a.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"),
    ],
)
def test_a_list_of_other_files_or_addresses_is_never_opened(tmp_path: Path, name: str, text: str) -> None:
    make_film(tmp_path / "real.ts", TWO)
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="is no video that can be read"), open_film(tmp_path / name):
        pass


def test_a_film_of_absurd_size_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PIXELS_MAX", 64 * 48 - 1)
    path = make_film(tmp_path / "a.mp4", TWO)
    with pytest.raises(ValueError, match="64x48 pixels; films have at most"), open_film(path):
        pass


def test_subtitles_that_are_pictures_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_film(tmp_path / "a.mkv", TWO, lines=[(0.1, 0.5, "x")], line_codec="srt")
    monkeypatch.setattr(stream, "TEXT_SUBTITLES", set())  # as if those were of a DVD
    film, _ = read(path)
    assert film.cues == []
    assert film.mended[PICTURED] == 1
