"""Which decoders share a movie, and why others do not."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moviellm.training.shared.decoders import lead_in_of, share_movies
from tests.training.shared.decoders import decoder


@pytest.mark.parametrize(("kind", "lead_in"), [("llama", 0), ("qwen3", 0), ("gemma3", 0), ("lfm2", 4)])
def test_attention_needs_no_lead_in_and_convolutions_their_reach(kind: str, lead_in: int) -> None:
    assert share_movies(decoder(kind)) == lead_in


def test_a_decoder_with_a_state_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"linear_attention, which would carry one question's words into the next"):
        share_movies(decoder("qwen3_next"))


def test_a_decoder_with_soft_caps_is_refused_for_training_and_for_answers() -> None:
    import torch

    from moviellm.training.shared.answering import answer_all
    from moviellm.training.shared.layout import Turn

    with pytest.raises(ValueError, match="softcap"):
        share_movies(decoder("gemma2"))
    with pytest.raises(ValueError, match="softcap"):
        answer_all(decoder("gemma2"), {"input_ids": torch.tensor([[5, 6]])}, [Turn([7])], 2)


def test_a_saved_model_does_not_name_our_attention(tmp_path: Path) -> None:
    model = decoder("llama")
    share_movies(model)
    model.save_pretrained(tmp_path)
    assert "moviellm" not in (tmp_path / "config.json").read_text(encoding="utf-8")


def test_frames_that_depend_on_the_question_are_refused_with_the_reason() -> None:
    config: Any = SimpleNamespace(compressor="context_content")
    with pytest.raises(ValueError, match="nothing to share: use pool or cls"):
        lead_in_of(config)


def test_the_trial_finds_what_a_config_does_not_tell() -> None:
    """A decoder whose layers read their left neighbour without saying so."""
    import torch

    model = decoder("llama")
    plain = model.model.layers[1].forward

    def leaky(hidden_states: Any, *args: Any, **kwargs: Any) -> Any:
        return plain(hidden_states + torch.roll(hidden_states, 1, dims=1), *args, **kwargs)

    model.model.layers[1].forward = leaky
    with pytest.raises(ValueError, match="does not read shared movies exactly"):
        share_movies(model)


def test_the_trial_leaves_the_model_in_training() -> None:
    model = decoder("llama").train()
    share_movies(model)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
