"""Films in a dataset: one row a movie, with its MP4 and its subtitles.

    with FilmShelf.open(run / "films", fps=None, voice=False) as shelf:
        row = shelf.row(movie, lambda: reader.images(movie))        # a row of the config `films`

A film that lies in the folder and is up to date is taken as it is; another is made there, so that `moviellm make`,
`moviellm view` and the export make it once between them, and a killed export goes on where it was. A movie without
pictures has no film. How a film is made is in film/mp4.py.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from moviellm.generation.schema import Keyframe, Movie, Record, Text

if TYPE_CHECKING:
    from moviellm.generation.film.voice import Speech

Images = Callable[[], Iterable[tuple[Keyframe, bytes]]]


class Film(Record):
    """A movie as a video file."""

    fps: float = Field(gt=0)
    """Frames a second. A keyframe that stands still is repeated."""
    width_px: int = Field(gt=0)
    """Width of the picture."""
    height_px: int = Field(gt=0)
    """Height of the picture."""
    moving: bool
    """Whether the camera moves inside the keyframes."""
    voiced: bool
    """Whether the dialogue is spoken."""
    subtitles_srt: Text | None
    """The dialogue as SubRip; None where none was made."""
    subtitles_vtt: Text | None
    """The dialogue as WebVTT, its cue ids are line ids; None where none was made."""


class FilmShelf:
    """A folder of films, all made in one way."""

    def __init__(self, folder: Path, fps: int | None, speech: "Speech | None", *, keeps: bool = True) -> None:
        self._folder, self._fps, self._speech, self._keeps = folder, fps, speech, keeps

    @staticmethod
    @contextmanager
    def open(folder: Path | None, *, fps: int | None, voice: bool) -> Iterator["FilmShelf"]:
        """The shelf of a folder; of a temporary one for None.

        Args:
            folder: Where films are looked for, and kept.
            fps: Frames a second of films in which the camera moves; None: keyframes stand still.
            voice: Whether the dialogue is spoken.

        Raises:
            ValueError: there is no program that speaks.
        """
        from moviellm.generation.film.voice import Speech

        with (
            tempfile.TemporaryDirectory(prefix="moviellm-") if folder is None else nullcontext(folder) as place,
            Speech.open() if voice else nullcontext() as speech,
        ):
            yield FilmShelf(Path(place), fps, speech, keeps=folder is not None)

    def row(self, movie: Movie, images: Images) -> dict[str, Any] | None:
        """The columns of a film, made when it is not there; None for a movie that lacks a picture.

        Raises:
            ValueError: its pictures make no film, a line cannot be spoken, or the folder cannot be written.
        """
        from moviellm.generation.film.mp4 import write_film

        keyframes = list(movie.keyframes())
        if not keyframes or any(keyframe.image_sha256 is None for keyframe in keyframes):
            return None
        files = write_film(movie, _asked(images), self._folder, fps=self._fps, speech=self._speech)
        told = any(scene.dialogue is not None for scene in movie.scenes())
        texts = [path.read_text(encoding="utf-8") if told else None for path in (files.srt, files.vtt)]
        film = describe_film(files.mp4, self._fps is not None, *texts)
        row = {**dict(film), "video": {"bytes": files.mp4.read_bytes(), "path": files.mp4.name}}
        if not self._keeps:
            for path in (files.mp4, files.srt, files.vtt):
                path.unlink(missing_ok=True)
        return row


def describe_film(path: Path, moving: bool, subtitles_srt: str | None, subtitles_vtt: str | None) -> Film:
    """What a video file says of itself, with the subtitles that go with it.

    Raises:
        ValueError: it is no video file.
    """
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path)) as file:
            picture = file.streams.video[0]
            return Film(
                fps=float(picture.average_rate or 0),
                width_px=picture.width,
                height_px=picture.height,
                moving=moving,
                voiced=bool(file.streams.audio),
                subtitles_srt=subtitles_srt,
                subtitles_vtt=subtitles_vtt,
            )
    except (FFmpegError, IndexError) as error:
        raise ValueError(f"{path} is no video file ({error}); delete it, so that it is made again") from None


def _asked(images: Images) -> Iterator[tuple[Keyframe, bytes]]:
    """The pictures, read when the first is needed: a film that is there needs none."""
    yield from images()
