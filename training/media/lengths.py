"""How long film files are, without decoding them where they say it; and what files are films.

    lengths_of([Path("a.mp4"), Path("b.mkv")])      # [12.5, None]: None where a film cannot be read
    is_film(Path("a.mp4"))                          # by what it is called

Films are opened in a process of their own, which is ended when one of them takes too long. One that does not say how
long it is, is decoded by `read_film`, with its time limit and its list of films that hang.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from moviellm.generation.imports.films.video import SUFFIXES
from moviellm.generation.imports.films.workers import stated_lengths
from moviellm.generation.progress import progress
from moviellm.training.media.policy import FramePolicy
from moviellm.training.media.reading import read_film

AT_ONCE: Final = 64
"""Films that one process opens."""
MORE: Final = frozenset({".f4v", ".mj2", ".nut", ".rm", ".vob"})
"""Further names of films, which are not looked for in folders of one's own films."""


def is_film(path: Path) -> bool:
    """Whether a file is called like a film."""
    return path.suffix.lower() in SUFFIXES | MORE


def lengths_of(paths: Sequence[Path]) -> list[float | None]:
    """Lengths of films in seconds; None where one cannot be read."""
    return list(_lengths(paths))


def _lengths(paths: Sequence[Path]) -> Iterator[float | None]:
    with progress("asking films for their lengths", len(paths), "films") as advance:
        for first in range(0, len(paths), AT_ONCE):
            some = paths[first : first + AT_ONCE]
            for path, stated_s in zip(some, stated_lengths(some), strict=True):
                yield stated_s if stated_s > 0 else _decoded(path)
            advance(len(some))


def _decoded(path: Path) -> float | None:
    try:
        return read_film(path, FramePolicy(n=1)).duration_s
    except ValueError:
        return None
