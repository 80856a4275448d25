"""What a model is shown of a movie: frames by one policy and what is said, or less of it, for the controls.

    showing = Showing(data, policy, control="shuffled", seed=0)
    shown = showing.shown("m00042")
    shown.key                                       # what decides what is shown, for the journal
    shown.film()                                    # training.media's Film; None where nothing is shown

Controls: `blind` shows nothing, `dialogue-only` what is said and no frame, `single-frame` the middle frame and no
word, `shuffled` the frames in an order that follows from the seed, at the times as they were. A model that sees must
be better than it is with any of them. It decodes nothing: pictures are decoded when a model touches them.
"""

import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from moviellm.eval.tasks.items import Data
from moviellm.generation.files import file_sha256
from moviellm.generation.schema import canonical_json

Control = Literal["none", "blind", "dialogue-only", "single-frame", "shuffled"]
NO_VIDEO: Final = "no film of it in --videos"
CONTROLS: Final = ("blind", "dialogue-only", "single-frame", "shuffled")


def frame_policy(frames: int | None, fps: float | None) -> Any:
    """The policy of `--frames` and `--fps`.

    Raises:
        ValueError: both are given, or one is none.
    """
    from moviellm.training.media import FramePolicy

    if frames is not None and fps is not None:
        raise ValueError("--frames and --fps both say which frames are taken; give one of them")
    return FramePolicy(n=frames, fps=fps)


@dataclass(frozen=True)
class Shown:
    """What is shown of one movie."""

    key: Mapping[str, Any]
    """What decides it."""
    film: Callable[[], Any]
    """Reads it, once; raises ValueError where it cannot be read."""


@dataclass(frozen=True)
class Showing:
    """How the movies of a dataset are shown."""

    data: Data
    policy: Any
    """A FramePolicy."""
    control: Control = "none"
    seed: int = 0
    """What frames are shuffled by."""

    def shown(self, movie_id: str) -> Shown:
        """What is shown of a movie; a film file is not decoded yet.

        Raises:
            ValueError: there is no such film, or a movie of a dataset has no pictures.
        """
        if self.data.videos is not None and self.control != "blind":
            return Shown(self._key_of_file(self._path(movie_id)), cache(lambda: self.film(movie_id)))
        film = self.film(movie_id)
        return Shown(self.key(film), lambda: film)

    def film(self, movie_id: str) -> Any:
        """A movie as it is shown; None where nothing is.

        Raises:
            ValueError: it has no pictures, or cannot be decoded.
        """
        from moviellm.training.media import read_film

        if self.control == "blind":
            return None
        film: Any
        if self.data.videos is not None:
            film = read_film(self._path(movie_id), self.policy)
        else:
            film = read_film(f"{self.data.place}#{movie_id}", self.policy, revision=self.data.commit)
        if self.control == "single-frame":
            middle = len(film) // 2
            return replace(film, frames=film.frames[middle : middle + 1], times_s=[film.times_s[middle]], dialogue=())
        if self.control == "shuffled":
            order = random.Random(f"{self.seed} {movie_id}").sample(range(len(film)), len(film))
            return replace(film, frames=_Ordered(film.frames, order))
        if self.control == "dialogue-only":
            return replace(film, frames=[], times_s=[])
        return film

    def key(self, film: Any) -> Mapping[str, Any]:
        """What decides what is shown: content of the pictures, words, policy, control."""
        if film is None:
            return {"control": self.control}
        said = canonical_json([asdict(line) for line in film.dialogue])
        return {
            "control": self.control,
            "seed": self.seed if self.control == "shuffled" else None,
            "film": film.content_key,
            "said": hashlib.sha256(said.encode()).hexdigest(),
            "duration_s": film.duration_s,
            "frames": None if self.control == "dialogue-only" else self.policy.key,
        }

    def _path(self, movie_id: str) -> Path:
        path = (self.data.videos or {}).get(movie_id)
        if path is None:
            raise ValueError(f"{NO_VIDEO}: {movie_id}")
        return path

    def _key_of_file(self, path: Path) -> Mapping[str, Any]:
        """What `key` says of a film, from the bytes of its file and of the subtitles beside it."""
        from moviellm.training.media.said import lines_beside

        lines = lines_beside(path, None)
        return {
            "control": self.control,
            "seed": self.seed if self.control == "shuffled" else None,
            "file": file_sha256(path),
            "said": None if lines is None else canonical_json([asdict(line) for line in lines]),
            "frames": None if self.control == "dialogue-only" else self.policy.key,
        }

    def facts(self) -> dict[str, Any]:
        """As results name it."""
        return {
            "policy": asdict(self.policy),
            "policy_key": self.policy.key,
            "control": self.control,
            "seed": self.seed,
        }


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
