"""Blocks and tiles say the same as the mask of all pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.training.shared import plan as planning
from moviellm.training.shared.batch import stack, visible
from moviellm.training.shared.layout import Turn, lay_out
from moviellm.training.shared.plan import plan, tiles
from tests.training.shared.decoders import forests


def _near(positions: np.ndarray, window: int | None) -> np.ndarray:
    apart = positions[:, None] - positions[None, :]
    return apart < (window or len(positions) + 1)


@given(forests(), forests(), st.sampled_from([None, 2, 5]), st.sampled_from([1, 3, 256]))
@settings(max_examples=30, deadline=None)
def test_blocks_see_what_the_mask_of_all_pairs_says(one: tuple, other: tuple, window: int | None, size: int) -> None:
    batch = stack([[lay_out(*one), lay_out(*other)], [lay_out(*one)]], pad_id=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "BLOCK", size)
        for row in range(2):
            sees = batch["attention_mask"][row, 0]
            found = np.zeros((sees.shape[-1],) * 2, dtype=bool)
            covered = []
            for block in plan(sees, window):
                covered += range(block.start, block.end)
                if block.keys is None:
                    count = block.end - block.start
                    found[block.start : block.end, block.start : block.end] = np.tri(count, dtype=bool)
                else:
                    found[block.start : block.end, block.keys] = block.mask
            expected = visible(batch["attention_mask"])[row, 0] & _near(sees[2], window)
            assert covered == list(range(sees.shape[-1]))
            assert (found == expected).all()


@given(forests(), forests(), st.sampled_from([None, 2, 5]), st.sampled_from([2, 3, 8]))
@settings(max_examples=30, deadline=None)
def test_full_tiles_are_full_and_left_out_tiles_are_empty(
    one: tuple, other: tuple, window: int | None, size: int
) -> None:
    sees = stack([[lay_out(*one), lay_out(*other)]], pad_id=0)["attention_mask"]
    pairs = visible(sees)[0, 0] & _near(sees[0, 0, 2], window)
    mixed, full = tiles(sees[0, 0], size, window)
    assert not (mixed & full).any()
    for row in range(len(mixed)):
        for column in range(len(mixed)):
            tile = pairs[row * size : (row + 1) * size, column * size : (column + 1) * size]
            assert not full[row, column] or (tile.all() and tile.shape == (size, size))
            assert mixed[row, column] or full[row, column] or not tile.any()


def test_a_long_movie_with_many_questions_needs_few_pairs() -> None:
    layout = lay_out([1] * 2662, [Turn([1] * 25) for _ in range(144)])
    sees = stack([[layout]], pad_id=0)["attention_mask"][0, 0]
    pairs = sum(block.mask.size for block in plan(sees) if block.mask is not None)
    assert pairs < 0.3 * len(layout) ** 2
