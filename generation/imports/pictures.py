"""Pictures of older data: looked at once, kept as they are.

    look_at(data, "story_0/1.png")          # Picture(name, "png", sha256, 1024, 1024)

A picture is decoded to see that it can be, and its bytes go into the dataset unchanged. PNG, JPEG and WebP; anything
else under a picture's name is a ValueError, as is one that would take gigabytes when decoded.
"""

import hashlib
import io
import warnings

from PIL import Image

from moviellm.generation.imports.told import Picture

FILE_BYTES_MAX = 50_000_000
"""Size of a picture file."""
PIXELS_MAX = 50_000_000
"""Pixels of a picture: 150 MB when decoded."""
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
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
                    raise ValueError("has too many pixels")
                image.load()
                suffix = _FORMATS[image.format or ""]
    except Image.DecompressionBombError:
        raise ValueError("has too many pixels") from None
    except (OSError, SyntaxError, EOFError, KeyError, MemoryError) as error:
        raise ValueError("cannot be decoded") from error
    return Picture(name, suffix, hashlib.sha256(data).hexdigest(), width_px, height_px)
