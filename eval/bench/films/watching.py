"""Films as the questions are written from them: imported as strangers', their pictures at hand, shot by shot.

    with opened(wish, recipe, report) as films:
        for movie in films.movies: ...                # imported: shots, lines, and nothing else
        pictures = films.pictures(movie)              # sha256 -> bytes, one film at a time

The import is that of `moviellm dataset import video`: shots, scenes by colour, subtitles. What was decoded is kept in
`BENCH.making/decoded`, so that another try decodes nothing. It asks nobody.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from moviellm.eval.bench.films.wishes import FilmWish
from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.imports.films.video import open_films
from moviellm.generation.imports.movies import ImportedMovies
from moviellm.generation.imports.options import FilmOptions, ImportOptions
from moviellm.generation.output import note
from moviellm.generation.schema import Keyframe, Movie

SILENT = "films without a subtitle, which --subtitles asks for"
NOTHING_TO_ASK = "films with one shot and no line: nothing to ask"


@dataclass
class Films:
    """Imported films."""

    reader: ImportedMovies
    movies: list[Movie] = field(default_factory=list)
    """Those that questions can be asked of, without questions."""

    def pictures(self, movie: Movie) -> dict[str, bytes]:
        """The pictures of a film by hash."""
        return {str(keyframe.image_sha256): data for keyframe, data in self.reader.images(movie)}

    def images(self, movie: Movie) -> Iterator[tuple[Keyframe, bytes]]:
        """The pictures of a film in order."""
        return self.reader.images(movie)


@contextmanager
def opened(wish: FilmWish, report: ImportReport) -> Iterator[Films]:
    """The films that a wish names.

    Args:
        report: Filled for the card.

    Raises:
        ValueError: there is none, or none that questions can be asked of.
    """
    missing = [path for path in wish.films if not path.exists()]
    if missing:
        raise ValueError(f"--films: there is no file or folder {missing[0]}")
    options = ImportOptions(
        language=wish.language,
        kept=wish.making / "decoded",
        films=FilmOptions(fps=wish.fps, time_limit_s=wish.time_limit_s),
    )
    reader = open_films(list(wish.films), options, report, wish.making / "scratch")
    found = Films(reader)
    try:
        for movie in reader.movies():
            why = _unusable(movie, wish)
            if why is None:
                found.movies.append(movie)
            else:
                report.left_out[why] += 1
                note(f"left out: {name_of(movie)}: {_advice(movie, why)}")
        if not found.movies:
            raise ValueError(f"there is no film to ask about{report.reasons()}")
        yield found
    finally:
        reader.close()


def _unusable(movie: Movie, wish: FilmWish) -> str | None:
    lines = sum(1 for _ in movie.dialogue())
    if wish.subtitles and not lines:
        return SILENT
    if not lines and (wish.see == "words" or sum(1 for _ in movie.keyframes()) < 2):
        return NOTHING_TO_ASK
    return None


def _advice(movie: Movie, why: str) -> str:
    stem = Path(name_of(movie)).stem
    if why == SILENT:
        return f"it has no subtitles that can be used; put {stem}.srt beside it, or leave --subtitles out"
    return f"nothing is said in it that is known here; put {stem}.srt beside it, or let the model see (--see pictures)"


def name_of(movie: Movie) -> str:
    """Name of the film's file."""
    return movie.provenance[0].prompt_id


def title_of(movie: Movie) -> str:
    """The title by which somebody may know a film: that in the file, or the name of the file in words."""
    return " ".join(re.sub(r"[._]+", " ", movie.title).split()) or movie.title
