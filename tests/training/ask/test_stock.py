"""Stock models answer through the same door, with the words they are trained with."""

from typing import Any

import pytest

from moviellm.training.ask.answerer import Answerer
from moviellm.training.ask.stock_prompts import StockPrompts
from moviellm.training.model.layout import as_film
from tests.training.stock.tiny import bundle, film


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def opened(kind: str) -> tuple[Answerer, Any, Any]:
    model, processor = bundle(kind)
    return Answerer(model, processor, place="org/stock", kind=kind, revision="0" * 40), model, processor


@pytest.mark.parametrize("kind", ["qwen3_vl", "llava_onevision"])
def test_answers_equal_generate_on_the_row_that_is_trained(kind: str) -> None:
    answerer, model, processor = opened(kind)
    about = as_film(film(4))
    told: dict[int, str] = {}
    answers = answerer.answer(about, ["Who waits?", "When?"], 6, told=told.__setitem__)
    for question, answer in zip(["Who waits?", "When?"], answers, strict=True):
        row = StockPrompts(about, processor).whole([question])
        assert row["input_ids"][0].tolist() == processor.row(processor.see(about), question).ids
        out = model.generate(**row, max_new_tokens=6, do_sample=False)[0, row["input_ids"].shape[1] :]
        assert processor.tokenizer.decode(out, skip_special_tokens=True).strip() == answer
    assert told == dict(enumerate(answers))
    assert answerer.frame_limit is None


def test_a_follow_up_and_a_film_anew_for_each_question_say_the_same() -> None:
    answerer, _, _ = opened("qwen3_vl")
    about = as_film(film(4))
    answers = answerer.answer(about, ["Who waits?", "When?"], 6, turn_of=[None, 0])
    answerer._shares = False
    assert answerer.answer(about, ["Who waits?", "When?"], 6, turn_of=[None, 0]) == answers


def test_a_film_that_is_too_long_is_refused_with_what_fits() -> None:
    answerer, _, processor = opened("llava_onevision")
    about = as_film(film(4))
    fitting = answerer.fitting(about, 20)
    assert fitting is not None and fitting > 4
    with pytest.raises(ValueError, match=r"is too long for this model: 4 frames .* frames would fit"):
        answerer._prompts(about).check_length(len(answerer._prompts(about).movie) + 10, ["Who waits?"], 6)
