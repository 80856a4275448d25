"""What lmms-eval's tasks show of a question becomes one film.

    source = source_of(["clips/0.mp4"])             # None where nothing is shown
    source.key                                      # two sources of one key show the same
    film = source.film(FramePolicy(n=64))

Tasks show paths of films, pictures (of PIL, arrays, paths, bytes), arrays of frames, or dictionaries with `url` and
perhaps `video_start` and `video_end`; ours show `DATASET#MOVIE`, or `ID@COMMIT#MOVIE` on the Hub. Pictures in a row
are frames of one film, a second apart: a rate does not thin them, a number does. Several films are shown one after
another. Words in or beside a film file are not shown: a task that wants subtitles puts them into its question. Sound
is refused. It decodes nothing but pictures, to tell them apart.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, groupby
from os import PathLike
from pathlib import Path
from typing import Any, Final

from moviellm.generation.files import file_sha256
from moviellm.training.media import Film, FramePolicy, read_film
from moviellm.training.media.pictures import PICTURE_SUFFIXES, Lazy, decoded, frames_key

FILE: Final = "file://"


@dataclass(frozen=True)
class Source:
    """One thing that is shown."""

    key: tuple[Any, ...]
    """What is shown: kind, place or hash, stretch."""
    value: Any = field(compare=False, repr=False)
    """What `read_film` takes."""
    revision: str | None = None
    """Commit of a dataset on the Hub."""
    stretch: tuple[float, float | None] = (0.0, None)
    """From where to where, seconds."""

    def film(self, policy: FramePolicy) -> Film:
        """The film.

        Raises:
            ValueError: it cannot be read.
        """
        kind, (start_s, end_s) = self.key[0], self.stretch
        if kind == "pictures":
            policy = replace(policy, fps=None)
        elif self.stretch != (0.0, None):
            policy = replace(policy, start_s=start_s, end_s=end_s)
        film = read_film(self.value, policy, revision=self.revision)
        return film if kind == "movie" else replace(film, dialogue=())

    def content(self) -> str:
        """Hash of what it is made of; no film is decoded for it."""
        if self.key[0] == "film" and Path(self.value).is_file():
            return file_sha256(Path(self.value))
        return str(self.film(FramePolicy()).content_key)


@dataclass(frozen=True)
class Several:
    """Films that are shown one after another."""

    parts: tuple[Source, ...]

    @property
    def key(self) -> tuple[Any, ...]:
        """What is shown."""
        return ("several", *(part.key for part in self.parts))

    def film(self, policy: FramePolicy) -> Film:
        """One film of all, each with the frames that the policy takes of it."""
        films = [part.film(policy) for part in self.parts]
        starts_s = [0.0, *accumulate(film.duration_s for film in films)]
        return Film(
            movie_id=" + ".join(film.movie_id for film in films),
            frames=_Chain([film.frames or () for film in films]),
            times_s=[
                start_s + time_s for start_s, film in zip(starts_s, films, strict=False) for time_s in film.times_s
            ],
            duration_s=starts_s[-1],
            dialogue=tuple(
                replace(line, start_s=start_s + line.start_s)
                for start_s, film in zip(starts_s, films, strict=False)
                for line in film.dialogue
            ),
        )

    def content(self) -> str:
        """Hash of what they are made of."""
        return hashlib.sha256(" ".join(part.content() for part in self.parts).encode()).hexdigest()


def source_of(visuals: Any) -> Source | Several | None:
    """What a task shows of a question; None where it shows nothing.

    Raises:
        ValueError: it is of a kind that no film is made of.
    """
    parts: list[Source] = []
    for pictures, run in groupby(_flat(visuals), key=_is_picture):
        shown = list(run)
        parts += [_pictures([_unwrapped(one) for one in shown])] if pictures else map(_film, shown)
    if len(parts) > 1:
        return Several(tuple(parts))
    return parts[0] if parts else None


def named(source: Source | Several | None) -> bool:
    """Whether only films are shown that a name tells apart, so that looking at them costs nothing."""
    parts = source.parts if isinstance(source, Several) else (source,)
    return all(part is not None and part.key[0] in ("film", "movie") for part in parts)


def _flat(visuals: Any) -> Iterator[Any]:
    frames = _unwrapped(visuals)
    if isinstance(frames, (list, tuple)):
        for one in frames:
            yield from _flat(one)
    elif visuals is not None:
        yield visuals


def _unwrapped(visual: Any) -> Any:
    """What a dictionary holds that only names a place."""
    if isinstance(visual, Mapping):
        for name in ("url", "path", "video", "image", "bytes"):
            if visual.get(name) is not None:
                return _unwrapped(visual[name])
    return visual


def _is_picture(visual: Any) -> bool:
    from PIL.Image import Image

    if isinstance(visual, Mapping) and visual.get("type") == "video":
        return False
    found = _unwrapped(visual)
    if isinstance(found, (str, PathLike)):
        return Path(found).suffix.lower() in PICTURE_SUFFIXES
    return isinstance(found, (Image, bytes)) or getattr(found, "ndim", None) == 3


def _pictures(pictures: list[Any]) -> Source:
    if all(isinstance(one, (str, PathLike)) for one in pictures):
        paths = [Path(_placed(one)) for one in pictures]
        return Source(("pictures", *map(str, paths)), paths)
    opened = [_opened(one) for one in pictures]
    return Source(("pictures", frames_key(opened)), opened)


def _opened(picture: Any) -> Any:
    from PIL import Image

    if isinstance(picture, (str, PathLike)):
        return decoded(Path(_placed(picture)).read_bytes, str(picture))
    if isinstance(picture, bytes):
        return decoded(lambda: picture, "a picture")
    return (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).convert("RGB")


def _film(visual: Any) -> Source:
    found = _unwrapped(visual)
    if getattr(found, "ndim", None) == 4:
        return Source(("pictures", frames_key(found)), found)
    if not isinstance(found, (str, PathLike)):
        what = f"a dictionary of {', '.join(found)}" if isinstance(found, Mapping) else f"a {type(found).__name__}"
        raise ValueError(
            f"a task shows {what}: films are made of paths, pictures and arrays of frames; sound is not heard"
        )
    place = _placed(found)
    if "#" in place and not Path(place).exists():
        name, _, movie_id = place.rpartition("#")
        name, _, commit = (name, "", "") if Path(name).is_dir() else name.partition("@")
        return Source(("movie", place), f"{name}#{movie_id}", revision=commit or None)
    stretch = _stretch(visual)
    return Source(("film", place, *stretch), place, stretch=stretch)


def _placed(place: Any) -> str:
    return str(place).removeprefix(FILE)


def _stretch(visual: Any) -> tuple[float, float | None]:
    if not isinstance(visual, Mapping):
        return 0.0, None
    inner = visual["url"] if isinstance(visual.get("url"), Mapping) else visual
    start_s, end_s = (inner.get(f"video_{name}", inner.get(f"{name}_time")) for name in ("start", "end"))
    return float(start_s or 0.0), None if end_s is None else float(end_s)


class _Chain(Lazy[Any]):
    """Sequences as one; nothing is read to join them."""

    def __init__(self, parts: Sequence[Sequence[Any]]) -> None:
        self._places = [(part, number) for part in parts for number in range(len(part))]

    def __len__(self) -> int:
        return len(self._places)

    def one(self, number: int) -> Any:
        """What stands there."""
        part, place = self._places[number]
        return part[place]
