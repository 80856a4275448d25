"""Rows of a batch while the processor makes them: text with placeholders, and whose frames they are for.

A row knows the films and pictures at its markers, so that an error can name the film. It makes no ids; the tokenizer
does, and `check_tokens` counts what came out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from moviellm.training.model.layout import (
    IMAGE,
    VIDEO,
    FilmLike,
    as_film,
    check_film,
    frame_count,
    lay_out,
)
from moviellm.training.model.placing import MISMATCH
from moviellm.training.model.steps import NO_TIME, step_of


@dataclass
class Row:
    """One row."""

    number: int
    text: str = ""
    films: list[FilmLike] = field(default_factory=list)
    """Films, and pictures as films of one frame without a time, in the order of their placeholders."""
    places: list[dict[str, Any]] = field(default_factory=list)
    """Where markers stood and what they became, as transformers notes it to find assistant turns again."""

    @property
    def frames(self) -> int:
        """Frames of all its films."""
        return sum(frame_count(film) for film in self.films)

    @property
    def name(self) -> str:
        """The row, and the films in it."""
        ids = [film.movie_id for film in self.films if film.movie_id]
        return f"row {self.number}" + (f" ({', '.join(ids)})" if ids else "")

    def time_ids(self, steps: int) -> Iterator[int]:
        """The step of each frame."""
        for film in self.films:
            if len(film.times_s):
                yield from (step_of(time_s, film.duration_s, steps) for time_s in film.times_s)
            else:
                yield from [NO_TIME] * frame_count(film)

    def tensors(self, frames: Any) -> Iterator[tuple[str, torch.Tensor]]:
        """Its frames as what the model takes, film by film."""
        for film in self.films:
            if film.features is not None:
                features = torch.as_tensor(film.features)
                yield "frame_features", features[:, None] if features.ndim == 2 else features
            else:
                yield "pixel_values", frames.prepare(film.frames, film.movie_id or self.name)

    def check_budget(self, longest: int | None, per_frame: int) -> None:
        """Refuse a row whose visual tokens alone are too many, before it is written out."""
        if longest is not None and self.frames * per_frame > longest:
            raise ValueError(self._too_long(self.frames * per_frame, longest, per_frame, " or more"))

    def check_tokens(self, ids: Any, length: int, settings: Any, longest: int | None) -> None:
        """Refuse a row that is too long, or whose placeholders the tokenizer did not keep."""
        visual = int((torch.as_tensor(ids) == settings.frame_token_id).sum())
        if visual != self.frames * settings.tokens_per_frame:
            raise ValueError(
                f"{MISMATCH} in {self.name}: the tokenizer made {visual} placeholders for {self.frames} frames of "
                f"{settings.tokens_per_frame} tokens. Is {settings.frame_token!r} one special token of it?"
            )
        if longest is not None and length > longest:
            raise ValueError(self._too_long(length, longest, settings.tokens_per_frame, ""))

    def _too_long(self, length: int, longest: int, per_frame: int, more: str) -> str:
        frames = self.frames
        advice = "shorten the text"
        if frames:
            fitting = int(longest / max(length / frames, per_frame))
            advice = f"show {fitting:,} frames at most, or use fewer tokens a frame or fewer stamps"
        name = self.name[:1].upper() + self.name[1:]
        return (
            f"{name} has {length:,} tokens{more}, {frames * per_frame:,} of them for {frames:,} frames; a row may "
            f"have {longest:,}. Nothing is cut: {advice}, or raise `context_tokens`."
        )


def rows_of(texts: Sequence[str], images: Any, videos: Any, processor: Any, policy: Any = None) -> list[Row]:
    """Rows with their markers replaced; `policy` says which frames are taken of films that are read from a path."""
    pictures = by_row("images", IMAGE, images, texts)
    films = by_row("videos", VIDEO, videos, texts)
    given = zip(texts, pictures, films, strict=True)
    return [
        _row(number, text, iter(one), (as_film(film, policy) for film in more), processor)
        for number, (text, one, more) in enumerate(given)
    ]


def _row(number: int, text: str, pictures: Iterator[Any], films: Iterator[FilmLike], processor: Any) -> Row:
    row = Row(number)
    placeholders = processor.frame_token * processor.tokens_per_frame
    parts: list[str] = []
    last = length = 0
    for match in processor.markers.finditer(text):
        before = text[last : match.start()]
        if match[0] == processor.frame_token:
            written = processor.clean(match[0])
        elif match[0] == IMAGE:
            row.films.append(as_film({"frames": [next(pictures)]}))
            written = placeholders
        else:
            film = next(films)
            row.films.append(film)
            check_film(film, film.movie_id or f"row {number}", processor.time)
            laid = lay_out(film, processor.stamper(), processor.clean_words, max(processor.frames_per_stamp, 1))
            written = laid.replace(IMAGE, placeholders)
        start = length + len(before)
        row.places.append(
            {"type": "video", "span": match.span(), "new_span": (start, start + len(written)), "replacement": written}
        )
        parts += [before, written]
        length = start + len(written)
        last = match.end()
    row.text = "".join([*parts, text[last:]])
    return row


def by_row(name: str, marker: str, given: Any, texts: Sequence[str]) -> list[list[Any]]:
    """Pictures or films sorted to rows: a list for each row, or one list for all, dealt out by markers."""
    wanted = [text.count(marker) for text in texts]
    items = [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
    nested = bool(items) and len(items) == len(texts) and all(isinstance(one, (list, tuple)) for one in items)
    if nested and not (name == "videos" and sum(wanted) == len(items) and _are_frames(items)):
        for number, (count, one) in enumerate(zip(wanted, items, strict=True)):
            if len(one) != count:
                raise ValueError(f"Row {number} has {count} {marker} and {len(one)} {name}: give one for each marker.")
        return [list(one) for one in items]
    if len(items) != sum(wanted):
        raise ValueError(f"The texts have {sum(wanted)} {marker} and {len(items)} {name} came: give one each.")
    dealt = iter(items)
    return [[next(dealt) for _ in range(count)] for count in wanted]


def _are_frames(items: list[Any]) -> bool:
    """Whether lists in a list of films are films themselves, as lists of pictures."""
    first = items[0][0] if items[0] else None
    return first is not None and not _is_film(first)


def _is_film(value: Any) -> bool:
    """Whether a value is a whole film, not a picture of one."""
    if isinstance(value, (str, Path)):
        from moviellm.training.media.pictures import PICTURE_SUFFIXES

        return Path(value).suffix.lower() not in PICTURE_SUFFIXES
    if isinstance(value, dict):
        return "frames" in value or "features" in value
    return isinstance(value, list) or hasattr(value, "times_s") or getattr(value, "ndim", 0) == 4
