"""Pictures as they may come from anywhere: recognised by their first bytes, measured before they are unpacked.

    seen = look_at(data, "m00042-c03-s02-k04.jpg")
    seen.problem, seen.size, seen.mark              # None, (512, 288), 0x3c1e0f...

    frames = FrameIndex()
    frames.add(movie=3, part=0, mark=seen.mark)     # every picture, with its movie and split as numbers
    frames.pairs()                                  # [(3, 17, 0.8)]: movies of two splits that share pictures

A picture of a few kilobytes may say that it has 60,000 x 60,000 pixels, so its size is read from its header first.
The *mark* is a 64-bit difference hash: whether each point of a 9 x 8 miniature is brighter than the one before it.
Measured on 60 movies of the offline studio, of 16 pictures each: the same picture in JPEG at quality 30, in WebP or at
half its size differs in 3 bits at most in 95 of 100 cases, and of 1,770 pairs of movies none shares more than one
picture in 16 at 3 bits. So half of the pictures at 3 bits is not by chance, and shots that many movies have in common
do no harm. A cut or mirrored picture is not recognised.
"""

import io
import warnings
from array import array
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

FORMATS = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",), "WEBP": (".webp",)}
PIXELS_MAX = 50_000_000
"""Pixels that are unpacked; 8K film has 33 million."""
BITS_MAX = 3
"""Bits in which two marks of the same picture may differ."""
SHARE = 0.5
"""Share of a movie's pictures that another split must not have."""
PLAIN_BITS = 4
"""A mark with fewer bits of either kind is that of an empty picture, which says nothing."""
NEIGHBOURS = 64
"""Pictures with which each is compared where more have a quarter of their marks in common."""
COPIES = 16
"""Movies of a split that count for one and the same mark."""
_BANDS, _BAND_BITS = 4, 16
_GPS, _ARTIST, _SERIAL = 0x8825, 0x013B, 0xA431
PERSONAL_TAGS = {_GPS: "a position", _ARTIST: "a name", _SERIAL: "a camera's number"}


@dataclass(frozen=True)
class Seen:
    """What was seen of a picture."""

    problem: str | None = None
    """Why it is no usable picture."""
    size: tuple[int, int] | None = None
    """Width and height in pixels."""
    mark: int | None = None
    """Its difference hash; None for an empty picture."""
    tells: str | None = None
    """Personal data in its EXIF block."""
    misnamed: str | None = None
    """Its format, where its name says another."""


def look_at(data: bytes, name: str) -> Seen:
    """Unpack a picture once, if its header permits."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's warning of large pictures: the limit here is lower
            with Image.open(io.BytesIO(data), formats=tuple(FORMATS)) as picture:
                return _unpacked(picture, name)
    except UnidentifiedImageError:
        return Seen(f"it is no {', '.join(FORMATS)} but begins with {data[:16]!r}")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return Seen(f"it cannot be decoded ({error})")


def _unpacked(picture: Image.Image, name: str) -> Seen:
    size, kind = picture.size, picture.format or ""
    if size[0] * size[1] > PIXELS_MAX:
        return Seen(f"it says that it has {size[0]} x {size[1]} pixels; at most {PIXELS_MAX} are unpacked", size)
    tags = picture.getexif() if "exif" in picture.info else {}
    tells = next((what for tag, what in PERSONAL_TAGS.items() if tag in tags), None)
    picture.draft("L", (64, 64))  # a JPEG is read to its end also when it is unpacked small
    small = picture.convert("L").resize((9, 8), Image.Resampling.BOX)
    misnamed = None if name.lower().endswith(FORMATS.get(kind, ())) else kind
    return Seen(size=size, mark=_mark(small), tells=tells, misnamed=misnamed)


def _mark(small: Image.Image) -> int | None:
    points = np.asarray(small, dtype=np.int16)
    bits = np.packbits((points[:, 1:] > points[:, :-1]).ravel())
    mark = int.from_bytes(bits.tobytes(), "big")
    return mark if PLAIN_BITS <= mark.bit_count() <= 64 - PLAIN_BITS else None


class FrameIndex:
    """Marks of all pictures, then the pairs of movies of two splits that share too many. 13 bytes a picture."""

    def __init__(self) -> None:
        self._marks = array("Q")
        self._movies = array("I")
        self._parts = array("B")

    def add(self, movie: int, part: int, mark: int) -> None:
        """Add a picture of a movie, by its number from 0, in a split, by its number from 0."""
        self._marks.append(mark)
        self._movies.append(movie)
        self._parts.append(part)

    def pairs(self, share: float = SHARE) -> list[tuple[int, int, float]]:
        """Movies of different splits, lower number first, with the share of the pictures of either in the other.

        Marks in one band of 16 bits are sorted, and each is compared with the next `NEIGHBOURS`: two marks that differ
        in 3 bits have one of 4 bands in common. Of the very same picture the first `COPIES` movies of each split
        count, so that a thousand copies of a movie give some of their pairs, not half a million.
        """
        if len(self._marks) == 0:
            return []
        rows = np.column_stack(
            [np.asarray(column, dtype=np.uint64) for column in (self._marks, self._parts, self._movies)]
        )
        rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
        rows = rows[_differ(rows)]
        pictures = np.bincount(rows[:, 2].astype(np.int64))
        kept = _few_copies(rows)
        marks, parts, movies = kept[:, 0], kept[:, 1], kept[:, 2].astype(np.int64)
        return _by_pair(_shared(marks, movies, parts), movies, pictures, share)


def _differ(rows: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which rows are not the same as the one before."""
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    return new


def _few_copies(rows: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Of sorted rows (mark, split, movie), the first `COPIES` of each mark and split."""
    new = _differ(rows[:, :2])
    begins = np.flatnonzero(new)
    rank = np.arange(len(rows)) - np.repeat(begins, np.diff(np.append(begins, len(rows))))
    return rows[rank < COPIES]


def _shared(
    marks: npt.NDArray[np.uint64], movies: npt.NDArray[np.int64], parts: npt.NDArray[np.uint64]
) -> npt.NDArray[np.int64]:
    """Pictures and movies of another split that have one like it, each once: picture * number of movies + movie."""
    count = int(movies.max()) + 1
    bands = [(marks >> np.uint64(band * _BAND_BITS)) & np.uint64(0xFFFF) for band in range(_BANDS)]
    found: list[npt.NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    for band, keys in enumerate(bands):
        order = np.lexsort((movies, marks, keys))
        ordered = keys[order]
        for step in range(1, NEIGHBOURS + 1):
            same = np.flatnonzero(ordered[step:] == ordered[:-step])
            if not len(same):
                break
            one, other = order[same], order[same + step]
            near = (np.bitwise_count(marks[one] ^ marks[other]) <= BITS_MAX) & (parts[one] != parts[other])
            one, other = one[near], other[near]
            for lower in bands[:band]:  # found there
                fresh = lower[one] != lower[other]
                one, other = one[fresh], other[fresh]
            found.append(np.unique(np.concatenate([one * count + movies[other], other * count + movies[one]])))
    return np.unique(np.concatenate(found))


def _by_pair(
    hits: npt.NDArray[np.int64], movies: npt.NDArray[np.int64], pictures: npt.NDArray[np.int64], share: float
) -> list[tuple[int, int, float]]:
    count = int(movies.max()) + 1
    pairs, times = np.unique(movies[hits // count] * count + hits % count, return_counts=True)
    best: dict[tuple[int, int], float] = {}
    for pair, shared in zip(pairs.tolist(), times.tolist(), strict=True):
        movie, other = divmod(pair, count)
        enough = min(int(pictures[movie]), 2)  # of one picture in common nothing follows, unless there is one only
        if shared >= enough and shared / pictures[movie] >= share:
            both = (min(movie, other), max(movie, other))
            best[both] = max(best.get(both, 0.0), shared / float(pictures[movie]))
    return [(one, other, part) for (one, other), part in sorted(best.items())]
