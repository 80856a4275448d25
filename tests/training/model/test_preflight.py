"""What a batch holds, before anything is computed."""

import pytest
import torch

from moviellm.training.model import Sample, preflight
from tests.training.model.tiny import SIDE_PX, config, features, film, processor

torch.set_num_threads(1)


def batch(**settings):
    words = processor(config(compressor="pool", **settings))
    made = words(text=["<video>\nwho is it ?", "yes"], videos=[film(3)], padding=True, return_tensors="pt")
    labels = torch.full_like(made["input_ids"], -100)
    labels[0, -2:] = 5
    return {**made, "labels": labels}, words


def test_frames_tokens_pixels_and_labels_are_counted() -> None:
    made, words = batch(time="none")
    length = int(made["attention_mask"][0].sum())
    assert preflight(made, words, ids=["m00007-q01", "m00008-q01"]) == [
        Sample("m00007-q01", 3, 12, length - 12, 3 * SIDE_PX * SIDE_PX, 2),
        Sample("m00008-q01", 0, 0, int(made["attention_mask"][1].sum()), 0, 0),
    ]


def test_it_counts_rows_before_they_are_tensors() -> None:
    words = processor(config(compressor="cls"))
    made = words(text=["<video>"], videos=[film(3)])
    assert preflight(made, words)[0].visual_tokens == 3


def test_features_have_no_pixels() -> None:
    words = processor(config(compressor="cls"))
    cached = {**film(3), "frames": None, "features": features(3)}
    assert preflight(words(text="<video>", videos=[cached], return_tensors="pt"), words)[0].pixels == 0


def test_a_row_that_was_cut_afterwards_is_named() -> None:
    made, words = batch()
    made = {name: value[:, :9] if value.ndim == 2 else value for name, value in made.items()}
    with pytest.raises(ValueError, match=r"image tokens do not match in m00007-q01: \d placeholders"):
        preflight(made, words, ids=["m00007-q01", "m00008-q01"])


def test_frames_that_were_dropped_are_named() -> None:
    made, words = batch()
    made = {name: value for name, value in made.items() if name not in {"pixel_values", "frames_per_row"}}
    with pytest.raises(ValueError, match="do not match in row 0: 12 placeholders for 0 frames"):
        preflight(made, words)
