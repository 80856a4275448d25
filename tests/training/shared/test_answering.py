"""Answers from one reading of the movie equal those of asking one by one."""

from typing import Any

import pytest

from moviellm.training.shared.layout import Turn, way_to
from tests.training.shared.decoders import decoder, some_turns, tokens

STOPS = (7, 9)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _one_by_one(model: Any, movie: Any, questions: list[Turn], answers: list[list[int]], number: int) -> list[int]:
    import torch

    *before, own = way_to([question.turn_of for question in questions], number)
    ids = movie[0].tolist() + [token for turn in before for token in (*questions[turn].ids, *answers[turn])]
    ids += questions[own].ids
    row = torch.tensor([ids])
    out = model.generate(
        input_ids=row,
        attention_mask=torch.ones_like(row),
        max_new_tokens=10,
        do_sample=False,
        eos_token_id=list(STOPS),
        pad_token_id=0,
    )
    found: list[int] = out[0, len(ids) :].tolist()
    return found


@pytest.mark.parametrize(
    ("kind", "at_once"),
    [
        ("llama", 64),
        ("llama", 3),
        ("qwen3", 64),
        ("qwen3_windows", 3),
        ("gemma3", 64),
        ("lfm2", 64),
        ("lfm2", 3),
        ("qwen3_next", 3),
    ],
)
def test_answers_equal_asking_one_by_one(kind: str, at_once: int) -> None:
    import torch

    from moviellm.training.shared.answering import answer_all

    model = decoder(kind, seed=at_once)
    movie = torch.tensor([tokens(18, 4)])
    questions = some_turns(8, 11)
    answers = answer_all(model, {"input_ids": movie}, questions, 10, stop_ids=STOPS, at_once=at_once)
    assert answers == [_one_by_one(model, movie, questions, answers, number) for number in range(8)]
    assert len({tuple(answer) for answer in answers}) > 2  # they are not all the same


def test_the_movie_is_read_once() -> None:
    import torch

    from moviellm.training.shared.answering import answer_all

    model = decoder("llama")
    movie, read = torch.tensor([tokens(40, 4)]), []
    model.model.register_forward_pre_hook(
        lambda module, args, kwargs: read.append(kwargs["input_ids"].shape[1]), with_kwargs=True
    )
    answer_all(
        model, {"input_ids": movie}, some_turns(6, 1, longest=4, follow_ups=False), 5, stop_ids=STOPS, at_once=2
    )
    assert read[0] == 40
    assert all(count <= 8 for count in read[1:])


def test_keys_of_the_movie_are_not_moved_between_steps() -> None:
    import torch

    from moviellm.training.shared.roomy import roomy_cache

    model, cache = decoder("llama"), roomy_cache()
    places = []
    for start, count in ((0, 20), (20, 3), (23, 3)):
        ids = torch.tensor([tokens(count, start)])
        model(input_ids=ids, past_key_values=cache, use_cache=True)
        places.append(cache.layers[0].keys.data_ptr())
    assert len(set(places)) == 1
    assert cache.get_seq_length() == 26


def test_the_model_is_left_as_it_was() -> None:
    import torch

    from moviellm.training.shared.answering import answer_all

    model = decoder("llama").train()
    answer_all(model, {"input_ids": torch.tensor([[5, 6]])}, [Turn([7])], 2)
    assert model.training
    assert model.config._attn_implementation == "sdpa"


def test_who_is_told_hears_every_answer_once() -> None:
    import torch

    from moviellm.training.shared.answering import answer_all

    heard: dict[int, list[int]] = {}
    questions = some_turns(7, 3)
    answers = answer_all(
        decoder("llama"), {"input_ids": torch.tensor([tokens(9, 1)])}, questions, 4, told=heard.__setitem__, at_once=2
    )
    assert [heard[number] for number in range(7)] == answers


def test_no_questions_have_no_answers() -> None:
    import torch

    from moviellm.training.shared.answering import answer_all

    assert answer_all(decoder("llama"), {"input_ids": torch.tensor([[5, 6]])}, [], 3) == []


@pytest.mark.parametrize(
    ("rows", "question", "settings", "reason"),
    [
        (2, Turn([5]), {}, "2 movies in one call"),
        (1, Turn([]), {}, "question 0 has no tokens"),
        (1, Turn([5], None, 3), {}, "must follow an earlier one"),
        (1, Turn([5]), {"at_once": 0}, "at_once is 0"),
    ],
)
def test_what_cannot_be_answered_is_refused(rows: int, question: Turn, settings: dict[str, Any], reason: str) -> None:
    import torch

    from moviellm.training.shared.answering import answer_all

    with pytest.raises(ValueError, match=reason):
        answer_all(decoder("llama"), {"input_ids": torch.tensor([[5, 6]] * rows)}, [question], 3, **settings)


@pytest.mark.parametrize("kind", ["llama", "lfm2"])
def test_a_reading_answers_again_the_same_also_after_a_listener_raised(kind: str) -> None:
    import torch

    from moviellm.training.shared.answering import answer_all, read_movie

    model = decoder(kind)
    movie = {"input_ids": torch.tensor([tokens(18, 4)])}
    questions = some_turns(4, 11)
    wanted = answer_all(model, movie, questions, 6)
    reading = read_movie(model, movie)

    def stop(number: int, answer: list[int]) -> None:
        if len(answer) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer_all(model, reading, questions, 6, wrote=stop)
    assert answer_all(model, reading, questions, 6) == wanted
    assert answer_all(model, reading, questions, 6) == wanted


def test_a_listener_hears_every_token_as_it_is_written() -> None:
    import torch

    from moviellm.training.shared.answering import answer_all

    heard: dict[int, list[int]] = {0: [], 1: []}
    answers = answer_all(
        decoder("llama"),
        {"input_ids": torch.tensor([tokens(18, 4)])},
        [Turn([5, 6]), Turn([6])],
        5,
        stop_ids=(),
        wrote=lambda number, answer: heard[number].append(len(answer)),
    )
    assert [len(answer) for answer in answers] == [5, 5]
    assert heard == {0: [1, 2, 3, 4, 5], 1: [1, 2, 3, 4, 5]}
