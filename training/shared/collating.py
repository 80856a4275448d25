"""Movies with their questions become what a trainer takes: the collator `SharedMovies`.

    lead_in = share_movies(model)
    collator = SharedMovies(pad_id=tokenizer.pad_token_id, lead_in=lead_in)
    SFTTrainer(model=model, data_collator=collator, ...)       # remove_unused_columns=False, skip_prepare_dataset

An example is one movie: `movie_ids`, `turns` (each with `ids`, `labels` and, for a follow-up, `turn_of`), and what the
model wants of the movie itself (`pixel_values`, `frame_features`, `frame_time_ids`, one entry a frame). Rows of
tokens and labels of one movie become an example by `example_of`. `movie_positions`, (3, tokens), are for models that
count positions in time, height and width (Qwen3-VL); the turns go on behind the largest.

The loss needs nothing: a trainer divides the sum over labelled tokens by their number in the whole optimiser step,
and those are the same tokens as with a question a row. It makes no features and reads no files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from moviellm.training.shared.batch import fill, stack
from moviellm.training.shared.layout import LEAD_IN, Layout, Turn, lay_out, share

OWN = ("movie_ids", "turns", "movie_positions")
"""What the collator itself reads of an example."""
PER_FRAME = ("pixel_values", "frame_features", "frame_time_ids")
"""What has one entry a frame: `frames_per_row` is counted from it."""
GUIDED = ("question_ids", "question_mask")
"""What only frames that depend on the question have."""


@dataclass(frozen=True)
class SharedMovies:
    """Makes batches of movies, each with all its questions."""

    pad_id: int
    """Fills rows up to the longest."""
    lead_in: int = 0
    """What `share_movies` returned for the model."""
    tokens_a_row: int | None = None
    """Pack several movies into rows of at most so many tokens; None: a movie a row. Not with a lead-in."""
    frame_token_id: int | None = None
    """The placeholder of frames: a copy in a lead-in does not ask for a frame of its own. Needed with a lead-in."""

    def __post_init__(self) -> None:
        if self.lead_in and self.tokens_a_row is not None:
            raise ValueError(
                "a decoder with convolutions reads across movies in one row: leave tokens_a_row out, a movie a row"
            )

    def __call__(self, examples: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """A batch: ids, positions, mask, labels, and the movies' own tensors in the order of their rows."""
        layouts = [self._laid_out(example) for example in examples]
        rows = [[number] for number in range(len(layouts))]
        if self.tokens_a_row is not None:
            rows = fill([len(layout) for layout in layouts], self.tokens_a_row)
        arrays = stack([[layouts[number] for number in row] for row in rows], self.pad_id)
        batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
        if "movie_positions" in examples[0]:
            batch["position_ids"] = _spatial(batch["position_ids"], rows, layouts, examples)
        return batch | _of_movies([[examples[number] for number in row] for row in rows])

    def _laid_out(self, example: dict[str, Any]) -> Layout:
        guided = [name for name in GUIDED if example.get(name) is not None]
        if guided:
            raise ValueError(f"an example has {guided[0]}: frames that depend on the question cannot be shared")
        turns = [turn if isinstance(turn, Turn) else Turn(**turn) for turn in example["turns"]]
        layout = lay_out(example["movie_ids"], turns, self.lead_in)
        copied_frames = (layout.turns == LEAD_IN) & (layout.input_ids == self.frame_token_id)
        layout.input_ids[copied_frames] = self.pad_id  # the decoder takes their originals' embeddings
        return layout


def example_of(rows: Sequence[tuple[Sequence[int], Sequence[int]]], **of_movie: Any) -> dict[str, Any]:
    """An example of all rows of one movie, each tokens and labels; `of_movie` are its frames or features."""
    movie_ids, turns = share(rows)
    return {"movie_ids": movie_ids, "turns": turns, **of_movie}


def _spatial(
    along: torch.Tensor, rows: Sequence[Sequence[int]], layouts: Sequence[Layout], examples: Sequence[dict[str, Any]]
) -> torch.Tensor:
    """(3, rows, tokens): the movie's own positions, and behind them one more for each token on the way of a turn."""
    positions = along.repeat(3, 1, 1)
    for row, numbers in enumerate(rows):
        at = 0
        for number in numbers:
            here = slice(at, at + len(layouts[number]))
            own = torch.as_tensor(examples[number]["movie_positions"])
            known = own.shape[-1]
            if known > len(examples[number]["movie_ids"]):
                raise ValueError(f"{known} movie_positions and {len(examples[number]['movie_ids'])} movie_ids")
            behind = along[row, here] - known + own.max() + 1
            positions[:, row, here] = torch.where(
                along[row, here] < known, own[:, along[row, here].clamp(max=known - 1)], behind
            )
            at = here.stop
    return positions


def _of_movies(rows: Sequence[Sequence[dict[str, Any]]]) -> dict[str, torch.Tensor]:
    """What the movies bring along, joined in the order of the rows, and how many frames each row has."""
    movies = [example for row in rows for example in row]
    names = [name for name in movies[0] if name not in OWN]
    for movie in movies:
        if sorted(name for name in movie if name not in OWN) != sorted(names):
            raise ValueError(
                f"one movie of a batch has {sorted(movie)}, another {sorted(movies[0])}: give all the same"
            )
    joined = {name: torch.cat([torch.as_tensor(movie[name]) for movie in movies]) for name in names}
    counted = next((name for name in PER_FRAME if name in names and "image_grid_thw" not in names), None)
    if counted is not None:
        counts = [sum(len(example[counted]) for example in row) for row in rows]
        joined["frames_per_row"] = torch.tensor(counts)
    return joined
