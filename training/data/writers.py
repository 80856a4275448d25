"""Who writes rows: our processor, or that of a stock model; both make the same two kinds of batches.

    writer = OurWriter(processor, reader, lead_in=0, tokens_a_row=None)
    writer.encode(unit)                             # what it costs, before anything is read
    writer.together([(unit, [0, 1, 2])])            # a batch: a movie with three of its conversations in one row
    writer.apart([(unit, [2])])                     # a batch: a conversation a row

It chooses no samples and counts nothing: see library.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from moviellm.training.data.encoding import IGNORED, Encoded, Encoder, film_tokens
from moviellm.training.data.pixels import FrameReader
from moviellm.training.data.units import Unit
from moviellm.training.media.pictures import Lazy
from moviellm.training.shared.collating import SharedMovies, example_of

Wanted = Sequence[tuple[Unit, Sequence[int]]]
"""Units with the numbers of their conversations."""
Batch = dict[str, torch.Tensor]
PIXELS = ("pixel_values", "pixel_values_videos")
"""What stock models call their frames; three numbers a pixel."""


class Writer(Protocol):
    """What a library asks of it."""

    reader: FrameReader

    @property
    def longest_row(self) -> int | None:
        """Tokens that the model has positions for."""

    @property
    def frame_token_id(self) -> int: ...

    def encode(self, unit: Unit) -> Encoded: ...
    def together(self, wanted: Wanted) -> Batch: ...
    def apart(self, wanted: Wanted) -> Batch: ...
    def decode(self, ids: Any) -> str: ...


@dataclass
class OurWriter:
    """For models of our class."""

    processor: Any
    reader: FrameReader
    lead_in: int = 0
    tokens_a_row: int | None = None
    """Several movies share rows of so many tokens."""
    _encoder: Encoder = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._encoder = Encoder(self.processor)
        self._pad = int(self.processor.tokenizer.pad_token_id)
        self._shared = SharedMovies(self._pad, self.lead_in, self.tokens_a_row, self.frame_token_id)

    @property
    def longest_row(self) -> int | None:
        """By the language model's positions."""
        longest = self.processor.longest_row
        return None if longest is None else int(longest)

    @property
    def frame_token_id(self) -> int:
        """The placeholder."""
        return int(self.processor.frame_token_id)

    def decode(self, ids: Any) -> str:
        """Tokens as text."""
        return str(self.processor.tokenizer.decode(ids))

    def encode(self, unit: Unit) -> Encoded:
        """Tokens and labels; no picture is read."""
        encoded = self._encoder.encode(unit)
        if self.reader.kind(unit) == "pixels":
            encoded.pixels = unit.frames * int(self.processor.image_processor.size_px) ** 2
        return encoded

    def together(self, wanted: Wanted) -> Batch:
        """Rows of movies with all their conversations."""
        examples = []
        for unit, rows in wanted:
            encoded = self._readable(unit)
            examples.append(example_of([encoded.rows[row] for row in rows], **self._tensors(encoded.unit)))
        return self._shared(examples)

    def apart(self, wanted: Wanted) -> Batch:
        """A conversation a row, padded on the right."""
        encoded = [self._readable(unit) for unit, _ in wanted]
        rows = [one.rows[numbers[0]] for one, (_, numbers) in zip(encoded, wanted, strict=True)]
        asked = [one.asked[numbers[0]] for one, (_, numbers) in zip(encoded, wanted, strict=True)]
        batch = padded(rows, self._pad)
        found = [self._tensors(one.unit) for one in encoded]
        if found[0]:
            batch |= {name: torch.cat([one[name] for one in found]) for name in found[0]}
            batch["frames_per_row"] = torch.tensor([one.frames for one in encoded])
        return batch | self.processor.question_tensors(encoded, asked)

    def _readable(self, unit: Unit) -> Encoded:
        frames = self.processor.image_processor
        return self._encoder.encode(self.reader.readable(unit, lambda picture: frames.prepare([picture], unit.name)))

    def _tensors(self, unit: Unit) -> Batch:
        found: Batch = {}
        kind = self.reader.kind(unit)
        if kind == "features":
            found["frame_features"] = self.reader.features_of(unit)
            if found["frame_features"].ndim == 2:
                found["frame_features"] = found["frame_features"][:, None]
        elif kind == "pixels":
            found["pixel_values"] = torch.cat(list(unit.pictures if unit.film is None else unit.film.frames))
        if found and self.processor.time == "additive":
            found["frame_time_ids"] = torch.tensor(self._encoder.time_ids(unit))
        return found


def padded(rows: Sequence[tuple[Sequence[int], Sequence[int]]], pad_id: int) -> Batch:
    """Tokens and labels of rows, filled up on the right."""
    shape = (len(rows), max(len(ids) for ids, _ in rows))
    ids, labels = torch.full(shape, pad_id), torch.full(shape, IGNORED)
    mask = torch.zeros(shape, dtype=torch.long)
    for number, (tokens, learned) in enumerate(rows):
        here = slice(0, len(tokens))
        ids[number, here], labels[number, here] = torch.tensor(tokens), torch.tensor(learned)
        mask[number, here] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


class _OneFrame(Lazy[Any]):
    """As many frames as a film has, all of them its first: what a row costs does not depend on what they show."""

    def __init__(self, frames: Sequence[Any]) -> None:
        self._first, self._count = frames[0], len(frames)

    def __len__(self) -> int:
        return self._count

    def one(self, number: int) -> Any:
        """The first, whichever is asked for."""
        return self._first


@dataclass
class StockWriter:
    """For models of transformers, through their own words and rules of frames."""

    processor: Any
    reader: FrameReader
    lead_in: int = 0
    tokens_a_row: int | None = None

    def __post_init__(self) -> None:
        from moviellm.training.stock.encoding import StockCollator

        self._collator = StockCollator(self.processor, lead_in=self.lead_in, tokens_a_row=self.tokens_a_row)

    @property
    def longest_row(self) -> int | None:
        """By the language model's positions."""
        return self.processor.longest or None

    @property
    def frame_token_id(self) -> int:
        """The placeholder."""
        return int(self.processor.placeholder_id)

    def decode(self, ids: Any) -> str:
        """Tokens as text."""
        return str(self.processor.tokenizer.decode(ids))

    def encode(self, unit: Unit) -> Encoded:
        """Tokens and labels, by the film's first frame in the place of all, where its others cost the same."""
        still = self.processor.rules.drops_still_patches
        film = _as_film(self.reader.readable(unit) if still else unit)
        seen = self.processor.see(film if still else {**film, "frames": _OneFrame(film["frames"])}, unit.name)
        rows = conversations(unit)
        made = [self.processor.row(seen, row["prompt"], row["completion"]) for row in rows]
        return Encoded(
            unit,
            [(one.ids, one.labels) for one in made],
            [row["example_id"] for row in rows],
            unit.frames,
            len(rows),
            film_tokens(made[0].ids, self.frame_token_id),
            pixels=sum(value.numel() for name, value in seen.look.tensors.items() if name in PIXELS) // 3,
        )

    def together(self, wanted: Wanted) -> Batch:
        """Rows of movies with all their conversations."""
        examples = []
        for unit, numbers in wanted:
            rows = conversations(unit)
            film = _as_film(self.reader.readable(unit))
            examples.append({"film": film, "rows": [rows[number] for number in numbers]})
        return dict(self._collator(examples))

    def apart(self, wanted: Wanted) -> Batch:
        """A conversation a row."""
        return dict(
            self._collator(
                [
                    {"film": _as_film(self.reader.readable(unit)), **conversations(unit)[numbers[0]]}
                    for unit, numbers in wanted
                ]
            )
        )


def _as_film(unit: Unit) -> dict[str, Any]:
    """A unit as a film; pictures without a film become one, a second each."""
    if unit.film is not None:
        film = unit.film
        return {
            "frames": film.frames,
            "times_s": list(film.times_s),
            "duration_s": film.duration_s,
            "dialogue": list(film.dialogue),
            "movie_id": unit.name,
        }
    times = [float(number) for number in range(len(unit.pictures))]
    return {"frames": unit.pictures, "times_s": times, "duration_s": float(len(times)), "movie_id": unit.name}


def conversations(unit: Unit) -> list[dict[str, Any]]:
    """Each answer of a unit that is learned, with what was said before it; the film is given beside them."""
    found = []
    for ask in unit.asks:
        ends = [at for at, message in enumerate(ask.messages) if message["role"] == "assistant"]
        for end in ends if ask.learned == "all" else ends[-1:]:
            before = [{"role": one["role"], "content": _words(one)} for one in ask.messages[:end]]
            answer = "".join(part["text"] for part in _words(ask.messages[end]))
            found.append({"prompt": before, "completion": answer, "example_id": ask.name})
    return found


def _words(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts = [part for part in message["content"] if part["type"] == "text"]
    return [
        {**part, "text": part["text"].lstrip("\n") if not number else part["text"]}
        for number, part in enumerate(parts)
    ]
