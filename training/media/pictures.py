"""Pictures of a film as lazy sequences: each is decoded when it is touched, and none is kept.

    frames = FilePictures(paths, "walk")    # frames[7]: PIL, RGB; frames[2:5]: a list
    frames = SpooledPictures(file, places, "film.mkv")
    key = frames_key(frames)                # hash of the encoded bytes of all

A picture that cannot be decoded is an error with its number and its film. A bound on pixels is kept as they are
touched, and is no part of their hash. Which frames are taken, and when they are shown, is decided
elsewhere (policy.py).
"""

import hashlib
import io
import math
import os
import tempfile
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, TypeVar, overload

from PIL import Image, UnidentifiedImageError

from moviellm.generation.schema import canonical_json

PICTURE_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}
"""What files of pictures are called."""
T = TypeVar("T", covariant=True)


class Lazy(Sequence[T]):
    """A sequence whose members are made when they are touched; subclasses say how many, and make one."""

    @abstractmethod
    def one(self, number: int) -> T:
        """A member; `number` is one that there is."""

    @overload
    def __getitem__(self, number: int) -> T: ...
    @overload
    def __getitem__(self, number: slice) -> list[T]: ...
    def __getitem__(self, number: int | slice) -> T | list[T]:
        """A member, or several at once."""
        if isinstance(number, slice):
            return [self.one(one) for one in range(*number.indices(len(self)))]
        place = number + len(self) if number < 0 else number
        if not 0 <= place < len(self):
            raise IndexError(f"frame {number} of {len(self)}")
        return self.one(place)


class Pictures(Lazy[Image.Image]):
    """Encoded pictures; subclasses say where their bytes are."""

    def __init__(self, count: int, name: str) -> None:
        self._count, self._name = count, name

    @abstractmethod
    def data(self, number: int) -> bytes:
        """The encoded bytes of a picture."""

    def __len__(self) -> int:
        return self._count

    def one(self, number: int) -> Image.Image:
        """A picture.

        Raises:
            ValueError: it cannot be read or decoded; the message has its number and the film's name.
        """
        return decoded(lambda: self.data(number), f"Frame {number} of {self._name}")


class FilePictures(Pictures):
    """Pictures in files of their own."""

    def __init__(self, paths: Sequence[Path], name: str) -> None:
        super().__init__(len(paths), name)
        self.paths = paths

    def data(self, number: int) -> bytes:
        """The bytes of a file."""
        return self.paths[number].read_bytes()


class BytesPictures(Pictures):
    """Encoded pictures in memory, as bytes or as `datasets` hands them over: `{"bytes": ..., "path": ...}`."""

    def __init__(self, frames: Sequence[Any], name: str) -> None:
        super().__init__(len(frames), name)
        self._frames = frames

    def data(self, number: int) -> bytes:
        """The bytes that were given."""
        frame = self._frames[number]
        return bytes((frame.get("bytes") or b"") if isinstance(frame, dict) else frame)


class SpooledPictures(Pictures):
    """Pictures behind each other in one open file, by offset and length."""

    def __init__(self, file: IO[bytes], places: Sequence[tuple[int, int]], name: str) -> None:
        super().__init__(len(places), name)
        self._file, self._places = file, places

    def __reduce__(self) -> Any:
        """What goes to another process: the encoded bytes."""
        return _spooled, ([self.data(number) for number in range(len(self))], self._name)

    def data(self, number: int) -> bytes:
        """The bytes at a place of the file; safe for several readers at once."""
        offset, length = self._places[number]
        return os.pread(self._file.fileno(), length, offset)


def _spooled(pictures: Sequence[bytes], name: str) -> SpooledPictures:
    file = tempfile.TemporaryFile()  # noqa: SIM115 pictures are read from it
    places, offset = [], 0
    for data in pictures:
        file.write(data)
        places.append((offset, len(data)))
        offset += len(data)
    file.flush()
    return SpooledPictures(file, places, name)


class Chosen(Lazy[Any]):
    """Some of a sequence, in the order of their numbers there; nothing is read to choose."""

    def __init__(self, frames: Any, numbers: Sequence[int]) -> None:
        self.frames, self.numbers = frames, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def one(self, number: int) -> Any:
        """What stands there."""
        return self.frames[self.numbers[number]]


class Smaller(Lazy[Any]):
    """A sequence of pictures of which none has more than so many pixels; each is made smaller when it is touched."""

    def __init__(self, frames: Any, pixels: int) -> None:
        self.frames, self.pixels = frames, pixels

    def __len__(self) -> int:
        return len(self.frames)

    def one(self, number: int) -> Any:
        """A picture within the bound."""
        return smaller(self.frames[number], self.pixels)


def bounded(frames: Any, pixels: int | None) -> Any:
    """Pictures with a bound on their size; without one, as they are."""
    return frames if pixels is None else Smaller(frames, pixels)


def smaller(frame: Any, pixels: int) -> Image.Image:
    """A picture, PIL or (h, w, 3), with so many pixels at most, in the shape that it has."""
    picture = frame if isinstance(frame, Image.Image) else Image.fromarray(frame)
    width, height = picture.size
    if width * height <= pixels:
        return picture
    scale = math.sqrt(pixels / (width * height))
    size = (max(1, math.floor(width * scale)), max(1, math.floor(height * scale)))
    side = max(1, pixels // min(size))  # of a picture that is hardly wider than a line
    return picture.resize((min(size[0], side), min(size[1], side)), Image.Resampling.BICUBIC)


def decoded(data: Any, name: str) -> Image.Image:
    """A picture as RGB from what gives its bytes; a ValueError that begins with its name where it is none."""
    try:
        with Image.open(io.BytesIO(data())) as picture:
            return picture.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{name} cannot be decoded: {error}") from error


def frames_key(frames: Any) -> str:
    """Hash of a list of pictures of any form: of encoded bytes where there are such, else of the pixels."""
    return hashlib.sha256(
        canonical_json([_picture_key(frames, number) for number in range(len(frames))]).encode()
    ).hexdigest()


def _picture_key(frames: Any, number: int) -> str:
    if isinstance(frames, Pictures):
        return hashlib.sha256(frames.data(number)).hexdigest()
    import numpy as np

    frame = frames[number]
    pixels = np.ascontiguousarray(frame.convert("RGB") if isinstance(frame, Image.Image) else frame)
    return hashlib.sha256(f"{pixels.shape} {pixels.dtype}".encode() + pixels.tobytes()).hexdigest()
