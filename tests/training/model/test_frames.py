"""Pictures of any form become what a tower sees."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from moviellm.training.model import MovieLLMVideoProcessor
from tests.training.model.tiny import picture

torch.set_num_threads(1)


def noise(width: int = 40, height: int = 24) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def encoded(made: Image.Image) -> bytes:
    out = io.BytesIO()
    made.save(out, "png")
    return out.getvalue()


def test_every_form_of_a_picture_is_the_same_picture() -> None:
    made = noise()
    array = np.asarray(made)
    forms = [
        made,
        encoded(made),
        {"bytes": encoded(made), "path": "a.png"},
        array,
        array.transpose(2, 0, 1),
        torch.from_numpy(array.copy()),
        array.astype(np.float32) / 255,
        made.convert("RGBA"),
    ]
    seen = MovieLLMVideoProcessor(size_px=16).prepare(forms)
    assert seen.shape == (8, 3, 16, 16)
    assert seen.dtype == torch.float32
    assert all(torch.equal(one, seen[0]) for one in seen)


def test_a_whole_film_may_be_one_array() -> None:
    film = np.stack([np.asarray(noise())] * 3)
    frames = MovieLLMVideoProcessor(size_px=16)
    assert torch.equal(frames(film)["pixel_values"], frames([noise()] * 3)["pixel_values"])


@pytest.mark.parametrize("size", [(40, 24), (24, 40), (31, 17), (16, 16)])
def test_cropped_frames_are_those_of_clips_own_processor(size: tuple[int, int]) -> None:
    from transformers import CLIPImageProcessorPil

    clip = CLIPImageProcessorPil(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16})
    expected = clip(noise(*size), return_tensors="pt")["pixel_values"]
    assert (MovieLLMVideoProcessor(size_px=16, fit="crop").prepare([noise(*size)]) - expected).abs().max() < 1e-4


def test_padded_frames_lose_nothing() -> None:
    wide = picture("white", 64, 16)
    seen = MovieLLMVideoProcessor(size_px=16, fit="pad").prepare([wide])[0]
    rows = (seen > 1).all(0).all(1)
    assert rows.tolist() == [6 <= row < 10 for row in range(16)]
    assert seen[:, 0, 0].abs().max() < 0.02, "borders are the mean colour"


def test_stretched_frames_fill_the_square() -> None:
    seen = MovieLLMVideoProcessor(size_px=16, fit="stretch").prepare([picture("white", 64, 16)])
    assert (seen > 1).all()


def test_settings_come_back(tmp_path) -> None:
    from transformers import AutoImageProcessor

    MovieLLMVideoProcessor(size_px=32, fit="stretch", image_mean=(0.5, 0.5, 0.5)).save_pretrained(tmp_path)
    again = AutoImageProcessor.from_pretrained(tmp_path)
    assert (type(again), again.size_px, again.fit) == (MovieLLMVideoProcessor, 32, "stretch")


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (None, "Frame 1 of m00007 is missing"),
        (b"no picture", "Frame 1 of m00007 cannot be decoded"),
        (encoded(noise())[:90], "Frame 1 of m00007 cannot be decoded"),
        ({"path": "gone.png"}, "Frame 1 of m00007 is missing"),
        (np.zeros((4, 4, 7)), r"Frame 1 of m00007 has the shape \(4, 4, 7\)"),
        (np.full((4, 4, 3), 300), "values outside 0 to 255"),
        (np.full((4, 4, 3), np.nan), "floats outside 0 to 1"),
        ("frame.png", "is a str: it can be a PIL picture"),
    ],
)
def test_a_picture_that_is_none_is_said_with_its_number(frame, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MovieLLMVideoProcessor(size_px=16).prepare([picture(), frame], "m00007")


def test_an_unknown_fit_is_said() -> None:
    with pytest.raises(ValueError, match="`fit` is 'zoom'"):
        MovieLLMVideoProcessor(fit="zoom")
