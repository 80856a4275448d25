"""The films of published annotations in a folder of the user's, found by name.

    films = find_films(Path("YouTubeClips"), annotations.names)     # {"vid1451": Path("YouTubeClips/mv89psg6zh4.avi")}
    check_films(data, wanted, most_missing=0, seen=True)            # an error that names what is missing

A film may lie in any folder below and have any extension of a film. Two files that could be the same film are an
error: nobody can tell which is meant. It opens no film.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from moviellm.eval.tasks.items import Data, Question
from moviellm.generation.output import note

SHOWN: Final = 8
"""Missing films that are named."""
TIMED: Final = ("temporal_grounding", "dense_captioning")
"""Answer formats whose questions need to know how long the film is."""


def find_films(folder: Path, names: Mapping[str, tuple[str, ...]]) -> dict[str, Path]:
    """Film files by video, as far as they are there.

    Args:
        folder: Where they lie, at any depth.
        names: What the file of each video may be called, without extension.

    Raises:
        ValueError: there is no such folder, no film in it, or two for one video.
    """
    from moviellm.training.media.lengths import is_film

    if not folder.is_dir():
        raise ValueError(f"no folder {folder}; --videos is the folder of the film files")
    by_stem: dict[str, list[Path]] = {}
    for place, _, files in os.walk(folder):
        for file in files:
            path = Path(place) / file
            if is_film(path) and not file.startswith("."):
                by_stem.setdefault(path.stem, []).append(path)
    if not by_stem:
        raise ValueError(f"the folder {folder} holds no films; --videos is the folder of the film files")
    found: dict[str, Path] = {}
    for movie, called in names.items():
        paths = sorted(path for name in dict.fromkeys(called) for path in by_stem.get(name, ()))
        if len(paths) > 1:
            raise ValueError(f"{movie} is {paths[0]} and {paths[1]}; leave one of them in {folder}")
        if paths:
            found[movie] = paths[0]
    return found


def with_lengths(questions: Iterable[Question], films: Mapping[str, Path]) -> dict[str, Question]:
    """Questions by id; those that need it know how long their film is, where its file tells."""
    found = {question.item_id: question for question in questions}
    unknown = {one.movie_id: None for one in found.values() if one.answer_format in TIMED and not one.duration_s}
    asked = [movie for movie in unknown if movie in films]
    if not asked:
        return found
    from moviellm.training.media.lengths import lengths_of

    lengths = dict(zip(asked, lengths_of([films[movie] for movie in asked]), strict=True))
    return {
        name: replace(one, duration_s=lengths.get(one.movie_id) or 0.0)
        if one.movie_id in unknown and one.answer_format in TIMED
        else one
        for name, one in found.items()
    }


def check_films(data: Data, wanted: Iterable[Question], *, most_missing: int, seen: bool) -> None:
    """Say which films are missing, before anything is asked.

    Args:
        data: Published annotations.
        wanted: The questions that will be asked.
        most_missing: How many films may be missing; their questions stay unanswered and count as wrong.
        seen: Whether the model is shown films.

    Raises:
        ValueError: more are missing, or times are asked for and nobody knows how long the films are.
    """
    questions = list(wanted)
    if data.videos is None:
        if seen:
            raise ValueError(
                f"{data.place} holds questions and no films; add --videos and the folder of the film files"
            )
        blind = next((one for one in questions if one.answer_format in TIMED and not one.duration_s), None)
        if blind is not None:
            raise ValueError(
                f"how long {blind.movie_id} is, nobody says; add --videos and the folder of the film files"
            )
        return
    movies = list(dict.fromkeys(question.movie_id for question in questions))
    missing = [movie for movie in movies if movie not in data.videos]
    if not missing:
        return
    lost = sum(question.movie_id not in data.videos for question in questions)
    some = ", ".join(missing[:SHOWN]) + (", ..." if len(missing) > SHOWN else "")
    said = f"{len(missing)} of {len(movies)} films are missing ({lost} of {len(questions)} questions): {some}"
    if len(missing) > most_missing:
        raise ValueError(f"{said}; --max-missing {len(missing)} asks the others, and counts these as wrong")
    note(said)
