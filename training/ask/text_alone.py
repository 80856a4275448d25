"""Questions put to a model as text alone, with nothing of a film: all that begin alike start from one reading.

    texts = answer_text(answerer, [["Who waits?"], ["Who waits?", "Ada.", "And where?"]], max_new_tokens=32)

What the prompts have in common at their beginning (the form of a conversation, what is said in a film) goes through
the model once, where its decoder can share that (docs/shared_prefix.md), and all answers are written together;
elsewhere each is asked alone. Answers are greedy, the same either way. It shows no picture: see answerer.py.
"""

from collections.abc import Sequence
from os.path import commonprefix
from typing import Any

from moviellm.training.ask.answerer import Answerer, Told


def answer_text(
    answerer: Answerer, talks: Sequence[Sequence[str]], max_new_tokens: int, told: Told | None = None
) -> list[str]:
    """The answers to the last question of each conversation, in their order.

    Args:
        answerer: the model.
        talks: questions and answers by turns, a question last.
        max_new_tokens: longest answer, in tokens.
        told: hears each answer as soon as it is found, in whichever order that happens.
    """
    prompts = [_prompt(answerer.processor, turns) for turns in talks]
    # Every question keeps a token of its own, for something must stand behind what is shared.
    shared = commonprefix([prompt[:-1] for prompt in prompts])
    if len(prompts) > 1 and shared and answerer.shares:
        return _together(answerer, shared, prompts, max_new_tokens, told)
    answers = []
    for number, prompt in enumerate(prompts):
        answers.append(_alone(answerer, prompt, max_new_tokens))
        if told is not None:
            told(number, answers[-1])
    return answers


def _prompt(processor: Any, turns: Sequence[str]) -> list[int]:
    """A conversation as tokens, up to where the answer begins."""
    talk = [
        {"role": "assistant" if number % 2 else "user", "content": [{"type": "text", "text": text}]}
        for number, text in enumerate(turns)
    ]
    inputs = processor.apply_chat_template(
        talk, tokenize=True, return_dict=True, return_tensors="pt", add_generation_prompt=True
    )
    ids: list[int] = inputs["input_ids"][0].tolist()
    return ids


def _together(
    answerer: Answerer, shared: Sequence[int], prompts: list[list[int]], max_new_tokens: int, told: Told | None
) -> list[str]:
    import torch

    from moviellm.training.shared.answering import answer_all
    from moviellm.training.shared.layout import Turn

    model = answerer.model
    _forget_film(model)
    heard = None if told is None else (lambda number, ids: told(number, answerer.words(ids)))
    found = answer_all(
        model,
        {"input_ids": torch.tensor([list(shared)], device=model.device)},
        [Turn(prompt[len(shared) :]) for prompt in prompts],
        max_new_tokens,
        told=heard,
    )
    return [answerer.words(ids) for ids in found]


def _forget_film(model: Any) -> None:
    """Positions in time, height and width go on from the last film (Qwen3-VL), unless it is forgotten."""
    base = getattr(model, "base_model", model)
    if getattr(base, "rope_deltas", None) is not None:
        base.rope_deltas = None


def _alone(answerer: Answerer, prompt: list[int], max_new_tokens: int) -> str:
    import torch

    ids = torch.tensor([prompt], device=answerer.model.device)
    with torch.no_grad():
        out = answerer.model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=max_new_tokens, do_sample=False
        )
    return answerer.words(out[0, len(prompt) :].tolist())
