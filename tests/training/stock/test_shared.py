"""One movie, all its questions, on stock models: the same logits and gradients as a row a question."""

import copy
from typing import Any

import pytest
import torch

from moviellm.training.shared.decoders import share_movies
from moviellm.training.stock.encoding import StockCollator, share_stock
from moviellm.training.stock.positions import movie_positions
from tests.training.stock.tiny import KINDS, bundle, config, film, processor

torch.set_num_threads(1)

LINES = [{"start_s": 2.5, "speaker": "Bo", "text": "Is it you?"}, {"start_s": 9.5, "text": "Bye."}]
ROWS = [
    {"prompt": "Who waits?", "completion": "Ada."},
    {"prompt": "What is it?", "completion": "Nothing at all."},
    {"prompt": "When?", "completion": "Never."},
]


def answers(model: Any, batch: dict[str, Any]) -> torch.Tensor:
    """Scores from which answers are learned."""
    given = {name: value for name, value in batch.items() if name != "labels"}
    logits = model(**given, use_cache=False).logits
    learned = batch["labels"].roll(-1, dims=1) != -100
    return logits[learned]


@pytest.mark.parametrize("kind", KINDS)
def test_logits_equal_a_row_a_question(kind: str) -> None:
    model, made = bundle(kind)
    collate = StockCollator(made, lead_in=share_stock(model))
    films = [film(5, dialogue=LINES), film(4, seed=1)]
    with torch.no_grad():
        apart = [answers(model, collate([{"film": one, **row}])) for one in films for row in ROWS]
        shared = answers(model, collate([{"film": one, "rows": ROWS} for one in films]))
    assert (torch.cat(apart) - shared).abs().max() < 1e-5 * max(1.0, float(shared.abs().max()))


@pytest.mark.parametrize("kind", ["llava_onevision", "qwen3_vl"])
def test_several_movies_in_a_row_equal_a_movie_a_row(kind: str) -> None:
    model, made = bundle(kind)
    share_stock(model)
    examples = [{"film": film(count, seed=count), "rows": ROWS[:2]} for count in (4, 2, 4)]
    with torch.no_grad():
        packed = StockCollator(made, tokens_a_row=700)(examples)
        scores = answers(model, packed)
        # The longest first, and into the first row with room.
        apart = [answers(model, StockCollator(made)([examples[number]])) for number in (0, 2, 1)]
    assert len(packed["input_ids"]) < 3
    assert (torch.cat(apart) - scores).abs().max() < 1e-5 * max(1.0, float(scores.abs().max()))


def test_gradients_equal_a_row_a_question() -> None:
    model, made = bundle("qwen3_vl")
    model = copy.deepcopy(model).double()
    collate = StockCollator(made, lead_in=share_stock(model))
    answers(model, collate([{"film": film(3), "rows": ROWS}])).square().mean().backward()
    shared = {name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None}
    model.zero_grad()
    scores = [answers(model, collate([{"film": film(3), **row}])) for row in ROWS]
    torch.cat(scores).square().mean().backward()
    for name, one in model.named_parameters():
        if one.grad is not None:
            assert (shared[name] - one.grad).abs().max() < 1e-6, name


@pytest.mark.parametrize("kind", ["qwen2_5_vl", "qwen3_vl"])
def test_positions_are_those_of_the_model(kind: str) -> None:
    model, made = bundle(kind)
    seen = made.see(film(5, dialogue=LINES))
    ids = torch.tensor([made.row(seen, "Who waits?", "Ada.").ids])
    grids = seen.look.tensors["video_grid_thw"]
    theirs, _ = model.model.get_rope_index(ids, made.types_of(ids), video_grid_thw=grids)
    assert torch.equal(movie_positions(made, ids[0].tolist(), seen), theirs[:, 0])


def test_rows_with_other_words_before_the_film_are_refused() -> None:
    talks = [
        [{"role": "system", "content": word}, {"role": "user", "content": "Who?"}] for word in ("Be short.", "Sing.")
    ]
    rows = [{"prompt": talk, "completion": "Ada."} for talk in talks]
    with pytest.raises(ValueError, match="begin differently"):
        StockCollator(processor("internvl")).shared_example(film(2), rows)


def test_shared_and_plain_examples_do_not_mix() -> None:
    with pytest.raises(ValueError, match="one kind"):
        StockCollator(processor("internvl"))([{"film": film(1), "rows": ROWS}, {"film": film(1), **ROWS[0]}])


def test_a_decoder_with_a_state_is_refused_with_the_reason() -> None:
    made = config("internvl")
    made.text_config.layer_types = ["linear_attention", "full_attention"]

    class Stateful:
        config = made

    with pytest.raises(ValueError, match="linear_attention"):
        share_movies(Stateful(), spatial=True)
