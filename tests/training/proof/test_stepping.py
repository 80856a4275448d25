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
    from moviellm.training.proof.settings import StageSettings
    from moviellm.training.proof.stepping import Plan, train
    from moviellm.training.shared.decoders import share_movies

    own = small_class(seed)
    model = build(own.words, 4, Sizes(hidden=16, layers=2, heads=2, inner=32), seed)
    batches = own.batches("test", StageSettings(steps=4, movies=2, questions=4), share_movies(model))
    return model, train(model, batches, Plan(steps=4, **plan))


def test_the_same_seed_gives_the_same_weights() -> None:
    import torch

    one, other = _trained(0)[0], _trained(0)[0]
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    different = _trained(1)[0]
    assert not all(torch.equal(a, b) for a, b in zip(one.parameters(), different.parameters(), strict=True))


def test_the_average_is_not_the_last_weights() -> None:
    import torch

    last, mean = _trained(0)[0], _trained(0, average=0.9)[0]
    assert not all(torch.equal(a, b) for a, b in zip(last.parameters(), mean.parameters(), strict=True))


def test_a_loss_that_is_no_number_ends_the_stage() -> None:
    with pytest.raises(ValueError, match="lower the learning rates"):
        _trained(0, muon=1e30, adam=1e30, clip=1e30)


@pytest.mark.parametrize("shape", ["linear", "cosine", "late"])
def test_rates_rise_and_fall_to_the_floor(shape: str) -> None:
    from moviellm.training.proof.stepping import Plan, rate

    plan = Plan(steps=100, warm=10, shape=shape, floor=0.1)
    rates = [rate(plan, step) for step in range(100)]
    assert rates[0] < 0.11
    assert max(rates) <= 1.0
    assert 0.1 <= rates[-1] < 0.15


def test_clips_are_mixed_into_movies_that_grow() -> None:
    import random

    from moviellm.training.proof.learning import scenes_at
    from moviellm.training.proof.settings import StageSettings

    stage = StageSettings(steps=100, scenes=(3, 8), growing=0.5, clips=0.25)
    drawn = [[scenes_at(stage, step, random.Random(f"{step}{n}")) for n in range(200)] for step in (0, 99)]
    assert all(abs(sum(one <= 2 for one in counts) / 200 - 0.25) < 0.1 for counts in drawn)
    assert max(drawn[0]) == 3
    assert max(drawn[1]) == 8


def test_the_control_reads_as_many_tokens() -> None:
    from moviellm.training.proof.learning import control_of
    from moviellm.training.proof.settings import load_settings

    own = small_class(0)
    settings = load_settings("proof")
    longer = settings.longer.model_copy(update={"scenes": (3, 4), "growing": 0.0})
    settings = settings.model_copy(update={"longer": longer})
    control = control_of(settings, own)
    assert control.scenes == (1, 2)
    tokens = [own.tokens(stage) * stage.movies for stage in (longer, control)]
    assert abs(tokens[1] / tokens[0] - 1) < 0.1
