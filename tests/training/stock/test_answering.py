"""Stock models answer all questions from one reading of a film, as if each were asked alone."""

from typing import Any

import pytest
import torch

from moviellm.training.ask.stock_prompts import StockPrompts
from moviellm.training.model.layout import as_film
from moviellm.training.shared.answering import answer_all
from moviellm.training.shared.layout import Turn
from moviellm.training.stock.encoding import share_stock
from tests.training.stock.tiny import KINDS, bundle, film

torch.set_num_threads(1)

LINES = [{"start_s": 2.5, "speaker": "Bo", "text": "Is it you?"}, {"start_s": 30.0, "text": "Bye."}]
TALKS = [["Who waits?"], ["When is it?"], ["Who waits?", "Ada.", "And then?"]]


@pytest.mark.parametrize("kind", KINDS)
def test_answers_equal_those_of_generate(kind: str) -> None:
    model, made = bundle(kind)
    share_stock(model)
    prompts = StockPrompts(as_film(film(5, dialogue=LINES)), made)
    turns = [Turn(prompts.own(talk)) for talk in TALKS]
    answers = answer_all(model, prompts.given(), turns, 3, stop_ids=())
    for talk, answer in zip(TALKS, answers, strict=True):
        row = prompts.whole(talk)
        written = model.generate(**row, max_new_tokens=3, do_sample=False, eos_token_id=None)
        assert written[0, row["input_ids"].shape[1] :].tolist() == answer


def test_scores_are_made_for_the_wanted_tokens_alone() -> None:
    model, made = bundle("video_llama_3")
    given: dict[str, Any] = dict(StockPrompts(as_film(film(3)), made).given())
    with torch.no_grad():
        whole = model(**given).logits
        last = model(**given, logits_to_keep=1).logits
        some = model(**given, logits_to_keep=torch.tensor([2, 5])).logits
    assert (last.shape[1], some.shape[1]) == (1, 2)
    assert torch.allclose(last, whole[:, -1:], atol=1e-5) and torch.allclose(some, whole[:, [2, 5]], atol=1e-5)
