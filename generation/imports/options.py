"""What a user may say about an import, and what a kind gives back.

    options = ImportOptions(media=(Path("images"),), limit=10)
    movies = open_stories(paths, options, report, scratch)          # a CountedReader

It opens nothing: see importing.py.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from moviellm.generation.imports.told import UNKNOWN_LANGUAGE
from moviellm.generation.protocols import MovieReader


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


class CountedReader(MovieReader, Protocol):
    """Movies, and how many there may be."""

    def __len__(self) -> int:
        """Movies there may be, for the progress."""
        ...
