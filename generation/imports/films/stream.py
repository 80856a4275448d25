"""A film file, opened safely and decoded one picture at a time; nothing of it is held back.

    with open_film(Path("film.mkv")) as film:
        film.facts                                   # title, codec, size, chapters, stated length
        for time_s, frame in film.frames():          # times rise, 0 is the start of the film
            ...
        film.end_s, film.cues, film.mended           # known once the pictures are through
        film.frames_from(3600.0)                     # the same from an hour on, without decoding what lies before

What is wrong in a file is mended where that is safe and counted in `mended`: pictures without a usable time, packets
that cannot be decoded, a file that breaks off (what came before is kept). Only formats of one file are opened, and
only from the disk: a playlist, or a stream that names other files or addresses, is refused. It makes no pictures of
frames (pictures.py) and chooses none (shots.py).
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Discard, Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from moviellm.generation.imports.subtitles import Cue
from moviellm.generation.schema import Record, Text

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mxf,nut,ivf,gif,wtv,rm,dv,"
    "h264,hevc,m4v,mpegvideo,mjpeg,obu,vc1,yuv4mpegpipe"
)
"""Containers of one file, by the names of FFmpeg. Not among them: playlists (hls, dash, concat) and single images."""
NO_TIMES = {"h264", "hevc", "m4v", "mpegvideo", "mjpeg", "obu", "vc1"}
"""Formats that hold pictures without times: the frame rate alone tells when they are shown."""
TEXT_SUBTITLES = {"mov_text", "subrip", "srt", "text", "ass", "ssa", "webvtt"}
"""Codecs of subtitles that are text; those of DVDs and Blu-rays are pictures, which nobody here reads."""
PIXELS_MAX = 8192 * 8192
"""Most pixels of a frame that is decoded."""
FILM_S_MAX = 24 * 3600.0
"""Longest film that is read."""
DEFAULT_RATE = Fraction(25)
LATE_S = 2.0
"""A file whose last packet comes this much before its stated end breaks off."""

NO_TIME = "pictures without a usable time: placed after the one before"
NO_DECODE = "packets that could not be decoded: left out"
BREAKS_OFF = "films that break off: read up to there"
PICTURED = "films whose subtitles are pictures: not read"


class FilmFacts(Record):
    """What a file says of itself before it is decoded."""

    title: Text
    """Title in the file; empty where there is none."""
    container: Text
    codec: Text
    pixel_format: Text
    width_px: int
    """Width as coded, before the shape of the pixels and rotation are applied."""
    height_px: int
    frame_rate: Text
    """Average frames a second, as a fraction, e.g. `24000/1001`; empty where the file does not say."""
    stated_s: float | None
    """Length the file states, seconds."""
    language: Text
    """Language of its sound, as the file states it (ISO 639-2); empty where it does not."""
    chapters: tuple[tuple[float, Text], ...]
    """Start and title of the film's chapters, as the file lists them."""


class Film:
    """An open film. Use `open_film`."""

    def __init__(self, container: InputContainer, video: VideoStream, name: str) -> None:
        self._container, self._video, self._name = container, video, name
        self._untimed = container.format.name in NO_TIMES
        self._is_avi = container.format.name == "avi"
        rate = video.average_rate or video.guessed_rate
        self._step_s = float(1 / (Fraction(rate) if rate and 0 < rate <= 1000 else DEFAULT_RATE))
        self._start_s = None if container.start_time is None else container.start_time / av.time_base
        self._stated_s = None if not container.duration else container.duration / av.time_base
        self._subtitles = _subtitle_stream(container)
        self._at_s: float | None = None
        self._read_to_s = 0.0
        self._first_dts: int | None = None
        self.mended: Counter[str] = Counter()
        self.cues: list[Cue] = []
        """Cues of the film's own subtitles, as far as it has been read."""
        self.cues_language = "" if self._subtitles is None else (self._subtitles.language or "")
        self.end_s = 0.0
        """End of the last picture so far."""
        self.facts = self._facts()
        """What the file says of itself."""
        if self._subtitles is None and any(stream.type == "subtitle" for stream in container.streams):
            self.mended[PICTURED] += 1

    def _facts(self) -> FilmFacts:
        context, sound = self._video.codec_context, next(iter(self._container.streams.audio), None)
        return FilmFacts(
            title=" ".join(_text(self._container.metadata.get("title", "")).split()),
            container=self._container.format.name,
            codec=context.name,
            pixel_format=context.pix_fmt or "",
            width_px=context.width,
            height_px=context.height,
            frame_rate=str(self._video.average_rate or ""),
            stated_s=self._stated_s,
            language=_text((sound.language or "") if sound else self._video.language or ""),
            chapters=self._chapters(),
        )

    @property
    def pixel_shape(self) -> float:
        """Width of a pixel over its height."""
        shape = self._video.sample_aspect_ratio
        return float(shape) if shape and 1 / 8 <= shape <= 8 else 1.0

    def frames(self) -> Iterator[tuple[float, VideoFrame]]:
        """Every picture with the time it appears at, seconds from the start of the film; times rise strictly.

        Raises:
            ValueError: no picture can be decoded, or the film is longer than `FILM_S_MAX`.
        """
        for packet in self._packets():
            for frame in self._decoded(packet):
                at_s = self._time(frame)
                self.end_s = round(at_s + self._length(frame), 6)
                yield at_s, frame
        if self._at_s is None:
            raise ValueError(f"{self._name}: no picture of it can be decoded; is the file whole?")
        self._close_end()

    @property
    def can_seek(self) -> bool:
        """Whether pictures have times of their own, so that reading can begin anywhere."""
        if self._untimed or self._container.format.name in ("avi", "flv"):
            return False
        return self._start_s is not None and self._stated_s is not None

    @property
    def pictures(self) -> int | None:
        """How many pictures the file says it has; None where it does not say."""
        return self._video.frames or None

    @property
    def said_end_s(self) -> float | None:
        """Where the pictures end by what the file says; None where it does not."""
        video = self._video
        if not video.duration or self._untimed:
            return self._stated_s
        return _seconds((video.start_time or 0) + video.duration, video.time_base) - (self._start_s or 0.0)

    def sync_before(self, time_s: float) -> float | None:
        """The last moment up to this one from which pictures can be decoded; None where the file has no index."""
        number = self._video.index_entries.search_timestamp(self._ticks(time_s), backward=True)
        if number < 0:
            return None
        found_s = _seconds(self._video.index_entries[number].timestamp, self._video.time_base)
        return found_s - (self._start_s or 0.0)

    def frames_from(self, time_s: float) -> Iterator[tuple[float, VideoFrame]]:
        """As `frames`, from the last picture up to a moment that can be decoded without those before it.

        Some formats land later than asked: look at the first time. Reading may end early where the file breaks off.

        Raises:
            FFmpegError: the file cannot be sought; reading goes on where it was.
        """
        self._container.seek(self._ticks(time_s), stream=self._video)
        self._at_s = None
        return self._rest()

    def _rest(self) -> Iterator[tuple[float, VideoFrame]]:
        for packet in self._container.demux(self._video):
            for frame in self._decoded(packet):
                at_s = self._time(frame)
                self.end_s = round(at_s + self._length(frame), 6)
                yield at_s, frame

    def read_cues(self) -> list[Cue]:
        """All cues of the film's own subtitles, without decoding a picture. Nothing else can be read afterwards."""
        for stream in self._container.streams:
            if stream is not self._subtitles:
                stream.discard = Discard.all
        packets = iter(()) if self._subtitles is None else self._container.demux(self._subtitles)
        return [cue for packet in packets for cue in self._cues(packet)]

    def _ticks(self, time_s: float) -> int:
        return int((time_s + (self._start_s or 0.0)) / (self._video.time_base or av.time_base))

    def _packets(self) -> "Iterator[Packet[Stream]]":
        """Packets of the film until it ends or breaks off; cues are collected on the way."""
        wanted = [self._video, *self._container.streams.audio[:1], *([self._subtitles] if self._subtitles else [])]
        packets = self._container.demux(wanted)
        while True:
            try:
                packet = next(packets, None)
            except FFmpegError:
                self.mended[BREAKS_OFF] = 1
                packet = Packet(0)
                packet.stream = self._video
                yield packet  # the pictures that the decoder still holds
                return
            if packet is None:
                break
            self._note(packet)
            if packet.stream is self._video:
                yield packet
            elif packet.stream is self._subtitles:
                self.cues.extend(self._cues(packet))

    def _note(self, packet: "Packet[Stream]") -> None:
        """How far the file has been read, to tell whether it breaks off."""
        time = packet.pts if packet.pts is not None else packet.dts
        if time is not None and packet.stream is not self._subtitles:
            end_s = _seconds(time + (packet.duration or 0), packet.time_base) - (self._start_s or 0.0)
            self._read_to_s = max(self._read_to_s, end_s)

    def _decoded(self, packet: "Packet[Any]") -> list[VideoFrame]:
        try:
            return [frame for frame in packet.decode() if isinstance(frame, VideoFrame)]
        except FFmpegError:
            self.mended[NO_DECODE] += 1
            return []

    def _time(self, frame: VideoFrame) -> float:
        """When a picture appears: what the file says, or else right after the one before."""
        said_s = self._said(frame)
        if self._at_s is None:
            if self._start_s is None:
                self._start_s = said_s or 0.0
            self._at_s = round(max(0.0, (said_s or 0.0) - self._start_s), 6)
        else:
            at_s = -1.0 if said_s is None else said_s - self._start_s
            if at_s <= self._at_s or (self._stated_s and at_s > 1.5 * self._stated_s + 60):
                at_s = self.end_s
                if not (self._untimed or self._is_avi):
                    self.mended[NO_TIME] += 1
            self._at_s = round(at_s, 6)
        if self._at_s > FILM_S_MAX:
            raise ValueError(
                f"{self._name}: a picture is said to be at {self._at_s:.0f} s; films have at most 24 hours"
            )
        return self._at_s

    def _said(self, frame: VideoFrame) -> float | None:
        """The time the file gives a picture, seconds; AVI gives only the order of decoding."""
        if self._is_avi:
            if frame.dts is None:
                return None
            self._first_dts = frame.dts if self._first_dts is None else self._first_dts
            return _seconds(frame.dts - self._first_dts, self._video.time_base) + (self._start_s or 0.0)
        return None if self._untimed or frame.pts is None else _seconds(frame.pts, frame.time_base)

    def _length(self, frame: VideoFrame) -> float:
        """How long a picture stays, as far as it says so; at least a thousandth of a second."""
        length_s = 0.0 if self._untimed or not frame.duration else _seconds(frame.duration, frame.time_base)
        return length_s if 1e-3 <= length_s <= FILM_S_MAX else self._step_s

    def _close_end(self) -> None:
        """The end of the film: of its last picture, or later where the file says so and does not break off."""
        if self._stated_s is not None and self._read_to_s < self._stated_s - max(LATE_S, self._stated_s / 100):
            self.mended[BREAKS_OFF] = 1
        video = self._video
        if self.mended[BREAKS_OFF] or not video.duration or self._untimed:
            return
        said_s = _seconds((video.start_time or 0) + video.duration, video.time_base) - (self._start_s or 0.0)
        if self.end_s < said_s <= min(self._stated_s or said_s, FILM_S_MAX) + 1e-3:
            self.end_s = round(said_s, 6)

    def _cues(self, packet: "Packet[Any]") -> Iterator[Cue]:
        """What a packet of the subtitle track says."""
        if packet.pts is None or not packet.size:
            return
        start_s = _seconds(packet.pts, packet.time_base) - (self._start_s or 0.0)
        try:
            sets: list[Any] = list(packet.decode())
        except FFmpegError:
            self.mended[NO_DECODE] += 1
            return
        for rect in (rect for one in sets for rect in (one if hasattr(one, "__iter__") else [one])):
            text = plain_ass(rect.ass) if hasattr(rect, "ass") else ""
            length_s = _seconds(packet.duration or 0, packet.time_base)
            if text and start_s + length_s > 0 and length_s > 0:
                yield Cue(round(max(0.0, start_s), 6), round(start_s + length_s, 6), text)

    def _chapters(self) -> tuple[tuple[float, str], ...]:
        found = []
        for chapter in self._container.chapters():
            start_s = _seconds(chapter["start"], chapter["time_base"]) - (self._start_s or 0.0)
            found.append((max(0.0, start_s), " ".join(_text(chapter["metadata"].get("title", "")).split())))
        return tuple(sorted(found))


@contextmanager
def open_film(path: Path, threads: int = 2) -> Iterator[Film]:
    """Open a film; `threads` decode it.

    Raises:
        ValueError: it is no video, has no pictures, or nothing here can decode them.
    """
    with open_container(path) as container:
        video = _video_stream(container, path)
        video.thread_type = "AUTO"
        video.codec_context.thread_count = threads
        yield Film(container, video, path.name)


@contextmanager
def open_container(path: Path) -> Iterator[InputContainer]:
    """Open a file of one of `FORMATS`, which can name no other file and no address.

    Raises:
        ValueError: it is none.
    """
    if not path.is_file():
        raise ValueError(f"there is no film {path}")
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        container = av.open(f"file:{path.resolve()}", options=options, metadata_errors="replace")
    except (FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValueError(
            f"{path} is no video that can be read ({reason}); films are MP4, MKV, WebM, AVI, MPEG and the like"
        ) from None
    with container:
        yield container


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The film's picture; the cover of an album is none."""
    found = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not found:
        has = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise ValueError(f"{path} has no video stream (it holds: {has}); give a film with pictures")
    best = max(found, key=lambda s: (bool(s.disposition & Disposition.default), s.width * s.height))
    if best.codec_context is None or best.codec_context.width <= 0:
        raise ValueError(f"{path}: its pictures cannot be decoded here; convert the film to H.264 in MP4 first")
    if best.codec_context.width * best.codec_context.height > PIXELS_MAX:
        size = f"{best.codec_context.width}x{best.codec_context.height}"
        raise ValueError(f"{path} has pictures of {size} pixels; films have at most {PIXELS_MAX:,} in all")
    best.codec_context.options = {"max_pixels": str(PIXELS_MAX)}  # it may grow on the way
    return best


def _subtitle_stream(container: InputContainer) -> SubtitleStream | None:
    """The subtitles to read: text, not only for passages in a foreign language, the default ones first."""
    texts = [
        stream
        for stream in container.streams.subtitles
        if stream.codec_context is not None and stream.codec_context.name in TEXT_SUBTITLES
    ]
    texts.sort(key=lambda s: (bool(s.disposition & Disposition.forced), not s.disposition & Disposition.default))
    return texts[0] if texts else None


def plain_ass(event: bytes) -> str:
    """The text of an event of Advanced SubStation Alpha, as FFmpeg hands over every text; drawings have none."""
    text = event.decode("utf-8", "replace").split(",", 8)[-1]
    if re.search(r"\{[^}]*\\p[1-9]", text):
        return ""
    text = re.sub(r"\{\\[^}]*\}", "", text)
    text = text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ").replace("\u2060", "")
    return "\n".join(part for line in text.splitlines() if (part := " ".join(_text(line).split())))


def _seconds(ticks: int, time_base: Fraction | None) -> float:
    return float(ticks * (time_base or 0))


def _text(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
