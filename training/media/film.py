"""A film as a model takes it: pictures or features, when each is on screen, how long it all is, what is said.

    film = read_film("film.mkv", FramePolicy(n=64))
    film.frames[3]                          # a picture, decoded now
    film.times_s, film.duration_s, film.dialogue
    film.content_key                        # hash of what its pictures are made of, before any are chosen

It satisfies `model.layout.FilmLike`, so that `MovieLLMProcessor` takes it as it is. It reads nothing: see reading.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Line:
    """A line of dialogue."""

    start_s: float
    """When it begins, seconds from the start of the film."""
    text: str
    """What is said."""
    speaker: str = ""
    """Who says it; empty where nobody is named."""


@dataclass(frozen=True)
class Film:
    """A film, or a stretch of one: then times count from where the stretch begins."""

    movie_id: str
    """Id of a dataset's movie; the name of a file or folder."""
    frames: Sequence[Any] | None = None
    """Pictures in any form that a processor takes, decoded when they are touched; None where there are features."""
    features: Any = None
    """Cached features (F, P, D); None where there are pictures."""
    times_s: Sequence[float] = ()
    """When each frame is on screen, seconds, in order."""
    duration_s: float = 0.0
    """Length in seconds."""
    dialogue: Sequence[Line] = ()
    """What is said in it, in order of the time it begins."""
    content: str | Callable[[], str] | None = field(default=None, repr=False, compare=False)
    """The content key, or what computes it when it is asked for."""
    skipped: tuple[int, ...] = ()
    """Numbers of the frames that could not be decoded and were left out, among those that were chosen."""

    @cached_property
    def content_key(self) -> str | None:
        """SHA-256 of what its pictures are made of: a film file, or all pictures; None where nothing can tell."""
        return self.content() if callable(self.content) else self.content

    def __len__(self) -> int:
        """Number of frames."""
        frames = self.features if self.frames is None else self.frames
        return 0 if frames is None else len(frames)

    def with_features(self, features: Any) -> "Film":
        """The same film with features in place of its pictures.

        Raises:
            ValueError: there are more or fewer of them than frames.
        """
        if len(features) != len(self.times_s):
            raise ValueError(
                f"Film {self.movie_id} has {len(self.times_s)} frames and {len(features)} features came: one a frame."
            )
        return replace(self, frames=None, features=features)
