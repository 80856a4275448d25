"""Samples as they are read: a film, or pictures, and all that is asked about it.

    unit.name, unit.frames, [ask.name for ask in unit.asks]
    unit.film.frames[3]                             # read and decoded now, and not before

A unit is one movie or clip with its questions, one picture with its captions, or one row of anybody's data. Messages
have the parts of chat templates; `video` and `image` parts say where film and pictures stand, and hold none. It reads
nothing itself: see movies.py and rows.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Message = dict[str, Any]
"""`role`, and `content` as parts: `{"type": "text", "text": ...}`, `{"type": "video"}`, `{"type": "image"}`."""


@dataclass(frozen=True)
class Ask:
    """One conversation about a unit."""

    name: str
    """Id of the question, or of the row."""
    messages: tuple[Message, ...]
    """The last one is the assistant's."""
    learned: Literal["last", "all"] = "last"
    """Which answers are learned: that at the end, or each of the assistant's."""


@dataclass(frozen=True)
class Origin:
    """Where a picture of a remix was taken from."""

    movie_id: str
    moment_s: float
    """When it is shown there."""
    content_key: str | None
    """What the pictures of that movie are."""


@dataclass(frozen=True)
class Unit:
    """What is read once, and what is asked about it."""

    name: str
    """Movie, clip or row; unique in its source."""
    asks: tuple[Ask, ...]
    film: Any = None
    """A film (model.layout.FilmLike) for `video` parts."""
    pictures: Sequence[Any] = field(default=(), repr=False)
    """For `image` parts, in order."""
    movie_id: str = ""
    """Movie of a dataset that it is of, or is a part of."""
    moments_s: tuple[float, ...] = ()
    """When each picture is shown in that movie, seconds from its start."""
    taken_from: tuple[Origin, ...] = ()
    """Of a remix, for each picture; empty: all are of `movie_id`."""

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The movie and the moment that each picture is of."""
        key = None if self.film is None else self.film.content_key
        return self.taken_from or tuple(Origin(self.movie_id, moment_s, key) for moment_s in self.moments_s)

    @property
    def frames(self) -> int:
        """Pictures of it."""
        return len(self.pictures) if self.film is None else len(self.film.times_s)


def video_first(text: str) -> list[dict[str, Any]]:
    """The content of a first message: the film, then words."""
    return [{"type": "video"}, {"type": "text", "text": text}]


def text_of(content: Any) -> str:
    """The words of a message's content."""
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text") or "") for part in content or () if isinstance(part, Mapping))
