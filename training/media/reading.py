"""Films of any kind become one: files, folders of pictures, lists, arrays, and movies of published datasets.

    read_film("film.mkv", FramePolicy(fps=0.5))             # a film file: time limit, list of films that hang
    read_film("frames/")                                    # pictures by natural order; times.json beside them
    read_film(pictures) / read_film(array)                  # PIL, bytes, paths / (F, h, w, 3)
    read_film("org/name#m00042", revision="v1.2.0")         # a movie of a dataset: folder or Hub id
    for film in films_of("org/name", "v1.2.0", "test", FramePolicy(n=64)): ...

Pictures without times are a second apart. A frame that cannot be decoded is an error with its number and its film;
with `skip`, so many are left out and counted in `film.skipped`. It makes no tensors: see model/frames.py.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moviellm.training.media.files import TIME_LIMIT_S, read_file, within
from moviellm.training.media.film import Film
from moviellm.training.media.pictures import PICTURE_SUFFIXES, BytesPictures, Chosen, FilePictures, bounded, frames_key
from moviellm.training.media.policy import FramePolicy, choose, relative
from moviellm.training.media.said import lines_beside

if TYPE_CHECKING:
    from moviellm.training.media.movies import Movies

TIMES_FILE = "times.json"
"""Beside the pictures of a folder: their times in seconds, as a list in their order or by name."""
ALL = FramePolicy()


def read_film(
    source: Any,
    policy: FramePolicy = ALL,
    *,
    subtitles: str | Path | None = None,
    revision: str | None = None,
    times_s: Sequence[float] | None = None,
    time_limit_s: float = TIME_LIMIT_S,
    quarantine: str | Path | None = None,
    skip: int = 0,
) -> Film:
    """Read a film.

    Args:
        source: A film file, a folder of pictures, a list of pictures or of their paths, an array (F, h, w, 3), or a
            dataset's movie as `FOLDER_OR_HUB_ID#MOVIE_ID`.
        policy: Which frames are taken.
        subtitles: File of subtitles; None takes what lies beside the film, or in it.
        revision: Tag or commit of a dataset on the Hub.
        times_s: When each picture of a list, an array or a folder is shown.
        time_limit_s: Time that a film file may take to decode.
        quarantine: File that lists films that hung or crashed; None: one in the user's cache.
        skip: How many frames that cannot be decoded may be left out.

    Raises:
        ValueError: there is no such film, or it cannot be read; the message names it.
    """
    given = None if subtitles is None else Path(subtitles)
    if not isinstance(source, (str, Path)):
        return _checked(_of_pictures(source, policy, times_s, given), skip)
    path = Path(source).expanduser()
    if path.is_dir():
        return _checked(_of_folder(path, policy, times_s, given), skip)
    if path.is_file():
        return read_file(
            path,
            policy,
            subtitles=given,
            time_limit_s=time_limit_s,
            quarantine=None if quarantine is None else Path(quarantine),
            skip=skip,
        )
    place, mark, movie_id = str(source).rpartition("#")
    if not mark:
        raise ValueError(
            f"no film {source}: give a film file, a folder of pictures, or a dataset's movie such as org/name#m00042"
        )
    return _checked(open_movies(place, revision).film(movie_id, policy), skip)


def films_of(
    dataset: str, revision: str | None = None, split: str | None = None, policy: FramePolicy = ALL
) -> Iterator[Film]:
    """Every movie of a dataset, or of one split, in its order; pictures are read when they are touched.

    Raises:
        ValueError: there is no such dataset, revision or split, or a movie has no pictures.
    """
    movies = open_movies(dataset, revision)
    return (movies.film(movie_id, policy) for movie_id in movies.ids(split))


@lru_cache(maxsize=4)
def _opened(place: str, revision: str | None, stamp: object) -> "Movies":
    from moviellm.training.media.movies import Movies
    from moviellm.training.rows.source import open_source

    return Movies(open_source(place, revision))


def open_movies(place: str, revision: str | None = None) -> "Movies":
    """A dataset, opened once for as long as it stays what it is."""
    manifest = Path(place).expanduser() / "manifest.json"
    stamp = manifest.stat().st_mtime_ns if manifest.is_file() else None
    return _opened(place, revision, stamp)


def _of_folder(folder: Path, policy: FramePolicy, times_s: Sequence[float] | None, subtitles: Path | None) -> Film:
    if (folder / "manifest.json").is_file():
        raise ValueError(f"{folder} is a dataset: name the movie, such as {folder}#m00000")
    paths = sorted((one for one in folder.iterdir() if one.suffix.lower() in PICTURE_SUFFIXES), key=_natural)
    if not paths:
        raise ValueError(
            f"the folder {folder} holds no pictures: they are called {', '.join(sorted(PICTURE_SUFFIXES))}"
        )
    name = folder.resolve().name
    times = _times_beside(folder, paths) if times_s is None else times_s
    film = _film(FilePictures(paths, name), policy, times, name)
    lines = lines_beside(folder, subtitles) or []
    return replace(film, dialogue=within(lines, policy, film.duration_s + policy.start_s))


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Names in the order that people count: frame2 before frame10."""
    parts = re.split(r"(\d+)", path.name)
    return [(0, int(one), "") if one.isdecimal() else (1, 0, one.lower()) for one in parts if one] + [
        (2, 0, path.name)
    ]


def _times_beside(folder: Path, paths: Sequence[Path]) -> Sequence[float] | None:
    path = folder / TIMES_FILE
    if not path.is_file():
        return None
    try:
        told = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}): it holds a list of seconds, or seconds by name") from None
    if isinstance(told, dict):
        missing = [one.name for one in paths if one.name not in told]
        if missing:
            raise ValueError(f"{path} has no time for {missing[0]} and {len(missing) - 1} more")
        told = [told[one.name] for one in paths]
    if not isinstance(told, list) or not all(isinstance(one, (int, float)) for one in told):
        raise ValueError(f"{path} must hold a list of seconds, or seconds by name")
    return told


def _of_pictures(frames: Any, policy: FramePolicy, times_s: Sequence[float] | None, subtitles: Path | None) -> Film:
    if not hasattr(frames, "__len__") or not hasattr(frames, "__getitem__") or isinstance(frames, (bytes, dict)):
        raise ValueError(
            f"a {type(frames).__name__} is no film: give a path, a list of pictures, or an array (F, h, w, 3)"
        )
    shape = getattr(frames, "shape", None)
    if shape is not None and len(shape) != 4:
        raise ValueError(f"an array of shape {tuple(shape)} is no film: films are (F, h, w, 3)")
    if not len(frames):
        raise ValueError("a film of no pictures: give one at least")
    if isinstance(frames[0], (str, Path)):
        frames = FilePictures([Path(one) for one in frames], "the film")
    elif isinstance(frames[0], (bytes, bytearray, memoryview, dict)):
        frames = BytesPictures(frames, "the film")
    film = _film(frames, policy, times_s, "")
    lines = [] if subtitles is None else lines_beside(subtitles, subtitles) or []
    return replace(film, dialogue=within(lines, policy, film.duration_s + policy.start_s))


def _film(frames: Any, policy: FramePolicy, times_s: Sequence[float] | None, name: str) -> Film:
    """Pictures and their times as a film; the last one stays as long as the one before it, or a second."""
    times = [float(number) for number in range(len(frames))] if times_s is None else [float(one) for one in times_s]
    called = f"film {name}" if name else "the film"
    if len(times) != len(frames):
        raise ValueError(f"{called} has {len(frames)} pictures and {len(times)} times: one each")
    if any(not before <= after for before, after in zip([0.0, *times], times, strict=False)):
        raise ValueError(f"{called} has times that fall: they begin at 0 s or later and go on in order")
    last_s = times[-1] - times[-2] if len(times) > 1 else 1.0
    duration_s = times[-1] + (last_s or 1.0)
    numbers = choose(policy, times, duration_s, called)
    whole = numbers == list(range(len(frames)))
    return Film(
        movie_id=name,
        frames=bounded(frames if whole else Chosen(frames, numbers), policy.pixels),
        times_s=relative(policy, [times[number] for number in numbers]),
        duration_s=policy.end_of(duration_s, called) - policy.start_s,
        content=partial(frames_key, frames),
    )


def _checked(film: Film, skip: int) -> Film:
    """The film without the frames that cannot be decoded, where some may be left out; else as it is, unread."""
    if not skip:
        return film
    kept: list[int] = []
    broken: list[int] = []
    for number in range(len(film)):
        try:
            assert film.frames is not None
            film.frames[number]
            kept.append(number)
        except ValueError as error:
            broken.append(number)
            if len(broken) > skip:
                raise ValueError(
                    f"{error} ({len(broken)} of {len(film)} frames, and {skip} may be skipped)"
                ) from error
    if not broken:
        return film
    if not kept:
        raise ValueError(f"no frame of {film.movie_id} can be decoded")
    times_s = [film.times_s[number] for number in kept]
    return replace(film, frames=Chosen(film.frames, kept), times_s=times_s, skipped=tuple(broken))
