"""How a film stands in a row of text: its frames with their stamps, and what is said where it is said.

    lay_out(film, stamper("text", every=1), harmless)
    # [0.0 s] <image>\\n[2.0 s] <image>\\n[2.4 s] Ada: Is it you?\\n[4.0 s] <image>

The same layout as that of training rows (rows/film.py), so that a row and a film that is asked about read alike. A
line stands after the last frame that begins before it. Words of a film are data: markers in them are broken.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from moviellm.training.model.steps import step_of

IMAGE, VIDEO, FRAME = "<image>", "<video>", "<frame>"
"""Markers of one picture and of one film in a prompt, and the placeholder of a visual token in a row."""
Stamper = Callable[[float, float], str]
"""From a time and the film's length, in seconds, to what stands before a frame or a line."""


class LineLike(Protocol):
    """One line of dialogue."""

    @property
    def start_s(self) -> float: ...
    @property
    def speaker(self) -> str: ...
    @property
    def text(self) -> str: ...


class FilmLike(Protocol):
    """What the processor reads of a film; `moviellm.training.media` makes them of files, folders and datasets."""

    @property
    def movie_id(self) -> str: ...
    @property
    def frames(self) -> Sequence[Any] | None:
        """Pictures, in any form that `MovieLLMVideoProcessor` takes; None where there are features."""

    @property
    def features(self) -> Any:
        """Cached features (F, P, D) or (F, D); None where there are pictures."""

    @property
    def times_s(self) -> Sequence[float]:
        """When each frame begins, in order."""

    @property
    def duration_s(self) -> float: ...
    @property
    def dialogue(self) -> Sequence[LineLike]: ...


@dataclass(frozen=True)
class Line:
    """A line of dialogue."""

    start_s: float
    text: str
    speaker: str = ""


@dataclass(frozen=True)
class Shot:
    """A film as plain values: what `as_film` makes of a list, an array or a mapping."""

    frames: Sequence[Any] | None = None
    features: Any = None
    times_s: Sequence[float] = ()
    duration_s: float = 0.0
    dialogue: Sequence[Line] = field(default=())
    movie_id: str = ""


def as_film(value: Any, policy: Any = None) -> FilmLike:
    """A film from a film, a mapping with its fields, pictures alone (a list, an array (F, h, w, 3)), or a path.

    A path, or a list of paths of pictures, is read by `moviellm.training.media`; `policy` says which frames are taken.
    """
    first = value[0] if isinstance(value, (list, tuple)) and value else value
    if isinstance(first, (str, Path)):
        from moviellm.training.media import FramePolicy, read_film

        return read_film(value, policy or FramePolicy())
    if policy is not None:
        raise ValueError(
            f"`num_frames` and `fps` choose frames of films that are read from a path, and a {type(value).__name__} "
            "came: choose its frames before, or give the path."
        )
    if hasattr(value, "times_s") and hasattr(value, "dialogue"):
        return value
    if isinstance(value, Mapping):
        unknown = sorted(set(value) - set(Shot.__dataclass_fields__))
        if unknown:
            known = ", ".join(Shot.__dataclass_fields__)
            raise ValueError(f"A film has no field {', '.join(map(repr, unknown))}: it has {known}.")
        lines = [line if hasattr(line, "start_s") else Line(**line) for line in value.get("dialogue") or ()]
        fields = {**value, "dialogue": lines}
        times = list(fields.get("times_s") or ())
        fields.setdefault("duration_s", times[-1] if times else 0.0)
        return Shot(**fields)
    return Shot(frames=value)


def frame_count(film: FilmLike) -> int:
    """Frames of a film, as pictures or as features."""
    frames = film.features if film.frames is None else film.frames
    return 0 if frames is None else len(frames)


def check_film(film: FilmLike, name: str, time: str) -> None:
    """Raise where a film's frames, times and dialogue do not go together."""
    if (film.frames is None) == (film.features is None):
        raise ValueError(f"Film {name} has frames and features, or neither: it must have one of them.")
    frames, times = frame_count(film), [float(time_s) for time_s in film.times_s]
    if not frames:
        raise ValueError(f"Film {name} has no frames.")
    if len(times) != frames and (times or time != "none" or film.dialogue):
        raise ValueError(
            f"Film {name} has {frames} frames and {len(times)} times: times and dialogue need one time a frame, in "
            "seconds."
        )
    if any(not before <= after for before, after in zip([0.0, *times], times, strict=False)):
        raise ValueError(f"Film {name} has times that are not in order: they begin at 0 s or later and never fall.")
    if time in {"index", "additive"} and frames > 1 and not film.duration_s > 0:
        raise ValueError(f"Film {name} has a length of {film.duration_s} s: times are told as parts of it.")


def stamper(time: str, every: int, steps: int = 100, form: str | None = None) -> Stamper | None:
    """What tells the time in text: seconds, steps of the film, or nothing (None)."""
    if every < 1 or time not in {"text", "index"}:
        return None
    if time == "text":
        return lambda time_s, duration_s: (form or "[{seconds:.1f} s] ").format(seconds=time_s)
    return lambda time_s, duration_s: (form or "[{index:02d}] ").format(index=step_of(time_s, duration_s, steps))


def lay_out(film: FilmLike, stamp: Stamper | None, clean: Callable[[str], str], every: int = 1) -> str:
    """A film as text with one image marker a frame; `every`: frames that share a stamp."""
    times = film.times_s if len(film.times_s) else [0.0] * frame_count(film)
    moments = [(float(time_s), 0, number) for number, time_s in enumerate(times)]
    moments += [(float(line.start_s), 1, number) for number, line in enumerate(film.dialogue)]
    parts: list[str] = []
    for time_s, spoken, number in sorted(moments):
        told = "" if stamp is None else stamp(time_s, film.duration_s)
        if spoken:
            line = film.dialogue[number]
            speaker = f"{clean(line.speaker)}: " if line.speaker else ""
            _add(parts, f"{told}{speaker}{clean(line.text)}\n")
        else:
            _add(parts, told if number % every == 0 else "")
            parts.append(IMAGE)
    return "".join(parts)


def _add(parts: list[str], text: str) -> None:
    """Text that follows a frame begins on a line of its own."""
    if text:
        parts.append(f"\n{text}" if parts and parts[-1] == IMAGE else text)


def breaker(tokens: Iterable[str]) -> Callable[[str], str]:
    """A function that breaks these tokens in a text, so that words of a film cannot become one: `< frame>`."""
    found = re.compile("|".join(re.escape(one) for one in sorted(set(tokens), key=len, reverse=True) if one))
    return lambda text: found.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)


def flatten(content: Any, clean: Callable[[str], str]) -> tuple[str, list[Any], list[Any]]:
    """The content of a message as text with markers, its pictures and its films."""
    if content is None or isinstance(content, str):
        return clean(content or ""), [], []
    images: list[Any] = []
    videos: list[Any] = []
    text = ""
    for part in content:
        kind = part.get("type", "text")
        if kind == "text":
            words = clean(part.get("text") or "")
            text += f"\n{words}" if text.endswith(VIDEO) and words and not words.startswith("\n") else words
        elif kind in {"image", "video"}:
            text += IMAGE if kind == "image" else VIDEO
            given = part.get(kind) if kind == "image" else part.get("video", part.get("path"))
            if given is not None:
                (images if kind == "image" else videos).append(given)
        else:
            raise ValueError(f"A message has a part of type {kind!r}: it can be `text`, `image` and `video`.")
    return text, images, videos
