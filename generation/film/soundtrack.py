"""The sound of a film: spoken lines mixed at their times and encoded as AAC, in step with the picture.

    track = Soundtrack(film, speech.lines(movie), movie.duration_s)
    for packet in track.until(keyframe.span.end_s):
        film.mux(packet)

Samples are made as the film goes on: only the lines of the moment are held. The track is as long as the movie, silence
included. Who speaks how is in voice.py; there is no music and no noise.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from moviellm.generation.film.voice import RATE_HZ, Samples, SpokenLine
from moviellm.generation.output import counted

CODEC = "aac"
BITS_PER_S = 64_000
BLOCK = 1024
"""Samples that AAC encodes together."""


@dataclass
class LineCounts:
    """How the lines of a film fitted into their spans."""

    spoken: int = 0
    """Lines that sound."""
    faster: int = 0
    """Of them, how many had to be spoken faster, and fit."""
    cut: int = 0
    """Of them, how many were longer than their span even so, and end early."""

    def __str__(self) -> str:
        sped_up = self.faster + self.cut
        return f"{counted(self.spoken, 'line')} spoken, {sped_up} of them sped up to fit, {self.cut} cut short"

    def add(self, other: "LineCounts") -> None:
        """Count another film's lines too."""
        self.spoken += other.spoken
        self.faster += other.faster
        self.cut += other.cut


class Soundtrack:
    """The audio track of a film that is being written."""

    def __init__(self, film: OutputContainer, lines: Iterator[SpokenLine], duration_s: float) -> None:
        stream = film.add_stream(CODEC, rate=RATE_HZ, layout="mono")
        assert isinstance(stream, AudioStream)
        stream.bit_rate = BITS_PER_S
        stream.metadata["handler_name"] = "Voices"
        stream.codec_context.time_base = stream.time_base = Fraction(1, RATE_HZ)
        self.stream = stream
        self.counts = LineCounts()
        self._lines = lines
        self._next = next(lines, None)
        self._sounding: list[tuple[int, Samples]] = []
        self._at = 0
        self._end = round(duration_s * RATE_HZ)

    def until(self, time_s: float) -> Iterator["Packet[Stream]"]:
        """Packets up to a moment; at the movie's end, the last of them."""
        limit = min(self._end, round(time_s * RATE_HZ))
        while self._at + BLOCK <= limit:
            yield from self._encoded(BLOCK)
        if limit == self._end:
            if self._at < self._end:
                yield from self._encoded(self._end - self._at)
            yield from (self._timed(packet) for packet in self.stream.codec_context.encode(None))

    def _encoded(self, count: int) -> Iterator["Packet[Stream]"]:
        frame = AudioFrame.from_ndarray(self._mixed(count)[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self._at, Fraction(1, RATE_HZ)
        self._at += count
        yield from (self._timed(packet) for packet in self.stream.codec_context.encode(frame))

    def _timed(self, packet: "Packet[Stream]") -> "Packet[Stream]":
        """The packet, no longer than the movie: the encoder fills its last block up."""
        packet.stream = self.stream
        assert packet.pts is not None
        packet.duration = min(BLOCK, max(1, self._end - packet.pts))
        return packet

    def _mixed(self, count: int) -> Samples:
        """The next samples."""
        start, end = self._at, self._at + count
        while self._next is not None and (first := round(self._next.start_s * RATE_HZ)) < end:
            self._sounding.append((first, self._next.samples))
            self._count(self._next)
            self._next = next(self._lines, None)
        mixed = np.zeros(count, np.float32)
        for first, samples in self._sounding:
            low, high = max(start, first), min(end, first + len(samples))
            if high > low:
                mixed[low - start : high - start] += samples[low - first : high - first]
        self._sounding = [(first, samples) for first, samples in self._sounding if first + len(samples) > end]
        return np.clip(mixed, -1, 1)

    def _count(self, line: SpokenLine) -> None:
        self.counts.spoken += bool(len(line.samples))
        self.counts.faster += line.fit == "faster"
        self.counts.cut += line.fit == "cut"
