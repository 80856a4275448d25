"""text_alone.py: questions without a film, answered together as each would be alone."""

import pytest

from moviellm.training.ask import text_alone
from moviellm.training.ask.answerer import Answerer
from moviellm.training.ask.text_alone import answer_text
from moviellm.training.model.layout import as_film
from tests.training.model.tiny import tiny

SAID = "[0.5 s] Ada: The key opens the tower.\n"
TALKS = [
    [f"{SAID}Who keeps the key?"],
    [f"{SAID}Who keeps the key?", "Ada.", "And how many are there?"],
    [f"{SAID}Where is the lamp, and who has lit it?"],
    ["When?"],
]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def opened(text: str) -> Answerer:
    """A model whose answers differ from question to question."""
    import torch

    model, processor = tiny(text=text)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    return Answerer(model, processor, place="tiny", kind="moviellm", revision="0")


@pytest.mark.parametrize("text", ["qwen3", "lfm2"])
def test_answers_together_are_those_of_each_alone(text: str) -> None:
    answerer = opened(text)
    alone = [answer_text(answerer, [talk], 12)[0] for talk in TALKS]
    assert answerer.shares
    assert len(set(alone)) > 1
    assert answer_text(answerer, TALKS, 12) == alone
    assert answer_text(answerer, TALKS[::-1], 12) == alone[::-1]


def test_every_answer_is_told_once() -> None:
    told: dict[int, str] = {}
    answers = answer_text(opened("qwen3"), TALKS, 6, lambda number, text: told.setdefault(number, text) and None)
    assert [told[number] for number in range(len(TALKS))] == answers


def test_prompts_that_share_nothing_are_asked_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = iter([[5, 6, 7], [8, 9]])
    monkeypatch.setattr(text_alone, "_prompt", lambda *_: next(prompts))
    monkeypatch.setattr(text_alone, "_together", lambda *_: pytest.fail("nothing is shared"))
    assert len(answer_text(opened("qwen3"), [["a"], ["b"]], 2)) == 2


@pytest.mark.parametrize("kind", ["qwen3_vl", "llava_onevision"])
def test_a_stock_model_answers_text_alike_also_after_a_film(kind: str) -> None:
    from tests.training.stock.tiny import bundle, film

    model, processor = bundle(kind)
    answerer = Answerer(model, processor, place="org/stock", kind=kind, revision="0" * 40)
    alone = [answer_text(answerer, [talk], 8)[0] for talk in TALKS]
    answerer.answer(as_film(film(4)), ["Who waits?", "Where?"], 2)
    assert answer_text(answerer, TALKS, 8) == alone
