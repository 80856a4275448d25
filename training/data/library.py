"""All samples of a training with what they cost, read once before the first step.

    library = Library(units, writer, together=True, tokens_a_row=32_768)
    library.samples[17].tokens, library.samples[17].labelled
    batch = library([{"sample": 17}, {"sample": 4}])            # the collator of a trainer

A sample is one row of a batch: a movie with as many of its questions as fit, or one question. Samples are numbers, so
that mixing, resuming and naming a bad one need no data. It keeps no tokens: they are made again when a sample is used,
so that workers and resumed trainings make the same batches. Beside what the model takes, a batch says which samples it
holds, what they cost (`counts`) and how many frames of each do not decode (`skipped`); the trainer takes these out
again (stages/trainer.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from moviellm.generation.progress import progress
from moviellm.training.data.budget import check_length, rows_that_fit
from moviellm.training.data.encoding import IGNORED, Encoded
from moviellm.training.data.units import Unit
from moviellm.training.data.writers import Writer

EXTRAS = ("samples", "counts", "skipped")
"""What a batch tells the trainer and the model does not take."""
COUNTED = ("tokens", "labelled", "answers", "frames")
"""What `counts` counts, in order."""


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
    pixels: int = 0
    """Of its frames, as the model sees them."""


class Library:
    """Units, and the samples that they make."""

    def __init__(
        self,
        units: Sequence[tuple[str, Unit]],
        writer: Writer,
        *,
        together: bool,
        tokens_a_row: int | None = None,
        lead_in: int = 0,
    ) -> None:
        """`units` with the name of their source."""
        self.units = [unit for _, unit in units]
        self.writer, self.together = writer, together
        self.samples: list[Sample] = []
        with progress("counting tokens", len(units), "samples") as advance:
            for number, (source, unit) in enumerate(units):
                self._add(number, source, writer.encode(unit), tokens_a_row, lead_in)
                advance(1)

    def __len__(self) -> int:
        return len(self.samples)

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """The batch of some samples."""
        samples = [self.samples[int(row["sample"])] for row in rows]
        wanted = [(self.units[sample.unit], sample.rows) for sample in samples]
        batch = self.writer.together(wanted) if self.together else self.writer.apart(wanted)
        counts = [sum(getattr(sample, name) for sample in samples) for name in COUNTED]
        numbers = [sample.number for sample in samples]
        found = self.writer.reader.skipped
        skipped = [found.get(self.units[sample.unit].name, 0) for sample in samples]
        told = {"samples": numbers, "counts": counts, "skipped": skipped}
        return batch | {name: torch.tensor([values]) for name, values in told.items()}

    def note_skipped(self, noted: Mapping[str, torch.Tensor]) -> None:
        """Take over what a worker left out of a batch: it counts in a process of its own.

        Raises:
            ValueError: all of them together left out more than is allowed.
        """
        if "skipped" in noted:
            pairs = zip(noted["samples"].flatten().tolist(), noted["skipped"].flatten().tolist(), strict=True)
            found = {self.units[self.samples[number].unit].name: count for number, count in pairs if count}
            self.writer.reader.note(found)

    def _add(self, unit: int, source: str, encoded: Encoded, tokens_a_row: int | None, lead_in: int) -> None:
        check_length(encoded, self.writer.longest_row, model=True)
        if self.together:
            groups = rows_that_fit(encoded, tokens_a_row, lead_in)
        else:
            check_length(encoded, tokens_a_row)
            groups = [([row], len(ids)) for row, (ids, _) in enumerate(encoded.rows)]
        alone = not self.together and len(encoded.rows) > 1
        for rows, tokens in groups:
            labels = [encoded.rows[row][1] for row in rows]
            self.samples.append(
                Sample(
                    number=len(self.samples),
                    unit=unit,
                    rows=tuple(rows),
                    source=source,
                    name=encoded.names[rows[0]] if alone else encoded.unit.name,
                    frames=encoded.frames,
                    tokens=tokens,
                    labelled=sum(label != IGNORED for row in labels for label in row),
                    answers=sum(_stretches(row) for row in labels),
                    kind=self.writer.reader.kind(encoded.unit),
                    pixels=encoded.pixels,
                )
            )


def _stretches(labels: Sequence[int]) -> int:
    """Stretches of learned tokens: answers."""
    return sum(label != IGNORED and (at == 0 or labels[at - 1] == IGNORED) for at, label in enumerate(labels))
