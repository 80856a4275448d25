"""Logits, loss and gradients of a shared movie equal those of a question a row."""

from typing import Any

import numpy as np
import pytest

from moviellm.training.shared.layout import IGNORED, Turn, apart
from tests.training.shared.decoders import decoder, some_turns, tokens

KINDS = ("llama", "qwen2", "qwen3", "qwen3_windows", "mistral", "gemma3", "lfm2")
PACKED = ("llama", "qwen3_windows")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _examples(lead_in: int, follow_ups: bool = True) -> list[dict[str, Any]]:
    return [
        {"movie_ids": tokens(15 + lead_in, seed), "turns": some_turns(count, seed, follow_ups=follow_ups)}
        for seed, count in ((1, 6), (2, 4), (3, 1))
    ]


def _gradients(model: Any) -> dict[str, Any]:
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return found


def _apart(model: Any, examples: list[dict[str, Any]], items: int, back: bool = True) -> tuple[float, list[list[Any]]]:
    """Loss by a row a question, gradients left in the model, and the logits of each turn's own tokens."""
    import torch

    from moviellm.training.shared.layout import lay_out

    total, logits = 0.0, []
    for example in examples:
        turns = [Turn(**turn) if isinstance(turn, dict) else turn for turn in example["turns"]]
        logits.append([])
        for (ids, labels), turn in zip(apart(lay_out(example["movie_ids"], turns)), turns, strict=True):
            row = {"input_ids": torch.from_numpy(ids)[None], "labels": torch.from_numpy(labels)[None]}
            out = model(**row, num_items_in_batch=items, use_cache=False)
            if back and (labels != IGNORED).any():
                out.loss.backward()
                total += float(out.loss.detach())
            logits[-1].append(out.logits[0, -len(turn.ids) :].detach())
    return total, logits


@pytest.mark.parametrize(("kind", "packed"), [(kind, False) for kind in KINDS] + [(kind, True) for kind in PACKED])
def test_logits_loss_and_gradients_equal_training_apart(kind: str, packed: bool) -> None:
    import torch

    from moviellm.training.shared.collating import SharedMovies
    from moviellm.training.shared.decoders import share_movies
    from moviellm.training.shared.layout import lay_out

    model = decoder(kind)
    lead_in = share_movies(model)
    examples = _examples(lead_in)
    batch = SharedMovies(pad_id=0, lead_in=lead_in, tokens_a_row=120 if packed else None)(examples)
    items = int((batch["labels"] != IGNORED).sum())
    out = model(**batch, num_items_in_batch=items, use_cache=False)
    out.loss.backward()
    shared = _gradients(model)
    loss, logits = _apart(model, examples, items)
    assert abs(float(out.loss.detach()) - loss) < 1e-5
    for name, gradient in _gradients(model).items():
        assert (shared[name] - gradient).abs().max() < 1e-5, name
    if not packed:
        for row, (example, expected) in enumerate(zip(examples, logits, strict=True)):
            layout = lay_out(example["movie_ids"], example["turns"], lead_in)
            for number, alone in enumerate(expected):
                own = torch.from_numpy(np.flatnonzero(layout.turns == number))
                assert (out.logits[row, own] - alone).abs().max() < 1e-5


def test_without_its_lead_in_a_convolution_reads_the_question_before() -> None:
    import torch

    from moviellm.training.shared.batch import stack
    from moviellm.training.shared.decoders import share_movies
    from moviellm.training.shared.layout import lay_out

    model = decoder("lfm2")
    lead_in = share_movies(model)
    example = _examples(lead_in)[0]

    def hidden(lead: int) -> Any:
        layout = lay_out(example["movie_ids"], example["turns"], lead)
        batch = {name: torch.from_numpy(array) for name, array in stack([[layout]], 0).items() if name != "labels"}
        return model.model(**batch)[0][0, torch.from_numpy(layout.turns == 5)]

    with torch.no_grad():
        assert (hidden(lead_in) - hidden(lead_in + 3)).abs().max() < 1e-5
        assert (hidden(lead_in) - hidden(lead_in - 1)).abs().max() > 1e-3


def test_every_number_of_questions_gives_the_same_logits() -> None:
    """A question's logits do not depend on which others share its movie."""
    import torch

    from moviellm.training.shared.batch import stack
    from moviellm.training.shared.decoders import share_movies
    from moviellm.training.shared.layout import lay_out

    model = decoder("qwen3")
    share_movies(model)
    turns = some_turns(12, 5, follow_ups=False)

    def logits(some: list[Turn]) -> Any:
        layout = lay_out(tokens(20, 1), some)
        batch = {name: torch.from_numpy(array) for name, array in stack([[layout]], 0).items() if name != "labels"}
        return model(**batch).logits[0, torch.from_numpy(layout.turns == 0)]

    with torch.no_grad():
        assert (logits(turns) - logits(turns[:1])).abs().max() < 1e-5


def test_checkpointed_layers_give_the_same_gradients() -> None:
    from moviellm.training.shared.collating import SharedMovies
    from moviellm.training.shared.decoders import share_movies

    model = decoder("llama").train()
    share_movies(model)
    batch = SharedMovies(pad_id=0)(_examples(0))
    model(**batch, use_cache=False).loss.backward()
    plain = _gradients(model)
    model.gradient_checkpointing_enable({"use_reentrant": False})
    model(**batch, use_cache=False).loss.backward()
    for name, gradient in _gradients(model).items():
        assert (plain[name] - gradient).abs().max() < 1e-6, name


def test_in_bf16_a_shared_movie_is_as_near_to_float32_as_rows_are() -> None:
    import torch

    from moviellm.training.shared.batch import stack
    from moviellm.training.shared.decoders import share_movies
    from moviellm.training.shared.layout import lay_out

    example = _examples(0)[0]
    layout = lay_out(example["movie_ids"], example["turns"])
    batch = {name: torch.from_numpy(array) for name, array in stack([[layout]], 0).items() if name != "labels"}
    full, half = decoder("llama"), decoder("llama").to(torch.bfloat16)
    share_movies(half)
    own = torch.from_numpy(layout.turns == 3)
    row = torch.from_numpy(apart(layout)[3][0])[None]
    with torch.no_grad():
        exact = full(input_ids=row).logits[0, -int(own.sum()) :]
        by_row = half(input_ids=row).logits[0, -int(own.sum()) :].float()
        shared = half(**batch).logits[0, own].float()
    assert (shared - exact).abs().max() < 2 * (by_row - exact).abs().max() + 1e-3


def test_adapters_learn_the_same() -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    from moviellm.training.shared.collating import SharedMovies
    from moviellm.training.shared.decoders import share_movies

    model = get_peft_model(decoder("qwen3"), LoraConfig(r=4, target_modules="all-linear", lora_dropout=0.0)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(generator=torch.Generator().manual_seed(0))
    assert share_movies(model) == 0
    examples = _examples(0)[:2]
    batch = SharedMovies(pad_id=0)(examples)
    items = int((batch["labels"] != IGNORED).sum())
    model(**batch, num_items_in_batch=items, use_cache=False).loss.backward()
    shared = _gradients(model)
    _apart(model, examples, items)
    found = _gradients(model)
    assert found
    for name, gradient in found.items():
        assert (shared[name] - gradient).abs().max() < 1e-5 * max(1.0, float(gradient.abs().max())), name


def test_plain_rows_and_generation_stay_as_they_were() -> None:
    import torch

    from moviellm.training.shared.decoders import share_movies

    model = decoder("qwen3_windows")
    ids = torch.tensor([tokens(20, 1), [0] * 5 + tokens(15, 2)])
    mask = torch.ones_like(ids)
    mask[1, :5] = 0
    with torch.no_grad():
        before = model(input_ids=ids, attention_mask=mask).logits
        answer = model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=8, do_sample=False)
        share_movies(model)
        assert torch.equal(before[0], model(input_ids=ids, attention_mask=mask).logits[0])
        assert torch.equal(
            answer, model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=8, do_sample=False)
        )
