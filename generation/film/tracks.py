"""The tracks of a film: the picture, one sync sample a keyframe, and the dialogue as timed text.

    video = add_video(film, width, height, FRAMES_PER_S)
    repeats = repeats_of(video, 19)
    for packet in still_packets(video, keyframe, video_frame(image), repeats):
        film.mux(packet)

H.264, 4:2:0, BT.709, every packet at once and by one thread, so that the same pictures give the same bytes. It opens
and names no files: see mp4.py. The sound is in soundtrack.py.
"""

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.subtitles.stream import SubtitleStream
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from PIL import Image

from moviellm.generation.schema import TemporalSpan

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


class Timed(Protocol):
    """A picture that is shown for a while: a keyframe, or something like it."""

    @property
    def keyframe_id(self) -> str:
        """What errors call it."""

    @property
    def span(self) -> TemporalSpan:
        """When it is shown."""


def video_frame(image: Image.Image) -> VideoFrame:
    """A picture as the encoder takes it."""
    frame = VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
    return frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)


def add_video(film: OutputContainer, width: int, height: int, fps: int) -> VideoStream:
    """The track for the picture."""
    video = film.add_stream("libx264", rate=fps, width=width, height=height, pix_fmt="yuv420p")
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


def add_subtitles(film: OutputContainer) -> SubtitleStream:
    """The track for the dialogue as text."""
    subtitles = film.add_stream("mov_text")
    assert isinstance(subtitles, SubtitleStream)
    subtitles.codec_context.subtitle_header = TEXT_STYLE.encode()
    subtitles.codec_context.time_base = Fraction(1, 1000)
    subtitles.time_base = Fraction(1, 1000)
    subtitles.metadata["handler_name"] = "Dialogue"
    return subtitles


def language_code(tag: str) -> str:
    """The three letters for a BCP-47 tag."""
    primary = tag.split("-")[0].lower()
    return LANGUAGES.get(primary, primary if len(primary) == 3 and primary.isascii() else "und")


def frame_ticks(keyframe: Timed, fps: int) -> list[int]:
    """Start of every frame that shows a keyframe, and the end of the last one, in ticks."""
    start, end = (round(time_s * TICKS_PER_S) for time_s in (keyframe.span.start_s, keyframe.span.end_s))
    if end <= start:
        raise ValueError(f"{keyframe.keyframe_id} lasts less than 1/{TICKS_PER_S} s; no film can show it")
    frames = math.ceil((end - start) * fps / TICKS_PER_S)
    return [start + (end - start) * i // frames for i in range(frames + 1)]


def repeats_of(video: VideoStream, count: int) -> list[bytes]:
    """`count` encoded frames that say "as before", good after any keyframe.

    Encoding every repeat multiplies the work by four and, because the encoder goes on refining, the bytes by three.
    But a frame in which every block is skipped does not depend on what it repeats, only on its distance from the
    keyframe: so a grey picture is encoded with its repeats once, and their packets serve all keyframes.
    """
    coder = video.codec_context
    grey = video_frame(Image.new("RGB", (coder.width, coder.height), (128, 128, 128)))
    packets: list[bytes] = []
    for i in range(count + 1):
        grey.pts, grey.time_base = i - count - 1, coder.time_base
        grey.pict_type = PictureType.NONE if i else PictureType.I
        made = coder.encode(grey)
        assert len(made) == 1 and made[0].is_keyframe == (i == 0), "the encoder holds frames back"
        packets.append(bytes(made[0]))
    return packets[1:]


def still_packets(
    video: VideoStream, keyframe: Timed, frame: VideoFrame, repeats: list[bytes]
) -> Iterator["Packet[Stream]"]:
    """The encoded frames of a keyframe that stands still: a sync sample, then its repeats."""
    ticks = frame_ticks(keyframe, FRAMES_PER_S)
    packets: list[Packet[Stream]] = [_encoded(video, frame, ticks[0], sync=True)]
    packets += [Packet(data) for data in repeats[: len(ticks) - 2]]
    for packet, (start, end) in zip(packets, pairwise(ticks), strict=True):
        yield _timed(video, packet, start, end)


def moving_packets(video: VideoStream, images: Iterable[Image.Image], ticks: list[int]) -> Iterator["Packet[Stream]"]:
    """The encoded frames of a keyframe that the camera moves over: a sync sample, then what changes."""
    for image, (start, end) in zip(images, pairwise(ticks), strict=True):
        yield _timed(video, _encoded(video, video_frame(image), start, sync=start == ticks[0]), start, end)


def _encoded(video: VideoStream, frame: VideoFrame, start: int, *, sync: bool) -> "Packet[Stream]":
    coder = video.codec_context
    frame.pts, frame.time_base = start, coder.time_base
    frame.pict_type = PictureType.I if sync else PictureType.NONE
    made = coder.encode(frame)
    assert len(made) == 1 and made[0].is_keyframe == sync, "the encoder holds frames back"
    return made[0]


def _timed(video: VideoStream, packet: "Packet[Stream]", start: int, end: int) -> "Packet[Stream]":
    packet.stream, packet.time_base = video, video.codec_context.time_base
    packet.pts, packet.dts, packet.duration = start, start, end - start
    return packet


def text_packet(subtitles: SubtitleStream, start_ms: int, end_ms: int, text: str) -> "Packet[Stream]":
    """A sample of 3GPP timed text: two bytes of length, then UTF-8; markup has no meaning in it."""
    data = text.encode()[:TEXT_BYTES_MAX].decode(errors="ignore").encode()
    packet = Packet(len(data).to_bytes(2, "big") + data)
    packet.stream, packet.time_base = subtitles, Fraction(1, 1000)
    packet.pts, packet.dts, packet.duration = start_ms, start_ms, end_ms - start_ms
    return packet
