"""What a question asks of a frame."""

import pytest
import torch

from moviellm.training.model.guides import build_guide
from tests.training.model.tiny import config, features

torch.set_num_threads(1)


def qformer(width: int = 32):
    from transformers import InstructBlipVideoQFormerConfig

    return InstructBlipVideoQFormerConfig(
        vocab_size=90,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        encoder_hidden_size=width,
    )


def test_each_frame_is_asked_anew() -> None:
    guide = build_guide(config(compressor="context_content", guide_layers=2)).eval()
    question, mask = torch.randn(1, 3, 32).expand(2, -1, -1), torch.ones(2, 3)
    queries, kept = guide(torch.from_numpy(features(2)), question, mask)
    assert len(guide.layers) == 2
    assert queries.shape == (2, 3, 32)
    assert kept is mask
    assert not torch.allclose(queries[0], queries[1])


def test_a_q_former_asks_with_its_own_queries() -> None:
    made = config(compressor="context_content", guide="qformer", guide_config=qformer(), guide_queries=5)
    guide = build_guide(made).eval()
    torch.nn.init.normal_(guide.queries)
    ids, mask = torch.tensor([[7, 8, 9], [7, 8, 0]]), torch.tensor([[1, 1, 1], [1, 1, 0]])
    queries, kept = guide(torch.from_numpy(features(2)), ids, mask)
    assert queries.shape == (2, 5, 16)
    assert kept.sum() == 10
    shorter, _ = guide(torch.from_numpy(features(2))[1:], ids[1:, :2], mask[1:, :2])
    assert torch.allclose(queries[1:], shorter, atol=1e-5), "padding of a question asks nothing"


def test_a_q_former_of_another_width_is_said() -> None:
    made = config(compressor="context_content", guide="qformer", guide_config=qformer(width=48))
    with pytest.raises(ValueError, match="features of width 48 and frames have 32"):
        build_guide(made)
