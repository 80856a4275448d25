"""Stages of training: rates, seeds, and what ends them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.training.proof.small import small_class


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _trained(seed: int, **plan: Any) -> Any:
    from moviellm.training.proof.model import Sizes, build
    from moviellm.training.proof.settings import LessonSettings
    from moviellm.training.proof.stepping import Plan, train

    own = small_class(seed)
    model = build(own.words, 4, Sizes(hidden=16, layers=2, heads=2, inner=32), seed)
    rows = own.batches("test", LessonSettings(steps=4, movies=2, tokens=48), model.config.get_text_config())
    return model, train(model, rows, Plan(steps=4, **plan))


def test_the_same_seed_gives_the_same_weights() -> None:
    import torch

    one, other = _trained(0)[0], _trained(0)[0]
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    different = _trained(1)[0]
    assert not all(torch.equal(a, b) for a, b in zip(one.parameters(), different.parameters(), strict=True))


def test_a_loss_that_is_no_number_ends_the_stage() -> None:
    with pytest.raises(ValueError, match="lower the learning rates"):
        _trained(0, muon=1e30, adam=1e30, clip=1e30)


def test_rates_rise_and_fall_to_the_floor() -> None:
    from moviellm.training.proof.stepping import Plan, rate

    rates = [rate(Plan(steps=100, warm=10, floor=0.1), step) for step in range(100)]
    assert rates[0] < 0.11
    assert rates[10:50] == [1.0] * 40
    assert rates[50:] == sorted(rates[50:], reverse=True)
    assert 0.1 <= rates[-1] < 0.15


def test_clips_are_mixed_into_movies() -> None:
    import random

    from moviellm.training.proof.learning import scenes_of
    from moviellm.training.proof.settings import LessonSettings

    lesson = LessonSettings(steps=100, scenes=(8, 8), clips=0.25)
    drawn = [scenes_of(lesson, random.Random(number)) for number in range(400)]
    assert abs(sum(one <= 2 for one in drawn) / 400 - 0.25) < 0.08
    assert set(drawn) == {1, 2, 8}


def test_the_control_reads_as_many_tokens() -> None:
    from moviellm.training.proof.learning import control_of
    from moviellm.training.proof.settings import LessonSettings

    own, lesson = small_class(0), LessonSettings(steps=4, movies=8, tokens=128, scenes=(3, 4), clips=0.25)
    control = control_of(lesson, own)
    assert control.scenes == (1, 2)
    tokens = [own.tokens(one) * one.movies for one in (lesson, control)]
    assert abs(tokens[1] / tokens[0] - 1) < 0.1
