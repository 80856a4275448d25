"""Questions to a stock model about a film: the film is read once where its decoder can share it, else once a question.

    answers = answer_film(model, processor, film, ["Who waits?", "And then?"], max_new_tokens=64, turn_of=[None, 0])
    movie = prepare_movie(model, processor, film)                       # for `answer_all`, with `question_of`
    answer_all(model, movie, [question_of(processor, "Who waits?")], max_new_tokens=64)

Answers are greedy. A follow-up (`turn_of`) is asked behind the question it follows and the answer given to that.
"""

from collections.abc import Sequence
from typing import Any

import torch

from moviellm.training.shared.answering import answer_all
from moviellm.training.shared.layout import Turn, way_to
from moviellm.training.stock.encoding import of_one_shape, share_stock
from moviellm.training.stock.processing import Seen, StockProcessor, Talk


def answer_film(
    model: Any,
    processor: StockProcessor,
    film: Any,
    questions: Sequence[str],
    *,
    max_new_tokens: int,
    turn_of: Sequence[int | None] | None = None,
    at_once: int = 64,
) -> list[str]:
    """An answer for each question; `turn_of` says for each the place of the question it follows."""
    follows = list(turn_of) if turn_of is not None else [None] * len(questions)
    if len(follows) != len(questions):
        raise ValueError(f"{len(questions)} questions and {len(follows)} `turn_of`: give one each.")
    seen = processor.see(film)
    turns = [
        question_of(processor, text, seen) if before is None else follow_up_of(processor, text, before)
        for text, before in zip(questions, follows, strict=True)
    ]
    if shares(model):
        movie = prepare_movie(model, processor, seen)
        answers = answer_all(model, movie, turns, max_new_tokens, at_once=at_once)
    else:
        answers = _one_by_one(model, processor, seen, turns, max_new_tokens)
    return [processor.tokenizer.decode(answer, skip_special_tokens=True).strip() for answer in answers]


def prepare_movie(model: Any, processor: StockProcessor, film: Any) -> dict[str, Any]:
    """The film up to its last frame, one row on the model's device: what `answer_all` takes."""
    seen = film if isinstance(film, Seen) else processor.see(film)
    row = processor.row(seen, "?")
    return _given(model, processor, row.ids[: row.movie], seen)


def question_of(processor: StockProcessor, prompt: Talk, seen: Seen) -> Turn:
    """What stands between the film's last frame and the answer."""
    row = processor.row(seen, prompt)
    return Turn(row.ids[row.movie :])


def follow_up_of(processor: StockProcessor, text: str, turn_of: int) -> Turn:
    """What stands between an answer's end and the answer to a question that follows it."""
    return Turn(processor.behind_an_answer(text), turn_of=turn_of)


def shares(model: Any) -> bool:
    """Whether questions can start from one reading of the film; asked once a model."""
    if not hasattr(model, "_moviellm_shares"):
        try:
            share_stock(model)
            model._moviellm_shares = True
        except ValueError:
            model._moviellm_shares = False
    return bool(model._moviellm_shares)


def _given(model: Any, processor: StockProcessor, ids: Sequence[int], seen: Seen) -> dict[str, Any]:
    tokens = torch.tensor([ids])
    given = {"input_ids": tokens, **of_one_shape(seen.look.tensors)}
    if processor.family.spatial:
        given["mm_token_type_ids"] = processor.types_of(tokens)
    return {name: value.to(model.device) for name, value in given.items()}


@torch.no_grad()
def _one_by_one(
    model: Any, processor: StockProcessor, seen: Seen, turns: Sequence[Turn], max_new_tokens: int
) -> list[list[int]]:
    """The film read anew for every question."""
    row = processor.row(seen, "?")
    follows = [turn.turn_of for turn in turns]
    answers: list[list[int]] = []
    for number in range(len(turns)):
        *before, own = way_to(follows, number)
        talked = [token for turn in before for token in (*turns[turn].ids, *answers[turn])]
        given = _given(model, processor, [*row.ids[: row.movie], *talked, *turns[own].ids], seen)
        tokens = given["input_ids"]
        out = model.generate(
            **given, attention_mask=torch.ones_like(tokens), max_new_tokens=max_new_tokens, do_sample=False
        )
        answers.append(out[0, tokens.shape[1] :].tolist())
    return answers
