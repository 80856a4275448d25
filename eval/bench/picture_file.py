"""A picture file without what it says of itself: the same pixels, and none of the texts and tags around them.

    bare(data)                              # bytes of a PNG, JPEG or WebP; the same bytes where nothing is said
    bared(movie, images)                    # the movie with the hashes of its bare pictures, and these

Programs that paint write the prompt into a picture, cameras a place and a date. Nothing is unpacked or encoded again:
parts of the file are left out, so what is seen is the same to the bit. What is no such file is returned as it is.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from moviellm.generation.schema import Chapter, Keyframe, Movie, Scene

PNG: Final = b"\x89PNG\r\n\x1a\n"
PNG_SEEN: Final = frozenset({b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"bKGD", b"pHYs"})
"""Chunks beside the needed ones that decide what is seen."""
WEBP_SEEN: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
WEBP_TOLD: Final = 0b1100
"""Flags of VP8X: EXIF and XMP."""
START, END, SCAN, COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
JPEG_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length."""
JPEG_SEEN: Final = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
"""Application segments that decide what is seen, and how they begin."""


def bared(movie: Movie, images: Iterable[tuple[Keyframe, bytes]]) -> tuple[Movie, list[bytes]]:
    """A movie whose pictures say nothing of themselves, and these in their order."""
    pictures = {frame.keyframe_id: bare(data) for frame, data in images}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in pictures.items()}

    def frame(one: Keyframe) -> Keyframe:
        return one.model_copy(update={"image_sha256": hashes.get(one.keyframe_id, one.image_sha256)})

    def scene(one: Scene) -> Scene:
        return one.model_copy(update={"keyframes": tuple(map(frame, one.keyframes))})

    def chapter(one: Chapter) -> Chapter:
        return one.model_copy(update={"scenes": tuple(map(scene, one.scenes))})

    return movie.model_copy(update={"chapters": tuple(map(chapter, movie.chapters))}), [*pictures.values()]


def bare(data: bytes) -> bytes:
    """A picture without texts and tags; what cannot be taken apart is returned as it is."""
    try:
        if data.startswith(PNG):
            return PNG + b"".join(_png(data))
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            parts = b"WEBP" + b"".join(_webp(data))
            return b"RIFF" + len(parts).to_bytes(4, "little") + parts
        if data[:2] == bytes((0xFF, START)):
            return data[:2] + b"".join(_jpeg(data))
    except (IndexError, ValueError):
        pass
    return data


def _png(data: bytes) -> Iterator[bytes]:
    at = len(PNG)
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        after = at + 12 + size
        if len(kind) < 4 or after > len(data):
            raise ValueError("it is cut off")
        if kind[:1].isupper() or kind in PNG_SEEN:
            yield data[at:after]
        if kind == b"IEND":
            return
        at = after
    raise ValueError("it has no end")


def _webp(data: bytes) -> Iterator[bytes]:
    at, end = 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while at < end:
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        after = at + 8 + size + size % 2
        if len(kind) < 4 or at + 8 + size > end:
            raise ValueError("it is cut off")
        if kind == b"VP8X":
            yield data[at : at + 8] + bytes((data[at + 8] & ~WEBP_TOLD,)) + data[at + 9 : after]
        elif kind in WEBP_SEEN:
            yield data[at:after]
        at = after


def _jpeg(data: bytes) -> Iterator[bytes]:
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no marker")
        kind = data[at + 1]
        if kind == 0xFF:  # filled up
            at += 1
            continue
        if kind == END:
            yield data[at : at + 2]
            return
        after = at + 2 + (0 if kind in JPEG_ALONE else int.from_bytes(data[at + 2 : at + 4]))
        if kind == SCAN:
            after = _end_of_scan(data, after)
        if _is_seen(kind, data[at + 4 : after]):
            yield data[at:after]
        at = after


def _is_seen(kind: int, said: bytes) -> bool:
    if kind == COMMENT:
        return False
    return not 0xE0 <= kind <= 0xEF or (kind in JPEG_SEEN and said.startswith(JPEG_SEEN[kind]))


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the marker behind a scan is: no stuffed byte, and none that begins the scan anew."""
    while True:
        at = data.index(0xFF, at)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2
