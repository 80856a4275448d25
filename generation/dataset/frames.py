"""Pictures of a loaded dataset, fast: of a movie within a span of time, or all of them in the order of the rows.

    from moviellm_dataset import load
    frames = MovieFrames(load(source, "keyframes", split="train"))       # a dataset folder, or a Hub id
    frames.span("m00042", 12.0, 76.0)               # [Shown(keyframe_id, start_s, end_s, picture), ...]

    rows = load(source, "keyframes", split="train", streaming=True, columns=["keyframe_id", "image"])
    for row in pictures(rows):                      # {"keyframe_id": ..., "image": PIL.Image}; loaded or shuffled, too
        ...

Decoding a JPEG is what reading costs, so it is done on every core: PIL lets other threads run meanwhile. Rows cross
as Arrow, because turning the nested columns of a row into Python takes longer than reading its picture.
benchmarks/read.py measures it. It loads nothing and keeps no picture.
"""

import io
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from PIL import Image

from moviellm.generation.cores import usable_cores
from moviellm.generation.dataset.features import Row

THREADS_MAX = 8
"""Threads that decode, at most; else one a core."""
BATCH_ROWS = 32
"""Pictures that are decoded ahead, twice: what a reader of rows holds in memory."""
Size: TypeAlias = tuple[int, int]


class Shown(NamedTuple):
    """A keyframe of a span."""

    keyframe_id: str
    start_s: float
    end_s: float
    picture: Any
    """A `PIL.Image`, or its encoded bytes."""


class MovieFrames:
    """Keyframes by movie and time. Only what is asked for is read and decoded.

    It can be given to worker processes (`DataLoader`, forked or spawned): they share the file and not its bytes.

    Args:
        keyframes: The config `keyframes`, one split, in any order, not streaming.

    Raises:
        ValueError: it is something else.
    """

    def __init__(self, keyframes: Any) -> None:
        from datasets import Dataset

        columns = {"movie_id", "keyframe_id", "span", "image"}
        if not isinstance(keyframes, Dataset) or not columns.issubset(keyframes.column_names):
            raise ValueError(
                f"got a {type(keyframes).__name__}; MovieFrames takes one split of keyframes with "
                f'{", ".join(sorted(columns))}, not streaming: load(folder, "keyframes", split="train")'
            )
        self._rows = keyframes.select_columns(["image"]).with_format("arrow")
        index = keyframes.select_columns(["movie_id", "keyframe_id", "span"]).with_format("arrow")[:]
        self._ids: list[str] = index["keyframe_id"].to_pylist()
        spans = index["span"].combine_chunks()
        self._spans = list(zip(*(spans.field(end).to_pylist() for end in ("start_s", "end_s")), strict=True))
        self._movies: dict[str, list[int]] = {}
        for place, movie_id in enumerate(index["movie_id"].to_pylist()):
            self._movies.setdefault(movie_id, []).append(place)

    def movies(self) -> dict[str, float]:
        """The movies of the split, in the order of the rows, each with the end of its last picture in seconds."""
        return {movie_id: max(self._spans[at][1] for at in places) for movie_id, places in self._movies.items()}

    def span(
        self, movie_id: str, start_s: float, end_s: float, *, decode: bool = True, least_px: Size | None = None
    ) -> list[Shown]:
        """The pictures of a movie that are on screen within `[start_s, end_s)`, by time.

        Args:
            movie_id: E.g. `m00042`.
            start_s: Seconds from the start of the movie.
            end_s: The same.
            decode: False leaves the pictures encoded.
            least_px: Width and height; a JPEG is decoded at 1/2, 1/4 or 1/8 of its size while it has so many pixels
                both ways, which is faster.

        Raises:
            ValueError: the movie is not in this split or shows nothing then, or a picture is not there.
        """
        if movie_id not in self._movies:
            raise ValueError(f"no movie {movie_id!r} among these {len(self._movies)}; is it of another split?")
        spans = self._spans
        places = [at for at in self._movies[movie_id] if spans[at][0] < end_s and start_s < spans[at][1]]
        if not places or not start_s < end_s:
            raise ValueError(
                f"{movie_id} shows nothing within [{start_s}, {end_s}) s; its pictures go from "
                f"{min(spans[at][0] for at in self._movies[movie_id])} to {self.movies()[movie_id]} s"
            )
        places.sort(key=spans.__getitem__)
        encoded = self._encoded(places)
        found: Iterable[Any] = decoded(encoded, least_px) if decode else (bytes(one) for one in encoded)
        return [Shown(self._ids[at], spans[at][0], spans[at][1], one) for at, one in zip(places, found, strict=True)]

    def _encoded(self, places: list[int]) -> list[Any]:
        """The encoded pictures of some rows, not copied where the rows follow each other."""
        first, last = places[0], places[-1] + 1
        rows = self._rows[first:last] if places == list(range(first, last)) else self._rows[places]
        return _buffers(rows["image"], (self._ids[at] for at in places))


def pictures(keyframes: Any, *, least_px: Size | None = None) -> Iterator[Row]:
    """The rows of the config `keyframes` in their order, with `image` decoded.

    Args:
        keyframes: What `load` gives for one split, or what `shuffle`, `filter`, `select`, `shard` make of it. It has
            the columns that are wanted: `columns=[...]` of `load`, or `select_columns`. Each costs time, the nested
            ones the most.
        least_px: As in `MovieFrames.span`.

    Raises:
        ValueError: a row has no picture.
    """
    from datasets import Image as ImageFeature

    rows = keyframes.cast_column("image", ImageFeature(decode=False)).with_format("arrow")
    waiting: deque[Iterator[Row]] = deque()
    for table in rows.iter(batch_size=BATCH_ROWS):
        rest = table.drop_columns(["image"])
        others: list[Row] = rest.to_pylist() if rest.num_columns else [{}] * table.num_rows
        names = (row.get("keyframe_id", "of a row") for row in others)
        images = decoded(_buffers(table["image"], names), least_px)
        waiting.append({**row, "image": image} for row, image in zip(others, images, strict=True))
        if len(waiting) > 1:  # the next ones are being decoded
            yield from waiting.popleft()
    for batch in waiting:
        yield from batch


def decoded(encoded: Sequence[Any], least_px: Size | None = None) -> Iterator[Image.Image]:
    """Pictures from their encoded bytes, in their order. All are begun at once."""
    work = partial(_picture, least_px=least_px)
    return map(work, encoded) if len(encoded) == 1 else _threads(os.getpid()).map(work, encoded)


@lru_cache(maxsize=1)
def _threads(process: int) -> ThreadPoolExecutor:
    """The threads of a process. One that was forked has none of its parent's, and asks by its own number."""
    return ThreadPoolExecutor(min(THREADS_MAX, usable_cores()), "decode")


def _picture(encoded: Any, least_px: Size | None) -> Image.Image:
    picture = Image.open(io.BytesIO(encoded))
    if least_px is not None:
        picture.draft(None, least_px)
    picture.load()
    return picture


def _buffers(images: Any, names: Iterable[str]) -> list[Any]:
    """The bytes of an Arrow column of images, as they lie in memory."""
    found: list[Any] = []
    for chunk in images.chunks:
        column = chunk.field("bytes")
        if chunk.null_count or column.null_count:
            at = next(at for at, one in enumerate(column) if not one.is_valid or not chunk[at].is_valid)
            name = next(islice(names, len(found) + at, None))
            raise ValueError(f"keyframe {name} has no picture")
        found += [one.as_buffer() for one in column]
    return found
