"""Films and what is asked about them become batches for a stock model: the collator `StockCollator`.

    collator = StockCollator(processor)
    batch = collator([{"film": film, "prompt": "Who waits?", "completion": "Ada.", "example_id": "m00007-q01"}])
    batch = collator([{"film": film, "rows": [{"prompt": ..., "completion": ..., "example_id": ...}, ...]}])

The second form shares a movie between all its questions (`moviellm.training.shared`): prepare the model with
`share_stock(model)` first. Labels are on answers alone. Films of a batch may have any numbers of frames. Rows are
padded right and never cut: one that is too long is an error with the film's id that says what would fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from moviellm.training.shared.collating import SharedMovies, example_of
from moviellm.training.shared.decoders import share_movies
from moviellm.training.stock.positions import movie_positions
from moviellm.training.stock.processing import IGNORED, StockProcessor

FIELDS = ("prompt", "completion")


@dataclass(frozen=True)
class StockCollator:
    """Makes batches of examples."""

    processor: StockProcessor
    longest: int | None = None
    """Most tokens of a row; None: those that the model has positions for."""
    lead_in: int = 0
    """What `share_stock` returned; 0 for all families."""
    tokens_a_row: int | None = None
    """Pack shared movies into rows of at most so many tokens; None: a movie a row."""

    def __call__(self, examples: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """A batch: tokens, mask, labels and the films' own tensors, in the order of the examples."""
        shared = ["rows" in example for example in examples]
        if any(shared):
            if not all(shared):
                raise ValueError("A batch has examples with `rows` and examples with a `prompt`: give one kind.")
            return self._shared(examples)
        made = [self._row(example) for example in examples]
        width = max(len(row.ids) for row, _ in made)
        pad = self.processor.tokenizer.pad_token_id
        ids = torch.full((len(made), width), pad, dtype=torch.long)
        labels, mask = torch.full_like(ids, IGNORED), torch.zeros_like(ids)
        for number, (row, _) in enumerate(made):
            here = slice(0, len(row.ids))
            ids[number, here], labels[number, here] = torch.tensor(row.ids), torch.tensor(row.labels)
            mask[number, here] = 1
        batch = {"input_ids": ids, "attention_mask": mask, "labels": labels}
        if self.processor.family.spatial:
            batch["mm_token_type_ids"] = self.processor.types_of(ids) * mask
        return batch | joined([seen.look.tensors for _, seen in made])

    def shared_example(self, film: Any, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """A film with all its questions, as `SharedMovies` takes it."""
        seen = self.processor.see(film, longest=self.longest)
        made = []
        for number, row in enumerate(rows):
            self._check(row, FIELDS, f"row {number} of film {seen.name}")
            made.append(self.processor.row(seen, row["prompt"], row["completion"], self.longest))
        example = example_of([(row.ids, row.labels) for row in made], **seen.look.tensors)
        if example["movie_ids"].count(self.processor.placeholder_id) != made[0].visual:
            raise ValueError(
                f"The rows of film {seen.name} begin differently before its last frame: rows that share a film have "
                "the same messages before it."
            )
        if self.processor.family.spatial:
            example["movie_positions"] = movie_positions(self.processor, example["movie_ids"], seen)
        return example

    def _shared(self, examples: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        collate = SharedMovies(
            pad_id=self.processor.tokenizer.pad_token_id, lead_in=self.lead_in, tokens_a_row=self.tokens_a_row
        )
        batch = collate([self.shared_example(example["film"], example["rows"]) for example in examples])
        batch.pop("frames_per_row", None)
        return of_one_shape(batch)

    def _row(self, example: Mapping[str, Any]) -> Any:
        self._check(example, ("film", *FIELDS), str(example.get("example_id", "an example")))
        seen = self.processor.see(example["film"], longest=self.longest)
        return self.processor.row(seen, example["prompt"], example["completion"], self.longest), seen

    @staticmethod
    def _check(example: Mapping[str, Any], fields: Sequence[str], name: str) -> None:
        missing = [field for field in fields if example.get(field) is None]
        if missing:
            raise ValueError(f"{name} has no {' and no '.join(missing)}: an example has {', '.join(fields)}.")


def share_stock(model: Any) -> int:
    """Prepare a stock model for shared movies; returns the collator's lead-in. ValueError: it cannot, and why."""
    return share_movies(model, spatial=True)


def joined(films: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Tensors of several films as those of a batch."""
    return of_one_shape({name: torch.cat([film[name] for film in films]) for name in films[0]})


def of_one_shape(batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Films of one length in the shape that LLaVA-OneVision has for them; other batches as they are."""
    counts = batch.get("frames_per_film")
    if counts is None or len(set(counts.tolist())) > 1:
        return dict(batch)
    frames = batch["pixel_values_videos"]
    rest = {name: value for name, value in batch.items() if name != "frames_per_film"}
    return {**rest, "pixel_values_videos": frames.reshape(len(counts), int(counts[0]), *frames.shape[2:])}
