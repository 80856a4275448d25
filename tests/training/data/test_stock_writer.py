"""What a film costs a stock model, known before it is trained on."""

import numpy as np
import pytest

from moviellm.training.data.pixels import FrameReader
from moviellm.training.data.units import Ask, Unit, video_first
from moviellm.training.data.writers import StockWriter
from moviellm.training.media.film import Film
from tests.training.stock.tiny import bundle

ASKED = tuple(
    Ask(
        f"q{number}",
        (
            {"role": "user", "content": video_first(question)},
            {"role": "assistant", "content": [{"type": "text", "text": "Ada."}]},
        ),
    )
    for number, question in enumerate(("Who waits?", "Who comes?"))
)


def unit(frames: int = 4) -> Unit:
    """A film whose first two frames are the same."""
    draw = np.random.default_rng(0)
    pictures = list(draw.integers(0, 256, (frames, 16, 16, 3), dtype=np.uint8))
    pictures[1] = pictures[0]
    times = tuple(float(second) for second in range(frames))
    film = Film(movie_id="m00001", frames=pictures, times_s=times, duration_s=float(frames))
    return Unit("m00001", ASKED, film, movie_id="m00001", moments_s=times)


@pytest.mark.parametrize("kind", ["video_llama_3", "qwen3_vl", "internvl"])
def test_tokens_are_counted_as_they_come_in_a_batch(kind: str) -> None:
    writer = StockWriter(bundle(kind)[1], FrameReader())
    batch = writer.apart([(unit(), [0])])
    ids, labels = writer.encode(unit()).rows[0]
    assert ids == batch["input_ids"][0].tolist() and labels == batch["labels"][0].tolist()


@pytest.mark.parametrize("kind", ["qwen3_vl", "internvl"])
def test_pixels_are_those_that_the_model_sees(kind: str) -> None:
    writer = StockWriter(bundle(kind)[1], FrameReader())
    seen = next(value for name, value in writer.apart([(unit(), [0])]).items() if name.startswith("pixel_values"))
    assert writer.encode(unit()).pixels == seen.numel() // 3 > 0


def test_several_movies_share_a_row() -> None:
    writer = StockWriter(bundle("qwen3_vl")[1], FrameReader(), tokens_a_row=1000)
    assert len(writer.together([(unit(), [0, 1]), (unit(), [0])])["input_ids"]) == 1
