"""The compact training pass is the model's own arithmetic."""

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


def _model(own: Any, kernel: int, layers: int) -> Any:
    from moviellm.training.proof.model import Sizes, build

    return build(own.words, 4, Sizes(hidden=16, layers=layers, heads=2, inner=24, kernel=kernel), seed=0)


def _rows(own: Any, examples: Any, kernel: int) -> Any:
    import torch

    from moviellm.training.proof.packing import packed

    return packed(examples, 96, 2, kernel, own.words, torch.float32)


def _examples(own: Any) -> Any:
    import random

    from moviellm.training.proof.settings import LessonSettings

    lesson = LessonSettings(steps=1, movies=3, tokens=96, scenes=(1, 4))
    draw = random.Random(0)
    return [own.example(lesson, draw) for _ in range(3)]


@pytest.mark.parametrize(("kernel", "layers"), [(2, 2), (3, 3)])
def test_loss_and_gradients_are_those_of_the_model(kernel: int, layers: int) -> None:
    import torch

    from moviellm.training.model.layout import FRAME
    from moviellm.training.proof.compact import Compact
    from moviellm.training.shared.collating import SharedMovies
    from moviellm.training.shared.decoders import share_movies

    own = small_class(0)
    examples = _examples(own)
    model = _model(own, kernel, layers).train()
    compact = Compact(model, torch.float32)
    compact.loss(_rows(own, examples, kernel)).backward()
    stacked = [one for blocks in compact.blocks.values() for block in blocks for one in block]
    found = [grad for stack in compact.stacks.values() for grad in stack.grad]
    rest = [None if one.grad is None else one.grad.clone() for one in compact.rest]
    model.zero_grad(set_to_none=True)
    collate = SharedMovies(pad_id=0, lead_in=share_movies(model), frame_token_id=own.words.numbers[FRAME])
    model(**collate(examples)).loss.backward()
    for one, grad in [*zip(stacked, found, strict=True), *zip(compact.rest, rest, strict=True)]:
        assert one.grad is not None and grad is not None
        torch.testing.assert_close(grad, one.grad, atol=2e-6, rtol=1e-3)


def test_what_was_trained_goes_back_into_the_model() -> None:
    import torch

    from moviellm.training.proof.compact import Compact

    model = _model(small_class(0), 3, 2)
    compact = Compact(model)
    with torch.no_grad():
        for stack in compact.stacks.values():
            stack.add_(1)
    before = {name: one.clone() for name, one in model.named_parameters()}
    compact.store()
    moved = {name for name, one in model.named_parameters() if not torch.equal(one, before[name])}
    assert moved == {name for name, one in model.named_parameters() if one.ndim == 2 and ".layers." in name}


def test_a_movie_with_too_many_questions_is_an_error() -> None:
    import torch

    from moviellm.training.proof.packing import packed

    own = small_class(0)
    with pytest.raises(ValueError, match="more `tokens`"):
        packed(_examples(own), 40, 2, 3, own.words, torch.float32)


@pytest.mark.parametrize("shape", [(3, 16, 24), (2, 24, 16)])
def test_stacks_are_moved_as_torchs_muon_moves_matrices(shape: tuple[int, int, int]) -> None:
    import torch

    from moviellm.training.proof.muon import Muon

    torch.manual_seed(0)
    stack = torch.nn.Parameter(torch.randn(shape))
    alone = [torch.nn.Parameter(one.detach().clone()) for one in stack]
    ours = Muon([stack], 0.02)
    theirs = torch.optim.Muon(alone, lr=0.02, momentum=0.95, weight_decay=0.0, adjust_lr_fn="original")
    for _ in range(2):
        stack.grad = torch.randn(shape)
        for one, grad in zip(alone, stack.grad, strict=True):
            one.grad = grad.clone()
        ours.step()
        theirs.step()
    torch.testing.assert_close(stack.detach(), torch.stack([one.detach() for one in alone]), atol=1e-3, rtol=0)


def test_backward_passes_are_those_of_autograd() -> None:
    import torch

    from moviellm.training.proof import operations

    x, grad = torch.randn(5, 6, requires_grad=True), torch.randn(5, 6)
    gate, value = x.chunk(2, -1)
    plain = {
        "unit": (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6), operations.unit(x, 1e-6, torch.float32)),
        "gated": (torch.nn.functional.silu(gate) * value, operations.gated(x)),
    }
    for one, ours in plain.values():
        torch.testing.assert_close(ours, one)
        wanted, found = (torch.autograd.grad(made, x, grad[:, : made.shape[1]]) for made in (one, ours))
        torch.testing.assert_close(found, wanted)
