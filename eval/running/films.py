"""What a model is shown of a movie: frames by one policy and what is said, or less of it, for the controls.

    movie = Showing(data, policy, seed=0).movie("m00042")       # read once, however it is shown
    shown = movie.shown("shuffled")
    shown.key                                       # what decides what is shown, for the journal
    shown.film()                                    # training.media's Film; None where nothing is shown

`question-only` shows nothing, `title-only` says what the movie is called, `dialogue-only` what is said and no frame,
`single-frame` the middle frame and no word; `shuffled` and `reversed` show the frames in another order, at the times
as they were. A film file is decoded in a process of its own, when a question of it is asked. Nothing else is decoded
here: pictures are when a model touches them.
"""

import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from moviellm.eval.tasks.items import Data
from moviellm.generation.files import file_sha256
from moviellm.generation.schema import canonical_json

Control = Literal["none", "question-only", "title-only", "dialogue-only", "single-frame", "shuffled", "reversed"]
NO_VIDEO: Final = "no film of it in --videos"
NO_TITLE: Final = "nobody says what the movie is called"


def frame_policy(frames: int | None, fps: float | None, cap: int | None = None, pixels: int | None = None) -> Any:
    """The policy of `--frames`, `--fps`, `--cap` and `--pixels`.

    Raises:
        ValueError: number and rate are both given, or one of them is none.
    """
    from moviellm.training.media import FramePolicy

    if frames is not None and fps is not None:
        raise ValueError("--frames and --fps both say which frames are taken; give one of them")
    return FramePolicy(n=frames, fps=fps, cap=cap, pixels=pixels)


@dataclass(frozen=True)
class Shown:
    """What is shown of one movie."""

    key: Mapping[str, Any]
    """What decides it."""
    film: Callable[[], Any]
    """Reads it; raises ValueError where it cannot be read."""
    before: str = ""
    """What is said before the first question."""
    reads: bool = True
    """Whether there is a film to read."""


@dataclass(frozen=True)
class Showing:
    """How the movies of a dataset are shown."""

    data: Data
    policy: Any
    """A FramePolicy."""
    seed: int = 0
    """What frames are shuffled by."""

    def movie(self, movie_id: str) -> "Movie":
        """A movie, of which nothing is read yet."""
        return Movie(self, movie_id)

    def facts(self, control: str = "none") -> dict[str, Any]:
        """As results name it."""
        return {
            "policy": asdict(self.policy),
            "policy_key": self.policy.key,
            "control": control,
            "seed": self.seed,
        }


class Movie:
    """A movie as it can be shown; read once, and refused once."""

    def __init__(self, showing: Showing, movie_id: str) -> None:
        self.showing, self.movie_id = showing, movie_id
        self._views: dict[Control, Any] = {}

    def shown(self, control: Control) -> Shown:
        """What a control shows; a film file is not decoded yet.

        Raises:
            ValueError: there is no such film, it has no pictures, or its title is wanted and not known.
        """
        if control == "title-only":
            title = self.showing.data.titles.get(self.movie_id)
            if not title:
                raise ValueError(NO_TITLE)
            return Shown({"control": control}, lambda: None, f'The movie is called "{title}".\n', reads=False)
        if control == "question-only":
            return Shown({"control": control}, lambda: None, reads=False)
        frames = None if control == "dialogue-only" else self.showing.policy.key
        seed = self.showing.seed if control == "shuffled" else None
        key = {"control": control, "seed": seed, **self._content, "frames": frames}
        return Shown(key, lambda: self._view(control))

    @property
    def waits(self) -> bool:
        """Whether reading it takes long enough to begin before it is its turn."""
        return self.showing.data.videos is not None

    def read(self) -> None:
        """Read it; what is wrong with it is said when it is shown."""
        assert self._whole is not None

    @cached_property
    def _whole(self) -> Any:
        """The film; what it was refused with."""
        try:
            return self._opened()
        except ValueError as error:
            return error

    def _opened(self) -> Any:
        """The film, read now; raises ValueError where it cannot be."""
        from moviellm.training.media import read_film

        data = self.showing.data
        if data.videos is not None:
            return read_film(self._path, self.showing.policy)
        return read_film(f"{data.place}#{self.movie_id}", self.showing.policy, revision=data.commit)

    def _film(self) -> Any:
        if isinstance(self._whole, ValueError):
            raise ValueError(str(self._whole))
        return self._whole

    @cached_property
    def _path(self) -> Path:
        path = (self.showing.data.videos or {}).get(self.movie_id)
        if path is None:
            raise ValueError(f"{NO_VIDEO}: {self.movie_id}")
        return path

    @cached_property
    def _content(self) -> Mapping[str, Any]:
        """What there is to see and to hear: of a file, the hash of its bytes and the subtitles beside it."""
        if self.showing.data.videos is not None:
            from moviellm.training.media.said import lines_beside

            lines = lines_beside(self._path, None)
            said = None if lines is None else canonical_json([asdict(line) for line in lines])
            return {"file": self._file_hash(), "said": said}
        film = self._film()
        said = canonical_json([asdict(line) for line in film.dialogue])
        return {
            "film": film.content_key,
            "said": hashlib.sha256(said.encode()).hexdigest(),
            "duration_s": film.duration_s,
        }

    def _file_hash(self) -> str:
        return file_sha256(self._path)

    def _view(self, control: Control) -> Any:
        """The film as a control shows it; the same object each time, so that a model reads it once."""
        if control not in self._views:
            self._views[control] = self._made(control)
        return self._views[control]

    def _made(self, control: Control) -> Any:
        film = self._film()
        if control == "dialogue-only":
            return replace(film, frames=[], times_s=[])
        if control == "single-frame":
            middle = len(film) // 2
            return replace(film, frames=film.frames[middle : middle + 1], times_s=[film.times_s[middle]], dialogue=())
        if control == "shuffled":
            order = random.Random(f"{self.showing.seed} {self.movie_id}").sample(range(len(film)), len(film))
            return replace(film, frames=_Ordered(film.frames, order))
        if control == "reversed":
            return replace(film, frames=_Ordered(film.frames, list(reversed(range(len(film))))))
        return film


class _Ordered:
    """Frames in another order, each decoded when it is touched."""

    def __init__(self, frames: Any, order: list[int]) -> None:
        self._frames, self._order = frames, order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, number: int | slice) -> Any:
        if isinstance(number, slice):
            return [self._frames[one] for one in self._order[number]]
        return self._frames[self._order[number]]
