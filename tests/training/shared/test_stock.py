"""A stock model of transformers with positions in time, height and width: Qwen3-VL, tiny."""

from typing import Any

import pytest

from moviellm.training.shared.layout import IGNORED, Turn, apart, lay_out
from tests.training.shared.decoders import some_turns

IMAGE = 60
MOVIE = [5, 6, 62, *[IMAGE] * 4, 63, 62, *[IMAGE] * 6, 63, 7, 8]
"""Two frames of 4 and of 6 tokens, with words around them."""


@pytest.fixture
def model() -> Any:
    import torch
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    torch.set_num_threads(1)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64}
    text = {
        "vocab_size": 70,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
    }
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1], "mrope_interleaved": True}
    vision = {"depth": 2, "num_heads": 2, "patch_size": 4, "out_hidden_size": 32, "num_position_embeddings": 64}
    config = Qwen3VLConfig(
        text_config={**sizes, **text, "rope_parameters": rope},
        vision_config={**sizes, **vision, "deepstack_visual_indexes": [0, 1]},
        image_token_id=IMAGE,
        video_token_id=61,
        vision_start_token_id=62,
        vision_end_token_id=63,
    )
    return Qwen3VLForConditionalGeneration(config).eval()


def _frames() -> dict[str, Any]:
    import torch

    pixels = torch.randn(16 + 24, 3 * 2 * 4 * 4, generator=torch.Generator().manual_seed(0))
    return {"pixel_values": pixels, "image_grid_thw": torch.tensor([[1, 4, 4], [1, 4, 6]])}


def _types(ids: Any) -> Any:
    return (ids == IMAGE).int()


def test_loss_and_gradients_equal_a_row_a_question(model: Any) -> None:
    import torch

    from moviellm.training.shared.collating import SharedMovies
    from moviellm.training.shared.decoders import share_movies

    share_movies(model, spatial=True)
    turns, ids = some_turns(5, 3), torch.tensor([MOVIE])
    positions, _ = model.model.get_rope_index(ids, _types(ids), image_grid_thw=_frames()["image_grid_thw"])
    example = {"movie_ids": MOVIE, "turns": turns, "movie_positions": positions[:, 0], **_frames()}
    batch = SharedMovies(pad_id=0)([example])
    items = int((batch["labels"] != IGNORED).sum())
    loss = model(**batch, num_items_in_batch=items, use_cache=False).loss
    loss.backward()
    shared = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    total = 0.0
    for row, labels in apart(lay_out(MOVIE, turns)):
        given = torch.from_numpy(row)[None]
        one = model(
            input_ids=given,
            labels=torch.from_numpy(labels)[None],
            mm_token_type_ids=_types(given),
            **_frames(),
            num_items_in_batch=items,
            use_cache=False,
        ).loss
        one.backward()
        total += float(one.detach())
    assert abs(float(loss.detach()) - total) < 1e-5
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            assert (shared[name] - parameter.grad).abs().max() < 1e-5, name


def test_answers_equal_generate(model: Any) -> None:
    import torch

    from moviellm.training.shared.answering import answer_all

    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    questions = [Turn(turn.ids) for turn in some_turns(4, 5, follow_ups=False)]
    movie = torch.tensor([MOVIE])
    read = {"input_ids": movie, "mm_token_type_ids": _types(movie), **_frames()}
    answers = answer_all(model, read, questions, 6, stop_ids=())
    for question, answer in zip(questions, answers, strict=True):
        row = torch.tensor([[*MOVIE, *question.ids]])
        out = model.generate(
            input_ids=row,
            attention_mask=torch.ones_like(row),
            mm_token_type_ids=_types(row),
            **_frames(),
            max_new_tokens=6,
            do_sample=False,
        )
        assert out[0, row.shape[1] :].tolist() == answer


def test_a_model_that_counts_in_three_dimensions_asks_for_positions(model: Any) -> None:
    from moviellm.training.shared.decoders import share_movies

    with pytest.raises(ValueError, match="movie_positions"):
        share_movies(model)
