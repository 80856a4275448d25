"""Films: one MP4 a movie, its keyframes shown for as long as they last, with the dialogue as a subtitle track.

    files = write_film(movie, reader.images(movie), out=Path("run/films"))      # m00000.mp4, .srt, .vtt

The picture is H.264, 4:2:0, BT.709, and starts before it is loaded whole (faststart). Every keyframe is one sync
sample followed by frames that repeat it, about `FRAMES_PER_S` a second: a decoder that asks for any moment gets the
keyframe of that moment, and one that decodes sync samples only gets every keyframe once. The film has no sound.

A film knows what it was made of: the hash in its comment tag covers pictures, times, text and encoder settings, and
`write_film` leaves a film that is up to date alone. The same movie gives the same bytes on any number of cores.
It does not choose movies and does not read runs: see verbs.py.
"""

import hashlib
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.subtitles.stream import SubtitleStream
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from PIL import Image

from moviellm.generation.files import whole_file, write_whole
from moviellm.generation.schema import Keyframe, Movie, canonical_json
from moviellm.generation.subtitles import srt, stretches, vtt

FILM_VERSION = 1
"""Bumped when the same movie would give another film."""

TICKS_PER_S = 90_000
"""Time base of the picture, fine enough for any span a story has."""

FRAMES_PER_S = 5
"""Frames that show a keyframe, a second. Where frames are further apart than 250 ms, Chromium shows the next one early
(measured in Chromium 150 at 0.25, 1, 2 and 3 a second; at 4 and 5 the keyframes change on time)."""

ENCODER = {
    "preset": "veryfast",
    "tune": "animation,zerolatency",
    "crf": "20",
    "forced-idr": "1",
    "x264-params": "keyint=infinite:scenecut=0",
}
"""Settings of libx264. `zerolatency` gives a packet for every frame at once, which repeating a keyframe relies on."""

TEXT_STYLE = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0
"""
"""From this the encoder makes the description that the subtitle track must open with."""

TEXT_BYTES_MAX = 65_535
"""What the two bytes for the length of a text in the subtitle track can count."""

LANGUAGES = {"ar": "ara", "de": "deu", "en": "eng", "es": "spa", "fr": "fra", "hi": "hin", "ja": "jpn", "zh": "zho"}
"""MP4 names a language by the three letters of ISO 639-2; others than these must come with three, or are `und`."""


@dataclass(frozen=True)
class FilmFiles:
    """Where the film of a movie is."""

    mp4: Path
    """Picture and subtitle track."""
    srt: Path
    """The dialogue as SubRip."""
    vtt: Path
    """The dialogue as WebVTT."""
    up_to_date: bool = False
    """Whether it was there already and nothing had to be made."""


def _files(movie: Movie, out: Path) -> FilmFiles:
    mp4, srt_path, vtt_path = (out / f"{movie.movie_id}.{ending}" for ending in ("mp4", "srt", "vtt"))
    return FilmFiles(mp4=mp4, srt=srt_path, vtt=vtt_path)


def write_film(movie: Movie, images: Iterable[tuple[Keyframe, bytes]], out: Path) -> FilmFiles:
    """Write `<movie_id>.mp4`, `.srt` and `.vtt` into the folder `out`, unless they are there and up to date.

    `images` are the encoded pictures (JPEG, WebP, PNG) in story order; one is held at a time, and none is asked for
    when the film is up to date. The MP4 is renamed into place last: an interrupted film is made again.

    Raises:
        ValueError: a stage has not run, a picture is missing or broken, sizes differ or are odd, or `out` cannot be
            written.
    """
    files = _files(movie, out)
    if film_up_to_date(movie, out):
        return replace(files, up_to_date=True)
    with whole_file(files.mp4) as temporary:
        _encode(movie, images, temporary)
        write_whole(files.srt, srt(movie).encode())
        write_whole(files.vtt, vtt(movie).encode())
    return files


def film_up_to_date(movie: Movie, out: Path) -> bool:
    """Whether the three files are in `out` and were made from this movie as it is now.

    Raises:
        ValueError: the movie has no pictures yet.
    """
    files = _files(movie, out)
    comment = _comment(movie)
    try:
        if files.srt.read_text(encoding="utf-8") != srt(movie) or files.vtt.read_text(encoding="utf-8") != vtt(movie):
            return False
        with av.open(str(files.mp4)) as film:
            return film.metadata.get("comment") == comment
    except (OSError, UnicodeDecodeError, FFmpegError):
        return False


def _comment(movie: Movie) -> str:
    """The tag that says what a film was made of."""
    made_of = {
        "version": FILM_VERSION,
        "encoder": [ENCODER, TICKS_PER_S, FRAMES_PER_S],
        "title": movie.title,
        "language": movie.language,
        "keyframes": [[k.image_sha256, k.span.start_s, k.span.end_s] for k in _painted(movie)],
        "text": [srt(movie), vtt(movie)],
    }
    return "moviellm film sha256:" + hashlib.sha256(canonical_json(made_of).encode()).hexdigest()


def _painted(movie: Movie) -> list[Keyframe]:
    keyframes = list(movie.keyframes())
    if not keyframes:
        raise ValueError(f"{movie.movie_id} has no keyframes, so no film can be made; run the plot stage first")
    for keyframe in keyframes:
        if keyframe.image_sha256 is None:
            raise ValueError(
                f"{keyframe.keyframe_id} has no picture, so no film of {movie.movie_id} can be made; "
                "run the keyframes stage first"
            )
    return keyframes


# ------------------------------------------------------------------------------------------------ picture and text


def _encode(movie: Movie, images: Iterable[tuple[Keyframe, bytes]], path: Path) -> None:
    """Encode and mux the whole film into `path`."""
    frames = _frames(movie, images)
    first = next(frames)
    texts = stretches(movie)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        film.metadata.update({"title": movie.title, "comment": _comment(movie)})
        video = _add_video(film, first[1])
        subtitles = _add_subtitles(film) if texts else None
        for stream in (video, subtitles) if subtitles else (video,):
            stream.metadata["language"] = _language(movie.language)
        repeats = _repeats(video, max(len(_frame_ticks(k)) for k in movie.keyframes()) - 2)
        told = 0
        for keyframe, frame in chain([first], frames):
            while subtitles and told < len(texts) and texts[told][0] < keyframe.span.end_s * 1000:
                film.mux(_text_packet(subtitles, *texts[told]))
                told += 1
            for packet in _packets(video, keyframe, frame, repeats):
                film.mux(packet)


def _frames(movie: Movie, images: Iterable[tuple[Keyframe, bytes]]) -> Iterator[tuple[Keyframe, VideoFrame]]:
    """Every keyframe with its picture, decoded and checked."""
    source = iter(images)
    size_px: tuple[int, int] | None = None
    for wanted in _painted(movie):
        given, data = next(source, (None, b""))
        if given is None or given.keyframe_id != wanted.keyframe_id:
            raise ValueError(
                f"the picture of {wanted.keyframe_id} was due, got {given.keyframe_id if given else 'the end'}; "
                "run the keyframes stage again"
            )
        image = _decode(wanted, data)
        size_px = size_px or image.size
        if image.size != size_px:
            raise ValueError(
                f"{wanted.keyframe_id} is {image.width}x{image.height} px, the first picture of the movie "
                f"{size_px[0]}x{size_px[1]}; a film needs one size"
            )
        yield wanted, _video_frame(image)


def _decode(keyframe: Keyframe, data: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data)).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"the picture of {keyframe.keyframe_id} cannot be read ({error}); delete it and run the keyframes stage"
        ) from error
    if image.width % 2 or image.height % 2:
        raise ValueError(
            f"{keyframe.keyframe_id} is {image.width}x{image.height} px; a film needs even sizes, "
            "see image.width_px and image.height_px of the recipe"
        )
    return image


def _video_frame(image: Image.Image) -> VideoFrame:
    frame = VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
    return frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)


def _add_video(film: OutputContainer, frame: VideoFrame) -> VideoStream:
    video = film.add_stream("libx264", rate=FRAMES_PER_S, width=frame.width, height=frame.height, pix_fmt="yuv420p")
    assert isinstance(video, VideoStream)
    video.options = dict(ENCODER)
    coder = video.codec_context
    coder.time_base = Fraction(1, TICKS_PER_S)
    coder.thread_count = 1  # more would write other bytes
    coder.colorspace = Colorspace.ITU709
    coder.color_range = ColorRange.MPEG
    coder.color_primaries = ColorPrimaries.BT709
    coder.color_trc = ColorTrc.BT709
    return video


def _add_subtitles(film: OutputContainer) -> SubtitleStream:
    subtitles = film.add_stream("mov_text")
    assert isinstance(subtitles, SubtitleStream)
    subtitles.codec_context.subtitle_header = TEXT_STYLE.encode()
    subtitles.codec_context.time_base = Fraction(1, 1000)
    subtitles.time_base = Fraction(1, 1000)
    subtitles.metadata["handler_name"] = "Dialogue"
    return subtitles


def _language(tag: str) -> str:
    primary = tag.split("-")[0].lower()
    return LANGUAGES.get(primary, primary if len(primary) == 3 and primary.isascii() else "und")


def _frame_ticks(keyframe: Keyframe) -> list[int]:
    """Start of every frame that shows a keyframe, and the end of the last one, in ticks."""
    start, end = (round(time_s * TICKS_PER_S) for time_s in (keyframe.span.start_s, keyframe.span.end_s))
    if end <= start:
        raise ValueError(f"{keyframe.keyframe_id} lasts less than 1/{TICKS_PER_S} s; no film can show it")
    frames = math.ceil((end - start) * FRAMES_PER_S / TICKS_PER_S)
    return [start + (end - start) * i // frames for i in range(frames + 1)]


def _repeats(video: VideoStream, count: int) -> list[bytes]:
    """`count` encoded frames that say "as before", good after any keyframe.

    Encoding every repeat multiplies the work by four and, because the encoder goes on refining, the bytes by three.
    But a frame in which every block is skipped does not depend on what it repeats, only on its distance from the
    keyframe: so a grey picture is encoded with its repeats once, and their packets serve all keyframes.
    """
    coder = video.codec_context
    grey = _video_frame(Image.new("RGB", (coder.width, coder.height), (128, 128, 128)))
    packets: list[bytes] = []
    for i in range(count + 1):
        grey.pts, grey.time_base = i - count - 1, coder.time_base
        grey.pict_type = PictureType.NONE if i else PictureType.I
        made = coder.encode(grey)
        assert len(made) == 1 and made[0].is_keyframe == (i == 0), "the encoder holds frames back"
        packets.append(bytes(made[0]))
    return packets[1:]


def _packets(
    video: VideoStream, keyframe: Keyframe, frame: VideoFrame, repeats: list[bytes]
) -> Iterator["Packet[Stream]"]:
    """The encoded frames of one keyframe: a sync sample, then its repeats."""
    coder = video.codec_context
    ticks = _frame_ticks(keyframe)
    frame.pts, frame.time_base, frame.pict_type = ticks[0], coder.time_base, PictureType.I
    made = coder.encode(frame)
    assert len(made) == 1 and made[0].is_keyframe, "the encoder holds frames back"
    packets: list[Packet[Stream]] = [*made, *(Packet(data) for data in repeats[: len(ticks) - 2])]
    for packet, (start, end) in zip(packets, pairwise(ticks), strict=True):
        packet.stream, packet.time_base = video, coder.time_base
        packet.pts, packet.dts, packet.duration = start, start, end - start
        yield packet


def _text_packet(subtitles: SubtitleStream, start_ms: int, end_ms: int, text: str) -> "Packet[Stream]":
    """A sample of 3GPP timed text: two bytes of length, then UTF-8; markup has no meaning in it."""
    data = text.encode()[:TEXT_BYTES_MAX].decode(errors="ignore").encode()
    packet = Packet(len(data).to_bytes(2, "big") + data)
    packet.stream, packet.time_base = subtitles, Fraction(1, 1000)
    packet.pts, packet.dts, packet.duration = start_ms, start_ms, end_ms - start_ms
    return packet
