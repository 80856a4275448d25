"""Stock models answer all questions from one reading of a film, as if each were asked alone."""

from typing import Any

import pytest
import torch

from moviellm.training.stock import asking
from moviellm.training.stock.asking import answer_film
from tests.training.stock.tiny import KINDS, bundle, film

torch.set_num_threads(1)

LINES = [{"start_s": 2.5, "speaker": "Bo", "text": "Is it you?"}]


@pytest.mark.parametrize("kind", KINDS)
def test_answers_and_follow_ups_equal_those_of_generate(kind: str) -> None:
    model, made = bundle(kind)
    shown, questions, turn_of = film(5, dialogue=LINES), ["Who?", "When is it?", "And then?"], [None, None, 0]
    at_once = answer_film(model, made, shown, questions, max_new_tokens=3, turn_of=turn_of)
    seen = made.see(shown)
    turns = [asking.question_of(made, text, seen) for text in questions[:2]]
    turns.append(asking.follow_up_of(made, questions[2], 0))
    alone = asking._one_by_one(model, made, seen, turns, 3)
    assert at_once == [made.tokenizer.decode(answer, skip_special_tokens=True).strip() for answer in alone]


def test_a_follow_up_reads_as_the_template_writes_the_whole_talk() -> None:
    made = bundle("qwen3_vl")[1]
    seen = made.see(film(2))
    talk = [
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "Ada."},
        {"role": "user", "content": "And then?"},
    ]
    asked = made.row(seen, "Who?").ids
    answer = made.tokenizer("Ada.<|im_end|>")["input_ids"]
    assert [*asked, *answer, *made.behind_an_answer("And then?")] == made.row(seen, talk).ids


def test_a_decoder_that_cannot_share_is_asked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    model, made = bundle("internvl")

    def refuse(model: Any) -> int:
        raise ValueError("a state")

    before = answer_film(model, made, film(2), ["Who?"], max_new_tokens=4)
    monkeypatch.delattr(model, "_moviellm_shares")
    monkeypatch.setattr(asking, "share_stock", refuse)
    monkeypatch.setattr(asking, "answer_all", None)
    assert answer_film(model, made, film(2), ["Who?"], max_new_tokens=4) == before
    del model._moviellm_shares


def test_questions_and_what_they_follow_go_together() -> None:
    with pytest.raises(ValueError, match="2 questions and 1"):
        answer_film(*bundle("internvl"), film(1), ["Who?", "When?"], max_new_tokens=2, turn_of=[None])
