"""Small films, made on the spot: plain colours, or noise, with times, tracks and faults as asked.

make_film(tmp_path / "a.mp4", [("red", 2.0), ("blue", 1.0)], rate=10)
"""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.subtitles.stream import SubtitleStream
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from moviellm.generation.film.tracks import add_subtitles, text_packet
from moviellm.generation.imports.films import video
from moviellm.generation.imports.films.quarantine import Refused
from moviellm.generation.imports.films.spool import FilmRecord, spool_film
from moviellm.generation.imports.films.workers import NOT_READ

COLOURS = {
    "red": (200, 20, 20), "green": (20, 170, 20), "blue": (30, 30, 210), "grey": (120, 120, 120),
    "black": (0, 0, 0), "white": (250, 250, 250), "yellow": (220, 210, 20), "teal": (10, 140, 140),
}  # fmt: skip
SIZE = (64, 48)
TICKS = 90_000


def colour_picture(name: str, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A picture of one colour with a white corner, top left, so that it has an up and a left; `combed` is striped."""
    picture = np.empty((size[1], size[0], 3), np.uint8)
    if name == "combed":
        picture[::2], picture[1::2] = 120, 240
        return picture
    picture[:] = COLOURS[name]
    picture[: size[1] // 4, : size[0] // 4] = 255
    return picture


def name_of(rgb: Any) -> str:
    """The colour of a picture, by its lower right quarter."""
    height, width = rgb.shape[:2]
    mean = rgb[height // 2 :, width // 2 :].reshape(-1, 3).mean(axis=0)
    return min(COLOURS, key=lambda name: float(np.abs(mean - np.array(COLOURS[name])).sum()))


def make_film(
    path: Path,
    shots: Sequence[tuple[str, float]],
    *,
    rate: int = 10,
    size: tuple[int, int] = SIZE,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    times_s: Sequence[float] | None = None,
    start_s: float = 0.0,
    lines: Sequence[tuple[float, float, str]] = (),
    line_codec: str = "mov_text",
    language: str = "",
    chapters: Sequence[tuple[float, float, str]] = (),
    title: str = "",
    sound_s: float = 0.0,
    sound_start_s: float | None = None,
    pixel_shape: Fraction | None = None,
    stream_options: dict[str, str] | None = None,
    frame: dict[str, Any] | None = None,
    form: str | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write a film of plain colours.

    Args:
        shots: Colour and length of every shot.
        times_s: When each picture appears, instead of `rate` a second; the last shot goes on with the last one.
        start_s: Time of the first picture.
        lines: Start, end and text of a subtitle track.
        chapters: Start, end and title.
        sound_s: Length of a track with a tone; 0 leaves it out. With no shots there is nothing else.
        sound_start_s: Time of its first sample; None starts it at 0.
        frame: Attributes set on every frame.
    """
    length_s = sum(length for _, length in shots)
    times = [number / rate for number in range(round(length_s * rate))] if times_s is None else list(times_s)
    with av.open(str(path), "w", format=form, options=container_options or {}) as film:
        if title:
            film.metadata["title"] = title
        if not shots:
            only = film.add_stream("aac", rate=16_000, layout="mono")
            for packet in _tone(only, sound_s):
                film.mux(packet)
            return path
        video = film.add_stream(codec, rate=rate, width=size[0], height=size[1], pix_fmt=pixel_format)
        assert isinstance(video, VideoStream)
        video.options = {"preset": "ultrafast", **(stream_options or {})} if codec == "libx264" else {}
        video.codec_context.time_base = Fraction(1, TICKS if form != "h264" else rate)
        if pixel_shape is not None:
            video.codec_context.sample_aspect_ratio = pixel_shape
        texts = _text_stream(film, line_codec) if lines else None
        sound = film.add_stream("aac", rate=16_000, layout="mono") if sound_s else None
        for stream in film.streams:
            stream.metadata["language"] = language or "und"
        if chapters:
            film.set_chapters(
                [
                    {
                        "id": number,
                        "start": round(start * 1000),
                        "end": round(end * 1000),
                        "time_base": Fraction(1, 1000),
                        "metadata": {"title": said},
                    }
                    for number, (start, end, said) in enumerate(chapters)
                ]
            )
        for packet in _pictures(video, shots, times, start_s, size, pixel_format, frame or {}):
            film.mux(packet)
        for start, end, said in lines:
            film.mux(_line(texts, start, end, said))
        if sound is not None:
            for packet in _tone(sound, sound_s, sound_start_s or 0.0):
                film.mux(packet)
    return path


def _text_stream(film: Any, codec: str) -> Any:
    if codec == "mov_text":
        return add_subtitles(film)
    if codec == "srt":
        with av.open(io.BytesIO(b"1\n00:00:00,000 --> 00:00:01,000\nx\n"), format="srt") as template:
            return film.add_stream_from_template(template.streams.subtitles[0])
    stream = film.add_stream(codec)
    assert isinstance(stream, SubtitleStream)
    stream.time_base = Fraction(1, 1000)
    return stream


def _line(stream: Any, start_s: float, end_s: float, text: str) -> "Packet[Any]":
    if stream.codec_context is not None and stream.codec_context.name == "mov_text":
        return text_packet(stream, round(start_s * 1000), round(end_s * 1000), text)
    packet: Packet[Any] = Packet(text.encode())
    packet.stream, packet.time_base = stream, Fraction(1, 1000)
    packet.pts = packet.dts = round(start_s * 1000)
    packet.duration = round((end_s - start_s) * 1000)
    return packet


def _pictures(
    video: VideoStream,
    shots: Sequence[tuple[str, float]],
    times: Sequence[float],
    start_s: float,
    size: tuple[int, int],
    pixel_format: str,
    attributes: dict[str, Any],
) -> Any:
    edges = np.cumsum([length for _, length in shots])
    for time_s in times:
        shot = min(int(np.searchsorted(edges, time_s + 1e-9, side="right")), len(shots) - 1)
        made = VideoFrame.from_ndarray(colour_picture(shots[shot][0], size), format="rgb24")
        made = made.reformat(format=pixel_format, dst_colorspace=Colorspace.ITU601)
        made.pts, made.time_base = round((time_s + start_s) * TICKS), Fraction(1, TICKS)
        for name, value in attributes.items():
            setattr(made, name, value)
        yield from video.encode(made)
    yield from video.encode(None)


def _tone(sound: Any, length_s: float, start_s: float = 0.0) -> Any:
    wave = (0.3 * np.sin(np.arange(round(length_s * 16_000)) * 0.3)).astype(np.float32)
    for at in range(0, len(wave), 1024):
        piece = AudioFrame.from_ndarray(wave[None, at : at + 1024], format="fltp", layout="mono")
        piece.sample_rate, piece.pts, piece.time_base = 16_000, at + round(start_s * 16_000), Fraction(1, 16_000)
        yield from sound.encode(piece)
    yield from sound.encode(None)


def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode without processes of their own; those are tested where films are imported."""

    def read(paths: Sequence[Path], settings: Any, folder: Path, **rest: Any) -> list[FilmRecord | Refused]:
        answers: list[FilmRecord | Refused] = []
        for path in paths:
            try:
                answers.append(spool_film(path, settings, folder, rest["advance"]))
            except ValueError as error:
                answers.append(Refused(path, NOT_READ, str(error)))
        return answers

    monkeypatch.setattr(video, "read_films", read)
    monkeypatch.setattr(video, "stated_lengths", lambda paths: [0.0])
