"""Tiny decoders of transformers' own classes, random weights, and random forests of questions."""

import random
from typing import Any

from hypothesis import strategies as st

from moviellm.training.shared.layout import IGNORED, Turn

VOCABULARY = 50


def decoder(kind: str, seed: int = 0, **settings: Any) -> Any:
    """A causal LM of 3 layers in evaluation; weights large enough that tokens matter."""
    import torch
    import transformers

    sizes = {"vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3}
    sizes |= {"num_attention_heads": 4, "num_key_value_heads": 2}
    own: dict[str, tuple[str, dict[str, Any]]] = {
        "llama": ("Llama", {}),
        "qwen3": ("Qwen3", {"head_dim": 8}),
        "qwen2": ("Qwen2", {}),
        "gemma2": ("Gemma2", {"head_dim": 8, "sliding_window": 7}),
        "qwen3_windows": (
            "Qwen3",
            {"head_dim": 8, "use_sliding_window": True, "sliding_window": 7, "max_window_layers": 1},
        ),
        "mistral": ("Mistral", {"head_dim": 8, "sliding_window": 7}),
        "gemma3": ("Gemma3", {"head_dim": 8, "sliding_window": 7}),
        "lfm2": ("Lfm2", {"layer_types": ["conv", "full_attention", "conv"], "block_auto_adjust_ff_dim": False}),
        "qwen3_next": (
            "Qwen3Next",
            {
                "head_dim": 8,
                "linear_num_key_heads": 2,
                "linear_num_value_heads": 4,
                "linear_key_head_dim": 8,
                "linear_value_head_dim": 8,
                "mlp_only_layers": [0, 1, 2, 3],
                "num_hidden_layers": 4,
            },
        ),
    }
    family, extra = own[kind]
    config = getattr(transformers, f"{family}TextConfig" if family == "Gemma3" else f"{family}Config")
    torch.manual_seed(seed)
    model = getattr(transformers, f"{family}ForCausalLM")(config(**{**sizes, **extra, **settings})).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    return model


def tokens(count: int, seed: int) -> list[int]:
    """Random ids that are no special ones."""
    draw = random.Random(seed)
    return [draw.randrange(3, VOCABULARY) for _ in range(count)]


def some_turns(count: int, seed: int, longest: int = 9, follow_ups: bool = True) -> list[Turn]:
    """Questions of random lengths, the second half of each learned, some following others."""
    draw = random.Random(seed)
    turns = []
    for number in range(count):
        ids = tokens(draw.randint(2, longest), draw.random())  # type: ignore[arg-type]
        labels = [IGNORED if at < len(ids) // 2 else token for at, token in enumerate(ids)]
        above = draw.choice([None, *range(number)]) if follow_ups and number else None
        turns.append(Turn(ids, labels, above))
    return turns


@st.composite
def forests(draw: Any, most: int = 6) -> tuple[list[int], list[Turn], int]:
    """A movie, turns with random parents, lengths and labels, and a lead-in."""
    lead_in = draw(st.integers(0, 4))
    movie = draw(st.lists(st.integers(3, VOCABULARY - 1), min_size=max(lead_in, 1), max_size=12))
    turns = []
    for number in range(draw(st.integers(0, most))):
        ids = draw(st.lists(st.integers(3, VOCABULARY - 1), min_size=1, max_size=5))
        learned = draw(st.lists(st.booleans(), min_size=len(ids), max_size=len(ids)))
        labels = [token if taught else IGNORED for token, taught in zip(ids, learned, strict=True)]
        turns.append(Turn(ids, labels, draw(st.sampled_from([None, *range(number)])) if number else None))
    return movie, turns, lead_in
