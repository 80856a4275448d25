"""Before the first step: what a batch must have, and what every sample costs."""

from typing import Any

import pytest
import torch

from moviellm.training.data.library import Sample
from moviellm.training.stages.preflight import check_batch, learned_texts

SAMPLE = Sample(0, 0, (0,), "movies", "m00001", 2, 6, 2, 1, "pixels")
PLACEHOLDER = 3


def batch(**changed: Any) -> dict[str, Any]:
    """Two frames, a question of two tokens, an answer of two."""
    made = {
        "input_ids": torch.tensor([[3, 3, 7, 8, 9, 2]]),
        "labels": torch.tensor([[-100, -100, -100, -100, 9, 2]]),
        "pixel_values": torch.zeros(2, 3, 4, 4),
    }
    return {key: value for key, value in {**made, **changed}.items() if value is not None}


def test_a_batch_as_it_should_be_passes() -> None:
    check_batch(batch(), [SAMPLE], PLACEHOLDER)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pixel_values": None}, "has no pixel_values and no frame_features, so that the model would train on text"),
        ({"pixel_values": torch.zeros(0, 3, 4, 4)}, "has no pixel_values"),
        ({"labels": torch.full((1, 6), -100)}, "has no label"),
        ({"labels": torch.tensor([[3, 3, 7, 8, 9, 2]])}, "labels on the placeholders of frames"),
        ({"labels": torch.tensor([[-100, -100, 7, 8, 9, 2]])}, "has 4 labels, and its answers have 2 tokens"),
        ({"labels": torch.tensor([[-100, -100, -100, -100, 9, 5]])}, "labels that are not its own tokens"),
    ],
)
def test_a_batch_that_would_teach_something_else_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"m00001.*{message}"):
        check_batch(batch(**changed), [SAMPLE], PLACEHOLDER)


def test_a_sample_of_text_alone_needs_no_frames() -> None:
    text = Sample(0, 0, (0,), "texts", "row 1", 0, 4, 2, 1, "text")
    check_batch(batch(pixel_values=None), [text], PLACEHOLDER)


def test_what_is_learned_is_told_stretch_by_stretch() -> None:
    labels = torch.tensor([[-100, 3, -100, -100, 9, 2]])
    assert learned_texts(batch(labels=labels), lambda ids: " ".join(map(str, ids.tolist()))) == ["3", "9 2"]
