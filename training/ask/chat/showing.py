"""A film as a browser shows it: something to play, pictures along its length, what is said in it.

    shown = show(film, folder, source="film.mp4", title="The pier")
    shown.path, shown.cells, shown.captions

A file that browsers play is played as it is. Anything else, such as a folder of pictures or a dataset's movie, becomes
an MP4 of the frames that the model sees, each for as long as it lasts. It makes no page: see pages.py.
"""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
from av.error import FFmpegError
from PIL import Image, ImageOps

from moviellm.generation.film.tracks import FRAMES_PER_S, add_video, repeats_of, still_packets, video_frame
from moviellm.generation.schema import TemporalSpan
from moviellm.training.media import Film, Line

CELLS_MAX = 16
"""Pictures along the film."""
CELL_WIDTH_PX = 200
FILM_WIDTH_PX = 960
"""Widest storyboard."""
LINE_S_MAX = 6.0
"""How long a line is shown at most; a film's lines say only when they begin."""
PLAYED = {"mov": {"h264", "av1", "vp9"}, "matroska": {"vp8", "vp9", "av1"}}
"""Codecs that browsers play, by the first name of FFmpeg's container; Matroska as WebM only."""


@dataclass(frozen=True)
class Cell:
    """A picture along the film."""

    start_s: float
    end_s: float
    picture: str
    """JPEG as a data URI."""


@dataclass(frozen=True)
class Shown:
    """A film for a page."""

    path: Path
    """What the player plays."""
    title: str
    duration_s: float
    shape: float
    """Width of its pictures by their height."""
    frames: int
    """How many frames the model sees."""
    cells: tuple[Cell, ...]
    captions: str
    """What is said, as WebVTT; empty where nothing is."""
    is_storyboard: bool
    """Whether it plays the frames that the model sees, and not the film itself."""


@dataclass(frozen=True)
class _Still:
    keyframe_id: str
    span: TemporalSpan


def show(film: Film, folder: Path, source: str, title: str) -> Shown:
    """Make a film ready for a page; what is made lies in `folder`.

    Raises:
        ValueError: a frame cannot be read.
    """
    path = Path(source).expanduser()
    played = path.is_file() and browsers_play(path)
    if not played:
        path = folder / f"{len(list(folder.iterdir()))}.mp4"
        write_storyboard(film, path)
    first = _picture(film, 0)
    return Shown(
        path=path.resolve(),
        title=title,
        duration_s=float(film.duration_s),
        shape=round(first.width / first.height, 4),
        frames=len(film),
        cells=tuple(_cells(film)),
        captions=captions(film.dialogue, float(film.duration_s)),
        is_storyboard=not played,
    )


def browsers_play(path: Path) -> bool:
    """Whether browsers play a film file as it is."""
    try:
        with av.open(str(path)) as film:
            container = film.format.name.split(",")[0]
            codec = film.streams.video[0].codec_context.codec.canonical_name if film.streams.video else ""
    except (FFmpegError, OSError):
        return False
    return codec in PLAYED.get(container, ()) and (container != "matroska" or path.suffix.lower() == ".webm")


def write_storyboard(film: Film, path: Path) -> None:
    """An MP4 in which each frame is shown from its time to the next one's."""
    first = _picture(film, 0)
    width = min(first.width, FILM_WIDTH_PX) // 2 * 2 or 2
    height = round(first.height * width / first.width) // 2 * 2 or 2
    stretches = list(_stretches(film.times_s, float(film.duration_s)))
    longest_s = max(end - start for _, start, end in stretches)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        video = add_video(out, width, height, FRAMES_PER_S)
        repeats = repeats_of(video, int(longest_s * FRAMES_PER_S) + 1)
        for number, start_s, end_s in stretches:
            still = _Still(f"frame {number}", TemporalSpan(start_s=start_s, end_s=end_s))
            picture = ImageOps.pad(_picture(film, number), (width, height), Image.Resampling.LANCZOS)
            for packet in still_packets(video, still, video_frame(picture), repeats):
                out.mux(packet)


def captions(lines: Sequence[Line], duration_s: float) -> str:
    """What is said, as WebVTT; words in it are words, never markup."""
    if not lines:
        return ""
    ends = [line.start_s for line in lines[1:]] + [duration_s]
    cues = []
    for line, end_s in zip(lines, ends, strict=True):
        end_s = min(max(end_s, line.start_s + 0.5), line.start_s + LINE_S_MAX)
        text = " ".join(f"{line.speaker}: {line.text}".removeprefix(": ").split())
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        cues.append(f"{_clock(line.start_s)} --> {_clock(end_s)}\n{text}\n")
    return "WEBVTT\n\n" + "\n".join(cues)


def _cells(film: Film) -> Iterator[Cell]:
    """The frames with the stretch of each; of many, those in the middle of equal stretches."""
    stretches = list(_stretches(film.times_s, float(film.duration_s)))
    if len(stretches) > CELLS_MAX:
        step_s = float(film.duration_s) / CELLS_MAX
        slots = [(number * step_s, (number + 1) * step_s) for number in range(CELLS_MAX)]
        stretches = [(_at(stretches, (start + end) / 2), start, end) for start, end in slots]
    for number, start_s, end_s in stretches:
        yield Cell(start_s, end_s, _thumbnail(_picture(film, number)))


def _at(stretches: Sequence[tuple[int, float, float]], time_s: float) -> int:
    return next((number for number, start, end in stretches if start <= time_s < end), stretches[-1][0])


def _stretches(times_s: Sequence[float], duration_s: float) -> Iterator[tuple[int, float, float]]:
    """Number, start and end of each frame that is on screen for a while; the first one from the start on."""
    starts = [0.0, *(float(time_s) for time_s in times_s[1:])]
    for number, (start_s, end_s) in enumerate(pairwise([*starts, max(duration_s, starts[-1] + 0.04)])):
        if end_s - start_s >= 0.001:
            yield number, start_s, end_s


def _picture(film: Film, number: int) -> Image.Image:
    from moviellm.training.model.frames import as_picture

    assert film.frames is not None
    return as_picture(film.frames[number], f"Frame {number} of {film.movie_id}")


def _thumbnail(picture: Image.Image) -> str:
    small = picture.resize((CELL_WIDTH_PX, max(round(picture.height * CELL_WIDTH_PX / picture.width), 1)))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=72)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()


def _clock(time_s: float) -> str:
    milliseconds = round(time_s * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
