"""What a user may say about an import, and what a kind gives back.

    options = ImportOptions(media=(Path("images"),), limit=10)
    movies = open_stories(paths, options, report, scratch)          # a CountedReader

It opens nothing: see importing.py.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from moviellm.generation.imports.told import UNKNOWN_LANGUAGE
from moviellm.generation.protocols import MovieReader


@dataclass(frozen=True, kw_only=True)
class FilmOptions:
    """Options of the kind `video`."""

    fps: float | None = 1.0
    """Keyframes a second; None takes one a shot."""
    max_side_px: int = 512
    """Longest side of a keyframe's picture."""
    quality: int = 88
    """JPEG quality."""
    scenes: str = "colour"
    """How scenes are found: `colour`, or `whole` for one scene a chapter."""
    asr: str | None = None
    """Speech model, `MODEL` or `MODEL@REVISION`, for films without subtitles."""
    time_limit_s: float = 4 * 3600.0
    """Time that decoding one film may take."""


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """Options of `moviellm dataset import`; a kind reads those that concern it."""

    media: tuple[Path, ...] = ()
    """Folders or zips in which pictures, films and features are looked up, beside the folder of the file itself."""
    subtitles: tuple[Path, ...] = ()
    """Subtitles: files, or folders with one file a movie, called like its id."""
    seconds_per_keyframe: float = 4.0
    """Time a keyframe stays on screen where the original has no times."""
    frames_per_scene: int = 11
    """Keyframes of a scene where the original has no scenes; only used where they divide without rest."""
    keep_likenesses: bool = False
    """Whether descriptions of people by a celebrity's name are kept."""
    features: bool = True
    """Whether features are copied beside the dataset."""
    language: str = UNKNOWN_LANGUAGE
    """Language of the texts, as a BCP-47 tag."""
    limit: int | None = None
    """Movies at most."""
    films: FilmOptions = field(default_factory=FilmOptions)
    """What only films have."""
    kept: Path | None = None
    """Folder beside the dataset for work that another try need not do again; deleted when the dataset is written."""


class CountedReader(MovieReader, Protocol):
    """Movies, and how many there may be."""

    def __len__(self) -> int:
        """Movies there may be, for the progress."""
        ...


def film_options(
    *, fps: float | None, shots: bool, scenes: str, asr: str | None, max_side: int, quality: int, time_limit: float
) -> FilmOptions:
    """The options of films as the command line has them.

    Raises:
        ValueError: two of them contradict each other.
    """
    if shots and fps is not None:
        raise ValueError(f"--shots and --fps {fps} contradict each other; leave one out")
    return FilmOptions(
        fps=None if shots else 1.0 if fps is None else fps,
        max_side_px=max_side,
        quality=quality,
        scenes=scenes,
        asr=asr,
        time_limit_s=time_limit,
    )
