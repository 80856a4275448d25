"""The pictures of a film at given moments, by seeking: what lies between them is not decoded.

    with open_film(path) as film:
        seeker = Seeker(film)
        for time_s in (0.0, 60.0, 120.0):
            frame = seeker.at(time_s)           # what is on screen then; None where it cannot be decoded
        seeker.decoded                          # pictures that were decoded in all

A picture stays until the next one. Between two moments the film is decoded on, or sought anew where a later picture
can be decoded by itself. Formats without times are decoded from the start, in order.
"""

from collections.abc import Iterator

from av.error import FFmpegError
from av.video.frame import VideoFrame

from moviellm.generation.imports.films.stream import NO_DECODE, Film

Shown = tuple[float, VideoFrame]
BACK_S = (0.0, 10.0, 120.0, 1e5)
"""How much earlier to seek where a format lands too late; at last, before the start."""
FAR_S = 10.0
"""Without an index, moments that are this far apart are sought."""
LATE_S = 2.0
"""A moment that is this far behind the last picture is behind the end of a film that breaks off."""


class Seeker:
    """Reads one film; moments must not fall."""

    def __init__(self, film: Film, seek: bool = True) -> None:
        """`seek`: False reads the film through, for one that cannot be sought though it looks so."""
        self._film = film
        self._can_seek = seek and film.can_seek
        self._frames: Iterator[Shown] | None = None
        self._held: Shown | None = None
        self._next: Shown | None = None
        self._gap = False
        """Whether something between the two could not be decoded."""
        self.decoded = 0
        """Pictures decoded so far."""
        self.ended = False
        """Whether the last moment lies behind the last picture that the file has."""

    def at(self, time_s: float) -> VideoFrame | None:
        """The picture that is on screen at a moment; None where it cannot be decoded, or the film is over.

        Raises:
            FFmpegError: the film cannot be sought; open it again and read it through.
        """
        if self._worth_seeking(time_s):
            self._seek(time_s)
        if self._frames is None:
            self._begin(self._film.frames())
        while self._next is not None and self._next[0] <= time_s:
            self._held = self._next
            self._advance()
        shown = self._held or self._next  # before the first picture: the first
        if shown is None:
            self.ended = True
            return None
        self.ended = self._next is None and time_s > self._film.end_s + LATE_S
        if self.ended or (self._gap and time_s >= self._end_of_held()) or shown[1].is_corrupt:
            return None
        return shown[1]

    def _end_of_held(self) -> float:
        """Where the picture that is held would end if the next ones could be decoded."""
        if self._held is None:
            return 0.0
        frame = self._held[1]
        length_s = float((frame.duration or 0) * (frame.time_base or 0))
        return self._held[0] + max(length_s, 1e-3)

    def _worth_seeking(self, time_s: float) -> bool:
        """Whether to seek instead of decoding on."""
        if self._frames is None:
            return self._can_seek and self._sync_s(time_s) > 0
        if self._next is None or not self._can_seek:
            return False
        return self._sync_s(time_s) > self._next[0] + 1e-3

    def _sync_s(self, time_s: float) -> float:
        """Where decoding for a moment would begin; without an index, some seconds before it."""
        sync_s = self._film.sync_before(time_s)
        return time_s - FAR_S if sync_s is None else sync_s

    def _seek(self, time_s: float) -> None:
        for back_s in BACK_S:
            self._begin(self._film.frames_from(time_s - back_s))
            if self._next is not None and self._next[0] <= time_s:
                return

    def _begin(self, frames: Iterator[Shown]) -> None:
        self._frames, self._held = frames, None
        self._advance()

    def _advance(self) -> None:
        assert self._frames is not None
        errors = self._film.mended[NO_DECODE]
        try:
            self._next = next(self._frames, None)
        except FFmpegError:  # the file breaks off
            self._next = None
        self._gap = self._film.mended[NO_DECODE] > errors
        self.decoded += self._next is not None
