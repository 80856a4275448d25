"""Pictures of older data: looked at once, kept as they are.

    gallery = Gallery(media)
    gallery.look("story_0/1.png")           # Picture(name, "png", sha256, 1024, 1024), or why it cannot be used
    gallery.read(picture)                   # its bytes

A picture is decoded to see that it can be, and its bytes go into the dataset unchanged. PNG, JPEG and WebP; anything
else under a picture's name is a ValueError, as is one that would take gigabytes when decoded.
"""

import hashlib
import io
import warnings

from PIL import Image

from moviellm.generation.imports.media import Media
from moviellm.generation.imports.told import Picture

FILE_BYTES_MAX = 50_000_000
"""Size of a picture file."""
PIXELS_MAX = 50_000_000
"""Pixels of a picture: 150 MB when decoded."""
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
MISSING, UNREADABLE, UNDECODABLE, TOO_LARGE = (
    "are missing",
    "cannot be read",
    "cannot be decoded",
    "have too many pixels",
)
_FORMATS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}


def look_at(data: bytes, name: str) -> Picture:
    """Decode a picture once.

    Raises:
        ValueError: it is no PNG, JPEG or WebP, is damaged, or is too large; the message says which.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is too large is refused below
            with Image.open(io.BytesIO(data), formats=tuple(_FORMATS)) as image:
                width_px, height_px = image.size
                if width_px * height_px > PIXELS_MAX:
                    raise ValueError(TOO_LARGE)
                image.load()
                suffix = _FORMATS[image.format or ""]
    except Image.DecompressionBombError:
        raise ValueError(TOO_LARGE) from None
    except (OSError, SyntaxError, EOFError, KeyError, MemoryError) as error:
        raise ValueError(UNDECODABLE) from error
    return Picture(name, suffix, hashlib.sha256(data).hexdigest(), width_px, height_px)


class Gallery:
    """The pictures of some folders and zips, each looked at once."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self._seen: dict[str, Picture | str] = {}

    def look(self, name: str) -> Picture | str:
        """A picture, or why it cannot be used, in words that follow `pictures that`."""
        if name not in self._seen:
            self._seen[name] = self._looked(name)
        return self._seen[name]

    def read(self, picture: Picture) -> bytes:
        """The bytes of a picture."""
        place = self._media.find(picture.name)
        assert place is not None, picture
        return self._media.read(place, FILE_BYTES_MAX)

    def _looked(self, name: str) -> Picture | str:
        place = self._media.find(name)
        if place is None:
            return MISSING
        try:
            data = self._media.read(place, FILE_BYTES_MAX)
        except (ValueError, OSError):
            return UNREADABLE
        try:
            return look_at(data, name)
        except ValueError as error:
            return str(error)
