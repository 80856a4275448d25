"""All samples of a training with what they cost, read once before the first step.

    library = Library(units, encoder, together=True, tokens_a_row=32_768)
    library.samples[17].tokens, library.samples[17].labelled
    library.example(17)                             # as SharedMovies takes it, with pixels or features

A sample is one row of a batch: a movie with as many of its questions as fit, or one question. Samples are numbers, so
that mixing, resuming and naming a bad one need no data. It keeps no tokens: they are made again when a sample is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from moviellm.generation.progress import progress
from moviellm.training.data.budget import check_positions, rows_that_fit
from moviellm.training.data.encoding import Encoded, Encoder
from moviellm.training.data.pixels import FrameReader
from moviellm.training.data.units import Unit
from moviellm.training.shared.collating import example_of


@dataclass(frozen=True)
class Sample:
    """One row of a batch, and what it costs."""

    number: int
    unit: int
    """Number of its unit."""
    rows: tuple[int, ...]
    """Which of the unit's conversations."""
    source: str
    """Which source of the recipe it is of."""
    name: str
    """Of the unit, with the question where it is alone."""
    frames: int
    tokens: int
    labelled: int
    answers: int
    kind: str
    """`pixels`, `features` or `text`: samples of one kind make a batch."""


class Library:
    """Units, and the samples that they make."""

    def __init__(
        self,
        units: Sequence[tuple[str, Unit]],
        encoder: Encoder,
        reader: FrameReader,
        *,
        together: bool,
        tokens_a_row: int | None = None,
        lead_in: int = 0,
    ) -> None:
        self.units = [unit for _, unit in units]
        self.encoder, self.reader, self.together = encoder, reader, together
        self.samples: list[Sample] = []
        with progress("counting tokens", len(units), "samples") as advance:
            for number, (source, unit) in enumerate(units):
                self._add(number, source, encoder.encode(unit), tokens_a_row, lead_in)
                advance(1)

    def _add(self, unit: int, source: str, encoded: Encoded, tokens_a_row: int | None, lead_in: int) -> None:
        check_positions(encoded, self.encoder.processor.longest_row)
        if self.together:
            groups = rows_that_fit(encoded, tokens_a_row, lead_in)
        else:
            groups = [([row], len(ids)) for row, (ids, _) in enumerate(encoded.rows)]
        for rows, tokens in groups:
            labels = [label for row in rows for label in encoded.rows[row][1]]
            alone = not self.together and len(encoded.rows) > 1
            self.samples.append(
                Sample(
                    number=len(self.samples),
                    unit=unit,
                    rows=tuple(rows),
                    source=source,
                    name=encoded.names[rows[0]] if alone else encoded.unit.name,
                    frames=encoded.frames,
                    tokens=tokens,
                    labelled=sum(label != -100 for label in labels),
                    answers=len(rows) if encoded.answers == len(encoded.rows) else _stretches(labels),
                    kind=self.reader.kind(encoded.unit),
                )
            )

    def __len__(self) -> int:
        return len(self.samples)

    def encoded(self, number: int) -> Encoded:
        """The unit of a sample, its frames that cannot be read left out, with the sample's own conversations."""
        sample = self.samples[number]
        made = self.encoder.encode(self.reader.readable(self.units[sample.unit]))
        return Encoded(
            made.unit,
            [made.rows[row] for row in sample.rows],
            [made.names[row] for row in sample.rows],
            made.frames,
            sample.answers,
            [made.asked[row] for row in sample.rows],
        )

    def example(self, number: int) -> dict[str, Any]:
        """A sample as `SharedMovies` takes it."""
        encoded = self.encoded(number)
        return example_of(encoded.rows, **self.reader.tensors(encoded.unit, self.encoder))


def _stretches(labels: Sequence[int]) -> int:
    """Stretches of learned tokens: answers."""
    return sum(label != -100 and (at == 0 or labels[at - 1] == -100) for at, label in enumerate(labels))
