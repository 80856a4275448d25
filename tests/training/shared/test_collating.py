"""Batches a trainer takes: order of frames, packing, and what is refused."""

from typing import Any

import pytest

from moviellm.training.shared.collating import SharedMovies, example_of
from moviellm.training.shared.layout import IGNORED, Turn
from tests.training.shared.decoders import some_turns, tokens


def _example(seed: int, frames: int = 0, count: int = 2, longest: int = 5) -> dict[str, Any]:
    import torch

    own = {"frame_features": torch.full((frames, 2), float(seed))} if frames else {}
    return {"movie_ids": tokens(10, seed), "turns": some_turns(count, seed, longest), **own}


def test_frames_come_in_the_order_of_their_rows_when_movies_are_packed() -> None:
    short, long, third = _example(1, 1, count=1), _example(2, 2, count=8), _example(3, 3, count=1)
    batch = SharedMovies(pad_id=0, tokens_a_row=60)([short, long, third])
    order = batch["frame_features"][:, 0].tolist()
    starts = [number for number in order if order]
    first = {1: short, 2: long, 3: third}[int(starts[0])]
    assert batch["input_ids"][0, :10].tolist() == first["movie_ids"]
    assert batch["frames_per_row"].sum() == 6
    assert len(batch["frames_per_row"]) == len(batch["input_ids"]) < 3


def test_a_plain_decoder_gets_nothing_about_frames() -> None:
    batch = SharedMovies(pad_id=0)([_example(1), _example(2)])
    assert sorted(batch) == ["attention_mask", "input_ids", "labels", "position_ids"]


def test_turns_may_be_mappings_as_datasets_give_them() -> None:
    plain = {"movie_ids": [5, 6], "turns": [{"ids": [7, 8], "labels": [IGNORED, 8], "turn_of": None}]}
    mapped = SharedMovies(pad_id=0)([plain])
    made = SharedMovies(pad_id=0)([{"movie_ids": [5, 6], "turns": [Turn([7, 8], [IGNORED, 8])]}])
    assert all((mapped[name] == made[name]).all() for name in made)


def test_rows_of_one_movie_become_one_example() -> None:
    rows = [([5, 6, 7, 8, end], [IGNORED] * 4 + [end]) for end in (10, 11)]
    example = example_of(rows, frame_features=[[1.0]])
    assert (example["movie_ids"], len(example["turns"])) == ([5, 6, 7], 2)


def test_a_copy_of_a_frame_asks_for_no_frame() -> None:
    example = {"movie_ids": [5, 6, 3, 3], "turns": [Turn([7, 8]), Turn([9])]}
    batch = SharedMovies(pad_id=0, lead_in=2, frame_token_id=3)([example])
    assert batch["input_ids"][0].tolist() == [5, 6, 3, 3, 0, 0, 7, 8, 0, 0, 9]


def test_convolutions_are_not_packed() -> None:
    with pytest.raises(ValueError, match="a movie a row"):
        SharedMovies(pad_id=0, lead_in=4, tokens_a_row=100)


def test_frames_that_depend_on_the_question_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be shared"):
        SharedMovies(pad_id=0)([{**_example(1), "question_ids": [1, 2]}])


def test_movies_of_one_batch_bring_the_same() -> None:
    with pytest.raises(ValueError, match="give all the same"):
        SharedMovies(pad_id=0)([_example(1, 2), _example(2)])
