"""Samples become batches: all questions of movies in rows that share them, or a question a row.

    collator = Together(library, SharedMovies(pad_id=0, lead_in=0, frame_token_id=3))
    batch = collator([{"sample": 17}, {"sample": 4}])

Beside what the model takes, a batch says in `samples` which samples it holds, and in `counts` how many tokens,
labelled tokens, answers and frames; the trainer takes both out again (stages/trainer.py). It has no state, so that
workers and resumed trainings make the same batches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from moviellm.training.data.encoding import IGNORED, Encoded
from moviellm.training.data.library import Library
from moviellm.training.shared.collating import SharedMovies

EXTRAS = ("samples", "counts")
"""What a batch tells the trainer and the model does not take."""
COUNTED = ("tokens", "labelled", "answers", "frames")
"""What `counts` counts, in order."""


def numbers_of(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Which samples are asked for."""
    return [int(row["sample"]) for row in rows]


def extras(library: Library, numbers: Sequence[int]) -> dict[str, torch.Tensor]:
    """Names and counts of a batch, as tensors."""
    samples = [library.samples[number] for number in numbers]
    counts = [sum(getattr(sample, name) for sample in samples) for name in COUNTED]
    return {"samples": torch.tensor([list(numbers)]), "counts": torch.tensor([counts])}


@dataclass(frozen=True)
class Together:
    """Rows of movies with all their questions."""

    library: Library
    shared: SharedMovies

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        numbers = numbers_of(rows)
        batch = self.shared([self.library.example(number) for number in numbers])
        return batch | extras(self.library, numbers)


@dataclass(frozen=True)
class Apart:
    """A question a row, padded on the right."""

    library: Library
    pad_id: int

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        numbers = numbers_of(rows)
        encoded = [self.library.encoded(number) for number in numbers]
        batch = self._padded(encoded) | self._frames(encoded)
        questions = self.library.encoder.processor._questions(encoded, [one.asked[0] for one in encoded])
        return batch | questions | extras(self.library, numbers)

    def _padded(self, encoded: Sequence[Encoded]) -> dict[str, torch.Tensor]:
        width = max(len(one.rows[0][0]) for one in encoded)
        shape = (len(encoded), width)
        ids, labels = torch.full(shape, self.pad_id), torch.full(shape, IGNORED)
        mask = torch.zeros(shape, dtype=torch.long)
        for number, one in enumerate(encoded):
            tokens, learned = one.rows[0]
            ids[number, : len(tokens)] = torch.tensor(tokens)
            labels[number, : len(tokens)] = torch.tensor(learned)
            mask[number, : len(tokens)] = 1
        return {"input_ids": ids, "attention_mask": mask, "labels": labels}

    def _frames(self, encoded: Sequence[Encoded]) -> dict[str, torch.Tensor]:
        reader, encoder = self.library.reader, self.library.encoder
        found = [reader.tensors(one.unit, encoder) for one in encoded]
        names = [name for one in found[:1] for name in one]
        if not names:
            return {}
        joined = {name: torch.cat([one[name] for one in found]) for name in names}
        return {**joined, "frames_per_row": torch.tensor([one.frames for one in encoded])}
