"""Which pictures of a film become keyframes, and for how long each stands: one a shot, or a fixed number a second.

    choose = Shots(pictures.rgb)                 # or Grid(pictures.rgb, fps=1.0)
    for time_s, frame in film.frames():
        for stretch in choose.add(time_s, frame):
            ...
    for stretch in choose.finish(film.end_s):
        ...

Stretches follow each other without gap from 0 to the end of the film, and come as soon as their end is known. The
picture of a stretch is that of its middle (of a long shot: nearly). At most `CANDIDATES` small pictures and three
frames are held at a time.

Shots are found by PySceneDetect (`moviellm[film]`), with its detector for films in which the camera moves, twice: with
its own settings, and with a lower threshold that only counts where the picture hardly moves otherwise, as in films of
stills. Fades and dissolves are not looked for: such shots stay one, or are cut where they change fastest.
"""

import importlib.util
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Protocol

from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from moviellm.generation.imports.films.pictures import Rgb

FPS = (0.01, 60.0)
"""Least and greatest number of keyframes a second."""
SHOT_S_MIN = 0.6
"""Shortest shot: a change sooner after the last one is a flash."""
LOOKED_AT_PX = (128, 72)
"""Size of the pictures that cuts are looked for in. At 256x144 the same cuts are found, in twice the time."""
DETECTORS: tuple[dict[str, float], ...] = ({}, {"adaptive_threshold": 8.0, "min_content_val": 5.0})
"""Settings of the two detectors: of PySceneDetect, and for films of stills."""
BEHIND = 2
"""Frames after a cut before the detectors tell of it."""
CANDIDATES = 16
"""Pictures of a shot that are held while its middle is not known: the one nearest to it is off by a sixteenth of the
shot at most."""
CANDIDATE_S = 0.1
"""Time between them, at first; doubled whenever there are too many."""

Rgbs = Callable[[VideoFrame], Rgb]


@dataclass(frozen=True)
class Stretch:
    """A part of the film and its picture."""

    start_s: float
    end_s: float
    at_s: float
    """When its picture appears."""
    picture: Rgb
    """Pictures of stretches that show the same frame are the same object."""


class Choose(Protocol):
    """Chooses the pictures of a film."""

    def add(self, time_s: float, frame: VideoFrame) -> Iterator[Stretch]:
        """Take the next frame; give the stretches that have become known."""
        ...

    def finish(self, end_s: float) -> Iterator[Stretch]:
        """Give the rest, up to the end of the film."""
        ...


class Grid:
    """A fixed number of keyframes a second. What is left at the end, shorter than half a step, joins the last one."""

    def __init__(self, rgb: Rgbs, fps: float) -> None:
        """Args:
        rgb: Makes a picture of a frame.
        fps: Keyframes a second, see `FPS`.
        """
        self._rgb, self._fps = rgb, fps
        self._shown: tuple[float, VideoFrame] | None = None
        self._picture: Rgb | None = None
        self._held: Stretch | None = None
        self._number = 0

    def add(self, time_s: float, frame: VideoFrame) -> Iterator[Stretch]:
        """See `Choose`."""
        yield from self._until(time_s)
        self._shown, self._picture = (time_s, frame), None

    def finish(self, end_s: float) -> Iterator[Stretch]:
        """See `Choose`."""
        yield from self._until(end_s)
        if self._held is not None:
            yield replace(self._held, end_s=end_s)
        elif self._shown is not None:  # a film shorter than half a step
            yield Stretch(0.0, end_s, self._shown[0], self._rgb(self._shown[1]))

    def _until(self, time_s: float) -> Iterator[Stretch]:
        """Stretches whose middle comes before a moment: the frame shown until then is theirs."""
        while self._shown is not None and self._edge(self._number + 0.5) < time_s:
            if self._held is not None:
                yield self._held
            self._picture = self._rgb(self._shown[1]) if self._picture is None else self._picture
            edges = self._edge(self._number), self._edge(self._number + 1)
            self._held = Stretch(*edges, self._shown[0], self._picture)
            self._number += 1

    def _edge(self, number: float) -> float:
        return round(number / self._fps, 6)


class Shots:
    """One keyframe a shot."""

    def __init__(self, rgb: Rgbs) -> None:
        """Args:
        rgb: Makes a picture of a frame.

        Raises:
            ValueError: PySceneDetect is not installed.
        """
        self._rgb = rgb
        self._detectors = _detectors()
        self._small = VideoReformatter()
        self._tail: deque[tuple[float, VideoFrame]] = deque()
        self._shot = _Shot(0.0)

    def add(self, time_s: float, frame: VideoFrame) -> Iterator[Stretch]:
        """See `Choose`."""
        self._tail.append((time_s, frame))
        for cut_s in self._cuts(time_s, frame):
            if cut_s - self._shot.start_s >= SHOT_S_MIN:
                self._take_before(cut_s)
                yield self._shot.close(cut_s)
                self._shot = _Shot(cut_s)
        if len(self._tail) > BEHIND:
            self._shot.add(*self._tail.popleft(), self._rgb)

    def finish(self, end_s: float) -> Iterator[Stretch]:
        """See `Choose`."""
        self._take_before(end_s)
        if self._shot.pictures:
            yield self._shot.close(end_s)

    def _take_before(self, time_s: float) -> None:
        """Give the shot the frames before a moment."""
        while self._tail and self._tail[0][0] < time_s:
            self._shot.add(*self._tail.popleft(), self._rgb)

    def _cuts(self, time_s: float, frame: VideoFrame) -> list[float]:
        """Cuts that have become known, in order."""
        from scenedetect.common import FrameTimecode, Timecode

        width, height = LOOKED_AT_PX
        small = self._small.reformat(
            frame, width=width, height=height, format="bgr24", interpolation=Interpolation.AREA, threads=1
        ).to_ndarray()
        now = FrameTimecode(Timecode(round(time_s * 1_000_000), Fraction(1, 1_000_000)), fps=Fraction(25))
        found = {cut.pts for detector in self._detectors for cut in detector.process_frame(now, small)}
        return [pts / 1_000_000 for pts in sorted(found)]


def scenedetect_version() -> str:
    """Version of PySceneDetect.

    Raises:
        ValueError: it is not installed.
    """
    check_detector()
    from scenedetect import __version__

    return str(__version__)


def check_detector() -> None:
    """Whether shots can be found, without loading anything.

    Raises:
        ValueError: PySceneDetect is not installed.
    """
    if importlib.util.find_spec("scenedetect") is None:
        raise ValueError(
            "--shots needs PySceneDetect: pip install 'moviellm[film]', or leave --shots out and take --fps"
        )


def _detectors() -> list[Any]:
    check_detector()
    from scenedetect import AdaptiveDetector

    return [AdaptiveDetector(min_scene_len=SHOT_S_MIN, **settings) for settings in DETECTORS]


class _Shot:
    """A shot whose end is not known yet."""

    def __init__(self, start_s: float) -> None:
        self.start_s = start_s
        self.pictures: list[tuple[float, Rgb]] = []
        self._apart_s = CANDIDATE_S

    def add(self, time_s: float, frame: VideoFrame, rgb: Rgbs) -> None:
        """Hold the picture of a frame, unless one near it is held."""
        if self.pictures and time_s < self.pictures[-1][0] + self._apart_s - 1e-6:
            return
        self.pictures.append((time_s, rgb(frame)))
        if len(self.pictures) > CANDIDATES:
            self.pictures = self.pictures[::2]
            self._apart_s *= 2

    def close(self, end_s: float) -> Stretch:
        """The shot with the picture nearest to its middle."""
        middle_s = (self.start_s + end_s) / 2
        at_s, picture = min(self.pictures, key=lambda held: abs(held[0] - middle_s))
        return Stretch(self.start_s, end_s, at_s, picture)
