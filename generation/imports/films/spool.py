"""A film, decoded once and kept on disk until its dataset is written: its pictures in one file, the rest in another.

    record = spool_film(path, FilmSettings(), folder, advance)     # decodes, or finds it decoded
    data = read_packed(folder, record.key, offset, length)

`KEY.pack` holds the pictures, one after the other; `KEY.json` what is known of the film and where its pictures lie.
The JSON is written last, whole or not at all: a film is there or it is not, and an import that was killed decodes no
finished film again. The key covers the bytes of the film, the settings, and the versions of what decodes it.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import av
from pydantic import Field, ValidationError

from moviellm.generation.files import disk_errors, file_sha256, write_whole
from moviellm.generation.imports.films.pictures import Pictures, Rgb
from moviellm.generation.imports.films.scenes import Scenes
from moviellm.generation.imports.films.shots import FPS, Choose, Grid, Shots, Stretch, scenedetect_version
from moviellm.generation.imports.films.stream import Film, FilmFacts, open_film
from moviellm.generation.schema import Record, Sha256, Text, canonical_json

VERSION = 1
"""Bumped when the same film would give other pictures, shots or scenes."""
PROGRESS_S = 1.0
"""Seconds of the film between two reports of progress."""


class FilmSettings(Record):
    """What decides which pictures of a film are taken, and how they look."""

    fps: float | None = Field(default=1.0, ge=FPS[0], le=FPS[1])
    """Keyframes a second; None takes one a shot."""
    max_side_px: int = Field(default=512, ge=32, le=4096)
    """Longest side of a keyframe's picture."""
    quality: int = Field(default=88, ge=30, le=95)
    """JPEG quality."""


class FilmStretch(Record):
    """A keyframe of the film."""

    start_s: float
    end_s: float
    at_s: float
    """When its picture appears in the film."""
    opens_scene: bool
    """Whether its colours begin a scene."""
    offset: int
    """Where its picture lies in the pack, bytes."""
    length: int
    sha256: Sha256
    width_px: int
    height_px: int


class FilmRecord(Record):
    """All that is kept of a film beside its pictures."""

    key: Text
    name: Text
    """Name of the file."""
    sha256: Sha256
    bytes: int
    facts: FilmFacts
    settings: FilmSettings
    tools: dict[str, str]
    """Versions of what decoded it."""
    duration_s: float
    stretches: tuple[FilmStretch, ...]
    cues: tuple[tuple[float, float, Text], ...]
    """Start, end and text of its own subtitles."""
    cues_language: Text
    mended: dict[str, int]
    """What was mended or left out, by what."""

    def head(self) -> "FilmRecord":
        """All but the keyframes, and of the subtitles the first line only: small, however long the film is."""
        return self.model_copy(update={"stretches": (), "cues": self.cues[:1]})


def tools(settings: FilmSettings) -> dict[str, str]:
    """Versions of what decodes a film and finds its shots.

    Raises:
        ValueError: shots are wanted and PySceneDetect is not installed.
    """
    codec = ".".join(map(str, av.library_versions["libavcodec"]))
    found = {"av": version("av"), "libavcodec": codec, "pillow": version("pillow")}
    return found if settings.fps is not None else found | {"scenedetect": scenedetect_version()}


def spool_film(
    path: Path, settings: FilmSettings, folder: Path, advance: Callable[[float], None], threads: int = 2
) -> FilmRecord:
    """Decode a film into `folder`, unless that was done.

    Args:
        path: The film.
        settings: Which pictures are taken.
        folder: Where its two files go.
        advance: Called with the seconds of the film just done.
        threads: Threads that decode.

    Raises:
        ValueError: it is no film, or cannot be decoded, or the disk would not take it.
    """
    used, sha256 = tools(settings), file_sha256(path)
    made_of = [VERSION, sha256, settings.model_dump(mode="json"), used]
    key = hashlib.sha256(canonical_json(made_of).encode()).hexdigest()[:32]
    kept = kept_film(folder, key)
    if kept is not None:
        advance(kept.duration_s)
        return kept.model_copy(update={"name": path.name})
    with open_film(path, threads) as film, disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        facts = film.facts
        part = folder / f"{key}.{os.getpid()}.part"
        with open(part, "wb") as file:
            stretches = _decode(film, settings, file, advance)
            file.flush()
            os.fsync(file.fileno())
        part.replace(_pack(folder, key))
    record = FilmRecord(
        key=key,
        name=path.name,
        sha256=sha256,
        bytes=path.stat().st_size,
        facts=facts,
        settings=settings,
        tools=used,
        duration_s=stretches[-1].end_s,
        stretches=tuple(stretches),
        cues=tuple((cue.start_s, cue.end_s, cue.text) for cue in film.cues),
        cues_language=film.cues_language,
        mended=dict(film.mended),
    )
    write_whole(folder / f"{key}.json", record.model_dump_json().encode())
    return record


def _decode(
    film: Film, settings: FilmSettings, file: IO[bytes], advance: Callable[[float], None]
) -> list[FilmStretch]:
    """The keyframes of a film, their pictures written to `file`."""
    pictures = Pictures(settings.max_side_px, settings.quality, film.pixel_shape)
    choose: Choose = Shots(pictures.rgb) if settings.fps is None else Grid(pictures.rgb, settings.fps)
    writer = _Writer(file, pictures)
    done_s = 0.0
    for time_s, frame in film.frames():
        writer.write(choose.add(time_s, frame))
        if time_s >= done_s + PROGRESS_S:
            advance(time_s - done_s)
            done_s = time_s
    writer.write(choose.finish(film.end_s))
    advance(film.end_s - done_s)
    return writer.done


class _Writer:
    """Writes pictures one after the other; one that stands for several stretches only once."""

    def __init__(self, file: IO[bytes], pictures: Pictures) -> None:
        self._file, self._pictures, self._scenes = file, pictures, Scenes()
        self._last: tuple[Rgb, dict[str, Any]] | None = None
        self.done: list[FilmStretch] = []

    def write(self, stretches: Iterable[Stretch]) -> None:
        """Write the pictures of stretches."""
        for stretch in stretches:
            if self._last is None or self._last[0] is not stretch.picture:
                data = self._pictures.jpeg(stretch.picture)
                height_px, width_px, _ = stretch.picture.shape
                place = {
                    "offset": self._file.tell(),
                    "length": len(data),
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "width_px": width_px,
                    "height_px": height_px,
                }
                self._file.write(data)
                self._last = (stretch.picture, place)
            self.done.append(
                FilmStretch(
                    start_s=stretch.start_s,
                    end_s=stretch.end_s,
                    at_s=stretch.at_s,
                    opens_scene=self._scenes.opens(stretch),
                    **self._last[1],
                )
            )


def kept_film(folder: Path, key: str) -> FilmRecord | None:
    """A film that was decoded before; None when it was not, or what is kept of it is not whole."""
    try:
        record = FilmRecord.model_validate_json((folder / f"{key}.json").read_bytes())
        packed = _pack(folder, key).stat().st_size
    except (OSError, ValidationError):
        return None
    return record if packed >= max(one.offset + one.length for one in record.stretches) else None


def read_packed(folder: Path, key: str, offset: int, length: int) -> bytes:
    """A picture of a film that was decoded."""
    with open(_pack(folder, key), "rb") as file:
        file.seek(offset)
        return file.read(length)


def _pack(folder: Path, key: str) -> Path:
    return folder / f"{key}.pack"
